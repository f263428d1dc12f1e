// Package command renders with any batch renderer that a small file describes: how to find
// it, its arguments, where its image is, and what its output means. FORMAT.md specifies the
// file; renderers/ holds the shipped ones. Every render is a process of its own.
//
// It is not for renderers that stay open (shared/render/resident), and gives no noisy
// masters: its images are compared as they are delivered.
//
// Receives: a description, an extracted package and a recipe; then frame numbers, seeds and borders.
// Hands on: the delivered image, or tiles.
package command

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/process"
)

//go:embed renderers/*.toml
var shipped embed.FS

// Config is how described renderers are found and run. The zero value looks in the places
// that the descriptions name.
type Config struct {
	Programs []string     // to use instead of looking for them
	Log      *slog.Logger // nil discards
}

// Command is one described renderer. It holds no process and may be used by many goroutines.
type Command struct {
	d   *Description
	cfg Config
	log *slog.Logger
}

var _ render.Renderer = (*Command)(nil)

// New makes a renderer of a description. It starts nothing.
func New(d *Description, cfg Config) *Command {
	return &Command{d: d, cfg: cfg, log: cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))}
}

// Shipped returns the descriptions that come with Heliostat, by the renderers' names.
func Shipped() ([]*Description, error) {
	entries, err := shipped.ReadDir("renderers")
	if err != nil {
		return nil, fmt.Errorf("reading the shipped renderers: %w", err)
	}
	var list []*Description
	for _, entry := range entries {
		text, err := shipped.ReadFile("renderers/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the shipped renderers: %w", err)
		}
		d, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("renderers/%s: %w", entry.Name(), err)
		}
		list = append(list, d)
	}
	return list, nil
}

// Load reads the descriptions (*.toml) of a folder. A folder that isn't there holds none.
func Load(folder string) ([]*Description, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.toml"))
	if err != nil {
		return nil, fmt.Errorf("looking for renderer descriptions: %w", err)
	}
	var list []*Description
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("reading a renderer description: %w", err)
		}
		text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("reading a renderer description: %w", err)
		}
		d, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		list = append(list, d)
	}
	return list, nil
}

// Name is what recipes call the renderer.
func (c *Command) Name() string { return c.d.Renderer }

// Find looks for the programs and asks each for its version.
func (c *Command) Find(ctx context.Context) ([]render.Install, error) {
	var found []render.Install
	var seen []string
	for _, path := range c.candidates() {
		real, err := filepath.EvalSymlinks(path)
		if err != nil || slices.Contains(seen, real) {
			continue
		}
		seen = append(seen, real)
		version, err := c.version(ctx, real)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("looking for %s: %w", c.d.Name, ctx.Err())
		}
		if err != nil {
			c.log.Warn("this renderer can't be used", "renderer", c.d.Name, "path", real, "error", err)
			continue
		}
		found = append(found, render.Install{
			Renderer: c.d.Renderer, Version: version, Path: real,
			Engines: keys(c.d.Engines), Devices: c.devices(), Class: "cpu/" + runtime.GOARCH,
		})
	}
	return found, nil
}

func (c *Command) candidates() []string {
	if len(c.cfg.Programs) > 0 {
		return c.cfg.Programs
	}
	var list []string
	for _, p := range c.d.Programs {
		if filepath.IsAbs(p) {
			if more, err := filepath.Glob(p); err == nil {
				slices.Reverse(more) // newer versions first
				list = append(list, more...)
			}
		} else if path, err := exec.LookPath(p); err == nil {
			list = append(list, path)
		}
	}
	return list
}

// devices are those that the machine seems to have, the CPU first.
func (c *Command) devices() []string {
	var list []string
	for name, d := range c.d.Devices {
		there, err := filepath.Glob(d.Exists)
		if d.Exists == "" || err == nil && len(there) > 0 {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	if i := slices.Index(list, cpu); i > 0 {
		list = slices.Insert(slices.Delete(list, i, i+1), 0, cpu)
	}
	return list
}

// version starts the program once, with nothing of a stranger's.
func (c *Command) version(ctx context.Context, path string) (string, error) {
	dir, err := os.MkdirTemp("", "heliostat-probe-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the probe: %w", err)
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, c.d.Version.Args...)
	cmd.Env, cmd.Dir = c.environment(dir), dir
	cmd.WaitDelay = 2 * time.Second
	process.OwnGroup(cmd)
	cmd.Cancel = func() error { process.KillGroup(cmd.Process); return nil }
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || !slices.Contains(c.d.Version.exit(), cmd.ProcessState.ExitCode()) {
		return "", fmt.Errorf("probing %s: %w", path, cmp.Or(err, fmt.Errorf("it didn't start")))
	}
	m := c.d.Version.pattern.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("probing %s: it doesn't tell its version", path)
	}
	return string(m[1]), nil
}

// environment is all that the program gets to see of ours.
func (c *Command) environment(home string) []string {
	env := []string{"HOME=" + home, "TMPDIR=" + home, "LANG=C.UTF-8", "PATH=/usr/bin:/bin"}
	if runtime.GOOS == "windows" {
		env = []string{"TEMP=" + home, "TMP=" + home, "USERPROFILE=" + home, "SystemRoot=" + os.Getenv("SystemRoot"), "PATH=" + os.Getenv("PATH")}
	}
	for _, name := range keys(c.d.Env) {
		env = append(env, name+"="+c.d.Env[name])
	}
	return env
}
