//go:build linux && !nogui

package main

import (
	"bufio"
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/desktop/state/example"
)

// screen is an X server of the test's own with a window manager, a message bus and the
// app in it.
type screen struct {
	t       *testing.T
	display string
	env     []string
	window  string // its X id
	log     *output
}

// output collects what a program says.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// open starts everything and waits for the window. Tray adds a panel that shows one.
func open(t *testing.T, binary, manager string, tray bool) *screen {
	t.Helper()
	s := &screen{t: t, log: &output{}}
	// Xvfb picks a free display and writes its number to the pipe.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x860x24", "-nolisten", "tcp", "-dpi", "96")
	server.ExtraFiles = []*os.File{w}
	s.start(server)
	w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb gave no display: %v", err)
	}
	s.display = ":" + strings.TrimSpace(number)
	home := t.TempDir()
	s.env = append(os.Environ(), "DISPLAY="+s.display, "WAYLAND_DISPLAY=", "HOME="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home,
		"XDG_CACHE_HOME="+filepath.Join(home, "cache"), "XDG_RUNTIME_DIR="+home, "LIBGL_ALWAYS_SOFTWARE=1", "FYNE_SCALE=1", "TZ=UTC", "GTK_A11Y=none", "NO_AT_BRIDGE=1")
	bus := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address", "--address=unix:path="+filepath.Join(home, "bus"))
	said, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.start(bus)
	address, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus gave no address: %v", err)
	}
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+strings.TrimSpace(address))
	s.start(exec.Command("openbox"))
	if tray {
		s.panel(home)
	}
	app := exec.Command(binary, "--manager", manager, "--data", filepath.Join(home, "data"))
	ready, err := app.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.start(app)
	line, err := bufio.NewReader(ready).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready id=0x") {
		t.Fatalf("the app said %q (%v); its log:\n%s", line, err, s.log)
	}
	s.until("the window appears", func() bool {
		s.window = strings.TrimSpace(s.try("xdotool", "search", "--onlyvisible", "--name", "^Heliostat$"))
		return s.window != ""
	})
	return s
}

// start runs a program until the test ends. Programs end in the reverse order.
func (s *screen) start(command *exec.Cmd) {
	s.t.Helper()
	if s.env != nil {
		command.Env = s.env
	}
	command.Stderr = s.log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // nothing outlives a killed test
	if err := command.Start(); err != nil {
		s.t.Fatalf("starting %s: %v; install it (installers/test.sh does)", command.Path, err)
	}
	s.t.Cleanup(func() {
		command.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(10*time.Second, func() { command.Process.Kill() })
		defer timer.Stop()
		command.Wait()
	})
}

// panel starts a panel with nothing but a tray in it.
func (s *screen) panel(home string) {
	s.t.Helper()
	folder := filepath.Join(home, "xfce4", "xfconf", "xfce-perchannel-xml")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		s.t.Fatal(err)
	}
	config := `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array"><value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=640;y=846"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty"><property name="plugin-1" type="string" value="systray"/></property>
</channel>`
	if err := os.WriteFile(filepath.Join(folder, "xfce4-panel.xml"), []byte(config), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.start(exec.Command("xfce4-panel", "--disable-wm-check"))
	s.until("the tray appears", func() bool { return trayOf(s.env) })
}

// trayOf asks the test's message bus for a tray.
func trayOf(env []string) bool {
	command := exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
		"org.freedesktop.DBus.NameHasOwner", "string:org.kde.StatusNotifierWatcher")
	command.Env = env
	out, err := command.Output()
	return err == nil && strings.Contains(string(out), "boolean true")
}

// try runs a tool and returns what it prints, "" when it fails.
func (s *screen) try(name string, args ...string) string {
	command := exec.Command(name, args...)
	command.Env = s.env
	out, err := command.Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// until waits for something that the app does in its own time.
func (s *screen) until(what string, done func() bool) {
	s.t.Helper()
	begun := time.Now()
	defer func() { s.t.Logf("%s after %.1f s", what, time.Since(begun).Seconds()) }()
	ctx, stop := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer stop()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			s.save("failed")
			s.t.Fatalf("waited in vain until %s; the log:\n%s", what, s.log)
		}
	}
}

// picture is the window as it looks now.
func (s *screen) picture() image.Image {
	s.t.Helper()
	command := exec.Command("import", "-window", s.window, "png:-")
	command.Env = s.env
	out, err := command.Output()
	if err != nil {
		s.t.Fatalf("taking a picture: %v", err)
	}
	img, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		s.t.Fatal(err)
	}
	return img
}

// save keeps a picture of the screen where HELIOSTAT_SCREENSHOTS points, for people.
func (s *screen) save(name string) {
	dir := os.Getenv("HELIOSTAT_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		s.t.Error(err)
		return
	}
	s.try("import", "-window", "root", filepath.Join(dir, name+".png"))
}

// click taps the window at a place.
func (s *screen) click(x, y int) {
	s.t.Helper()
	if out := s.try("xdotool", "mousemove", "--window", s.window, strconv.Itoa(x), strconv.Itoa(y), "click", "1", "getmouselocation"); out == "" {
		s.t.Fatalf("clicking at %d,%d failed", x, y)
	}
}

func near(c color.Color, hex uint32, tolerance float64) bool {
	r, g, b, _ := c.RGBA()
	return math.Abs(float64(r>>8)-float64(hex>>16)) <= tolerance && math.Abs(float64(g>>8)-float64(hex>>8&0xff)) <= tolerance && math.Abs(float64(b>>8)-float64(hex&0xff)) <= tolerance
}

// count is how many pixels of a region have a colour.
func count(img image.Image, region image.Rectangle, hex uint32) int {
	n := 0
	for y := region.Min.Y; y < region.Max.Y; y++ {
		for x := region.Min.X; x < region.Max.X; x++ {
			if near(img.At(x, y), hex, 6) {
				n++
			}
		}
	}
	return n
}

// colours is how many different colours a picture has.
func colours(img image.Image) int {
	seen := make(map[color.Color]bool)
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		for x := b.Min.X; x < b.Max.X; x += 2 {
			seen[img.At(x, y)] = true
		}
	}
	return len(seen)
}

// differs is the share of pixels that two pictures of the same size don't share.
func differs(a, b image.Image) float64 {
	n, all := 0, 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y += 2 {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x += 2 {
			all++
			if a.At(x, y) != b.At(x, y) {
				n++
			}
		}
	}
	return float64(n) / float64(all)
}

// The navigation's entries, in the window's pixels, and the colour of the chosen icon.
const (
	sun      = 0xf6a93b
	navX     = 100
	navJobs  = 122
	navNodes = navJobs + 44
	navWork  = navNodes + 44
)

func navIcon(y int) image.Rectangle { return image.Rect(24, y-12, 50, y+12) }

func (s *screen) chosen(y int) func() bool {
	return func() bool { return count(s.picture(), navIcon(y), sun) > 40 }
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "heliostat")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("building the app: %v\n%s", err, out)
	}
	return binary
}

// TestTheRealWindow clicks through the real app on an X server, against a manager that
// speaks the real protocol.
func TestTheRealWindow(t *testing.T) {
	m := newManager(t)
	s := open(t, build(t), m.url, false)
	content := image.Rect(210, 100, 1150, 740)

	s.until("the list of jobs is shown", func() bool { return count(s.picture(), content, sun) > 100 })
	s.save("1-jobs")
	jobs := s.picture()
	if n := colours(jobs); n < 100 {
		t.Fatalf("the window has only %d colours", n)
	}

	s.click(500, 146) // the first job
	s.until("the frames have their pictures", func() bool {
		return colours(s.picture().(interface {
			SubImage(image.Rectangle) image.Image
		}).SubImage(image.Rect(236, 220, 390, 300))) > 300
	})
	s.save("2-job")
	open := s.picture()
	if share := differs(jobs, open); share < 0.1 {
		t.Fatalf("the open job looks like the list: %.3f differs", share)
	}

	s.click(300, 250) // the first frame's picture
	s.until("the frame is as large as the window", func() bool { return differs(open, s.picture()) > 0.5 })
	large := s.picture()
	s.save("2-frame")
	s.try("xdotool", "key", "Right")
	s.until("the next frame is shown", func() bool { return differs(large, s.picture()) > 0.02 })
	s.try("xdotool", "key", "Escape")
	s.until("the job is shown again", func() bool { return differs(open, s.picture()) < 0.05 })

	s.click(980, 60) // Pause
	s.until("the manager is asked to pause the job", func() bool { return m.has("job.pause " + example.Open) })

	s.click(navX, navNodes)
	s.until("the nodes are shown", s.chosen(navNodes))
	s.save("3-nodes")
	nodes := s.picture()
	if share := differs(open, nodes); share < 0.1 {
		t.Fatalf("the nodes look like the open job: %.3f differs", share)
	}

	s.click(navX, navWork)
	s.until("worker mode is shown", s.chosen(navWork))
	s.save("4-worker")
	if share := differs(nodes, s.picture()); share < 0.05 {
		t.Fatalf("worker mode looks like the nodes: %.3f differs", share)
	}
	if strings.Contains(s.log.String(), "Error in Fyne call thread") {
		t.Fatalf("something drew from the wrong goroutine:\n%s", s.log)
	}
}

// root is the whole screen as it looks now.
func (s *screen) root() image.Image {
	s.t.Helper()
	window := s.window
	s.window = "root"
	defer func() { s.window = window }()
	return s.picture()
}

// tray opens the icon's menu and chooses an entry, counted among those that can be chosen. Each
// step is seen on the screen before the next one, with the pointer: keys pressed before the menu
// holds the keyboard would be lost, and a menu that is brought up to date while it is open
// forgets which entry was marked but keeps its rows where they are.
func (s *screen) tray(entry int) {
	s.t.Helper()
	icon := image.Rect(0, 834, 26, 860)
	menu := image.Rect(8, 710, 170, 825)
	row := image.Rect(140, 0, 280, 8).Add(image.Pt(0, []int{759, 784, 810}[entry-1]))
	white := func(region image.Rectangle) float64 {
		return float64(count(s.root(), region, 0xffffff)) / float64(region.Dx()*region.Dy())
	}
	s.until("the tray shows the icon", func() bool { return count(s.root(), icon, sun) > 4 })
	s.try("xdotool", "mousemove", "12", "846", "click", "3")
	s.until("the tray's menu opens", func() bool { return white(menu) > 0.5 })
	s.save("5-tray")
	nudge := 0
	s.until("the entry is marked", func() bool {
		nudge = 1 - nudge
		s.try("xdotool", "mousemove", strconv.Itoa(100+nudge), strconv.Itoa(row.Min.Y+4))
		return white(row) < 0.1
	})
	s.try("xdotool", "click", "1")
	s.until("the tray's menu closes", func() bool { return white(menu) < 0.5 })
}

func (s *screen) visible() bool {
	return s.try("xdotool", "search", "--onlyvisible", "--name", "^Heliostat$") != ""
}

// TestTheTrayDrivesWorkerMode starts and pauses a real worker, with the machine's Blender
// and sandbox, from the tray's menu; the closed window comes back from there too.
func TestTheTrayDrivesWorkerMode(t *testing.T) {
	m := newManager(t)
	s := open(t, build(t), m.url, true)
	s.click(navX, navWork)
	s.until("worker mode is shown", s.chosen(navWork))
	s.tray(1)
	s.until("a worker signs in", func() bool { return m.has("worker free=1 paused=\"\"") })

	s.try("xdotool", "windowfocus", s.window, "key", "alt+F4")
	s.until("the window hides", func() bool { return !s.visible() })
	s.tray(2)
	s.until("the window comes back", s.visible)

	s.tray(1)
	s.until("the worker is paused", func() bool { return m.has("worker free=0 paused=\"paused by its owner\"") })
	s.save("6-paused")
	s.tray(3)
	s.until("the app quits", func() bool { return !s.visible() })
	if strings.Contains(s.log.String(), "Error in Fyne call thread") {
		t.Fatalf("something drew from the wrong goroutine:\n%s", s.log)
	}
}
