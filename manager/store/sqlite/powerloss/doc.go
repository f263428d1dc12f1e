// Package powerloss models a power cut under SQLite, for tests. Linked into a program, it
// records in which order SQLite writes, truncates, removes and syncs files; from the record it
// makes what a disk may hold when the power goes at any moment: everything that was synced, and
// of the rest any part, in any order, down to torn sectors.
//
// It is not the place for killing processes, whose writes the system still finishes, and no
// release links it.
//
// Receives: a record that a child process wrote.
// Hands on: folders as they may be after a power cut.
package powerloss
