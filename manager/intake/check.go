package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	maxFrames   = 100_000
	maxFrame    = 1 << 20 // Blender's MAXFRAME is 1048574
	maxSide     = 16384   // pixels
	maxSamples  = 1 << 24
	maxPriority = 100
	maxText     = 256
	maxAfter    = 64
	maxTiles    = 1024
	maxTags     = 64
	maxRelease  = 30 * 24 * 3600 // seconds
	maxTag      = 64             // letters
	maxListed   = 1024           // workers on a job's lists
)

// checkDraft holds a job request to its bounds.
func checkDraft(d *wire.JobDraft) error {
	switch {
	case d.Request == "" || len(d.Request) > 128:
		return bad("a job needs a request id of 1 to 128 letters")
	case len(d.Name) > maxText || !printable(d.Name):
		return bad("the job's name has to be at most %d printable letters", maxText)
	case !isHex(d.Package, 32):
		return bad("the package id %q is not 64 hex digits", wire.Trim(d.Package, 80))
	case len(d.JobKey) == 0 || len(d.JobKey) > 1024:
		return bad("the sealed job key has %d bytes", len(d.JobKey))
	case len(d.Frames) == 0 || len(d.Frames) > maxFrames:
		return bad("a job has 1 to %d frames, not %d", maxFrames, len(d.Frames))
	case d.Priority < -maxPriority || d.Priority > maxPriority:
		return bad("the priority %d is not between -%d and %d", d.Priority, maxPriority, maxPriority)
	case d.Deadline < 0 || d.MaxPrice < 0:
		return bad("deadline and price limit can't be negative")
	case len(d.After) > maxAfter:
		return bad("a job can come after at most %d others, not %d", maxAfter, len(d.After))
	case d.ReleaseAfter != nil && !d.Scout:
		return bad("nothing is held back that could be released after %d seconds: ask for scout frames too", *d.ReleaseAfter)
	case d.ReleaseAfter != nil && (*d.ReleaseAfter < 0 || *d.ReleaseAfter > maxRelease):
		return bad("scout frames can release the rest after 0 to %d seconds, not %d", maxRelease, *d.ReleaseAfter)
	case d.Tiles < 0 || d.Tiles > maxTiles:
		return bad("a still is split into at most %d tiles, not %d", maxTiles, d.Tiles)
	}
	for _, id := range d.After {
		if id == "" || len(id) > 64 {
			return bad("%q is not the id of a job to come after", wire.Trim(id, 80))
		}
	}
	if err := checkNeeds(d.Needs); err != nil {
		return err
	}
	for i, f := range d.Frames {
		if f < -maxFrame || f > maxFrame || i > 0 && f <= d.Frames[i-1] {
			return bad("the frames have to ascend, without duplicates, within ±%d; frame %d doesn't", maxFrame, f)
		}
	}
	if err := checkRecipe(d.Recipe); err != nil {
		return err
	}
	return checkTiles(d)
}

func checkNeeds(n job.Needs) error {
	switch {
	case n.VRAM < 0 || n.Memory < 0:
		return bad("a job can't need less than no memory")
	case len(n.Class) > maxText || !printable(n.Class), len(n.Region) > maxTag || !printable(n.Region):
		return bad("the device class or the region that the job asks for is too long or not printable")
	case len(n.Tags) > maxTags:
		return bad("a job can ask for at most %d tags, not %d", maxTags, len(n.Tags))
	case len(n.Allow) > maxListed || len(n.Block) > maxListed:
		return bad("a job can list at most %d workers", maxListed)
	}
	for _, t := range n.Tags {
		if t == "" || len(t) > maxTag || !printable(t) {
			return bad("the tag %q is empty, longer than %d letters or not printable", wire.Trim(t, 80), maxTag)
		}
	}
	for _, list := range [][]string{n.Allow, n.Block} {
		for _, a := range list {
			if len(a) != 42 || !strings.HasPrefix(a, "0x") || !isHex(strings.ToLower(a[2:]), 20) {
				return bad("%q is not a worker's address: it has 0x and 40 hex digits, as `heliostat nodes` shows it", wire.Trim(a, 80))
			}
		}
	}
	return nil
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
	if err := proof.Checkable(r); err != nil {
		return &wire.Error{Code: wire.CodeUnsupported, Message: err.Error()}
	}
	return nil
}

func printable(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	return !strings.ContainsFunc(text, unicode.IsControl)
}

// isHex tells whether the text is n bytes of lower-case hex.
func isHex(text string, n int) bool {
	return len(text) == 2*n && strings.Trim(text, "0123456789abcdef") == ""
}
