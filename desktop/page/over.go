package page

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/desktop/widget"
)

// over covers the whole window with something to look at. Escape closes it, and the keyboard stays in it.
type over struct {
	shell *Shell
	keys  *widget.Keys
	title *fynewidget.Label
	below *fynewidget.Label
	line  *fyne.Container // with title, below and the buttons
	all   fyne.CanvasObject
	was   fyne.Focusable // what had the keyboard before

	onKey    func(fyne.KeyName) // keys but Escape; nil for none
	onClosed func()             // nil for nothing
}

func newOver(s *Shell) *over {
	o := &over{shell: s, title: fynewidget.NewLabel(""), below: fynewidget.NewLabel("")}
	o.title.TextStyle.Bold = true
	o.below.Importance = fynewidget.LowImportance
	o.below.Truncation = fyne.TextTruncateEllipsis
	return o
}

// button makes one that leaves what isn't its own to the keys.
func (o *over) button(text string, icon fyne.Resource, tapped func()) *widget.KeyButton {
	return widget.NewKeyButton(text, icon, tapped, o.typed)
}

// lay puts the content below a line with the title and the buttons.
func (o *over) lay(content fyne.CanvasObject, buttons ...fyne.CanvasObject) {
	o.keys = widget.NewKeys(content, o.typed)
	shut := o.button("Close", fynetheme.CancelIcon(), o.close)
	o.line = container.NewBorder(nil, nil, o.title, container.NewHBox(append(buttons, shut)...), o.below)
	o.all = container.NewStack(widget.NewFill(theme.Ground), widget.Pad(container.NewBorder(widget.Pad(o.line, 0, 8, 0, 0), nil, nil, nil, o.keys), 14, 14, 18, 18))
}

// call sets the title and the quiet text beside it.
func (o *over) call(title, below string) {
	if o.title.Text == title && o.below.Text == below {
		return
	}
	o.title.SetText(title)
	o.below.SetText(below)
	o.line.Refresh() // as wide as they are now
}

func (o *over) typed(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		o.close()
	} else if o.onKey != nil {
		o.onKey(e.Name)
	}
}

func (o *over) visible() bool {
	canvas := o.shell.canvas()
	return canvas != nil && canvas.Overlays().Top() == o.all
}

func (o *over) open() {
	canvas := o.shell.canvas()
	if canvas == nil || o.visible() {
		return
	}
	o.was = canvas.Focused()
	canvas.Overlays().Add(o.all)
	o.all.Resize(canvas.Size())
	o.all.Refresh() // the look may have changed since
	canvas.Focus(o.keys)
}

// focus gives the keys back to what is looked at, after a button was used.
func (o *over) focus() {
	if o.visible() {
		o.shell.canvas().Focus(o.keys)
	}
}

func (o *over) close() {
	if !o.visible() {
		return
	}
	canvas := o.shell.canvas()
	canvas.Overlays().Remove(o.all)
	if o.was != nil {
		canvas.Focus(o.was)
	}
	if o.onClosed != nil {
		o.onClosed()
	}
}
