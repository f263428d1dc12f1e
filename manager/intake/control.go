package intake

import (
	"context"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// over tells whether nothing of a job can be changed any more.
func over(s job.State) bool {
	return s == job.Cancelled || s == job.Failed || s == job.Settled || s == job.Accepted
}

// Priority changes a job's place in the queue at once.
func (in *Intake) Priority(ctx context.Context, id string, priority int) (*store.Job, error) {
	if priority < -maxPriority || priority > maxPriority {
		return nil, bad("the priority %d is not between -%d and %d", priority, maxPriority, maxPriority)
	}
	j, err := in.change(ctx, id, func(tx store.Tx, changes *notify.Changes, j *store.Job) (*store.Job, error) {
		if over(j.State) {
			return nil, &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is %s; its priority doesn't matter any more", id, j.State)}
		}
		if j.Priority == priority {
			return j, nil
		}
		was := j.Priority
		j, err := tx.EditJob(id, func(j *store.Job) { j.Priority = priority })
		if err != nil {
			return nil, err
		}
		return j, changes.Event(tx, id, "priority", fmt.Sprintf("from %d to %d", was, priority), "")
	})
	in.options.Wake()
	return j, err
}

// Release lets the rest of a job follow its scout frames. Released again it is returned as it is.
func (in *Intake) Release(ctx context.Context, id, reason string) (*store.Job, error) {
	j, err := in.change(ctx, id, func(tx store.Tx, changes *notify.Changes, j *store.Job) (*store.Job, error) {
		switch {
		case !j.Scout:
			return nil, &wire.Error{Code: wire.CodeConflict, Message: "job " + id + " has no scout frames: nothing of it is held back"}
		case over(j.State):
			return nil, &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is %s", id, j.State)}
		case j.Released:
			return j, nil
		}
		return released(tx, changes, id, wire.Trim(reason, 512))
	})
	in.options.Wake()
	return j, err
}

// Requeue takes frames, all that aren't delivered when none are named, back from the workers that
// hold them: with them go the other frames of the same tasks. What is rendered already stays, since
// its check decides about it.
func (in *Intake) Requeue(ctx context.Context, id string, frames []int, reason string) (*store.Job, error) {
	var out lease.Outcome
	changes := &notify.Changes{Now: in.options.Clock}
	var j *store.Job
	err := in.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		if j, err = tx.Job(id); err != nil {
			return err
		}
		if j.State != job.Rendering && j.State != job.Paused {
			return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is %s; only frames of a job that renders can be requeued", id, j.State), Next: "disputed frames are claimed with `heliostat claim`, missing ones retried with `heliostat job retry`"}
		}
		out, err = in.options.Keeper.TakeBack(tx, changes, j, frames, wire.Trim(reason, 512))
		return err
	})
	if err != nil {
		return nil, err
	}
	in.options.Keeper.Finish(changes, out)
	return j, nil
}

// change edits a job in one transaction and tells its watchers.
func (in *Intake) change(ctx context.Context, id string, fn func(store.Tx, *notify.Changes, *store.Job) (*store.Job, error)) (*store.Job, error) {
	changes := &notify.Changes{Now: in.options.Clock}
	var j *store.Job
	err := in.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		if j, err = tx.Job(id); err != nil {
			return err
		}
		changes.Job(id)
		j, err = fn(tx, changes, j)
		return err
	})
	if err != nil {
		return nil, err
	}
	in.options.Hub.Publish(changes)
	return j, nil
}
