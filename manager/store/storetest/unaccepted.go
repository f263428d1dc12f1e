package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// testUnaccepted: what was stored without an accepted quote is known by artist, each object once.
func testUnaccepted(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	is := func(owner string, want int64) {
		t.Helper()
		view(t, s, func(tx store.Tx) error {
			got, err := tx.Unaccepted(owner)
			if got != want {
				t.Errorf("of %s %d bytes are unaccepted, want %d", owner, got, want)
			}
			return err
		})
	}
	add := func(owner string, at, want int64, objects ...store.Unaccepted) {
		t.Helper()
		update(t, s, func(tx store.Tx) error {
			got, err := tx.AddUnaccepted(owner, objects, at)
			if got != want {
				t.Errorf("added to %s it is %d, want %d", owner, got, want)
			}
			return err
		})
	}
	is("0xA", 0)
	add("0xA", 10, 60, store.Unaccepted{Object: "c1", Size: 10}, store.Unaccepted{Object: "c2", Size: 20}, store.Unaccepted{Object: "p", Size: 30})
	add("0xA", 20, 65, store.Unaccepted{Object: "c1", Size: 15}, store.Unaccepted{Object: "c2", Size: 5})
	add("0xB", 10, 7, store.Unaccepted{Object: "c1", Size: 7})
	add("0xB", 10, 7)
	j, again := Job("0xA", "r", 2), Job("0xA", "s", 2)
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutPackage(&store.Package{ID: "p", Owner: "0xA", Size: 1, Digest: "x", Created: 1}), tx.AddChunks("p", []wire.Chunk{{ID: "c1", Size: 1, Digest: "d"}}),
			tx.FinishPackage("p", 1, 1), tx.AddJob(j), tx.AddJob(again))
	})
	view(t, s, func(tx store.Tx) error {
		owners, err := tx.UnacceptedOwners()
		if !slices.Equal(owners, []string{"0xA", "0xB"}) {
			t.Errorf("the owners are %v", owners)
		}
		return err
	})
	// What a package needs stays, what is new too.
	update(t, s, func(tx store.Tx) error { return tx.ForgetUnaccepted("0xA", 20) })
	is("0xA", 65)
	update(t, s, func(tx store.Tx) error { return tx.ForgetUnaccepted("0xA", 21) })
	is("0xA", 45)
	is("0xB", 7)

	discard := func(want bool) {
		t.Helper()
		update(t, s, func(tx store.Tx) error { return tx.DiscardPackage("p") })
		view(t, s, func(tx store.Tx) error {
			p, err := tx.Package("p")
			n, e := tx.ChunkCount("p")
			if p.Ready == want || n == 0 != want {
				t.Errorf("the package is ready: %v, with %d chunks", p.Ready, n)
			}
			return errors.Join(err, e)
		})
	}
	cancel := func(j *store.Job) {
		update(t, s, func(tx store.Tx) error {
			_, err := tx.MoveJob(j.ID, []job.State{job.Draft}, job.Cancelled, nil)
			return err
		})
	}
	cancel(j)
	discard(false) // another job is of it
	cancel(again)
	update(t, s, func(tx store.Tx) error { return tx.AcceptPackage("p") })
	is("0xA", 0)
	is("0xB", 7)
	discard(false) // it was accepted once
	add("0xA", 30, 30, store.Unaccepted{Object: "p", Size: 30})
	discard(true)
	update(t, s, func(tx store.Tx) error { return tx.ForgetUnaccepted("0xA", 31) })
	is("0xA", 0)
}
