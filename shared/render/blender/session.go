package blender

import (
	"context"
	_ "embed"
	"errors"
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
		Whole:     o.Recipe.Engine != cycles,
		NoFinal:   o.Recipe.Engine == cycles && (o.Recipe.Denoise || o.Recipe.Compositing),
		MaxMargin: maxMargin, Margin: margin,
	}, o)
	if err != nil {
		return nil, err
	}
	return &session{s}, nil
}

func checkOptions(o render.Options) error {
	unsupported := func(format string, args ...any) error {
		return &render.Error{Kind: render.ErrUnsupported, Cause: fmt.Sprintf(format, args...)}
	}
	r := o.Recipe
	switch {
	case o.Sandbox == nil:
		return errors.New("opening Blender: no sandbox given; render.NoSandbox has to be chosen on purpose")
	case !filepath.IsAbs(o.Workspace) || !filepath.IsAbs(o.Install.Path):
		return errors.New("opening Blender: workspace and program need absolute paths")
	case !filepath.IsLocal(filepath.FromSlash(r.MainFile)):
		return &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("main file %q isn't inside the package", r.MainFile)}
	case r.Width < 4 || r.Height < 4 || r.Width > 65535 || r.Height > 65535:
		return unsupported("%d×%d pixels; a side has 4 to 65535", r.Width, r.Height)
	case r.Samples < 0 || r.Samples > 1<<24:
		return unsupported("%d samples", r.Samples)
	case !render.Suits(r, o.Install.Version):
		return unsupported("the recipe needs Blender %s, %s is %s", r.Version, o.Install.Path, o.Install.Version)
	case r.BuildHash != "" && r.BuildHash != o.Install.BuildHash:
		return unsupported("the recipe needs build %s of Blender %s, %s is build %q", r.BuildHash, r.Version, o.Install.Path, o.Install.BuildHash)
	case !slices.Contains(o.Install.Engines, r.Engine):
		return unsupported("Blender %s at %s has no engine %s", o.Install.Version, o.Install.Path, r.Engine)
	case r.Engine == "CYCLES" && r.Denoise && len(o.Install.Denoisers) == 0:
		return unsupported("the recipe denoises, and Blender %s at %s has no denoiser; turn denoising off, or use workers with an official Blender build",
			o.Install.Version, o.Install.Path)
	case r.Device == "GPU" && r.Engine == "CYCLES" && (o.Device == "" || o.Device == "CPU"):
		return unsupported("the recipe asks for a GPU and the session has none; a GPU job never runs on a CPU silently")
	case r.Device == "CPU" && o.Device != "" && o.Device != "CPU":
		return unsupported("the recipe asks for a CPU and the session has %s", o.Device)
	case o.Device != "" && len(o.Install.Devices) > 0 && !slices.Contains(o.Install.Devices, o.Device):
		return unsupported("Blender %s at %s has no device %s", o.Install.Version, o.Install.Path, o.Device)
	}
	return nil
}
