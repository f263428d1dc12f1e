package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/theme"
)

// Mark is a coloured dot with its words.
type Mark struct {
	Color fyne.ThemeColorName
	Text  string
}

// Legend is a line of marks.
type Legend struct {
	fynewidget.BaseWidget
	marks []Mark
}

// maxMarks is more than there are looks of a frame.
const maxMarks = 8

// NewLegend makes an empty line.
func NewLegend() *Legend {
	l := &Legend{}
	l.ExtendBaseWidget(l)
	return l
}

// Set changes the marks.
func (l *Legend) Set(marks ...Mark) {
	l.marks = marks[:min(len(marks), maxMarks)]
	l.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (l *Legend) CreateRenderer() fyne.WidgetRenderer {
	var dots [maxMarks]*canvas.Circle
	var lines [maxMarks]*line
	r := &painter{}
	for i := range dots {
		dots[i] = canvas.NewCircle(theme.Color(theme.Faint))
		lines[i] = newLine(12, theme.Soft, false)
		r.objects = append(r.objects, dots[i], lines[i].Text)
	}
	r.paint = func() {
		for i := range dots {
			shown := i < len(l.marks)
			dots[i].Hidden, lines[i].Hidden = !shown, !shown
			if shown {
				dots[i].FillColor = theme.Color(l.marks[i].Color)
				lines[i].set(l.marks[i].Text)
			}
		}
	}
	r.min = func() fyne.Size { return fyne.NewSize(100, 20) }
	r.layout = func(size fyne.Size) {
		x := float32(2)
		for i := range l.marks {
			room := i == 0 || x+14+lines[i].width() <= size.Width // the later ones say the least
			dots[i].Hidden, lines[i].Hidden = !room, !room
			put(dots[i], x, size.Height/2-4, 8, 8)
			x += 14 + lines[i].place(x+14, size.Height/2, max(size.Width-x-14, 0)) + 18
		}
	}
	r.paint()
	return r
}
