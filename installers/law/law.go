// Package law holds the tests of the tree's own rules: who may import whom, that every
// package says what it is for, that the top level has only the folders it should have,
// and that go.mod and the scripts agree with what the README promises.
//
// It is not the place for tests of behaviour.
package law
