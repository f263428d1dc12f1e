package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/state/example"
	"github.com/heliostat-render/heliostat/desktop/widget"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
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
func (r *recorder) Look(frame job.Frame, beside ...job.Frame) {
	var numbers []int
	for _, f := range beside {
		numbers = append(numbers, f.Number)
	}
	r.note("look %d %v", frame.Number, numbers)
}
func (r *recorder) Priority(id string, n int) { r.note("priority %s %d", id, n) }
func (r *recorder) Rush(id string, on bool, reason string) {
	r.note("rush %s %v %s", id, on, reason)
}
func (r *recorder) Cancel(id string) { r.note("cancel %s", id) }
func (r *recorder) Pause(id string)  { r.note("pause %s", id) }
func (r *recorder) Resume(id string) { r.note("resume %s", id) }
func (r *recorder) Accept(id string) { r.note("accept %s", id) }
func (r *recorder) Claim(id string, frames []int, reason string) {
	r.note("claim %s %v %s", id, frames, reason)
}
func (r *recorder) Older()                          { r.note("older") }
func (r *recorder) Release(id string)               { r.note("release %s", id) }
func (r *recorder) Requeue(id string, frames []int) { r.note("requeue %s %v", id, frames) }
func (r *recorder) Frames(id string)                { r.note("frames %s", id) }
func (r *recorder) Again(id string)                 { r.note("again %s", id) }
func (r *recorder) Take()                           { r.note("take") }
func (r *recorder) Decline()                        { r.note("decline") }
func (r *recorder) ClaimPayout()                    { r.note("withdraw") }
func (r *recorder) StartWorker()                    { r.note("start") }
func (r *recorder) RestartWorker()                  { r.note("restart") }
func (r *recorder) PauseWorker()                    { r.note("pause worker") }
func (r *recorder) FinishWorker()                   { r.note("finish worker") }
func (r *recorder) Dismiss()                        { r.note("dismiss") }
func (r *recorder) Retry()                          { r.note("retry") }
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

func TestTextsThatStandAloneAreSentences(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "no manager answers": "No manager answers", "étage": "Étage", "Fine": "Fine", "bark.png is missing": "bark.png is missing", "vm: no memory": "vm: no memory",
	} {
		if got := sentence(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestTheOpenJobOffersWhatItsStateAllows(t *testing.T) {
	shell, actions, _ := window(t, "dark")
	snapshot := example.Snapshot()
	view := example.View()
	snapshot.Open = view
	show := func(change func()) *openJob {
		change()
		shell.Update(snapshot)
		shell.Show(PlaceJob)
		return shell.screens[PlaceJob].(*openJob)
	}
	screen := show(func() {})
	if screen.release.Visible() || screen.again.Visible() {
		t.Fatal("a job that renders without scouts offers to release or to repeat the rest")
	}
	test.Tap(screen.frames)
	if got := actions.last(t); got != "frames "+example.Open {
		t.Fatalf("Open frames asked for %q", got)
	}
	show(func() { view.Job.Scout = true })
	test.Tap(screen.release)
	if got := actions.last(t); got != "release "+example.Open {
		t.Fatalf("Release asked for %q", got)
	}
	// Frames that somebody has can be given to others; those that are here can't.
	screen.grid.OnSelected(0)
	if screen.requeue.Visible() {
		t.Fatal("a delivered frame can be given to others")
	}
	screen.clear()
	screen.grid.OnSelected(11)
	test.Tap(screen.requeue)
	if got := actions.last(t); got != "requeue "+example.Open+" [12]" || len(screen.picked) != 0 {
		t.Fatalf("Give to others asked for %q", got)
	}
	show(func() { view.Job.State, view.Job.Counts = job.Failed, job.Counts{Pending: 16} })
	if screen.frames.Visible() || screen.offer.Visible() {
		t.Fatal("a job without frames offers them, or shows an offer that nobody asked for")
	}
	test.Tap(screen.again)
	if got := actions.last(t); got != "again "+example.Open || screen.again.Text != "Render again" {
		t.Fatalf("Render the rest asked for %q", got)
	}
	show(func() {
		snapshot.Offer = &state.Offer{Job: example.Open, Frames: 16, Quote: job.Quote{Price: 14_401, Ceiling: 15_841, Seconds: 126}}
	})
	if want := "16 frames for about 0.014 HELIO, never more than 0.016 HELIO, in about 2 min 06 s. The scene is the same: what failed in it fails again."; screen.offerIs.Text != want || screen.again.Visible() || !screen.offer.Visible() {
		t.Fatalf("the offer reads %q", screen.offerIs.Text)
	}
	show(func() { snapshot.Offer = &state.Offer{Job: "another"} })
	if screen.offer.Visible() {
		t.Fatal("another job's offer is shown")
	}
}

func TestAnEventIsReadWhole(t *testing.T) {
	shell, _, _ := window(t, "dark")
	snapshot := example.Snapshot()
	snapshot.Open = example.View()
	shell.Update(snapshot)
	shell.Show(PlaceJob)
	screen := shell.screens[PlaceJob].(*openJob)
	events := snapshot.Open.Events
	screen.events.OnSelected(0)
	if want := sentence(events[len(events)-1].Text); !screen.told.Visible() || screen.told.Text != want {
		t.Fatalf("it reads %q, want %q", screen.told.Text, want)
	}
	screen.events.OnSelected(0)
	if screen.told.Visible() {
		t.Fatal("the text stays")
	}
}

func TestSettingsAreSavedByEnterAndToldTruly(t *testing.T) {
	shell, actions, w := window(t, "dark")
	shell.Show(PlaceSettings)
	screen := shell.screens[PlaceSettings].(*settings)
	screen.manager.SetText("render.studio.lan:7777")
	w.Canvas().Focus(screen.manager)
	screen.manager.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if actions.saved.Manager != "http://render.studio.lan:7777" || !screen.outcome.Visible() {
		t.Fatalf("Enter saved %q", actions.saved.Manager)
	}
	screen.name.SetText("attic")
	if screen.outcome.Visible() {
		t.Fatalf("it still says %q", screen.outcome.Text)
	}
}

func TestWithoutAManagerTheNextStepIsOneTap(t *testing.T) {
	shell, _, w := window(t, "dark")
	shell.Update(state.Snapshot{Link: state.Link{Manager: state.DefaultManager}})
	screen := shell.screens[PlaceJobs].(*jobs)
	test.Tap(screen.address)
	if shell.Place() != PlaceSettings || w.Canvas().Focused() != shell.screens[PlaceSettings].(*settings).manager {
		t.Fatalf("it leads to %s, with the cursor on %T", shell.Place(), w.Canvas().Focused())
	}
	if got := shell.screens[PlaceSettings].(*settings).manager.SelectedText(); got != state.DefaultManager {
		t.Errorf("typing would replace %q only", got)
	}
	shell.Update(example.Snapshot())
	shell.Show(PlaceJobs)
	if screen.address.Visible() {
		t.Fatal("a manager that is there is asked for")
	}
}

func TestGoodNewsGoWithTheirScreen(t *testing.T) {
	shell, actions, _ := window(t, "dark")
	snapshot := example.Snapshot()
	snapshot.Notice = state.Notice{Text: "Accepting failed", Bad: true}
	shell.Update(snapshot)
	shell.Show(PlaceNodes)
	if len(actions.calls) != 0 {
		t.Fatalf("bad news went unread: %v", actions.calls)
	}
	snapshot.Notice.Bad = false
	shell.Update(snapshot)
	shell.Show(PlaceJobs)
	if got := actions.last(t); got != "dismiss" {
		t.Fatalf("the notice stays: %q", got)
	}
}

func TestJobsAreFoundAmongMany(t *testing.T) {
	shell, _, _ := window(t, "dark")
	snapshot := example.Snapshot()
	shell.Update(snapshot)
	screen := shell.screens[PlaceJobs].(*jobs)
	if screen.search.Visible() {
		t.Fatal("five jobs are searched")
	}
	for i := range 5 {
		snapshot.Jobs = append(snapshot.Jobs, state.Row{Job: job.Job{ID: fmt.Sprintf("jx%d", i), Name: "Lobby, morning", State: job.Rendering}})
	}
	shell.Update(snapshot)
	for text, want := range map[string]int{"": 10, "lobby": 6, "LOBBY deliv": 1, "jx3": 1, "nothing": 0} {
		screen.search.SetText(text)
		if len(screen.rows) != want || screen.empty.Visible() != (want == 0) || screen.strip.Hidden || !screen.search.Visible() {
			t.Errorf("%q finds %d jobs, want %d", text, len(screen.rows), want)
		}
	}
}

func TestAFrameThatWaitsForItsTaskIsRendered(t *testing.T) {
	test.NewTempApp(t)
	cell := widget.NewFrameCell(func(int) {}, func(int) {})
	cell.Resize(fyne.NewSize(146, 110))
	for progress, want := range map[float64]string{0.52: "52 %", 1: "rendered"} {
		cell.Set(job.Frame{Number: 2, Progress: progress}, state.LookRendering, "tower", nil, false)
		if !slices.ContainsFunc(test.WidgetRenderer(cell).Objects(), func(o fyne.CanvasObject) bool {
			text, is := o.(*canvas.Text)
			return is && text.Text == want
		}) {
			t.Errorf("a frame at %v doesn't read %s", progress, want)
		}
	}
}

func TestAVerifierIsntCountedAsAWorker(t *testing.T) {
	test.NewTempApp(t)
	row := widget.NewNodeRow()
	reads := func(n job.Node) string {
		row.Set(n, example.Now)
		var all []string
		for _, object := range test.WidgetRenderer(row).Objects() {
			if text, is := object.(*canvas.Text); is {
				all = append(all, text.Text)
			}
		}
		return strings.Join(all, "|")
	}
	row.Resize(fyne.NewSize(900, 70))
	for role, counted := range map[job.Role]bool{job.RoleWorker: true, job.RoleVerifier: false} {
		if got := reads(job.Node{Roles: []job.Role{role}, State: job.NodeIdle}); strings.Contains(got, "0 passed") != counted {
			t.Errorf("a new %s reads %q", role, got)
		}
	}
}

func TestAFarmWithoutPaymentsPromisesNone(t *testing.T) {
	shell, _, _ := window(t, "dark")
	shell.Update(state.Snapshot{Loaded: true, Link: state.Link{Connected: true, Money: wire.Money{Settlement: "off"}}})
	shell.Show(PlacePayouts)
	var all []string
	for _, object := range shell.screens[PlacePayouts].(*payouts).empty.Container.Objects[0].(*fyne.Container).Objects {
		if text, is := object.(*canvas.Text); is {
			all = append(all, text.Text)
		}
	}
	if !slices.Equal(all, []string{"No payments here"}) {
		t.Errorf("it reads %q", all)
	}
}

func TestTheRailShowsAnAddressWithoutItsPin(t *testing.T) {
	test.NewTempApp(t)
	link := widget.NewLinkState()
	link.Resize(fyne.NewSize(400, 42))
	link.Set(state.Link{Manager: "http://gone.studio.lan,https://render.studio.lan:7777/#sha256:89606506", At: "https://render.studio.lan:7777/#sha256:89606506", Connected: true})
	for _, object := range test.WidgetRenderer(link).Objects() {
		if text, is := object.(*canvas.Text); is && text.Text == "render.studio.lan:7777" {
			return
		}
	}
	t.Error("it doesn't read render.studio.lan:7777")
}

func TestKeysWorkOnWhatIsShown(t *testing.T) {
	shell, actions, w := window(t, "dark")
	w.Canvas().SetOnTypedKey(shell.TypedKey)
	shell.Update(example.Snapshot())
	screen := shell.screens[PlaceJobs].(*jobs)
	w.Canvas().Focus(screen.list)
	screen.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if got := actions.last(t); shell.Place() != PlaceJob || got != "open "+example.Open {
		t.Fatalf("Space leads to %s and asks for %q", shell.Place(), got)
	}
	if f := w.Canvas().Focused(); f != nil {
		t.Fatalf("keys still go to a %T that isn't shown", f)
	}
	w.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if shell.Place() != PlaceJobs {
		t.Fatalf("Escape leads to %s", shell.Place())
	}
	rail := shell.items[PlaceNodes]
	w.Canvas().Focus(rail)
	rail.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if shell.Place() != PlaceNodes || w.Canvas().Focused() != rail {
		t.Fatal("the rail loses the keyboard by its own key")
	}
	shell.Show(PlaceRules)
	shell.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if shell.Place() != PlaceWorker {
		t.Fatalf("Escape leads from the rules to %s", shell.Place())
	}
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
	if want := "The machine is yours until you resume."; screen.reason.Text != want {
		t.Errorf("its owner reads %q", screen.reason.Text)
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
	screen.blender.SetText("/no/such/blender")
	screen.save()
	if !strings.Contains(screen.outcome.Text, "There is no program /no/such/blender") || actions.saved.Manager != "" {
		t.Fatalf("a Blender that isn't there ended as %q", screen.outcome.Text)
	}
	shell.Show(PlaceJobs)
	shell.Show(PlaceSettings)
	if screen.outcome.Visible() {
		t.Fatal("what was said stays for the next visit")
	}
	screen.blender.SetText("")
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
