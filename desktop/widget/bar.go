package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/theme"
)

// Part is one coloured share of a Bar.
type Part struct {
	Share float32 // of the whole, 0 to 1
	Color fyne.ThemeColorName
}

// Bar is a thin progress bar made of coloured parts.
type Bar struct {
	fynewidget.BaseWidget
	parts []Part
}

// NewBar makes an empty Bar.
func NewBar() *Bar {
	b := &Bar{}
	b.ExtendBaseWidget(b)
	return b
}

// Set changes the parts, left to right.
func (b *Bar) Set(parts ...Part) {
	b.parts = parts
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *Bar) CreateRenderer() fyne.WidgetRenderer {
	s := newStripe()
	r := &painter{objects: s.objects()}
	r.paint = func() { s.set(b.parts) }
	r.min = func() fyne.Size { return fyne.NewSize(40, 6) }
	r.layout = func(size fyne.Size) { s.place(0, size.Height/2-3, size.Width, 6) }
	r.paint()
	return r
}

// maxParts is more than any bar here has.
const maxParts = 6

// stripe is a bar inside another widget.
type stripe struct {
	track *canvas.Rectangle
	fills [maxParts]*canvas.Rectangle
	parts []Part
}

func newStripe() *stripe {
	s := &stripe{track: box(3)}
	for i := range s.fills {
		s.fills[i] = box(0)
	}
	return s
}

func (s *stripe) objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{s.track}
	for _, fill := range s.fills {
		objects = append(objects, fill)
	}
	return objects
}

func (s *stripe) set(parts []Part) {
	s.parts = s.parts[:0]
	for _, part := range parts {
		if part.Share > 0 && len(s.parts) < maxParts {
			s.parts = append(s.parts, part)
		}
	}
	s.track.FillColor = theme.Color(theme.Raised)
}

// hide takes it off a row that is too narrow for it.
func (s *stripe) hide() {
	s.track.Hide()
	for _, fill := range s.fills {
		fill.Hide()
	}
}

func (s *stripe) place(x, y, width, height float32) {
	s.track.Show()
	put(s.track, x, y, width, height)
	s.track.CornerRadius = height / 2
	end := x + width
	at := x
	for i, fill := range s.fills {
		if i >= len(s.parts) {
			fill.Hide()
			continue
		}
		part := s.parts[i]
		long := min(max(part.Share*width, height), end-at)
		if i == len(s.parts)-1 && i == 0 && part.Share >= 1 {
			long = width
		}
		fill.FillColor = theme.Color(part.Color)
		var left, right float32
		if i == 0 {
			left = height / 2
		}
		if i == len(s.parts)-1 {
			right = height / 2
		}
		fill.TopLeftCornerRadius, fill.BottomLeftCornerRadius = left, left
		fill.TopRightCornerRadius, fill.BottomRightCornerRadius = right, right
		put(fill, at, y, long, height)
		fill.Show()
		at += long
	}
}
