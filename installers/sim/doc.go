// Package sim holds simulated nodes: workers, verifiers and artists that speak the real
// protocol over real websockets, sign with real keys, upload real (if tiny) files and hand in real
// evidence, but paint noise instead of rendering. Thousands of them fit into one process, so
// the manager's benchmarks and its crash test are driven by them. Each keeps a ledger of what the
// manager acknowledged.
//
// It is not for tests of rendering: nothing here opens a scene.
//
// Receives: offers of a manager under test.
// Hands on: commits and verdicts, and to the tests the ledgers.
package sim
