package fleet

import (
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/shared/job"
)

// Lacks says what a node lacks to render the recipe, "" when it has everything.
func Lacks(c job.Capabilities, r job.Recipe) string {
	if r.Device != "" && c.Device != "" && c.Device != r.Device {
		return fmt.Sprintf("renders on %s, the job asks for %s", c.Device, r.Device)
	}
	reason := fmt.Sprintf("has no %s %s", r.Renderer, r.Version)
	for _, i := range c.Installs {
		switch {
		case i.Renderer != r.Renderer || i.Version != r.Version:
			continue
		case r.BuildHash != "" && i.BuildHash != r.BuildHash:
			reason = fmt.Sprintf("has another build of %s %s", r.Renderer, r.Version)
		case len(i.Engines) > 0 && !slices.Contains(i.Engines, r.Engine):
			reason = fmt.Sprintf("its %s %s has no %s", r.Renderer, r.Version, r.Engine)
		case r.Denoise && len(i.Denoisers) == 0:
			reason = fmt.Sprintf("its %s %s has no denoiser", r.Renderer, r.Version)
		default:
			return ""
		}
	}
	return reason
}
