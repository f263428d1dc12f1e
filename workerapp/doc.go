// Package workerapp is the worker engine: it keeps the connection to a manager, takes
// leases while the owner's rules allow it, renders them with warm sessions, and delivers
// what was rendered. The desktop app and heliostat-worker both run it.
//
// It is not the place for showing anything, for flags, or for what a frame is worth: the
// manager decides that.
//
// Receives: leases from manager/lease.
// Hands on: frames to the object store, signed receipts to manager/audit.
package workerapp
