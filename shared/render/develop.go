package render

import (
	"context"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Developer is a session that can make a delivered image from a noisy master without
// sampling: compositor, view transform and file format as the recipe has them. A session
// that can't doesn't implement it.
type Developer interface {
	// Develop follows Render's rules about contexts, goroutines and the session's end.
	Develop(ctx context.Context, d Develop) (Developed, error)
}

// Develop is one image to make.
type Develop struct {
	Frame int
	Seed  int32 // for what a compositor uses that the master doesn't carry
	// Master is the noisy linear pass and those that a compositor reads, as raster.DecodeEXR gives them; in a Tiled
	// session whose recipe denoises the noisy pass with the guides. Nil makes nothing and only
	// asks whether it could be done.
	Master *raster.Raster
	// Exact wants what a render of the whole frame would deliver: a scene that needs more than the
	// master for it is refused with ErrBadScene.
	Exact bool
	// Rough leaves out a denoiser that the renderer lacks, where the session is Tiled and the recipe denoises: the
	// image is then only near the delivered one. Without it that is refused with ErrUnsupported.
	Rough  bool
	OutDir string // an existing folder inside the workspace, absolute
}

// Developed is an image made from a master.
type Developed struct {
	File   File
	Extras []File // further files, as a Frame's
	// Sampled tells that the compositor uses more than the master carries, so that the scene was
	// rendered at few samples for the rest: the image is then only near the delivered one.
	Sampled    bool
	Seconds    float64
	CPUSeconds float64
}
