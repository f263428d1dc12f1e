package intake

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/schedule"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Rush puts a job before everybody's, or with on unset back into its turn; the caller has made sure that an operator
// asks. Said again it is returned as it is, but for a new reason. Of other jobs, what workers hold only until they have finished
// something else goes back into the queue, as far as there are tasks to give instead: it would be rendered before this.
func (in *Intake) Rush(ctx context.Context, id string, on bool, reason string) (*store.Job, error) {
	reason = strings.ToValidUTF8(wire.Trim(strings.TrimSpace(reason), 200), "")
	workers, held := in.options.Quoter.Fleet.Members(job.RoleWorker), in.options.Keeper.Held()
	changes := &notify.Changes{Now: in.options.Clock}
	var j *store.Job
	var freed []lease.Outcome
	asked := false // the other managers have to make room too
	err := in.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		freed, asked = nil, false
		if j, err = tx.Job(id); err != nil {
			return err
		}
		was := j.Rush
		switch {
		case !on && was == 0, on && was > 0 && j.RushReason == reason:
			return nil
		case on && over(j.State):
			return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is %s; there is nothing left to rush", id, j.State)}
		}
		since, kept, said := int64(0), "", "in its turn again"
		if on {
			since, kept, said = cmp.Or(was, in.options.Clock().UnixMilli()), reason, "before everybody's jobs, by an operator"
		}
		if reason != "" {
			said += ": " + reason
		}
		if j, err = tx.EditJob(id, func(j *store.Job) { j.Rush, j.RushReason = since, kept }); err != nil {
			return err
		}
		changes.Job(id)
		if asked = on && was == 0 && j.State == job.Rendering; asked {
			if freed, err = in.makeRoom(tx, changes, j, schedule.HeldEarly(held, workers, j)); err != nil {
				return err
			}
		}
		return changes.Event(tx, id, "rush", said, "")
	})
	if err != nil {
		return nil, err
	}
	in.freed(changes, freed)
	if asked && in.options.Rushed != nil {
		in.options.Rushed(id)
	}
	return j, nil
}

// MakeRoom does for a job that was rushed at another manager what Rush does with the workers of that one.
func (in *Intake) MakeRoom(ctx context.Context, id string) error {
	workers, held := in.options.Quoter.Fleet.Members(job.RoleWorker), in.options.Keeper.Held()
	changes := &notify.Changes{Now: in.options.Clock}
	var freed []lease.Outcome
	if err := in.options.Store.Update(ctx, func(tx store.Tx) error {
		changes.Reset()
		freed = nil
		j, err := tx.Job(id)
		if err != nil || j.Rush == 0 || j.State != job.Rendering {
			return err
		}
		freed, err = in.makeRoom(tx, changes, j, schedule.HeldEarly(held, workers, j))
		return err
	}); err != nil {
		return err
	}
	in.freed(changes, freed)
	return nil
}

// freed follows what makeRoom did, once it is durable.
func (in *Intake) freed(changes *notify.Changes, freed []lease.Outcome) {
	for _, out := range freed {
		in.options.Keeper.Finish(&notify.Changes{Now: in.options.Clock}, out)
	}
	in.options.Hub.Publish(changes) // after the progress of what was taken away is gone
	in.options.Wake()
}

// makeRoom takes tasks back that a rushed job goes before, at most as many as it has waiting.
func (in *Intake) makeRoom(tx store.Tx, changes *notify.Changes, j *store.Job, early []schedule.Early) (freed []lease.Outcome, err error) {
	for _, e := range early {
		if len(freed) >= j.TasksWaiting {
			break
		}
		other, err := tx.Job(e.Job)
		if err != nil {
			return nil, err
		}
		if other.Rush > 0 {
			continue
		}
		k, err := tx.Task(e.Task)
		if err != nil {
			return nil, err
		}
		if k.State != job.TaskLeased {
			continue // it has just ended
		}
		out, err := in.options.Keeper.TakeBack(tx, changes, other, k.Frames, "No worker had begun with it, and job "+j.ID+" goes first")
		if err != nil {
			return nil, err
		}
		freed = append(freed, out)
	}
	return freed, nil
}
