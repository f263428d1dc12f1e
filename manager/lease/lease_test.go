package lease

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

type plainKeys struct{}

func (plainKeys) JobKey(string, []byte) (seal.JobKey, error)             { return seal.JobKey{1}, nil }
func (plainKeys) SealJobKey([]byte, string, seal.JobKey) ([]byte, error) { return []byte{1}, nil }

// answering is a worker's session that answers offers.
type answering struct {
	name   string
	answer wire.LeaseAnswer
	mu     sync.Mutex // guards what follows
	offers []wire.LeaseOffer
	pushed []wire.Type
}

func (s *answering) ID() string            { return s.name }
func (s *answering) Close(string)          {}
func (s *answering) Done() <-chan struct{} { return nil }

func (s *answering) Send(typ wire.Type, _ any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushed = append(s.pushed, typ)
	return nil
}

func (s *answering) Request(_ context.Context, _ wire.Type, body, reply any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offers = append(s.offers, body.(wire.LeaseOffer))
	*reply.(*wire.LeaseAnswer) = s.answer
	return nil
}

type bench struct {
	*Keeper
	t     *testing.T
	db    store.Store
	nodes *fleet.Fleet
	now   time.Time
	job   *store.Job
	tasks []*job.Task
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, now: time.Unix(1_700_000_000, 0), job: storetest.Job("0xA", "r", 4)}
	clock := func() time.Time { return b.now }
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := dir.Open(dir.Options{Root: filepath.Join(t.TempDir(), "blobs")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(); blobs.Close() })
	b.db, b.nodes = db, fleet.New(clock)
	log := slog.New(slog.DiscardHandler)
	hub := notify.New(db, nil, log)
	b.Keeper = New(Options{
		Store: db, Fleet: b.nodes, Hub: hub, Settler: settle.New(settle.Options{Store: db, Hub: hub, Clock: clock, Log: log}), Keys: plainKeys{}, Blobs: blobs,
		Length: time.Minute, Grace: 2 * time.Minute, Clock: clock, Log: log, Committed: func() {}, Freed: func() {},
	})
	if err := db.Update(context.Background(), func(tx store.Tx) error { b.tasks, err = storetest.Fill(tx, b.job); return err }); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) worker(name string, taken bool) *answering {
	s := &answering{name: name, answer: wire.LeaseAnswer{Taken: taken, Reason: "no"}}
	b.nodes.Ready(fleet.Announcement{Role: job.RoleWorker, Address: name, Session: s, Free: 1, Capabilities: job.Capabilities{
		Slots: 1, Device: "CPU", Installs: []job.Install{{Renderer: "blender", Version: "3.4.1", Engines: []string{"CYCLES"}}}}})
	return s
}

func (b *bench) offer(worker string) string {
	b.t.Helper()
	taken, err := b.Offer(context.Background(), b.tasks[0].ID, worker)
	if err != nil || !taken {
		b.t.Fatalf("offer to %s: %v, %v", worker, taken, err)
	}
	var id string
	b.view(func(tx store.Tx) error {
		held, err := tx.AttemptsIn(lifecycle.AttemptHeld)
		id = held[0].ID
		return err
	})
	return id
}

func (b *bench) view(fn func(store.Tx) error) {
	b.t.Helper()
	if err := b.db.View(context.Background(), fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) task() *job.Task {
	b.t.Helper()
	var k *job.Task
	b.view(func(tx store.Tx) (err error) { k, err = tx.Task(b.tasks[0].ID); return err })
	return k
}

func TestSilenceEndsALease(t *testing.T) {
	b := newBench(t)
	s := b.worker("0xW", true)
	id := b.offer("0xW")
	for range 3 { // heartbeats keep it
		b.now = b.now.Add(50 * time.Second)
		if unknown := b.Renew("0xW", []string{id}); len(unknown) != 0 {
			t.Fatalf("the lease is not known: %v", unknown)
		}
		if err := b.Expire(context.Background()); err != nil || b.task().State != job.TaskLeased {
			t.Fatalf("a renewed lease: %s, %v", b.task().State, err)
		}
	}
	if unknown := b.Renew("0xThief", []string{id}); len(unknown) != 1 {
		t.Error("somebody else renewed the lease")
	}
	b.now = b.now.Add(61 * time.Second)
	if err := b.Expire(context.Background()); err != nil || b.task().State != job.TaskWaiting || b.task().Failures != 1 {
		t.Fatalf("after the silence: %+v, %v", b.task(), err)
	}
	if len(s.pushed) != 1 || s.pushed[0] != wire.TypeLeaseRevoke {
		t.Errorf("the worker was told %v", s.pushed)
	}
	if ended, err := b.Ended(context.Background(), "0xW", []string{id, "anone"}); err != nil || len(ended) != 2 {
		t.Errorf("ended %v, %v", ended, err)
	}
}

func TestLeasesOutliveTheManager(t *testing.T) {
	b := newBench(t)
	b.worker("0xW", true)
	id := b.offer("0xW")
	b.now = b.now.Add(10 * time.Minute) // the manager was away
	b.Keeper = New(b.options)
	if err := b.Adopt(context.Background()); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(90 * time.Second) // inside the grace
	if err := b.Expire(context.Background()); err != nil || b.task().State != job.TaskLeased {
		t.Fatalf("inside the grace: %s, %v", b.task().State, err)
	}
	if unknown := b.Renew("0xW", []string{id}); len(unknown) != 0 {
		t.Fatal("an adopted lease is not known")
	}
	// A worker that comes back without it has crashed.
	if err := b.Back(context.Background(), "0xW", b.now, nil); err != nil || b.task().State != job.TaskWaiting {
		t.Fatalf("after the crash: %s, %v", b.task().State, err)
	}
}

func TestDecliningIsNoFailure(t *testing.T) {
	b := newBench(t)
	b.worker("0xW", false)
	for range 3 {
		if taken, err := b.Offer(context.Background(), b.tasks[0].ID, "0xW"); taken || err != nil {
			t.Fatal(taken, err)
		}
	}
	if k := b.task(); k.State != job.TaskWaiting || k.Failures != 0 || k.Attempts != 3 {
		t.Errorf("the task is %+v", k)
	}
}

func TestABrokenSceneFailsTheJob(t *testing.T) {
	b := newBench(t)
	workers := []string{"0xW1", "0xW2", "0xW3", "0xW4"}
	for _, w := range workers {
		b.worker(w, true)
	}
	for i, w := range workers[:3] {
		if state := b.task().State; state != job.TaskWaiting {
			t.Fatalf("before failure %d the task is %s", i+1, state)
		}
		if err := b.Fail(context.Background(), w, wire.TaskFail{Lease: b.offer(w), Kind: job.FailScene, Cause: "texture a.png is missing"}); err != nil {
			t.Fatal(err)
		}
	}
	b.view(func(tx store.Tx) error {
		j, err := tx.Job(b.job.ID)
		if err == nil && (j.State != job.Failed || j.Cause == "" || b.task().State != job.TaskFailed) {
			t.Errorf("the job is %s: %q, its task %s", j.State, j.Cause, b.task().State)
		}
		return err
	})
}
