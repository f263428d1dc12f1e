package tray

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/heliostat-render/heliostat/desktop/page"
	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Options are what the menu's entries do.
type Options struct {
	OnOpen  func()
	OnStart func()
	OnPause func()
	OnQuit  func()
}

// Tray is the icon and its menu. Use it on Fyne's goroutine only.
type Tray struct {
	menu   *fyne.Menu
	worker *fyne.MenuItem
	jobs   *fyne.MenuItem
	toggle *fyne.MenuItem

	options Options
	shown   string
}

// New puts the icon into the tray.
func New(app desktop.App, options Options) *Tray {
	t := &Tray{options: options}
	t.worker = fyne.NewMenuItem("Worker: off", nil)
	t.worker.Disabled = true
	t.jobs = fyne.NewMenuItem("No jobs", nil)
	t.jobs.Disabled = true
	t.toggle = fyne.NewMenuItem("Start worker mode", options.OnStart)
	quit := fyne.NewMenuItem("Quit Heliostat", options.OnQuit)
	quit.IsQuit = true
	t.menu = fyne.NewMenu("Heliostat", t.worker, t.jobs, fyne.NewMenuItemSeparator(),
		t.toggle, fyne.NewMenuItem("Open Heliostat", options.OnOpen), fyne.NewMenuItemSeparator(), quit)
	app.SetSystemTrayMenu(t.menu)
	app.SetSystemTrayIcon(theme.TrayIcon())
	return t
}

// Menu is what the tray shows.
func (t *Tray) Menu() *fyne.Menu { return t.menu }

// Update brings the labels up to date; the menu is sent to the desktop only when one of
// them changed.
func (t *Tray) Update(s state.Snapshot) {
	title, _ := page.WorkerWords(s.Worker)
	title = "Worker: " + title
	switch {
	case s.Worker.Reason == "":
	case s.Worker.State == state.WorkerPaused && s.Worker.Reason == state.OwnerPause: // who reads it knows
	case s.Worker.State == state.WorkerPaused:
		title += ", " + s.Worker.Reason
	case s.Worker.State == state.WorkerBusy: // a rule of the owner's holds once the task is done
		title += ", then a pause: " + s.Worker.Reason
	}
	jobs := Jobs(s)
	running := page.Working(s.Worker.State)
	label, action := "Start worker mode", t.options.OnStart
	switch {
	case s.Worker.Ruled():
		label, action = "Stay paused", t.options.OnPause
	case running:
		label, action = "Pause worker mode", t.options.OnPause
	case s.Worker.State == state.WorkerPaused:
		label = "Resume worker mode"
	}
	if now := title + "\n" + jobs + "\n" + label; now != t.shown {
		t.shown = now
		t.worker.Label, t.jobs.Label, t.toggle.Label, t.toggle.Action = title, jobs, label, action
		t.menu.Refresh()
	}
}

// Jobs says in one line what the jobs are doing.
func Jobs(s state.Snapshot) string {
	if !s.Link.Connected {
		return "Not connected"
	}
	running, done, total := 0, 0, 0
	for _, row := range s.Jobs {
		if row.Job.State == job.Rendering || row.Job.State == job.Funded {
			running++
			done += state.Done(row.Job.Counts)
			total += state.Total(row.Job)
		}
	}
	switch running {
	case 0:
		return "No job renders"
	case 1:
		return fmt.Sprintf("1 job: %d of %d frames", done, total)
	}
	return fmt.Sprintf("%d jobs: %d of %d frames", running, done, total)
}
