//go:build linux && !nogui

package main

import (
	"image"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// home is the test's home folder.
func (s *screen) home() string {
	for _, one := range s.env {
		if home, ok := strings.CutPrefix(one, "XDG_DATA_HOME="); ok {
			return home
		}
	}
	s.t.Fatal("the test has no home")
	return ""
}

// drag draws the pointer from one place to another with the button held.
func (s *screen) drag(fromX, fromY, toX, toY int) {
	s.t.Helper()
	at := func(x, y int) []string {
		return []string{"mousemove", "--window", s.window, strconv.Itoa(x), strconv.Itoa(y)}
	}
	s.try("xdotool", append(at(fromX, fromY), "mousedown", "1")...)
	const steps = 8
	for i := 1; i <= steps; i++ {
		s.try("xdotool", at(fromX+(toX-fromX)*i/steps, fromY+(toY-fromY)*i/steps)...)
	}
	s.try("xdotool", "mouseup", "1")
}

// write replaces what the focused field holds.
func (s *screen) write(text string) {
	s.t.Helper()
	s.try("xdotool", "key", "--delay", "60", "ctrl+a", "BackSpace")
	if text != "" {
		s.try("xdotool", "type", "--delay", "40", text)
	}
}

const bad = 0xec6a70

// TestTheRulesPageGovernsTheWorker paints hours, is told of a mistake at its field, saves,
// and a real worker pauses for a program that runs and goes on when the rule is gone: all of
// it with the pointer and the keyboard.
func TestTheRulesPageGovernsTheWorker(t *testing.T) {
	m := newManager(t)
	s := open(t, build(t), m.url, false)
	file := filepath.Join(s.home(), "data", "worker", "rules.toml")
	saved := func(text string) func() bool {
		return func() bool {
			got, err := os.ReadFile(file)
			return err == nil && strings.Contains(string(got), text)
		}
	}
	save := image.Rect(1110, 44, 1160, 80)
	week := image.Rect(290, 350, 1130, 510)
	below := image.Rect(240, 690, 1130, 740)
	s.click(navX, navWork)
	s.until("worker mode is shown", s.chosen(navWork))
	s.click(1118, 62)
	s.until("the rules are shown", func() bool { return count(s.picture(), save, sun) > 500 })
	s.save("7-rules")

	s.click(256, 313)
	s.until("the week is shown", func() bool { return count(s.picture(), week, sun) > 20_000 })
	s.drag(712, 366, 775, 366)
	s.click(450, 271)
	s.write("soon")
	s.until("the field says what is wrong", func() bool { return count(s.picture(), image.Rect(245, 290, 600, 325), bad) > 30 })
	s.click(1134, 62)
	s.until("saving is refused", func() bool { return count(s.picture(), below, bad) > 30 })
	s.save("8-rules-wrong")
	if _, err := os.Stat(file); err == nil {
		t.Fatal("wrong rules were saved")
	}
	s.click(450, 271)
	s.write("")
	s.until("the field is right again", func() bool { return count(s.picture(), below, bad) == 0 })
	s.click(1134, 62)
	s.until("the hours are saved", saved(`"mon 12:00-14:00"`))
	s.save("9-rules-saved")

	// The worker starts, and pauses for a program that surely runs here.
	s.click(256, 313)
	s.until("the week is hidden", func() bool { return count(s.picture(), week, sun) < 2_000 })
	s.click(450, 548)
	s.write("openbox")
	s.click(1134, 62)
	s.until("the program is saved", saved(`programs = ["openbox"]`))
	s.click(navX, navWork)
	s.click(1090, 157)
	s.until("the worker pauses by the rule", func() bool { return m.has(`worker free=0 paused="openbox is running"`) })
	s.save("10-worker-ruled")
	s.click(1118, 62)
	s.until("the rules are shown again", func() bool { return count(s.picture(), save, sun) > 500 })
	s.click(450, 548)
	s.write("")
	s.click(1134, 62)
	s.until("the rule is gone", saved(`programs = []`))
	s.until("the worker goes on", func() bool { return m.has(`worker free=1 paused=""`) })
	s.save("11-rules-idle")
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), "hours = []") {
		t.Fatalf("the rules are\n%s (%v)", text, err)
	}
	if strings.Contains(s.log.String(), "Error in Fyne call thread") {
		t.Fatalf("something drew from the wrong goroutine:\n%s", s.log)
	}
}
