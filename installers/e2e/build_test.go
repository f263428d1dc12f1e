package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Built once for all tests: the programs as they are released, and a worker that cheats,
// which only the build tag makes.
var (
	root     string // the module's
	binDir   string
	sceneDir string
)

var programs = []struct {
	name, pkg string
	flags     []string
}{
	{"heliostat-manager", "./manager", nil},
	{"heliostat-worker", "./workerapp/headless", nil},
	{"heliostat-worker-cheat", "./workerapp/headless", []string{"-tags", "cheat"}},
	{"heliostat-verifier", "./verifier", nil},
	{"heliostat", "./desktop", []string{"-tags", "nogui"}},
	{"libheliostat.so", "./plugins/bridge", []string{"-buildmode=c-shared"}},
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "heliostat-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if root, err = filepath.Abs(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binDir, sceneDir = filepath.Join(dir, "bin"), filepath.Join(dir, "scene")
	for _, p := range programs {
		args := append(append([]string{"build"}, p.flags...), "-o", filepath.Join(binDir, p.name), p.pkg)
		if err := command(args...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := command("run", "./plugins/blender/zip", "-library", filepath.Join(binDir, "libheliostat.so"), filepath.Join(binDir, "heliostat-blender.zip")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	scene := exec.Command("blender", "--background", "--factory-startup", "--python-exit-code", "3", "--python", "installers/scene/make_scene.py", "--", sceneDir)
	scene.Dir = root
	if out, err := scene.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "make the scene: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// command runs go from the module's root.
func command(args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v: %w\n%s", args, err, out)
	}
	return nil
}
