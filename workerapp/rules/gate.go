package rules

import (
	"slices"
	"sync"
)

// Mode is how a pause treats the task that is rendering.
type Mode string

const (
	Now    Mode = "now"    // stop the renderer, give the task back
	Finish Mode = "finish" // finish the task, take no other
)

// Owner is the source of the pauses that a person asks for.
const Owner = "owner"

// Verdict is the gate's answer. The zero value says: work.
type Verdict struct {
	Paused bool
	Mode   Mode   // the strictest of the pauses held
	Source string // who holds that pause
	Reason string // for people
}

type pause struct {
	source string
	mode   Mode
	reason string
}

// Gate holds the pauses. The zero value is open and ready; it may be used from many
// goroutines.
type Gate struct {
	mu      sync.Mutex
	pauses  []pause       // guarded by mu; in the order of arrival
	changed chan struct{} // guarded by mu; closed at the next change
}

// Pause closes the gate for source. A second pause of the same source replaces the first.
func (g *Gate) Pause(source string, mode Mode, reason string) {
	if mode != Now {
		mode = Finish
	}
	if reason == "" {
		reason = "paused by " + source
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	next := pause{source, mode, reason}
	i := slices.IndexFunc(g.pauses, func(p pause) bool { return p.source == source })
	switch {
	case i < 0:
		g.pauses = append(g.pauses, next)
	case g.pauses[i] == next:
		return
	default:
		g.pauses[i] = next
	}
	g.wakeLocked()
}

// Resume takes the pause of source away; others may still hold the gate closed.
func (g *Gate) Resume(source string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(g.pauses)
	g.pauses = slices.DeleteFunc(g.pauses, func(p pause) bool { return p.source == source })
	if len(g.pauses) != n {
		g.wakeLocked()
	}
}

// Held tells whether source holds the gate closed, and gives a channel that is closed when that may have changed.
func (g *Gate) Held(source string) (bool, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.pauses, func(p pause) bool { return p.source == source }), g.changedLocked()
}

// Verdict answers for this moment. A pause that stops at once outweighs one that lets the
// task finish; among equals the oldest speaks.
func (g *Gate) Verdict() Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.verdictLocked()
}

// Changed returns the verdict and a channel that is closed when it may have changed.
func (g *Gate) Changed() (Verdict, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.verdictLocked(), g.changedLocked()
}

func (g *Gate) changedLocked() <-chan struct{} {
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	return g.changed
}

func (g *Gate) verdictLocked() Verdict {
	var v Verdict
	for _, p := range g.pauses {
		if !v.Paused || (v.Mode == Finish && p.mode == Now) {
			v = Verdict{Paused: true, Mode: p.mode, Source: p.source, Reason: p.reason}
		}
	}
	return v
}

func (g *Gate) wakeLocked() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}
