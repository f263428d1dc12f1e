package page

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/widget"
)

// deviceList is the machine's processors on the worker's screen; a GPU can be switched off.
type deviceList struct {
	shell   *Shell
	shown   []state.WorkerDevice
	rows    []*deviceRow
	column  *fyne.Container
	hint    *fynewidget.Label
	restart *fynewidget.Button
	panel   *fyne.Container
}

type deviceRow struct {
	use   *fynewidget.Check // of a GPU
	name  *fynewidget.Label
	facts *fynewidget.Label
	all   fyne.CanvasObject
}

func newDeviceList(s *Shell) *deviceList {
	l := &deviceList{shell: s, column: container.NewVBox(), hint: fynewidget.NewLabel("")}
	l.hint.Wrapping = fyne.TextWrapWord
	l.hint.Hide()
	l.restart = fynewidget.NewButtonWithIcon("Restart worker mode", fynetheme.ViewRefreshIcon(), func() {
		s.options.Actions.RestartWorker()
		l.tell("", false)
	})
	l.restart.Hide()
	l.panel = widget.Pad(group("Devices", container.NewVBox(l.column, container.NewBorder(nil, nil, nil, l.restart, l.hint))), 8, 0, 0, 0)
	l.panel.Hide()
	return l
}

// update shows the devices; rows are made anew only when other devices are there.
func (l *deviceList) update(status state.WorkerStatus) {
	if len(status.Devices) == 0 {
		return // an engine that starts hasn't looked yet: what was found last stays
	}
	same := slices.EqualFunc(l.shown, status.Devices, func(a, b state.WorkerDevice) bool { return a.ID == b.ID })
	l.shown = status.Devices
	if !same {
		l.rows = nil
		l.column.RemoveAll()
		for _, d := range l.shown {
			row := l.row(d)
			l.rows = append(l.rows, row)
			l.column.Add(row.all)
		}
		l.panel.Show()
	}
	for i, d := range l.shown {
		l.rows[i].facts.SetText(l.facts(i, d, status.State))
	}
	if !Working(status.State) && status.State != state.WorkerPaused && l.restart.Visible() {
		l.tell("Holds when worker mode starts.", false)
	}
}

func (l *deviceList) row(d state.WorkerDevice) *deviceRow {
	row := &deviceRow{name: fynewidget.NewLabel(d.Name), facts: fynewidget.NewLabel("")}
	row.facts.Importance = fynewidget.LowImportance
	row.name.Truncation, row.facts.Truncation = fyne.TextTruncateEllipsis, fyne.TextTruncateEllipsis
	words := container.New(layout.NewCustomPaddedVBoxLayout(-14), row.name, row.facts)
	if d.GPU {
		row.use = fynewidget.NewCheck("", nil)
		row.use.SetChecked(l.uses(d))
		row.use.OnChanged = func(bool) { l.choose() }
		row.all = container.NewBorder(nil, nil, container.NewCenter(row.use), nil, words) // a check only takes taps within its least size
	} else {
		row.all = container.NewBorder(nil, nil, widget.Pad(fynewidget.NewIcon(fynetheme.ComputerIcon()), 0, 0, 7, 13), nil, words)
	}
	return row
}

// uses tells what the settings say of a GPU.
func (l *deviceList) uses(d state.WorkerDevice) bool {
	mine := l.shell.options.Settings.Worker
	switch {
	case mine.Device == "cpu":
		return false
	case len(mine.GPUs) > 0:
		return slices.Contains(mine.GPUs, d.ID)
	}
	return d.On || slices.ContainsFunc(l.shown, func(x state.WorkerDevice) bool { return x.GPU && x.Name == d.Name })
}

// choose keeps which GPUs are switched on.
func (l *deviceList) choose() {
	next := l.shell.options.Settings
	next.Worker.GPUs = nil
	gpus := 0
	var kinds []string
	for i, d := range l.shown {
		if !d.GPU {
			continue
		}
		gpus++
		if l.rows[i].use.Checked {
			next.Worker.GPUs = append(next.Worker.GPUs, d.ID)
			if !slices.Contains(kinds, d.Name) {
				kinds = append(kinds, d.Name)
			}
		}
	}
	switch {
	case len(kinds) > 1:
		l.tell("GPUs of different kinds don't work together: switch one of "+strings.Join(kinds, " and ")+" off.", false)
		return
	case len(next.Worker.GPUs) == 0:
		next.Worker.Device = "cpu"
	case next.Worker.Device == "cpu":
		next.Worker.Device = "auto"
	}
	if len(next.Worker.GPUs) == gpus {
		next.Worker.GPUs = nil // and those that are built in later
	}
	if l.shell.options.OnSave != nil {
		if err := l.shell.options.OnSave(next); err != nil {
			l.tell(err.Error(), false)
			return
		}
	}
	l.shell.keep(next)
	words := "Kept."
	if next.Worker.Device == "cpu" {
		words = "Every GPU is off: worker mode renders on the processor."
	}
	running := Working(l.shell.last.Worker.State)
	if running {
		words += " It holds from the next start."
	}
	l.tell(words, running)
}

func (l *deviceList) tell(text string, restart bool) {
	l.hint.SetText(text)
	l.hint.Hidden = text == ""
	l.restart.Hidden = !restart
	l.panel.Refresh()
}

// facts say how a device is, and whether it is used.
func (l *deviceList) facts(i int, d state.WorkerDevice, now state.WorkerState) string {
	var facts []string
	if d.Memory > 0 {
		facts = append(facts, fmt.Sprintf("%.1f of %.1f GiB free", float64(d.Free)/(1<<30), float64(d.Memory)/(1<<30)))
	}
	if d.GPU {
		facts = append(facts, fmt.Sprintf("%.0f %% busy", 100*d.Load))
	}
	if d.Temperature > 0 {
		facts = append(facts, fmt.Sprintf("%d °C", d.Temperature))
	}
	if d.Power > 0 {
		facts = append(facts, fmt.Sprintf("%.0f W", d.Power))
	}
	wanted := d.On
	if use := l.rows[i].use; use != nil {
		wanted = use.Checked
	}
	switch running := Working(now) || now == state.WorkerPaused; {
	case running && wanted && !d.On:
		facts = append(facts, "in use from the next start")
	case running && !wanted && d.On:
		facts = append(facts, "in use until the next start")
	case !wanted:
		facts = append(facts, "not in use")
	}
	return strings.Join(facts, "  ·  ")
}
