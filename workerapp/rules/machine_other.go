//go:build !linux

package rules

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/shirou/gopsutil/v4/process"
)

// Untested: no Windows or macOS machine was at hand.

// other is a computer that isn't Linux; what differs between them is in its own file.
type other struct{}

var _ Machine = other{}

// This is the computer that the worker runs on.
func This() Machine { return other{} }

// Programs lists what runs, without the worker and what it started.
func (other) Programs(ctx context.Context) ([]string, error) {
	processes, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the programs: %w", err)
	}
	parents, names := map[int32]int32{}, map[int32]string{}
	for _, p := range processes {
		name, err := p.NameWithContext(ctx)
		if err != nil {
			continue // it has ended, or is another user's
		}
		names[p.Pid] = name
		parents[p.Pid], _ = p.PpidWithContext(ctx)
	}
	var programs []string
	for pid, name := range names {
		ours := false
		for at, steps := pid, 0; at > 0 && steps < 1000; at, steps = parents[at], steps+1 {
			ours = ours || at == int32(os.Getpid())
		}
		if !ours {
			programs = append(programs, name)
		}
	}
	slices.Sort(programs)
	return slices.Compact(programs), nil
}

// Power can't be told without a driver of the owner's.
func (other) Power(context.Context) (float64, error) {
	return 0, fmt.Errorf("the processor's meter: %w", ErrUnknown)
}
