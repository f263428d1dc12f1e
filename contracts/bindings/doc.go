// Package bindings is generated: the ABI, the code and the typed packing of every contract in contracts/src.
// contracts/generate.sh writes it, and its test recompiles the Solidity and compares.
//
// It isn't for callers: contracts/chain wraps it into calls that can be repeated safely.
//
// Receives: nothing; it is imported.
// Hands on: packed calls and unpacked results to contracts/chain.
package bindings
