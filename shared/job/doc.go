// Package job holds the nouns of the network: Job, Task, Frame, Recipe, Quote, Node and
// their states. They carry data and no behaviour, so every other package may import them.
//
// It is not the place for transitions (manager/lifecycle), for storage (manager/store) or
// for messages (shared/wire).
//
// Receives: nothing; it is imported.
// Hands on: the words that every other part uses.
package job
