package command

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/process"
	"github.com/heliostat-render/heliostat/shared/render/region"
)

// Render runs the program for a frame, or for some borders of it.
func (s *session) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (render.Frame, error) {
	out, err := s.fresh(r)
	if err != nil {
		return render.Frame{}, fmt.Errorf("rendering frame %d: %w", r.Frame, err)
	}
	return s.track.Request(r, progress, func(f *render.Frame) error {
		if len(r.Borders) > 0 {
			return s.borders(ctx, f, r, out, progress)
		}
		return s.frame(ctx, f, r, out, progress)
	})
}

// fresh validates a request and returns its folder relative to the workspace.
func (s *session) fresh(r render.Request) (string, error) {
	if !s.Alive() {
		return "", &render.Error{Kind: render.ErrCrashed, Cause: "the session has ended; open another"}
	}
	if r.Master {
		return "", &render.Error{Kind: render.ErrUnsupported, Cause: s.c.d.Name + " gives no noisy pass; deliver PNG, or OpenEXR with a ZIP codec, which are compared as they are"}
	}
	return r.Check(s.o)
}

func (s *session) whole() render.Rect {
	return render.Rect{W: s.o.Recipe.Width, H: s.o.Recipe.Height}
}

func (s *session) frame(ctx context.Context, f *render.Frame, r render.Request, out string, progress func(render.Progress)) error {
	start := time.Now()
	left, err := s.run(ctx, f, r, s.whole(), false, progress)
	if err != nil {
		return err
	}
	s.costs.Add(s.o.Recipe.Width*s.o.Recipe.Height, time.Since(start).Seconds())
	final := filepath.Join(out, fmt.Sprintf("frame-%04d%s", r.Frame, s.c.d.Formats[s.o.Recipe.Format].Ext))
	if err := s.root.Rename(filepath.Join(out, left), final); err != nil {
		return fmt.Errorf("keeping the image: %w", err)
	}
	info, err := s.root.Lstat(final)
	if err != nil {
		return fmt.Errorf("keeping the image: %w", err)
	}
	f.Files = []render.File{{Path: filepath.Join(s.o.Workspace, final), Size: info.Size()}}
	return nil
}

// borders renders boxes around the borders and cuts them out.
func (s *session) borders(ctx context.Context, f *render.Frame, r render.Request, out string, progress func(render.Progress)) error {
	f.Tiles = make([]render.Tile, len(r.Borders))
	done := 0
	shoot := func(boxes []region.Box) ([]region.Took, error) {
		var took []region.Took
		for _, box := range boxes {
			start := time.Now()
			shown, err := s.box(ctx, f, r, out, box, progress)
			if err != nil {
				return nil, fmt.Errorf("border %+v: %w", box.Rect, err)
			}
			took = append(took, region.Took{Pixels: shown.W * shown.H, Seconds: time.Since(start).Seconds()})
			done += len(box.Members)
			s.track.Part(done)
			if progress != nil {
				progress(s.track.Last())
			}
		}
		return took, nil
	}
	work := region.Work{Borders: r.Borders, Whole: s.whole(), Costs: &s.costs, Single: s.c.d.Tile == nil, Typical: true}
	if s.c.d.Tile != nil {
		work.Margin = s.c.d.Tile.Margin
	}
	return work.Run(shoot)
}

// box renders a region with its margin and cuts its borders out. It returns what it rendered.
func (s *session) box(ctx context.Context, f *render.Frame, r render.Request, out string, box region.Box, progress func(render.Progress)) (render.Rect, error) {
	at, whole := box.Rect, s.whole()
	tile := s.c.d.Tile
	if tile != nil {
		right, bottom := min(at.X+at.W+tile.Margin, whole.W), min(at.Y+at.H+tile.Margin, whole.H)
		at.X, at.Y = max(at.X-tile.Margin, 0), max(at.Y-tile.Margin, 0)
		at.W, at.H = right-at.X, bottom-at.Y
	}
	left, err := s.run(ctx, f, r, at, tile != nil, progress)
	if err != nil {
		return at, err
	}
	path := filepath.Join(out, left)
	shown := whole // what the file shows
	if tile != nil && tile.Shows == "region" {
		shown = at
	}
	data, err := s.read(path)
	if err != nil {
		return at, err
	}
	img, err := proof.Decode(filepath.Ext(left), data, raster.Limits{W: shown.W, H: shown.H})
	if err != nil {
		return at, err
	}
	if err := s.root.Remove(path); err != nil {
		return at, err
	}
	return at, box.Cut(img, nil, shown, r.Borders, f.Tiles) // a lossy format has no image here
}

func (s *session) read(path string) ([]byte, error) {
	f, err := s.root.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the image: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("reading the image: %w", err)
	}
	return data, nil
}

// run starts the program once and waits for it. It returns the image's path, relative to
// the request's folder.
func (s *session) run(ctx context.Context, f *render.Frame, r render.Request, at render.Rect, tile bool, progress func(render.Progress)) (string, error) {
	s.id++
	v := s.values(r, at, fmt.Sprintf("render-%d-", s.id))
	argv, err := s.argv(v, tile)
	if err != nil {
		return "", &render.Error{Kind: render.ErrBadScene, Cause: err.Error()}
	}
	output, empty, err := expand(s.c.d.Output, v)
	if err != nil || empty || !filepath.IsLocal(output) {
		return "", fmt.Errorf("%s's output can't be named: %w", s.c.d.Name, err)
	}
	w := &watch{c: s.c, log: s.o.Log}
	p, err := s.start(argv, w)
	if err != nil {
		return "", err
	}
	defer func() {
		s.mu.Lock()
		s.running = nil
		s.mu.Unlock()
		p.Close()
	}()
	if err := s.await(ctx, p, progress); err != nil {
		return "", err
	}
	cpu, peak := p.Usage()
	f.CPUSeconds += cpu
	f.PeakMemory = max(f.PeakMemory, peak, s.track.Last().Memory)
	if err := s.ended(p, w); err != nil {
		return "", err
	}
	rel, err := filepath.Rel(s.o.Workspace, filepath.Join(r.OutDir, output))
	if err != nil {
		return "", fmt.Errorf("finding the image: %w", err)
	}
	info, err := s.root.Lstat(rel)
	if err != nil {
		return "", &render.Error{Kind: render.ErrCrashed, Cause: fmt.Sprintf("%s left no image; is the disk full?", s.c.d.Name), Log: p.Tail()}
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return "", &render.Error{Kind: render.ErrBadScene, Cause: "the image isn't an ordinary file with content", Log: p.Tail()}
	}
	return output, nil
}

func (s *session) start(argv []string, w *watch) (*process.Process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return nil, &render.Error{Kind: render.ErrCrashed, Cause: "the session has ended; open another"}
	}
	p, err := process.Start(process.Spec{
		Name: s.c.d.Name, Sandbox: s.o.Sandbox, Echo: true, Log: w.line, Patience: s.o.Patience, Busy: s.o.Busy,
		Confine: render.SandboxSpec{
			Argv: argv, Env: s.c.environment(filepath.Join(s.o.Workspace, homeFolder)), Workspace: s.o.Workspace,
			Protected: []string{filepath.Join(s.o.Workspace, render.SceneFolder)},
			ReadOnly:  []string{filepath.Dir(s.o.Install.Path)}, Memory: s.o.MemoryLimit, GPU: orCPU(s.o.Device) != cpu,
		},
	})
	s.running = p
	return p, err
}

// await follows the process to its end. One that didn't end by itself takes the session with it.
func (s *session) await(ctx context.Context, p *process.Process, progress func(render.Progress)) error {
	show := func() {
		if progress != nil {
			progress(s.track.Last())
		}
	}
	_, err := p.Await(ctx, func(line string) {
		if s.track.Line(line) {
			show()
		}
	}, func() {
		s.track.Tick()
		show()
	})
	if err != nil {
		s.mu.Lock()
		s.dead = true
		s.mu.Unlock()
	}
	return err
}

// ended judges a process that ended by itself: by its exit code and the described errors.
func (s *session) ended(p *process.Process, w *watch) error {
	failed := !slices.Contains(orZero(s.c.d.Exit), p.ExitCode())
	if why := w.why(failed); why != nil {
		why.Log = p.Tail()
		return why
	}
	if failed {
		return p.Died()
	}
	return nil
}

// watch looks for described errors in every line, also in those that nobody reads.
type watch struct {
	c   *Command
	log func(string)

	mu     sync.Mutex
	first  *render.Error // the first described error
	always *render.Error // the first that is one whatever the exit code says
}

func (w *watch) line(text string) {
	if w.log != nil {
		w.log(text)
	}
	e, always, found := w.c.failure(text)
	if !found {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first == nil {
		w.first = &e
	}
	if always && w.always == nil {
		w.always = &e
	}
}

func (w *watch) why(failed bool) *render.Error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if failed && w.first != nil {
		return w.first
	}
	return w.always
}
