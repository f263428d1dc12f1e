package widget

import (
	"cmp"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
)

// LinkState shows whether the manager is connected.
type LinkState struct {
	fynewidget.BaseWidget
	link state.Link
}

// NewLinkState makes it.
func NewLinkState() *LinkState {
	l := &LinkState{}
	l.ExtendBaseWidget(l)
	return l
}

// Set shows a connection.
func (l *LinkState) Set(link state.Link) {
	if l.link == link {
		return
	}
	l.link = link
	l.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (l *LinkState) CreateRenderer() fyne.WidgetRenderer {
	dot := canvas.NewCircle(theme.Color(theme.Faint))
	word := newLine(12, theme.Ink, true)
	address := newLine(11, theme.Soft, false)
	r := &painter{objects: []fyne.CanvasObject{dot, word.Text, address.Text}}
	r.paint = func() {
		tone, text := theme.Sun, "Connecting"
		switch {
		case l.link.Connected:
			tone, text = theme.Good, "Connected"
		case l.link.Problem != "":
			tone, text = theme.Bad, "Not connected"
		}
		dot.FillColor = theme.Color(tone)
		word.set(text)
		host, _, _ := strings.Cut(cmp.Or(l.link.At, l.link.Manager), "#") // the pin is for machines
		address.set(strings.TrimRight(strings.TrimPrefix(strings.TrimPrefix(host, "http://"), "https://"), "/"))
	}
	r.min = func() fyne.Size { return fyne.NewSize(160, 42) }
	r.layout = func(size fyne.Size) {
		put(dot, 18, 8, 8, 8)
		word.place(36, 12, size.Width-40)
		address.place(36, 30, size.Width-40)
	}
	r.paint()
	return r
}
