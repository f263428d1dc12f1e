//go:build !linux && !windows

package rules

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Untested: no macOS machine was at hand.

var idleNanoseconds = regexp.MustCompile(`"HIDIdleTime" = (\d+)`)

// Idle asks the input system.
func (other) Idle(ctx context.Context) (time.Duration, error) {
	out, err := exec.CommandContext(ctx, "/usr/sbin/ioreg", "-c", "IOHIDSystem", "-d", "4").Output()
	if err != nil {
		return 0, fmt.Errorf("ask when this machine was used: %w", err)
	}
	found := idleNanoseconds.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("ask when this machine was used: %w", ErrUnknown)
	}
	ns, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("ask when this machine was used: %w", err)
	}
	return time.Duration(ns), nil
}

// Fullscreen isn't told by the system without the owner's leave to watch the screen.
func (other) Fullscreen(context.Context) (string, error) {
	return "", fmt.Errorf("full-screen windows: %w", ErrUnknown)
}

// OnBattery asks the power manager.
func (other) OnBattery(ctx context.Context) (bool, error) {
	out, err := exec.CommandContext(ctx, "/usr/bin/pmset", "-g", "batt").Output()
	if err != nil {
		return false, fmt.Errorf("ask what feeds this machine: %w", err)
	}
	return strings.Contains(string(out), "'Battery Power'"), nil
}

// Temperature can't be told without the rights of root.
func (other) Temperature(context.Context) (float64, error) {
	return 0, fmt.Errorf("the processor's temperature: %w", ErrUnknown)
}
