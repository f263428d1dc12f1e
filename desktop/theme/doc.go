// Package theme is the desktop app's look: calm surfaces, one warm accent, a colour for
// every state of a job, a frame and a node, in a dark and a light variant.
//
// It is not the place for words (desktop/state) or shapes (desktop/widget).
package theme
