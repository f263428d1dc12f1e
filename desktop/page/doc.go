// Package page holds the desktop app's screens, one file each, and the shell that shows
// one of them beside the navigation. A screen is given a state.Snapshot and calls Actions.
//
// It is not the place for what the snapshot says (desktop/state) or for shapes that more
// than one screen uses (desktop/widget). Everything here runs on Fyne's own goroutine.
package page
