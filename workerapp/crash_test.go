package workerapp

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
)

// childEnv makes this test binary a worker that is going to be killed.
const childEnv = "HELIOSTAT_TEST_WORKER"

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		if err := child(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child is a worker whose third frame never ends.
func child(text string) error {
	var at struct{ Manager, Dir string }
	if err := json.Unmarshal([]byte(text), &at); err != nil {
		return err
	}
	id, err := identity.Open(at.Dir, nil)
	if err != nil {
		return err
	}
	e, err := New(Options{
		Manager: at.Manager, DataDir: at.Dir, Identity: id,
		Renderers: []render.Renderer{fake.New(fake.Behaviour{Hang: []int{3}})}, Sandbox: render.NoSandbox{},
		GPUs: []gpu.Library{}, CacheBytes: 64 << 20, MinFree: 1,
		Bench: func(context.Context) (float64, error) { return 1, nil },
	})
	if err != nil {
		return err
	}
	return e.Run(context.Background())
}

func TestAKilledWorkerGoesOnWhereItWas(t *testing.T) {
	m := farm(t)
	m.Start()
	dir := t.TempDir()
	id, err := identity.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	where, err := json.Marshal(map[string]string{"Manager": m.URL(), "Dir": dir})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.Command(self)
	victim.Env = append(os.Environ(), childEnv+"="+string(where))
	victim.Stderr = os.Stderr
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		victim.Process.Kill()
		victim.Wait()
	}()
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	o := offer(m, "a1", 1, 2, 3)
	if answer := give(t, m, o); !answer.Taken {
		t.Fatal(answer.Reason)
	}
	// Two frames are durable and announced, the third hangs.
	for range 2 {
		fetchtest.Expect[wire.TaskUpload](m, wire.TypeTaskUpload, nil)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	victim.Wait()
	before := map[int]string{}
	for _, f := range []int{1, 2} {
		text, err := os.ReadFile(filepath.Join(dir, "outbox", "a1", fmt.Sprintf("%d.json", f)))
		if err != nil {
			t.Fatal(err)
		}
		before[f] = string(text)
	}

	// The next process renders only what is missing: the other seeds would hang it.
	w := start(t, options(m, id, dir, fake.New(fake.Behaviour{Hang: []int{1, 2}})))
	ready := fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return len(r.Leases) == 1 })
	if ready.Leases[0] != "a1" || ready.Free != 0 {
		t.Fatalf("it came back with %+v", ready)
	}
	commit := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
	check(t, m, id, o, commit)
	for i, f := range []int{1, 2} {
		var kept struct{ Commit proof.FrameCommit }
		if err := json.Unmarshal([]byte(before[f]), &kept); err != nil {
			t.Fatal(err)
		}
		if kept.Commit.Hash() != commit.Frames[i].Hash() {
			t.Fatalf("frame %d was rendered again", f)
		}
	}
	w.until(t, "done", func(s Status) bool { return s.FramesEver == 3 && s.Waiting == 0 })
}
