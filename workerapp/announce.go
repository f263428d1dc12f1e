package workerapp

import (
	"context"
	"strings"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// announce tells the manager when free slots, leases or the owner's rules change.
func (e *Engine) announce(ctx context.Context) error {
	for {
		select {
		case <-e.again:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		// What changes between a sign-in's own announcement and the open connection counts.
		if _, err := e.conn.Wait(ctx); err != nil {
			<-ctx.Done() // keepSignedIn gets the same answer, says it and ends the work
			return context.Cause(ctx)
		}
		if err := e.conn.Request(ctx, wire.TypeWorkerReady, e.readiness(), nil); err != nil && ctx.Err() == nil {
			e.options.Log.Warn("the manager wasn't told what this worker can do", "err", err)
		}
	}
}

func (e *Engine) tell() {
	select {
	case e.again <- struct{}{}:
	default:
	}
	e.changed()
}

func (e *Engine) readiness() wire.WorkerReady {
	verdict := e.gate.Verdict()
	e.mu.Lock()
	defer e.mu.Unlock()
	r := wire.WorkerReady{Capabilities: e.capabilities, Leases: e.leasesLocked(), Paused: clip(verdict.Reason), Packages: e.pool.Packages()}
	if !verdict.Paused && e.work.Err() == nil && e.jammedLocked() == 0 {
		r.Free = max(0, e.options.Slots-e.countLocked(rendering)-e.countLocked(queued))
		if r.Free == 0 {
			r.Ahead = max(0, e.options.ahead()-e.countLocked(queued))
		}
	}
	return r
}

// maxText bounds a text that a manager takes from a node, in bytes.
const maxText = 256

func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText-len("…")], "") + "…"
	}
	return text
}

func (e *Engine) leases() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.leasesLocked()
}

func (e *Engine) leasesLocked() []string {
	var ids []string
	for _, t := range e.order {
		ids = append(ids, t.entry.ID())
	}
	return ids
}
