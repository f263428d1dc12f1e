package warm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// bench is a pool over the fake renderer that counts what it had to do.
type bench struct {
	pool     *Pool
	fake     *fake.Renderer
	found    Found
	extracts int
	phases   []string
}

func newBench(t *testing.T, b fake.Behaviour, change func(*Options)) *bench {
	t.Helper()
	r := fake.New(b)
	found, err := Find(t.Context(), []render.Renderer{r})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	o := Options{Root: filepath.Join(t.TempDir(), "scratch"), Sandbox: render.NoSandbox{}}
	if change != nil {
		change(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return &bench{pool: p, fake: r, found: found[0]}
}

func (b *bench) want(pkg string, samples int) Want {
	return Want{
		Package: pkg,
		Recipe: job.Recipe{Renderer: "fake", Version: fake.Version, Engine: "CYCLES", MainFile: "a.blend",
			Width: 32, Height: 32, Samples: samples, Format: "PNG"},
		Found: b.found,
		Extract: func(_ context.Context, dir string) error {
			b.extracts++
			return os.WriteFile(filepath.Join(dir, "a.blend"), []byte(pkg), 0o600)
		},
		Phase: func(p string) { b.phases = append(b.phases, p) },
	}
}

// render takes a seat, renders one frame and gives the seat back.
func (b *bench) render(t *testing.T, w Want, frame int) error {
	t.Helper()
	held, err := b.pool.Take(t.Context(), w)
	if err != nil {
		return err
	}
	defer held.Done()
	f, err := held.Render(t.Context(), render.Request{Frame: frame, Master: true}, nil)
	if err != nil {
		return err
	}
	if len(f.Files) != 1 || filepath.Dir(f.Files[0].Path) != held.Out() {
		t.Fatalf("frame files: %+v", f.Files)
	}
	return nil
}

func TestTheSceneStaysLoaded(t *testing.T) {
	b := newBench(t, fake.Behaviour{}, nil)
	for i := range 3 {
		if err := b.render(t, b.want("p1", 4), i); err != nil {
			t.Fatal(err)
		}
	}
	if b.extracts != 1 || strings.Join(b.phases, " ") != "download load" {
		t.Fatalf("%d extractions, phases %v", b.extracts, b.phases)
	}
	if got := b.pool.Packages(); len(got) != 1 || got[0] != "p1" {
		t.Fatalf("packages %v", got)
	}
	// Another recipe needs a new session, but not the files again.
	if err := b.render(t, b.want("p1", 8), 1); err != nil {
		t.Fatal(err)
	}
	if b.extracts != 1 || strings.Join(b.phases, " ") != "download load load" {
		t.Fatalf("%d extractions, phases %v", b.extracts, b.phases)
	}
	// Another package takes the seat, and the first one's files are gone.
	if err := b.render(t, b.want("p2", 8), 1); err != nil {
		t.Fatal(err)
	}
	if n := b.fake.Sessions(); n != 1 {
		t.Fatalf("%d sessions are open", n)
	}
	if dirs := ls(t, b.pool.options.Root); len(dirs) != 1 {
		t.Fatalf("workspaces: %v", dirs)
	}
}

func TestTheNextTaskFindsAnEmptyOutputFolder(t *testing.T) {
	b := newBench(t, fake.Behaviour{}, nil)
	first, err := b.pool.Take(t.Context(), b.want("p", 4))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Render(t.Context(), render.Request{Frame: 1, Master: true}, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(first.Out(), "further", "deeper"), 0o700); err != nil {
		t.Fatal(err)
	}
	was, err := os.Stat(first.Out())
	if err != nil {
		t.Fatal(err)
	}
	first.Done()
	held, err := b.pool.Take(t.Context(), b.want("p", 4))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Done()
	if left := ls(t, held.Out()); len(left) != 0 {
		t.Fatalf("left over: %v", left)
	}
	// The renderer that goes on may write into this very folder, and no other.
	if is, err := os.Stat(held.Out()); err != nil || !os.SameFile(was, is) {
		t.Fatalf("the folder is another one: %v", err)
	}
}

func TestAnOutputFolderThatLeadsAway(t *testing.T) {
	b := newBench(t, fake.Behaviour{}, nil)
	mine := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := b.pool.Take(t.Context(), b.want("p", 4))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(held.Out()), os.Symlink(filepath.Dir(mine), held.Out())); err != nil {
		t.Fatal(err)
	}
	held.Done()
	if _, err := os.Stat(mine); err != nil {
		t.Fatalf("a file outside is gone: %v", err)
	}
	if dirs, n := ls(t, b.pool.options.Root), b.fake.Sessions(); len(dirs) != 0 || n != 0 {
		t.Fatalf("the workspace stays: %v, with %d sessions", dirs, n)
	}
}

func TestAFailedSessionIsNotReused(t *testing.T) {
	b := newBench(t, fake.Behaviour{Fail: map[int]error{7: render.ErrBadScene}}, nil)
	if err := b.render(t, b.want("p", 4), 7); !errors.Is(err, render.ErrBadScene) {
		t.Fatal(err)
	}
	if n := b.fake.Sessions(); n != 0 {
		t.Fatalf("%d sessions are open", n)
	}
	if left := ls(t, b.pool.options.Root); len(left) != 0 {
		t.Fatalf("left over: %v", left)
	}
	if err := b.render(t, b.want("p", 4), 1); err != nil {
		t.Fatal(err)
	}
}

func TestAFailedOpenLeavesNothing(t *testing.T) {
	b := newBench(t, fake.Behaviour{FailOpen: render.ErrMissingAsset}, nil)
	if err := b.render(t, b.want("p", 4), 1); !errors.Is(err, render.ErrMissingAsset) {
		t.Fatal(err)
	}
	if left := ls(t, b.pool.options.Root); len(left) != 0 {
		t.Fatalf("left over: %v", left)
	}
}

func TestASeatIsWaitedFor(t *testing.T) {
	b := newBench(t, fake.Behaviour{}, nil)
	held, err := b.pool.Take(t.Context(), b.want("p", 4))
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := b.pool.Take(short, b.want("p", 4)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	held.Done()
	if err := b.render(t, b.want("p", 4), 1); err != nil {
		t.Fatal(err)
	}
}

func TestCancelKillsAndWipes(t *testing.T) {
	b := newBench(t, fake.Behaviour{Hang: []int{3}}, nil)
	held, err := b.pool.Take(t.Context(), b.want("p", 4))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	go func() { <-started; cancel() }()
	_, err = held.Render(ctx, render.Request{Frame: 3}, func(render.Progress) {
		select {
		case <-started:
		default:
			close(started)
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	held.Done()
	if n := b.fake.Sessions(); n != 0 {
		t.Fatalf("%d sessions are open", n)
	}
}

func TestDropAndCloseLeaveNothing(t *testing.T) {
	b := newBench(t, fake.Behaviour{}, nil)
	if err := b.render(t, b.want("p", 4), 1); err != nil {
		t.Fatal(err)
	}
	if err := b.pool.Drop(); err != nil {
		t.Fatal(err)
	}
	if n := b.fake.Sessions(); n != 0 || len(ls(t, b.pool.options.Root)) != 0 {
		t.Fatal("something is left")
	}
	if err := b.render(t, b.want("p", 4), 1); err != nil {
		t.Fatal(err)
	}
	if err := b.pool.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pool.Take(t.Context(), b.want("p", 4)); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if _, err := os.Stat(b.pool.options.Root); !errors.Is(err, os.ErrNotExist) || b.fake.Sessions() != 0 {
		t.Fatal("something is left")
	}
}

func TestAnIdleSessionCools(t *testing.T) {
	b := newBench(t, fake.Behaviour{}, func(o *Options) { o.Idle = time.Millisecond })
	if err := b.render(t, b.want("p", 4), 1); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for b.fake.Sessions() != 0 {
		if time.Now().After(deadline) {
			t.Fatal("the session stays open")
		}
		b.pool.cool(b.pool.seats[0]) // what the timer calls; it does nothing too early
	}
}

func TestChooseSaysWhatIsMissing(t *testing.T) {
	blender := Found{Install: render.Install{Renderer: "blender", Version: "3.4.1", BuildHash: "x", Engines: []string{"CYCLES"}}}
	base := job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES"}
	if _, err := Choose([]Found{blender}, base, job.TaskRender); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*job.Recipe){
		"installed: blender 3.4.1": func(r *job.Recipe) { r.Version = "4.2.0" },
		"build":                    func(r *job.Recipe) { r.BuildHash = "y" },
		"engines":                  func(r *job.Recipe) { r.Engine = "BLENDER_EEVEE" },
		"denoiser":                 func(r *job.Recipe) { r.Denoise = true },
	} {
		r := base
		change(&r)
		if _, err := Choose([]Found{blender}, r, job.TaskRender); !errors.Is(err, ErrNoInstall) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
	base.Denoise = true
	if _, err := Choose([]Found{blender}, base, job.TaskTile); err != nil {
		t.Errorf("a tile is rendered without a denoiser: %v", err)
	}
	blender.Install.Denoisers = []string{"OPTIX"}
	if _, err := Choose([]Found{blender}, base, job.TaskAssemble); err == nil || !strings.Contains(err.Error(), "OpenImageDenoise") {
		t.Errorf("joining takes OpenImageDenoise: %v", err)
	}
	if _, err := Choose(nil, base, job.TaskRender); err == nil || !strings.Contains(err.Error(), "nothing is installed") {
		t.Errorf("got %v", err)
	}
}

func ls(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
