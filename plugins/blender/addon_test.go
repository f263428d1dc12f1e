package blender_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is what the add-on's tests share: made once, because linking takes a while.
var built = sync.OnceValues(func() (b struct{ zip, stub string }, err error) {
	dir, err := os.MkdirTemp("", "heliostat-addon-test-")
	if err != nil {
		return b, err
	}
	b.zip, b.stub = filepath.Join(dir, "heliostat.zip"), filepath.Join(dir, "stub")
	for _, arguments := range [][]string{{"run", "./zip", b.zip}, {"build", "-o", b.stub, "../submit/submittest/stub"}} {
		if out, err := exec.Command("go", arguments...).CombinedOutput(); err != nil {
			return b, fmt.Errorf("go %s: %w\n%s", strings.Join(arguments, " "), err, out)
		}
	}
	return b, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if b, err := built(); err == nil {
		os.RemoveAll(filepath.Dir(b.zip))
	}
	os.Exit(code)
}

// start runs a program until the test ends and returns its first line, if it is to have one.
func start(t *testing.T, env []string, line bool, name string, arguments ...string) string {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Env = append(os.Environ(), env...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	reader := bufio.NewReader(out)
	first := ""
	if line {
		if first, err = reader.ReadString('\n'); err != nil {
			t.Errorf("%s said nothing: %v", name, err)
		}
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for err := error(nil); err == nil; _, err = reader.ReadString('\n') {
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGTERM) // it may have ended
		ended := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
		<-drained
		_ = command.Wait() // how it ends doesn't matter
		ended.Stop()
	})
	return first
}

// version is this machine's Blender's.
func version(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("blender", "--version").Output()
	found := regexp.MustCompile(`Blender (\d+\.\d+\.\d+)`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("blender --version: %v: %s", err, out)
	}
	return string(found[1])
}

// farm starts a stand-in manager and returns the environment for an add-on that uses it.
func farm(t *testing.T, flags ...string) (zip string, env []string) {
	t.Helper()
	b, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return b.zip, artist(t, address(t, start(t, nil, true, b.stub, append([]string{"--data", t.TempDir(), "--blender", version(t)}, flags...)...)))
}

// address is where a manager serves, out of its ready line.
func address(t *testing.T, ready string) string {
	t.Helper()
	found := regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(ready)
	if found == nil {
		t.Fatalf("the manager says %q", ready)
	}
	return found[1]
}

// artist is the environment of a Blender with nobody's settings but ours.
func artist(t *testing.T, manager string) []string {
	t.Helper()
	resources := t.TempDir()
	for _, folder := range []string{"scripts", "config"} {
		if err := os.Mkdir(filepath.Join(resources, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"HELIOSTAT_MANAGER=" + manager, "HELIOSTAT_DATA=" + t.TempDir(), "BLENDER_USER_RESOURCES=" + resources, "TMPDIR=" + t.TempDir()}
}

func TestSubmitInBackground(t *testing.T) {
	dir := awkward(t)
	zip, env := farm(t, "--pace", "20ms")
	shot := filepath.Join(dir, "project", "shot.blend")
	out := blend(t, env, shot, "--python-exit-code", "3", "--python", "testdata/background.py", "--", zip, "submit")
	if !strings.Contains(out, "RESULT {'FINISHED'}") || !regexp.MustCompile(`heliostat: done phase=settled key=s\w+ job=j\w+ frames=3 uploaded=[1-9]`).MatchString(out) {
		t.Fatalf("Blender said\n%s", out)
	}
	for _, name := range []string{"shot_001.png", "shot_002.png", "shot_003.png"} {
		if _, err := os.Stat(filepath.Join(dir, "project", "out", name)); err != nil {
			t.Error(err)
		}
	}
	temporary := strings.TrimPrefix(env[len(env)-1], "TMPDIR=")
	if left, _ := filepath.Glob(filepath.Join(temporary, "heliostat-*")); len(left) > 0 {
		t.Errorf("temporary scenes stay: %v", left)
	}
}

func TestRefusedInBackground(t *testing.T) {
	dir := awkward(t)
	zip, env := farm(t)
	shot := filepath.Join(dir, "project", "shot.blend")
	texture := filepath.Join(dir, "project", "tex", "tile.1002.png")
	if err := os.WriteFile(texture, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"preflight", "submit"} {
		out := blend(t, env, shot, "--python-exit-code", "3", "--python", "testdata/background.py", "--", zip, what)
		if !strings.Contains(out, "REFUSED") || !strings.Contains(out, texture+", which is empty") || !strings.Contains(out, "remove it from the scene") {
			t.Errorf("%s: Blender said\n%s", what, out)
		}
	}
}

func TestDenoiserIsMissed(t *testing.T) {
	dir := awkward(t)
	zip, env := farm(t)
	shot := filepath.Join(dir, "project", "shot.blend")
	for _, c := range []struct{ spoil, lacks, fix string }{
		{"scene.cycles.use_denoising = True", "has a denoiser", "Denoise off"},
		{"scene.cycles.use_denoising = False; scene.use_nodes = True; group = bpy.data.node_groups.new('Clean', 'CompositorNodeTree'); " +
			"group.nodes.new('CompositorNodeDenoise'); scene.node_tree.nodes.new('CompositorNodeGroup').node_tree = group",
			"has OpenImageDenoise", "mute the node"},
	} {
		blend(t, nil, shot, "--factory-startup", "--python-exit-code", "3", "--python-expr",
			"import bpy; scene = bpy.context.scene; "+c.spoil+"; bpy.ops.wm.save_mainfile()")
		out := blend(t, env, shot, "--python-exit-code", "3", "--python", "testdata/background.py", "--", zip, "submit")
		if !strings.Contains(out, "REFUSED") || !strings.Contains(out, "no worker's Blender "+version(t)+" "+c.lacks) || !strings.Contains(out, c.fix) {
			t.Errorf("after %s Blender said\n%s", c.spoil, out)
		}
	}
}

func TestNoManagerInBackground(t *testing.T) {
	dir := awkward(t)
	zip, env := farm(t)
	env[0] = "HELIOSTAT_MANAGER=http://127.0.0.1:9"
	out := blend(t, env, filepath.Join(dir, "project", "shot.blend"), "--python-exit-code", "3", "--python", "testdata/background.py", "--", zip, "submit")
	if !strings.Contains(out, "REFUSED") || !strings.Contains(out, "no manager answers at http://127.0.0.1:9; start one with `heliostat farm start`") {
		t.Errorf("Blender said\n%s", out)
	}
}
