package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/theme"
)

// Panel is a rounded surface behind some content.
type Panel struct {
	fynewidget.BaseWidget
	content fyne.CanvasObject
	pad     float32
	tone    fyne.ThemeColorName
}

// NewPanel makes one. Pad is the space around the content.
func NewPanel(content fyne.CanvasObject, pad float32) *Panel {
	p := &Panel{content: content, pad: pad, tone: theme.Surface}
	p.ExtendBaseWidget(p)
	return p
}

// SetTone changes the surface's colour.
func (p *Panel) SetTone(tone fyne.ThemeColorName) {
	p.tone = tone
	p.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer {
	back := box(theme.Radius)
	r := &painter{objects: []fyne.CanvasObject{back, p.content}}
	r.paint = func() { back.FillColor = theme.Color(p.tone) }
	r.min = func() fyne.Size { return p.content.MinSize().AddWidthHeight(2*p.pad, 2*p.pad) }
	r.layout = func(size fyne.Size) {
		put(back, 0, 0, size.Width, size.Height)
		put(p.content, p.pad, p.pad, size.Width-2*p.pad, size.Height-2*p.pad)
	}
	r.paint()
	return r
}

// Heading is a screen's title. Its colour follows the theme.
func Heading(text string) *fynewidget.RichText {
	return fynewidget.NewRichText(&fynewidget.TextSegment{Text: text, Style: fynewidget.RichTextStyleHeading})
}

// Pad puts space around an object.
func Pad(object fyne.CanvasObject, top, bottom, left, right float32) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), object)
}

// Fill is a plain background that follows the theme.
type Fill struct {
	fynewidget.BaseWidget
	tone fyne.ThemeColorName
}

// NewFill makes one.
func NewFill(tone fyne.ThemeColorName) *Fill {
	f := &Fill{tone: tone}
	f.ExtendBaseWidget(f)
	return f
}

// CreateRenderer implements fyne.Widget.
func (f *Fill) CreateRenderer() fyne.WidgetRenderer {
	back := canvas.NewRectangle(theme.Color(f.tone))
	return &painter{
		objects: []fyne.CanvasObject{back},
		paint:   func() { back.FillColor = theme.Color(f.tone) },
		min:     func() fyne.Size { return fyne.NewSize(1, 1) },
		layout:  func(size fyne.Size) { put(back, 0, 0, size.Width, size.Height) },
	}
}
