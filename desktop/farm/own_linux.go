package farm

import (
	"os/exec"
	"syscall"
)

// own gives the child its own group, so that Ctrl-C reaches only the farm, which stops its
// children in order; and ends the child should the farm be killed.
func own(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
