//go:build !linux

package process

import (
	"os"
	"slices"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// look reads what a process and everything below it has used, as far as this system tells.
// Untested: this project hasn't been run on macOS or Windows.
func look(root int) pulse {
	var p pulse
	self, _ := os.Executable()
	first, err := process.NewProcess(int32(root))
	if err != nil {
		return p
	}
	todo, seen := []*process.Process{first}, map[int32]bool{}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at.Pid] {
			continue
		}
		seen[at.Pid] = true
		more, _ := at.Children()
		todo = append(todo, more...)
		if exe, err := at.Exe(); err == nil && exe == self {
			continue
		}
		p.add(at)
	}
	return p
}

// add counts one process.
func (p *pulse) add(at *process.Process) {
	times, err := at.Times()
	if err != nil {
		return // it has ended
	}
	p.known = true
	p.processes++
	p.cpu += time.Duration((times.User + times.System) * float64(time.Second))
	started, _ := at.CreateTime()
	p.family += (uint64(started)<<22 ^ uint64(at.Pid)) * 0x9e3779b97f4a7c15
	state, _ := at.Status()
	p.active = p.active || slices.Contains(state, process.Running) || slices.Contains(state, process.Blocked)
	if slices.Contains(state, process.Stop) {
		p.stopped++
	}
	if io, err := at.IOCounters(); err == nil {
		p.bytes += int64(io.ReadBytes + io.WriteBytes)
	}
}
