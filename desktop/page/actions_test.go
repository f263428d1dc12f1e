package page

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/state/example"
	"github.com/heliostat-render/heliostat/shared/job"
)

// recorder keeps what the screens asked for.
type recorder struct {
	calls  []string
	thumbs map[int]bool
	saved  state.Settings
}

func (r *recorder) note(format string, args ...any) {
	r.calls = append(r.calls, fmt.Sprintf(format, args...))
}

func (r *recorder) Open(id string) { r.note("open %s", id) }
func (r *recorder) Thumb(frame job.Frame) {
	if r.thumbs == nil {
		r.thumbs = make(map[int]bool)
	}
	r.thumbs[frame.Number] = true
}
func (r *recorder) Cancel(id string) { r.note("cancel %s", id) }
func (r *recorder) Pause(id string)  { r.note("pause %s", id) }
func (r *recorder) Resume(id string) { r.note("resume %s", id) }
func (r *recorder) Accept(id string) { r.note("accept %s", id) }
func (r *recorder) Claim(id string, frames []int, reason string) {
	r.note("claim %s %v %s", id, frames, reason)
}
func (r *recorder) ClaimPayout()   { r.note("withdraw") }
func (r *recorder) StartWorker()   { r.note("start") }
func (r *recorder) RestartWorker() { r.note("restart") }
func (r *recorder) PauseWorker()   { r.note("pause worker") }
func (r *recorder) FinishWorker()  { r.note("finish worker") }
func (r *recorder) Dismiss()       { r.note("dismiss") }
func (r *recorder) Retry()         { r.note("retry") }
func (r *recorder) save(s state.Settings) error {
	r.saved = s
	return nil
}

func (r *recorder) last(t *testing.T) string {
	t.Helper()
	if len(r.calls) == 0 {
		t.Fatal("nothing was asked for")
	}
	return r.calls[len(r.calls)-1]
}

func TestTappingARowOpensItsJob(t *testing.T) {
	shell, actions, w := window(t, "dark")
	shell.Update(example.Snapshot())
	test.TapCanvas(w.Canvas(), fyne.NewPos(500, 130))
	if got := actions.last(t); got != "open "+example.Open {
		t.Fatalf("tapping the first row asked for %q", got)
	}
	if shell.Place() != PlaceJob {
		t.Fatalf("the shell shows %s", shell.Place())
	}
}

func TestAJobCanBePausedAndCancelled(t *testing.T) {
	shell, actions, _ := window(t, "dark")
	snapshot := example.Snapshot()
	snapshot.Open = example.View()
	shell.Update(snapshot)
	shell.Show(PlaceJob)
	screen := shell.screens[PlaceJob].(*openJob)
	test.Tap(screen.pause)
	if got := actions.last(t); got != "pause "+example.Open {
		t.Fatalf("Pause asked for %q", got)
	}
	before := len(actions.calls)
	test.Tap(&screen.cancel.Button)
	if len(actions.calls) != before {
		t.Fatal("the first tap on Cancel already cancelled")
	}
	test.Tap(&screen.cancel.Button)
	if got := actions.last(t); got != "cancel "+example.Open {
		t.Fatalf("Cancel asked for %q", got)
	}
	if screen.accept.Visible() {
		t.Fatal("a job that renders offers to accept its frames")
	}
}

func TestDeliveredFramesCanBeDisputed(t *testing.T) {
	shell, actions, _ := window(t, "dark")
	snapshot := example.Snapshot()
	snapshot.Open = example.View()
	snapshot.Open.Job.State = job.Delivered
	shell.Update(snapshot)
	shell.Show(PlaceJob)
	screen := shell.screens[PlaceJob].(*openJob)
	screen.grid.OnSelected(6)
	screen.grid.OnSelected(2)
	before := len(actions.calls)
	test.Tap(screen.claim)
	for _, call := range actions.calls[before:] {
		if strings.HasPrefix(call, "claim") {
			t.Fatal("a claim without a reason was filed")
		}
	}
	test.Type(screen.reason, "fireflies")
	test.Tap(screen.claim)
	if got := actions.last(t); got != "claim "+example.Open+" [3 7] fireflies" {
		t.Fatalf("Dispute asked for %q", got)
	}
	test.Tap(screen.accept)
	if got := actions.last(t); got != "accept "+example.Open {
		t.Fatalf("Accept asked for %q", got)
	}
}

func TestMissingPicturesAreAskedFor(t *testing.T) {
	shell, actions, _ := window(t, "dark")
	snapshot := example.Snapshot()
	snapshot.Open = example.View()
	snapshot.Open.Thumbs = nil
	shell.Show(PlaceJob)
	shell.Update(snapshot)
	if !actions.thumbs[1] || !actions.thumbs[8] {
		t.Fatalf("asked for the pictures of %v", actions.thumbs)
	}
}

func TestWorkerModeStartsAndPauses(t *testing.T) {
	shell, actions, _ := window(t, "dark")
	shell.Update(example.Snapshot())
	shell.Show(PlaceWorker)
	screen := shell.screens[PlaceWorker].(*worker)
	test.Tap(screen.pause)
	if got := actions.last(t); got != "pause worker" {
		t.Fatalf("Pause asked for %q", got)
	}
	test.Tap(screen.finish)
	if got := actions.last(t); got != "finish worker" {
		t.Fatalf("%s asked for %q", screen.finish.Text, got)
	}
	snapshot := example.Snapshot()
	snapshot.Worker.Reason, snapshot.Worker.Trouble = state.OwnerPause, "The task that failed here last hung."
	shell.Update(snapshot)
	test.Tap(screen.finish)
	if got := actions.last(t); got != "start" || screen.finish.Text != "Go on after it" {
		t.Fatalf("%s asked for %q", screen.finish.Text, got)
	}
	if !strings.Contains(screen.reason.Text, "Then it pauses") || !strings.HasSuffix(screen.reason.Text, snapshot.Worker.Trouble) {
		t.Errorf("it says %q", screen.reason.Text)
	}
	snapshot.Worker = state.WorkerStatus{State: state.WorkerPaused, Reason: "paused by its owner"}
	shell.Update(snapshot)
	if screen.finish.Visible() {
		t.Error("a paused worker offers to finish")
	}
	if screen.pause.Visible() || !screen.start.Visible() || screen.start.Text != "Resume" {
		t.Fatal("a paused worker doesn't offer to resume")
	}
	test.Tap(screen.start)
	if got := actions.last(t); got != "start" {
		t.Fatalf("Resume asked for %q", got)
	}
}

func TestSettingsAreCheckedBeforeTheyAreSaved(t *testing.T) {
	shell, actions, _ := window(t, "dark")
	shell.Show(PlaceSettings)
	screen := shell.screens[PlaceSettings].(*settings)
	screen.manager.SetText("ftp://nowhere")
	screen.save()
	if !strings.Contains(screen.outcome.Text, "isn't spoken") || actions.saved.Manager != "" {
		t.Fatalf("a bad address ended as %q", screen.outcome.Text)
	}
	screen.manager.SetText("render.studio.lan:7777")
	screen.slots.SetText("2")
	screen.save()
	if actions.saved.Manager != "http://render.studio.lan:7777" || actions.saved.Worker.Slots != 2 {
		t.Fatalf("saved %+v", actions.saved)
	}
}

// The navigation and a confirmation work without a pointer.
func TestTheKeyboardIsEnough(t *testing.T) {
	shell, actions, w := window(t, "dark")
	shell.Update(example.Snapshot())
	for range 20 {
		if shell.Place() == PlaceNodes {
			break
		}
		w.Canvas().FocusNext()
		if w.Canvas().Focused() == fyne.Focusable(shell.items[PlaceNodes]) {
			shell.items[PlaceNodes].TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
		}
	}
	if shell.Place() != PlaceNodes {
		t.Fatal("the navigation can't be reached by the tabulator key")
	}
	shell.Show(PlaceJobs)
	list := shell.screens[PlaceJobs].(*jobs).list
	w.Canvas().Focus(list)
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if got := actions.last(t); got != "open "+example.Open {
		t.Fatalf("the space bar on the first job asked for %q", got)
	}
}

// written are the texts that an object shows.
func written(object fyne.CanvasObject) (all []string) {
	if !object.Visible() {
		return nil
	}
	switch o := object.(type) {
	case *canvas.Text:
		return []string{o.Text}
	case *fyne.Container:
		for _, part := range o.Objects {
			all = append(all, written(part)...)
		}
	case fyne.Widget:
		for _, part := range test.WidgetRenderer(o).Objects() {
			all = append(all, written(part)...)
		}
	}
	return all
}

// TestACancelledJobGivesUpItsFrames: nothing of it is said to be going on any more.
func TestACancelledJobGivesUpItsFrames(t *testing.T) {
	shell, _, w := window(t, "dark")
	snapshot := example.Snapshot()
	snapshot.Open = example.View()
	shell.Show(PlaceJob)
	shell.Update(snapshot)
	said := strings.Join(written(w.Canvas().Content()), "\n")
	if !strings.Contains(said, "checking") || strings.Contains(said, "given up") {
		t.Fatalf("the job that renders says\n%s", said)
	}
	snapshot.Open = example.View()
	snapshot.Open.Job.State = job.Cancelled
	shell.Update(snapshot)
	badge := shell.screens[PlaceJob].(*openJob).badge
	if right := fyne.CurrentApp().Driver().AbsolutePositionForObject(badge).X + badge.MinSize().Width; right > w.Canvas().Size().Width {
		t.Errorf("the job's state ends at %v of %v", right, w.Canvas().Size().Width)
	}
	lines := written(w.Canvas().Content())
	for _, line := range lines {
		if strings.HasSuffix(line, "checking") || strings.HasSuffix(line, "rendering") || strings.HasSuffix(line, "waiting") {
			t.Errorf("the cancelled job says %q", line)
		}
	}
	if !strings.Contains(strings.Join(lines, "\n"), "given up") {
		t.Errorf("the cancelled job says\n%s", strings.Join(lines, "\n"))
	}
}
