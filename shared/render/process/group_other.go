//go:build !unix

package process

import (
	"os"
	"os/exec"
)

func OwnGroup(*exec.Cmd) {}

// KillGroup kills the process. Untested: this project hasn't been run on Windows.
func KillGroup(p *os.Process) {
	if p != nil {
		_ = p.Kill()
	}
}

func peakMemory(*os.ProcessState) int64 { return 0 }
