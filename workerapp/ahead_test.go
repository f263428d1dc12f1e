package workerapp

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

func TestTheNextTasksPackageComesWhileOneRenders(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Hang: []int{2}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && r.Ahead == 0 })
	give(t, m, offer(m, "a1", 2))
	w.until(t, "rendering", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Phase == "render" })
	fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return r.Free == 0 && r.Ahead == 1 })

	// Another package, so that it has to be fetched.
	scene := t.TempDir()
	if err := os.WriteFile(filepath.Join(scene, "scene.blend"), []byte("another scene"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.Package(scene, "scene.blend")
	next := offer(m, "a2", 1)
	if answer := give(t, m, next); !answer.Taken {
		t.Fatal(answer.Reason)
	}
	w.until(t, "holding one ahead", func(s Status) bool { return s.Ahead == 1 && len(s.Tasks) == 1 })
	ready := fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return len(r.Leases) == 2 })
	if ready.Free != 0 || ready.Ahead != 0 {
		t.Fatalf("it is ready for %+v", ready)
	}
	if answer := give(t, m, offer(m, "a3", 1)); answer.Taken || answer.Reason != "busy" {
		t.Fatalf("a third task is answered %+v", answer)
	}
	// The scene is there before its turn.
	scenes(t, w, 1)
	if err := m.Session().Send(wire.TypeLeaseRevoke, wire.LeaseRevoke{Lease: "a1", Reason: "cancelled"}); err != nil {
		t.Fatal(err)
	}
	commit := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
	if commit.Lease != "a2" {
		t.Fatalf("committed %s", commit.Lease)
	}
	w.until(t, "idle", func(s Status) bool { return s.State == Idle && s.FramesEver == 1 })
}

// scenes waits until so many lie fetched ahead.
func scenes(t *testing.T, w *worker, want int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(fetchtest.Wait); ; {
		found, err := filepath.Glob(filepath.Join(w.dir, "scratch", "ahead", "*", "scene.blend"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d scenes lie fetched ahead, want %d", len(found), want)
		}
	}
}

func TestAWaitingTaskThatIsRevokedLeavesNothing(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Hang: []int{2}})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 2))
	scene := t.TempDir()
	if err := os.WriteFile(filepath.Join(scene, "scene.blend"), []byte("another scene"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.Package(scene, "scene.blend")
	give(t, m, offer(m, "a2", 1))
	scenes(t, w, 1)
	if err := m.Session().Send(wire.TypeLeaseRevoke, wire.LeaseRevoke{Lease: "a2", Reason: "cancelled"}); err != nil {
		t.Fatal(err)
	}
	scenes(t, w, 0)
	w.until(t, "rendering the other", func(s Status) bool { return s.Ahead == 0 && len(s.Tasks) == 1 && s.Tasks[0].Lease == "a1" })
}

func TestAPauseGivesBackWhatWaits(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{FrameTime: 500 * time.Millisecond})))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	give(t, m, offer(m, "a1", 1, 2))
	give(t, m, offer(m, "a2", 1))
	w.until(t, "holding one ahead", func(s Status) bool { return s.Ahead == 1 })
	w.Pause(rules.Finish, "bed time")
	if released := fetchtest.Expect[wire.LeaseRelease](m, wire.TypeLeaseRelease, nil); released.Lease != "a2" {
		t.Fatalf("released %+v", released)
	}
	if commit := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil); commit.Lease != "a1" {
		t.Fatalf("committed %s", commit.Lease)
	}
	w.until(t, "paused", func(s Status) bool { return s.State == Paused && s.Ahead == 0 && s.Waiting == 0 })
}
