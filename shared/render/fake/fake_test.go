package fake

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
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
	w := t.TempDir()
	if err := os.Mkdir(filepath.Join(w, render.SceneFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w, render.SceneFolder, "scene.blend"), []byte("a scene"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(b).Open(t.Context(), render.Options{Workspace: w, Recipe: recipe, Sandbox: render.NoSandbox{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, w
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
