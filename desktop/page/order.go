package page

import (
	"fmt"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/widget"
	"github.com/heliostat-render/heliostat/shared/job"
)

// order is where the open job's place in the queue is changed: its priority among its owner's jobs, and by the operator before everybody's.
type order struct {
	job     *openJob
	button  *fynewidget.Button // shows the panel and hides it again
	panel   *widget.Panel
	entry   *widget.LeftEntry
	says    *fynewidget.Label
	reason  *widget.LeftEntry
	rush    *fynewidget.Button
	rushRow *fyne.Container
	others  []job.Job // the owner's that aren't done
	shown   int       // the priority that the entry was filled from
}

const orderSays = "Higher goes before lower, among one owner's jobs only. 0 is usual."

func newOrder(p *openJob) *order {
	o := &order{job: p, says: fynewidget.NewLabel(orderSays)}
	o.entry, o.reason = widget.NewLeftEntry(o.toggle), widget.NewLeftEntry(o.toggle)
	o.button = fynewidget.NewButtonWithIcon("Priority", fynetheme.ListIcon(), func() { o.toggle() })
	o.button.Importance = fynewidget.LowImportance
	o.says.Importance = fynewidget.LowImportance
	o.says.Truncation = fyne.TextTruncateEllipsis
	o.entry.OnSubmitted = func(string) { o.send() }
	to := func(name string, n func() int) *fynewidget.Button {
		return fynewidget.NewButton(name, func() {
			o.entry.SetText(strconv.Itoa(n()))
			o.send()
		})
	}
	buttons := container.NewHBox(fynewidget.NewButton("Set", o.send),
		to("First", func() int { return o.beside(1) }), to("Usual", func() int { return 0 }), to("Last", func() int { return o.beside(-1) }))
	row := container.NewBorder(nil, nil, container.NewHBox(fynewidget.NewLabel("Priority"), container.NewGridWrap(fyne.NewSize(70, o.entry.MinSize().Height), o.entry), buttons), nil, o.says)
	o.reason.SetPlaceHolder("Why, for those who wait")
	o.rush = fynewidget.NewButton("", o.sendRush)
	o.reason.OnSubmitted = func(string) { o.sendRush() }
	o.rushRow = container.NewBorder(nil, nil, fynewidget.NewLabel("Rush"), o.rush, o.reason)
	o.panel = widget.NewPanel(container.NewVBox(row, o.rushRow), 6)
	o.panel.Hide()
	return o
}

func (o *order) toggle() {
	if o.panel.Visible() {
		o.panel.Hide()
	} else {
		o.says.SetText(orderSays)
		o.panel.Show()
	}
	o.job.header.Refresh()
	o.job.all.Refresh()
	canvas := o.job.shell.canvas()
	switch {
	case canvas == nil:
	case o.panel.Visible():
		canvas.Focus(o.entry)
		o.entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	default:
		canvas.Focus(o.button)
	}
}

// reset is for another job.
func (o *order) reset() {
	o.panel.Hide()
	o.entry.SetText("")
	o.reason.SetText("")
}

// beside is a priority beyond those of the owner's other jobs: before them, or after them.
func (o *order) beside(step int) int {
	n := 0
	for _, j := range o.others {
		if step > 0 {
			n = max(n, j.Priority+1)
		} else {
			n = min(n, j.Priority-1)
		}
	}
	return max(-100, min(n, 100))
}

func (o *order) send() {
	n, err := strconv.Atoi(strings.TrimSpace(o.entry.Text))
	if err != nil || n < -100 || n > 100 {
		o.says.SetText("Write a whole number from -100 to 100.")
		return
	}
	o.says.SetText(orderSays)
	o.job.shell.options.Actions.Priority(o.job.view.Job.ID, n)
}

func (o *order) sendRush() {
	on := o.job.view.Job.Rush == 0
	o.job.shell.options.Actions.Rush(o.job.view.Job.ID, on, strings.TrimSpace(o.reason.Text))
	o.reason.SetText("")
}

// update tells whether the header has to be laid out anew.
func (o *order) update(s state.Snapshot, may state.May) (moved bool) {
	j := o.job.view.Job
	o.others = o.others[:0]
	for _, row := range s.Jobs {
		if row.Job.Owner == j.Owner && row.Job.ID != j.ID && !state.Finished(row.Job.State) {
			o.others = append(o.others, row.Job)
		}
	}
	if !may.Priority && o.panel.Visible() {
		o.panel.Hide()
		moved = true
	}
	if may.Priority == o.button.Hidden {
		o.button.Hidden = !may.Priority
		moved = true
	}
	if text := fmt.Sprint("Priority ", j.Priority); o.button.Text != text {
		o.button.SetText(text)
		moved = true
	}
	if j.Priority != o.shown || o.entry.Text == "" && !o.panel.Visible() {
		o.shown = j.Priority
		o.entry.SetText(strconv.Itoa(j.Priority))
	}
	if o.rushRow.Hidden == may.Rush {
		o.rushRow.Hidden = !may.Rush
		moved = true
	}
	text := "Put before everybody's jobs"
	if j.Rush > 0 {
		text = "Back into its turn"
	}
	if o.rush.Text != text {
		o.rush.SetText(text)
	}
	return moved
}
