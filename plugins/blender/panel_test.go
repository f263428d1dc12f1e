package blender_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
	Workers                            int
	Findings                           []struct{ Level, Code string }
	Here                               int
	Price, Uploaded                    int64
}

// shows tells whether an Image Editor shows that file.
func (r report) shows(path string) bool {
	for _, area := range r.Areas {
		if area.Type == "IMAGE_EDITOR" && path != "" && area.Image == path {
			return true
		}
	}
	return false
}

// desk is a Blender window that a test works with by mouse.
type desk struct {
	t       *testing.T
	display string
	path    string
}

const screenWidth, screenHeight = 1280, 800

// openDesk opens a scene in a Blender with a window, the add-on of zip and the environment.
func openDesk(t *testing.T, scene, zip string, env []string) *desk {
	t.Helper()
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
	d.widen()
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

// widen drags the panel's edge into the picture.
func (d *desk) widen() {
	d.t.Helper()
	const wanted = 400 // pixels
	panel := func(r report) (x, width int) {
		for _, area := range r.Areas {
			if area.Type == "PROPERTIES" {
				return area.X, area.Width
			}
		}
		return 0, 0
	}
	x, _ := panel(d.until("the window", time.Minute, func(r report) bool { return r.Tick > 20 }))
	y := fmt.Sprint(screenHeight / 2)
	d.xdotool("mousemove", fmt.Sprint(x-1), y, "sleep", "0.3", "mousedown", "1", "sleep", "0.3", "mousemove", fmt.Sprint(x-60), y,
		"sleep", "0.2", "mousemove", fmt.Sprint(screenWidth-wanted), y, "sleep", "0.3", "mouseup", "1")
	d.until("a wide panel", 20*time.Second, func(r report) bool { _, width := panel(r); return width > wanted-60 })
}

// leftHalf are the operators whose button shares its row with another on its right.
var leftHalf = map[string]bool{"preflight": true, "accept_quote": true}

// press finds an operator's button by moving the mouse over the panel and asking Blender
// with Ctrl+C what lies under it, and clicks it.
func (d *desk) press(operator string) {
	d.t.Helper()
	now := d.until("the window", time.Minute, func(r report) bool { return r.Tick > 0 })
	wanted := "bpy.ops.heliostat." + operator + "("
	for range 2 { // the button may move up past the search while a job's lines come and go
		for _, area := range now.Areas {
			if area.Type != "PROPERTIES" {
				continue
			}
			x := area.X + area.Width*75/100
			if leftHalf[operator] {
				x = area.X + area.Width*30/100
			}
			// Blender counts from below; the window is the screen, or a little lower under its
			// title bar, which the search doesn't mind.
			top := screenHeight - area.Y - area.Height
			for y := top + 30; y < top+area.Height; y += 14 {
				if !strings.HasPrefix(d.under(x, y), wanted) {
					continue
				}
				// A busy Blender may have answered late, for the place before.
				for _, at := range []int{y, y - 14} {
					d.wipe()
					if strings.HasPrefix(d.under(x, at), wanted) {
						d.xdotool("mousemove", fmt.Sprint(x), fmt.Sprint(at+3), "sleep", "0.1", "click", "1")
						d.t.Logf("%s pressed at %d, %d", operator, x, at)
						return
					}
				}
			}
		}
	}
	d.screenshot("search")
	d.t.Fatalf("there is no button for %s", operator)
}

// under moves the mouse and says what Blender has copied then.
func (d *desk) under(x, y int) string {
	d.t.Helper()
	tick := d.until("a tick", 20*time.Second, func(report) bool { return true }).Tick
	d.xdotool("mousemove", fmt.Sprint(x), fmt.Sprint(y), "sleep", "0.03", "key", "ctrl+c")
	return d.until("a tick", 20*time.Second, func(r report) bool { return r.Tick > tick+1 }).Clipboard
}

// wipe makes Blender forget what it has copied.
func (d *desk) wipe() {
	d.t.Helper()
	if err := os.WriteFile(d.path+".wipe", nil, 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.until("an empty clipboard", 20*time.Second, func(r report) bool { return r.Clipboard == "wiped" })
}

// screenshot keeps a picture where HELIOSTAT_SCREENSHOTS says, and checks that it is one.
func (d *desk) screenshot(name string) {
	d.t.Helper()
	// What the session knows is drawn a little later.
	var tick int
	d.until("a tick", 20*time.Second, func(r report) bool { tick = r.Tick; return true })
	d.until("some ticks", 20*time.Second, func(r report) bool { return r.Tick > tick+12 })
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
	if flat(decode(d.t, path)) {
		d.t.Error("the window shows hardly any colours")
	}
}

// TestPanel works through the panel in the real interface: connect, preflight, quote,
// submit, progress, last frame, and in a second submission cancel.
func TestPanel(t *testing.T) {
	dir := awkward(t)
	zip, env := farm(t, "--pace", "4s")
	d := openDesk(t, filepath.Join(dir, "project", "shot.blend"), zip, env)
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
	shown := d.until("the last frame in the Image Editor", 30*time.Second, func(r report) bool { return r.shows(r.LastFrame) })
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
