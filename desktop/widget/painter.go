package widget

import (
	"image/color"
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"github.com/heliostat-render/heliostat/desktop/theme"
)

// painter is the renderer of every widget here: objects that one function arranges and
// another colours. Rows are made of canvas objects because Fyne's own labels cost ten
// times as much in a long list.
type painter struct {
	objects []fyne.CanvasObject
	layout  func(fyne.Size)
	min     func() fyne.Size
	paint   func() // sets colours and texts; called before each layout
	size    fyne.Size
}

var _ fyne.WidgetRenderer = (*painter)(nil)

func (p *painter) Layout(size fyne.Size) {
	p.size = size
	p.layout(size)
}

func (p *painter) MinSize() fyne.Size { return p.min() }

func (p *painter) Refresh() {
	if p.paint != nil {
		p.paint()
	}
	p.layout(p.size)
	for _, object := range p.objects {
		object.Refresh()
	}
}

func (p *painter) Objects() []fyne.CanvasObject { return p.objects }

func (p *painter) Destroy() {}

// line is one line of text that is cut to the width it gets.
type line struct {
	*canvas.Text
	full string
	name fyne.ThemeColorName
}

func newLine(size float32, name fyne.ThemeColorName, bold bool) *line {
	text := canvas.NewText("", theme.Color(name))
	text.TextSize = size
	text.TextStyle.Bold = bold
	return &line{Text: text, name: name}
}

func (l *line) set(text string) {
	l.full = text
	l.Color = theme.Color(l.name)
}

// width is what the whole line takes.
func (l *line) width() float32 { return fyne.MeasureText(l.full, l.TextSize, l.TextStyle).Width }

// place puts the line at x and the vertical middle y, cut to the width. It returns the
// width that it takes.
func (l *line) place(x, y, width float32) float32 {
	measured := fyne.MeasureText(l.full, l.TextSize, l.TextStyle)
	l.Text.Text = l.full
	if measured.Width > width {
		runes := []rune(l.full)
		fits := sort.Search(len(runes), func(n int) bool {
			return fyne.MeasureText(string(runes[:n+1])+"…", l.TextSize, l.TextStyle).Width > width
		})
		l.Text.Text = string(runes[:fits]) + "…"
		if fits == 0 {
			l.Text.Text = ""
		}
		measured.Width = width
	}
	switch l.Alignment {
	case fyne.TextAlignTrailing:
		x += width - measured.Width
	case fyne.TextAlignCenter:
		x += (width - measured.Width) / 2
	}
	l.Move(fyne.NewPos(x, y-measured.Height/2))
	l.Resize(measured)
	return measured.Width
}

func box(radius float32) *canvas.Rectangle {
	rectangle := canvas.NewRectangle(color.Transparent)
	rectangle.CornerRadius = radius
	return rectangle
}

// ring draws a line around a card, or none.
func ring(card *canvas.Rectangle, on bool, name fyne.ThemeColorName) {
	card.StrokeWidth, card.StrokeColor = 0, theme.Color(theme.Surface)
	if on {
		card.StrokeWidth, card.StrokeColor = 2, theme.Color(name)
	}
}

// put places an object. A row that is squeezed to nothing must not give it a negative size,
// which the software painter doesn't survive.
func put(object fyne.CanvasObject, x, y, width, height float32) {
	width, height = max(width, 0), max(height, 0)
	object.Move(fyne.NewPos(x, y))
	object.Resize(fyne.NewSize(width, height))
}

// tint is a colour at a part of its strength.
func tint(name fyne.ThemeColorName, alpha uint8) color.Color {
	r, g, b, _ := theme.Color(name).RGBA()
	return color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: alpha}
}
