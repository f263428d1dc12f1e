package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/theme"
)

// NavItem is one entry of the navigation.
type NavItem struct {
	fynewidget.BaseWidget
	OnTapped func()

	icon   fyne.Resource
	name   string
	count  string
	chosen bool
	hover  bool
	focus  bool
}

var (
	_ fyne.Tappable      = (*NavItem)(nil)
	_ desktop.Hoverable  = (*NavItem)(nil)
	_ desktop.Cursorable = (*NavItem)(nil)
	_ fyne.Focusable     = (*NavItem)(nil)
)

// NewNavItem makes an entry.
func NewNavItem(icon fyne.Resource, name string, tapped func()) *NavItem {
	n := &NavItem{icon: icon, name: name, OnTapped: tapped}
	n.ExtendBaseWidget(n)
	return n
}

// Set marks the entry as the chosen one and shows a count behind its name; "" for none.
func (n *NavItem) Set(chosen bool, count string) {
	if n.chosen == chosen && n.count == count {
		return
	}
	n.chosen, n.count = chosen, count
	n.Refresh()
}

// Tapped implements fyne.Tappable.
func (n *NavItem) Tapped(*fyne.PointEvent) {
	if n.OnTapped != nil {
		n.OnTapped()
	}
}

// Cursor implements desktop.Cursorable.
func (n *NavItem) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MouseIn implements desktop.Hoverable.
func (n *NavItem) MouseIn(*desktop.MouseEvent) { n.hover = true; n.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (n *NavItem) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (n *NavItem) MouseOut() { n.hover = false; n.Refresh() }

// FocusGained implements fyne.Focusable.
func (n *NavItem) FocusGained() { n.focus = true; n.Refresh() }

// FocusLost implements fyne.Focusable.
func (n *NavItem) FocusLost() { n.focus = false; n.Refresh() }

// TypedRune implements fyne.Focusable.
func (n *NavItem) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (n *NavItem) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		n.Tapped(nil)
	}
}

// CreateRenderer implements fyne.Widget.
func (n *NavItem) CreateRenderer() fyne.WidgetRenderer {
	back := box(8)
	bright := canvas.NewImageFromResource(fynetheme.NewColoredResource(n.icon, theme.Sun))
	quiet := canvas.NewImageFromResource(fynetheme.NewColoredResource(n.icon, theme.Soft))
	name := newLine(14, theme.Ink, false)
	count := newLine(12, theme.Soft, true)
	count.Alignment = fyne.TextAlignTrailing
	r := &painter{objects: []fyne.CanvasObject{back, quiet, bright, name.Text, count.Text}}
	r.paint = func() {
		back.FillColor = color.Transparent
		back.StrokeWidth, back.StrokeColor = 0, color.Transparent
		if n.focus {
			back.StrokeWidth, back.StrokeColor = 2, theme.Color(fynetheme.ColorNameFocus)
		}
		if n.hover {
			back.FillColor = theme.Color(fynetheme.ColorNameHover)
		}
		name.name, name.TextStyle.Bold = theme.Soft, false
		bright.Hidden, quiet.Hidden = !n.chosen, n.chosen
		if n.chosen {
			back.FillColor = tint(theme.Sun, 0x22)
			name.name, name.TextStyle.Bold = theme.Ink, true
		}
		name.set(n.name)
		count.set(n.count)
	}
	r.min = func() fyne.Size { return fyne.NewSize(176, 40) }
	r.layout = func(size fyne.Size) {
		put(back, 0, 2, size.Width, size.Height-4)
		put(bright, 14, size.Height/2-10, 20, 20)
		put(quiet, 14, size.Height/2-10, 20, 20)
		name.place(46, size.Height/2, size.Width-90)
		count.place(size.Width-54, size.Height/2, 40)
	}
	r.paint()
	return r
}
