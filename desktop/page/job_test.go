package page

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/state/example"
	"github.com/heliostat-render/heliostat/desktop/widget"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// opened shows the example's open job, changed.
func opened(t *testing.T, look string, change func(*state.Snapshot)) (*Shell, *openJob, *recorder, fyne.Window) {
	t.Helper()
	shell, actions, w := window(t, look)
	snapshot := example.Snapshot()
	snapshot.Open = example.View()
	if change != nil {
		change(&snapshot)
	}
	shell.Update(snapshot)
	shell.Show(PlaceJob)
	return shell, shell.screens[PlaceJob].(*openJob), actions, w
}

func press(w fyne.Window, names ...fyne.KeyName) {
	for _, name := range names {
		if focused := w.Canvas().Focused(); focused != nil {
			focused.TypedKey(&fyne.KeyEvent{Name: name})
		} else {
			w.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: name})
		}
	}
}

// TestAFrameFillsTheWindow: a tap on its picture or Enter opens it, keys go on, and Escape leads back to where one was.
func TestAFrameFillsTheWindow(t *testing.T) {
	shell, p, actions, w := opened(t, "dark", nil)
	w.Canvas().SetOnTypedKey(shell.TypedKey)
	cell := widget.NewFrameCell(p.preview.show, p.pick)
	cell.Resize(fyne.NewSize(150, 118))
	first := p.view.Frames[0]
	tap := func(x, y float32) {
		cell.Set(first, state.LookDelivered, "", p.view.Thumbs[1], p.picked[1])
		cell.Tapped(&fyne.PointEvent{Position: fyne.NewPos(x, y)})
	}
	tap(130, 20)
	if p.preview.visible() || !p.picked[1] {
		t.Fatal("the corner doesn't pick")
	}
	tap(130, 20)
	tap(60, 60)
	if got := actions.last(t); got != "look 1 [2]" || !p.preview.visible() {
		t.Fatalf("a tap asks for %q", got)
	}
	if p.preview.picture.Image == nil || !strings.HasPrefix(p.preview.wait.Text, "Loading") {
		t.Fatalf("while it loads, it says %q", p.preview.wait.Text)
	}
	press(w, fyne.KeyRight)
	if got := actions.last(t); got != "look 2 [1 3]" {
		t.Fatalf("Right asks for %q", got)
	}
	last := 0 // of those that are here
	for _, f := range p.view.Frames {
		if here(f) {
			last = f.Number
		}
	}
	press(w, fyne.KeyEnd, fyne.KeyRight, fyne.KeySpace)
	if p.preview.number != last || !p.preview.after.Disabled() || !p.picked[last] || p.preview.pick.Text != "Picked" {
		t.Fatalf("at the end frame %d of %d is shown, picked %v", p.preview.number, last, p.picked)
	}
	press(w, fyne.KeyHome)
	w.Canvas().Focus(p.preview.pick) // as Tab does
	press(w, fyne.KeyRight)
	// What arrives is shown: the whole picture, and why there is none.
	snapshot := shell.last
	view := *snapshot.Open
	snapshot.Open = &view
	view.Large = &state.Large{Number: 2, Picture: example.Picture(2, 960, 540)}
	shell.Update(snapshot)
	if p.preview.picture.Image.Bounds().Dx() != 960 || p.preview.wait.Text != "" {
		t.Fatalf("%v is shown, and %q", p.preview.picture.Image.Bounds(), p.preview.wait.Text)
	}
	test.AssertRendersToImage(t, "preview.png", w.Canvas())
	view.Large = &state.Large{Number: 2, Problem: "the network is down"}
	shell.Update(snapshot)
	if want := "This is all that can be shown: the network is down"; p.preview.wait.Text != want || p.preview.picture.Image == nil {
		t.Fatalf("it says %q", p.preview.wait.Text)
	}
	w.Resize(fyne.NewSize(900, 640))
	if got := p.preview.all.Size(); got != w.Canvas().Size() {
		t.Errorf("it is %v large in a window of %v", got, w.Canvas().Size())
	}
	press(w, fyne.KeyEscape)
	if got := actions.last(t); p.preview.visible() || shell.Place() != PlaceJob || got != "look 0 []" {
		t.Fatalf("Escape leads to %s, after %q", shell.Place(), got)
	}
	p.grid.OnHighlighted(7) // the pointer passes by
	if !p.grid.On(1) || p.grid.On(7) {
		t.Error("the keyboard isn't on the frame that was shown")
	}
	press(w, fyne.KeyEnter)
	if !p.preview.visible() || p.preview.number != 2 {
		t.Fatalf("Enter shows frame %d", p.preview.number)
	}
	press(w, fyne.KeyEscape, fyne.KeyEscape)
	if shell.Place() != PlaceJobs {
		t.Fatalf("Escape leads from the job to %s", shell.Place())
	}
}

// TestOneSetsTheOrderOfOnesJobs, by a number or beside one's others; whom the job isn't is offered nothing, and only the operator rushes.
func TestOneSetsTheOrderOfOnesJobs(t *testing.T) {
	others := func(s *state.Snapshot) {
		s.Jobs = append(s.Jobs, state.Row{Job: job.Job{ID: "a", Owner: example.Mine, State: job.Rendering, Priority: 7}},
			state.Row{Job: job.Job{ID: "b", Owner: example.Mine, State: job.Paused, Priority: -3}},
			state.Row{Job: job.Job{ID: "c", Owner: "0xother", State: job.Rendering, Priority: 90}},
			state.Row{Job: job.Job{ID: "d", Owner: example.Mine, State: job.Settled, Priority: 50}})
	}
	shell, p, actions, w := opened(t, "dark", others)
	if p.order.panel.Visible() || p.order.button.Text != "Priority 0" {
		t.Fatalf("the button says %q", p.order.button.Text)
	}
	test.Tap(p.order.button)
	if !p.order.panel.Visible() || p.order.rushRow.Visible() || w.Canvas().Focused() != p.order.entry {
		t.Fatal("the panel isn't there, without the operator's part, for the keyboard")
	}
	for text, want := range map[string]string{"12": "priority " + example.Open + " 12", " -100 ": "priority " + example.Open + " -100"} {
		p.order.entry.SetText(text)
		press(w, fyne.KeyReturn)
		if got := actions.last(t); got != want {
			t.Errorf("%q asks for %q", text, got)
		}
	}
	for _, text := range []string{"", "soon", "101", "1.5"} {
		n := len(actions.calls)
		p.order.entry.SetText(text)
		press(w, fyne.KeyReturn)
		if len(actions.calls) != n || !strings.Contains(p.order.says.Text, "from -100 to 100") {
			t.Errorf("%q is taken, or not explained: %q", text, p.order.says.Text)
		}
	}
	if first, last := p.order.beside(1), p.order.beside(-1); first != 8 || last != -4 {
		t.Errorf("first is %d, last %d", first, last)
	}
	w.Canvas().Focus(p.order.entry)
	press(w, fyne.KeyEscape)
	if p.order.panel.Visible() || shell.Place() != PlaceJob {
		t.Error("Escape doesn't close the panel, or more than it")
	}
	test.Tap(p.order.button)
	snapshot := shell.last
	view := *snapshot.Open
	snapshot.Open = &view
	view.Job.Owner = "0xother"
	shell.Update(snapshot)
	if p.order.button.Visible() || p.order.panel.Visible() || p.pause.Visible() || p.cancel.Visible() || !strings.Contains(p.below.Text, "of 0xother") {
		t.Errorf("somebody else's job may be changed; it reads %q", p.below.Text)
	}

	shell, p, actions, w = opened(t, "light", func(s *state.Snapshot) {
		others(s)
		s.Link.Operator, s.Open.Job.Owner = true, "0xother"
	})
	test.Tap(p.order.button)
	p.order.reason.SetText(" dailies at noon ")
	w.Canvas().Focus(p.order.reason)
	press(w, fyne.KeyReturn)
	if got := actions.last(t); got != "rush "+example.Open+" true dailies at noon" {
		t.Errorf("the operator asks for %q", got)
	}
	snapshot = shell.last
	view = *snapshot.Open
	snapshot.Open = &view
	view.Job.Rush, view.Job.RushReason, view.Why = example.Now.UnixMilli(), "dailies at noon", ""
	shell.Update(snapshot)
	if !p.rush.Visible() || !strings.HasPrefix(p.whyIs.Text, "Before everybody's jobs since ") || !strings.HasSuffix(p.whyIs.Text, "by an operator: dailies at noon") {
		t.Errorf("a rushed job reads %q", p.whyIs.Text)
	}
	test.AssertRendersToImage(t, "rush.png", w.Canvas())
	test.Tap(p.order.rush)
	if got := actions.last(t); got != "rush "+example.Open+" false " {
		t.Errorf("to end it, the operator asks for %q", got)
	}
}

// TestAFailedJobSaysWhatToDo: the cause, the renderer's log, and the missing frames again, or the job that renders them.
func TestAFailedJobSaysWhatToDo(t *testing.T) {
	fail := func(s *state.Snapshot) {
		s.Open.Job.State, s.Open.Job.Cause, s.Open.Job.Counts = job.Failed, "frame 1 failed the same way 2 times: no camera; mend the scene and submit it again", job.Counts{Pending: 8, Delivered: 8}
		s.Open.Events = append(s.Open.Events, wire.Event{Time: example.Now.UnixMilli(), What: "log", Text: "Blender 3.4.1\nError: Cannot render, no camera"}, wire.Event{What: "failed"})
	}
	shell, p, actions, w := opened(t, "dark", fail)
	if !p.showLog.Visible() || p.again.Text != "Render the rest" || p.mood.Resource != p.grave || p.goes.Visible() {
		t.Fatalf("the log %v, %q", p.showLog.Visible(), p.again.Text)
	}
	test.AssertRendersToImage(t, "failed.png", w.Canvas())
	test.Tap(p.showLog)
	if !p.log.visible() || p.log.text.Text != "Blender 3.4.1\nError: Cannot render, no camera" {
		t.Fatalf("the log reads %q", p.log.text.Text)
	}
	press(w, fyne.KeyEscape)
	p.events.OnSelected(1) // as it is in the history
	if !p.log.visible() {
		t.Fatal("the history doesn't lead to the log")
	}
	press(w, fyne.KeyEscape)
	snapshot := shell.last
	snapshot.Offer = &state.Offer{Job: example.Open, Frames: 8}
	shell.Update(snapshot)
	if !strings.HasSuffix(p.offerIs.Text, "The scene is the same: what failed in it fails again.") {
		t.Errorf("the offer reads %q", p.offerIs.Text)
	}
	p.grid.OnSelected(0)
	if len(p.picked) != 0 {
		t.Error("a frame is picked for nothing")
	}
	snapshot.Offer = nil
	snapshot.Jobs = append(snapshot.Jobs, state.Row{Job: job.Job{ID: "jnext", Name: "again", Origin: example.Open, Started: 1, State: job.Rendering, Counts: job.Counts{Pending: 8}}})
	shell.Update(snapshot)
	if p.again.Visible() || p.goes.Text != "Goes on in again" {
		t.Fatalf("what renders already is offered; %q", p.goes.Text)
	}
	test.Tap(p.goes)
	if got := actions.last(t); got != "open jnext" {
		t.Errorf("it leads to %q", got)
	}
}
