// Package crash is the test that kills managers: real heliostat-manager processes on both kinds
// of database get kill -9 at random moments, hundreds of times, under simulated nodes that keep
// ledgers of what was acknowledged to them. Afterwards the database is held to the ledgers.
//
// It is not the place for failures of renderers (workerapp) or of machines that lose power
// (manager/store/sqlite).
package crash
