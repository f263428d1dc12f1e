package submit_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/plugins/submit/submittest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func manager(t *testing.T, installs []wire.RendererCount) *submittest.Manager {
	t.Helper()
	return started(t, submittest.Options{Installs: installs})
}

func started(t *testing.T, o submittest.Options) *submittest.Manager {
	t.Helper()
	o.Dir = t.TempDir()
	m, err := submittest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func agent(t *testing.T, url, data string) *submit.Agent {
	t.Helper()
	a, err := submit.New(submit.Options{Manager: url, DataDir: data, Connect: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// scene writes a small project and describes it.
func scene(t *testing.T, frames ...int) submit.Scene {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "shot.blend"), strings.Repeat("BLENDER-v304 not really", 20_000))
	write(t, filepath.Join(dir, "textures", "ground.png"), strings.Repeat("picture", 60_000))
	return submit.Scene{
		Heliostat: 1, Name: "shot", Main: "shot.blend", Root: dir,
		Files: []submit.File{
			{Name: "shot.blend", Path: filepath.Join(dir, "shot.blend"), User: "the scene", Kind: "scene"},
			{Name: "textures/ground.png", Path: filepath.Join(dir, "textures", "ground.png"), User: `Image "ground"`, Kind: "image"},
		},
		Recipe: job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", MainFile: "shot.blend", Width: 32, Height: 18, Samples: 4, Device: "CPU", Format: "PNG"},
		Frames: frames,
		Output: submit.Output{Pattern: filepath.Join(dir, "render", "frame_####"), Extension: ".png"},
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func wait(t *testing.T, s *submit.Submission, what string, until func(submit.Status) bool) submit.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	now, err := s.Wait(ctx, until)
	if err != nil {
		t.Fatalf("wait for %s: %v; it stands at %s: %s", what, err, now.Phase, now.Text)
	}
	return now
}

func phase(p submit.Phase) func(submit.Status) bool {
	return func(s submit.Status) bool { return s.Phase == p }
}

func funded(t *testing.T, m *submittest.Manager) *submittest.Job {
	t.Helper()
	select {
	case j := <-m.Funded():
		return j
	case <-time.After(30 * time.Second):
		t.Fatal("no job was funded")
		return nil
	}
}

func deliver(t *testing.T, m *submittest.Manager, j *submittest.Job, frames ...int) {
	t.Helper()
	for _, n := range frames {
		if err := m.Deliver(j, n); err != nil {
			t.Fatal(err)
		}
	}
}
