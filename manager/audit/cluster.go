package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Several managers share one database: each open audit belongs to the manager that its verifier is
// connected to, which alone takes it from a silent one. See manager/lease for the same with leases.

func (u *Auditor) keep(audits []*store.Audit) {
	deadline := u.options.Clock().Add(max(u.options.Length, u.options.Grace))
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, a := range audits {
		if u.held[a.ID] == nil {
			u.held[a.ID] = &hold{verifier: a.Verifier, deadline: deadline, created: time.UnixMilli(a.Created)}
		}
		u.options.Fleet.Hold(job.RoleVerifier, a.Verifier, a.ID)
	}
}

// AdoptOrphans takes over the audits of managers that aren't registered any more and says how many.
func (u *Auditor) AdoptOrphans(ctx context.Context) (int, error) {
	var audits []*store.Audit
	deadline := u.options.Clock().Add(max(u.options.Length, u.options.Grace)).UnixMilli()
	err := u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		audits, err = tx.AdoptAudits(0, u.options.Manager, deadline)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("adopt audits: %w", err)
	}
	u.keep(audits)
	return len(audits), nil
}

func open(a *store.Audit) bool {
	return a.State == lifecycle.AuditHeld || a.State == lifecycle.AuditCommitted
}

// Take makes the audits this manager's which a verifier that is connected here holds from another one,
// and returns their ids.
func (u *Auditor) Take(ctx context.Context, verifier string, ids []string) (taken []string, err error) {
	u.mu.Lock()
	foreign := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return u.held[id] != nil })
	u.mu.Unlock()
	if len(foreign) == 0 {
		return nil, nil
	}
	// Most of them ended or were committed a moment ago: that takes no write to see.
	err = u.options.Store.View(ctx, func(tx store.Tx) error {
		still := foreign[:0]
		for _, id := range foreign {
			a, err := tx.Audit(id)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err == nil && open(a) && a.Verifier == verifier {
				still = append(still, id)
			}
		}
		foreign = still
		return nil
	})
	if err != nil || len(foreign) == 0 {
		return nil, err
	}
	var audits []*store.Audit
	err = u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		audits, err = tx.TakeAudits(verifier, foreign, u.options.Manager)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take the audits of %s: %w", verifier, err)
	}
	u.keep(audits)
	for _, a := range audits {
		taken = append(taken, a.ID)
		u.options.Log.Info("audit taken over with its verifier", "job", a.Job, "task", a.Task, "attempt", a.Attempt, "audit", a.ID, "node", verifier)
	}
	return taken, nil
}

// Forget drops audits from memory that another manager has taken over.
func (u *Auditor) Forget(ids []string) {
	for _, id := range ids {
		u.drop(id, false)
	}
}

// Revoked takes an audit, which another manager has ended, from its verifier.
func (u *Auditor) Revoked(verifier, id, reason string) {
	u.drop(id, false)
	if m, ok := u.options.Fleet.Member(job.RoleVerifier, verifier); ok {
		_ = m.Session.Send(wire.TypeAuditRevoke, wire.LeaseRevoke{Lease: id, Reason: reason}) // a node that is gone learns it when it is back
	}
}

// Resync forgets the audits that aren't this manager's any more: the others took it for dead. Those
// whose verifiers are connected here come back with the next heartbeat.
func (u *Auditor) Resync(ctx context.Context) error {
	u.mu.Lock()
	var ids []string
	for id := range u.held {
		ids = append(ids, id)
	}
	u.mu.Unlock()
	var gone []string
	err := u.options.Store.View(ctx, func(tx store.Tx) error {
		gone = nil
		for _, id := range ids {
			a, err := tx.Audit(id)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err != nil || !open(a) || a.Manager != u.options.Manager {
				gone = append(gone, id)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("compare the audits: %w", err)
	}
	u.Forget(gone)
	return nil
}
