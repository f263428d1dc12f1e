package rendertest

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
)

//go:embed scene.py
var sceneScript string

// BlenderScene writes the test scene into folder with the Blender at path. variation is ""
// or one that scene.py knows: "driver", "restless" (adaptive sampling that few pixels leave early), "denoise", "compositor",
// "stereo", "outputs" (File Output nodes), "layers" (a second view layer and camera), "nocamera", "missing".
func BlenderScene(t testing.TB, path, folder, variation string) {
	t.Helper()
	tmp := t.TempDir()
	script := filepath.Join(tmp, "scene.py")
	if err := os.WriteFile(script, []byte(sceneScript), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "-b", "--factory-startup", "-noaudio", "--python-exit-code", "64", "-P", script, "--", folder, variation)
	cmd.Env = append(os.Environ(), "HOME="+tmp)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("making the test scene: %v\n%s", err, out)
	}
}

// Denoising makes a program that is the Blender at path and says that it has OpenImageDenoise, whose Denoise node lets the
// image through where Blender is built without. It returns the program's path.
func Denoising(t testing.TB, path string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "blender")
	script := "#!/bin/sh\nexec '" + path + "' -b --python-expr 'import _cycles; _cycles.with_openimagedenoise = True' \"$@\"\n"
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

// Recipe is the test scene's recipe for a Blender of the given version.
func Recipe(version string) job.Recipe {
	return job.Recipe{
		Renderer: "blender", Version: version, Engine: "CYCLES", MainFile: "scene.blend",
		Width: 160, Height: 96, Samples: 16, Device: "CPU",
		Format: "PNG", ColorMode: "RGBA", ColorDepth: "8",
	}
}
