package blender

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/resident"
)

// session.py begins to work at its end, so it stands last.
var (
	//go:embed develop.py
	developScript string
	//go:embed session.py
	sessionScript string
)

// Pixels around a border: those that the script's MARGIN renders, and the most that we take.
const (
	margin    = 4
	maxMargin = 16
)

const cycles = "CYCLES"

// session is a Blender with a scene loaded.
type session struct{ *resident.Session }

var _ render.Session = (*session)(nil)

// Open starts Blender, loads the scene and applies the recipe.
func (b *Blender) Open(ctx context.Context, o render.Options) (render.Session, error) {
	if err := checkOptions(o); err != nil {
		return nil, err
	}
	argv := []string{o.Install.Path, "-b", "--factory-startup", "-noaudio"}
	if o.Threads > 0 {
		argv = append(argv, "-t", strconv.Itoa(o.Threads))
	}
	more := slices.Clone(b.cfg.Env)
	switch {
	case o.DeviceID == "":
	case o.Device == "OPTIX" || o.Device == "CUDA":
		more = append(more, "CUDA_VISIBLE_DEVICES="+o.DeviceID)
	case o.Device == "HIP":
		more = append(more, "HIP_VISIBLE_DEVICES="+o.DeviceID)
	case o.Device == "ONEAPI":
		more = append(more, "ONEAPI_DEVICE_SELECTOR=level_zero:"+o.DeviceID)
	}
	s, err := resident.Open(ctx, resident.Config{
		Name: "Blender", Script: developScript + sessionScript, Home: ".blender", Timeout: b.cfg.OpenTimeout, Parse: parseLine,
		// The last of -y and -Y wins wherever it stands, so nothing of a job's may come after.
		Argv: func(script string) []string {
			return append(argv, "-Y", "--python-exit-code", "64", "-P", script)
		},
		Env:      func(home string) []string { return environment(home, more) },
		ReadOnly: []string{filepath.Dir(o.Install.Path)},
		// Screen-space effects and whole-image filters make a region of these engines another image.
		Whole: o.Recipe.Engine != cycles,
		// A multilayer file still shows the passes that went into it.
		NoFinal:   o.Recipe.Engine == cycles && (o.Recipe.Denoise || o.Recipe.Compositing) && o.Recipe.Format != "OPEN_EXR_MULTILAYER",
		MaxMargin: maxMargin, Margin: margin,
	}, o)
	if err != nil {
		return nil, err
	}
	return &session{s}, nil
}

func checkOptions(o render.Options) error {
	r := o.Recipe
	if err := resident.Check("Blender", o); err != nil {
		return err
	}
	switch {
	case r.Engine != cycles:
		return nil
	case r.Denoise && !o.Tiled && len(o.Install.Denoisers) == 0:
		return &render.Error{Kind: render.ErrUnsupported, Cause: fmt.Sprintf("the recipe denoises, and Blender %s at %s has no denoiser; turn denoising off, or use workers with an official Blender build",
			o.Install.Version, o.Install.Path)}
	}
	return resident.NeedGPU(o)
}
