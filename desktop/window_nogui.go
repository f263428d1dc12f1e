//go:build nogui

package main

import (
	"context"
	"errors"
)

// window is not built here.
func (c *cli) window(context.Context) error {
	return usageError{errors.New("this build of heliostat has no window; use its commands, see heliostat --help")}
}
