//go:build !linux

package postgres

import "syscall"

// boundUnanswered relies on keepalives where the system has no such setting.
func boundUnanswered(string, string, syscall.RawConn) error { return nil }
