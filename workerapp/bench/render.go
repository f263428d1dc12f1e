package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
)

//go:embed scene.py
var sceneScript string

const (
	renderWidth, renderHeight = 192, 108
	renderSamples             = 32
	// gpuSamples are so many more that a GPU is busy for longer than its start takes.
	gpuSamples = 1024
	// coreSeconds is what one core of the machine that the project is measured on (AMD EPYC,
	// 2.5 GHz) takes for the frame with renderSamples; 120 such cores are the reference GPU.
	coreSeconds = 0.85
	renderUnits = coreSeconds / (120 * 60)
)

// Rig is what the scene is rendered with.
type Rig struct {
	Found    warm.Found
	Device   string // as render.Options.Device
	DeviceID string
	Sandbox  render.Sandbox
	Threads  int
	Dir      string // a folder that doesn't exist yet; it is wiped in the end
}

// Can tells whether the generated scene is one for this renderer.
func Can(i render.Install) bool { return i.Renderer == "blender" }

// Render makes the scene and renders it twice: once to load and to warm up, once to be
// measured. On a CPU the time is the processor's own, so that other work doesn't count.
func Render(ctx context.Context, rig Rig) (s Score, err error) {
	began := time.Now()
	defer func() { err = errors.Join(err, warm.Wipe(rig.Dir)) }()
	scene, out := filepath.Join(rig.Dir, render.SceneFolder), filepath.Join(rig.Dir, "out")
	for _, dir := range []string{scene, out} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return Score{}, fmt.Errorf("make the bench scene's folder: %w", err)
		}
	}
	if err := makeScene(ctx, rig, scene); err != nil {
		return Score{}, err
	}
	i := rig.Found.Install
	gpu := rig.Device != "" && rig.Device != "CPU"
	recipe := job.Recipe{
		Renderer: i.Renderer, Version: i.Version, Engine: "CYCLES", MainFile: "bench.blend", Width: renderWidth, Height: renderHeight,
		Samples: renderSamples, Device: "CPU", Format: "PNG", ColorMode: "RGB", ColorDepth: "8",
	}
	if gpu {
		recipe.Device, recipe.Samples = "GPU", gpuSamples
	}
	session, err := rig.Found.Renderer.Open(ctx, render.Options{
		Install: i, Workspace: rig.Dir, Recipe: recipe, Threads: rig.Threads, Device: rig.Device, DeviceID: rig.DeviceID, Sandbox: rig.Sandbox,
	})
	if err != nil {
		return Score{}, fmt.Errorf("open the bench scene: %w", err)
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	var frame render.Frame
	for number := 1; number <= 2; number++ {
		if frame, err = session.Render(ctx, render.Request{Frame: number, Seed: int32(number), OutDir: out}, nil); err != nil {
			return Score{}, fmt.Errorf("render the bench scene: %w", err)
		}
	}
	seconds := frame.Seconds
	if !gpu && frame.CPUSeconds > 0 {
		seconds = frame.CPUSeconds / float64(max(1, rig.Threads))
	}
	if seconds <= 0 {
		return Score{}, errors.New("the bench scene took no time")
	}
	units := renderUnits * float64(recipe.Samples) / renderSamples
	return Score{Version: Version, Threads: rig.Threads, Units: units * 60 / seconds, Seconds: time.Since(began).Seconds(), Frame: seconds}, nil
}

// makeScene runs our own script in the renderer.
func makeScene(ctx context.Context, rig Rig, dir string) error {
	script := filepath.Join(dir, "bench.py")
	if err := os.WriteFile(script, []byte(sceneScript), 0o600); err != nil {
		return fmt.Errorf("write the bench scene's script: %w", err)
	}
	argv, env, err := rig.Sandbox.Wrap(render.SandboxSpec{
		Argv:      []string{rig.Found.Install.Path, "-b", "--factory-startup", "-noaudio", "--python-exit-code", "64", "-P", script, "--", filepath.Join(dir, "bench.blend")},
		Env:       []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, "LANG=C.UTF-8"},
		Workspace: rig.Dir, ReadOnly: []string{filepath.Dir(rig.Found.Install.Path)},
	})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = env, dir
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the bench scene: %w; the renderer said: %.500s", err, text)
	}
	return nil
}
