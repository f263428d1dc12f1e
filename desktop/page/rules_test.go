package page

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/state/example"
	"github.com/heliostat-render/heliostat/desktop/widget"
)

// ruleFile is a rules file that knows two kinds of days; the worker's own judgement is tried
// where the window is wired.
func ruleFile(t *testing.T, text string) state.RuleFile {
	t.Helper()
	f := state.RuleFile{
		Path: filepath.Join(t.TempDir(), "rules.toml"),
		Check: func(text []byte) error {
			if strings.Contains(string(text), "soon") {
				return errors.New(`line 2: toml: "soon" is no duration; write it like "10m" or "1h30m"`)
			}
			return nil
		},
		Hours: func(line string) (func(time.Time) bool, error) {
			days, hours, _ := strings.Cut(line, " ")
			var from, to, ignored int
			if _, err := fmt.Sscanf(hours, "%d:%d-%d:%d", &from, &ignored, &to, &ignored); err != nil {
				return nil, fmt.Errorf("%q are no hours", line)
			}
			on := func(day time.Weekday) bool {
				weekend := day == time.Saturday || day == time.Sunday
				return days == "sat,sun" && weekend || days == "mon-fri" && !weekend
			}
			return func(at time.Time) bool {
				if from < to {
					return on(at.Weekday()) && at.Hour() >= from && at.Hour() < to
				}
				return on(at.Weekday()) && at.Hour() >= from || on(at.AddDate(0, 0, -1).Weekday()) && at.Hour() < to
			}, nil
		},
	}
	if text != "" {
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

const nights = "# mine\n[when]\nidle = \"10m\"\nhours = [\"mon-fri 19:00-07:00\", \"sat,sun 00:00-24:00\"]\n\n[pause]\nprograms = [\"obs\"]\nfullscreen = true\n\n[limits]\ngpu-temperature = 80\nupload = \"5MiB\"\n\n[price]\nfloor = 0.05\n"

func rulesShown(t *testing.T, look, text string) (*Shell, *recorder, fyne.Window, *rulesPage) {
	t.Helper()
	shell, actions, w := windowWith(t, look, text)
	snapshot := example.Snapshot()
	snapshot.Worker = state.WorkerStatus{State: state.WorkerPaused, Reason: "outside the hours that the owner gives; work goes on Mon 19:00", Devices: example.Devices()}
	shell.Update(snapshot)
	shell.Show(PlaceRules)
	return shell, actions, w, shell.screens[PlaceRules].(*rulesPage)
}

func (p *rulesPage) entry(key string) *fynewidget.Entry {
	return p.inputs[key].field.Objects[1].(*fynewidget.Entry)
}

func TestTheRulesLookAsTheyDid(t *testing.T) {
	for _, look := range []string{"dark", "light"} {
		_, _, w, p := rulesShown(t, look, nights)
		test.AssertRendersToImage(t, look+"-Rules.png", w.Canvas())
		if look == "dark" {
			p.scroll.ScrollToBottom()
			test.AssertRendersToImage(t, "dark-Rules-below.png", w.Canvas())
			p.scroll.ScrollToTop()
			p.entry("when.idle").SetText("soon")
			test.Tap(p.save)
			test.AssertRendersToImage(t, "rules-wrong.png", w.Canvas())
			w.Resize(fyne.NewSize(800, 600))
			p.update(state.Snapshot{Worker: p.status})
			test.AssertRendersToImage(t, "rules-small.png", w.Canvas())
		}
	}
	_, _, w, _ := rulesShown(t, "dark", "[when]\nidle = \"soon\"\n")
	test.AssertRendersToImage(t, "rules-broken.png", w.Canvas())
}

func TestRulesAreSavedFromTheirFields(t *testing.T) {
	shell, actions, _, p := rulesShown(t, "dark", nights)
	p.entry("limits.power").SetText("250")
	p.entry("limits.vram").SetText("8GiB")
	test.Tap(p.save)
	path := shell.options.Rules.Path
	got, err := os.ReadFile(path)
	want := strings.Replace(nights, "upload = \"5MiB\"\n", "upload = \"5MiB\"\npower = 250\nvram = \"8GiB\"\n", 1)
	if err != nil || string(got) != want {
		t.Fatalf("saved\n%s\n(%q), want\n%s", got, p.outcome.Text, want)
	}
	if p.restart.Visible() {
		t.Fatal("a paused worker is to be restarted")
	}
	p.status.State = state.WorkerIdle
	p.entry("limits.vram").SetText("")
	test.Tap(p.save)
	if !p.restart.Visible() || !strings.Contains(p.outcome.Text, "GPU memory") {
		t.Fatalf("a rule for the next start ended as %q", p.outcome.Text)
	}
	test.Tap(p.restart)
	if got := actions.last(t); got != "restart" {
		t.Fatalf("Restart asked for %q", got)
	}
}

func TestWrongRulesAreMarkedWhereTheyStand(t *testing.T) {
	shell, _, _, p := rulesShown(t, "dark", nights)
	p.entry("when.idle").SetText("soon")
	if got := p.inputs["when.idle"].field.Problem(); !strings.HasPrefix(got, `"soon" is no duration`) {
		t.Fatalf("the field says %q", got)
	}
	test.Tap(p.save)
	if got, _ := os.ReadFile(shell.options.Rules.Path); string(got) != nights || !strings.Contains(p.outcome.Text, "Nothing is saved") {
		t.Fatalf("saved %s: %q", got, p.outcome.Text)
	}
	p.entry("when.idle").SetText("5m")
	if got := p.inputs["when.idle"].field.Problem(); got != "" {
		t.Fatalf("the field still says %q", got)
	}
	// What is typed outlives a look at another screen, and somebody else's change of the file.
	shell.Show(PlaceJobs)
	shell.Show(PlaceRules)
	if p.entry("when.idle").Text != "5m" {
		t.Fatal("what was typed is lost")
	}
	if err := os.WriteFile(shell.options.Rules.Path, []byte("[price]\nfloor = 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	test.Tap(p.save)
	if !strings.Contains(p.outcome.Text, "changed outside") || p.entry("when.idle").Text != "5m" {
		t.Fatalf("somebody else's change: %q, %q", p.outcome.Text, p.entry("when.idle").Text)
	}
	if got, _ := os.ReadFile(shell.options.Rules.Path); string(got) != "[price]\nfloor = 7\n" {
		t.Fatalf("somebody else's rules became %s", got)
	}
}

// grid is the painted week.
func (p *rulesPage) grid() *widget.WeekGrid {
	return p.inputs["when.hours"].field.Objects[1].(*fyne.Container).Objects[1].(*fyne.Container).Objects[0].(*widget.WeekGrid)
}

func TestHoursArePainted(t *testing.T) {
	_, _, w, p := rulesShown(t, "dark", nights)
	words := p.inputs["when.hours"].get
	grid := p.grid()
	at := func(day int, hour float32) fyne.Position {
		wide := (grid.Size().Width - 46) / 24
		return fyne.NewPos(46+wide*hour+1, 20+22*float32(day)+8)
	}
	press := func(p fyne.Position) {
		grid.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: p}, Button: desktop.MouseButtonPrimary})
	}
	press(at(0, 12))                                                                  // Monday noon
	grid.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: at(0, 13.5)}}) // a fast pointer
	grid.MouseUp(nil)
	if got := strings.Split(words(), "\n"); !slices.Contains(got, "mon 12:00-14:00") || !slices.Contains(got, "mon-fri 19:00-24:00") && !slices.Contains(got, "mon-thu 19:00-07:00") {
		t.Fatalf("painted %q", got)
	}
	press(fyne.NewPos(10, at(0, 0).Y)) // the whole day, on and off again
	press(fyne.NewPos(10, at(0, 0).Y))
	grid.MouseUp(nil)
	if strings.Contains(words(), "mon") {
		t.Fatalf("a day was taken off: %q", words())
	}
	w.Canvas().Focus(grid)
	for range 2 {
		grid.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	}
	before := words()
	grid.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if words() == before {
		t.Fatal("the space bar paints nothing")
	}
	// No hour at all can't be meant.
	entry := p.inputs["when.hours"].field.Objects[1].(*fyne.Container).Objects[1].(*fyne.Container).Objects[1].(*fynewidget.Entry)
	entry.SetText("")
	test.Tap(p.save)
	if !strings.Contains(p.inputs["when.hours"].field.Problem(), "no hour is left") {
		t.Fatalf("an empty week: %q", p.outcome.Text)
	}
}

func TestBrokenRulesAreWrittenAnewOnRequest(t *testing.T) {
	shell, _, _, p := rulesShown(t, "dark", "[when]\nidle = \"soon\"\n")
	if !p.broken.Visible() || !strings.Contains(p.brokeIs.Text, "no duration") {
		t.Fatalf("it says %q", p.brokeIs.Text)
	}
	test.Tap(p.save)
	if got, _ := os.ReadFile(shell.options.Rules.Path); !strings.Contains(string(got), "soon") {
		t.Fatal("saving overwrote a file that wasn't understood")
	}
	p.entry("price.floor").SetText("0.5")
	test.Tap(&p.anew.Button)
	test.Tap(&p.anew.Button)
	if got, _ := os.ReadFile(shell.options.Rules.Path); string(got) != "[price]\nfloor = 0.5\n" || p.broken.Visible() {
		t.Fatalf("written anew: %s (%q)", got, p.outcome.Text)
	}
}

func TestAGPUCanBeSwitchedOff(t *testing.T) {
	shell, actions, _ := window(t, "dark")
	shell.Update(example.Snapshot())
	shell.Show(PlaceWorker)
	list := shell.screens[PlaceWorker].(*worker).list
	if len(list.rows) != 3 || list.rows[0].use != nil || !list.rows[1].use.Checked {
		t.Fatalf("%d rows", len(list.rows))
	}
	test.Tap(list.rows[2].use)
	if got := actions.saved.Worker; !slices.Equal(got.GPUs, []string{"GPU-1"}) || got.Device != "auto" {
		t.Fatalf("one GPU off: %+v", got)
	}
	test.Tap(list.restart)
	if got := actions.last(t); got != "restart" {
		t.Fatalf("Restart asked for %q", got)
	}
	test.Tap(list.rows[1].use)
	if got := actions.saved.Worker; len(got.GPUs) != 0 || got.Device != "cpu" {
		t.Fatalf("both off: %+v", got)
	}
	test.Tap(list.rows[1].use)
	test.Tap(list.rows[2].use)
	if got := actions.saved.Worker; len(got.GPUs) != 0 || got.Device != "auto" {
		t.Fatalf("both on again: %+v", got)
	}
}
