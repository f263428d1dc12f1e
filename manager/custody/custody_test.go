package custody

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// manager is the memory of one of several managers.
type manager struct {
	Of[*store.Attempt]
	held map[string]bool
	told []string
}

func newManager(db store.Store, name string) *manager {
	m := &manager{held: make(map[string]bool)}
	m.Of = Of[*store.Attempt]{
		Store: db, Fleet: fleet.New(time.Now), Manager: name, Role: job.RoleWorker, Noun: "leases", Revoke: wire.TypeLeaseRevoke,
		Facts: func(a *store.Attempt) Facts {
			return Facts{ID: a.ID, Node: a.Worker, Manager: a.Manager, Open: a.State == lifecycle.AttemptHeld}
		},
		Row: store.Tx.Attempt, Rows: store.Tx.TakeAttempts,
		Adopt: func(tx store.Tx, manager string) ([]*store.Attempt, error) { return tx.AdoptAttempts(0, manager, 99) },
		Has:   func(id string) bool { return m.held[id] },
		Held:  func() []string { return slices.Collect(maps.Keys(m.held)) },
		Keep: func(list []*store.Attempt) {
			for _, a := range list {
				m.held[a.ID] = true
			}
		},
		Drop: func(id string) { delete(m.held, id) },
		Told: func(a *store.Attempt) { m.told = append(m.told, a.ID) },
	}
	return m
}

// TestLeasesChangeHands: what a node holds goes with it to the manager that it comes back at, what a dead manager
// had goes to the others, and nobody keeps what isn't its any more.
func TestLeasesChangeHands(t *testing.T) {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	j := storetest.Job("0xA", "r", 6)
	var ids []string
	if err := db.Update(ctx, func(tx store.Tx) error {
		tasks, err := storetest.Fill(tx, j)
		if err != nil {
			return err
		}
		ids = nil
		for i, k := range tasks {
			a := storetest.Attempt(k, i+1, []string{"0x1", "0x1", "0x2"}[i])
			a.Manager = "dying"
			ids = append(ids, a.ID)
			if _, err := tx.MoveTask(k.ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, nil); err != nil {
				return err
			}
			if err := tx.AddAttempt(a); err != nil {
				return err
			}
		}
		return errors.Join(tx.PutManager(store.Manager{ID: "dying", Seen: 1}), tx.PutManager(store.Manager{ID: "a", Seen: 1}), tx.PutManager(store.Manager{ID: "b", Seen: 1}))
	}); err != nil {
		t.Fatal(err)
	}
	dying, a, b := newManager(db, "dying"), newManager(db, "a"), newManager(db, "b")
	for _, id := range ids {
		dying.held[id] = true
	}
	// The worker of the first two comes back at a, says what it has, and says too much.
	got, err := a.Take(ctx, "0x1", []string{ids[0], ids[2], "nothing"})
	if err != nil || !slices.Equal(got, ids[:1]) || !a.held[ids[0]] || len(a.held) != 1 || len(a.told) != 1 {
		t.Errorf("taken %v of %v, held %v, %v", got, ids, a.held, err)
	}
	if got, err := a.Take(ctx, "0x1", ids[:1]); err != nil || len(got) != 0 {
		t.Errorf("taken again: %v, %v", got, err)
	}
	if err := dying.Resync(ctx); err != nil || dying.held[ids[0]] || len(dying.held) != 2 {
		t.Errorf("the first manager still holds %v, %v", dying.held, err)
	}
	if n, err := b.AdoptOrphans(ctx); err != nil || n != 0 {
		t.Errorf("%d leases of a manager that is there were adopted, %v", n, err)
	}
	if err := db.Update(ctx, func(tx store.Tx) error { return tx.DropManager("dying") }); err != nil {
		t.Fatal(err)
	}
	if n, err := b.AdoptOrphans(ctx); err != nil || n != 2 || !b.held[ids[1]] || !b.held[ids[2]] {
		t.Errorf("%d orphans, held %v, %v", n, b.held, err)
	}
	b.Revoked("0x2", ids[2], "the job was cancelled")
	b.Forget([]string{ids[1]})
	if len(b.held) != 0 {
		t.Errorf("held %v", b.held)
	}
}
