package intake

import (
	"strings"
	"unicode/utf8"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	maxFrames   = 100_000
	maxFrame    = 1 << 20 // Blender's MAXFRAME is 1048574
	maxSide     = 16384   // pixels
	maxSamples  = 1 << 24
	maxPriority = 100
	maxText     = 256
)

// checkDraft holds a job request to its bounds.
func checkDraft(d *wire.JobDraft) error {
	switch {
	case d.Request == "" || len(d.Request) > 128:
		return bad("a job needs a request id of 1 to 128 letters")
	case len(d.Name) > maxText || !printable(d.Name):
		return bad("the job's name has to be at most %d printable letters", maxText)
	case !isHex(d.Package, 32):
		return bad("the package id %q is not 64 hex digits", trim(d.Package, 80))
	case len(d.JobKey) == 0 || len(d.JobKey) > 1024:
		return bad("the sealed job key has %d bytes", len(d.JobKey))
	case len(d.Frames) == 0 || len(d.Frames) > maxFrames:
		return bad("a job has 1 to %d frames, not %d", maxFrames, len(d.Frames))
	case d.Priority < -maxPriority || d.Priority > maxPriority:
		return bad("the priority %d is not between -%d and %d", d.Priority, maxPriority, maxPriority)
	case d.Deadline < 0 || d.MaxPrice < 0:
		return bad("deadline and price limit can't be negative")
	}
	for i, f := range d.Frames {
		if f < -maxFrame || f > maxFrame || i > 0 && f <= d.Frames[i-1] {
			return bad("the frames have to ascend, without duplicates, within ±%d; frame %d doesn't", maxFrame, f)
		}
	}
	return checkRecipe(d.Recipe)
}

func checkRecipe(r job.Recipe) error {
	for name, text := range map[string]string{
		"renderer": r.Renderer, "version": r.Version, "engine": r.Engine, "main file": r.MainFile, "format": r.Format, "device": r.Device,
	} {
		if text == "" || len(text) > 4*maxText || !printable(text) {
			return bad("the recipe's %s is missing or not printable", name)
		}
	}
	for name, text := range map[string]string{
		"build hash": r.BuildHash, "scene": r.Scene, "camera": r.Camera, "colour mode": r.ColorMode, "colour depth": r.ColorDepth, "codec": r.ExrCodec,
	} {
		if len(text) > maxText || !printable(text) {
			return bad("the recipe's %s is too long or not printable", name)
		}
	}
	if len(r.ViewLayers) > 1024 {
		return bad("the recipe has %d view layers", len(r.ViewLayers))
	}
	for _, l := range r.ViewLayers {
		if l == "" || len(l) > maxText || !printable(l) {
			return bad("the recipe has a view layer without a proper name")
		}
	}
	switch {
	case r.Width < 4 || r.Height < 4 || r.Width > maxSide || r.Height > maxSide:
		return bad("%d×%d pixels; 4 to %d a side can be rendered", r.Width, r.Height, maxSide)
	case r.Samples < 0 || r.Samples > maxSamples:
		return bad("%d samples; 0 to %d can be rendered", r.Samples, maxSamples)
	case r.Device != "CPU" && r.Device != "GPU":
		return bad("the device %q is not known: use CPU or GPU", r.Device)
	case r.PinnedSeed != nil && *r.PinnedSeed < 0:
		return bad("a pinned seed can't be negative")
	case !lease.FormatKnown(r.Format):
		return &wire.Error{Code: wire.CodeUnsupported, Message: "frames can't be delivered as " + r.Format, Next: "choose PNG, OpenEXR, JPEG, TIFF or WebP"}
	case strings.HasPrefix(r.MainFile, "/") || strings.Contains(r.MainFile, `\`) || strings.Contains("/"+r.MainFile+"/", "/../"):
		return bad("the main file %q is not a path inside the package", r.MainFile)
	}
	return nil
}

func printable(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	return !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// isHex tells whether the text is n bytes of lower-case hex.
func isHex(text string, n int) bool {
	return len(text) == 2*n && strings.Trim(text, "0123456789abcdef") == ""
}
