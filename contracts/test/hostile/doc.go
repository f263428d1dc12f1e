// Package hostile is the generated binding of a token that misbehaves, for the tests of the contracts: it takes a fee
// and calls back into its victim while it moves.
//
// It isn't for anything else, and no program imports it.
package hostile
