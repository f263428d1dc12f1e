// Package rendertest is the suite that every renderer passes, real or fake, and the test
// scene that tests elsewhere render with real Blender.
//
// It is not for use outside tests.
//
// Receives: a renderer and a scene for it.
// Hands on: test failures.
package rendertest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// Config is what the suite runs on.
type Config struct {
	Renderer render.Renderer
	Install  render.Install
	Recipe   job.Recipe
	Sandbox  render.Sandbox
	// Scene fills an empty folder with the package that Recipe renders.
	Scene func(t *testing.T, folder string)
	// NoMaster says that the renderer gives no noisy pass; what it delivers is compared.
	NoMaster bool
	// LongSamples is a sample count that takes at least half a minute.
	LongSamples int
}

// Run runs the suite.
func Run(t *testing.T, c Config) {
	t.Run("find", func(t *testing.T) {
		found, err := c.Renderer.Find(t.Context())
		if err != nil || len(found) == 0 {
			t.Fatalf("found %v, %v", found, err)
		}
		for _, in := range found {
			if in.Renderer != c.Renderer.Name() || in.Version == "" || in.Class == "" || len(in.Engines) == 0 || len(in.Devices) == 0 {
				t.Errorf("incomplete: %+v", in)
			}
		}
	})
	t.Run("frames", func(t *testing.T) { frames(t, c) })
	t.Run("borders equal the full frame", func(t *testing.T) { borders(t, c) })
	if !c.NoMaster {
		t.Run("tiles of a denoised still", func(t *testing.T) { tiled(t, c) })
	}
	t.Run("cancel", func(t *testing.T) { cancel(t, c) })
	t.Run("closed", func(t *testing.T) { closed(t, c) })
	t.Run("bad main file", func(t *testing.T) {
		for _, name := range []string{"none.blend", "../scene.blend", "/etc/passwd"} {
			o := c.options(t)
			o.Recipe.MainFile = name
			if _, err := c.Renderer.Open(t.Context(), o); !errors.Is(err, render.ErrMissingAsset) && !errors.Is(err, render.ErrBadScene) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("unsupported", func(t *testing.T) {
		for _, change := range []func(*job.Recipe){
			func(r *job.Recipe) { r.Version = "0.0.1" },
			func(r *job.Recipe) { r.BuildHash = "feedface" },
			func(r *job.Recipe) { r.Engine = "NONE" },
			func(r *job.Recipe) { r.Width = 0 },
			func(r *job.Recipe) { r.Device = "GPU" },
		} {
			o := c.options(t)
			change(&o.Recipe)
			if _, err := c.Renderer.Open(t.Context(), o); !errors.Is(err, render.ErrUnsupported) {
				t.Errorf("%+v: %v", o.Recipe, err)
			}
		}
	})
}

func (c Config) options(t *testing.T) render.Options {
	t.Helper()
	workspace := t.TempDir()
	for _, dir := range []string{render.SceneFolder, "out"} {
		if err := os.Mkdir(filepath.Join(workspace, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c.Scene(t, filepath.Join(workspace, render.SceneFolder))
	// One thread, so that smooth-shaded meshes are exact too.
	return render.Options{Install: c.Install, Workspace: workspace, Recipe: c.Recipe, Threads: 1, Sandbox: c.Sandbox}
}

func (c Config) open(t *testing.T) (render.Session, string) {
	t.Helper()
	o := c.options(t)
	s, err := c.Renderer.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("opening: %v\n%s", err, render.LastLog(err))
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, filepath.Join(o.Workspace, "out")
}

func shoot(t *testing.T, s render.Session, r render.Request) render.Frame {
	t.Helper()
	last := 0.0
	f, err := s.Render(t.Context(), r, func(p render.Progress) {
		if p.Fraction < last || p.Fraction > 1 || p.Frame != r.Frame {
			t.Errorf("progress %+v after %v", p, last)
		}
		last = p.Fraction
	})
	if err != nil {
		t.Fatalf("frame %d: %v\n%s", r.Frame, err, render.LastLog(err))
	}
	if last != 1 {
		t.Errorf("progress ended at %v", last)
	}
	return f
}

func frames(t *testing.T, c Config) {
	s, out := c.open(t)
	other, otherOut := c.open(t)
	commits := map[string]proof.FrameCommit{}
	for _, f := range []struct {
		name  string
		s     render.Session
		dir   string
		frame int
		seed  int32
	}{{"first", s, out, 3, 7}, {"next", s, out, 4, 7}, {"again", other, otherOut, 3, 7}, {"reseeded", other, otherOut, 3, 8}} {
		got := shoot(t, f.s, render.Request{Frame: f.frame, Seed: f.seed, OutDir: f.dir, Master: !c.NoMaster})
		if got.Number != f.frame || len(got.Files) != 1 || got.Seconds <= 0 || got.PeakMemory <= 0 {
			t.Fatalf("%s: %+v", f.name, got)
		}
		commit, trees, err := proof.Commit(f.frame, got.Files[0].Path, got.Master)
		if err != nil {
			t.Fatal(err)
		}
		if commit.W != c.Recipe.Width || commit.H != c.Recipe.Height || trees.Final == nil {
			t.Errorf("%s: %d×%d, final %v", f.name, commit.W, commit.H, trees.Final != nil)
		}
		if err := proof.Sanity(trees.Final, trees.Master, c.Recipe.Width, c.Recipe.Height); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
		commits[f.name] = commit
	}
	first, again := commits["first"], commits["again"]
	if first.MasterRoot != again.MasterRoot || first.FinalRoot != again.FinalRoot {
		t.Error("two sessions gave different pixels for the same frame and seed")
	}
	root := func(f proof.FrameCommit) proof.Digest {
		if c.NoMaster {
			return f.FinalRoot
		}
		return f.MasterRoot
	}
	if root(first) == root(commits["reseeded"]) {
		t.Error("another seed gave the same pixels")
	}
	if root(first) == root(commits["next"]) {
		t.Error("another frame gave the same pixels")
	}
}

func borders(t *testing.T, c Config) {
	s, out := c.open(t)
	w, h := c.Recipe.Width, c.Recipe.Height
	var rects []render.Rect
	for i := 0; i < proof.TileCount(w, h); i += 7 {
		r, err := proof.TileRect(w, h, i)
		if err != nil {
			t.Fatal(err)
		}
		rects = append(rects, r)
	}
	rects = append(rects, render.Rect{X: w - 16, Y: h - 16, W: 16, H: 16}, render.Rect{X: 5, Y: 3, W: 33, H: 9})
	// Borders first: a cold session has to give the same as one that has rendered.
	cold := shoot(t, s, render.Request{Frame: 5, Seed: 3, Borders: rects, OutDir: out, Master: !c.NoMaster})
	full := shoot(t, s, render.Request{Frame: 5, Seed: 3, OutDir: out, Master: !c.NoMaster})
	warm := shoot(t, s, render.Request{Frame: 5, Seed: 3, Borders: rects, OutDir: out, Master: !c.NoMaster})
	_, trees, err := proof.Commit(5, full.Files[0].Path, full.Master)
	if err != nil {
		t.Fatal(err)
	}
	for _, tiles := range [][]render.Tile{cold.Tiles, warm.Tiles} {
		if len(tiles) != len(rects) {
			t.Fatalf("%d tiles for %d borders", len(tiles), len(rects))
		}
		for i, tile := range tiles {
			final, err := trees.Final.Crop(rects[i])
			if err != nil {
				t.Fatal(err)
			}
			if tile.Rect != rects[i] || (tile.Master == nil) != c.NoMaster {
				t.Fatalf("border %+v: tile %+v, master %v", rects[i], tile.Rect, tile.Master != nil)
			}
			if !c.NoMaster {
				master, err := trees.Master.Crop(rects[i])
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(tile.Master.Bits, master.Bits) {
					t.Errorf("border %+v: the master differs from the full frame's", rects[i])
				}
			}
			if !bytes.Equal(tile.Final.Bits, final.Bits) {
				t.Errorf("border %+v: the delivered image differs from the full frame's", rects[i])
			}
		}
	}
	left, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	want := 2
	if c.NoMaster {
		want = 1
	}
	if len(left) != want {
		t.Errorf("left in the folder: %v", left)
	}
	for _, bad := range []render.Rect{{X: w - 8, W: 16, H: 16}, {X: -1, W: 4, H: 4}, {W: 0, H: 4}} {
		if _, err := s.Render(t.Context(), render.Request{Frame: 5, Borders: []render.Rect{bad}, OutDir: out}, nil); err == nil {
			t.Errorf("border %+v accepted", bad)
		}
	}
	if !s.Alive() {
		t.Error("a bad request killed the session")
	}
}

// tiled: where the recipe denoises, a tiled session's borders carry the noise of a frame that isn't denoised, and guides
// that are the whole frame's. Only Develop needs a denoiser, unless it may leave it out.
func tiled(t *testing.T, c Config) {
	plain, plainOut := c.open(t)
	full := shoot(t, plain, render.Request{Frame: 3, Seed: 7, OutDir: plainOut, Master: true})
	_, trees, err := proof.Commit(3, full.Files[0].Path, full.Master)
	if err != nil {
		t.Fatal(err)
	}
	o := c.options(t)
	o.Recipe.Denoise, o.Tiled = true, true
	out := filepath.Join(o.Workspace, "out")
	s, err := c.Renderer.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("opening: %v\n%s", err, render.LastLog(err))
	}
	defer s.Close()
	w, h := c.Recipe.Width, c.Recipe.Height
	rects := []render.Rect{{W: w, H: h}, {W: 64, H: h}, {X: 64, W: w - 64, H: 48}, {X: 64, Y: 48, W: w - 64, H: h - 48}}
	tiles := shoot(t, s, render.Request{Frame: 3, Seed: 7, Borders: rects, OutDir: out, Master: true}).Tiles
	whole := tiles[0].Master
	if err := raster.CheckGuided(whole.Channels); err != nil {
		t.Fatal(err)
	}
	for i, tile := range tiles {
		want, err := whole.Crop(rects[i])
		if err != nil {
			t.Fatal(err)
		}
		if tile.Final != nil || !bytes.Equal(tile.Master.Bits, want.Bits) {
			t.Errorf("border %+v isn't that region of the frame, or there is a delivered image of it", rects[i])
		}
	}
	noisy, _, err := proof.SplitGuides(whole)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(noisy.Bits, trees.Master.Bits) {
		t.Error("the noise isn't that of a frame which isn't denoised")
	}
	d := s.(render.Developer)
	if _, err := d.Develop(t.Context(), render.Develop{Frame: 3, Exact: true, OutDir: out}); err != nil {
		t.Errorf("asking whether tiles can be joined: %v", err)
	}
	if len(c.Install.Denoisers) > 0 {
		return
	}
	if _, err := d.Develop(t.Context(), render.Develop{Frame: 3, Seed: 7, Master: whole, Exact: true, OutDir: out}); !errors.Is(err, render.ErrUnsupported) {
		t.Errorf("joining without a denoiser: %v", err)
	}
	rough, err := d.Develop(t.Context(), render.Develop{Frame: 3, Seed: 7, Master: whole, Exact: true, Rough: true, OutDir: out})
	if err != nil {
		t.Fatalf("leaving the denoiser out: %v\n%s", err, render.LastLog(err))
	}
	data, err := os.ReadFile(rough.File.Path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := proof.Decode(filepath.Ext(rough.File.Path), data, raster.Limits{W: w, H: h})
	if err != nil || len(img.Bits) != len(trees.Final.Bits) {
		t.Fatalf("what was developed: %v", err)
	}
	for i := range img.Bits {
		if d := int(img.Bits[i]) - int(trees.Final.Bits[i]); d < -1 || d > 1 {
			t.Fatalf("sample %d of the rough image is off by %d steps", i, d)
		}
	}
}

func cancel(t *testing.T, c Config) {
	c.Recipe.Samples = c.LongSamples
	s, out := c.open(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var at time.Time
	_, err := s.Render(ctx, render.Request{Frame: 1, OutDir: out}, func(p render.Progress) {
		if at.IsZero() {
			at = time.Now()
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if took := time.Since(at); took > 2*time.Second {
		t.Errorf("cancelling took %v", took)
	}
	if s.Alive() {
		t.Error("alive after cancelling")
	}
}

func closed(t *testing.T, c Config) {
	s, out := c.open(t)
	if !s.Alive() {
		t.Error("dead after opening")
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if s.Alive() {
		t.Error("alive after Close")
	}
	if _, err := s.Render(t.Context(), render.Request{Frame: 1, OutDir: out}, nil); err == nil {
		t.Error("rendered after Close")
	}
}
