package main

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/manager/store/postgres/pgtest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestSeveralManagers runs a job over two manager processes, a PostgreSQL primary with a synchronous
// standby, and a real S3 server, and kills one manager and then the primary. Nodes and the artist know both managers.
func TestSeveralManagers(t *testing.T) {
	pair := pgtest.StartPair(t)
	c := settings(t, "off")
	c.Store, c.Blobs, c.Keys = pair.Database(t), startBucket(t), t.TempDir()
	c.Lease, c.Grace = 6*time.Second, 6*time.Second
	urlA, killA := startChild(t, c)
	c.Data = filepath.Join(t.TempDir(), "b")
	urlB, _ := startChild(t, c)
	atA, atB := urlA+","+urlB, urlB+","+urlA

	a := newArtist(t, atA)
	// This one stands before its commit while its manager is killed.
	standing, killed := make(chan string), make(chan struct{})
	moving := &worker{node: newNode(t, fake.Behaviour{})}
	var once sync.Once
	moving.committing = func(c wire.TaskCommit) bool {
		once.Do(func() { standing <- c.Lease; <-killed })
		return true
	}
	moving.start(atA)
	w := []*worker{startWorker(t, atB, fake.Behaviour{FrameTime: 60 * time.Millisecond}), moving}
	startVerifier(t, atB, fake.Behaviour{})
	startVerifier(t, atA, fake.Behaviour{})
	// This one dies with the manager that it is connected to, in the middle of a task.
	dying := &worker{node: newNode(t, fake.Behaviour{})}
	rendered := make(chan struct{}, 16)
	dying.committing = func(wire.TaskCommit) bool { rendered <- struct{}{}; return false }
	dying.start(urlA)

	// Each manager knows of the other's nodes as soon as it has heard of the other.
	until(t, func() bool {
		nodes, err := a.Nodes(a.ctx)
		return err == nil && len(nodes) == 5 && !slices.ContainsFunc(nodes, func(n job.Node) bool { return n.State == job.NodeOffline })
	})
	if r, err := a.Renderers(a.ctx); err != nil || len(r) != 1 || r[0].Workers != 3 {
		t.Errorf("renderers at A: %+v, %v", r, err)
	}
	const frames = 60
	j := a.submit(frames)
	<-rendered
	dying.stop()
	lease := <-standing
	a.await(j.ID, func(j job.Job) bool { return j.Counts.Delivered >= 10 })
	began := time.Now()
	killA()
	close(killed)
	until(t, func() bool { moving.mu.Lock(); defer moving.mu.Unlock(); return len(moving.commits) > 0 })
	t.Logf("the commit after its manager was killed: %s", time.Since(began).Round(time.Millisecond))
	moving.mu.Lock()
	if moving.commits[0].Lease != lease {
		t.Errorf("the lease %s was lost with its manager; the first commit is %s", lease, moving.commits[0].Lease)
	}
	moving.mu.Unlock()

	pair.Fail(t)
	began = time.Now()
	a.await(j.ID, func(j job.Job) bool { return j.Counts.Delivered >= 30 })
	t.Logf("the next frames after the primary was killed: %s", time.Since(began).Round(time.Millisecond))
	d := a.await(j.ID, inState(job.Delivered))
	checkDelivered(t, d, frames, dying.id.Address())
	if accepted, err := a.Accept(a.ctx, j.ID); err != nil || accepted.State != job.Settled {
		t.Errorf("after the acceptance: %s, %v", accepted.State, err)
	}

	// What workers were told is durable was kept through both, wherever they were connected.
	kept := make(map[string]bool)
	by := make(map[string]int)
	for _, f := range d.Frames {
		kept[f.Attempt] = true
		by[f.Worker]++
	}
	for i, w := range w {
		w.mu.Lock()
		for _, c := range w.commits {
			if !kept[c.Lease] {
				t.Errorf("the acknowledged commit %s is lost", c.Lease)
			}
		}
		if len(w.commits) == 0 {
			t.Errorf("worker %d rendered nothing", i)
		}
		w.mu.Unlock()
	}
	t.Logf("frames by worker: %v", by)

	// Nothing is left with the manager that died.
	db, err := open.Open(t.Context(), c.Store, c.Log)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(t.Context(), func(tx store.Tx) error {
		managers, err := tx.Managers()
		if len(managers) != 1 {
			t.Errorf("managers %+v", managers)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
