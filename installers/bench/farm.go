package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/installers/stage"
)

const (
	farmFrames  = 12
	farmSamples = "8"
)

// farm renders the demo scene through a manager, one worker and a verifier, and with one
// bare `blender -b -a`, on the same machine and with the same number of render threads.
// Wall time of the farm is from the start of `heliostat submit` to the last frame beside
// the scene: packaging, upload, verification and download included.
func farm(ctx context.Context, e env) error {
	blend, err := farmScene(ctx, e)
	if err != nil {
		return err
	}
	log.Print("farm: bare blender -b -a")
	bareWall, err := timed(ctx, "blender", "--background", "--factory-startup", blend, "--threads", "1",
		"--render-output", filepath.Join(e.dir, "bare", "####"), "--python-expr", "import bpy; bpy.context.scene.cycles.samples = "+farmSamples+"; bpy.context.scene.render.use_persistent_data = False",
		"--frame-start", "1", "--frame-end", fmt.Sprint(farmFrames), "--render-anim")
	if err != nil {
		return err
	}
	log.Print("farm: manager, worker, verifier")
	s := &stage.Stage{Bin: e.bin, Dir: filepath.Join(e.dir, "farm")}
	defer func() {
		if err := s.Close(); err != nil {
			log.Print(err)
		}
	}()
	manager, err := s.Start(ctx, "manager", "heliostat-manager", "serve", "--data", s.Data("manager"), "--listen", "127.0.0.1:0", "--settlement", "off")
	if err != nil {
		return err
	}
	url := manager.Ready["address"]
	if _, err := s.Start(ctx, "worker", "heliostat-worker", "run", "--manager", url, "--data", s.Data("worker"), "--device", "cpu", "--threads", "1"); err != nil {
		return err
	}
	if _, err := s.Start(ctx, "verifier", "heliostat-verifier", "run", "--manager", url, "--data", s.Data("verifier"), "--threads", "1"); err != nil {
		return err
	}
	farmWall, err := timed(ctx, filepath.Join(e.bin, "heliostat-cli"), "submit", blend, "--manager", url, "--data", filepath.Join(e.dir, "artist"),
		"--frames", fmt.Sprintf("1-%d", farmFrames), "--samples", farmSamples, "--out", filepath.Join(e.dir, "frames"), "--wait", "--yes")
	if err != nil {
		return err
	}
	frames, err := filepath.Glob(filepath.Join(e.dir, "frames", "*.png"))
	if err != nil || len(frames) != farmFrames {
		return fmt.Errorf("%d of %d frames arrived", len(frames), farmFrames)
	}
	row("farm_vs_blender_a", farmWall.Seconds(), "s", bareWall.Seconds())
	return nil
}

func farmScene(ctx context.Context, e env) (string, error) {
	dir := filepath.Join(e.dir, "scene")
	log.Print("farm: making the demo scene")
	if _, err := timed(ctx, "blender", "--background", "--factory-startup", "--python-exit-code", "3", "--python", filepath.Join("installers", "scene", "make_scene.py"), "--", dir); err != nil {
		return "", err
	}
	return filepath.Join(dir, "field.blend"), nil
}

// timed runs a command to its end. Wall time only: the sandbox's processes end with their
// namespace and are reaped by the kernel, so nobody is told what CPU they used.
func timed(ctx context.Context, program string, args ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	begun := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w; it printed:\n%s", program, err, out)
	}
	return time.Since(begun), nil
}
