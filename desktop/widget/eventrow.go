package widget

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// EventRow is one line of a job's history.
type EventRow struct {
	fynewidget.BaseWidget
	event wire.Event
	who   string
}

// NewEventRow makes an empty row.
func NewEventRow() *EventRow {
	r := &EventRow{}
	r.ExtendBaseWidget(r)
	return r
}

// Set shows an event. Who names its node; "" for none.
func (r *EventRow) Set(event wire.Event, who string) {
	if r.event == event && r.who == who {
		return
	}
	r.event, r.who = event, who
	r.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *EventRow) CreateRenderer() fyne.WidgetRenderer {
	dot := canvas.NewCircle(theme.Color(theme.Faint))
	what := newLine(12, theme.Ink, true)
	clock := newLine(11, theme.Faint, false)
	clock.Alignment = fyne.TextAlignTrailing
	text := newLine(12, theme.Soft, false)
	p := &painter{objects: []fyne.CanvasObject{dot, what.Text, clock.Text, text.Text}}
	p.paint = func() {
		what.set(r.event.What)
		clock.set(time.UnixMilli(r.event.Time).Format("15:04:05"))
		line := state.Said(r.event)
		if r.who != "" {
			line = r.who + ": " + line
		}
		text.set(strings.Join(strings.Fields(line), " ")) // a log has lines
		tone := theme.Faint
		for _, mark := range []struct {
			word string
			tone fyne.ThemeColorName
		}{{"reject", theme.Bad}, {"fail", theme.Bad}, {"lost", theme.Bad}, {"expired", theme.Bad}, {"deliver", theme.Good}, {"settle", theme.Good}, {"accept", theme.Good}, {"verif", theme.Check}, {"lease", theme.Sun}, {"render", theme.Sun}} {
			if strings.Contains(r.event.What, mark.word) {
				tone = mark.tone
				break
			}
		}
		dot.FillColor = theme.Color(tone)
	}
	p.min = func() fyne.Size { return fyne.NewSize(200, 44) }
	p.layout = func(size fyne.Size) {
		put(dot, 4, 10, 7, 7)
		clock.place(size.Width-72, 14, 60)
		what.place(20, 14, max(size.Width-96, 20))
		text.place(20, 32, max(size.Width-24, 20))
	}
	p.paint()
	return p
}
