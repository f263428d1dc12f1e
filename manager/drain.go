package main

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/shared/job"
)

// drain is the way out of a manager: it gives nothing out any more, waits for what is out if it was
// asked to, and stops.
type drain struct {
	clock func() time.Time
	asked chan struct{} // closed by ask
	begun atomic.Bool

	once  sync.Once
	limit atomic.Int64 // nanoseconds to wait for what is out
}

func newDrain(clock func() time.Time) *drain {
	return &drain{clock: clock, asked: make(chan struct{})}
}

// ask begins draining; what is out has limit to come in. Asked again, it changes the limit.
func (d *drain) ask(limit time.Duration) {
	d.limit.Store(int64(limit))
	d.once.Do(func() { close(d.asked) })
}

// wait returns once no connected node holds anything, the limit is over, or the process is told to stop.
func (d *drain) wait(ctx, signal context.Context, nodes *fleet.Fleet, log *slog.Logger) {
	began := d.clock()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for told := -1; ; {
		held := out(nodes)
		if held == 0 || d.clock().Sub(began) >= time.Duration(d.limit.Load()) {
			return
		}
		if held != told {
			told = held
			log.Info("draining", "out", held)
		}
		select {
		case <-tick.C:
		case <-signal.Done():
			return
		case <-ctx.Done():
			return
		}
	}
}

// out counts the leases and audits of connected nodes.
func out(nodes *fleet.Fleet) int {
	n := 0
	for _, role := range []job.Role{job.RoleWorker, job.RoleVerifier} {
		for _, m := range nodes.Members(role) {
			n += m.Held
		}
	}
	return n
}
