// Package warm keeps render sessions open between tasks: the scene stays loaded, so the
// next frames or borders of the same package and recipe cost only their rendering. Workers
// and verifiers use the same pool.
//
// It is not the place for starting processes (shared/render and its renderers) or for
// fetching packages (shared/pack/fetch): both come in from outside.
//
// Receives: a package, a recipe and a way to extract it, from workerapp/session and
// verifier/audit.
// Hands on: a session with the scene loaded, to the same.
package warm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
)

const (
	defaultIdle = 10 * time.Minute
	// A DCC leaks a little: after so many renders the process is replaced.
	maxRenders = 1000
	// memoryShare is the part of the memory limit above which a session isn't kept.
	memoryShare = 0.8
)

// ErrClosed is returned once the pool is closed.
var ErrClosed = errors.New("the session pool is closed")

// Options configure a pool.
type Options struct {
	Root        string // a folder of the pool's own: it is wiped at New and at Close
	Seats       int    // sessions at the same time; 0 is one
	Sandbox     render.Sandbox
	Threads     int
	Device      string
	DeviceIDs   []string      // the GPUs' identifiers; seat i takes the one with number i modulo their count
	MemoryLimit int64         // bytes a session may use; 0 for no limit
	Idle        time.Duration // a session that isn't used for so long is closed; 0 is ten minutes
	Patience    time.Duration // see render.Options
	// Busy tells whether the GPU with this identifier works; nil where that isn't known.
	Busy func(device string) bool
	Log  *slog.Logger
}

// Want is what a task needs.
type Want struct {
	Package string // id
	Recipe  job.Recipe
	Found   Found
	Tiled   bool // see render.Options
	// Extract puts the package's files into dir, which exists and is empty. It isn't
	// called when the scene is already there.
	Extract func(ctx context.Context, dir string) error
	// Phase is told what is happening: "download", then "load"; where a renderer hung, "load"
	// and "render" once more. It may be nil.
	Phase func(phase string)
}

// tiled tells whether the session has to be a tiled one: without a denoiser it makes no difference.
func (w Want) tiled() bool { return w.Tiled && w.Recipe.Denoise }

// Pool holds the sessions. Its methods may be called from many goroutines.
type Pool struct {
	options Options
	free    chan struct{} // one token per seat that isn't held

	mu     sync.Mutex
	seats  []*seat // guarded by mu
	serial int     // guarded by mu; numbers the workspaces
	closed bool    // guarded by mu
	held   sync.WaitGroup
}

// seat is one workspace and, when warm, the session in it. While held, only its holder
// touches it; else mu of the pool guards it.
type seat struct {
	device  string // a GPU's identifier, or ""
	held    bool
	dir     string
	pkg     string
	session render.Session
	recipe  proof.Digest
	tiled   bool
	install render.Install
	renders int
	used    time.Time
	sweep   *time.Timer
}

// New makes a pool and wipes what an earlier process left in its folder.
func New(o Options) (*Pool, error) {
	if o.Seats < 1 {
		o.Seats = 1
	}
	if o.Idle == 0 {
		o.Idle = defaultIdle
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := Wipe(o.Root); err != nil {
		return nil, fmt.Errorf("wipe the render folder: %w", err)
	}
	if err := os.MkdirAll(o.Root, 0o700); err != nil {
		return nil, fmt.Errorf("make the render folder: %w", err)
	}
	p := &Pool{options: o, free: make(chan struct{}, o.Seats)}
	for i := range o.Seats {
		s := &seat{}
		if n := len(o.DeviceIDs); n > 0 {
			s.device = o.DeviceIDs[i%n]
		}
		p.seats = append(p.seats, s)
		p.free <- struct{}{}
	}
	return p, nil
}

// Held is a session that one task uses. It belongs to one goroutine.
type Held struct {
	pool *Pool
	seat *seat
	want Want
	out  string // the folder that it renders into
	// tries counts the processes that took the place of hung ones.
	tries int
	sick  bool
}

// Take waits for a free seat and returns it with the scene loaded: at once when the same
// package and recipe were rendered last, after extracting or loading otherwise. The holder
// calls Done.
func (p *Pool) Take(ctx context.Context, w Want) (*Held, error) {
	select {
	case <-p.free:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	s, err := p.choose(w)
	if err != nil {
		p.free <- struct{}{}
		return nil, err
	}
	h := &Held{pool: p, seat: s, want: w}
	if err := p.fill(ctx, s, w); err != nil {
		h.sick = true
		h.Done()
		return nil, err
	}
	h.out = s.out()
	return h, nil
}

// out is the folder in a seat's workspace for all that its tasks render.
func (s *seat) out() string { return filepath.Join(s.dir, "out") }

// choose marks the best free seat as held: one that is warm, else one with the package,
// else an empty one, else the one that was used longest ago.
func (p *Pool) choose(w Want) (*seat, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	recipe := receipt.RecipeHash(w.Recipe)
	rank := func(s *seat) int {
		switch {
		case s.pkg == w.Package && s.session != nil && s.recipe == recipe && s.tiled == w.tiled() && s.session.Alive():
			return 3
		case s.pkg == w.Package:
			return 2
		case s.pkg == "":
			return 1
		}
		return 0
	}
	var best *seat
	for _, s := range p.seats {
		if s.held {
			continue
		}
		if best == nil || rank(s) > rank(best) || rank(s) == rank(best) && s.used.Before(best.used) {
			best = s
		}
	}
	if best == nil {
		return nil, errors.New("no seat is free though one was promised")
	}
	best.held = true
	if best.sweep != nil {
		best.sweep.Stop()
	}
	p.held.Add(1)
	return best, nil
}

// fill extracts the package and opens the session, whatever of both is missing.
func (p *Pool) fill(ctx context.Context, s *seat, w Want) error {
	phase := func(name string) {
		if w.Phase != nil {
			w.Phase(name)
		}
	}
	recipe := receipt.RecipeHash(w.Recipe)
	if s.pkg != w.Package {
		if err := p.empty(s); err != nil {
			return err
		}
		phase("download")
		if err := p.workspace(s); err != nil {
			return err
		}
		if err := w.Extract(ctx, filepath.Join(s.dir, "scene")); err != nil {
			return err
		}
		s.pkg = w.Package
	}
	if s.session != nil && (s.recipe != recipe || s.tiled != w.tiled() || s.install.Path != w.Found.Install.Path || s.install.Version != w.Found.Install.Version || !s.session.Alive()) {
		p.shut(s)
	}
	if s.session != nil {
		return nil
	}
	phase("load")
	session, err := p.load(ctx, s, w)
	if hung(ctx, err) {
		p.options.Log.Warn("a renderer hung while it loaded the scene; it is started again", "package", w.Package, "err", err)
		session, err = p.load(ctx, s, w)
		err = again(err)
	}
	if err != nil {
		return err
	}
	s.session, s.recipe, s.tiled, s.install, s.renders = session, recipe, w.tiled(), w.Found.Install, 0
	return nil
}

func (p *Pool) load(ctx context.Context, s *seat, w Want) (render.Session, error) {
	var busy func() bool
	if device := s.device; p.options.Busy != nil {
		busy = func() bool { return p.options.Busy(device) }
	}
	return w.Found.Renderer.Open(ctx, render.Options{
		Install:     w.Found.Install,
		Workspace:   s.dir,
		Recipe:      w.Recipe,
		Tiled:       w.tiled(),
		Threads:     p.options.Threads,
		Device:      p.options.Device,
		DeviceID:    s.device,
		Sandbox:     p.options.Sandbox,
		MemoryLimit: p.options.MemoryLimit,
		Patience:    p.options.Patience,
		Busy:        busy,
		Log:         func(line string) { p.options.Log.Debug("renderer", "line", line) },
	})
}

func (p *Pool) workspace(s *seat) error {
	p.mu.Lock()
	p.serial++
	s.dir = filepath.Join(p.options.Root, fmt.Sprintf("w%d", p.serial))
	p.mu.Unlock()
	for _, name := range []string{"scene", "out"} {
		if err := os.MkdirAll(filepath.Join(s.dir, name), 0o700); err != nil {
			return fmt.Errorf("make the workspace: %w", err)
		}
	}
	return nil
}

// Out is the folder that this task's frames are rendered into; Done wipes it.
func (h *Held) Out() string { return h.out }

// Render renders one request; an empty OutDir becomes Out. Where the renderer hangs, it is tried once
// more with a fresh one. After an error the session isn't used again.
func (h *Held) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (frame render.Frame, err error) {
	show, best := progress, 0.0
	if progress != nil {
		show = func(p render.Progress) { // a second try doesn't go back
			best = max(best, p.Fraction)
			p.Fraction = best
			progress(p)
		}
	}
	err = h.twice(ctx, fmt.Sprintf("frame %d", r.Frame), &r.OutDir, func() error {
		frame, err = h.seat.session.Render(ctx, r, show)
		return err
	})
	limit := h.pool.options.MemoryLimit
	if limit > 0 && float64(frame.PeakMemory) > memoryShare*float64(limit) || h.seat.renders >= maxRenders {
		// This request is good; the next task starts a fresh process.
		h.seat.recipe = proof.Digest{}
	}
	return frame, err
}

// Done gives the seat back: warm when nothing failed, else with its process gone and its
// workspace wiped.
func (h *Held) Done() {
	p, s := h.pool, h.seat
	if h.sick {
		if err := p.empty(s); err != nil {
			p.options.Log.Error("a workspace can't be wiped", "err", err)
		}
	} else if err := sweepOut(s.dir); err != nil {
		p.options.Log.Warn("an output folder can't be emptied; the workspace goes with it", "err", err)
		if err := p.empty(s); err != nil {
			p.options.Log.Error("a workspace can't be wiped", "err", err)
		}
	}
	p.mu.Lock()
	if p.closed {
		if err := p.empty(s); err != nil {
			p.options.Log.Error("a workspace can't be wiped", "err", err)
		}
	} else if s.pkg != "" {
		s.sweep = time.AfterFunc(p.options.Idle, func() { p.cool(s) })
	}
	s.held, s.used = false, time.Now()
	p.mu.Unlock()
	p.free <- struct{}{}
	p.held.Done()
}

// Packages are those whose scene lies extracted in a seat that no task holds.
func (p *Pool) Packages() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []string
	for _, s := range p.seats {
		if !s.held && s.pkg != "" && !slices.Contains(ids, s.pkg) {
			ids = append(ids, s.pkg)
		}
	}
	return ids
}

// cool empties a seat that wasn't used for a while.
func (p *Pool) cool(s *seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.held || time.Since(s.used) < p.options.Idle {
		return
	}
	if err := p.empty(s); err != nil {
		p.options.Log.Error("a workspace can't be wiped", "err", err)
	}
}

// Drop closes every session that no task holds and wipes its workspace: the owner wants
// the memory back.
func (p *Pool) Drop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dropLocked()
}

func (p *Pool) dropLocked() error {
	var failed []error
	for _, s := range p.seats {
		if !s.held {
			if s.sweep != nil {
				s.sweep.Stop()
			}
			failed = append(failed, p.empty(s))
		}
	}
	return errors.Join(failed...)
}

// Close drops everything and waits for the seats that are still held; their holders' own
// contexts end them. Take fails from now on.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	err := p.dropLocked()
	p.mu.Unlock()
	p.held.Wait()
	if e := Wipe(p.options.Root); e != nil {
		err = errors.Join(err, fmt.Errorf("wipe the render folder: %w", e))
	}
	return err
}

// shut ends the process but keeps the scene.
func (p *Pool) shut(s *seat) {
	if s.session == nil {
		return
	}
	if err := s.session.Close(); err != nil {
		p.options.Log.Debug("a session ended badly", "err", err)
	}
	s.session, s.recipe = nil, proof.Digest{}
}

// empty ends the process and wipes the workspace.
func (p *Pool) empty(s *seat) error {
	p.shut(s)
	dir := s.dir
	s.pkg, s.dir = "", ""
	if dir == "" {
		return nil
	}
	if err := Wipe(dir); err != nil {
		return fmt.Errorf("wipe the workspace: %w", err)
	}
	return nil
}

// sweepOut empties the folder of frames beside a renderer that goes on. The folder itself stays: it is what Landlock lets
// that renderer write to, and another of the same name is not. Nothing is reached through links that it may have laid.
func sweepOut(workspace string) error {
	root, err := os.OpenRoot(workspace)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Lstat("out")
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return errors.New("the renderer put something else in the place of its output folder")
	}
	if err := root.Chmod("out", 0o700); err != nil {
		return err
	}
	out, err := root.Open("out")
	if err != nil {
		return err
	}
	defer out.Close()
	names, err := out.Readdirnames(-1)
	for _, name := range names {
		err = errors.Join(err, root.RemoveAll(filepath.Join("out", name)))
	}
	return err
}
