package blender

import (
	"fmt"
	"strings"

	"github.com/heliostat-render/heliostat/shared/render"
)

// refused turns the script's answer into a typed error.
func (s *session) refused(a reply) error {
	kind := map[string]error{
		"missing":     render.ErrMissingAsset,
		"memory":      render.ErrOutOfMemory,
		"unsupported": render.ErrUnsupported,
		"scene":       render.ErrBadScene,
		"crashed":     render.ErrCrashed,
	}[a.Kind]
	if kind == nil {
		kind = render.ErrCrashed
	}
	return &render.Error{Kind: kind, Cause: a.Cause, Log: s.tail()}
}

// memoryWords are what Blender, Cycles and the C++ runtime say before they give up.
var memoryWords = []string{"malloc returns null", "calloc returns null", "bad_alloc", "out of memory", "cannot allocate memory", "memoryerror"}

// died explains why the process ended by itself. It may only be called after s.exited.
func (s *session) died() error {
	log := s.tail()
	e := &render.Error{Kind: render.ErrCrashed, Log: log}
	low := strings.ToLower(strings.Join(log, "\n"))
	for _, w := range memoryWords {
		if strings.Contains(low, w) {
			e.Kind = render.ErrOutOfMemory
			e.Cause = "Blender couldn't get more memory; a machine with more may render this"
			return e
		}
	}
	e.Cause = "Blender ended by itself"
	if s.exit != nil {
		e.Cause = fmt.Sprintf("Blender ended: %v", s.exit)
	}
	if n := len(log); n > 0 {
		e.Cause += "; its last line: " + log[n-1]
	}
	return e
}
