package blender

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/render"
)

// TestLinkedLibraries opens a scene with nested libraries in another folder than it was
// made in, then takes one file after the other away.
func TestLinkedLibraries(t *testing.T) {
	b, in := install(t)
	made := t.TempDir()
	script, err := filepath.Abs("testdata/libraries.py")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), in.Path, "-b", "--factory-startup", "-noaudio", "--python-exit-code", "64", "-P", script, "--", made)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	o := options(t, in, "")
	scene := filepath.Join(o.Workspace, render.SceneFolder)
	if err := os.CopyFS(scene, os.DirFS(made)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(made); err != nil {
		t.Fatal(err)
	}
	o.Recipe.MainFile, o.Recipe.Samples = "main.blend", 1
	for _, missing := range []string{"", "libs/deep/tex.png", "libs/deep/b.blend", "libs/a.blend", "main.blend"} {
		if missing != "" {
			if err := os.Remove(filepath.Join(scene, missing)); err != nil {
				t.Fatal(err)
			}
		}
		s, err := b.Open(t.Context(), o)
		if missing == "" {
			if err != nil {
				t.Fatal(err)
			}
			f, err := s.Render(t.Context(), render.Request{Frame: 1, OutDir: filepath.Join(o.Workspace, "out"), Master: true}, nil)
			if err != nil || f.Master == "" {
				t.Errorf("%v", err)
			}
		} else if !errors.Is(err, render.ErrMissingAsset) || !strings.Contains(err.Error(), filepath.Base(missing)) {
			t.Errorf("%s: %v", missing, err)
		}
		if s != nil {
			s.Close()
		}
	}
}
