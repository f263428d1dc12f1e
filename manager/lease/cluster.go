package lease

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

// Several managers share one database. Each lease belongs to the manager that its worker is connected
// to, which alone lets it expire. A worker that comes back at another manager brings its leases
// along (Take); those of a manager that died are adopted by the others (AdoptOrphans) and live
// on at least for the grace period.

func (k *Keeper) keep(attempts []*store.Attempt) {
	deadline := k.options.Clock().Add(max(k.options.Length, k.options.Grace))
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range attempts {
		if k.held[a.ID] == nil {
			k.held[a.ID] = &hold{task: a.Task, worker: a.Worker, job: a.Job, frames: a.Frames, deadline: deadline, created: time.UnixMilli(a.Created)}
		}
		k.options.Fleet.Hold(job.RoleWorker, a.Worker, a.ID)
	}
}

// AdoptOrphans takes over the leases of managers that aren't registered any more and says how many.
func (k *Keeper) AdoptOrphans(ctx context.Context) (int, error) {
	var attempts []*store.Attempt
	deadline := k.options.Clock().Add(max(k.options.Length, k.options.Grace)).UnixMilli()
	err := k.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		attempts, err = tx.AdoptAttempts(0, k.options.Manager, deadline)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("adopt leases: %w", err)
	}
	k.keep(attempts)
	return len(attempts), nil
}

// Take makes the leases this manager's which a worker that is connected here holds from another one,
// and returns their ids.
func (k *Keeper) Take(ctx context.Context, worker string, ids []string) (taken []string, err error) {
	k.mu.Lock()
	foreign := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return k.held[id] != nil })
	k.mu.Unlock()
	if len(foreign) == 0 {
		return nil, nil
	}
	// Most of them ended or were committed a moment ago: that takes no write to see.
	err = k.options.Store.View(ctx, func(tx store.Tx) error {
		still := foreign[:0]
		for _, id := range foreign {
			a, err := tx.Attempt(id)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err == nil && a.State == lifecycle.AttemptHeld && a.Worker == worker {
				still = append(still, id)
			}
		}
		foreign = still
		return nil
	})
	if err != nil || len(foreign) == 0 {
		return nil, err
	}
	var attempts []*store.Attempt
	err = k.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		attempts, err = tx.TakeAttempts(worker, foreign, k.options.Manager)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take the leases of %s: %w", worker, err)
	}
	k.keep(attempts)
	for _, a := range attempts {
		taken = append(taken, a.ID)
		k.options.Log.Info("lease taken over with its worker", "job", a.Job, "task", a.Task, "attempt", a.ID, "node", worker)
	}
	return taken, nil
}

// Forget drops leases from memory that another manager has taken over.
func (k *Keeper) Forget(ids []string) {
	for _, id := range ids {
		k.drop(id, false)
	}
}

// Revoked takes a lease, which another manager has ended, from its worker.
func (k *Keeper) Revoked(worker, id, reason string) {
	k.drop(id, false)
	if m, ok := k.options.Fleet.Member(job.RoleWorker, worker); ok {
		_ = m.Session.Send(wire.TypeLeaseRevoke, wire.LeaseRevoke{Lease: id, Reason: reason}) // a node that is gone learns it when it is back
	}
}

// Resync forgets the leases that aren't this manager's any more: the others took it for dead. Those
// whose workers are connected here come back with the next heartbeat.
func (k *Keeper) Resync(ctx context.Context) error {
	k.mu.Lock()
	var ids []string
	for id := range k.held {
		ids = append(ids, id)
	}
	k.mu.Unlock()
	var gone []string
	err := k.options.Store.View(ctx, func(tx store.Tx) error {
		gone = nil
		for _, id := range ids {
			a, err := tx.Attempt(id)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err != nil || a.State != lifecycle.AttemptHeld || a.Manager != k.options.Manager {
				gone = append(gone, id)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("compare the leases: %w", err)
	}
	k.Forget(gone)
	return nil
}
