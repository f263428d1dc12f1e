package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// drop forgets an audit that has ended.
func (u *Auditor) drop(id string, declined bool) {
	u.accounts.End(id)
	u.lose(id, declined)
}

// part forgets an audit that another manager has now.
func (u *Auditor) part(id string) {
	u.accounts.Part(id)
	u.lose(id, false)
}

// lose drops an audit from memory.
func (u *Auditor) lose(id string, declined bool) {
	u.mu.Lock()
	h := u.held[id]
	delete(u.held, id)
	u.mu.Unlock()
	if h != nil {
		u.options.Fleet.Drop(job.RoleVerifier, h.verifier, id, declined)
	}
}

// inHand is an audit in memory that a verifier holds in this state, as far as this manager knows; nil when there is
// none.
func (u *Auditor) inHand(id, verifier string, state lifecycle.AuditState) *subject {
	u.mu.Lock()
	defer u.mu.Unlock()
	h := u.held[id]
	if h == nil || h.about == nil || h.about.audit.Verifier != verifier || h.about.audit.State != state {
		return nil
	}
	return h.about.now(h.about.audit)
}

// know keeps an audit in memory as a transaction left it; nil for what isn't sure.
func (u *Auditor) know(id string, s *subject) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if h := u.held[id]; h != nil {
		h.about = s
	}
}

// relearn has a job's audits read again: its class pairs are others now.
func (u *Auditor) relearn(jobID string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, h := range u.held {
		if h.about != nil && h.about.job.ID == jobID {
			h.about = nil
		}
	}
}

// Renew moves the deadlines of the audits that a verifier says it holds. It returns those
// that it should drop, because they have ended.
func (u *Auditor) Renew(verifier string, ids []string) (unknown []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	deadline := u.options.Clock().Add(u.options.Length)
	for _, id := range ids {
		if h := u.held[id]; h != nil && h.verifier == verifier {
			h.deadline = deadline
		} else {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

// Back ends the audits that a verifier had before a new session and doesn't have any more.
func (u *Auditor) Back(ctx context.Context, verifier string, since time.Time, still []string) error {
	has := make(map[string]bool, len(still))
	for _, id := range still {
		has[id] = true
	}
	u.mu.Lock()
	var lost []string
	for id, h := range u.held {
		if h.verifier == verifier && h.created.Before(since) && !has[id] {
			lost = append(lost, id)
		}
	}
	u.mu.Unlock()
	for _, id := range lost {
		if err := u.replace(ctx, id, verifier, "the verifier came back without the audit"); err != nil {
			return err
		}
	}
	return nil
}

// Expire gives the audits of silent verifiers to others.
func (u *Auditor) Expire(ctx context.Context) error {
	now := u.options.Clock()
	u.mu.Lock()
	late := make(map[string]string)
	for id, h := range u.held {
		if now.After(h.deadline) {
			late[id] = h.verifier
		}
	}
	u.mu.Unlock()
	var errs []error
	for id, verifier := range late {
		if err := u.replace(ctx, id, verifier, fmt.Sprintf("no sign of life for %s", u.options.Length)); err != nil {
			errs = append(errs, fmt.Errorf("expire audit %s: %w", id, err))
			continue
		}
		if m, ok := u.options.Fleet.Member(job.RoleVerifier, verifier); ok {
			_ = m.Session.Send(wire.TypeAuditRevoke, wire.LeaseRevoke{Lease: id, Reason: "the audit's time is over"}) // its verdict is refused otherwise
		}
	}
	return errors.Join(errs...)
}

// replace takes an audit from its verifier and opens another one.
func (u *Auditor) replace(ctx context.Context, id, verifier, cause string) error {
	changes := &notify.Changes{Now: u.options.Clock}
	var out lease.Outcome
	seen := false // it has the worker's side and says nothing
	var about []any
	err := u.options.Store.Update(ctx, func(tx store.Tx) error {
		changes.Reset()
		s, err := load(tx, id)
		if err != nil {
			return err
		}
		if s.audit.Verifier != verifier || u.options.Manager != "" && s.audit.Manager != u.options.Manager {
			return fmt.Errorf("audit %s: %w", id, store.ErrLost)
		}
		seen, about = s.audit.State == lifecycle.AuditCommitted, s.named()
		out, err = u.replaceIn(tx, changes, s, cause)
		return err
	})
	if store.IgnoreLost(err) != nil {
		return err // it is held still, and nothing but memory ever ends it
	}
	u.drop(id, true)
	u.forget(verifier)
	if err != nil {
		return nil
	}
	if seen {
		u.mu.Lock()
		if len(u.silent) > maxRemembered {
			clear(u.silent)
		}
		u.silent[verifier] = u.options.Clock().Add(silence)
		u.mu.Unlock()
	}
	u.options.Log.Warn("an audit was taken from its verifier", append(about, "node", verifier, "cause", cause)...)
	u.options.Keeper.Finish(changes, out)
	u.Wake()
	return nil
}

func (u *Auditor) replaceIn(tx store.Tx, changes *notify.Changes, s *subject, cause string) (lease.Outcome, error) {
	now := u.options.Clock().UnixMilli()
	if _, err := tx.MoveAudit(s.audit.ID, []lifecycle.AuditState{lifecycle.AuditHeld, lifecycle.AuditCommitted}, lifecycle.AuditDropped, func(v *store.Audit) { v.Cause, v.Ended = cause, now }); err != nil {
		return lease.Outcome{}, err
	}
	if s.probe() {
		return lease.Outcome{}, nil
	}
	if err := changes.Event(tx, s.job.ID, "check repeated", fmt.Sprintf("%s: %s", store.NameFrames(s.frames()), cause), s.audit.Verifier); err != nil {
		return lease.Outcome{}, err
	}
	dropped := 1
	for _, o := range s.others {
		if o.State == lifecycle.AuditDropped {
			dropped++
		}
	}
	if dropped >= maxDropped {
		return u.reject(tx, changes, s, fmt.Sprintf("%d verifiers could not check it; the last: %s", dropped, cause), innocent)
	}
	return lease.Outcome{}, u.another(tx, changes, s)
}

// another opens the next audit of the same attempt and puts the task back to committed.
func (u *Auditor) another(tx store.Tx, changes *notify.Changes, s *subject) error {
	all, err := tx.Audits(s.attempt.ID)
	if err != nil {
		return err
	}
	next := &store.Audit{
		ID: store.NewID("v"), Attempt: s.attempt.ID, Task: s.audit.Task, Job: s.job.ID, Ordinal: len(all) + 1, Claim: s.audit.Claim,
		State: lifecycle.AuditWaiting, Created: u.options.Clock().UnixMilli(),
	}
	if err := tx.AddAudit(next); err != nil {
		return err
	}
	changes.Job(s.job.ID)
	_, err = tx.MoveTask(s.audit.Task, []job.TaskState{job.TaskVerifying}, job.TaskCommitted, nil)
	return err
}

// began is when this process gave an audit out; zero where another process or manager did.
func (u *Auditor) began(id string) (began time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if h := u.held[id]; h != nil && h.about != nil {
		began = h.created
	}
	return began
}
