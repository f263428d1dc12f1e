package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
)

// Probes are audits that decide nothing about their attempt. A honeypot asks a verifier about
// an attempt whose answer others have given already; its offer looks like any other. A canary has a verifier of
// another device class look at an attempt that one of its own class passed, to learn whether the two
// classes agree on the job's scene.
const (
	ProbeEvery  = 20 // one honeypot for so many audits, on average
	maxKnown    = 64
	maxWanted   = 64
	learnEvery  = 4
	maxCanaries = 6 // of one job and class
	// probeLife is how long a probe may take to be given; after that whoever made it is gone.
	probeLife = 2 * time.Minute
)

// sample is an attempt whose answer is known.
type sample struct {
	Attempt string `json:"attempt"`
	Bad     bool   `json:"bad,omitempty"`
}

// canary is a wish for one.
type canary struct {
	of    *subject
	class string // as subject.classOf gives it
}

func (u *Auditor) owesProbes() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.due)+len(u.wanted) > 0
}

// wantCanaryLocked asks for a canary where too few verifiers of the worker's own class are
// there to decide between two verdicts, and others are.
func (u *Auditor) wantCanaryLocked(s *subject) {
	policy := s.policy()
	own, others := 0, make(map[string]bool)
	for _, m := range u.options.Fleet.Members(job.RoleVerifier) {
		switch class := s.classOf(m); {
		case policy.Comparable(s.class(), class):
			own++
		case class != "":
			others[class] = true
		}
	}
	if own >= quorumFor || s.audit.Class != s.class() || s.part() {
		return // a part's policy isn't the job's, which Calibrate judges by
	}
	for class := range others {
		key := s.job.ID + " " + class
		if len(u.wanted) < maxWanted && u.canaries[key] < maxCanaries {
			if len(u.canaries) > maxRemembered {
				clear(u.canaries)
			}
			u.canaries[key]++
			u.wanted = append(u.wanted, canary{s, class})
		}
	}
}

// sendHoneypots gives those that owe one to verifiers with room for them. A verifier that no
// known attempt suits owes its honeypot until one does.
func (u *Auditor) sendHoneypots(ctx context.Context, members []fleet.Member, free map[string]int) {
	for _, m := range members {
		u.mu.Lock()
		var known []sample
		if u.due[m.Address] && free[m.Address] > 0 && !u.tried[m.Address] {
			u.tried[m.Address] = true
			known = slices.Clone(u.known)
		}
		u.mu.Unlock()
		rand.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
		for _, k := range known {
			if u.send(ctx, k.Attempt, store.AuditHoneypot, m) {
				free[m.Address]--
				break
			}
		}
	}
}

// sendCanaries uses room that no audit needs.
func (u *Auditor) sendCanaries(ctx context.Context, members []fleet.Member, free map[string]int) {
	u.mu.Lock()
	wanted := u.wanted
	u.wanted = nil
	u.mu.Unlock()
	for _, w := range wanted {
		i := slices.IndexFunc(members, func(m fleet.Member) bool { return w.of.classOf(m) == w.class && free[m.Address] > 0 })
		switch {
		case i >= 0:
			if u.send(ctx, w.of.attempt.ID, store.AuditCanary, members[i]) {
				free[members[i].Address]--
			}
		default:
			u.mu.Lock()
			u.wanted = append(u.wanted, w)
			u.mu.Unlock()
		}
	}
}

// send makes a probe and offers it to the member, unless it doesn't suit.
func (u *Auditor) send(ctx context.Context, attempt string, kind store.AuditKind, m fleet.Member) bool {
	now := u.options.Clock().UnixMilli()
	var s *subject
	err := u.options.Store.Update(ctx, func(tx store.Tx) error {
		s = nil
		a, err := tx.Attempt(attempt)
		if err != nil {
			return err
		}
		audits, err := tx.Audits(attempt)
		if err != nil {
			return err
		}
		v := &store.Audit{ID: store.NewID("v"), Attempt: attempt, Task: a.Task, Job: a.Job, Ordinal: len(audits) + 1, Kind: kind, State: lifecycle.AuditWaiting, Created: now}
		next, err := loadAudit(tx, v)
		if err != nil {
			return err
		}
		switch next.job.State {
		case job.Rendering, job.Paused, job.Delivered, job.Disputed:
		default:
			return nil // its package may be gone
		}
		if kind == store.AuditHoneypot && !next.policy().Comparable(next.class(), next.classOf(m)) {
			return nil // its verdict would say nothing
		}
		if next.known(m.Address) || !slices.ContainsFunc(u.candidates(next, []fleet.Member{m}), func(c fleet.Member) bool { return c.Address == m.Address }) && kind == store.AuditHoneypot {
			return nil
		}
		if kind == store.AuditCanary && fleet.Lacks(m.Capabilities, next.job.Recipe, fleet.Checks(next.kind())) != "" {
			return nil
		}
		s = next
		if kind == store.AuditHoneypot {
			if _, err := tx.PutNode(m.Address, func(n *store.Node) { n.Standing.Owes = false }); err != nil {
				return err
			}
		}
		return tx.AddAudit(v)
	})
	if err != nil {
		u.options.Log.Warn("a probe can't be made", "attempt", attempt, "node", m.Address, "kind", kind, "err", err)
		return false
	}
	if s == nil {
		return false
	}
	if kind == store.AuditHoneypot {
		u.mu.Lock()
		delete(u.due, m.Address)
		delete(u.tried, m.Address)
		u.mu.Unlock()
	}
	u.start(ctx, s, func() error { return u.offer(ctx, s, m) })
	return true
}

// known tells whether a verifier has judged the attempt before.
func (s *subject) known(verifier string) bool {
	return verifier == s.attempt.Worker || slices.Contains(s.earlier, verifier) || slices.ContainsFunc(s.others, func(v *store.Audit) bool { return v.Verifier == verifier })
}

// dropProbe ends a probe that nobody has.
func (u *Auditor) dropProbe(ctx context.Context, id, cause string) error {
	now := u.options.Clock().UnixMilli()
	err := u.options.Store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.MoveAudit(id, []lifecycle.AuditState{lifecycle.AuditWaiting, lifecycle.AuditHeld}, lifecycle.AuditDropped, func(v *store.Audit) { v.Cause, v.Ended = cause, now })
		return err
	})
	if err := store.IgnoreLost(err); err != nil {
		return fmt.Errorf("drop probe %s: %w", id, err)
	}
	return nil
}

// concludeProbe acts on a probe's verdict, which has just been recorded in the caller's
// transaction.
func (u *Auditor) concludeProbe(tx store.Tx, changes *notify.Changes, s *subject) error {
	state := s.audit.State
	if s.audit.Kind == store.AuditCanary || state == lifecycle.AuditInconclusive {
		return nil
	}
	now := u.options.Clock()
	lied := s.attempt.Convicted && state == lifecycle.AuditPassed
	if _, err := tx.PutNode(s.audit.Verifier, func(n *store.Node) {
		n.Standing.Verdicts++
		if lied {
			refuted(n, now)
		}
	}); err != nil {
		return err
	}
	if lied {
		u.options.Log.Warn("a verifier passed what several others had rejected", append(s.named(), "node", s.audit.Verifier)...)
	}
	if state != lifecycle.AuditRejected || s.attempt.State != lifecycle.AttemptPassed {
		return nil
	}
	// Somebody passed it before. Who was wrong is for a quorum, while there is time.
	set, err := tx.FrameSet(s.job.ID, s.frames())
	if err != nil {
		return err
	}
	for _, f := range set {
		// A tile's frame was made by the attempt that joined it.
		if f.Attempt != s.attempt.ID && s.border() == nil || f.State != job.FrameDelivered {
			return nil
		}
		if ok, err := reopenable(tx, f); err != nil || !ok {
			return err
		}
	}
	if s.job.State == job.Delivered && u.options.Settler.Closed(s.job, false) != "" {
		return nil
	}
	text := fmt.Sprintf("%s: a verifier that looked later contradicts the first one: %s", store.NameFrames(s.frames()), s.audit.Cause)
	if _, err := tx.MoveJob(s.job.ID, []job.State{job.Delivered}, job.Disputed, func(j *store.Job) { j.Cause, j.ClaimFrames = text, s.frames() }); store.IgnoreLost(err) != nil {
		return err
	}
	if _, err := u.reopen(tx, set); err != nil {
		return err
	}
	changes.Job(s.job.ID, s.frames()...)
	return changes.Event(tx, s.job.ID, "look back", text, s.attempt.Worker)
}

// evidenceRef names a canary's evidence.
type evidenceRef struct {
	Audit  string `json:"audit"`
	Digest string `json:"digest"`
}

func canariesKey(jobID string) string { return "audit/canaries/" + jobID }

// calibrate works out, with a canary's evidence and those before it, which device classes
// agree on the job. The result is to be stored by keep, in the transaction that records the verdict.
func (u *Auditor) calibrate(ctx context.Context, s *subject, e proof.Evidence, digest string) (keep func(store.Tx) error, err error) {
	var before []evidenceRef
	err = u.options.Store.View(ctx, func(tx store.Tx) error {
		raw, err := tx.Meta(canariesKey(s.job.ID))
		if err != nil || raw == "" {
			return err
		}
		return json.Unmarshal([]byte(raw), &before)
	})
	if err != nil {
		return nil, fmt.Errorf("read the canaries of job %s: %w", s.job.ID, err)
	}
	all := []proof.Evidence{e}
	for _, r := range before {
		old, err := u.evidence(ctx, r)
		if err != nil {
			u.options.Log.Warn("a canary's evidence can't be read", append(s.named(), "canary", r.Audit, "err", err)...)
			continue
		}
		all = append(all, old)
	}
	pairs, err := json.Marshal(proof.Calibrate(all, proof.PolicyFor(s.job.Recipe)))
	if err != nil {
		return nil, fmt.Errorf("encode the class pairs: %w", err)
	}
	list, err := json.Marshal(append(before, evidenceRef{s.audit.ID, digest}))
	if err != nil {
		return nil, fmt.Errorf("encode the canaries: %w", err)
	}
	return func(tx store.Tx) error {
		if err := tx.SetMeta(canariesKey(s.job.ID), string(list)); err != nil {
			return err
		}
		return tx.SetMeta(pairsKey(s.job.ID), string(pairs))
	}, nil
}

func (u *Auditor) evidence(ctx context.Context, ref evidenceRef) (proof.Evidence, error) {
	raw, err := u.read(ctx, lease.EvidenceKey(ref.Audit, ref.Digest))
	if err != nil {
		return proof.Evidence{}, err
	}
	return proof.DecodeEvidence(bytes.NewReader(raw))
}
