//go:build !unix

package blender

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

// killGroup kills the process. Untested: this project hasn't been run on Windows.
func killGroup(p *os.Process) {
	if p != nil {
		_ = p.Kill()
	}
}
