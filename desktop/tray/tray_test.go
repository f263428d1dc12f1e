package tray

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/state/example"
)

// desk is a desktop that keeps the menu it is given.
type desk struct {
	menu *fyne.Menu
	icon fyne.Resource
}

func (d *desk) SetSystemTrayMenu(menu *fyne.Menu)      { d.menu = menu }
func (d *desk) SetSystemTrayIcon(icon fyne.Resource)   { d.icon = icon }
func (d *desk) SetSystemTrayWindow(window fyne.Window) {}

func TestTheMenuSaysWhatWorkerModeDoes(t *testing.T) {
	test.NewTempApp(t)
	d := &desk{}
	did := ""
	tray := New(d, Options{
		OnOpen: func() { did = "open" }, OnStart: func() { did = "start" }, OnPause: func() { did = "pause" }, OnQuit: func() { did = "quit" },
	})
	if d.icon == nil || d.menu == nil || d.menu != tray.Menu() {
		t.Fatal("nothing was put into the tray")
	}
	for _, step := range []struct {
		status       state.WorkerStatus
		label, entry string
		does         string
	}{
		{state.WorkerStatus{State: state.WorkerOff}, "Worker: Off", "Start worker mode", "start"},
		{example.Snapshot().Worker, "Worker: Rendering frame 12", "Pause worker mode", "pause"},
		{state.WorkerStatus{State: state.WorkerBusy, Phase: "render", Frame: 7, Reason: "outside the hours"}, "Worker: Rendering frame 7, then a pause: outside the hours", "Pause worker mode", "pause"},
		{state.WorkerStatus{State: state.WorkerPaused, Reason: "paused by its owner"}, "Worker: Paused", "Resume worker mode", "start"},
		{state.WorkerStatus{State: state.WorkerFailed, Reason: "no renderer"}, "Worker: Can't work", "Start worker mode", "start"},
	} {
		s := example.Snapshot()
		s.Worker = step.status
		tray.Update(s)
		if d.menu.Items[0].Label != step.label || d.menu.Items[1].Label != "1 job: 8 of 16 frames" || d.menu.Items[3].Label != step.entry {
			t.Errorf("the menu says %q, %q, %q", d.menu.Items[0].Label, d.menu.Items[1].Label, d.menu.Items[3].Label)
		}
		d.menu.Items[3].Action()
		if did != step.does {
			t.Errorf("%q did %q", step.entry, did)
		}
	}
	d.menu.Items[4].Action()
	if did != "open" {
		t.Errorf("Open did %q", did)
	}
	last := d.menu.Items[len(d.menu.Items)-1]
	if last.Action(); did != "quit" || !last.IsQuit {
		t.Errorf("Quit did %q", did)
	}
}

func TestJobsInOneLine(t *testing.T) {
	s := example.Snapshot()
	s.Link.Connected = false
	if got := Jobs(s); got != "Not connected" {
		t.Error(got)
	}
	s = example.Snapshot()
	s.Jobs = s.Jobs[1:]
	if got := Jobs(s); got != "No job renders" {
		t.Error(got)
	}
	s.Jobs = append(s.Jobs, example.Snapshot().Jobs[0], example.Snapshot().Jobs[0])
	if got := Jobs(s); got != "2 jobs: 16 of 32 frames" {
		t.Error(got)
	}
}
