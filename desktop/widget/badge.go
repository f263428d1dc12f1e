package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/theme"
)

// Badge is a state as a coloured pill.
type Badge struct {
	fynewidget.BaseWidget
	text string
	name fyne.ThemeColorName
}

// NewBadge makes a Badge.
func NewBadge(text string, name fyne.ThemeColorName) *Badge {
	b := &Badge{text: text, name: name}
	b.ExtendBaseWidget(b)
	return b
}

// Set changes it.
func (b *Badge) Set(text string, name fyne.ThemeColorName) {
	if b.text == text && b.name == name {
		return
	}
	b.text, b.name = text, name
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	p := newPill()
	r := &painter{objects: []fyne.CanvasObject{p.back, p.line.Text}}
	r.paint = func() { p.set(b.text, b.name) }
	r.min = func() fyne.Size { return fyne.NewSize(p.width(), 22) }
	r.layout = func(size fyne.Size) { p.place(0, size.Height/2) }
	r.paint()
	return r
}

// pill is a badge inside another widget.
type pill struct {
	back *canvas.Rectangle
	line *line
}

func newPill() *pill {
	return &pill{back: box(11), line: newLine(theme.Small, theme.Ink, true)}
}

func (p *pill) set(text string, name fyne.ThemeColorName) {
	p.line.name = name
	p.line.set(text)
	p.back.FillColor = tint(name, 0x28)
	p.back.Hidden = text == ""
}

func (p *pill) width() float32 {
	if p.line.full == "" {
		return 0
	}
	return fyne.MeasureText(p.line.full, p.line.TextSize, p.line.TextStyle).Width + 20
}

// place puts the pill with its left edge at x and its middle at y.
func (p *pill) place(x, y float32) {
	width := p.width()
	put(p.back, x, y-11, width, 22)
	p.line.place(x+10, y, width)
}
