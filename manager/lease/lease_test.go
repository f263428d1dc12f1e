package lease

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"
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
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
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

// commit is what a worker sends for a lease, with its files in the store.
func (b *bench) commit(worker *identity.Identity, id string, spoil func(*proof.FrameCommit)) wire.TaskCommit {
	b.t.Helper()
	var a *store.Attempt
	b.view(func(tx store.Tx) (err error) { a, err = tx.Attempt(id); return err })
	c := wire.TaskCommit{Lease: id}
	for _, frame := range a.Frames {
		f := proof.FrameCommit{Frame: frame, W: b.job.Recipe.Width, H: b.job.Recipe.Height, MasterRoot: proof.Digest{1}, FinalRoot: proof.Digest{2}}
		f.Activity = make([]byte, proof.TileCount(f.W, f.H))
		spoil(&f)
		if n := proof.TileCount(f.W, f.H); n != len(f.Activity) {
			f.Activity = make([]byte, n)
		}
		for kind, ext := range map[string]string{KindFinal: ".png", KindMaster: ".exr"} {
			body := fmt.Appendf(nil, "%s of %s %d", kind, id, frame)
			digest := sha256.Sum256(body)
			file := wire.UploadFile{Frame: frame, Kind: kind, Ext: ext, Size: int64(len(body)), Digest: hex.EncodeToString(digest[:])}
			if kind == KindFinal {
				f.FileDigest = proof.Digest(digest)
			} else if f.MasterRoot != (proof.Digest{}) {
				f.MasterDigest = proof.Digest(digest)
			} else {
				continue
			}
			c.Files = append(c.Files, file)
			if err := b.options.Blobs.Put(context.Background(), FrameKey(a.Job, a.ID, file), bytes.NewReader(body), file.Size, digest); err != nil {
				b.t.Fatal(err)
			}
		}
		c.Frames = append(c.Frames, f)
	}
	c.Receipt = receipt.Receipt{Attempt: id, Task: a.Task, Job: a.Job, Worker: worker.Address(), Renderer: b.job.Recipe.Renderer, Version: b.job.Recipe.Version,
		Recipe: receipt.RecipeHash(b.job.Recipe), Key: proof.KeyHash([32]byte(a.Key)), Started: 1, Finished: 2}.Over(c.Frames)
	var err error
	if c.Signature, err = worker.Sign(c.Receipt.Digest(b.options.Settler.Domain())); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// TestUselessCommits: what could never pass its check is refused at once, and its worker has
// failed.
func TestUselessCommits(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*proof.FrameCommit)
		want  string
	}{
		"no tiles of the final": {func(f *proof.FrameCommit) { f.FinalRoot = proof.Digest{} }, "tiles of the delivered PNG of frame 1 are not committed to"},
		"no master":             {func(f *proof.FrameCommit) { f.MasterRoot = proof.Digest{} }, "frame 1 has no master"},
		"half the size":         {func(f *proof.FrameCommit) { f.W, f.H = f.W/2, f.H/2 }, "32×18 pixels, the recipe asks for 64×36"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			id, err := identity.New()
			if err != nil {
				t.Fatal(err)
			}
			b.worker(id.Address(), true)
			lease := b.offer(id.Address())
			c := b.commit(id, lease, test.spoil)
			var e *wire.Error
			if _, err := b.Commit(context.Background(), id.Address(), c); !errors.As(err, &e) || e.Code != wire.CodeBadRequest || !strings.Contains(e.Message, test.want) {
				t.Errorf("the commit: %v", err)
			}
			b.view(func(tx store.Tx) error {
				a, err := tx.Attempt(lease)
				if err == nil && (a.State != lifecycle.AttemptFailed || a.Kind != job.FailWorker || !strings.Contains(a.Cause, test.want)) {
					t.Errorf("the attempt is %s, %s: %s", a.State, a.Kind, a.Cause)
				}
				return err
			})
			if k := b.task(); k.State != job.TaskWaiting || k.Failures != 1 {
				t.Errorf("the task is %+v", k)
			}
			// Sent again, it finds its lease ended.
			if _, err := b.Commit(context.Background(), id.Address(), c); !errors.As(err, &e) || e.Code != wire.CodeConflict {
				t.Errorf("the commit again: %v", err)
			}
		})
	}
}

// TestAWorkersClockPricesNothing: what a worker says of its render times prices the artist's next job of the scene, so it is
// believed only as far as the manager's own clock can tell.
func TestAWorkersClockPricesNothing(t *testing.T) {
	b := newBench(t)
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	b.worker(id.Address(), true)
	lease := b.offer(id.Address())
	c := b.commit(id, lease, func(*proof.FrameCommit) {})
	c.Stats = []wire.FrameStats{{Frame: 1, Seconds: 9e6}, {Frame: 2, Seconds: 1e6}}
	b.now = b.now.Add(45 * time.Second)
	if _, err := b.Commit(context.Background(), id.Address(), c); err != nil {
		t.Fatal(err)
	}
	b.view(func(tx store.Tx) error {
		j, err := tx.Job(b.job.ID)
		if err != nil {
			return err
		}
		frames, err := tx.FrameSet(b.job.ID, []int{1, 2})
		if err == nil && (j.Seconds > 50 || j.Seconds < 45 || j.RendFrames != 2 || math.Abs(frames[0].Seconds-9*frames[1].Seconds) > 1e-6) {
			t.Errorf("%g seconds for %d frames, %g and %g of them", j.Seconds, j.RendFrames, frames[0].Seconds, frames[1].Seconds)
		}
		return err
	})
	twice := []wire.FrameStats{{Frame: 1, Seconds: 2}, {Frame: 1, Seconds: 2}, {Frame: 7, Seconds: 2}}
	if seconds, sum := believed(&store.Attempt{}, []int{1, 2}, twice, 60_000); sum != 2 || len(seconds) != 1 {
		t.Errorf("%v, together %g", seconds, sum)
	}
}

// TestCommitEndsProgress: a frame that was rendered isn't shown as being rendered, neither
// while it waits for its check nor once it is rejected.
func TestCommitEndsProgress(t *testing.T) {
	b := newBench(t)
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	b.worker(id.Address(), true)
	lease := b.offer(id.Address())
	report := wire.TaskProgress{Lease: lease, Phase: "upload", Frame: 1}
	b.Progress(id.Address(), report)
	shown := func() job.Frame {
		f := &job.Frame{Job: b.job.ID, Number: 1, State: job.FramePending}
		b.options.Hub.Fill([]*job.Frame{f})
		return *f
	}
	if f := shown(); f.Progress != 1 || f.Worker != id.Address() {
		t.Fatalf("while it uploads: %+v", f)
	}
	if _, err := b.Commit(context.Background(), id.Address(), b.commit(id, lease, func(*proof.FrameCommit) {})); err != nil {
		t.Fatal(err)
	}
	b.Progress(id.Address(), report) // a late one
	if f := shown(); f.Progress != 0 || f.Worker != "" {
		t.Errorf("after the commit: %+v", f)
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

// The same failure on three workers is the scene's fault, whoever seems to be to blame for each; one
// worker, as often as it fails, or two say nothing of it.
func TestTheSameFailureEverywhereFailsTheJob(t *testing.T) {
	for _, c := range []struct {
		kind    job.FailureKind
		cause   string
		workers []string
		says    []string
	}{
		{job.FailScene, "texture a.png is missing", []string{"0xW1", "0xW2", "0xW3"}, []string{"the same way on 3 workers: texture a.png is missing; mend the scene"}},
		{job.FailHung, "Blender has said nothing for 2m0s", []string{"0xW1", "0xW1", "0xW2", "0xW3"}, []string{"on 3 workers: ", "heliostat job retry j"}},
		{job.FailScene, strings.Repeat("ä", 1000), []string{"0xW1", "0xW2", "0xW3"}, []string{strings.Repeat("ä", 512) + "; mend"}},
		{job.FailWorker, "x" + strings.Repeat("ä", 1000), []string{"0xW1", "0xW2", "0xW3"}, []string{strings.Repeat("ä", 511) + "; `heliostat job retry j"}},
	} {
		b := newBench(t)
		for _, w := range []string{"0xW1", "0xW2", "0xW3", "0xW4"} {
			b.worker(w, true)
		}
		for i, w := range c.workers {
			if state := b.task().State; state != job.TaskWaiting {
				t.Fatalf("%s: before failure %d the task is %s", c.kind, i+1, state)
			}
			if err := b.Fail(context.Background(), w, wire.TaskFail{Lease: b.offer(w), Kind: c.kind, Cause: c.cause}); err != nil {
				t.Fatal(err)
			}
		}
		b.view(func(tx store.Tx) error {
			j, err := tx.Job(b.job.ID)
			if err == nil && (j.State != job.Failed || b.task().State != job.TaskFailed || slices.ContainsFunc(c.says, func(s string) bool { return !strings.Contains(j.Cause, s) })) {
				t.Errorf("%s: the job is %s: %q, its task %s", c.kind, j.State, j.Cause, b.task().State)
			}
			return err
		})
	}
}

// TestIdentitiesFailNoJob: three newcomers, which may be one person, end nobody's job with their word while a worker that has
// earned trust is there and hasn't tried; its word ends it.
func TestIdentitiesFailNoJob(t *testing.T) {
	for name, paused := range map[string]string{"a trusted worker is there": "", "it is paused": "its owner works"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			for _, w := range []string{"0xW1", "0xW2", "0xW3", "0xKnown"} {
				b.worker(w, true)
			}
			m, _ := b.nodes.Member(job.RoleWorker, "0xKnown")
			known := fleetOf(m)
			known.Paused = paused
			b.nodes.Ready(known)
			if err := b.db.Update(t.Context(), func(tx store.Tx) error {
				_, err := tx.PutNode("0xKnown", func(n *store.Node) { n.Standing.Trust = 0.3 })
				return err
			}); err != nil {
				t.Fatal(err)
			}
			fail := func(w string) job.State {
				if err := b.Fail(t.Context(), w, wire.TaskFail{Lease: b.offer(w), Kind: job.FailScene, Cause: "no texture"}); err != nil {
					t.Fatal(err)
				}
				var j *store.Job
				b.view(func(tx store.Tx) (err error) { j, err = tx.Job(b.job.ID); return err })
				return j.State
			}
			state := fail("0xW1")
			for _, w := range []string{"0xW2", "0xW3"} {
				if state != job.Rendering {
					t.Fatalf("before %s the job is %s", w, state)
				}
				state = fail(w)
			}
			if failed := state == job.Failed; failed != (paused != "") {
				t.Fatalf("after the newcomers the job is %s", state)
			}
			if paused == "" && fail("0xKnown") != job.Failed {
				t.Error("a scene that nobody can render goes on")
			}
		})
	}
}

// refusing is a store that takes no writes for a while: its disk is full, its primary gone.
type refusing struct {
	store.Store
	full bool
}

func (r *refusing) Update(ctx context.Context, fn func(store.Tx) error) error {
	if r.full {
		return errors.New("the disk is full")
	}
	return r.Store.Update(ctx, fn)
}

// TestALeaseEndsAfterAll: a lease that couldn't be ended, because the disk was full or because whoever asked isn't its worker,
// ends later. Memory is what ends leases, and forgot such ones: their tasks were leased to nobody until the next start.
func TestALeaseEndsAfterAll(t *testing.T) {
	for name, hinder := range map[string]func(*bench, *refusing, string) error{
		"the disk was full": func(b *bench, r *refusing, _ string) error {
			r.full = true
			defer func() { r.full = false }()
			return b.Expire(b.t.Context())
		},
		"a stranger gave it back": func(b *bench, _ *refusing, id string) error {
			return b.Release(b.t.Context(), "0xStranger", wire.LeaseRelease{Lease: id})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			r := &refusing{Store: b.db}
			b.options.Store = r
			b.worker("0xW", true)
			id := b.offer("0xW")
			b.now = b.now.Add(2 * time.Minute)
			if err := hinder(b, r, id); err == nil || b.task().State != job.TaskLeased {
				t.Fatalf("%v, the task is %s", err, b.task().State)
			}
			if err := b.Expire(t.Context()); err != nil || b.task().State != job.TaskWaiting {
				t.Errorf("afterwards the task is %s: %v", b.task().State, err)
			}
		})
	}
}

// TestACauseNamesItsFrameOnce: a worker's cause begins with the frame, and so does what is said of a task.
func TestACauseNamesItsFrameOnce(t *testing.T) {
	b := newBench(t)
	single := storetest.Job("0xA", "one", 1)
	var tasks []*job.Task
	if err := b.db.Update(t.Context(), func(tx store.Tx) (err error) { tasks, err = storetest.Fill(tx, single); return err }); err != nil {
		t.Fatal(err)
	}
	for task, want := range map[*job.Task]string{
		tasks[0]:   "frame 1 on 0xW: rendering: the scene is empty (scene)",
		b.tasks[0]: "frames 1-2 on 0xW: rendering frame 1: the scene is empty (scene)",
	} {
		b.worker("0xW", true)
		if taken, err := b.Offer(t.Context(), task.ID, "0xW"); !taken || err != nil {
			t.Fatal(taken, err)
		}
		if err := b.Fail(t.Context(), "0xW", wire.TaskFail{Lease: b.leaseOf("0xW"), Kind: job.FailScene, Cause: "rendering frame 1: the scene is empty"}); err != nil {
			t.Fatal(err)
		}
		b.view(func(tx store.Tx) error {
			events, err := tx.Events(task.Job, 100)
			if i := slices.IndexFunc(events, func(e wire.Event) bool { return e.What == "task failed" }); i < 0 || events[i].Text != want {
				t.Errorf("the history is %+v, want %q", events, want)
			}
			return err
		})
	}
}
