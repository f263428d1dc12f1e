package audit

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/custody"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// custody is how open audits are shared out among managers of one database.
func (u *Auditor) custody() custody.Of[*store.Audit] {
	return custody.Of[*store.Audit]{
		Store: u.options.Store, Fleet: u.options.Fleet, Manager: u.options.Manager, Role: job.RoleVerifier, Noun: "audits", Revoke: wire.TypeAuditRevoke,
		Facts: func(a *store.Audit) custody.Facts {
			return custody.Facts{ID: a.ID, Node: a.Verifier, Manager: a.Manager, Open: a.State == lifecycle.AuditHeld || a.State == lifecycle.AuditCommitted}
		},
		Row:  store.Tx.Audit,
		Rows: store.Tx.TakeAudits,
		Adopt: func(tx store.Tx, manager string) ([]*store.Audit, error) {
			return tx.AdoptAudits(0, manager, u.graced().UnixMilli())
		},
		Has: func(id string) bool {
			u.mu.Lock()
			defer u.mu.Unlock()
			return u.held[id] != nil
		},
		Held: func() []string {
			u.mu.Lock()
			defer u.mu.Unlock()
			return slices.Collect(maps.Keys(u.held))
		},
		Keep: u.keep,
		Drop: u.part,
		Told: func(a *store.Audit) {
			u.options.Log.Info("audit taken over with its verifier", "job", a.Job, "task", a.Task, "attempt", a.Attempt, "audit", a.ID, "node", a.Verifier)
		},
	}
}

// graced is until when what comes from another manager lives on at least.
func (u *Auditor) graced() time.Time {
	return u.options.Clock().Add(max(u.options.Length, u.options.Grace))
}

func (u *Auditor) keep(audits []*store.Audit) {
	deadline := u.graced()
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
	return u.custody().AdoptOrphans(ctx)
}

// Take makes the audits this manager's which a verifier that is connected here holds from another one,
// and returns their ids.
func (u *Auditor) Take(ctx context.Context, verifier string, ids []string) ([]string, error) {
	return u.custody().Take(ctx, verifier, ids)
}

// Forget drops audits from memory that another manager has taken over.
func (u *Auditor) Forget(ids []string) { u.custody().Forget(ids) }

// Revoked takes an audit, which another manager has ended, from its verifier.
func (u *Auditor) Revoked(verifier, id, reason string) { u.custody().Revoked(verifier, id, reason) }

// Resync forgets the audits that aren't this manager's any more: the others took it for dead. Those
// whose verifiers are connected here come back with the next heartbeat.
func (u *Auditor) Resync(ctx context.Context) error { return u.custody().Resync(ctx) }
