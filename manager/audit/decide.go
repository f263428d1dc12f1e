package audit

import (
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Decision is what follows from the verdicts on one attempt.
type Decision string

const (
	Deliver Decision = "deliver"
	Reject  Decision = "reject"  // and the worker is to blame
	Repeat  Decision = "repeat"  // nobody here can decide: render it again, blaming nobody
	Another Decision = "another" // ask a further verifier
)

// Decide weighs the verdicts. One pass without a fail delivers; a fail wants a second
// opinion, and then the majority counts. more tells whether a further verifier is there: where there
// is none, a fail stands, since an unverified frame is worse than a repeated one.
func Decide(passes, fails, inconclusive int, more bool) Decision {
	switch {
	case passes > fails && fails == 0, passes > fails && passes >= 2:
		return Deliver
	case fails > passes && fails >= 2:
		return Reject
	case more:
		return Another
	case fails > 0:
		return Reject
	}
	return Repeat
}

// guilt is how sure it is that the worker is to blame for a rejected attempt.
type guilt int

const (
	innocent  guilt = iota // nobody could decide, or it is another's fault
	suspected              // one verdict says so
	convicted              // a second one agrees, or the manager has looked itself
)

// guiltOf is what the verdicts say of the worker.
func guiltOf(d Decision, passes, fails int) guilt {
	switch {
	case d != Reject:
		return innocent
	case fails >= 2 && fails > passes:
		return convicted
	}
	return suspected
}

// tally counts the verdicts on the subject, its own audit included.
func (s *subject) tally() (passes, fails, inconclusive int) {
	for _, v := range append(s.others, s.audit) {
		switch v.State {
		case lifecycle.AuditPassed:
			passes++
		case lifecycle.AuditRejected:
			fails++
		case lifecycle.AuditInconclusive:
			inconclusive++
		}
	}
	return passes, fails, inconclusive
}

// conclude acts on a verdict that has just been recorded in the caller's transaction.
func (u *Auditor) conclude(tx store.Tx, changes *notify.Changes, s *subject, reason string) (lease.Outcome, error) {
	passes, fails, inconclusive := s.tally()
	next := *s
	next.others = append(append([]*store.Audit(nil), s.others...), s.audit)
	next.audit = &store.Audit{Claim: s.audit.Claim}
	more := len(u.candidates(&next)) > 0
	frames := store.NameFrames(s.attempt.Frames)
	switch decision := Decide(passes, fails, inconclusive, more); decision {
	case Deliver:
		if s.audit.Claim > 0 {
			return lease.Outcome{}, u.refuseClaim(tx, changes, s)
		}
		return lease.Outcome{}, u.deliver(tx, changes, s, reason)
	case Another:
		if err := changes.Event(tx, s.job.ID, "second check", fmt.Sprintf("%s: %s; another verifier is asked", frames, reason), s.audit.Verifier); err != nil {
			return lease.Outcome{}, err
		}
		return lease.Outcome{}, u.another(tx, changes, s)
	default:
		if !more && fails < 2 {
			reason += " (no further verifier of this device class is connected, so this verdict stands alone)"
		}
		return u.reject(tx, changes, s, reason, guiltOf(decision, passes, fails))
	}
}

// deliver hands the frames to the artist and makes them payable, all in one transaction.
func (u *Auditor) deliver(tx store.Tx, changes *notify.Changes, s *subject, reason string) error {
	now := u.options.Clock().UnixMilli()
	a, j := s.attempt, s.job
	if _, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptCommitted}, lifecycle.AttemptPassed, func(a *store.Attempt) { a.Ended = now }); err != nil {
		return err
	}
	if _, err := tx.MoveTask(a.Task, []job.TaskState{job.TaskVerifying}, job.TaskDone, nil); err != nil {
		return err
	}
	if err := tx.MoveFrames(j.ID, a.Frames, job.FrameUploaded, job.FrameVerified, func(f *job.Frame) { f.Verdict, f.Verifier, f.Cause = reason, s.audit.Verifier, "" }); err != nil {
		return err
	}
	for _, f := range a.Frames {
		worker := store.Entry{Job: j.ID, Frame: f, Role: job.RoleWorker, Node: a.Worker, Amount: j.Quote.PerFrame, Attempt: a.ID, Audit: s.audit.ID, Time: now}
		verifier := worker
		verifier.Role, verifier.Node, verifier.Amount = job.RoleVerifier, s.audit.Verifier, j.Quote.VerifyFee
		if err := errors.Join(tx.AddEntry(worker), tx.AddEntry(verifier)); err != nil {
			return err
		}
	}
	if err := tx.MoveFrames(j.ID, a.Frames, job.FrameVerified, job.FrameDelivered, nil); err != nil {
		return err
	}
	if _, err := tx.PutNode(a.Worker, func(n *store.Node) { n.Passes++ }); err != nil {
		return err
	}
	j, err := tx.EditJob(j.ID, func(j *store.Job) {
		j.Spent += job.Amount(len(a.Frames)) * (j.Quote.PerFrame + j.Quote.VerifyFee)
	})
	if err != nil {
		return err
	}
	changes.Job(j.ID, a.Frames...)
	if err := changes.Event(tx, j.ID, "delivered", fmt.Sprintf("%s: %s", store.NameFrames(a.Frames), reason), a.Worker); err != nil {
		return err
	}
	if j.TasksOpen > 0 {
		return nil
	}
	if j.Counts.Delivered != len(j.Frames) {
		return fmt.Errorf("job %s has no open task, but %d of %d frames are delivered", j.ID, j.Counts.Delivered, len(j.Frames))
	}
	if _, err := tx.MoveJob(j.ID, []job.State{job.Rendering, job.Paused}, job.Delivered, func(j *store.Job) { j.Finished, j.Cause = now, "" }); err != nil {
		return err
	}
	if err := u.options.Settler.Delivered(tx, j.ID); err != nil {
		return err
	}
	return changes.Event(tx, j.ID, "job delivered", fmt.Sprintf("all %d frames are delivered", len(j.Frames)), "")
}

// reject refuses the attempt's frames and sends its task back to the queue. What it means
// for the worker follows from its guilt: see manager/schedule.
func (u *Auditor) reject(tx store.Tx, changes *notify.Changes, s *subject, reason string, worker guilt) (lease.Outcome, error) {
	a, j := s.attempt, s.job
	was := job.FrameUploaded
	if s.audit.Claim > 0 {
		was = job.FrameDelivered
	}
	if err := tx.MoveFrames(j.ID, a.Frames, was, job.FrameRejected, func(f *job.Frame) { f.Rejects++; f.Cause = reason }); err != nil {
		return lease.Outcome{}, err
	}
	if err := tx.MoveFrames(j.ID, a.Frames, job.FrameRejected, job.FramePending, func(f *job.Frame) {
		f.Attempt, f.Worker, f.Object, f.Size, f.Digest, f.Verdict, f.Verifier, f.Seconds = "", "", "", 0, "", "", "", 0
	}); err != nil {
		return lease.Outcome{}, err
	}
	if err := changes.Event(tx, j.ID, "frame rejected", fmt.Sprintf("%s: %s", store.NameFrames(a.Frames), reason), a.Worker); err != nil {
		return lease.Outcome{}, err
	}
	if s.audit.Claim > 0 {
		if err := u.upholdClaim(tx, changes, s); err != nil {
			return lease.Outcome{}, err
		}
	}
	if worker != innocent {
		if _, err := tx.PutNode(a.Worker, func(n *store.Node) { n.Passes, n.Fails = 0, n.Fails+1 }); err != nil {
			return lease.Outcome{}, err
		}
	}
	if worker == convicted {
		if err := u.payFinders(tx, changes, s); err != nil {
			return lease.Outcome{}, err
		}
	}
	from := []lifecycle.AttemptState{lifecycle.AttemptCommitted, lifecycle.AttemptPassed}
	return u.options.Keeper.Return(tx, changes, a.ID, from, lease.Ending{Kind: job.FailVerdict, Cause: reason, Convicted: worker == convicted})
}
