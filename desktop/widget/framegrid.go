package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"
)

// FrameGrid is a grid of frames for the keyboard too: arrows go about, Space selects, Enter opens, Escape leaves.
type FrameGrid struct {
	fynewidget.GridWrap
	OnOpened func(id fynewidget.GridWrapItemID)
	OnLeft   func(*fyne.KeyEvent)

	at fynewidget.GridWrapItemID
}

// NewFrameGrid makes one; see fynewidget.NewGridWrap.
func NewFrameGrid(length func() int, create func() fyne.CanvasObject, update func(fynewidget.GridWrapItemID, fyne.CanvasObject)) *FrameGrid {
	g := &FrameGrid{}
	g.Length, g.CreateItem, g.UpdateItem = length, create, update
	g.OnHighlighted = func(id fynewidget.GridWrapItemID) { g.at = id }
	g.ExtendBaseWidget(g)
	return g
}

// LeftList is a list that leaves Escape to somebody else.
type LeftList struct {
	fynewidget.List
	OnLeft func(*fyne.KeyEvent)
}

// NewLeftList makes one; see fynewidget.NewList.
func NewLeftList(length func() int, create func() fyne.CanvasObject, update func(fynewidget.ListItemID, fyne.CanvasObject)) *LeftList {
	l := &LeftList{}
	l.Length, l.CreateItem, l.UpdateItem = length, create, update
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey implements fyne.Focusable.
func (l *LeftList) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		l.OnLeft(e)
		return
	}
	l.List.TypedKey(e)
}

// TypedKey implements fyne.Focusable.
func (g *FrameGrid) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		g.OnOpened(g.at)
	case fyne.KeyEscape:
		g.OnLeft(e)
	default:
		g.GridWrap.TypedKey(e)
	}
}
