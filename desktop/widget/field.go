package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/theme"
)

// Field is an input with its name above and what is wrong with it below.
type Field struct {
	*fyne.Container
	name  *fynewidget.RichText
	wrong *fynewidget.Label
}

// NewField makes one; an empty name takes no room.
func NewField(name string, input fyne.CanvasObject) *Field {
	f := &Field{name: fynewidget.NewRichText(&fynewidget.TextSegment{Text: name, Style: fynewidget.RichTextStyle{ColorName: theme.Soft}}), wrong: fynewidget.NewLabel("")}
	f.name.Truncation = fyne.TextTruncateEllipsis
	f.wrong.Importance = fynewidget.DangerImportance
	f.wrong.Wrapping = fyne.TextWrapWord
	f.wrong.Hide()
	f.Container = container.New(layout.NewCustomPaddedVBoxLayout(-6), f.name, input, f.wrong)
	if name == "" {
		f.name.Hide()
	}
	return f
}

// Wrong says what is wrong with the input; "" takes it back.
func (f *Field) Wrong(text string) {
	if f.wrong.Text == text {
		return
	}
	f.wrong.SetText(text)
	f.wrong.Hidden = text == ""
	f.Container.Refresh()
}

// Problem is what Wrong said last.
func (f *Field) Problem() string { return f.wrong.Text }
