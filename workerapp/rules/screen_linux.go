package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/screensaver"
	"github.com/jezek/xgb/xproto"
)

func init() { xgb.Logger.SetOutput(quiet{}) } // it writes to standard error; its errors come back too

type quiet struct{}

func (quiet) Write(b []byte) (int, error) { return len(b), nil }

// idleX asks the X server's screen saver extension.
func idleX(display string) (time.Duration, error) {
	c, err := xgb.NewConnDisplay(display)
	if err != nil {
		return 0, fmt.Errorf("connect to display %s: %w", display, err)
	}
	defer c.Close()
	if err := screensaver.Init(c); err != nil {
		return 0, fmt.Errorf("display %s doesn't tell when it was used: %w", display, err)
	}
	info, err := screensaver.QueryInfo(c, xproto.Drawable(xproto.Setup(c).DefaultScreen(c).Root)).Reply()
	if err != nil {
		return 0, fmt.Errorf("ask display %s when it was used: %w", display, err)
	}
	return time.Duration(info.MsSinceUserInput) * time.Millisecond, nil
}

// maxWindows bounds how many windows are looked at.
const maxWindows = 4096

// fullscreenX names a window that fills a screen: one that its window manager calls so, or a
// window over everything of a program that bypasses it, as old games are.
func fullscreenX(display string) (string, error) {
	c, err := xgb.NewConnDisplay(display)
	if err != nil {
		return "", fmt.Errorf("connect to display %s: %w", display, err)
	}
	defer c.Close()
	screen := xproto.Setup(c).DefaultScreen(c)
	x := x11{c, map[string]xproto.Atom{}}
	state, full, hidden := x.atom("_NET_WM_STATE"), x.atom("_NET_WM_STATE_FULLSCREEN"), x.atom("_NET_WM_STATE_HIDDEN")
	for _, w := range x.list(screen.Root, "_NET_CLIENT_LIST") {
		states := x.values(w, state)
		if slices.Contains(states, uint32(full)) && !slices.Contains(states, uint32(hidden)) {
			return x.title(w), nil
		}
	}
	tree, err := xproto.QueryTree(c, screen.Root).Reply()
	if err != nil {
		return "", fmt.Errorf("list the windows of display %s: %w", display, err)
	}
	for _, w := range tree.Children[:min(len(tree.Children), maxWindows)] {
		attributes, err := xproto.GetWindowAttributes(c, w).Reply()
		if err != nil || !attributes.OverrideRedirect || attributes.MapState != xproto.MapStateViewable || attributes.Class != xproto.WindowClassInputOutput {
			continue
		}
		size, err := xproto.GetGeometry(c, xproto.Drawable(w)).Reply()
		if err == nil && size.X <= 0 && size.Y <= 0 && size.Width >= screen.WidthInPixels && size.Height >= screen.HeightInPixels {
			return x.title(w), nil
		}
	}
	return "", nil
}

type x11 struct {
	c     *xgb.Conn
	atoms map[string]xproto.Atom
}

func (x x11) atom(name string) xproto.Atom {
	if a, ok := x.atoms[name]; ok {
		return a
	}
	reply, err := xproto.InternAtom(x.c, false, uint16(len(name)), name).Reply()
	if err != nil {
		return 0
	}
	x.atoms[name] = reply.Atom
	return reply.Atom
}

func (x x11) values(w xproto.Window, property xproto.Atom) []uint32 {
	reply, err := xproto.GetProperty(x.c, false, w, property, xproto.GetPropertyTypeAny, 0, maxWindows).Reply()
	if err != nil || reply.Format != 32 {
		return nil
	}
	var values []uint32
	for i := 0; i+4 <= len(reply.Value); i += 4 {
		values = append(values, xgb.Get32(reply.Value[i:]))
	}
	return values
}

func (x x11) list(root xproto.Window, name string) []xproto.Window {
	var windows []xproto.Window
	for _, v := range x.values(root, x.atom(name)) {
		windows = append(windows, xproto.Window(v))
	}
	return windows
}

// title is what a window calls itself, for people.
func (x x11) title(w xproto.Window) string {
	for _, property := range []xproto.Atom{x.atom("_NET_WM_NAME"), xproto.AtomWmName, xproto.AtomWmClass} {
		reply, err := xproto.GetProperty(x.c, false, w, property, xproto.GetPropertyTypeAny, 0, 64).Reply()
		if err != nil || reply.Format != 8 {
			continue
		}
		text, _, _ := strings.Cut(strings.ToValidUTF8(string(reply.Value), "?"), "\x00")
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}
	return "a window"
}

// idleLogin asks systemd-logind. A computer with nobody logged in at a screen is idle for
// ever; so is one without logind, such as a container.
func idleLogin(ctx context.Context) (time.Duration, error) {
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return Forever, nil
	}
	defer bus.Close()
	var sessions [][]any
	call := bus.Object("org.freedesktop.login1", "/org/freedesktop/login1").CallWithContext(ctx, "org.freedesktop.login1.Manager.ListSessions", 0)
	if err := call.Store(&sessions); err != nil {
		var unknown dbus.Error
		if errors.As(err, &unknown) && (unknown.Name == "org.freedesktop.DBus.Error.ServiceUnknown" || strings.HasPrefix(unknown.Name, "org.freedesktop.DBus.Error.Spawn")) {
			return Forever, nil
		}
		return 0, fmt.Errorf("ask the login manager who is here: %w", err)
	}
	shortest := Forever
	for _, s := range sessions {
		if len(s) < 5 {
			continue
		}
		path, ok := s[4].(dbus.ObjectPath)
		if !ok {
			continue
		}
		object := bus.Object("org.freedesktop.login1", path)
		var kind string
		var hint bool
		var since uint64
		property := func(name string, into any) error {
			v, err := object.GetProperty("org.freedesktop.login1.Session." + name)
			if err != nil {
				return err
			}
			return v.Store(into)
		}
		if property("Type", &kind) != nil || kind != "x11" && kind != "wayland" && kind != "mir" {
			continue // a remote shell isn't somebody at the screen
		}
		if err := errors.Join(property("IdleHint", &hint), property("IdleSinceHint", &since)); err != nil {
			return 0, fmt.Errorf("ask the login manager how long nobody was here: %w", err)
		}
		idle := time.Duration(0)
		if hint {
			idle = max(0, time.Since(time.UnixMicro(int64(since))))
		}
		shortest = min(shortest, idle)
	}
	return shortest, nil
}
