package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"
)

// Confirm is a button for what can't be undone: the first tap asks, the second does it.
// It forgets the first when the pointer leaves.
type Confirm struct {
	fynewidget.Button
	OnConfirmed func()

	name, question string
	asked          bool
}

// NewConfirm makes one.
func NewConfirm(name, question string, confirmed func()) *Confirm {
	c := &Confirm{name: name, question: question, OnConfirmed: confirmed}
	c.Text = name
	c.OnTapped = c.tap
	c.ExtendBaseWidget(c)
	return c
}

func (c *Confirm) tap() {
	if !c.asked {
		c.asked = true
		c.Importance = fynewidget.DangerImportance
		c.SetText(c.question)
		return
	}
	c.forget()
	if c.OnConfirmed != nil {
		c.OnConfirmed()
	}
}

func (c *Confirm) forget() {
	if !c.asked {
		return
	}
	c.asked = false
	c.Importance = fynewidget.MediumImportance
	c.SetText(c.name)
}

// MouseOut implements desktop.Hoverable.
func (c *Confirm) MouseOut() {
	c.Button.MouseOut()
	c.forget()
}

// MinSize leaves room for the question, so that asking moves nothing.
func (c *Confirm) MinSize() fyne.Size {
	size := c.Button.MinSize()
	style := fyne.TextStyle{Bold: true}
	wide := fyne.MeasureText(c.question, c.textSize(), style).Width - fyne.MeasureText(c.Text, c.textSize(), style).Width
	if wide > 0 {
		size.Width += wide
	}
	return size
}

func (c *Confirm) textSize() float32 { return fyne.CurrentApp().Settings().Theme().Size("text") }
