package page

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// logView is what the renderer said last before a job failed, as large as the window.
type logView struct {
	*over
	text *fynewidget.Label
}

func newLog(s *Shell) *logView {
	v := &logView{over: newOver(s), text: fynewidget.NewLabel("")}
	v.text.TextStyle.Monospace = true
	v.text.Wrapping = fyne.TextWrapBreak
	v.text.Selectable = true
	copied := v.button("Copy", fynetheme.ContentCopyIcon(), func() {
		fyne.CurrentApp().Clipboard().SetContent(v.text.Text)
		v.focus()
	})
	v.lay(container.NewVScroll(v.text), copied)
	return v
}

// logOf is the last log in a job's history.
func logOf(events []wire.Event) (wire.Event, bool) {
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].What == "log" {
			return events[i], true
		}
	}
	return wire.Event{}, false
}

func (v *logView) show(event wire.Event, nodes []job.Node) {
	v.call("Renderer's log", strings.Trim(state.Who(event.Node, nodes)+"  ·  "+time.UnixMilli(event.Time).Format("15:04:05"), " ·"))
	v.text.SetText(event.Text)
	v.open()
}
