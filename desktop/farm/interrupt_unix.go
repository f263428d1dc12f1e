//go:build !windows

package farm

import (
	"os"
	"syscall"
)

// interrupt asks a process to stop cleanly.
func interrupt(process *os.Process) error { return process.Signal(syscall.SIGTERM) }
