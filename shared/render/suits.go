package render

import (
	"strings"

	"github.com/heliostat-render/heliostat/shared/job"
)

// Suits tells whether an installed version renders a recipe: exactly its version, or, where the
// recipe says AnyPatch, another patch release of it ("3.4.0" for "3.4.1"). A recipe without
// a version takes any.
func Suits(r job.Recipe, version string) bool {
	if r.Version == "" || r.Version == version {
		return true
	}
	return r.AnyPatch && series(r.Version) == series(version)
}

// series is "3.4" of "3.4.1".
func series(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}
