package audit

import (
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

// A quorum is quorumFor verdicts that agree, of at most quorumOf.
const (
	quorumFor = 3
	quorumOf  = 5
)

// Tally counts the verdicts on one attempt.
type Tally struct{ Passes, Fails, Inconclusive int }

// Decide weighs the verdicts. One pass without a fail delivers; a fail wants a second
// opinion, and then the majority counts. Where a quorum is asked for, because an artist claims that the
// attempt is bad or because a worker's stake hangs on it, three verdicts of five have to agree. more tells whether a further
// verifier is there: where there is none, the majority decides, and a fail that stands alone or against one
// pass stands, since an unverified frame is worse than a repeated one.
func Decide(t Tally, more, quorum bool) Decision {
	switch {
	case quorum && more && t.Passes < quorumFor && t.Fails < quorumFor && t.Passes+t.Fails < quorumOf:
		return Another
	case t.Passes > t.Fails && (t.Fails == 0 || t.Passes >= 2):
		return Deliver
	case t.Fails > t.Passes && t.Fails >= 2:
		return Reject
	case more:
		return Another
	case t.Fails > 0:
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
func guiltOf(d Decision, t Tally) guilt {
	switch {
	case d != Reject:
		return innocent
	case t.Fails >= 2 && t.Fails > t.Passes:
		return convicted
	}
	return suspected
}

// tally counts the verdicts on the subject, its own audit included.
func (s *subject) tally() (t Tally) {
	for _, v := range append(s.others[:len(s.others):len(s.others)], s.audit) {
		switch v.State {
		case lifecycle.AuditPassed:
			t.Passes++
		case lifecycle.AuditRejected:
			t.Fails++
		case lifecycle.AuditInconclusive:
			t.Inconclusive++
		}
	}
	return t
}

// conclude acts on a verdict that has just been recorded in the caller's transaction.
func (u *Auditor) conclude(tx store.Tx, changes *notify.Changes, s *subject, reason string) (lease.Outcome, error) {
	next := *s
	next.others = append(s.others[:len(s.others):len(s.others)], s.audit)
	next.audit = &store.Audit{ID: s.audit.ID, Claim: s.audit.Claim}
	more := false // a first pass needs no other
	if t := s.tally(); s.audit.Claim > 0 || t.Fails+t.Inconclusive > 0 {
		more = len(u.candidates(&next, u.options.Fleet.Members(job.RoleVerifier))) > 0
	}
	return u.decide(tx, changes, s, reason, more)
}

// decide acts on the verdicts that there are. The attempt's task is being verified.
func (u *Auditor) decide(tx store.Tx, changes *notify.Changes, s *subject, reason string, more bool) (lease.Outcome, error) {
	t := s.tally()
	quorum := s.audit.Claim > 0 || t.Fails > 0 && u.stake(s.attempt.Worker) > 0
	frames := s.name()
	decision := Decide(t, more, quorum)
	switch decision {
	case Another:
		what := "second check"
		if quorum {
			what = "quorum"
		}
		if err := changes.Event(tx, s.job.ID, what, fmt.Sprintf("%s: %s; %d for and %d against it so far, another verifier is asked", frames, reason, t.Passes, t.Fails), s.audit.Verifier); err != nil {
			return lease.Outcome{}, err
		}
		return lease.Outcome{}, u.another(tx, changes, s)
	case Deliver:
		if err := u.settleVerdicts(tx, changes, s, lifecycle.AuditPassed); err != nil {
			return lease.Outcome{}, err
		}
		if s.audit.Claim > 0 {
			return lease.Outcome{}, u.refuseClaim(tx, changes, s)
		}
		return lease.Outcome{}, u.deliver(tx, changes, s, reason)
	}
	if !more && t.Fails < 2 {
		reason += " (no further verifier of this device class is connected, so this verdict stands alone)"
	}
	return u.reject(tx, changes, s, reason, guiltOf(decision, t))
}

// passer is the audit whose verdict carries a delivery, nil where trust does.
func (s *subject) passer() *store.Audit {
	for _, v := range append([]*store.Audit{s.audit}, s.others...) {
		if v.State == lifecycle.AuditPassed {
			return v
		}
	}
	return nil
}

// deliver hands the frames to the artist and makes them payable, all in one transaction.
func (u *Auditor) deliver(tx store.Tx, changes *notify.Changes, s *subject, reason string) error {
	now := u.options.Clock()
	a, j, frames := s.attempt, s.job, s.frames()
	by := u.options.Address
	if v := s.passer(); v != nil {
		by = v.Verifier
	}
	if _, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptCommitted}, lifecycle.AttemptPassed, func(a *store.Attempt) { a.Ended = now.UnixMilli() }); err != nil {
		return err
	}
	if _, err := tx.MoveTask(a.Task, []job.TaskState{job.TaskVerifying}, job.TaskDone, nil); err != nil {
		return err
	}
	if s.passer() != nil {
		if _, err := tx.PutNode(a.Worker, func(n *store.Node) { passed(n, now) }); err != nil {
			return err
		}
	}
	if s.border() != nil {
		changes.Job(j.ID, frames...)
		if err := changes.Event(tx, j.ID, "tile verified", fmt.Sprintf("%s: %s", s.name(), reason), a.Worker); err != nil {
			return err
		}
		return u.options.Keeper.Done(tx, changes, a.Task) // it is paid with the frame that it becomes a part of
	}
	if err := tx.MoveFrames(j.ID, frames, job.FrameUploaded, job.FrameVerified, func(f *job.Frame) { f.Verdict, f.Verifier, f.Cause = reason, by, "" }); err != nil {
		return err
	}
	sum, err := u.pay(tx, s, frames)
	if err != nil {
		return err
	}
	if err := tx.MoveFrames(j.ID, frames, job.FrameVerified, job.FrameDelivered, nil); err != nil {
		return err
	}
	if err := u.options.Keeper.Done(tx, changes, a.Task); err != nil {
		return err
	}
	j, err = tx.EditJob(j.ID, func(j *store.Job) { j.Spent += sum })
	if err != nil {
		return err
	}
	changes.Job(j.ID, frames...)
	if err := changes.Event(tx, j.ID, "delivered", fmt.Sprintf("%s: %s", store.NameFrames(frames), reason), a.Worker); err != nil {
		return err
	}
	return u.finishJob(tx, changes, j)
}

// finishJob delivers a job of which nothing is open any more.
func (u *Auditor) finishJob(tx store.Tx, changes *notify.Changes, j *store.Job) error {
	if j.TasksOpen > 0 {
		return nil
	}
	if j.Counts.Delivered != len(j.Frames) {
		return fmt.Errorf("job %s has no open task, but %d of %d frames are delivered", j.ID, j.Counts.Delivered, len(j.Frames))
	}
	if _, err := tx.MoveJob(j.ID, []job.State{job.Rendering, job.Paused}, job.Delivered, func(j *store.Job) { j.Finished, j.Cause = u.options.Clock().UnixMilli(), "" }); err != nil {
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
	if err := u.refuseFrames(tx, s, reason); err != nil {
		return lease.Outcome{}, err
	}
	what := "frame rejected"
	if s.border() != nil {
		what = "tile rejected"
	}
	if err := changes.Event(tx, j.ID, what, fmt.Sprintf("%s: %s", s.name(), reason), a.Worker); err != nil {
		return lease.Outcome{}, err
	}
	if s.audit.Claim > 0 {
		if err := u.upholdClaim(tx, changes, s); err != nil {
			return lease.Outcome{}, err
		}
	}
	now := u.options.Clock()
	if worker != innocent {
		if _, err := tx.PutNode(a.Worker, func(n *store.Node) { failed(n, now) }); err != nil {
			return lease.Outcome{}, err
		}
	}
	if worker == convicted {
		if err := u.settleVerdicts(tx, changes, s, lifecycle.AuditRejected); err != nil {
			return lease.Outcome{}, err
		}
		if err := u.offend(tx, changes, s); err != nil {
			return lease.Outcome{}, err
		}
	}
	from := []lifecycle.AttemptState{lifecycle.AttemptCommitted, lifecycle.AttemptPassed}
	end := lease.Ending{Kind: job.FailVerdict, Cause: reason, Convicted: worker == convicted}
	if s.outdated() && worker == innocent {
		end.Kind = job.FailSuperseded
	}
	out, err := u.options.Keeper.Return(tx, changes, a.ID, from, end)
	if err != nil || worker != convicted {
		return out, err
	}
	return out, u.lookBack(tx, changes, s)
}
