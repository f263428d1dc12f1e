// Package sandbox confines the renderer: a scene is hostile input, and what it takes over
// must not leave its workspace. On Linux that is bubblewrap with every namespace unshared,
// or Landlock where that can't be had, and a guard process that holds memory, processes and
// disk to their limits; a job object on Windows and sandbox-exec on macOS, both untested.
//
// It is not for starting processes (shared/render does) and knows nothing of scenes.
//
// Receives: the command line of a renderer, as render.SandboxSpec.
// Hands on: the command line that runs it confined.
package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/render"
)

// None runs a renderer with the worker's own rights. It has to be asked for by name, and
// the caller announces it.
type None = render.NoSandbox

// ErrNoSandbox means that this machine can't confine a renderer.
var ErrNoSandbox = errors.New("no sandbox on this machine")

// Choose returns the sandbox that a setting asks for: "" and "auto" the best that works
// here, "bubblewrap", "landlock", "job" (Windows) and "seatbelt" (macOS) that one, "none" none. Without a working one it refuses with
// ErrNoSandbox instead of going on unconfined.
func Choose(setting string) (render.Sandbox, error) {
	switch setting {
	case "none":
		return None{}, nil
	case "", "auto":
		s, err := Detect()
		if err != nil {
			return nil, fmt.Errorf("%w; %s, or accept the danger with --sandbox none", err, advice)
		}
		return s, nil
	}
	if detect := kinds[setting]; detect != nil {
		s, err := detect()
		if err != nil {
			return nil, fmt.Errorf("%w; %s, or accept the danger with --sandbox none", err, advice)
		}
		return s, nil
	}
	return nil, fmt.Errorf("sandbox %q is unknown; use auto, none or one of %s", setting, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
}
