// Package proof decides whether a frame was really rendered: tile trees, challenges,
// comparison and verdict, all pure functions of their arguments. PROTOCOL.md beside this
// file gives roles, messages and hashes byte by byte.
//
// It is not for rendering (shared/render), for signatures (shared/receipt), for keys and
// trust (manager/audit) or for talking to anybody. It reads files only in Commit.
//
// Receives: the worker's frame files, later the challenge key and both sides' tiles.
// Hands on: commitments to shared/wire, verdicts to verifier and manager/audit.
package proof
