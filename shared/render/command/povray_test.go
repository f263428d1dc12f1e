package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

func describe(t testing.TB, name string) *Description {
	t.Helper()
	list, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.Renderer == name {
			return d
		}
	}
	t.Fatalf("no description of %s", name)
	return nil
}

func povray(t *testing.T) (*Command, render.Install) {
	t.Helper()
	c := New(describe(t, "povray"), Config{})
	found, err := c.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no POV-Ray found (%v); install it: apt-get install povray", err)
	}
	return c, found[0]
}

func recipe(version string) job.Recipe {
	return job.Recipe{
		Renderer: "povray", Version: version, Engine: "POVRAY", MainFile: "-odd name.pov", Device: "CPU",
		Width: 160, Height: 96, Samples: 16, Format: "PNG", ColorMode: "RGB", ColorDepth: "8",
	}
}

// copyScene writes the test scene into a folder, under a name that looks like an option.
func copyScene(t *testing.T, folder string) {
	t.Helper()
	text, err := os.ReadFile("testdata/scene.pov")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "-odd name.pov"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSuite(t *testing.T) {
	c, in := povray(t)
	rendertest.Run(t, rendertest.Config{
		Renderer: c, Install: in, Recipe: recipe(in.Version), Sandbox: render.NoSandbox{}, LongSamples: 1 << 20, NoMaster: true, Scene: copyScene,
	})
}

// session opens a scene of the given text.
func open(t *testing.T, text string, change func(*render.Options)) (render.Session, string) {
	t.Helper()
	c, in := povray(t)
	w := t.TempDir()
	for _, dir := range []string{render.SceneFolder, "out"} {
		if err := os.Mkdir(filepath.Join(w, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(w, render.SceneFolder, "a.pov"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := render.Options{Install: in, Workspace: w, Recipe: recipe(in.Version), Sandbox: render.NoSandbox{}}
	o.Recipe.MainFile = "a.pov"
	if change != nil {
		change(&o)
	}
	s, err := c.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, filepath.Join(w, "out")
}

func TestBadScenes(t *testing.T) {
	for _, c := range []struct {
		text string
		kind error
		says string
	}{
		{`sphere { 0,1 pigment { image_map { png "wood.png" } } }`, render.ErrMissingAsset, "wood.png"},
		{`#include "parts.inc"`, render.ErrMissingAsset, "parts.inc"},
		{`sphere { 0,1 pigment {`, render.ErrBadScene, ""},
		{`#error "stop"`, render.ErrBadScene, "line 1"},
	} {
		s, out := open(t, c.text, nil)
		_, err := s.Render(t.Context(), render.Request{Frame: 1, OutDir: out}, nil)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || render.LastLog(err) == "" {
			t.Errorf("%s: %v", c.text, err)
		}
		if !s.Alive() {
			t.Error("a bad scene ended the session; another process renders the next frame")
		}
	}
}

func TestFormats(t *testing.T) {
	text, err := os.ReadFile("testdata/scene.pov")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ format, mode, depth, ext string }{{"PNG", "RGBA", "16", ".png"}, {"OPEN_EXR", "RGB", "", ".exr"}} {
		s, out := open(t, string(text), func(o *render.Options) {
			o.Recipe.Format, o.Recipe.ColorMode, o.Recipe.ColorDepth = c.format, c.mode, c.depth
		})
		f, err := s.Render(t.Context(), render.Request{Frame: 12, OutDir: out}, nil)
		if err != nil || len(f.Files) != 1 || filepath.Base(f.Files[0].Path) != "frame-0012"+c.ext {
			t.Errorf("%s: %+v, %v\n%s", c.format, f, err, render.LastLog(err))
			continue
		}
		commit, _, err := proof.Commit(12, f.Files[0].Path, "")
		if err != nil || commit.W != 160 || commit.H != 96 {
			t.Errorf("%s: %+v, %v", c.format, commit, err)
		}
	}
}

// TestStopped has a program that doesn't run at all when the render is cancelled, or that nobody cancels.
func TestStopped(t *testing.T) {
	text, err := os.ReadFile("testdata/scene.pov")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		patience time.Duration
		ends     error
	}{{0, context.Canceled}, {time.Second, render.ErrHung}} {
		s, out := open(t, string(text), func(o *render.Options) { o.Recipe.Samples, o.Patience = 1<<20, c.patience })
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var at time.Time
		pid := 0
		_, err = s.Render(ctx, render.Request{Frame: 1, OutDir: out}, func(render.Progress) {
			if !at.IsZero() {
				return
			}
			pid = s.(*session).running.PID()
			if err := syscall.Kill(-pid, syscall.SIGSTOP); err != nil {
				t.Error(err)
			}
			at = time.Now()
			if c.patience == 0 {
				stop()
			}
		})
		if took := time.Since(at); !errors.Is(err, c.ends) || c.patience == 0 && took > 2*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		if s.Alive() {
			t.Errorf("%v: alive", c.ends)
		}
		if err := syscall.Kill(-pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%v: something of it is left: %v", c.ends, err)
		}
	}
}
