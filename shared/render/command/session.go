package command

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/process"
	"github.com/heliostat-render/heliostat/shared/render/region"
	"github.com/heliostat-render/heliostat/shared/render/track"
)

// homeFolder is the program's home in the workspace.
const homeFolder = ".renderer"

// session runs one process for every render.
type session struct {
	c     *Command
	o     render.Options
	root  *os.Root // the workspace
	track *track.Tracker
	costs region.Costs
	id    int

	mu      sync.Mutex       // guards dead, running
	dead    bool             // closed, or a render was cancelled
	running *process.Process // nil between renders
}

var _ render.Session = (*session)(nil)

// Open checks that the recipe can be rendered. It starts no process yet.
func (c *Command) Open(ctx context.Context, o render.Options) (render.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.check(o); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(o.Workspace)
	if err != nil {
		return nil, fmt.Errorf("opening the workspace: %w", err)
	}
	s := &session{c: c, o: o, root: root, track: track.New(c.parseLine)}
	main := filepath.Join(render.SceneFolder, filepath.FromSlash(o.Recipe.MainFile))
	if info, err := root.Stat(main); err != nil || !info.Mode().IsRegular() {
		root.Close()
		return nil, &render.Error{Kind: render.ErrMissingAsset, Cause: "the package has no " + o.Recipe.MainFile}
	}
	// Another session may have left anything in the workspace; only the scene was out of its reach.
	if err := errors.Join(root.RemoveAll(homeFolder), root.Mkdir(homeFolder, 0o700)); err != nil {
		root.Close()
		return nil, fmt.Errorf("making a home for %s: %w", c.d.Name, err)
	}
	// The whole command line is tried once, so that a bad value is found before a frame is asked for.
	if _, err := s.argv(s.values(render.Request{}, render.Rect{W: 1, H: 1}, "frame"), true); err != nil {
		root.Close()
		return nil, &render.Error{Kind: render.ErrBadScene, Cause: err.Error()}
	}
	return s, nil
}

func (c *Command) check(o render.Options) error {
	unsupported := func(format string, args ...any) error {
		return &render.Error{Kind: render.ErrUnsupported, Cause: fmt.Sprintf(format, args...)}
	}
	r, d := o.Recipe, c.d
	_, engine := d.Engines[r.Engine]
	f, format := d.Formats[r.Format]
	_, mode := d.Modes[r.ColorMode]
	device := orCPU(o.Device)
	_, known := d.Devices[device]
	switch {
	case o.Sandbox == nil:
		return fmt.Errorf("opening %s: no sandbox given; render.NoSandbox has to be chosen on purpose", d.Name)
	case !filepath.IsAbs(o.Workspace) || !filepath.IsAbs(o.Install.Path):
		return fmt.Errorf("opening %s: workspace and program need absolute paths", d.Name)
	case !filepath.IsLocal(filepath.FromSlash(r.MainFile)):
		return &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("main file %q isn't inside the package", r.MainFile)}
	case strings.ContainsFunc(r.MainFile, unicode.IsControl):
		return &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("main file %q has a control character", r.MainFile)}
	case r.Width < 4 || r.Height < 4 || r.Width > 65535 || r.Height > 65535:
		return unsupported("%d×%d pixels; a side has 4 to 65535", r.Width, r.Height)
	case r.Samples < 0 || r.Samples > 1<<24:
		return unsupported("%d samples", r.Samples)
	case !render.Suits(r, o.Install.Version):
		return unsupported("the recipe needs %s %s, %s is %s", d.Name, r.Version, o.Install.Path, o.Install.Version)
	case r.BuildHash != o.Install.BuildHash && r.BuildHash != "":
		return unsupported("the recipe needs build %s, %s doesn't tell its build", r.BuildHash, d.Name)
	case !engine:
		return unsupported("%s has no engine %s; it has %s", d.Name, r.Engine, strings.Join(keys(d.Engines), ", "))
	case !format:
		return unsupported("%s writes no %s; it writes %s", d.Name, r.Format, strings.Join(keys(d.Formats), ", "))
	case r.ColorDepth != "" && len(f.Depths) > 0 && !slices.Contains(f.Depths, r.ColorDepth):
		return unsupported("%s writes %s with %s bits a channel, not %s", d.Name, r.Format, strings.Join(f.Depths, ", "), r.ColorDepth)
	case r.ColorMode != "" && !mode && len(d.Modes) > 0:
		return unsupported("%s has no colour mode %s; it has %s", d.Name, r.ColorMode, strings.Join(keys(d.Modes), ", "))
	case r.Device == "GPU" && device == cpu:
		return unsupported("the recipe asks for a GPU and the session has none; a GPU job never runs on a CPU silently")
	case r.Device == cpu && device != cpu:
		return unsupported("the recipe asks for a CPU and the session has %s", device)
	case !known || len(o.Install.Devices) > 0 && !slices.Contains(o.Install.Devices, device):
		return unsupported("%s at %s can't render on %s", d.Name, o.Install.Path, device)
	case r.Denoise || r.Compositing:
		return unsupported("%s is described without a denoiser or a compositor that a recipe turns on", d.Name)
	case !slices.Contains(d.Scenes, strings.ToLower(filepath.Ext(r.MainFile))):
		return &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("main file %q ends on none of %s", r.MainFile, strings.Join(d.Scenes, ", "))}
	}
	return nil
}

func orCPU(device string) string {
	if device == "" {
		return cpu
	}
	return device
}

// values are the placeholders of one render. at is the region, or the whole frame.
func (s *session) values(r render.Request, at render.Rect, stem string) values {
	rc, d := s.o.Recipe, s.c.d
	format := d.Formats[rc.Format]
	depth := rc.ColorDepth
	if depth == "" && len(format.Depths) > 0 {
		depth = format.Depths[0]
	}
	seed := r.Seed
	if p := rc.PinnedSeed; p != nil {
		seed = *p
	}
	scene := filepath.Join(s.o.Workspace, render.SceneFolder, filepath.FromSlash(rc.MainFile))
	v := values{
		"scene":     {text: scene}, // absolute, so that no name in it begins an argument
		"package":   {text: filepath.Join(s.o.Workspace, render.SceneFolder)},
		"outdir":    {text: r.OutDir},
		"bindir":    {text: filepath.Dir(s.o.Install.Path)},
		"stem":      {text: stem},
		"ext":       {text: format.Ext},
		"depth":     {text: depth},
		"engine":    {text: rc.Engine},
		"camera":    {text: rc.Camera, foreign: true},
		"sceneName": {text: rc.Scene, foreign: true},
		"layers":    {text: strings.Join(rc.ViewLayers, ","), foreign: true},
		"device":    {text: orCPU(s.o.Device)},
		"deviceID":  {text: s.o.DeviceID},
	}
	number := func(n int, names ...string) {
		for _, name := range names {
			v[name] = value{text: strconv.Itoa(n), number: true}
		}
	}
	given := func(n int, name string) {
		v[name] = value{number: true}
		if n != 0 {
			number(n, name)
		}
	}
	number(r.Frame, "frame", "first", "last")
	number(1, "step")
	number(rc.Width, "width")
	number(rc.Height, "height")
	number(int(seed), "seed")
	given(rc.Samples, "samples")
	given(s.o.Threads, "threads")
	given(rc.Quality, "quality")
	given(rc.Compression, "compression")
	number(at.X, "left")
	number(at.X+at.W-1, "right")
	number(at.Y, "top")
	number(at.Y+at.H-1, "bottom")
	number(at.X+1, "left1")
	number(at.X+at.W, "right1")
	number(at.Y+1, "top1")
	number(at.Y+at.H, "bottom1")
	number(rc.Height-at.Y-at.H, "low")
	number(rc.Height-1-at.Y, "high")
	return v
}

// argv is the whole command line.
func (s *session) argv(v values, tile bool) ([]string, error) {
	d, rc := s.c.d, s.o.Recipe
	splices := map[string]Args{
		"engine": d.Engines[rc.Engine].Args,
		"format": d.Formats[rc.Format].Args,
		"mode":   d.Modes[rc.ColorMode].Args,
		"device": d.Devices[orCPU(s.o.Device)].Args,
		"tile":   nil,
	}
	if tile && d.Tile != nil {
		splices["tile"] = d.Tile.Args
	}
	for name, from := range v {
		if i := strings.IndexAny(from.text, d.Refuse); i >= 0 {
			return nil, fmt.Errorf("{%s} is %q, and %s can't take %q in it", name, from.text, d.Name, from.text[i])
		}
	}
	args, err := d.Args.fill(v, splices)
	if err != nil {
		return nil, err
	}
	return append([]string{s.o.Install.Path}, args...), nil
}

// Alive tells whether another render can succeed.
func (s *session) Alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.dead
}

// Close ends what runs. Its files in the workspace stay; the caller wipes the workspace.
func (s *session) Close() error {
	s.mu.Lock()
	s.dead = true
	running := s.running
	s.mu.Unlock()
	if running != nil {
		running.Kill()
	}
	if err := s.root.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("closing the workspace: %w", err)
	}
	return nil
}

// parseLine reads a line by the description's progress patterns.
func (c *Command) parseLine(line string, p *render.Progress) (float64, time.Duration, bool) {
	for _, described := range c.d.Progress {
		m := described.pattern.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		group := func(name string) float64 {
			if i := described.pattern.SubexpIndex(name); i >= 0 {
				if n, err := strconv.ParseFloat(m[i], 64); err == nil && n >= 0 && !math.IsInf(n, 0) {
					return n
				}
			}
			return 0
		}
		fraction := min(group("percent")/100, 1)
		if total := group("total"); total > 0 {
			fraction = min(group("done")/total, 1)
		}
		if samples := group("samples"); samples > 0 && samples < 1<<31 {
			p.Sample, p.Samples = int(min(group("sample"), samples)), int(samples)
			fraction = max(fraction, float64(p.Sample)/samples)
		}
		if bytes := group("memory") * float64(max(described.Unit, 1)); bytes > 0 && bytes < 1<<60 {
			p.Memory = int64(bytes)
		}
		var remaining time.Duration
		if i := described.pattern.SubexpIndex("remaining"); i >= 0 {
			remaining = track.Clock(m[i])
		}
		p.Text = strings.TrimSpace(line)
		return fraction, remaining, true
	}
	return 0, 0, false
}

// failure tells which described error a line shows.
func (c *Command) failure(line string) (render.Error, bool, bool) {
	for _, f := range c.d.Errors {
		if m := f.pattern.FindStringSubmatchIndex(line); m != nil {
			cause := strings.TrimSpace(line)
			if f.Cause != "" {
				cause = string(f.pattern.ExpandString(nil, f.Cause, line, m))
			}
			return render.Error{Kind: f.kind, Cause: cause}, f.Always, true
		}
	}
	return render.Error{}, false, false
}
