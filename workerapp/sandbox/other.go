//go:build !linux && !windows && !darwin

package sandbox

import (
	"fmt"
	"runtime"

	"github.com/heliostat-render/heliostat/shared/render"
)

const advice = "run the worker on Linux, Windows or macOS"

var kinds = map[string]func() (render.Sandbox, error){}

// Detect finds none.
func Detect() (render.Sandbox, error) {
	return nil, fmt.Errorf("%w: there is none for %s", ErrNoSandbox, runtime.GOOS)
}

// Low changes nothing here.
func Low(s render.Sandbox) render.Sandbox { return s }

// Name says in a word what confines.
func Name(render.Sandbox) string { return "none" }
