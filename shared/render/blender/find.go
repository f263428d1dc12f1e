package blender

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/process"
)

//go:embed probe.py
var probeScript string

var kernelLine = regexp.MustCompile(`Using (\S+) CPU kernels`)

// program is what Blender is called in a folder.
var program = map[bool]string{true: "blender.exe", false: "blender"}[runtime.GOOS == "windows"]

// Find probes the configured programs, or every Blender on the PATH, in the configured and in
// the usual folders.
// A program that can't be probed is logged and left out.
func (b *Blender) Find(ctx context.Context) ([]render.Install, error) {
	var found []render.Install
	seen := map[string]bool{}
	for _, path := range append(b.candidates(), b.cfg.More...) {
		real, err := filepath.EvalSymlinks(path)
		if err != nil || seen[real] {
			continue
		}
		seen[real] = true
		in, err := b.probe(ctx, real)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("looking for Blender: %w", ctx.Err())
		}
		if err != nil {
			b.log.Warn("this Blender can't be used", "path", real, "error", err)
			continue
		}
		found = append(found, in)
	}
	return found, nil
}

func (b *Blender) candidates() []string {
	if len(b.cfg.Paths) > 0 {
		return b.cfg.Paths
	}
	var list, patterns []string
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		patterns = append(patterns, filepath.Join(folder, program))
	}
	for _, folder := range b.cfg.Folders {
		patterns = append(patterns, filepath.Join(folder, program), filepath.Join(folder, "*", program), filepath.Join(folder, "*", "*", program))
	}
	switch runtime.GOOS {
	case "windows":
		patterns = append(patterns, `C:\Program Files\Blender Foundation\Blender *\blender.exe`)
	case "darwin":
		patterns = append(patterns, "/Applications/Blender*.app/Contents/MacOS/Blender")
	default:
		patterns = append(patterns, "/opt/blender*/blender", "/opt/blender/*/blender", "/usr/local/blender*/blender", "/snap/bin/blender")
	}
	if home, err := os.UserHomeDir(); err == nil && runtime.GOOS == "linux" {
		patterns = append(patterns, filepath.Join(home, "blender*", "blender"))
	}
	for _, p := range patterns {
		more, err := filepath.Glob(p)
		if err == nil {
			slices.Reverse(more) // newer versions first
			list = append(list, more...)
		}
	}
	return list
}

// probe starts one Blender with our own script and no scene of anybody's.
func (b *Blender) probe(ctx context.Context, path string) (render.Install, error) {
	dir, err := os.MkdirTemp("", "heliostat-probe-")
	if err != nil {
		return render.Install{}, fmt.Errorf("making a folder for the probe: %w", err)
	}
	defer os.RemoveAll(dir)
	script := filepath.Join(dir, "probe.py")
	if err := os.WriteFile(script, []byte(probeScript), 0o600); err != nil {
		return render.Install{}, fmt.Errorf("writing the probe: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-b", "--factory-startup", "-noaudio", "-Y", "--python-exit-code", "64",
		"--debug-cycles", "--verbose", "3", "-P", script)
	cmd.Env = environment(dir, b.cfg.Env)
	cmd.WaitDelay = 2 * time.Second
	process.OwnGroup(cmd)
	cmd.Cancel = func() error { process.KillGroup(cmd.Process); return nil }
	out, err := cmd.CombinedOutput()
	in, bad := parseProbe(path, out)
	if bad != nil {
		return render.Install{}, errors.Join(bad, err)
	}
	if !slices.Contains(in.Engines, workbench) {
		b.log.Warn("this machine gives Blender no OpenGL, so that it can't render with EEVEE and Workbench; install a graphics driver, or libegl1 and libgl1-mesa-dri",
			"path", path, "error", err)
	}
	return in, nil
}

const workbench = "BLENDER_WORKBENCH"

func parseProbe(path string, out []byte) (render.Install, error) {
	var probe struct {
		Version, Build              string
		Engines, Devices, Denoisers []string
	}
	_, line, ok := bytes.Cut(out, []byte("\nHELIOSTAT "))
	if !ok {
		return render.Install{}, fmt.Errorf("probing %s: it doesn't answer as Blender does", path)
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	if err := json.Unmarshal(line, &probe); err != nil {
		return render.Install{}, fmt.Errorf("probing %s: %w", path, err)
	}
	in := render.Install{
		Renderer: "blender", Version: probe.Version, BuildHash: probe.Build, Path: path,
		Engines: probe.Engines, Devices: probe.Devices, Denoisers: probe.Denoisers,
	}
	if !bytes.Contains(out, []byte("\nHELIOSTAT-GL ")) {
		in.Engines = slices.DeleteFunc(in.Engines, func(e string) bool { return e != cycles })
	}
	if m := kernelLine.FindSubmatch(out); m != nil {
		in.Class = "cpu/" + strings.ToLower(string(m[1]))
	}
	return in, nil
}

// environment is all that Blender gets to see of ours.
func environment(dir string, more []string) []string {
	env := []string{"HOME=" + dir, "TMPDIR=" + dir, "LANG=C.UTF-8", "PATH=/usr/bin:/bin"}
	if runtime.GOOS == "windows" {
		env = []string{"TEMP=" + dir, "TMP=" + dir, "USERPROFILE=" + dir, "SystemRoot=" + os.Getenv("SystemRoot"), "PATH=" + os.Getenv("PATH")}
	}
	return append(env, more...)
}
