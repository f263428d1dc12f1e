package resident

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/process"
)

// Probe asks a program what it is: it starts the program with our own script and no scene of
// anybody's.
type Probe struct {
	Name    string // for people: "Blender"
	Script  string // Python; its answer is a line "HELIOSTAT {…}"
	Argv    func(program, script string) []string
	Env     func(home string) []string // all that the program gets to see of ours
	Timeout time.Duration
	// Sandbox confines the program, where it isn't one that the owner has installed; nil runs it as it is.
	Sandbox render.Sandbox
}

// maxSaid bounds what is kept of a program's answer, in bytes.
const maxSaid = 4 << 20

// Find probes the programs that are there, each once. One that can't be probed is logged and
// left out.
func (p Probe) Find(ctx context.Context, candidates []string, log *slog.Logger, probe func(ctx context.Context, path string) (render.Install, error)) ([]render.Install, error) {
	var found []render.Install
	var seen []string
	for _, path := range candidates {
		real, err := filepath.EvalSymlinks(path)
		if err != nil || slices.Contains(seen, real) {
			continue
		}
		seen = append(seen, real)
		in, err := probe(ctx, real)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("looking for %s: %w", p.Name, ctx.Err())
		}
		if err != nil {
			log.Warn("this "+p.Name+" can't be used", "path", real, "error", err)
			continue
		}
		found = append(found, in)
	}
	return found, nil
}

// Ask runs the script in a program and returns all that was said and how the program ended: a
// program may crash after it has answered.
func (p Probe) Ask(ctx context.Context, path string) (said []byte, ended, err error) {
	dir, err := os.MkdirTemp("", "heliostat-probe-")
	if err != nil {
		return nil, nil, fmt.Errorf("making a folder for the probe: %w", err)
	}
	defer os.RemoveAll(dir)
	script, home := filepath.Join(dir, "probe.py"), filepath.Join(dir, "home")
	if err := errors.Join(os.Mkdir(home, 0o700), os.WriteFile(script, []byte(p.Script), 0o600)); err != nil {
		return nil, nil, fmt.Errorf("writing the probe: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	argv, env := p.Argv(path, script), p.Env(home)
	if p.Sandbox != nil {
		argv, env, err = p.Sandbox.Wrap(render.SandboxSpec{Argv: argv, Env: env, Workspace: dir, ReadOnly: []string{filepath.Dir(path)}, GPU: true})
		if err != nil {
			return nil, nil, fmt.Errorf("confining the probe of %s: %w", path, err)
		}
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = env, dir
	cmd.WaitDelay = 2 * time.Second
	process.OwnGroup(cmd)
	cmd.Cancel = func() error { process.KillGroup(cmd.Process); return nil }
	var out firstBytes
	cmd.Stdout, cmd.Stderr = &out, &out
	ended = cmd.Run()
	return out.kept, ended, nil
}

// firstBytes keeps the beginning of what is written, and takes the rest.
type firstBytes struct{ kept []byte }

func (f *firstBytes) Write(p []byte) (int, error) {
	f.kept = append(f.kept, p[:min(len(p), maxSaid-len(f.kept))]...)
	return len(p), nil
}

// Answer reads the answer out of what a program said.
func (p Probe) Answer(path string, said []byte, into any) error {
	_, line, ok := bytes.Cut(said, []byte("\nHELIOSTAT "))
	if !ok {
		return fmt.Errorf("probing %s: it doesn't answer as %s does", path, p.Name)
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("probing %s: its answer can't be read: %w", path, err)
	}
	return nil
}

// Check refuses options that no program of an install can render: those that every resident
// renderer refuses alike.
func Check(name string, o render.Options) error {
	unsupported := func(format string, args ...any) error {
		return &render.Error{Kind: render.ErrUnsupported, Cause: fmt.Sprintf(format, args...)}
	}
	r, in := o.Recipe, o.Install
	switch {
	case o.Sandbox == nil:
		return errors.New("opening " + name + ": no sandbox given; render.NoSandbox has to be chosen on purpose")
	case !filepath.IsAbs(o.Workspace) || !filepath.IsAbs(in.Path):
		return errors.New("opening " + name + ": workspace and program need absolute paths")
	case !filepath.IsLocal(filepath.FromSlash(r.MainFile)):
		return &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("main file %q isn't inside the package", r.MainFile)}
	case r.Width < 4 || r.Height < 4 || r.Width > 65535 || r.Height > 65535:
		return unsupported("%d×%d pixels; a side has 4 to 65535", r.Width, r.Height)
	case r.Samples < 0 || r.Samples > 1<<24:
		return unsupported("%d samples", r.Samples)
	case !render.Suits(r, in.Version):
		return unsupported("the recipe needs %s %s, %s is %s", name, r.Version, in.Path, in.Version)
	case r.BuildHash != "" && r.BuildHash != in.BuildHash:
		return unsupported("the recipe needs build %s of %s %s, %s is build %q", r.BuildHash, name, r.Version, in.Path, in.BuildHash)
	case !slices.Contains(in.Engines, r.Engine):
		return unsupported("%s %s at %s has no engine %s; it has %s", name, in.Version, in.Path, r.Engine, strings.Join(in.Engines, ", "))
	case r.Device == "CPU" && o.Device != "" && o.Device != "CPU":
		return unsupported("the recipe asks for a CPU and the session has %s", o.Device)
	case o.Device != "" && len(in.Devices) > 0 && !slices.Contains(in.Devices, o.Device):
		return unsupported("%s %s at %s has no device %s", name, in.Version, in.Path, o.Device)
	}
	return nil
}

// NeedGPU refuses a GPU's recipe on a session without one: it never runs on the CPU silently.
func NeedGPU(o render.Options) error {
	if o.Recipe.Device == "GPU" && (o.Device == "" || o.Device == "CPU") {
		return &render.Error{Kind: render.ErrUnsupported, Cause: "the recipe asks for a GPU and the session has none; a GPU job never runs on a CPU silently"}
	}
	return nil
}
