package main

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store/postgres/pgtest"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestRushAtAnotherManager: what a worker holds ready goes back into the queue though the operator's order came to another manager
// than the one that the worker is connected to.
func TestRushAtAnotherManager(t *testing.T) {
	c := settings(t, "off")
	c.Store, c.Blobs, c.Keys = pgtest.Start(t).Database(t), startBucket(t), t.TempDir()
	c.Target = time.Millisecond // a frame each
	urlA, _ := startChild(t, c)
	c.Data = filepath.Join(t.TempDir(), "b")
	urlB, _ := startChild(t, c)

	// It renders for ever and holds a task more.
	taken, revoked := make(chan string, 9), make(chan string, 9)
	w := newNode(t, fake.Behaviour{})
	ready := wire.WorkerReady{Capabilities: w.capabilities(), Free: 1, Ahead: 1}
	w.connect(urlB, job.RoleWorker, func(_ context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
		switch m.Type {
		case wire.TypeLeaseOffer:
			var o wire.LeaseOffer
			if err := m.Decode(&o); err != nil {
				return "", nil, err
			}
			w.hold(o.Lease)
			taken <- o.Lease
			return wire.TypeLeaseAnswer, wire.LeaseAnswer{Taken: true}, nil
		case wire.TypeLeaseRevoke:
			var r wire.LeaseRevoke
			if err := m.Decode(&r); err != nil {
				return "", nil, err
			}
			w.drop(r.Lease)
			revoked <- r.Lease
		}
		return "", nil, nil
	}, func() (wire.Type, any) { return wire.TypeWorkerReady, ready })
	a := newArtist(t, urlA)
	until(t, func() bool {
		r, err := a.Renderers(a.ctx)
		return err == nil && len(r) == 1
	})
	a.submit(8)
	first, second := <-taken, <-taken // both are offered at once
	rushed := a.submit(2)
	id, err := identity.Open(c.Keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	operator, err := client.Dial(t.Context(), client.Options{Manager: urlA, Identity: id, Roles: []job.Role{job.RoleOperator}})
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close()
	if _, err := operator.Rush(t.Context(), rushed.ID, true, "dailies"); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return len(revoked) > 0 })
	if lease := <-revoked; lease != first && lease != second {
		t.Errorf("%s was taken back, not one of %s and %s", lease, first, second)
	}
	if len(revoked) > 0 {
		t.Error("what it renders was taken back too")
	}
}
