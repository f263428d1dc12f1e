package lease

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Holding is a lease as the scheduler sees it.
type Holding struct {
	Task, Worker string
	Frames       int
	Done         int // frames that the worker says are finished
	Since        time.Time
	Copies       int // leases of the task, this one included
}

// Held lists the leases that this manager knows by job, oldest first.
func (k *Keeper) Held() map[string][]Holding {
	k.mu.Lock()
	defer k.mu.Unlock()
	copies := make(map[string]int)
	out := make(map[string][]Holding)
	for _, h := range k.held {
		copies[h.task]++
		out[h.job] = append(out[h.job], Holding{Task: h.task, Worker: h.worker, Frames: len(h.frames), Done: h.done, Since: h.created})
	}
	for _, list := range out {
		for i := range list {
			list[i].Copies = copies[list[i].Task]
		}
		slices.SortFunc(list, func(a, b Holding) int {
			return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Task, b.Task), cmp.Compare(a.Worker, b.Worker))
		})
	}
	return out
}

// Suspend pauses a job that renders, because something outside of it makes it pointless to go
// on. One that doesn't render any more is left as it is.
func (k *Keeper) Suspend(ctx context.Context, jobID, cause string) error {
	changes := &notify.Changes{Now: k.options.Clock}
	err := k.options.Store.Update(ctx, func(tx store.Tx) error {
		changes.Reset()
		if _, err := tx.MoveJob(jobID, []job.State{job.Rendering}, job.Paused, func(j *store.Job) { j.Cause = cause }); err != nil {
			return err
		}
		changes.Job(jobID)
		return changes.Event(tx, jobID, "paused", cause, "")
	})
	if err != nil {
		return store.IgnoreLost(fmt.Errorf("pause job %s: %w", jobID, err))
	}
	k.options.Hub.Publish(changes)
	return nil
}
