package rules

import (
	"testing"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// window is a real one, with the properties that a window manager would set.
type window struct {
	x      x11
	root   xproto.Window
	screen *xproto.ScreenInfo
	id     xproto.Window
}

func newWindow(t *testing.T, display string) *window {
	t.Helper()
	c, err := xgb.NewConnDisplay(display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	screen := xproto.Setup(c).DefaultScreen(c)
	w := &window{x: x11{c, map[string]xproto.Atom{}}, root: screen.Root, screen: screen}
	w.id = w.open(t, "Doom", 100, 100, false)
	w.property(t, screen.Root, w.x.atom("_NET_CLIENT_LIST"), xproto.AtomWindow, uint32(w.id))
	return w
}

func (w *window) open(t *testing.T, name string, width, height uint16, bypass bool) xproto.Window {
	t.Helper()
	id, err := xproto.NewWindowId(w.x.c)
	if err != nil {
		t.Fatal(err)
	}
	override := uint32(0)
	if bypass {
		override = 1
	}
	err = xproto.CreateWindowChecked(w.x.c, w.screen.RootDepth, id, w.root, 0, 0, width, height, 0,
		xproto.WindowClassInputOutput, w.screen.RootVisual, xproto.CwOverrideRedirect, []uint32{override}).Check()
	if err != nil {
		t.Fatal(err)
	}
	err = xproto.ChangePropertyChecked(w.x.c, xproto.PropModeReplace, id, xproto.AtomWmName, xproto.AtomString, 8, uint32(len(name)), []byte(name)).Check()
	if err != nil {
		t.Fatal(err)
	}
	if err := xproto.MapWindowChecked(w.x.c, id).Check(); err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *window) property(t *testing.T, on xproto.Window, name, kind xproto.Atom, values ...uint32) {
	t.Helper()
	data := make([]byte, 4*len(values))
	for i, v := range values {
		xgb.Put32(data[4*i:], v)
	}
	if err := xproto.ChangePropertyChecked(w.x.c, xproto.PropModeReplace, on, name, kind, 32, uint32(len(values)), data).Check(); err != nil {
		t.Fatal(err)
	}
}

// say sets the window's states.
func (w *window) say(t *testing.T, states ...string) {
	t.Helper()
	var atoms []uint32
	for _, s := range states {
		atoms = append(atoms, uint32(w.x.atom(s)))
	}
	w.property(t, w.id, w.x.atom("_NET_WM_STATE"), xproto.AtomAtom, atoms...)
}

// bypass opens a second window as games without a window manager do.
func (w *window) bypass(t *testing.T) {
	t.Helper()
	w.open(t, "Old game", w.screen.WidthInPixels, w.screen.HeightInPixels, true)
}
