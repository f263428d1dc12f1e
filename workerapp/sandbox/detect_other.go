//go:build !linux

package sandbox

import (
	"fmt"
	"runtime"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Detect finds none: only Linux has a sandbox so far.
func Detect() (render.Sandbox, error) {
	return nil, fmt.Errorf("%w: there is none for %s yet", ErrNoSandbox, runtime.GOOS)
}
