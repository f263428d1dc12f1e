package page

import (
	"image"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/state/example"
	"github.com/heliostat-render/heliostat/desktop/theme"
)

// window shows a shell with the example farm in Fyne's test driver.
func window(t *testing.T, look string) (*Shell, *recorder, fyne.Window) {
	t.Helper()
	return windowWith(t, look, "")
}

// windowWith has a rules file with a text.
func windowWith(t *testing.T, look, rules string) (*Shell, *recorder, fyne.Window) {
	t.Helper()
	t.Setenv("TZ", "UTC")
	time.Local = time.UTC
	app := test.NewTempApp(t)
	app.Settings().SetTheme(theme.New(look))
	actions := &recorder{}
	settings, err := state.ParseSettings(nil)
	if err != nil {
		t.Fatal(err)
	}
	shell := NewShell(Options{
		Actions: actions, Settings: settings, Address: example.Mine, Data: "/home/ada/.local/share/heliostat",
		OnSave: actions.save, Rules: ruleFile(t, rules), Now: func() time.Time { return example.Now },
	})
	w := test.NewTempWindow(t, shell.Object())
	w.SetPadded(false)
	w.Resize(fyne.NewSize(1160, 740))
	return shell, actions, w
}

func TestScreensLookAsTheyDid(t *testing.T) {
	for _, look := range []string{"dark", "light"} {
		shell, _, w := window(t, look)
		for _, place := range []Place{PlaceJobs, PlaceJob, PlaceNodes, PlaceWorker, PlacePayouts, PlaceSettings} {
			if look == "light" && place != PlaceJob && place != PlaceJobs {
				continue
			}
			snapshot := example.Snapshot()
			if place == PlaceJob {
				snapshot.Open = example.View()
			}
			shell.Update(snapshot)
			shell.Show(place)
			test.AssertRendersToImage(t, look+"-"+string(place)+".png", w.Canvas())
		}
	}
}

func TestEmptyScreensSayTheNextStep(t *testing.T) {
	shell, _, w := window(t, "dark")
	snapshot := state.Snapshot{Loaded: true, Link: state.Link{Manager: state.DefaultManager, Connected: true}, Worker: state.WorkerStatus{State: state.WorkerOff}}
	for _, place := range []Place{PlaceJobs, PlaceNodes, PlaceWorker, PlacePayouts} {
		shell.Update(snapshot)
		shell.Show(place)
		test.AssertRendersToImage(t, "empty-"+string(place)+".png", w.Canvas())
	}
	shell.Show(PlaceJobs)
	shell.Update(state.Snapshot{Link: state.Link{Manager: state.DefaultManager, Problem: "no manager answers at http://127.0.0.1:7777: start one with `heliostat farm start`, or check the address"}})
	test.AssertRendersToImage(t, "no-manager.png", w.Canvas())
	shell.Update(state.Snapshot{Link: state.Link{Manager: state.DefaultManager, Refused: true, Problem: "this key is not allowed here; ask the operator to add it"}})
	test.AssertRendersToImage(t, "refused.png", w.Canvas())
}

// TestAListThatGoesOnSaysSo: what isn't shown isn't counted, and is a click away.
func TestAListThatGoesOnSaysSo(t *testing.T) {
	shell, actions, w := window(t, "dark")
	snapshot := example.Snapshot()
	snapshot.Older = true
	shell.Update(snapshot)
	shell.Show(PlaceJobs)
	test.AssertRendersToImage(t, "older.png", w.Canvas())
	older := shell.screens[PlaceJobs].(*jobs).older
	test.Tap(older)
	if len(actions.calls) != 1 || actions.calls[0] != "older" {
		t.Errorf("asked for %q", actions.calls)
	}
	snapshot.Busy = "Loading older jobs"
	shell.Update(snapshot)
	if !older.Disabled() {
		t.Error("it can be asked for twice")
	}
	snapshot.Older, snapshot.Busy = false, ""
	shell.Update(snapshot)
	if older.Visible() {
		t.Error("there is nothing more to show")
	}
}

func TestSmallWindowsLoseNothingThatMatters(t *testing.T) {
	shell, _, w := window(t, "dark")
	w.Resize(fyne.NewSize(800, 600))
	for _, place := range []Place{PlaceJobs, PlaceJob, PlaceNodes, PlacePayouts, PlaceWorker} {
		snapshot := example.Snapshot()
		if place == PlaceJob {
			snapshot.Open = example.View()
		}
		shell.Update(snapshot)
		shell.Show(place)
		test.AssertRendersToImage(t, "small-"+string(place)+".png", w.Canvas())
	}
}

// Screens that aren't shown while the look changes follow it too.
func TestTheLookChangesEverywhere(t *testing.T) {
	picture := func(first string) map[Place]image.Image {
		shell, _, w := window(t, first)
		shots := make(map[Place]image.Image)
		snapshot := example.Snapshot()
		shell.Update(snapshot)
		places := []Place{PlaceJobs, PlaceNodes, PlaceWorker, PlaceRules, PlacePayouts, PlaceSettings}
		for _, place := range places {
			shell.Show(place)
		}
		fyne.CurrentApp().Settings().SetTheme(theme.New("light"))
		for _, place := range places {
			shell.Show(place)
			shots[place] = w.Canvas().Capture()
		}
		return shots
	}
	changed, fresh := picture("dark"), picture("light")
	for place, want := range fresh {
		off, b := 0, want.Bounds()
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				if want.At(x, y) != changed[place].At(x, y) {
					off++
				}
			}
		}
		if off > 0 {
			t.Errorf("%s: %d pixels kept the old look", place, off)
		}
	}
}

func TestDisputingLooksAsItDid(t *testing.T) {
	shell, _, w := window(t, "dark")
	snapshot := example.Snapshot()
	snapshot.Open = example.View()
	snapshot.Open.Job.State = "delivered"
	snapshot.Open.Why = "The dispute window is open for another 23 hours."
	snapshot.Notice = state.Notice{Text: "Accepting failed: the chain can't be reached; try again later", Bad: true}
	shell.Update(snapshot)
	shell.Show(PlaceJob)
	screen := shell.screens[PlaceJob].(*openJob)
	screen.grid.OnSelected(1)
	screen.grid.OnSelected(5)
	test.AssertRendersToImage(t, "dispute.png", w.Canvas())
}

// BenchmarkUpdate measures one refresh of the open job's screen with 10 000 frames, which
// happens at most twice a second; only the cells in view cost anything.
func BenchmarkUpdate(b *testing.B) {
	app := test.NewTempApp(b)
	app.Settings().SetTheme(theme.New("dark"))
	shell := NewShell(Options{Actions: &recorder{}, Now: func() time.Time { return example.Now }})
	w := app.NewWindow("")
	defer w.Close()
	w.SetContent(shell.Object())
	w.Resize(fyne.NewSize(1160, 740))
	snapshot := example.Snapshot()
	view := example.View()
	one := view.Frames[0]
	view.Frames = nil
	for n := range 10_000 {
		one.Number = n + 1
		view.Frames = append(view.Frames, one)
	}
	snapshot.Open = view
	shell.Update(snapshot)
	shell.Show(PlaceJob)
	for b.Loop() {
		shell.Update(snapshot)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/500, "share-of-refresh-interval")
}
