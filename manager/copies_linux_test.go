package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// straggler is a worker that stands before its first commit until it is let go.
type straggler struct {
	*worker
	standing chan wire.TaskCommit
	goOn     chan struct{}
}

func startStraggler(t *testing.T, url string) *straggler {
	s := &straggler{worker: &worker{node: newNode(t, fake.Behaviour{})}, standing: make(chan wire.TaskCommit, 1), goOn: make(chan struct{})}
	first := true
	s.committing = func(c wire.TaskCommit) bool {
		if first { // commits come one after the other
			first = false
			s.standing <- c
			<-s.goOn
		}
		return true
	}
	s.start(url)
	return s
}

// stragglersAreCopied has two stragglers of one manager, whose tasks are copied to workers of the other one. Of the first task
// the copy is committed first, of the second the original. Whoever comes too late was told to stop and is refused,
// and each frame is checked and paid once.
func stragglersAreCopied(t *testing.T, c config) {
	urlA, _ := startChild(t, c)
	c.Data = filepath.Join(t.TempDir(), "b")
	urlB, _ := startChild(t, c)
	a := newArtist(t, urlA)
	late, early := startStraggler(t, urlA), startStraggler(t, urlA)
	verifiers := []*verifier{startVerifier(t, urlA, fake.Behaviour{}), startVerifier(t, urlB, fake.Behaviour{})}
	const frames = 8
	j := a.submit(frames)
	lateTask, earlyTask := (<-late.standing).Receipt, (<-early.standing).Receipt

	// The others finish the rest; the copies that they get stand before their commits too.
	copies, goOn := make(chan wire.TaskCommit, 2), make(chan struct{})
	helpers := make([]*worker, 2)
	for i := range helpers {
		h := &worker{node: newNode(t, fake.Behaviour{})}
		h.committing = func(c wire.TaskCommit) bool {
			switch c.Receipt.Task {
			case lateTask.Task:
				copies <- c
			case earlyTask.Task:
				copies <- c
				<-goOn
			}
			return true
		}
		h.start(urlB)
		helpers[i] = h
	}
	began := time.Now()
	copied := make(map[string]wire.TaskCommit) // by task
	for range 2 {
		select {
		case c := <-copies:
			copied[c.Receipt.Task] = c
		case <-a.ctx.Done():
			t.Fatalf("only %d tasks were copied", len(copied))
		}
	}
	t.Logf("copied %s after the other frames were free for the taking", time.Since(began).Round(time.Second))

	// The copy of the one is committed: its straggler, at the other manager, is told.
	told := func(lease string, workers ...*worker) func() bool {
		return func() bool {
			return slices.ContainsFunc(workers, func(w *worker) bool { w.mu.Lock(); defer w.mu.Unlock(); return slices.Contains(w.revoked, lease) })
		}
	}
	until(t, told(lateTask.Attempt, late.worker))
	close(late.goOn)
	// The original of the other one is: its copy's worker is told.
	close(early.goOn)
	until(t, told(copied[earlyTask.Task].Lease, helpers...))
	close(goOn)

	d := a.await(j.ID, inState(job.Delivered))
	checkDelivered(t, d, frames)
	until(t, func() bool { // whoever was too late was refused
		refused := 0
		for _, w := range append(helpers, late.worker, early.worker) {
			w.mu.Lock()
			refused += len(w.refused)
			w.mu.Unlock()
		}
		return refused == 2
	})
	if told(earlyTask.Attempt, early.worker)() {
		t.Error("who was first was told to stop")
	}

	db, err := open.Open(t.Context(), c.Store, c.Log)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(t.Context(), func(tx store.Tx) error {
		for _, task := range []struct{ won, lost string }{
			{copied[lateTask.Task].Lease, lateTask.Attempt}, {earlyTask.Attempt, copied[earlyTask.Task].Lease},
		} {
			won, err := tx.Attempt(task.won)
			if err != nil {
				return err
			}
			lost, err := tx.Attempt(task.lost)
			if err != nil {
				return err
			}
			if won.State != lifecycle.AttemptPassed || lost.State != lifecycle.AttemptFailed || lost.Kind != job.FailSuperseded || lost.Commit != nil {
				t.Errorf("of two leases of task %s the first to commit is %s, the other %s (%s)", won.Task, won.State, lost.State, lost.Kind)
			}
			if won.Manager == lost.Manager {
				t.Errorf("both leases of task %s are of one manager: this test tests nothing", won.Task)
			}
			audits, err := tx.Audits(task.lost)
			if err != nil || len(audits) > 0 {
				t.Errorf("the lost lease of task %s is checked %d times, %v", won.Task, len(audits), err)
			}
		}
		entries, err := tx.Entries(j.ID)
		if err != nil {
			return err
		}
		paid := make(map[int][]string)
		for _, e := range entries {
			if e.Role == job.RoleWorker {
				paid[e.Frame] = append(paid[e.Frame], e.Node)
			}
		}
		for _, f := range d.Frames {
			if !slices.Equal(paid[f.Number], []string{f.Worker}) {
				t.Errorf("frame %d of %s was paid to %v", f.Number, f.Worker, paid[f.Number])
			}
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	for _, n := range append(helpers, late.worker, early.worker) {
		n.stop()
	}
	for _, v := range verifiers {
		v.stop()
	}
}
