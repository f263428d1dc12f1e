package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

const (
	// minWindow is how many waiting audits, of those that were looked at before, a pass looks at again
	// besides one for each free verifier. It grows while none of them can be given to anybody.
	minWindow = 2
	// freshWindow is among how many of the oldest a pass looks for what no pass has looked at: trust
	// may let it through.
	freshWindow = 256
	// lull is how long the auditor lets commits gather while no verifier is free.
	lull = 25 * time.Millisecond
	// maxExamined bounds the audits that are remembered as having to be checked.
	maxExamined = 1 << 16
)

// Dispatch offers the audits that wait to free verifiers, as turns has them, and lets through
// what trust and the draw exempt.
func (u *Auditor) Dispatch(ctx context.Context) error { return u.dispatch(ctx, everything) }

// scope is what a pass has to look at while no verifier is free.
type scope int

const (
	room       scope = iota // nothing: only a verifier's room may have changed
	news                    // audits that no pass has looked at
	everything              // also those that strand
)

func (u *Auditor) dispatch(ctx context.Context, look scope) error {
	members := u.options.Fleet.Members(job.RoleVerifier)
	free := make(map[string]int, len(members))
	slots := 0
	concerned := make([]string, 0, len(members))
	for _, m := range members {
		free[m.Address] = m.Free
		slots += m.Free
		concerned = append(concerned, m.Address)
	}
	u.mu.Lock()
	window := u.window + slots
	u.mu.Unlock()
	again := func(*store.Audit) bool { return true } // of audits that were looked at before, which to load
	if slots == 0 {
		switch look {
		case room:
			return nil
		case news:
			window = 0
		case everything: // a further opinion strands where nobody gives it
			window = freshWindow
			again = func(v *store.Audit) bool { return v.Ordinal > 1 }
		}
	}
	waiting, full, err := u.waiting(ctx, window, again)
	if err != nil {
		return err
	}
	if len(waiting) == 0 && !u.owesProbes() {
		return nil
	}
	for _, s := range waiting {
		concerned = append(concerned, s.attempt.Worker)
	}
	if err := u.acquaint(ctx, concerned...); err != nil {
		return err
	}
	u.sendHoneypots(ctx, members, free)
	given := false
	for _, s := range waiting {
		moved, err := u.place(ctx, s, members, free)
		if err != nil {
			return err
		}
		given = given || moved
	}
	u.sendCanaries(ctx, members, free)
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case given:
		u.window = minWindow
	case full && slots > 0:
		u.window = 2 * window
	}
	return nil
}

// waiting loads, of the first audits that wait, those that no pass has looked at, and of the first
// window of the others those that again wants. full tells that there may be more.
func (u *Auditor) waiting(ctx context.Context, window int, again func(*store.Audit) bool) (list []*subject, full bool, err error) {
	limit := max(freshWindow, window)
	u.mu.Lock()
	several := u.several
	u.mu.Unlock()
	for {
		var turns []string
		if several {
			if turns, several, err = u.turns(ctx, limit); err != nil {
				return nil, false, fmt.Errorf("read whose audits wait: %w", err)
			}
		}
		mixed := false
		if list, full, mixed, err = u.pick(ctx, turns, limit, window, again); err != nil {
			return nil, false, fmt.Errorf("read the waiting audits: %w", err)
		}
		if turns != nil || !mixed {
			break
		}
		several = true // the oldest may not be the first
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.several = several; !several {
		clear(u.served)
	}
	if len(u.examined) > maxExamined {
		clear(u.examined)
	}
	for _, s := range list {
		u.examined[s.audit.ID] = s.job.ID
	}
	return list, full, nil
}

// pick is one reading of waiting: of the ids, without any of the oldest. mixed tells that they are not all of one job, as far as that was seen.
func (u *Auditor) pick(ctx context.Context, ids []string, limit, window int, again func(*store.Audit) bool) (list []*subject, full, mixed bool, err error) {
	given := ids
	var secret []byte
	err = u.options.Store.Look(ctx, func(tx store.Tx) (err error) {
		list, full, mixed = nil, false, false
		if secret, err = u.knownSecret(tx); err != nil {
			return err
		}
		if ids = given; ids == nil {
			if ids, err = tx.WaitingAudits(limit); err != nil {
				return err
			}
		}
		full = len(ids) >= limit
		mixed = full
		left := window
		of := "" // the job of the one before
		for _, id := range ids {
			u.mu.Lock()
			jobID, old := u.examined[id]
			busy := u.offering[id]
			u.mu.Unlock()
			if busy {
				continue
			}
			if old {
				mixed = mixed || of != "" && jobID != of
				of = jobID
				if left--; left < 0 {
					full = true
					continue
				}
			}
			v, err := tx.Audit(id)
			if err != nil {
				return err
			}
			if v.State != lifecycle.AuditWaiting { // since its turn was read
				continue
			}
			mixed = mixed || of != "" && v.Job != of
			of = v.Job
			if old && !again(v) {
				continue
			}
			s, err := loadAudit(tx, v)
			if err != nil {
				return err
			}
			list = append(list, s)
		}
		return nil
	})
	if err == nil {
		u.mu.Lock()
		u.secret = secret
		u.mu.Unlock()
	}
	return list, full, mixed, err
}

// place does what can be done for one waiting audit now.
func (u *Auditor) place(ctx context.Context, s *subject, members []fleet.Member, free map[string]int) (moved bool, err error) {
	id := s.audit.ID
	u.mu.Lock()
	busy := u.offering[id]
	u.mu.Unlock()
	if busy {
		return false, nil
	}
	if s.probe() {
		if u.options.Clock().UnixMilli()-s.audit.Created < probeLife.Milliseconds() {
			return false, nil // another manager is just giving it
		}
		return false, u.dropProbe(ctx, id, "it was never given")
	}
	if u.exempt(s) {
		u.start(ctx, s, func() error { return u.letThrough(ctx, s) })
		return true, nil
	}
	if s.joined() && len(s.parts) == 0 {
		return false, nil // its tiles are checked first
	}
	if (s.audit.Claim > 0 || s.joined()) && len(s.others) == 0 && !u.looked(id) {
		u.start(ctx, s, func() error { return u.glance(ctx, s) })
		return true, nil
	}
	if !u.stranded(s) && !slices.ContainsFunc(members, func(m fleet.Member) bool { return free[m.Address] > 0 }) {
		return false, nil // whoever may judge it has no room
	}
	candidates := u.candidates(s, members)
	if len(candidates) == 0 && u.stranded(s) {
		return true, u.strand(ctx, s)
	}
	for _, m := range candidates {
		if free[m.Address] <= 0 {
			continue
		}
		free[m.Address]--
		u.start(ctx, s, func() error { return u.offer(ctx, s, m) })
		return true, nil
	}
	return false, nil
}

// start works on one audit in the background; the next pass leaves it alone until then.
func (u *Auditor) start(ctx context.Context, s *subject, work func() error) {
	id := s.audit.ID
	u.mu.Lock()
	u.offering[id] = true
	u.mu.Unlock()
	u.wg.Go(func() {
		defer func() {
			u.mu.Lock()
			delete(u.offering, id)
			u.mu.Unlock()
			u.Wake()
		}()
		if err := work(); err != nil && ctx.Err() == nil {
			u.options.Log.Error("begin an audit", append(s.named(), "err", err)...)
		}
	})
}

// stranded tells whether a further opinion was asked for and nobody has been there to give
// it for a whole lease.
func (u *Auditor) stranded(s *subject) bool {
	if u.options.Clock().UnixMilli()-s.audit.Created < u.options.Length.Milliseconds() {
		return false
	}
	return slices.ContainsFunc(s.others, judged)
}

// looked tells whether the manager has looked into the attempt's files for this audit.
func (u *Auditor) looked(id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, ok := u.seen[id]
	return ok
}
