// Package widget holds the desktop app's own widgets: they draw what they are given and
// call back what was done to them.
//
// It is not the place for deciding anything (desktop/state) or for arranging screens
// (desktop/page).
package widget
