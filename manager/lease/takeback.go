package lease

import (
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TakeBack ends, in the caller's transaction, the leases that some of a job's frames are out with;
// none named means all that aren't delivered. It is nobody's fault, but another worker is preferred from
// then on. Naming only frames that can't be taken back is an error.
func (k *Keeper) TakeBack(tx store.Tx, changes *notify.Changes, j *store.Job, frames []int, reason string) (out Outcome, err error) {
	numbers := frames
	if len(numbers) == 0 {
		numbers = j.Frames
	}
	list, err := tx.FrameSet(j.ID, numbers)
	if err != nil {
		return out, err
	}
	if len(frames) > 0 && len(list) != len(slices.Compact(slices.Sorted(slices.Values(frames)))) {
		return out, &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("job %s has no %s", j.ID, store.NameFrames(slices.DeleteFunc(slices.Clone(frames), func(n int) bool { return slices.Contains(j.Frames, n) })))}
	}
	pending := make(map[int]bool) // these may be in the queue already
	var rendered, delivered []int
	for _, f := range list {
		switch f.State {
		case job.FramePending:
			pending[f.Number] = true
		case job.FrameDelivered, job.FrameAccepted:
			delivered = append(delivered, f.Number)
		default:
			rendered = append(rendered, f.Number)
		}
	}
	held, err := tx.AttemptsIn(lifecycle.AttemptHeld)
	if err != nil {
		return out, err
	}
	now := k.options.Clock().UnixMilli()
	cause := "its frames were taken back"
	if reason != "" {
		cause += ": " + reason
	}
	var taken []int
	for _, a := range held {
		if a.Job != j.ID || !slices.ContainsFunc(a.Frames, func(f int) bool { return pending[f] }) {
			continue
		}
		if _, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptFailed, func(a *store.Attempt) {
			a.Kind, a.Cause, a.Ended = job.FailSuperseded, cause, now
		}); err != nil {
			return out, err
		}
		if _, err := tx.MoveTask(a.Task, []job.TaskState{job.TaskLeased}, job.TaskWaiting, nil); store.IgnoreLost(err) != nil { // lost: it had a copy too
			return out, err
		}
		out.revoke = append(out.revoke, revocation{job.RoleWorker, a.Worker, a.ID, cause})
		taken = append(taken, a.Frames...)
	}
	if len(taken) == 0 {
		switch {
		case len(frames) > 0 && len(rendered) > 0:
			return out, &wire.Error{Code: wire.CodeConflict, Message: store.NameFrames(rendered) + ": rendered already, no worker has that in hand", Next: "its check decides; `heliostat job show " + j.ID + "` tells how far that is"}
		case len(frames) > 0 && len(delivered) > 0:
			return out, &wire.Error{Code: wire.CodeConflict, Message: store.NameFrames(delivered) + ": delivered already", Next: "what is wrong with it is disputed with `heliostat claim`, and `heliostat job retry " + j.ID + " --frames N` renders it once more as another job"}
		}
		return out, nil
	}
	taken = slices.Compact(slices.Sorted(slices.Values(taken)))
	changes.Job(j.ID, taken...)
	return out, changes.Event(tx, j.ID, "requeued", fmt.Sprintf("%s: back in the queue. %s", store.NameFrames(taken), reason), "")
}
