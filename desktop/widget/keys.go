package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"
)

// Keys is some content that takes the keyboard while it has the focus.
type Keys struct {
	fynewidget.BaseWidget
	content fyne.CanvasObject
	onKey   func(*fyne.KeyEvent)
}

// NewKeys makes one.
func NewKeys(content fyne.CanvasObject, onKey func(*fyne.KeyEvent)) *Keys {
	k := &Keys{content: content, onKey: onKey}
	k.ExtendBaseWidget(k)
	return k
}

// CreateRenderer implements fyne.Widget.
func (k *Keys) CreateRenderer() fyne.WidgetRenderer { return fynewidget.NewSimpleRenderer(k.content) }

// FocusGained implements fyne.Focusable.
func (k *Keys) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (k *Keys) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (k *Keys) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (k *Keys) TypedKey(e *fyne.KeyEvent) { k.onKey(e) }

// KeyButton is a button that leaves keys which aren't its own to somebody else.
type KeyButton struct {
	fynewidget.Button
	OnKey func(*fyne.KeyEvent)
}

// NewKeyButton makes one.
func NewKeyButton(text string, icon fyne.Resource, tapped func(), onKey func(*fyne.KeyEvent)) *KeyButton {
	b := &KeyButton{OnKey: onKey}
	b.Text, b.Icon, b.OnTapped = text, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey implements fyne.Focusable.
func (b *KeyButton) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace:
		b.Button.TypedKey(e)
	case fyne.KeyReturn, fyne.KeyEnter:
		b.Tapped(nil)
	default:
		b.OnKey(e)
	}
}

// LeftEntry is an entry that Escape leaves.
type LeftEntry struct {
	fynewidget.Entry
	onLeft func()
}

// NewLeftEntry makes one.
func NewLeftEntry(onLeft func()) *LeftEntry {
	e := &LeftEntry{onLeft: onLeft}
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey implements fyne.Focusable.
func (e *LeftEntry) TypedKey(key *fyne.KeyEvent) {
	if key.Name == fyne.KeyEscape {
		e.onLeft()
		return
	}
	e.Entry.TypedKey(key)
}
