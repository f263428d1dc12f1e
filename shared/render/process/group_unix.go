//go:build unix

package process

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// OwnGroup gives the process a group of its own, so that all of it can be killed at once.
func OwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// KillGroup kills the process and all that it started in its group; SIGKILL also ends a
// stopped or hung one.
func KillGroup(p *os.Process) {
	if p != nil {
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	}
}

// peakMemory is in bytes; Linux counts KiB.
func peakMemory(s *os.ProcessState) int64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) * 1024
}
