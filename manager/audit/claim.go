package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Claim opens a bad-result claim on frames of a delivered job: the attempts that made them
// are checked again, on other tiles. Until that is decided nothing of the job is paid.
// The caller has checked that the job is the claimant's.
func (u *Auditor) Claim(ctx context.Context, c wire.JobClaim) (*store.Job, error) {
	jobID, reason := c.Job, c.Reason
	if len(c.Frames) == 0 || len(reason) == 0 || len(reason) > 1024 {
		return nil, &wire.Error{Code: wire.CodeBadRequest, Message: "a claim names frames and a reason of at most 1024 letters"}
	}
	changes := &notify.Changes{Now: u.options.Clock}
	var j *store.Job
	err := u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		frames := slices.Compact(slices.Sorted(slices.Values(c.Frames)))
		set, err := tx.FrameSet(jobID, frames)
		if err != nil {
			return err
		}
		if len(set) != len(frames) {
			missing := slices.DeleteFunc(slices.Clone(frames), func(n int) bool {
				return slices.ContainsFunc(set, func(f *job.Frame) bool { return f.Number == n })
			})
			return &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("job %s has no %s", jobID, store.NameFrames(missing)), Next: "`heliostat job show " + jobID + "` lists its frames"}
		}
		if j, err = tx.MoveJob(jobID, []job.State{job.Delivered}, job.Disputed, func(j *store.Job) { j.Cause, j.ClaimFrames = reason, frames }); err != nil {
			return err
		}
		signed := c
		signed.Frames = frames
		if err := u.options.Settler.Dispute(tx, j, signed); err != nil {
			return err
		}
		tiles, err := u.reopen(tx, set)
		if err != nil {
			return err
		}
		changes.Job(jobID, frames...)
		return changes.Event(tx, jobID, "claim", fmt.Sprintf("%s: %s; %d tiles are rendered again by up to %d verifiers", store.NameFrames(frames), reason, tiles, quorumOf), "")
	})
	if err != nil {
		return nil, err
	}
	u.options.Hub.Publish(changes)
	u.Wake()
	return j, nil
}

// maxClaims is how often an attempt is checked again, at most.
const maxClaims = 8

// makers are the attempts that made a delivered frame: of a still that was joined from tiles also those that made the
// tiles. Once those are decided on, the one that joined them is.
func makers(tx store.Tx, f *job.Frame) ([]*store.Attempt, error) {
	a, err := tx.Attempt(f.Attempt)
	if err != nil {
		return nil, err
	}
	list := []*store.Attempt{a}
	if a.Commit != nil && a.Commit.Frames[0].Assembled {
		parts, err := lease.Parts(tx, f.Job, f.Number)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			list = append(list, p.Attempt)
		}
	}
	return list, nil
}

// reopen has the attempts that made these delivered frames checked again. It returns how many tiles of the
// proof's grid are looked at.
func (u *Auditor) reopen(tx store.Tx, frames []*job.Frame) (tiles int, err error) {
	done := make(map[string]bool)
	for _, f := range frames {
		if done[f.Attempt] {
			continue
		}
		done[f.Attempt] = true
		list, err := makers(tx, f)
		if err != nil {
			return 0, err
		}
		for _, a := range list {
			n, err := u.reopenAttempt(tx, a, f.Number)
			if err != nil {
				return 0, err
			}
			tiles += n
		}
	}
	return tiles, nil
}

// reopenable tells whether the attempts that made a delivered frame can be checked again: none of them is being checked, or has been
// too often. A look back leaves out what can't, since what it follows from has to stand whatever else is going on.
func reopenable(tx store.Tx, f *job.Frame) (bool, error) {
	list, err := makers(tx, f)
	if errors.Is(err, store.ErrLost) {
		return false, nil // a tile is being checked
	}
	if err != nil {
		return false, err
	}
	for _, a := range list {
		t, err := tx.Task(a.Task)
		if err != nil || t.State != job.TaskDone {
			return false, err
		}
		audits, err := tx.Audits(a.ID)
		if err != nil || claims(audits) >= maxClaims {
			return false, err
		}
	}
	return true, nil
}

// claims counts how often an attempt was checked again.
func claims(audits []*store.Audit) (n int) {
	for _, v := range audits {
		n = max(n, v.Claim)
	}
	return n
}

func (u *Auditor) reopenAttempt(tx store.Tx, a *store.Attempt, frame int) (tiles int, err error) {
	audits, err := tx.Audits(a.ID)
	if err != nil {
		return 0, err
	}
	next := &store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: a.Task, Job: a.Job, Ordinal: len(audits) + 1, Claim: claims(audits) + 1, State: lifecycle.AuditWaiting, Created: u.options.Clock().UnixMilli()}
	if next.Claim > maxClaims {
		return 0, &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("frame %d was checked again %d times already", frame, maxClaims), Next: "accept the delivery, or talk to the network's operator"}
	}
	if err := tx.AddAudit(next); err != nil {
		return 0, err
	}
	if _, err := tx.MoveTask(a.Task, []job.TaskState{job.TaskDone}, job.TaskCommitted, nil); err != nil {
		return 0, err
	}
	s, err := loadAudit(tx, next)
	if err != nil {
		return 0, err
	}
	return s.policy().Tiles, nil
}

// glance looks into the files of a claimed attempt, or of a still that was joined from tiles, before anybody
// renders. What is wrong for certain rejects it at once; what only looks wrong is told to the people who
// decide on it.
func (u *Auditor) glance(ctx context.Context, s *subject) error {
	select {
	case u.looks <- struct{}{}:
		defer func() { <-u.looks }()
	case <-ctx.Done():
		return nil
	}
	f, err := u.look(ctx, s)
	if err != nil {
		if !s.joined() { // what a verifier doesn't look at has to be seen here
			u.saw(s, "its files can't be read now")
		}
		return err
	}
	changes := &notify.Changes{Now: u.options.Clock}
	var out lease.Outcome
	if f.reason != "" || f.doubt != "" {
		err = u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
			changes.Reset()
			if f.reason == "" {
				return changes.Event(tx, s.job.ID, "first look", f.doubt, "")
			}
			if _, err := tx.MoveAudit(s.audit.ID, []lifecycle.AuditState{lifecycle.AuditWaiting}, lifecycle.AuditDropped, func(v *store.Audit) {
				v.Cause, v.Ended = f.reason, u.options.Clock().UnixMilli()
			}); err != nil {
				return err
			}
			out, err = u.reject(tx, changes, s, f.reason, f.guilt)
			return err
		})
		if err != nil {
			return store.IgnoreLost(err)
		}
		u.options.Keeper.Finish(changes, out)
	}
	u.saw(s, f.doubt)
	return nil
}

// lookBack has everything checked that trust let through of a worker that is convicted now,
// in the jobs that aren't paid out: that one cheat was found costs it the others too.
func (u *Auditor) lookBack(tx store.Tx, changes *notify.Changes, s *subject) error {
	n, err := tx.Node(s.attempt.Worker)
	if err != nil {
		return err
	}
	// The fail that leads here is counted already, and an earlier one, which stood alone, may have taken the trust.
	if u.options.Address == "" || s.worker.Trust <= 0.5 && n.Fails <= 1 {
		return nil // it was always checked
	}
	jobs, err := tx.JobsInState(job.Rendering, job.Paused, job.Delivered, job.Disputed)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		passes, err := tx.LastPasses(j.ID)
		if err != nil {
			return err
		}
		if passes[s.attempt.Worker] == 0 || j.State == job.Delivered && u.options.Settler.Closed(j, false) != "" {
			continue
		}
		all, err := tx.Frames(j.ID)
		if err != nil {
			return err
		}
		var frames []*job.Frame
		var numbers []int
		for _, f := range all {
			if f.Worker != s.attempt.Worker || !strings.HasPrefix(f.Verdict, trusted) || f.State != job.FrameDelivered {
				continue
			}
			ok, err := reopenable(tx, f)
			if err != nil {
				return err
			}
			if ok {
				frames, numbers = append(frames, f), append(numbers, f.Number)
			}
		}
		if len(frames) == 0 {
			continue
		}
		text := fmt.Sprintf("%s: the worker was convicted of another frame, so what was not checked is checked now", store.NameFrames(numbers))
		if _, err := u.reopen(tx, frames); err != nil {
			return err
		}
		if _, err := tx.MoveJob(j.ID, []job.State{job.Delivered}, job.Disputed, func(j *store.Job) { j.Cause, j.ClaimFrames = text, numbers }); store.IgnoreLost(err) != nil {
			return err
		}
		changes.Job(j.ID, numbers...)
		if err := changes.Event(tx, j.ID, "look back", text, s.attempt.Worker); err != nil {
			return err
		}
	}
	return nil
}

// refuseClaim ends one attempt's part of a claim: the frames stand.
func (u *Auditor) refuseClaim(tx store.Tx, changes *notify.Changes, s *subject) error {
	task, err := tx.MoveTask(s.audit.Task, []job.TaskState{job.TaskVerifying}, job.TaskDone, nil)
	if err != nil {
		return err
	}
	j, err := tx.Job(s.job.ID)
	if err != nil {
		return err
	}
	if err := changes.Event(tx, j.ID, "claim refused", fmt.Sprintf("%s passed again", s.name()), s.audit.Verifier); err != nil {
		return err
	}
	changes.Job(j.ID, s.frames()...)
	if task.Scout && !j.Released && j.ReleaseAt == 0 {
		if err := u.options.Keeper.Done(tx, changes, task.ID); err != nil { // the other scouts may have passed meanwhile
			return err
		}
	}
	if j.TasksOpen > 0 {
		return nil
	}
	// An upheld part has moved the job on to rendering; then this is the last task of it.
	j, err = tx.MoveJob(j.ID, []job.State{job.Disputed}, job.Delivered, func(j *store.Job) { j.Cause, j.ClaimFrames = "", nil })
	switch {
	case errors.Is(err, store.ErrLost):
		if j, err = tx.Job(s.job.ID); err != nil {
			return err
		}
		return u.finishJob(tx, changes, j)
	case err != nil:
		return err
	case j.Spent == j.DeliveryPrice:
		return u.options.Settler.Resolve(tx, j.ID)
	}
	return u.options.Settler.Delivered(tx, j.ID) // the verifiers' fees came on top
}

// upholdClaim takes the frames' price back and has the job rendered on.
func (u *Auditor) upholdClaim(tx store.Tx, changes *notify.Changes, s *subject) error {
	sum, err := tx.VoidEntries(s.job.ID, s.frames(), "a bad-result claim was upheld")
	if err != nil {
		return err
	}
	if _, err := tx.EditJob(s.job.ID, func(j *store.Job) { j.Spent -= sum }); err != nil {
		return err
	}
	if err := u.options.Settler.Uphold(tx, s.job.ID, sum); err != nil {
		return err
	}
	if err := changes.Event(tx, s.job.ID, "claim upheld", fmt.Sprintf("%s: rendered again", s.name()), s.attempt.Worker); err != nil {
		return err
	}
	_, err = tx.MoveJob(s.job.ID, []job.State{job.Disputed}, job.Rendering, func(j *store.Job) { j.Cause, j.ClaimFrames, j.Finished = "", nil, 0 })
	return store.IgnoreLost(err) // another attempt of the same claim was first
}
