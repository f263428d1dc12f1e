package warm

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
)

// Found is a renderer and one of its installed versions.
type Found struct {
	Renderer render.Renderer
	Install  render.Install
}

// ErrNoInstall means that nothing installed here can render the recipe.
var ErrNoInstall = errors.New("no renderer here can do this")

// Find asks every renderer for its installed versions. A renderer that fails hides none of
// the others; the error then names it.
func Find(ctx context.Context, renderers []render.Renderer) ([]Found, error) {
	var found []Found
	var failed []error
	for _, r := range renderers {
		installs, err := r.Find(ctx)
		if err != nil {
			failed = append(failed, fmt.Errorf("look for %s: %w", r.Name(), err))
		}
		for _, install := range installs {
			found = append(found, Found{Renderer: r, Install: install})
		}
	}
	return found, errors.Join(failed...)
}

// Choose returns the install that does tasks of a kind of the recipe: name, version, build, engine and
// denoiser. Only where the recipe allows other patch releases one is taken, after any of the exact version. The error says what is missing and what is there.
func Choose(found []Found, r job.Recipe, kind job.TaskKind) (Found, error) {
	var there []string
	why := ""
	exact := func(f Found) int {
		if f.Install.Version == r.Version {
			return 0
		}
		return 1
	}
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b Found) int { return exact(a) - exact(b) })
	for _, f := range found {
		there = append(there, f.Install.Renderer+" "+f.Install.Version)
		switch {
		case f.Install.Renderer != r.Renderer || !render.Suits(r, f.Install.Version):
		case r.BuildHash != "" && f.Install.BuildHash != r.BuildHash:
			why = fmt.Sprintf("its build is %s, the recipe asks for %s", f.Install.BuildHash, r.BuildHash)
		case !slices.Contains(f.Install.Engines, r.Engine):
			why = fmt.Sprintf("its engines are %s, the recipe asks for %s", strings.Join(f.Install.Engines, ", "), r.Engine)
		case render.Undenoised(r, kind, f.Install.Denoisers) != "":
			why = "it " + render.Undenoised(r, kind, f.Install.Denoisers)
		default:
			return f, nil
		}
	}
	switch {
	case why != "":
		return Found{}, fmt.Errorf("%w: %s %s: %s", ErrNoInstall, r.Renderer, r.Version, why)
	case len(there) == 0:
		return Found{}, fmt.Errorf("%w: %s %s is needed and nothing is installed", ErrNoInstall, r.Renderer, r.Version)
	}
	return Found{}, fmt.Errorf("%w: %s %s is needed; installed: %s", ErrNoInstall, r.Renderer, r.Version, strings.Join(there, ", "))
}

// Installs describes what was found to the network.
func Installs(found []Found) []job.Install {
	var installs []job.Install
	for _, f := range found {
		installs = append(installs, job.Install{
			Renderer:  f.Install.Renderer,
			Version:   f.Install.Version,
			BuildHash: f.Install.BuildHash,
			Engines:   f.Install.Engines,
			Denoisers: f.Install.Denoisers,
		})
	}
	return installs
}

// CheckPrograms makes sure that renderers which a person named are there to be run: Find
// passes over what it can't start.
func CheckPrograms(paths []string) error {
	for _, path := range paths {
		if _, err := exec.LookPath(path); err != nil {
			return fmt.Errorf("there is no renderer to run at %s: %w; check --blender", path, err)
		}
	}
	return nil
}
