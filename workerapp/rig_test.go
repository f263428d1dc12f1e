package workerapp

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
)

// worker is an engine under test.
type worker struct {
	*Engine
	fake  *fake.Renderer
	dir   string
	stop  context.CancelFunc
	ended chan error
}

// farm is a manager with one small package.
func farm(t *testing.T) *fetchtest.Manager {
	t.Helper()
	m := fetchtest.New(t)
	scene := t.TempDir()
	if err := os.WriteFile(filepath.Join(scene, "scene.blend"), []byte("a scene"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.Package(scene, "scene.blend")
	return m
}

func newIdentity(t *testing.T) *identity.Identity {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func options(m *fetchtest.Manager, id *identity.Identity, dir string, r render.Renderer) Options {
	return Options{
		Manager: m.URL(), DataDir: dir, Identity: id, Name: "test",
		Renderers: []render.Renderer{r}, Sandbox: render.NoSandbox{}, GPUs: []gpu.Library{}, CacheBytes: 64 << 20, MinFree: 1,
		Bench:   func(context.Context) (float64, error) { return 0.5, nil },
		Backoff: func(int) time.Duration { return 10 * time.Millisecond },
		Log:     slog.New(slog.DiscardHandler),
	}
}

// start runs an engine; it is stopped at the end of the test.
func start(t *testing.T, o Options) *worker {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	w := &worker{Engine: e, dir: o.DataDir, stop: stop, ended: make(chan error, 1)}
	w.fake, _ = o.Renderers[0].(*fake.Renderer)
	go func() { w.ended <- e.Run(ctx) }()
	t.Cleanup(func() { w.halt(t) })
	return w
}

// halt stops the engine and holds it to leaving nothing behind.
func (w *worker) halt(t *testing.T) {
	t.Helper()
	w.stop()
	select {
	case err, ok := <-w.ended:
		if ok && err != nil {
			t.Errorf("the engine ended with %v", err)
		}
		if ok {
			close(w.ended)
		}
	case <-time.After(fetchtest.Wait):
		t.Fatal("the engine doesn't stop")
	}
	if w.fake != nil && w.fake.Sessions() != 0 {
		t.Errorf("%d renderers are left", w.fake.Sessions())
	}
	if _, err := os.Stat(filepath.Join(w.dir, "scratch")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the scratch folder is left")
	}
}

// until waits for a state.
func (w *worker) until(t *testing.T, what string, is func(Status) bool) Status {
	t.Helper()
	found := make(chan Status, 1)
	stop := w.Watch(func(s Status) {
		if is(s) {
			select {
			case found <- s:
			default:
			}
		}
	})
	defer stop()
	select {
	case s := <-found:
		return s
	case <-time.After(fetchtest.Wait):
		t.Fatalf("it never is %s; it is %+v", what, w.Status())
		return Status{}
	}
}

func recipe() job.Recipe {
	return job.Recipe{Renderer: "fake", Version: fake.Version, Engine: "CYCLES", MainFile: "scene.blend",
		Width: 64, Height: 48, Samples: 8, Device: "CPU", Format: "PNG"}
}

// offer makes a lease of some frames for the node that is signed in.
func offer(m *fetchtest.Manager, lease string, frames ...int) wire.LeaseOffer {
	o := wire.LeaseOffer{Lease: lease, Task: "t1", Job: "j1", Attempt: 1, KeyHash: proof.KeyHash([32]byte{7}).String(), Recipe: recipe(), Seconds: 60, Deadline: time.Now().Add(time.Minute).UnixMilli()}
	o.Package, o.Manifest, o.JobKey = m.PackageFor(m.Session().Peer().SealKey)
	for _, f := range frames {
		o.Frames = append(o.Frames, wire.FrameSeed{Frame: f, Seed: int32(100 + f)})
	}
	return o
}

// give offers a lease and returns the answer.
func give(t *testing.T, m *fetchtest.Manager, o wire.LeaseOffer) wire.LeaseAnswer {
	t.Helper()
	var answer wire.LeaseAnswer
	if err := m.Session().Request(t.Context(), wire.TypeLeaseOffer, o, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func free(r wire.WorkerReady) bool { return r.Free == 1 }

// check holds a commit to its offer, its signature and the stored files.
func check(t *testing.T, m *fetchtest.Manager, id *identity.Identity, o wire.LeaseOffer, c wire.TaskCommit) {
	t.Helper()
	perFrame, master := 1, proof.PolicyFor(o.Recipe).NeedMaster
	if master {
		perFrame = 2
	}
	if c.Lease != o.Lease || len(c.Frames) != len(o.Frames) || len(c.Files) != perFrame*len(o.Frames) || len(c.Stats) != len(o.Frames) {
		t.Fatalf("the commit of %s has %d frames of %d, %d files and %d figures", c.Lease, len(c.Frames), len(o.Frames), len(c.Files), len(c.Stats))
	}
	for i, f := range c.Frames {
		if f.Frame != o.Frames[i].Frame {
			t.Fatalf("frame %d stands at %d", f.Frame, i)
		}
		var noisy []byte
		if master {
			noisy = m.Object(fetchtest.FrameKey(o.Lease, f.Frame, "master"))
		}
		got, _, err := proof.CommitBytes(f.Frame, ".png", m.Object(fetchtest.FrameKey(o.Lease, f.Frame, "final")), noisy)
		if err != nil || got.Hash() != f.Hash() {
			t.Fatalf("frame %d isn't what was committed: %v", f.Frame, err)
		}
	}
	if c.Receipt.Covers(c.Frames) != nil || c.Receipt.Suits(o.Recipe) != nil || c.Receipt.Key.String() != o.KeyHash || c.Receipt.Attempt != o.Lease || c.Receipt.Class != "cpu/fake" {
		t.Fatalf("the receipt is for something else: %+v", c.Receipt)
	}
	signer, err := identity.Recover(c.Receipt.Digest(receipt.Domain{ChainID: fetchtest.Money.ChainID, Contract: fetchtest.Money.Escrow}), c.Signature)
	if err != nil || signer != id.Address() {
		t.Fatalf("signed by %s: %v", signer, err)
	}
}
