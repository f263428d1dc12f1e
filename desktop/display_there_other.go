//go:build !nogui && !linux

package main

// displayThere and trayThere: these systems always have both.
func displayThere() error { return nil }

func trayThere() bool { return true }
