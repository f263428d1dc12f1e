package session

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/known"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
)

// TestRenderersInTheSandbox renders with everything that is installed here, confined as a
// worker confines it: without a display, a network or a device.
func TestRenderersInTheSandbox(t *testing.T) {
	renderers, err := known.Renderers(known.Config{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := warm.Find(t.Context(), renderers)
	if err != nil {
		t.Fatal(err)
	}
	box, err := sandbox.Detect()
	if err != nil {
		t.Fatal(err)
	}
	there := func(r job.Recipe) warm.Found {
		t.Helper()
		f, err := warm.Choose(found, r, job.TaskRender)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	var blender, povray string
	for _, f := range found {
		switch f.Install.Renderer {
		case "blender":
			blender = f.Install.Version
		case "povray":
			povray = f.Install.Version
		}
	}
	scene := t.TempDir()
	recipe := rendertest.Recipe(blender)
	recipe.Samples, recipe.Compositing = 8, true
	rendertest.BlenderScene(t, there(recipe).Install.Path, scene, "outputs")
	if err := os.WriteFile(filepath.Join(scene, "a.pov"), []byte("sphere { 0,1 pigment { rgb 1 } } light_source { <2,3,-4> rgb 1 } camera { location -4*z look_at 0 }"), 0o600); err != nil {
		t.Fatal(err)
	}
	eevee, workbench, long := recipe, recipe, recipe
	eevee.Engine, workbench.Engine, long.Samples = "BLENDER_EEVEE", "BLENDER_WORKBENCH", 1<<16
	pov := job.Recipe{Renderer: "povray", Version: povray, Engine: "POVRAY", MainFile: "a.pov", Width: 64, Height: 48, Device: "CPU", Format: "PNG"}
	for _, c := range []struct {
		name   string
		recipe job.Recipe
		extras int
		stop   bool
	}{{"cycles", recipe, 3, false}, {"eevee", eevee, 3, false}, {"workbench", workbench, 3, false}, {"povray", pov, 0, false}, {"stopped", long, 0, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := t.TempDir()
			out := filepath.Join(w, "out")
			if err := errors.Join(os.Mkdir(out, 0o700), os.CopyFS(filepath.Join(w, render.SceneFolder), os.DirFS(scene))); err != nil {
				t.Fatal(err)
			}
			f := there(c.recipe)
			s, err := f.Renderer.Open(t.Context(), render.Options{Install: f.Install, Workspace: w, Recipe: c.recipe, Sandbox: box})
			if err != nil {
				t.Fatalf("%v\n%s", err, render.LastLog(err))
			}
			defer s.Close()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var at time.Time
			frame, err := s.Render(ctx, render.Request{Frame: 2, OutDir: out, Master: needsMaster(c.recipe)}, func(render.Progress) {
				if c.stop && at.IsZero() {
					freeze(t, w)
					at = time.Now()
					stop()
				}
			})
			if c.stop {
				if took := time.Since(at); !errors.Is(err, context.Canceled) || took > 2*time.Second || len(inside(t, w)) > 0 {
					t.Errorf("after %v: %v; left: %v", took, err, inside(t, w))
				}
				return
			}
			if err != nil || len(frame.Files) != 1 || len(frame.Extras) != c.extras {
				t.Errorf("%+v, %v\n%s", frame, err, render.LastLog(err))
			}
		})
	}
}

// freeze stops everything of a session, its sandbox included.
func freeze(t *testing.T, workspace string) {
	for _, pid := range inside(t, workspace) {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
	}
}

// inside lists the processes that have the workspace on their command line.
func inside(t *testing.T, workspace string) []int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, line := range lines {
		text, err := os.ReadFile(line)
		if err != nil || !bytes.Contains(text, []byte(workspace)) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(line)))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, pid)
	}
	return list
}
