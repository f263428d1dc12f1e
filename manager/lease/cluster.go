package lease

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

// custody is how leases are shared out among managers of one database.
func (k *Keeper) custody() custody.Of[*store.Attempt] {
	return custody.Of[*store.Attempt]{
		Store: k.options.Store, Fleet: k.options.Fleet, Manager: k.options.Manager, Role: job.RoleWorker, Noun: "leases", Revoke: wire.TypeLeaseRevoke,
		Facts: func(a *store.Attempt) custody.Facts {
			return custody.Facts{ID: a.ID, Node: a.Worker, Manager: a.Manager, Open: a.State == lifecycle.AttemptHeld}
		},
		Row:  store.Tx.Attempt,
		Rows: store.Tx.TakeAttempts,
		Adopt: func(tx store.Tx, manager string) ([]*store.Attempt, error) {
			return tx.AdoptAttempts(0, manager, k.graced().UnixMilli())
		},
		Has: func(id string) bool {
			k.mu.Lock()
			defer k.mu.Unlock()
			return k.held[id] != nil
		},
		Held: func() []string {
			k.mu.Lock()
			defer k.mu.Unlock()
			return slices.Collect(maps.Keys(k.held))
		},
		Keep: k.keep,
		Drop: k.part,
		Told: func(a *store.Attempt) {
			k.options.Log.Info("lease taken over with its worker", "job", a.Job, "task", a.Task, "attempt", a.ID, "node", a.Worker)
		},
	}
}

// graced is until when what comes from another manager lives on at least.
func (k *Keeper) graced() time.Time {
	return k.options.Clock().Add(max(k.options.Length, k.options.Grace))
}

func (k *Keeper) keep(attempts []*store.Attempt) {
	deadline := k.graced()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range attempts {
		if k.held[a.ID] == nil {
			k.held[a.ID] = &hold{task: a.Task, worker: a.Worker, job: a.Job, frames: a.Frames, deadline: deadline, created: time.UnixMilli(a.Created), began: time.UnixMilli(a.Created), still: k.options.Clock()}
		}
		k.options.Fleet.Hold(job.RoleWorker, a.Worker, a.ID)
	}
}

// AdoptOrphans takes over the leases of managers that aren't registered any more and says how many.
func (k *Keeper) AdoptOrphans(ctx context.Context) (int, error) { return k.custody().AdoptOrphans(ctx) }

// Take makes the leases this manager's which a worker that is connected here holds from another one,
// and returns their ids.
func (k *Keeper) Take(ctx context.Context, worker string, ids []string) ([]string, error) {
	return k.custody().Take(ctx, worker, ids)
}

// Forget drops leases from memory that another manager has taken over.
func (k *Keeper) Forget(ids []string) { k.custody().Forget(ids) }

// Revoked takes a lease, which another manager has ended, from its worker.
func (k *Keeper) Revoked(worker, id, reason string) { k.custody().Revoked(worker, id, reason) }

// Resync forgets the leases that aren't this manager's any more: the others took it for dead. Those
// whose workers are connected here come back with the next heartbeat.
func (k *Keeper) Resync(ctx context.Context) error { return k.custody().Resync(ctx) }
