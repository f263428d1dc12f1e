// Package pgtest runs real PostgreSQL servers for tests: primaries and synchronous standbys
// that can be killed and promoted. It needs PostgreSQL's own programs (Debian: postgresql-15).
//
// It works on Linux, where the tests run. It is not the place for a server that keeps
// anything: what it makes is gone with the test.
//
// Receives: a test.
// Hands on: URLs of databases.
package pgtest
