package workerapp

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

func TestALeaseIsRenderedUploadedAndCommitted(t *testing.T) {
	m, id := farm(t), newIdentity(t)
	m.Start()
	w := start(t, options(m, id, t.TempDir(), fake.New(fake.Behaviour{})))
	ready := fetchtest.Expect(m, wire.TypeWorkerReady, free)
	if c := ready.Capabilities; c.Class != "cpu/fake" || c.Device != "CPU" || c.Bench != 0.5 || len(c.Installs) != 1 || c.Memory <= 0 {
		t.Fatalf("capabilities %+v", c)
	}
	for _, lease := range []string{"a1", "a2"} {
		o := offer(m, lease, 3, 1, 2)
		if answer := give(t, m, o); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		check(t, m, id, o, fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil))
		fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
	}
	s := w.until(t, "idle", func(s Status) bool { return s.State == Idle && s.FramesEver == 6 })
	if s.FramesToday != 6 || s.Waiting != 0 || !s.Connected {
		t.Fatalf("status %+v", s)
	}
	if w.fake.Sessions() != 1 {
		t.Fatal("the second task didn't reuse the session")
	}
	if left, _ := os.ReadDir(filepath.Join(w.dir, "outbox")); len(left) != 0 {
		t.Fatalf("left in the outbox: %v", left)
	}
}

func TestPauseNowKillsTheRendererAndGivesTheLeaseBack(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Hang: []int{1}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 1, 2))
	w.until(t, "rendering frame 1", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Frame == 1 })
	paused := time.Now()
	w.Pause(rules.Now, "gaming")
	released := fetchtest.Expect[wire.LeaseRelease](m, wire.TypeLeaseRelease, nil)
	if released.Lease != "a1" || !strings.Contains(released.Reason, "gaming") {
		t.Fatalf("released %+v", released)
	}
	w.until(t, "paused", func(s Status) bool { return s.State == Paused && s.Reason == "gaming" && w.fake.Sessions() == 0 })
	if took := time.Since(paused); took > 2*time.Second {
		t.Fatalf("it took %v", took)
	}
	fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return r.Paused == "gaming" && r.Free == 0 && len(r.Leases) == 0 })
	if answer := give(t, m, offer(m, "a2", 1)); answer.Taken || !strings.Contains(answer.Reason, "gaming") {
		t.Fatalf("a paused worker answers %+v", answer)
	}
	w.Resume()
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	if answer := give(t, m, offer(m, "a3", 2)); !answer.Taken {
		t.Fatal(answer.Reason)
	}
	fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
}

// late is a renderer that is just done with a frame when the owner wants the machine back.
type late struct{ *fake.Renderer }

type lateSession struct{ render.Session }

func (l late) Open(ctx context.Context, o render.Options) (render.Session, error) {
	s, err := l.Renderer.Open(ctx, o)
	return lateSession{s}, err
}

func (l lateSession) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (render.Frame, error) {
	progress(render.Progress{Frame: r.Frame})
	<-ctx.Done()
	return l.Session.Render(context.WithoutCancel(ctx), r, progress)
}

// A pause that comes between two frames leaves no warm renderer behind.
func TestPauseNowBetweenFrames(t *testing.T) {
	m := farm(t)
	m.Start()
	r := fake.New(fake.Behaviour{})
	w := start(t, options(m, newIdentity(t), t.TempDir(), late{r}))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 1))
	w.until(t, "rendering frame 1", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Frame == 1 })
	w.Pause(rules.Now, "gaming")
	w.until(t, "paused", func(s Status) bool { return s.State == Paused && r.Sessions() == 0 })
}

// Two frames are finished when the owner wants the machine back: they are delivered, the
// third goes to somebody else.
func TestPauseNowDeliversWhatIsFinished(t *testing.T) {
	m, id := farm(t), newIdentity(t)
	m.Start()
	w := start(t, options(m, id, t.TempDir(), fake.New(fake.Behaviour{Hang: []int{3}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	o := offer(m, "a1", 1, 2, 3)
	give(t, m, o)
	w.until(t, "rendering frame 3", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Frame == 3 })
	w.Pause(rules.Now, "gaming")
	commit := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
	if !commit.Partial {
		t.Fatalf("the commit is whole: %+v", commit)
	}
	o.Frames = o.Frames[:2]
	check(t, m, id, o, commit)
	w.until(t, "paused", func(s Status) bool {
		return s.State == Paused && s.FramesEver == 2 && s.Waiting == 0 && w.fake.Sessions() == 0
	})
	if left, _ := os.ReadDir(filepath.Join(w.dir, "outbox")); len(left) != 0 {
		t.Fatalf("left in the outbox: %v", left)
	}
}

// A manager that doesn't take a part gets the lease back.
func TestAPartThatIsRefusedIsGivenBack(t *testing.T) {
	m := farm(t)
	m.Answer = func(msg link.Message) (wire.Type, any, error) {
		if msg.Type == wire.TypeTaskCommit {
			return "", nil, &wire.Error{Code: wire.CodeConflict, Message: "frames are missing"}
		}
		return "", nil, nil
	}
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Hang: []int{2}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 1, 2))
	w.until(t, "rendering frame 2", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Frame == 2 })
	w.Pause(rules.Now, "gaming")
	if released := fetchtest.Expect[wire.LeaseRelease](m, wire.TypeLeaseRelease, nil); released.Lease != "a1" {
		t.Fatalf("released %+v", released)
	}
	w.until(t, "empty", func(s Status) bool { return s.Waiting == 0 && s.FramesEver == 0 })
}

// A line that is slower than the renderer stops the worker from taking ever more work.
func TestWorkThatCantBeUploadedIsNotPiledUp(t *testing.T) {
	m, id := farm(t), newIdentity(t)
	var open atomic.Bool
	m.Answer = func(msg link.Message) (wire.Type, any, error) {
		if msg.Type == wire.TypeTaskUpload && !open.Load() {
			return "", nil, &wire.Error{Code: wire.CodeFull, Message: "the store is full"}
		}
		return "", nil, nil
	}
	m.Start()
	w := start(t, options(m, id, t.TempDir(), fake.New(fake.Behaviour{})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	for n := range 5 {
		if answer := give(t, m, offer(m, "a"+string(rune('1'+n)), 1)); !answer.Taken {
			t.Fatalf("lease %d: %s", n+1, answer.Reason)
		}
		w.until(t, "done rendering", func(s Status) bool { return s.Waiting == n+1 })
	}
	fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool {
		return r.Free == 0 && r.Ahead == 0 && len(r.Leases) == 5 && r.Paused == ""
	})
	if answer := give(t, m, offer(m, "a6", 1)); answer.Taken || !strings.Contains(answer.Reason, "wait to be uploaded") {
		t.Fatalf("a worker whose frames pile up answers %+v", answer)
	}
	open.Store(true)
	fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
	w.until(t, "empty", func(s Status) bool { return s.FramesEver == 5 && s.Waiting == 0 && s.Trouble == "" })
}

// Stopping has the same end: what is finished is handed over before the program ends.
func TestStoppingDeliversWhatIsFinished(t *testing.T) {
	m, id := farm(t), newIdentity(t)
	m.Start()
	w := start(t, options(m, id, t.TempDir(), fake.New(fake.Behaviour{Hang: []int{2}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	o := offer(m, "a1", 1, 2)
	give(t, m, o)
	w.until(t, "rendering frame 2", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Frame == 2 })
	w.halt(t)
	commit := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
	o.Frames = o.Frames[:1]
	check(t, m, id, o, commit)
}

func TestAFrameThatNeverEndsIsGivenUp(t *testing.T) {
	m := farm(t)
	m.Start()
	o := options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Hang: []int{2}}))
	o.FrameLimit = 200 * time.Millisecond
	start(t, o)
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 1, 2))
	failed := fetchtest.Expect[wire.TaskFail](m, wire.TypeTaskFail, nil)
	if failed.Kind != job.FailWorker || !strings.Contains(failed.Cause, "200ms") {
		t.Fatalf("failed %+v", failed)
	}
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
}

// A renderer that hangs once costs nothing but time; one that hangs again is handed back with what
// was seen, for the network and for the owner.
func TestAHungRendererIsTriedOnceMore(t *testing.T) {
	m, id := farm(t), newIdentity(t)
	m.Start()
	w := start(t, options(m, id, t.TempDir(), fake.New(fake.Behaviour{Hung: map[int]int{2: 1, 4: 9}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	o := offer(m, "a1", 1, 2, 3)
	give(t, m, o)
	check(t, m, id, o, fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	if s := w.Status(); s.Failed != nil {
		t.Errorf("a task that was delivered failed: %+v", s.Failed)
	}
	give(t, m, offer(m, "a2", 4))
	failed := fetchtest.Expect[wire.TaskFail](m, wire.TypeTaskFail, nil)
	if failed.Kind != job.FailHung || !strings.Contains(failed.Cause, "the renderer hung: the fake was told to") || !strings.Contains(failed.Cause, "hung too") || failed.Log == "" {
		t.Errorf("failed %+v", failed)
	}
	s := w.until(t, "told", func(s Status) bool { return s.Failed != nil })
	if s.Failed.Job != "j1" || s.Failed.Kind != job.FailHung || s.Failed.Cause != failed.Cause || time.Since(s.Failed.Time) > time.Hour {
		t.Errorf("its owner reads %+v", s.Failed)
	}
}

// A frame may take twenty times the slowest of its scene, never less than an hour, never more than the
// owner's limit.
func TestFrameLimitOfAScene(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Hang: []int{2}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	o := offer(m, "a1", 1, 2)
	give(t, m, o)
	w.until(t, "rendering frame 2", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Frame == 2 })
	w.mu.Lock()
	task := w.order[0]
	w.mu.Unlock()
	for _, c := range []struct {
		slowest float64 // seconds
		limit   time.Duration
	}{{0, time.Hour}, {1, time.Hour}, {600, 200 * time.Minute}, {3600, 12 * time.Hour}} {
		w.took(task, c.slowest)
		if limit, why := w.frameLimit(task); limit != c.limit || why == "" {
			t.Errorf("after %v s: %v %s", c.slowest, limit, why)
		}
	}
	w.Pause(rules.Now, "enough")
	fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
}

func TestFinishThenPause(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{FrameTime: 300 * time.Millisecond})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 1, 2))
	w.until(t, "rendering", func(s Status) bool { return s.State == Rendering })
	w.Pause(rules.Finish, "bed time")
	w.until(t, "finishing", func(s Status) bool { return s.State == Finishing })
	fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
	w.until(t, "paused", func(s Status) bool { return s.State == Paused })
}

func TestARevokedLeaseIsDropped(t *testing.T) {
	m := farm(t)
	m.Start()
	o := options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Hang: []int{2}}))
	o.Ahead = -1
	w := start(t, o)
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 1, 2))
	w.until(t, "rendering frame 2", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Frame == 2 })
	if answer := give(t, m, offer(m, "a2", 1)); answer.Taken || answer.Reason != "busy" {
		t.Fatalf("a busy worker answers %+v", answer)
	}
	if err := m.Session().Send(wire.TypeLeaseRevoke, wire.LeaseRevoke{Lease: "a1", Reason: "the job was cancelled"}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "idle", func(s Status) bool { return s.State == Idle && s.Waiting == 0 })
	if n := w.fake.Sessions(); n != 0 {
		t.Fatalf("%d renderers are left", n)
	}
	if left, _ := os.ReadDir(filepath.Join(w.dir, "outbox")); len(left) != 0 {
		t.Fatalf("left in the outbox: %v", left)
	}
	give(t, m, offer(m, "a3", 1))
	fetchtest.Expect(m, wire.TypeTaskCommit, func(c wire.TaskCommit) bool { return c.Lease == "a3" })
}

func TestAFullDiskTakesNoWork(t *testing.T) {
	m := farm(t)
	m.Start()
	o := options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{}))
	o.MinFree = 100 << 20
	room := make(chan int64, 1)
	room <- 1 << 20
	o.FreeBytes = func(string) (int64, error) { n := <-room; room <- n; return n, nil }
	w := start(t, o)
	ready := fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return r.Paused != "" })
	if ready.Free != 0 || !strings.Contains(ready.Paused, w.dir) {
		t.Fatalf("ready %+v", ready)
	}
	if answer := give(t, m, offer(m, "a1", 1)); answer.Taken || !strings.Contains(answer.Reason, "disk") {
		t.Fatalf("answer %+v", answer)
	}
	<-room
	room <- 1 << 40
	// The next offer measures again.
	if answer := give(t, m, offer(m, "a2", 1)); !answer.Taken {
		t.Fatal(answer.Reason)
	}
	fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
}

func TestFailuresSayWhoseFaultTheyAre(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Fail: map[int]error{
		1: render.ErrMissingAsset, 2: render.ErrCrashed, 3: render.ErrOutOfMemory, 4: render.ErrTimeout, 5: render.ErrBadScene, 6: render.ErrUnsupported,
	}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	for frame, kind := range map[int]job.FailureKind{1: job.FailScene, 2: job.FailWorker, 3: job.FailMemory, 4: job.FailWorker, 5: job.FailScene, 6: job.FailWorker} {
		lease := "a" + string(rune('0'+frame))
		if answer := give(t, m, offer(m, lease, 9, frame)); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		failed := fetchtest.Expect[wire.TaskFail](m, wire.TypeTaskFail, nil)
		if failed.Lease != lease || failed.Kind != kind || failed.Cause == "" || failed.Log == "" {
			t.Errorf("frame %d: %+v, want %s", frame, failed, kind)
		}
		fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
	}
	if left, _ := os.ReadDir(filepath.Join(w.dir, "outbox")); len(left) != 0 {
		t.Fatalf("left in the outbox: %v", left)
	}
}

func TestHostileOffersAreDeclined(t *testing.T) {
	m := farm(t)
	m.Start()
	start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	for name, change := range map[string]func(*wire.LeaseOffer){
		"no frames":       func(o *wire.LeaseOffer) { o.Frames = nil },
		"a frame twice":   func(o *wire.LeaseOffer) { o.Frames = append(o.Frames, o.Frames[0]) },
		"a path as name":  func(o *wire.LeaseOffer) { o.Lease = "../../x" },
		"another key":     func(o *wire.LeaseOffer) { o.JobKey[3] ^= 1 },
		"another version": func(o *wire.LeaseOffer) { o.Recipe.Version = "9.9.9" },
		"a GPU":           func(o *wire.LeaseOffer) { o.Recipe.Device = "GPU" },
		"a huge image":    func(o *wire.LeaseOffer) { o.Recipe.Width = 1 << 30 },
	} {
		o := offer(m, "a1", 1, 2)
		change(&o)
		if answer := give(t, m, o); answer.Taken || answer.Reason == "" {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	// The same offer twice is one lease.
	o := offer(m, "a2", 1)
	for range 2 {
		if !give(t, m, o).Taken {
			t.Fatal("declined")
		}
	}
	fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
}

func TestStoppingGivesTheLeaseBack(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Hang: []int{1}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 1))
	w.until(t, "rendering", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Phase == "render" })
	stopped := time.Now()
	w.halt(t)
	if took := time.Since(stopped); took > 5*time.Second {
		t.Fatalf("it took %v", took)
	}
	released := fetchtest.Expect[wire.LeaseRelease](m, wire.TypeLeaseRelease, nil)
	if released.Lease != "a1" {
		t.Fatalf("released %+v", released)
	}
	if w.Status().State != Stopped {
		t.Fatalf("status %+v", w.Status())
	}
}

func TestAManagerThatDiesLosesNoFrames(t *testing.T) {
	m, id := farm(t), newIdentity(t)
	commits := 0
	m.Answer = func(msg link.Message) (wire.Type, any, error) {
		if msg.Type == wire.TypeTaskCommit {
			if commits++; commits == 1 {
				// It dies before it has answered.
				go m.Stop()
				return "", nil, &wire.Error{Code: wire.CodeUnavailable, Message: "dying"}
			}
		}
		return "", nil, nil
	}
	m.Start()
	w := start(t, options(m, id, t.TempDir(), fake.New(fake.Behaviour{})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	o := offer(m, "a1", 1, 2)
	give(t, m, o)
	fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
	w.until(t, "offline", func(s Status) bool { return !s.Connected && s.Waiting == 1 })
	m.Stop() // waits for the one above
	m.Start()
	back := fetchtest.Expect[wire.WorkerReady](m, wire.TypeWorkerReady, nil)
	if len(back.Leases) != 1 || back.Leases[0] != "a1" {
		t.Fatalf("it came back with %+v", back)
	}
	check(t, m, id, o, fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil))
	w.until(t, "done", func(s Status) bool { return s.FramesEver == 2 && s.Waiting == 0 })
}

func TestARefusedCommitIsDropped(t *testing.T) {
	m := farm(t)
	m.Answer = func(msg link.Message) (wire.Type, any, error) {
		if msg.Type == wire.TypeTaskCommit {
			return "", nil, &wire.Error{Code: wire.CodeConflict, Message: "the lease has expired"}
		}
		return "", nil, nil
	}
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 1))
	fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
	fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
	if s := w.Status(); s.FramesEver != 0 || s.Waiting != 0 {
		t.Fatalf("status %+v", s)
	}
}

// TestThePauseHoldsWhileTheMachineIsMeasured has the owner want the machine back before the worker has even signed in.
func TestThePauseHoldsWhileTheMachineIsMeasured(t *testing.T) {
	m := farm(t)
	m.Start()
	o := options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{}))
	begun := make(chan struct{})
	ended := make(chan error, 1)
	first := true
	o.Bench = func(ctx context.Context) (float64, error) {
		if !first {
			return 0.5, nil
		}
		first = false
		close(begun)
		<-ctx.Done()
		ended <- ctx.Err()
		return 0, ctx.Err()
	}
	w := start(t, o)
	<-begun
	w.until(t, "starting", func(s Status) bool { return s.State == Starting })
	w.Pause(rules.Now, "I need it")
	w.until(t, "paused", func(s Status) bool { return s.State == Paused && s.Reason == "I need it" })
	<-ended
	w.Resume()
	w.until(t, "ready", func(s Status) bool { return s.State == Idle && s.Bench == 0.5 })
}

func TestStartingProblemsNameTheNextStep(t *testing.T) {
	m := farm(t)
	m.Refuse = &wire.Error{Code: wire.CodeUnauthorised, Message: "this key may not work here"}
	m.Start()
	base := options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{}))
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"refused":     {func(*Options) {}, "may not work here"},
		"unreachable": {func(o *Options) { o.Manager, o.ConnectTimeout = "http://127.0.0.1:1", 200*time.Millisecond }, "http://127.0.0.1:1"},
		"no renderer": {func(o *Options) { o.Renderers = []render.Renderer{nothing{}} }, "install Blender"},
		"no GPU":      {func(o *Options) { o.Device = "optix" }, "--device cpu"},
	} {
		o := base
		c.change(&o)
		e, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, one line is expected", name, err)
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("an engine without options was made")
	}
	bad := base
	bad.Manager = "ftp://x"
	if _, err := New(bad); err == nil || !strings.Contains(err.Error(), "ftp") {
		t.Errorf("got %v", err)
	}
}

// nothing is a renderer that isn't installed.
type nothing struct{ render.Renderer }

func (nothing) Name() string                                   { return "nothing" }
func (nothing) Find(context.Context) ([]render.Install, error) { return nil, nil }
