package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/installers/stage"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
)

const (
	shortFrames  = 48
	shortSamples = 4
	singleEvery  = 4 // one process per frame: every fourth frame is rendered, the time counts for all
	heavyFrames  = 12
	heavySamples = 2
	sandboxRuns  = 20
	pauseRuns    = 3
)

// worker measures the way through a farm with one worker beside bare Blender on the same
// files, with the same samples and one render thread each; sides in turn. The farm's wall
// time runs from the start of `heliostat submit` to the last frame beside the scene.
// Nothing is delivered unverified, so a verifier works too; its processor time stands on
// standard error and not in the CPU row.
func worker(ctx context.Context, e env) error {
	if err := sandboxOverhead(ctx, e); err != nil {
		return err
	}
	light, err := farmScene(ctx, e)
	if err != nil {
		return err
	}
	heavy := filepath.Join(e.dir, "heavy.blend")
	log.Print("worker: making the heavy scene")
	if _, err := timed(ctx, "blender", "--background", "--factory-startup", "--python-exit-code", "3", "--python", filepath.Join("installers", "bench", "worker", "heavy.py"), "--", heavy); err != nil {
		return err
	}
	bareMeter, err := newMeter("bare")
	if err != nil {
		log.Printf("worker: no CPU row: %v", err)
	} else {
		defer bareMeter.close()
	}
	bare, err := bareAnimation(ctx, e, light, shortFrames, shortSamples, bareMeter)
	if err != nil {
		return err
	}
	f, err := openFarm(ctx, e)
	if err != nil {
		return err
	}
	defer f.close()
	before := f.seconds()
	farm, err := f.render(ctx, "short", light, shortFrames, shortSamples)
	if err != nil {
		return err
	}
	cpu := f.seconds() - before
	row("farm_vs_blender_a", farm.Seconds(), "s", bare.Seconds())
	if bareMeter != nil && f.meter != nil {
		log.Printf("worker: the verifier took %.1f s of CPU time beside", f.checker.seconds())
		row("farm_cpu_vs_blender_a", cpu, "s", bareMeter.seconds())
	}
	log.Print("worker: one process per frame")
	begun := time.Now()
	for frame := 1; frame <= shortFrames; frame += singleEvery {
		if _, err := timed(ctx, "blender", append(bareArgs(e, light, "single", shortSamples), "--render-frame", strconv.Itoa(frame))...); err != nil {
			return err
		}
	}
	// Each process stands alone, so some of them tell what all would take.
	row("farm_vs_process_per_frame", farm.Seconds(), "s", singleEvery*time.Since(begun).Seconds())
	heavyBare, err := bareAnimation(ctx, e, heavy, heavyFrames, heavySamples, nil)
	if err != nil {
		return err
	}
	heavyFarm, err := f.render(ctx, "heavy", heavy, heavyFrames, heavySamples)
	if err != nil {
		return err
	}
	row("heavy_vs_blender_a", heavyFarm.Seconds(), "s", heavyBare.Seconds())
	if err := f.gaps(); err != nil {
		return err
	}
	return f.pauses(ctx, light)
}

func bareArgs(e env, blend, out string, samples int) []string {
	return []string{"--background", "--factory-startup", "-noaudio", blend, "--threads", "1", "--render-output", filepath.Join(e.dir, out, "####"),
		"--python-expr", fmt.Sprintf("import bpy; s = bpy.context.scene; s.cycles.samples = %d; s.render.use_persistent_data = False", samples)}
}

// bareAnimation is one `blender -b -a`.
func bareAnimation(ctx context.Context, e env, blend string, frames, samples int, m *meter) (wall time.Duration, err error) {
	log.Printf("worker: bare blender -b -a, %d frames", frames)
	err = m.during(func() error {
		wall, err = timed(ctx, "blender", append(bareArgs(e, blend, "bare", samples), "--frame-start", "1", "--frame-end", strconv.Itoa(frames), "--render-anim")...)
		return err
	})
	return wall, err
}

// benchFarm is a manager, one worker and a verifier.
type benchFarm struct {
	env
	stage   *stage.Stage
	url     string
	meter   *meter // manager, worker and what submits
	checker *meter // the verifier
}

func openFarm(ctx context.Context, e env) (f *benchFarm, err error) {
	f = &benchFarm{env: e, stage: &stage.Stage{Bin: e.bin, Dir: filepath.Join(e.dir, "network")}}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	if f.meter, err = newMeter("farm"); err == nil {
		f.checker, err = newMeter("checker")
	}
	if err != nil {
		log.Printf("worker: no CPU row: %v", err)
	}
	err = f.meter.during(func() error {
		manager, err := f.stage.Start(ctx, "manager", "heliostat-manager", "serve", "--data", f.stage.Data("manager"), "--listen", "127.0.0.1:0", "--settlement", "off")
		if err != nil {
			return err
		}
		f.url = manager.Ready["address"]
		_, err = f.stage.Start(ctx, "worker", "heliostat-worker", "run", "--manager", f.url, "--data", f.stage.Data("worker"), "--device", "cpu", "--threads", "1", "--verbose")
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, f.checker.during(func() error {
		_, err := f.stage.Start(ctx, "verifier", "heliostat-verifier", "run", "--manager", f.url, "--data", f.stage.Data("verifier"), "--threads", "1")
		return err
	})
}

func (f *benchFarm) close() {
	if err := f.stage.Close(); err != nil {
		log.Print(err)
	}
	f.meter.close()
	f.checker.close()
}

func (f *benchFarm) seconds() float64 { return f.meter.seconds() }

func (f *benchFarm) submit(blend, name string, frames, samples int) []string {
	return []string{"submit", blend, "--manager", f.url, "--data", filepath.Join(f.dir, "artist"),
		"--frames", fmt.Sprintf("1-%d", frames), "--samples", strconv.Itoa(samples), "--out", filepath.Join(f.dir, "frames-"+name), "--yes"}
}

// render sends one job through.
func (f *benchFarm) render(ctx context.Context, name, blend string, frames, samples int) (wall time.Duration, err error) {
	log.Printf("worker: the farm, %d frames (%s)", frames, name)
	err = f.meter.during(func() error {
		wall, err = timed(ctx, filepath.Join(f.bin, "heliostat-cli"), append(f.submit(blend, name, frames, samples), "--wait")...)
		return err
	})
	if err != nil {
		return 0, err
	}
	there, err := filepath.Glob(filepath.Join(f.dir, "frames-"+name, "*"))
	if err != nil || len(there) < frames {
		return 0, fmt.Errorf("%d of %d frames arrived", len(there), frames)
	}
	return wall, nil
}

// logLine is what the worker's log says of a frame's way: Blender's own first word about
// samples, and the worker's about ends.
var logLine = regexp.MustCompile(`time=(\S+) level=DEBUG msg=(?:renderer line="Fra:[^"]*\| (Sample) \d|"(frame rendered|task rendered)")`)

// gaps reads from the worker's log how long the renderer waited between two frames: within
// a task, and where a task ended and another began.
func (f *benchFarm) gaps() error {
	text, err := os.ReadFile(f.stage.Data("worker") + ".log")
	if err != nil {
		return err
	}
	var between, within []float64
	var ended time.Time
	task := false
	for _, m := range logLine.FindAllStringSubmatch(string(text), -1) {
		at, err := time.Parse(time.RFC3339Nano, m[1])
		if err != nil {
			return fmt.Errorf("read the worker's log: %w", err)
		}
		switch m[2] + m[3] {
		case "frame rendered":
			ended, task = at, false
		case "task rendered":
			task = true // counts from its last frame's end
		case "Sample":
			gap := at.Sub(ended).Seconds()
			switch {
			case ended.IsZero() || gap > 60: // another job was made meanwhile
			case task:
				between = append(between, gap)
			default:
				within = append(within, gap)
			}
			ended = time.Time{}
		}
	}
	if len(between) == 0 || len(within) == 0 {
		return fmt.Errorf("the worker's log tells of %d gaps between tasks and %d within", len(between), len(within))
	}
	row("task_gap", median(between), "s", median(within))
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// pauses measures from the owner's order to the end of the last process of the renderer.
func (f *benchFarm) pauses(ctx context.Context, blend string) error {
	submit := exec.CommandContext(ctx, filepath.Join(f.bin, "heliostat-cli"), f.submit(blend, "long", 2, 1<<16)...)
	if out, err := submit.CombinedOutput(); err != nil {
		return fmt.Errorf("submit a long job: %w; it printed:\n%s", err, out)
	}
	data := f.stage.Data("worker")
	scratch := filepath.Join(data, "scratch")
	var took []float64
	for range pauseRuns {
		if err := until(ctx, 2*time.Minute, func() bool { return rendering(data) && len(processes(scratch)) > 0 }); err != nil {
			return fmt.Errorf("wait until the worker renders: %w", err)
		}
		begun := time.Now()
		if out, err := exec.CommandContext(ctx, filepath.Join(f.bin, "heliostat-worker"), "pause", "--data", data).CombinedOutput(); err != nil {
			return fmt.Errorf("pause: %w: %s", err, out)
		}
		if err := until(ctx, time.Minute, func() bool { return len(processes(scratch)) == 0 }); err != nil {
			return fmt.Errorf("wait until the renderer is gone: %w", err)
		}
		took = append(took, time.Since(begun).Seconds())
		if out, err := exec.CommandContext(ctx, filepath.Join(f.bin, "heliostat-worker"), "resume", "--data", data).CombinedOutput(); err != nil {
			return fmt.Errorf("resume: %w: %s", err, out)
		}
	}
	const promised = 2
	row("pause_to_gone", slices.Max(took), "s", promised)
	return nil
}

// rendering tells whether the worker's own state says so.
func rendering(data string) bool {
	text, err := os.ReadFile(filepath.Join(data, "status.json"))
	return err == nil && strings.Contains(string(text), `"phase": "render"`)
}

// processes are those whose command line names a folder.
func processes(dir string) []string {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var found []string
	for _, line := range lines {
		if text, err := os.ReadFile(line); err == nil && strings.Contains(string(text), dir) {
			found = append(found, line)
		}
	}
	return found
}

// until looks every few milliseconds.
func until(ctx context.Context, limit time.Duration, is func() bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(limit)
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			return errors.New("it takes too long")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// sandboxOverhead starts the same program bare and confined, in turn; the baseline is what
// a Blender takes to start.
func sandboxOverhead(ctx context.Context, e env) error {
	log.Print("worker: the sandbox")
	box, err := sandbox.Choose("auto")
	if err != nil {
		return err
	}
	work := filepath.Join(e.dir, "sandbox", "out")
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	spec := render.SandboxSpec{Argv: []string{"/usr/bin/env", "true"}, Env: []string{"PATH=/usr/bin:/bin"}, Workspace: filepath.Dir(work), Memory: 8 << 30}
	var extra []float64
	for range sandboxRuns {
		bare, err := timed(ctx, spec.Argv[0], spec.Argv[1:]...)
		if err != nil {
			return err
		}
		argv, env, err := box.Wrap(spec)
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env = env
		begun := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("a confined program: %w: %s", err, out)
		}
		extra = append(extra, (time.Since(begun) - bare).Seconds())
	}
	start, err := timed(ctx, "blender", "--background", "--factory-startup", "-noaudio", "--python-expr", "pass")
	if err != nil {
		return err
	}
	row("sandbox_overhead", median(extra), "s", start.Seconds())
	return nil
}
