// Package audit is the verifier's work: it renders the challenged tiles of an attempt
// blind, commits to their pixels, then sees the worker's and judges. Every step that
// matters is on disk before it is told, so that a crash never changes what was committed.
//
// It is not the place for the comparison (shared/proof) or for what a verdict costs
// anybody (manager/audit).
//
// Receives: challenges from manager/audit.
// Hands on: commitments, evidence and signed verdicts to the same.
package audit
