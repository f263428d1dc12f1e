package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"
)

// lit is where the keyboard is in a list or a grid. Fyne marks it behind the item, where a card hides it, and tells of what the
// pointer is on in the same way.
type lit struct {
	at    int
	has   bool // the keyboard
	keyed bool // what is told now comes from it
}

// On tells whether the keyboard is on an item.
func (l *lit) On(id int) bool { return l.has && l.at == id }

// move does what the keyboard asks for, and has the item that it was on and the one that it is on drawn.
func (l *lit) move(do func(), refresh func(int)) {
	was := l.at
	l.keyed = true
	do()
	l.keyed = false
	refresh(was)
	refresh(l.at)
}

func (l *lit) told(id int) {
	if l.keyed {
		l.at = id
	}
}

// FrameGrid is a grid of frames for the keyboard too: arrows go about, Space selects, Enter opens, Escape leaves.
type FrameGrid struct {
	fynewidget.GridWrap
	lit
	OnOpened func(id fynewidget.GridWrapItemID)
	OnLeft   func(*fyne.KeyEvent)
}

// NewFrameGrid makes one; see fynewidget.NewGridWrap.
func NewFrameGrid(length func() int, create func() fyne.CanvasObject, update func(fynewidget.GridWrapItemID, fyne.CanvasObject)) *FrameGrid {
	g := &FrameGrid{}
	g.Length, g.CreateItem, g.UpdateItem = length, create, update
	g.OnHighlighted = g.told
	g.ExtendBaseWidget(g)
	return g
}

// GoTo puts the keyboard's place on an item.
func (g *FrameGrid) GoTo(id fynewidget.GridWrapItemID) {
	g.move(func() { g.Highlight(id) }, g.RefreshItem)
}

// FocusGained implements fyne.Focusable.
func (g *FrameGrid) FocusGained() {
	g.has = true
	g.move(g.GridWrap.FocusGained, g.RefreshItem)
}

// FocusLost implements fyne.Focusable.
func (g *FrameGrid) FocusLost() {
	g.has = false
	g.move(g.GridWrap.FocusLost, g.RefreshItem)
}

// TypedKey implements fyne.Focusable.
func (g *FrameGrid) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		g.OnOpened(g.at)
	case fyne.KeyEscape:
		g.OnLeft(e)
	default:
		g.move(func() { g.GridWrap.TypedKey(e) }, g.RefreshItem)
	}
}

// RowList is a list of rows for the keyboard too: arrows go about, Space and Enter select, Escape leaves.
type RowList struct {
	fynewidget.List
	lit
	OnLeft func(*fyne.KeyEvent)
}

// NewRowList makes one; see fynewidget.NewList.
func NewRowList(length func() int, create func() fyne.CanvasObject, update func(fynewidget.ListItemID, fyne.CanvasObject)) *RowList {
	l := &RowList{}
	l.Length, l.CreateItem, l.UpdateItem = length, create, update
	l.OnHighlighted = l.told
	l.ExtendBaseWidget(l)
	return l
}

// FocusGained implements fyne.Focusable.
func (l *RowList) FocusGained() {
	l.has = true
	l.move(l.List.FocusGained, l.RefreshItem)
}

// FocusLost implements fyne.Focusable.
func (l *RowList) FocusLost() {
	l.has = false
	l.move(l.List.FocusLost, l.RefreshItem)
}

// TypedKey implements fyne.Focusable.
func (l *RowList) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyEscape:
		if l.OnLeft != nil {
			l.OnLeft(e)
		}
	case fyne.KeyReturn, fyne.KeyEnter:
		l.Select(l.at)
	default:
		l.move(func() { l.List.TypedKey(e) }, l.RefreshItem)
	}
}
