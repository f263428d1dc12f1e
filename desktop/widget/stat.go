package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/theme"
)

// Stat is a figure with its name below, on a card.
type Stat struct {
	fynewidget.BaseWidget
	name, value, more string
	tone              fyne.ThemeColorName
}

// NewStat makes a Stat without a value.
func NewStat(name string) *Stat {
	s := &Stat{name: name, value: "–", tone: theme.Ink}
	s.ExtendBaseWidget(s)
	return s
}

// Set changes the value and the small text behind it.
func (s *Stat) Set(value, more string, tone fyne.ThemeColorName) {
	if s.value == value && s.more == more && s.tone == tone {
		return
	}
	s.value, s.more, s.tone = value, more, tone
	s.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (s *Stat) CreateRenderer() fyne.WidgetRenderer {
	card := box(theme.Radius)
	name := newLine(11, theme.Soft, false)
	value := newLine(18, theme.Ink, true)
	more := newLine(12, theme.Soft, false)
	p := &painter{objects: []fyne.CanvasObject{card, name.Text, value.Text, more.Text}}
	p.paint = func() {
		card.FillColor = theme.Color(theme.Surface)
		name.set(s.name)
		value.name = s.tone
		value.set(s.value)
		more.set(s.more)
	}
	p.min = func() fyne.Size { return fyne.NewSize(120, 64) }
	p.layout = func(size fyne.Size) {
		put(card, 0, 0, size.Width, size.Height)
		room := size.Width - 28
		value.TextSize = 18
		if value.width() > room { // a sum that is cut is another sum
			value.TextSize = 14
		}
		named := name.place(16, 19, room)
		used := value.place(16, 43, room)
		if used+8+more.width() <= room {
			more.place(16+used+8, 45, room-used-8)
		} else { // behind the name there is more of it to see
			more.place(16+named+8, 19, max(room-named-8, 0))
		}
	}
	p.paint()
	return p
}
