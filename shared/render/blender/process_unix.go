//go:build unix

package blender

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives the process a group of its own, so that all of it can be killed at once.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills the process and all that it started in its group; SIGKILL also ends a
// stopped or hung one.
func killGroup(p *os.Process) {
	if p != nil {
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	}
}
