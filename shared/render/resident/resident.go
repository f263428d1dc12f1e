// Package resident drives a renderer that stays open: a program that runs our script, takes
// JSON lines over a private pipe, and renders frames or borders of the scene that it has
// loaded. shared/render/blender and shared/render/maya are such renderers.
//
// It is not for starting and killing processes (shared/render/process), and knows no
// renderer's words: the script and the line parser come from outside.
//
// Receives: a script, an extracted package and a recipe; then frame numbers, seeds and borders.
// Hands on: the delivered image, its further files and noisy master, or tiles.
package resident

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/process"
	"github.com/heliostat-render/heliostat/shared/render/region"
	"github.com/heliostat-render/heliostat/shared/render/track"
)

// hostScript speaks with this side; it stands in front of every renderer's script.
//
//go:embed host.py
var hostScript string

// Config is a renderer that stays open.
type Config struct {
	Name     string // for people: "Blender"
	Script   string // the text that the program runs after host.py, in Python
	Home     string // the program's home in the workspace, a plain folder name
	Argv     func(script string) []string
	Env      func(home string) []string
	ReadOnly []string      // paths of its installation
	Timeout  time.Duration // of loading the scene
	Parse    track.Parse
	// Whole says that the engine can't render a region alone: borders are cut out of the
	// whole frame.
	Whole bool
	// NoFinal says that a region doesn't show what is delivered, because a denoiser or a
	// compositor needs the whole image.
	NoFinal bool
	// MaxMargin bounds the pixels that the script may render around a border, on each side;
	// Margin are those that it does.
	MaxMargin, Margin int
}

// Reply is a line from the script.
type Reply struct {
	Event    string
	Kind     string
	Cause    string
	Warnings []string
	ID       int
	Done     int
	Final    string      // of Develop
	Files    []FileReply // the delivered image first
	Masters  []MasterReply
	CPU      float64 // seconds
	RSS      int64   // bytes, the peak
	Tiles    []TileReply
	Sampled  bool // of Develop
}

// FileReply is a file that the script wrote; Name is what an extra is delivered as.
type FileReply struct{ Path, Name string }

// MasterReply is one eye's passes. Passes are those beside the image that the master carries, with their layers in
// front.
type MasterReply struct {
	Path, View string
	Passes     []string
}

// TileReply is a rendered box: its files, and the region that they show, which is the box
// with its margin.
type TileReply struct {
	Final      string
	Masters    []MasterReply
	X, Y, W, H int
	Seconds    float64
}

// Session is a renderer with a scene loaded. It implements render.Session.
type Session struct {
	cfg   Config
	opts  render.Options
	p     *process.Process
	root  *os.Root // the workspace
	track *track.Tracker
	id    int
	costs region.Costs
	at    *int           // the frame that the script has synchronised; nil for none
	boxed func(done int) // told how many boxes of a command are rendered; may be nil
}

var _ render.Session = (*Session)(nil)

// Open starts the program, loads the scene and applies the recipe. The options are checked
// already.
func Open(ctx context.Context, cfg Config, o render.Options) (*Session, error) {
	s, err := start(cfg, o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func start(cfg Config, o render.Options) (_ *Session, err error) {
	s := &Session{cfg: cfg, opts: o, track: track.New(cfg.Parse)}
	if s.root, err = os.OpenRoot(o.Workspace); err != nil {
		return nil, fmt.Errorf("opening the workspace: %w", err)
	}
	defer func() {
		if err != nil {
			s.root.Close()
		}
	}()
	// A session before this one may have left anything in the workspace: links, or scripts that
	// the program would load from its home. Only the scene was out of its reach.
	script := filepath.Join(cfg.Home, "session.py")
	if err := errors.Join(s.root.RemoveAll(cfg.Home), s.root.Mkdir(cfg.Home, 0o700)); err != nil {
		return nil, fmt.Errorf("making %s's home in the workspace: %w", cfg.Name, err)
	}
	if err := s.root.WriteFile(script, []byte(hostScript+cfg.Script), 0o600); err != nil {
		return nil, fmt.Errorf("writing the session script: %w", err)
	}
	s.p, err = process.Start(process.Spec{
		Name: cfg.Name, Sandbox: o.Sandbox, Talk: true, Log: o.Log, Patience: o.Patience, Busy: o.Busy,
		Confine: render.SandboxSpec{
			Argv: cfg.Argv(filepath.Join(o.Workspace, script)), Env: cfg.Env(filepath.Join(o.Workspace, cfg.Home)), Workspace: o.Workspace,
			Protected: []string{filepath.Join(o.Workspace, render.SceneFolder)},
			ReadOnly:  cfg.ReadOnly, Memory: o.MemoryLimit, GPU: o.Device != "" && o.Device != "CPU",
		},
	})
	return s, err
}

func (s *Session) open(ctx context.Context) error {
	device := s.opts.Device
	if device == "" {
		device = "CPU"
	}
	a, err := s.Ask(ctx, map[string]any{
		"do": "open", "recipe": s.opts.Recipe, "tiled": s.opts.Tiled, "device": device, "package": filepath.Join(s.opts.Workspace, render.SceneFolder),
		"path": filepath.Join(s.opts.Workspace, render.SceneFolder, filepath.FromSlash(s.opts.Recipe.MainFile)),
	}, nil)
	if err != nil {
		return fmt.Errorf("loading the scene: %w", err)
	}
	if a.Event != "opened" {
		return s.crashed("%s answered %q to loading", s.cfg.Name, a.Event)
	}
	for _, w := range a.Warnings {
		s.p.Note("warning: " + w)
	}
	return nil
}

// Ask sends a command and returns the reply that isn't progress. When ctx ends first, the
// process dies.
func (s *Session) Ask(ctx context.Context, command map[string]any, progress func(render.Progress)) (Reply, error) {
	if err := s.p.Send(command); err != nil {
		return Reply{}, s.gone(ctx, err)
	}
	show := func() {
		if progress != nil {
			progress(s.track.Last())
		}
	}
	line := func(text string) {
		if s.track.Line(text) {
			show()
		}
	}
	beat := func() {
		s.track.Tick()
		show()
	}
	for {
		text, err := s.p.Await(ctx, line, beat)
		if err != nil {
			return Reply{}, err
		}
		if text == nil {
			return Reply{}, s.gone(ctx, nil)
		}
		var a Reply
		if err := json.Unmarshal(text, &a); err != nil {
			s.p.Kill()
			return Reply{}, s.crashed("%s's reply can't be read: %v", s.cfg.Name, err)
		}
		switch a.Event {
		case "error":
			s.at = nil
			return Reply{}, s.refused(a)
		case "tile":
			if s.boxed != nil {
				s.boxed(a.Done)
				show()
			}
		default:
			return a, nil
		}
	}
}

// NextID numbers a command.
func (s *Session) NextID() int {
	s.id++
	return s.id
}

// gone explains a conversation that broke off.
func (s *Session) gone(ctx context.Context, err error) error {
	s.p.Kill()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, render.ErrHung):
		return err
	case err != nil && s.p.Exit() == nil:
		return s.crashed("%v", err)
	}
	return s.p.Died()
}

// kinds are the failures that a script names.
var kinds = map[string]error{
	"missing":     render.ErrMissingAsset,
	"memory":      render.ErrOutOfMemory,
	"unsupported": render.ErrUnsupported,
	"scene":       render.ErrBadScene,
	"crashed":     render.ErrCrashed,
}

// refused turns the script's answer into a typed error.
func (s *Session) refused(a Reply) error {
	kind := kinds[a.Kind]
	if kind == nil {
		kind = render.ErrCrashed
	}
	return &render.Error{Kind: kind, Cause: a.Cause, Log: s.p.Tail()}
}

func (s *Session) crashed(format string, args ...any) error {
	return &render.Error{Kind: render.ErrCrashed, Cause: fmt.Sprintf(format, args...), Log: s.p.Tail()}
}

// Alive tells whether the process runs.
func (s *Session) Alive() bool { return s.p.Alive() }

// PID is the process's number, for diagnostics.
func (s *Session) PID() int { return s.p.PID() }

// Options are what the session was opened with.
func (s *Session) Options() render.Options { return s.opts }

// Track is the session's progress; it belongs to the goroutine that renders.
func (s *Session) Track() *track.Tracker { return s.track }

// Close ends the process. Its files in the workspace stay; the caller wipes the workspace.
func (s *Session) Close() error {
	err := s.p.Close()
	if e := s.root.Close(); e != nil && !errors.Is(e, os.ErrClosed) {
		err = errors.Join(err, fmt.Errorf("closing the workspace: %w", e))
	}
	return err
}
