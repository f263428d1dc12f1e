package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Claim opens a bad-result claim on frames of a delivered job: the attempts that made them
// are checked again, on other tiles. Until that is decided nothing of the job is paid.
// The caller has checked that the job is the claimant's.
func (u *Auditor) Claim(ctx context.Context, jobID string, frames []int, reason string) (*store.Job, error) {
	if len(frames) == 0 || len(reason) == 0 || len(reason) > 1024 {
		return nil, &wire.Error{Code: wire.CodeBadRequest, Message: "a claim names frames and a reason of at most 1024 letters"}
	}
	changes := &notify.Changes{Now: u.options.Clock}
	var j *store.Job
	err := u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		frames := slices.Compact(slices.Sorted(slices.Values(frames)))
		set, err := tx.FrameSet(jobID, frames)
		if err != nil {
			return err
		}
		if len(set) != len(frames) {
			return &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("%d of the %d frames are not in job %s", len(frames)-len(set), len(frames), jobID)}
		}
		if j, err = tx.MoveJob(jobID, []job.State{job.Delivered}, job.Disputed, func(j *store.Job) { j.Cause, j.ClaimFrames = reason, frames }); err != nil {
			return err
		}
		done := make(map[string]bool)
		for _, f := range set {
			if done[f.Attempt] {
				continue
			}
			done[f.Attempt] = true
			audits, err := tx.Audits(f.Attempt)
			if err != nil {
				return err
			}
			next := &store.Audit{ID: store.NewID("v"), Attempt: f.Attempt, Task: f.Task, Job: jobID, Ordinal: len(audits) + 1, State: lifecycle.AuditWaiting, Created: u.options.Clock().UnixMilli()}
			for _, v := range audits {
				next.Claim = max(next.Claim, v.Claim)
			}
			next.Claim++
			if err := tx.AddAudit(next); err != nil {
				return err
			}
			if _, err := tx.MoveTask(f.Task, []job.TaskState{job.TaskDone}, job.TaskCommitted, nil); err != nil {
				return err
			}
		}
		changes.Job(jobID, frames...)
		return changes.Event(tx, jobID, "claim", fmt.Sprintf("%s: %s", store.NameFrames(frames), reason), "")
	})
	if err != nil {
		return nil, err
	}
	u.options.Hub.Publish(changes)
	u.Wake()
	return j, nil
}

// refuseClaim ends one attempt's part of a claim: the frames stand.
func (u *Auditor) refuseClaim(tx store.Tx, changes *notify.Changes, s *subject) error {
	if _, err := tx.MoveTask(s.audit.Task, []job.TaskState{job.TaskVerifying}, job.TaskDone, nil); err != nil {
		return err
	}
	j, err := tx.Job(s.job.ID)
	if err != nil {
		return err
	}
	if err := changes.Event(tx, j.ID, "claim refused", fmt.Sprintf("%s passed again", store.NameFrames(s.attempt.Frames)), s.audit.Verifier); err != nil {
		return err
	}
	changes.Job(j.ID, s.attempt.Frames...)
	if j.TasksOpen > 0 {
		return nil
	}
	// An upheld part has moved the job on to rendering; then this is the last task of it.
	_, err = tx.MoveJob(j.ID, []job.State{job.Disputed}, job.Delivered, func(j *store.Job) { j.Cause, j.ClaimFrames = "", nil })
	if !errors.Is(err, store.ErrLost) {
		return err
	}
	if _, err := tx.MoveJob(j.ID, []job.State{job.Rendering, job.Paused}, job.Delivered, func(j *store.Job) { j.Finished, j.Cause = u.options.Clock().UnixMilli(), "" }); err != nil {
		return err
	}
	return u.options.Settler.Delivered(tx, j.ID)
}

// upholdClaim takes the frames' price back and has the job rendered on.
func (u *Auditor) upholdClaim(tx store.Tx, changes *notify.Changes, s *subject) error {
	sum, err := tx.VoidEntries(s.job.ID, s.attempt.Frames, "a bad-result claim was upheld")
	if err != nil {
		return err
	}
	if _, err := tx.EditJob(s.job.ID, func(j *store.Job) { j.Spent -= sum }); err != nil {
		return err
	}
	if err := changes.Event(tx, s.job.ID, "claim upheld", fmt.Sprintf("%s: rendered again", store.NameFrames(s.attempt.Frames)), s.attempt.Worker); err != nil {
		return err
	}
	_, err = tx.MoveJob(s.job.ID, []job.State{job.Disputed}, job.Rendering, func(j *store.Job) { j.Cause, j.ClaimFrames, j.Finished = "", nil, 0 })
	return store.IgnoreLost(err) // another attempt of the same claim was first
}
