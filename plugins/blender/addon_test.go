package blender_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/png"
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

// farm starts a stand-in manager and returns the environment for an add-on that uses it.
func farm(t *testing.T, flags ...string) (zip string, env []string) {
	t.Helper()
	b, err := built()
	if err != nil {
		t.Fatal(err)
	}
	ready := start(t, nil, true, b.stub, append([]string{"--data", t.TempDir()}, flags...)...)
	address := regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(ready)
	if address == nil {
		t.Fatalf("the stand-in says %q", ready)
	}
	resources := t.TempDir()
	for _, folder := range []string{"scripts", "config"} {
		if err := os.Mkdir(filepath.Join(resources, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return b.zip, []string{"HELIOSTAT_MANAGER=" + address[1], "HELIOSTAT_DATA=" + t.TempDir(), "BLENDER_USER_RESOURCES=" + resources, "TMPDIR=" + t.TempDir()}
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
	spoil := "import bpy; bpy.context.scene.cycles.use_denoising = True; bpy.ops.wm.save_mainfile()"
	blend(t, nil, shot, "--factory-startup", "--python-exit-code", "3", "--python-expr", spoil)
	out := blend(t, env, shot, "--python-exit-code", "3", "--python", "testdata/background.py", "--", zip, "submit")
	if !strings.Contains(out, "REFUSED") || !strings.Contains(out, "no worker's Blender 3.4.1 has a denoiser") || !strings.Contains(out, "Denoise off") {
		t.Errorf("Blender said\n%s", out)
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

// report is what testdata/ui.py writes.
type report struct {
	Tick  int
	Gap   float64
	Areas []struct {
		Type                string
		X, Y, Width, Height int
		Image               string
	}
	Clipboard, Phase, Error, LastFrame string
	Connected                          bool
	Findings                           []struct{ Level, Code string }
	Here                               int
	Price                              int64
}

// desk is a Blender window that a test works with by mouse.
type desk struct {
	t       *testing.T
	display string
	path    string
}

const screenWidth, screenHeight = 1280, 900

func openDesk(t *testing.T, scene string, flags ...string) *desk {
	t.Helper()
	zip, env := farm(t, flags...)
	d := &desk{t: t, path: filepath.Join(t.TempDir(), "report.json")}
	// Xvfb picks a free display and says which.
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", screenWidth, screenHeight))
	server.ExtraFiles = []*os.File{write}
	if err := server.Start(); err != nil {
		t.Fatalf("start Xvfb: %v", err)
	}
	write.Close()
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait() // ended by the signal
	})
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb names no display: %v", err)
	}
	d.display = ":" + strings.TrimSpace(number)
	env = append(env, "DISPLAY="+d.display, "LIBGL_ALWAYS_SOFTWARE=1")
	start(t, env, false, "openbox")
	start(t, env, false, "blender", "--factory-startup", "--window-geometry", "0", "0", fmt.Sprint(screenWidth), fmt.Sprint(screenHeight), scene,
		"--python", "testdata/ui.py", "--", zip, d.path)
	return d
}

// until polls the report of the running Blender, another process.
func (d *desk) until(what string, limit time.Duration, holds func(report) bool) report {
	d.t.Helper()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	var now report
	for {
		raw, err := os.ReadFile(d.path)
		if err == nil {
			err = json.Unmarshal(raw, &now)
		}
		if err == nil && holds(now) {
			return now
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			d.t.Fatalf("read the report: %v", err)
		}
		select {
		case <-tick.C:
		case <-end:
			d.screenshot("late")
			d.t.Fatalf("%s did not come within %v: %+v", what, limit, now)
		}
	}
}

func (d *desk) xdotool(arguments ...string) {
	d.t.Helper()
	command := exec.Command("xdotool", arguments...)
	command.Env = append(os.Environ(), "DISPLAY="+d.display)
	if out, err := command.CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool %v: %v\n%s", arguments, err, out)
	}
}

// press finds an operator's button by moving the mouse over the panel and asking Blender
// with Ctrl+C what lies under it, and clicks it.
func (d *desk) press(operator string) {
	d.t.Helper()
	now := d.until("the window", time.Minute, func(r report) bool { return r.Tick > 0 })
	wanted := "bpy.ops.heliostat." + operator + "("
	for _, area := range now.Areas {
		if area.Type != "PROPERTIES" {
			continue
		}
		// Blender counts from below; the window is the screen, or a little lower under its
		// title bar, which the search doesn't mind.
		top := screenHeight - area.Y - area.Height
		for _, share := range []int{30, 75} {
			x := area.X + area.Width*share/100
			for y := top + 30; y < top+area.Height; y += 14 {
				tick := d.until("a tick", 20*time.Second, func(report) bool { return true }).Tick
				d.xdotool("mousemove", fmt.Sprint(x), fmt.Sprint(y), "sleep", "0.05", "key", "ctrl+c")
				if r := d.until("a tick", 20*time.Second, func(r report) bool { return r.Tick > tick+1 }); strings.HasPrefix(r.Clipboard, wanted) {
					d.xdotool("mousemove", fmt.Sprint(x), fmt.Sprint(y+3), "sleep", "0.1", "click", "1")
					return
				}
			}
		}
	}
	d.screenshot("search")
	d.t.Fatalf("there is no button for %s", operator)
}

// screenshot keeps a picture where HELIOSTAT_SCREENSHOTS says, and checks that it is one.
func (d *desk) screenshot(name string) {
	d.t.Helper()
	dir := os.Getenv("HELIOSTAT_SCREENSHOTS")
	if dir == "" {
		dir = d.t.TempDir()
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		d.t.Fatal(err)
	}
	path := filepath.Join(dir, "blender-"+name+".png")
	command := exec.Command("import", "-window", "root", path)
	command.Env = append(os.Environ(), "DISPLAY="+d.display)
	if out, err := command.CombinedOutput(); err != nil {
		d.t.Fatalf("screenshot: %v\n%s", err, out)
	}
	file, err := os.Open(path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		d.t.Fatal(err)
	}
	colours := make(map[[3]uint32]bool)
	for y := 0; y < picture.Bounds().Dy(); y += 3 {
		for x := 0; x < picture.Bounds().Dx(); x += 3 {
			r, g, b, _ := picture.At(x, y).RGBA()
			colours[[3]uint32{r, g, b}] = true
		}
	}
	if len(colours) < 50 {
		d.t.Errorf("the window shows only %d colours", len(colours))
	}
}

// TestPanel works through the panel in the real interface: connect, preflight, quote,
// submit, progress, last frame, and in a second submission cancel.
func TestPanel(t *testing.T) {
	dir := awkward(t)
	d := openDesk(t, filepath.Join(dir, "project", "shot.blend"), "--pace", "4s")
	d.press("connect")
	d.until("the connection", 30*time.Second, func(r report) bool { return r.Connected })
	d.press("preflight")
	d.until("the findings", 60*time.Second, func(r report) bool { return r.Findings != nil })
	d.screenshot("preflight")
	d.press("submit")
	d.until("the quote", 60*time.Second, func(r report) bool { return r.Phase == "confirm" && r.Price > 0 })
	d.screenshot("quote")
	d.press("accept_quote")
	now := d.until("a frame", 60*time.Second, func(r report) bool { return r.Phase == "render" && r.Here > 0 })
	shown := d.until("the last frame in the Image Editor", 30*time.Second, func(r report) bool {
		for _, area := range r.Areas {
			if area.Type == "IMAGE_EDITOR" && area.Image == r.LastFrame && r.LastFrame != "" {
				return true
			}
		}
		return false
	})
	d.screenshot("frame")
	t.Logf("frame shown: %s of %d here", shown.LastFrame, now.Here)
	d.until("delivery", 60*time.Second, func(r report) bool { return r.Phase == "delivered" })
	d.press("accept_frames")
	d.until("settlement", 30*time.Second, func(r report) bool { return r.Phase == "settled" })
	d.press("submit")
	d.until("the second quote", 60*time.Second, func(r report) bool { return r.Phase == "confirm" })
	d.press("accept_quote")
	d.until("rendering", 30*time.Second, func(r report) bool { return r.Phase == "render" })
	d.press("cancel")
	last := d.until("the cancel", 30*time.Second, func(r report) bool { return r.Phase == "cancelled" })
	d.screenshot("cancelled")
	// Software OpenGL on a busy machine draws slowly; a bridge that waited for the network
	// or for the scene's files would cost more than this.
	if last.Gap > 3 {
		t.Errorf("the interface stood still for %.1f s", last.Gap)
	}
	t.Logf("longest gap between ticks: %.2f s", last.Gap)
}
