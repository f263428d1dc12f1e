// Package attack is the suite of cheats that verification has to see through: four scenes,
// honest renders of them by real Blender, and every way of cheating that is known, played against the real
// protocol. Its test drives the real verifier; the benchmark `verify` runs the whole matrix.
//
// It is not part of any program that people run: only tests and installers/bench import it.
//
// Receives: a Blender and a folder to work in.
// Hands on: what was caught, by whom and why, to the test and to installers/bench.
package attack
