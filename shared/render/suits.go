package render

import (
	"fmt"
	"slices"
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

// OpenImageDenoise is what joined stills and compositors are denoised by, as installs and Blender call it.
const OpenImageDenoise = "OPENIMAGEDENOISE"

// Undenoised says why an install with these denoisers can't do tasks of a kind where the recipe denoises; "" when it
// can. Tiles are rendered without the renderer's denoiser, and denoised once they are joined.
func Undenoised(r job.Recipe, kind job.TaskKind, denoisers []string) string {
	switch {
	case r.DenoiseNode && !slices.Contains(denoisers, OpenImageDenoise):
		return "has no OpenImageDenoise for the compositor's Denoise node"
	case !r.Denoise || kind == job.TaskTile:
		return ""
	case kind == job.TaskAssemble && !slices.Contains(denoisers, OpenImageDenoise):
		return "has no OpenImageDenoise to denoise joined tiles with"
	case len(denoisers) == 0:
		return "has no denoiser"
	}
	return ""
}

// Takes tells why a recipe can't have been rendered by an install; nil when it can.
func Takes(r job.Recipe, renderer, version, build string) error {
	switch {
	case renderer != r.Renderer:
		return fmt.Errorf("it was rendered by %q, the recipe asks for %s", renderer, r.Renderer)
	case !Suits(r, version):
		return fmt.Errorf("it was rendered by another program (%s %s), the recipe asks for %s", renderer, version, r.Version)
	case r.BuildHash != "" && build != r.BuildHash:
		return fmt.Errorf("it was rendered by build %q of %s %s, the recipe asks for %s", build, renderer, version, r.BuildHash)
	}
	return nil
}
