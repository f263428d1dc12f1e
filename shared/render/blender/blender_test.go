package blender

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

// probed looks for Blender once for all tests: it starts each that it finds.
var probed = sync.OnceValues(func() ([]render.Install, error) { return New(Config{}).Find(context.Background()) })

func install(t *testing.T) (*Blender, render.Install) {
	t.Helper()
	b := New(Config{})
	found, err := probed()
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	return b, found[0]
}

func TestSuite(t *testing.T) {
	b, in := install(t)
	if !strings.HasPrefix(in.Class, "cpu/") {
		t.Errorf("class %q", in.Class)
	}
	scene := t.TempDir()
	rendertest.BlenderScene(t, in.Path, scene, "")
	rendertest.Run(t, rendertest.Config{
		Renderer: b, Install: in, Recipe: rendertest.Recipe(in.Version), Sandbox: render.NoSandbox{}, LongSamples: 1 << 16,
		Scene: func(t *testing.T, folder string) {
			if err := os.CopyFS(folder, os.DirFS(scene)); err != nil {
				t.Fatal(err)
			}
		},
	})
}

// options prepares a workspace with a variation of the test scene.
func options(t *testing.T, in render.Install, variation string) render.Options {
	t.Helper()
	w := t.TempDir()
	if err := os.Mkdir(filepath.Join(w, "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	rendertest.BlenderScene(t, in.Path, filepath.Join(w, render.SceneFolder), variation)
	return render.Options{Install: in, Workspace: w, Recipe: rendertest.Recipe(in.Version), Threads: 1, Sandbox: render.NoSandbox{}}
}

func TestBadScenes(t *testing.T) {
	b, in := install(t)
	for _, c := range []struct {
		variation string
		change    func(*job.Recipe)
		kind      error
		says      string
	}{
		{"missing", nil, render.ErrMissingAsset, "checker.png"},
		{"driver", nil, render.ErrBadScene, "driver"},
		{"nocamera", nil, render.ErrBadScene, "camera"},
		{"", func(r *job.Recipe) { r.Scene = "Other" }, render.ErrBadScene, "Other"},
		{"", func(r *job.Recipe) { r.Camera = "Cube" }, render.ErrBadScene, "Cube"},
		{"", func(r *job.Recipe) { r.ViewLayers = []string{"None"} }, render.ErrBadScene, "None"},
		{"", func(r *job.Recipe) { r.Format = "FFMPEG" }, render.ErrUnsupported, "heliostat job encode"},
		{"", func(r *job.Recipe) { r.Format = "NONSENSE" }, render.ErrUnsupported, "NONSENSE"},
	} {
		o := options(t, in, c.variation)
		if c.change != nil {
			c.change(&o.Recipe)
		}
		s, err := b.Open(t.Context(), o)
		if s != nil {
			t.Errorf("%s: opened", c.variation)
			s.Close()
			continue
		}
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.variation, err)
		}
	}
}

func TestDenoiserMissing(t *testing.T) {
	b, in := install(t)
	in.Denoisers = nil
	o := options(t, in, "denoise")
	o.Recipe.Denoise = true
	if _, err := b.Open(t.Context(), o); !errors.Is(err, render.ErrUnsupported) || !strings.Contains(err.Error(), "denois") {
		t.Errorf("%v", err)
	}
}

// TestAdaptiveBorders has enough samples for adaptive sampling to stop early: how long a pixel
// is sampled then depends on its neighbours, which a bare border lacks.
func TestAdaptiveBorders(t *testing.T) {
	b, in := install(t)
	o := options(t, in, "")
	o.Recipe.Samples = 200
	s, err := b.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out := filepath.Join(o.Workspace, "out")
	full, err := s.Render(t.Context(), render.Request{Frame: 3, Seed: 1, OutDir: out, Master: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, trees, err := proof.Commit(3, full.Files[0].Path, full.Master)
	if err != nil {
		t.Fatal(err)
	}
	rects := []render.Rect{{X: 3, Y: 5, W: 1, H: 7}}
	for tile := 0; tile < proof.TileCount(o.Recipe.Width, o.Recipe.Height); tile += 2 {
		r, err := proof.TileRect(o.Recipe.Width, o.Recipe.Height, tile)
		if err != nil {
			t.Fatal(err)
		}
		rects = append(rects, r)
	}
	f, err := s.Render(t.Context(), render.Request{Frame: 3, Seed: 1, OutDir: out, Master: true, Borders: rects}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rects {
		master, err := trees.Master.Crop(r)
		if err != nil {
			t.Fatal(err)
		}
		final, err := trees.Final.Crop(r)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.Tiles[i].Master.Bits, master.Bits) || !bytes.Equal(f.Tiles[i].Final.Bits, final.Bits) {
			t.Errorf("border %+v differs from the full frame", r)
		}
	}
}

func TestCorruptScene(t *testing.T) {
	b, in := install(t)
	o := options(t, in, "")
	path := filepath.Join(o.Workspace, render.SceneFolder, "scene.blend")
	if err := os.WriteFile(path, []byte("no blend file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(t.Context(), o); !errors.Is(err, render.ErrBadScene) {
		t.Errorf("%v", err)
	}
}

// signal sends a signal to the session's process group.
func signal(t *testing.T, s render.Session, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-s.(*session).PID(), sig); err != nil {
		t.Error(err)
	}
}

// TestStoppedIsCancelled has a Blender that doesn't run at all when the render is cancelled.
func TestStoppedIsCancelled(t *testing.T) {
	b, in := install(t)
	o := options(t, in, "")
	o.Recipe.Samples = 1 << 16
	s, err := b.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var at time.Time
	_, err = s.Render(ctx, render.Request{Frame: 1, OutDir: filepath.Join(o.Workspace, "out")}, func(render.Progress) {
		if at.IsZero() {
			signal(t, s, syscall.SIGSTOP)
			at = time.Now()
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || s.Alive() {
		t.Errorf("%v, alive %v", err, s.Alive())
	}
	if took := time.Since(at); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := syscall.Kill(-s.(*session).PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("something of it is left: %v", err)
	}
}

func TestCrashIsTyped(t *testing.T) {
	b, in := install(t)
	o := options(t, in, "")
	o.Recipe.Samples = 1 << 16
	s, err := b.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	killed := false
	_, err = s.Render(t.Context(), render.Request{Frame: 1, OutDir: filepath.Join(o.Workspace, "out")}, func(render.Progress) {
		if !killed {
			killed = true
			signal(t, s, syscall.SIGKILL)
		}
	})
	if !errors.Is(err, render.ErrCrashed) || s.Alive() || render.LastLog(err) == "" {
		t.Errorf("%v, alive %v", err, s.Alive())
	}
}

// TestCompositor checks that compositing leaves the master alone, and that a File Output
// node writes nothing.
func TestCompositor(t *testing.T) {
	b, in := install(t)
	o := options(t, in, "compositor")
	o.Recipe.Compositing = true
	s, err := b.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out := filepath.Join(o.Workspace, "out")
	f, err := s.Render(t.Context(), render.Request{Frame: 2, Seed: 1, OutDir: out, Master: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The same file again: Blender stores slightly other normals each time it makes the scene.
	o.Recipe.Compositing = false
	s2, err := b.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s2.Close()
	plain := filepath.Join(o.Workspace, "plain")
	if err := os.Mkdir(plain, 0o700); err != nil {
		t.Fatal(err)
	}
	f2, err := s2.Render(t.Context(), render.Request{Frame: 2, Seed: 1, OutDir: plain, Master: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b2 := commit(t, f), commit(t, f2)
	if a.MasterRoot != b2.MasterRoot {
		t.Error("the compositor changed the master")
	}
	if a.FinalRoot == b2.FinalRoot {
		t.Error("the compositor didn't change the delivered image")
	}
	if _, err := os.Stat(filepath.Join(o.Workspace, render.SceneFolder, "escaped")); err == nil {
		t.Error("a File Output node wrote files")
	}
}

func TestFormats(t *testing.T) {
	b, in := install(t)
	for _, c := range []struct{ format, mode, depth, ext string }{
		{"OPEN_EXR", "RGB", "16", ".exr"}, {"JPEG", "RGB", "8", ".jpg"}, {"TIFF", "RGBA", "16", ".tif"},
		{"WEBP", "RGB", "8", ".webp"}, {"PNG", "BW", "16", ".png"}, {"OPEN_EXR_MULTILAYER", "RGBA", "32", ".exr"},
	} {
		o := options(t, in, "")
		o.Recipe.Format, o.Recipe.ColorMode, o.Recipe.ColorDepth = c.format, c.mode, c.depth
		o.Recipe.Samples = 1
		s, err := b.Open(t.Context(), o)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		f, err := s.Render(t.Context(), render.Request{Frame: -2, OutDir: filepath.Join(o.Workspace, "out"), Master: true}, nil)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
		} else if filepath.Ext(f.Files[0].Path) != c.ext {
			t.Errorf("%s: %s", c.format, f.Files[0].Path)
		} else {
			fc := commit(t, f)
			lossless := c.ext == ".png" || c.ext == ".exr"
			if (fc.FinalRoot != [32]byte{}) != lossless {
				t.Errorf("%s: final root %v", c.format, fc.FinalRoot)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
