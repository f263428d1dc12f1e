// Package e2e holds the end-to-end tests: real processes, real Blender, a real chain. One
// job goes the whole way through crashes, another past cheating workers, and bad input
// gets an error that helps.
//
// It is not the place for tests of one part; those lie beside the part.
package e2e
