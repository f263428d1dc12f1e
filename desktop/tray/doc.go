// Package tray is the app's icon in the system tray: what worker mode is doing, a switch to
// start and pause it, the way back to the window, and the end.
//
// It is not the place for what worker mode does (desktop/state, workerapp). It shows
// nothing where the desktop has no tray.
package tray
