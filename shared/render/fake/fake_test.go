package fake

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

var recipe = job.Recipe{
	Renderer: "fake", Version: Version, Engine: "CYCLES", MainFile: "scene.blend",
	Width: 160, Height: 96, Samples: 16, Device: "CPU", Format: "PNG",
}

func TestSuite(t *testing.T) {
	r := New(Behaviour{})
	found, err := r.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rendertest.Run(t, rendertest.Config{
		Renderer: r, Install: found[0], Recipe: recipe, Sandbox: render.NoSandbox{}, LongSamples: 64,
		Scene: func(t *testing.T, folder string) {
			if err := os.WriteFile(filepath.Join(folder, "scene.blend"), []byte("a scene"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	})
	if n := r.Sessions(); n != 0 {
		t.Errorf("%d sessions left open", n)
	}
}

func open(t *testing.T, b Behaviour) (render.Session, string) {
	t.Helper()
	return openWith(t, b, func(*render.Options) {})
}

func openWith(t *testing.T, b Behaviour, change func(*render.Options)) (render.Session, string) {
	t.Helper()
	w := t.TempDir()
	if err := os.Mkdir(filepath.Join(w, render.SceneFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w, render.SceneFolder, "scene.blend"), []byte("a scene"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := render.Options{Workspace: w, Recipe: recipe, Sandbox: render.NoSandbox{}}
	change(&o)
	s, err := New(b).Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, w
}

// TestDenoisedOnceAfterJoining: what is denoised once after joining is what is denoised whole, byte for byte, and denoising
// tile by tile would show where they meet, and elsewhere.
func TestDenoisedOnceAfterJoining(t *testing.T) {
	b := Behaviour{Denoisers: []string{render.OpenImageDenoise}}
	denoises := func(o *render.Options) { o.Recipe.Denoise = true }
	whole, out := openWith(t, b, denoises)
	f, err := whole.Render(t.Context(), render.Request{Frame: 1, Seed: 4, OutDir: out, Master: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(f.Files[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	s, out := openWith(t, b, func(o *render.Options) { denoises(o); o.Tiled = true })
	borders := []render.Rect{{W: 80, H: 96}, {X: 80, W: 80, H: 96}}
	f, err = s.Render(t.Context(), render.Request{Frame: 1, Seed: 4, Borders: borders, OutDir: out, Master: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	joined := raster.New(160, 96, f.Tiles[0].Master.Channels, raster.F16)
	apart := raster.New(160, 96, []string{"R", "G", "B", "A"}, raster.F16)
	for _, tile := range f.Tiles {
		noisy, guides, err := proof.SplitGuides(tile.Master)
		if err != nil {
			t.Fatal(err)
		}
		alone := denoise(noisy, guides)
		for y := range tile.Rect.H {
			for x := range tile.Rect.W {
				for c := range joined.Channels {
					joined.Set(tile.Rect.X+x, y, c, tile.Master.At(x, y, c))
				}
				for c := range apart.Channels {
					apart.Set(tile.Rect.X+x, y, c, alone.At(x, y, c))
				}
			}
		}
	}
	made, err := s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 1, Seed: 4, Master: joined, OutDir: out, Exact: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(made.File.Path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("joined and denoised is another file than rendered and denoised whole, %v", err)
	}
	seams := bytes.Buffer{}
	if err := raster.EncodePNG(&seams, delivered(apart)); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(seams.Bytes(), want) {
		t.Error("denoising tile by tile is the same: this test shows nothing")
	}
}

func TestFailures(t *testing.T) {
	s, out := open(t, Behaviour{Fail: map[int]error{2: render.ErrMissingAsset, 3: render.ErrCrashed}})
	if _, err := s.Render(t.Context(), render.Request{Frame: 2, OutDir: out}, nil); !errors.Is(err, render.ErrMissingAsset) {
		t.Errorf("missing file: %v", err)
	}
	if !s.Alive() {
		t.Error("a missing file killed the session")
	}
	if _, err := s.Render(t.Context(), render.Request{Frame: 3, OutDir: out}, nil); !errors.Is(err, render.ErrCrashed) || s.Alive() {
		t.Errorf("crash: %v, alive %v", err, s.Alive())
	}
}

func TestSlowAndHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, out := open(t, Behaviour{FrameTime: time.Minute, Hang: []int{2}})
		start := time.Now()
		if _, err := s.Render(t.Context(), render.Request{Frame: 1, OutDir: out}, nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := s.Render(ctx, render.Request{Frame: 2, OutDir: out}, nil)
		if !errors.Is(err, render.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("hung: %v", err)
		}
	})
}
