// Package custody decides which of several managers looks after what a node holds: a worker's leases, a
// verifier's audits. Each belongs to the manager that its node is connected to, which alone lets it expire. A
// node that comes back at another manager brings what it holds along (Take); what a manager that died looked after is adopted by the
// others (AdoptOrphans) and lives on at least for the grace period.
//
// It is not the place for giving work out or for ending it (manager/lease, manager/audit), nor for the
// signals between managers (manager/cluster).
package custody

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Facts are what matters of a row.
type Facts struct {
	ID      string
	Node    string // who holds it
	Manager string // whose it is
	Open    bool   // the node still has it
}

// Of is the custody of rows of one kind. All fields are set; the functions are called from any
// goroutine.
type Of[T any] struct {
	Store   store.Store
	Fleet   *fleet.Fleet
	Manager string    // this manager
	Role    job.Role  // of the nodes
	Noun    string    // in the plural: "leases"
	Revoke  wire.Type // takes one from its node

	Facts func(T) Facts
	Row   func(tx store.Tx, id string) (T, error)
	Rows  func(tx store.Tx, node string, ids []string, manager string) ([]T, error) // makes those that the node has open the manager's
	Adopt func(tx store.Tx, manager string) ([]T, error)                            // makes the orphans the manager's

	Has  func(id string) bool // in memory
	Held func() []string      // ids of those in memory
	Keep func([]T)            // into memory
	Drop func(id string)      // from memory
	Told func(T)              // logs that it came with its node
}

// AdoptOrphans takes over what managers had that aren't registered any more and says how many.
func (c Of[T]) AdoptOrphans(ctx context.Context) (int, error) {
	var list []T
	if err := c.Store.Update(ctx, func(tx store.Tx) (err error) {
		list, err = c.Adopt(tx, c.Manager)
		return err
	}); err != nil {
		return 0, fmt.Errorf("adopt %s: %w", c.Noun, err)
	}
	c.Keep(list)
	return len(list), nil
}

// Take makes those this manager's which a node that is connected here holds from another one, and
// returns their ids.
func (c Of[T]) Take(ctx context.Context, node string, ids []string) (taken []string, err error) {
	foreign := slices.DeleteFunc(slices.Clone(ids), c.Has)
	if len(foreign) == 0 {
		return nil, nil
	}
	// Most of them ended or were committed a moment ago: that takes no write to see.
	open, err := c.look(ctx, foreign, func(f Facts) bool { return f.Open && f.Node == node })
	if err != nil || len(open) == 0 {
		return nil, err
	}
	var list []T
	if err := c.Store.Update(ctx, func(tx store.Tx) (err error) {
		list, err = c.Rows(tx, node, open, c.Manager)
		return err
	}); err != nil {
		return nil, fmt.Errorf("take the %s of %s: %w", c.Noun, node, err)
	}
	c.Keep(list)
	for _, row := range list {
		taken = append(taken, c.Facts(row).ID)
		c.Told(row)
	}
	return taken, nil
}

// look returns those of the ids whose rows are as asked; one that isn't there is not.
func (c Of[T]) look(ctx context.Context, ids []string, good func(Facts) bool) (found []string, err error) {
	err = c.Store.View(ctx, func(tx store.Tx) error {
		found = nil
		for _, id := range ids {
			row, err := c.Row(tx, id)
			switch {
			case errors.Is(err, store.ErrNotFound):
			case err != nil:
				return err
			case good(c.Facts(row)):
				found = append(found, id)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look at the %s: %w", c.Noun, err)
	}
	return found, nil
}

// Forget drops from memory what another manager has taken over.
func (c Of[T]) Forget(ids []string) {
	for _, id := range ids {
		c.Drop(id)
	}
}

// Revoked takes what another manager has ended from its node.
func (c Of[T]) Revoked(node, id, reason string) {
	c.Drop(id)
	if m, ok := c.Fleet.Member(c.Role, node); ok {
		_ = m.Session.Send(c.Revoke, wire.LeaseRevoke{Lease: id, Reason: reason}) // a node that is gone learns it when it is back
	}
}

// Resync forgets what isn't this manager's any more: the others took it for dead. What nodes hold that
// are connected here comes back with the next heartbeat.
func (c Of[T]) Resync(ctx context.Context) error {
	held := c.Held()
	mine, err := c.look(ctx, held, func(f Facts) bool { return f.Open && f.Manager == c.Manager })
	if err != nil {
		return err
	}
	kept := make(map[string]bool, len(mine))
	for _, id := range mine {
		kept[id] = true
	}
	c.Forget(slices.DeleteFunc(held, func(id string) bool { return kept[id] }))
	return nil
}
