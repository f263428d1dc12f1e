// Package maya renders Maya scenes with one resident mayapy per session, running an embedded
// script that takes JSON lines over a private pair of pipes, with Arnold, Redshift, V-Ray or
// Maya's own renderer. It was written against Maya's manuals and tested against a stand-in
// for the calls that it makes; Maya itself wasn't run.
//
// It is not for batch rendering without a session: shared/render/command describes Maya's
// `Render` for that. It executes no script nodes of a scene, and gives no noisy masters.
//
// Receives: an extracted package and a recipe; then frame numbers, seeds and borders.
// Hands on: the delivered image, or tiles cut out of it.
package maya

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/resident"
	"github.com/heliostat-render/heliostat/shared/render/track"
)

//go:embed session.py
var sessionScript string

//go:embed probe.py
var probeScript string

// Config is how Maya is found and started. The zero value looks in the usual places.
type Config struct {
	Paths []string // mayapy programs to use instead of looking for them
	Env   []string // further "NAME=value" for the process, such as a licence server's
	// OpenTimeout bounds loading the scene; 0 is twenty minutes.
	OpenTimeout time.Duration
	Log         *slog.Logger // nil discards
}

// Maya is the renderer. It holds no process itself and may be used by many goroutines.
type Maya struct {
	cfg Config
	log *slog.Logger
}

var _ render.Renderer = (*Maya)(nil)

// New makes the renderer. It starts nothing.
func New(cfg Config) *Maya {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if cfg.OpenTimeout == 0 {
		cfg.OpenTimeout = 20 * time.Minute
	}
	return &Maya{cfg: cfg, log: log}
}

// Name is "maya".
func (m *Maya) Name() string { return "maya" }

// Find probes the configured mayapy programs, or those on the PATH and in the usual folders.
func (m *Maya) Find(ctx context.Context) ([]render.Install, error) {
	return m.asking().Find(ctx, m.candidates(), m.log, m.probe)
}

// asking is how a mayapy is asked what it is.
func (m *Maya) asking() resident.Probe {
	return resident.Probe{
		Name: "Maya", Script: probeScript, Timeout: 5 * time.Minute,
		Argv: func(program, script string) []string { return []string{program, script} },
		Env:  m.environment,
	}
}

func (m *Maya) candidates() []string {
	if len(m.cfg.Paths) > 0 {
		return m.cfg.Paths
	}
	var list []string
	if path, err := exec.LookPath("mayapy"); err == nil {
		list = append(list, path)
	}
	pattern := "/usr/autodesk/maya*/bin/mayapy"
	switch runtime.GOOS {
	case "windows":
		pattern = `C:\Program Files\Autodesk\Maya*\bin\mayapy.exe`
	case "darwin":
		pattern = "/Applications/Autodesk/maya*/Maya.app/Contents/bin/mayapy"
	}
	more, err := filepath.Glob(pattern)
	if err == nil {
		slices.Reverse(more) // newer versions first
		list = append(list, more...)
	}
	return list
}

// probe asks one mayapy.
func (m *Maya) probe(ctx context.Context, path string) (render.Install, error) {
	out, ended, err := m.asking().Ask(ctx, path)
	if err != nil {
		return render.Install{}, err
	}
	in, bad := m.parseProbe(path, out)
	if bad != nil {
		return render.Install{}, errors.Join(bad, ended)
	}
	if gpus, err := filepath.Glob("/dev/nvidia[0-9]*"); err == nil && len(gpus) > 0 {
		in.Devices = append(in.Devices, "CUDA", "OPTIX")
	}
	return in, nil
}

func (m *Maya) parseProbe(path string, out []byte) (render.Install, error) {
	var probe struct {
		Version string
		Engines []string
	}
	if err := m.asking().Answer(path, out, &probe); err != nil {
		return render.Install{}, err
	}
	if probe.Version == "" {
		return render.Install{}, fmt.Errorf("probing %s: it doesn't tell its version", path)
	}
	return render.Install{
		Renderer: "maya", Version: probe.Version, Path: path, Engines: probe.Engines, Devices: []string{"CPU"}, Class: "cpu/" + runtime.GOARCH,
	}, nil
}

// environment is all that Maya gets to see of ours.
func (m *Maya) environment(home string) []string {
	env := []string{"HOME=" + home, "MAYA_APP_DIR=" + home, "TMPDIR=" + home, "LANG=C.UTF-8", "PATH=/usr/bin:/bin", "MAYA_DISABLE_CIP=1", "MAYA_DISABLE_CER=1", "MAYA_SKIP_USERSETUP_PY=1"}
	if runtime.GOOS == "windows" {
		env = append(env[1:3:3], "TEMP="+home, "TMP="+home, "USERPROFILE="+home, "SystemRoot="+os.Getenv("SystemRoot"), "PATH="+os.Getenv("PATH"))
	}
	return append(env, m.cfg.Env...)
}

// session is a mayapy with a scene loaded.
type session struct{ *resident.Session }

var _ render.Session = (*session)(nil)

// Render renders a frame or some borders of it. There is no noisy pass to give.
func (s *session) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (render.Frame, error) {
	if r.Master {
		return render.Frame{}, &render.Error{Kind: render.ErrUnsupported, Cause: "Maya gives no noisy pass; deliver PNG, or OpenEXR with a ZIP codec, which are compared as they are"}
	}
	return s.Session.Render(ctx, r, progress)
}

// Open starts mayapy, loads the scene and applies the recipe.
func (m *Maya) Open(ctx context.Context, o render.Options) (render.Session, error) {
	if err := check(o); err != nil {
		return nil, err
	}
	env := slices.Clone(m.cfg.Env)
	if o.DeviceID != "" {
		env = append(env, "CUDA_VISIBLE_DEVICES="+o.DeviceID)
	}
	if o.Threads > 0 {
		env = append(env, "ARNOLD_THREADS="+strconv.Itoa(o.Threads), "OMP_NUM_THREADS="+strconv.Itoa(o.Threads))
	}
	with := &Maya{cfg: Config{Env: env}}
	s, err := resident.Open(ctx, resident.Config{
		Name: "Maya", Script: sessionScript, Home: ".maya", Timeout: m.cfg.OpenTimeout, Parse: parseLine,
		Argv:     func(script string) []string { return []string{o.Install.Path, script} },
		Env:      with.environment,
		ReadOnly: []string{filepath.Dir(filepath.Dir(o.Install.Path))},
		Whole:    true,
	}, o)
	if err != nil {
		return nil, err
	}
	return &session{s}, nil
}

func check(o render.Options) error {
	if err := resident.Check("Maya", o); err != nil {
		return err
	}
	if o.Recipe.Denoise || o.Recipe.Compositing {
		return &render.Error{Kind: render.ErrUnsupported, Cause: "a Maya recipe turns no denoiser or compositor on; leave them to the scene"}
	}
	return resident.NeedGPU(o)
}

// What Arnold, Redshift and V-Ray print while they render.
var (
	percentText = regexp.MustCompile(`(\d{1,3}(?:\.\d+)?)\s?%\s*(?:done|complete|rendered)?`)
	blockText   = regexp.MustCompile(`(?i)block (\d+)/(\d+)`)
)

var _ track.Parse = parseLine

func parseLine(line string, p *render.Progress) (float64, time.Duration, bool) {
	low := strings.ToLower(line)
	if m := blockText.FindStringSubmatch(line); m != nil {
		a, errA := strconv.Atoi(m[1])
		b, errB := strconv.Atoi(m[2])
		if errA == nil && errB == nil && b > 0 && a <= b {
			p.Text = strings.TrimSpace(line)
			return float64(a) / float64(b), 0, true
		}
	}
	if m := percentText.FindStringSubmatch(low); m != nil && (strings.Contains(low, "done") || strings.Contains(low, "render")) {
		if v, err := strconv.ParseFloat(m[1], 64); err == nil && v <= 100 {
			p.Text = strings.TrimSpace(line)
			return v / 100, 0, true
		}
	}
	return 0, 0, false
}
