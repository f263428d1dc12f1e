package page

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/desktop/widget"
)

// worker is this machine's worker mode.
type worker struct {
	status *fynewidget.RichText
	badge  *widget.Badge
	reason *fynewidget.Label
	bar    *widget.Bar
	stats  [3]*widget.Stat
	start  *fynewidget.Button
	pause  *fynewidget.Button
	finish *fynewidget.Button
	list   *deviceList
	all    fyne.CanvasObject
}

func newWorker(s *Shell) *worker {
	w := &worker{status: widget.Heading(""), badge: widget.NewBadge("", theme.Soft), bar: widget.NewBar(), reason: fynewidget.NewLabel("")}
	w.reason.Importance = fynewidget.LowImportance
	w.reason.Wrapping = fyne.TextWrapWord
	w.start = fynewidget.NewButtonWithIcon("Start earning", fynetheme.MediaPlayIcon(), func() { s.options.Actions.StartWorker() })
	w.start.Importance = fynewidget.HighImportance
	w.pause = fynewidget.NewButtonWithIcon("Pause now", fynetheme.MediaPauseIcon(), func() { s.options.Actions.PauseWorker() })
	w.finish = fynewidget.NewButton("", func() {
		if s.last.Worker.Reason == state.OwnerPause {
			s.options.Actions.StartWorker()
		} else {
			s.options.Actions.FinishWorker()
		}
	})
	for i, name := range []string{"Frames today", "Earned", "Device"} {
		w.stats[i] = widget.NewStat(name)
	}
	stats := container.NewGridWithColumns(3)
	for _, stat := range w.stats {
		stats.Add(widget.Pad(stat, 0, 0, 0, 4))
	}
	card := widget.NewPanel(container.NewVBox(
		container.NewBorder(nil, nil, nil, container.NewCenter(container.NewHBox(w.start, w.pause)),
			container.NewBorder(nil, nil, nil, widget.Pad(container.NewCenter(w.badge), 0, 0, 0, 10), w.status)),
		container.NewBorder(nil, nil, nil, container.NewCenter(w.finish), w.reason), widget.Pad(w.bar, 4, 4, 8, 8)), 14)
	note := fynewidget.NewLabel("Scenes from strangers run in a sandbox: no network, only their own folder, wiped afterwards. “Pause now” stops a running render within two seconds and gives its task back; you lose nothing but that frame.")
	note.Wrapping = fyne.TextWrapWord
	note.Importance = fynewidget.LowImportance
	below := fynewidget.NewLabel("Lend this machine to the network while you don't need it")
	rules := fynewidget.NewButtonWithIcon("Rules", fynetheme.ListIcon(), func() { s.Show(PlaceRules) })
	w.list = newDeviceList(s)
	column := container.NewVBox(card, widget.Pad(stats, 8, 0, 0, 0), w.list.panel, note)
	w.all = container.NewBorder(head("Worker", below, rules), nil, nil, nil, container.NewVScroll(column))
	return w
}

func (w *worker) object() fyne.CanvasObject { return w.all }

func (w *worker) update(s state.Snapshot) {
	status := s.Worker
	title, reason := WorkerWords(status)
	if status.Trouble != "" {
		reason += "\n" + status.Trouble
	}
	heading := w.status.Segments[0].(*fynewidget.TextSegment)
	if heading.Text != title {
		heading.Text = title
		w.status.Refresh()
	}
	w.reason.Importance = fynewidget.LowImportance
	if status.State == state.WorkerFailed {
		w.reason.Importance = fynewidget.DangerImportance
	}
	w.reason.SetText(reason)
	w.badge.Set(string(status.State), theme.ForWorker(status.State))
	if status.State == state.WorkerBusy {
		w.bar.Set(widget.Part{Share: float32(min(max(status.Progress, 0), 1)), Color: theme.Sun})
	} else {
		w.bar.Set()
	}
	running := Working(status.State) || status.Ruled()
	w.start.Hidden, w.pause.Hidden = running, !running
	w.pause.SetText("Pause now")
	if status.Ruled() {
		w.pause.SetText("Stay paused")
	}
	if status.State == state.WorkerPaused {
		w.start.SetText("Resume")
	} else {
		w.start.SetText("Start earning")
	}
	w.pause.Refresh()
	// A task in hand may be finished first; whoever asked for that may think better of it.
	w.finish.Hidden = status.State != state.WorkerBusy || status.Reason != "" && status.Reason != state.OwnerPause
	w.finish.SetText("Finish, then pause")
	if status.Reason == state.OwnerPause {
		w.finish.SetText("Go on after it")
	}
	w.stats[0].Set(fmt.Sprint(status.Today), "", theme.Ink)
	w.stats[1].Set(state.Money(status.Earned, s.Link.Money.Symbol), "", theme.Ink)
	device := status.Device
	if device == "" {
		device = "not probed yet"
	}
	w.stats[2].Set("", device, theme.Ink)
	w.list.update(status)
}

// Working tells whether worker mode is on: it may take or has a task.
func Working(s state.WorkerState) bool {
	switch s {
	case state.WorkerBusy, state.WorkerIdle, state.WorkerStarting, state.WorkerOffline:
		return true
	}
	return false
}

// WorkerWords says in a title and a sentence what worker mode is doing.
func WorkerWords(status state.WorkerStatus) (title, sentence string) {
	switch status.State {
	case state.WorkerStarting:
		return "Getting ready", "Probing the renderers of this machine and signing in."
	case state.WorkerOffline:
		return "Waiting for the manager", "The connection is tried again by itself; what renders goes on."
	case state.WorkerIdle:
		return "Waiting for work", "Signed in. The next task that fits this machine starts by itself."
	case state.WorkerBusy:
		title, sentence = busyWords(status)
		switch status.Reason {
		case "":
		case state.OwnerPause:
			sentence += " Then it pauses, as you asked."
		default:
			sentence += " Then it pauses: " + status.Reason + "."
		}
		return title, sentence
	case state.WorkerPaused:
		if status.Reason == "" || status.Reason == state.OwnerPause {
			return "Paused", "The machine is yours until you resume."
		}
		if status.Ruled() {
			return "Paused by a rule", "The machine is yours: " + status.Reason + ". Work goes on by itself when that ends."
		}
		return "Paused", "The machine is yours: " + status.Reason + "."
	case state.WorkerFailed:
		return "Can't work", status.Reason
	}
	return "Off", "This machine renders nothing. Start worker mode to earn with it while it is idle."
}

func busyWords(status state.WorkerStatus) (title, sentence string) {
	percent := fmt.Sprintf("%d %%", int(status.Progress*100))
	sentence = "For job " + state.Short(status.Job) + "."
	switch status.Phase {
	case "download":
		return "Fetching a scene", sentence + " " + percent + " is here."
	case "load":
		return "Opening a scene", sentence
	case "upload":
		return "Sending frames", sentence + " " + percent + " is sent."
	}
	return fmt.Sprintf("Rendering frame %d", status.Frame), sentence + " " + percent + " of this frame is done."
}
