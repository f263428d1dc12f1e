//go:build !nogui

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const instead = "the commands work without one: heliostat jobs, heliostat submit, heliostat worker; see heliostat --help"

// displayThere tells whether a window can be opened: Fyne panics where it can't.
func displayThere() error {
	if os.Getenv("WAYLAND_DISPLAY") != "" {
		return nil
	}
	name := os.Getenv("DISPLAY")
	if name == "" {
		return errors.New("there is no display: DISPLAY and WAYLAND_DISPLAY aren't set; run heliostat on a desktop, or use ssh -X; " + instead)
	}
	network, address, err := displayAddress(name)
	if err != nil {
		return err
	}
	connection, err := net.DialTimeout(network, address, 3*time.Second)
	if err != nil && network == "unix" { // some servers listen on the abstract socket only
		connection, err = net.DialTimeout("unix", "@"+address, time.Second)
	}
	if err != nil {
		return fmt.Errorf("the display %s that DISPLAY names doesn't answer (%w); correct DISPLAY, or start its server; %s", name, err, instead)
	}
	return connection.Close()
}

// displayAddress reads an X display's name: "host:number.screen", "" as host for this one.
func displayAddress(name string) (network, address string, err error) {
	colon := strings.LastIndex(name, ":")
	bad := fmt.Errorf("DISPLAY is %q, which names no display; set it to one such as :0; %s", name, instead)
	if colon < 0 {
		return "", "", bad
	}
	host := name[:colon]
	digits, _, _ := strings.Cut(name[colon+1:], ".")
	number, err := strconv.Atoi(digits)
	if err != nil || number < 0 || number > 59535 {
		return "", "", bad
	}
	if host == "" || host == "unix" {
		return "unix", filepath.Join("/tmp/.X11-unix", "X"+strconv.Itoa(number)), nil
	}
	return "tcp", net.JoinHostPort(host, strconv.Itoa(6000+number)), nil
}

// trayThere tells whether the desktop shows a tray, which can bring a hidden window back.
func trayThere() bool {
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		return false
	}
	defer bus.Close()
	var owned bool
	err = bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, "org.kde.StatusNotifierWatcher").Store(&owned)
	return err == nil && owned
}
