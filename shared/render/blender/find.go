package blender

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/resident"
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
	return b.asking().Find(ctx, append(b.candidates(), b.cfg.More...), b.log, b.probe)
}

// asking is how a Blender is asked what it is.
func (b *Blender) asking() resident.Probe {
	return resident.Probe{
		Name: "Blender", Script: probeScript, Timeout: 2 * time.Minute, Sandbox: b.cfg.Sandbox,
		Argv: func(program, script string) []string {
			return []string{program, "-b", "--factory-startup", "-noaudio", "-Y", "--python-exit-code", "64", "--debug-cycles", "--verbose", "3", "-P", script}
		},
		Env: func(home string) []string { return environment(home, b.cfg.Env) },
	}
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

// probe asks one Blender.
func (b *Blender) probe(ctx context.Context, path string) (render.Install, error) {
	out, ended, err := b.asking().Ask(ctx, path)
	if err != nil {
		return render.Install{}, err
	}
	in, bad := b.parseProbe(path, out)
	if bad != nil {
		return render.Install{}, errors.Join(bad, ended)
	}
	if !slices.Contains(in.Engines, workbench) {
		b.log.Warn("this machine gives Blender no OpenGL, so that it can't render with EEVEE and Workbench; install a graphics driver, or libegl1 and libgl1-mesa-dri",
			"path", path, "error", ended)
	}
	return in, nil
}

const workbench = "BLENDER_WORKBENCH"

func (b *Blender) parseProbe(path string, out []byte) (render.Install, error) {
	var probe struct {
		Version, Build              string
		Engines, Devices, Denoisers []string
	}
	if err := b.asking().Answer(path, out, &probe); err != nil {
		return render.Install{}, err
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
