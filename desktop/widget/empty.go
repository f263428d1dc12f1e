package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/theme"
)

// Empty fills a screen that has nothing to show, and says the next step.
type Empty struct {
	*fyne.Container
	title *canvas.Text
	next  *fynewidget.Label
}

// NewEmpty makes it; button may be nil.
func NewEmpty(icon fyne.Resource, title, next string, button fyne.CanvasObject) *Empty {
	picture := canvas.NewImageFromResource(icon)
	picture.FillMode = canvas.ImageFillContain
	picture.SetMinSize(fyne.NewSize(72, 72))
	picture.Translucency = 0.25
	e := &Empty{title: canvas.NewText(title, theme.Color(theme.Ink)), next: fynewidget.NewLabel(next)}
	e.title.TextSize, e.title.TextStyle.Bold, e.title.Alignment = 18, true, fyne.TextAlignCenter
	e.next.Alignment, e.next.Importance = fyne.TextAlignCenter, fynewidget.LowImportance
	column := container.NewVBox(container.NewCenter(picture), e.title, e.next)
	if button != nil {
		column.Add(container.NewCenter(button))
	}
	e.Container = container.New(layout.NewCenterLayout(), column)
	return e
}

// Set changes the words.
func (e *Empty) Set(title, next string) {
	e.title.Color = theme.Color(theme.Ink)
	if e.title.Text == title && e.next.Text == next {
		return
	}
	e.title.Text = title
	e.title.Refresh()
	e.next.SetText(next)
}
