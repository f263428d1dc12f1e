package rules

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// tree writes small files under a folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestBattery(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		on    bool
	}{
		"none":        {map[string]string{"class/x": ""}, false},
		"discharging": {map[string]string{"class/power_supply/BAT0/type": "Battery", "class/power_supply/BAT0/status": "Discharging", "class/power_supply/AC/type": "Mains", "class/power_supply/AC/online": "0"}, true},
		"plugged":     {map[string]string{"class/power_supply/BAT0/type": "Battery", "class/power_supply/BAT0/status": "Charging", "class/power_supply/AC/type": "Mains", "class/power_supply/AC/online": "1"}, false},
		"a mouse":     {map[string]string{"class/power_supply/hid/type": "Battery", "class/power_supply/hid/status": "Discharging", "class/power_supply/hid/scope": "Device"}, false},
	} {
		l := &Linux{Sys: tree(t, c.files)}
		if on, err := l.OnBattery(t.Context()); err != nil || on != c.on {
			t.Errorf("%s: %v, %v", name, on, err)
		}
	}
}

func TestTemperature(t *testing.T) {
	l := &Linux{Sys: tree(t, map[string]string{
		"class/hwmon/hwmon0/name": "nvme", "class/hwmon/hwmon0/temp1_input": "90000",
		"class/hwmon/hwmon1/name": "k10temp", "class/hwmon/hwmon1/temp1_input": "61000", "class/hwmon/hwmon1/temp2_input": "64500",
		"class/thermal/thermal_zone0/type": "acpitz", "class/thermal/thermal_zone0/temp": "99000",
		"class/thermal/thermal_zone1/type": "cpu-thermal", "class/thermal/thermal_zone1/temp": "50000",
	})}
	if v, err := l.Temperature(t.Context()); err != nil || v != 64.5 {
		t.Errorf("%v, %v", v, err)
	}
	l.Sys = t.TempDir()
	if _, err := l.Temperature(t.Context()); !errors.Is(err, ErrUnknown) {
		t.Errorf("without sensors: %v", err)
	}
}

func TestPowerIsTheMeanSinceTheLastCall(t *testing.T) {
	now := time.Unix(100, 0)
	l := &Linux{now: func() time.Time { return now }, Sys: tree(t, map[string]string{
		"class/powercap/intel-rapl:0/energy_uj": "1000000", "class/powercap/intel-rapl:0:0/energy_uj": "5",
	})}
	if w, err := l.Power(t.Context()); err != nil || w != 0 {
		t.Fatalf("the first: %v, %v", w, err)
	}
	meter := filepath.Join(l.Sys, "class/powercap/intel-rapl:0/energy_uj")
	set := func(v int) {
		now = now.Add(2 * time.Second)
		if err := os.WriteFile(meter, []byte(strconv.Itoa(v)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set(131_000_000)
	if w, err := l.Power(t.Context()); err != nil || w != 65 {
		t.Fatalf("the second: %v, %v", w, err)
	}
	set(7) // it started again
	if w, err := l.Power(t.Context()); err != nil || w != 0 {
		t.Fatalf("after an overflow: %v, %v", w, err)
	}
	l.Sys = t.TempDir()
	if _, err := l.Power(t.Context()); !errors.Is(err, ErrUnknown) {
		t.Errorf("without a meter: %v", err)
	}
}

func TestProgramsLeaveOurOwnOut(t *testing.T) {
	l := &Linux{Self: 10, Proc: tree(t, map[string]string{
		"1/stat": "1 (init) S 0 1", "10/stat": "10 (heliostat-worke) S 1 1", "11/stat": "11 (bwrap) S 10 1", "12/stat": "12 (blender) S 11 1",
		"20/stat": "20 (a (strange) na) S 1 1", "21/stat": "21 (blender) S 20 1", "22/stat": "22 (a-program-with-) S 20 1", "22/cmdline": "/opt/a-program-with-a-long-name\x00-x",
		"30/stat": "junk", "self/stat": "10 (x) S 1",
	})}
	got, err := l.Programs(t.Context())
	if want := []string{"a (strange) na", "a-program-with-a-long-name", "blender", "init"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	l.Proc, l.Self = "/proc", 0
	if got, err := l.Programs(t.Context()); err != nil || len(got) < 3 {
		t.Errorf("this machine: %q, %v", got, err)
	}
}

// screen starts a real X server, and xdotool works on it.
func screen(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset")
	server.ExtraFiles = []*os.File{w}
	if err := server.Start(); err != nil {
		t.Fatalf("%v; install it: apt-get install xvfb", err)
	}
	w.Close()
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return ":" + strings.TrimSpace(number)
}

func TestARealScreen(t *testing.T) {
	display := screen(t)
	l := &Linux{Sys: "/sys", Proc: "/proc", Display: display, now: time.Now}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	until := func(what string, is func() bool) {
		t.Helper()
		for !is() {
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatalf("it never is %s", what)
			}
		}
	}
	idle := func() time.Duration {
		d, err := l.Idle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	until("idle", func() bool { return idle() > 1500*time.Millisecond })
	touch := exec.Command("xdotool", "mousemove", "10", "10", "mousemove", "20", "30")
	touch.Env = append(os.Environ(), "DISPLAY="+display)
	if out, err := touch.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s; install it: apt-get install xdotool", err, out)
	}
	until("used", func() bool { return idle() < 1400*time.Millisecond })

	full := func() string {
		title, err := l.Fullscreen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return title
	}
	if title := full(); title != "" {
		t.Fatalf("%q fills an empty screen", title)
	}
	window := newWindow(t, display)
	if title := full(); title != "" {
		t.Fatalf("%q is small", title)
	}
	window.say(t, "_NET_WM_STATE_FULLSCREEN")
	until("full", func() bool { return full() == "Doom" })
	window.say(t, "_NET_WM_STATE_FULLSCREEN", "_NET_WM_STATE_HIDDEN")
	until("hidden", func() bool { return full() == "" })
	window.bypass(t)
	until("full without a manager", func() bool { return full() == "Old game" })

	l.Display = ":12345"
	if _, err := l.Fullscreen(t.Context()); err == nil {
		t.Error("a display that isn't there has no windows")
	}
	l.Display = ""
	if d, err := l.Idle(t.Context()); err != nil || d <= 0 {
		t.Errorf("without a display: %v, %v", d, err)
	}
}
