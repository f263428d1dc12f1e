// Package fake is a renderer that needs no program: it makes a deterministic noise image
// out of the scene's bytes, the frame, the seed and the sample count, and writes real PNG
// and OpenEXR files. It can be told to be slow, to hang or to fail.
//
// It is for tests of the packages that drive renderers, and for nothing else: it renders
// no scene.
//
// Receives: an extracted package and a recipe, as any renderer.
// Hands on: image files and tiles, as any renderer.
package fake

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// Version is what the fake's only install says.
const Version = "1.0.0"

// Behaviour is how the fake departs from rendering at once. The zero value doesn't.
type Behaviour struct {
	// FrameTime is how long a whole frame takes on the real clock, or a synctest bubble's.
	FrameTime time.Duration
	// Hang names frames that never finish; they end with their context.
	Hang []int
	// Fail gives frames the error that they end with: one of package render's. With
	// ErrCrashed and ErrOutOfMemory the session dies too.
	Fail map[int]error
	// Hung is how many tries of a frame end as hung, their session dead; -1 is how many of Open do.
	Hung map[int]int
	// FailOpen is what every Open ends with.
	FailOpen error
	// Class is the device class of the install; "" is "cpu/fake".
	Class string
	// Version is the install's; "" is the constant.
	Version string
	// Samples, when not 0, are rendered instead of the recipe's: a cheat.
	Samples int
	// FrameShift is added to every frame number before it is rendered: another cheat.
	FrameShift int
	// Denoisers are what the install says that it has.
	Denoisers []string
	// FalseGuides gives tiles the guides of a negative: yet another cheat.
	FalseGuides bool
	// Even makes images in which the seed has no say, as those of a scene that is evenly lit.
	Even bool
	// Extras names further files of every whole frame: the image with its sides swapped, PNG.
	Extras []string
}

// Renderer is the fake.
type Renderer struct {
	B    Behaviour
	open atomic.Int64

	mu   sync.Mutex
	hung map[int]int // guarded by mu; tries that ended so
}

var _ render.Renderer = (*Renderer)(nil)

// New makes a fake.
func New(b Behaviour) *Renderer { return &Renderer{B: b} }

// Name is "fake".
func (r *Renderer) Name() string { return "fake" }

// Find gives the one install.
func (r *Renderer) Find(ctx context.Context) ([]render.Install, error) {
	class := r.B.Class
	if class == "" {
		class = "cpu/fake"
	}
	return []render.Install{{
		Renderer: "fake", Version: cmp.Or(r.B.Version, Version), Path: "/fake", Engines: []string{"CYCLES"}, Devices: []string{"CPU"}, Class: class, Denoisers: r.B.Denoisers,
	}}, ctx.Err()
}

// Open reads the main file; its bytes are the scene.
func (r *Renderer) Open(ctx context.Context, o render.Options) (render.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.B.FailOpen != nil {
		return nil, &render.Error{Kind: r.B.FailOpen, Cause: "the fake was told to"}
	}
	rc := o.Recipe
	fail := func(kind error, format string, args ...any) (render.Session, error) {
		return nil, &render.Error{Kind: kind, Cause: fmt.Sprintf(format, args...)}
	}
	switch {
	case o.Sandbox == nil:
		return nil, errors.New("opening the fake: no sandbox given")
	case !render.Suits(rc, cmp.Or(r.B.Version, Version)), rc.BuildHash != "":
		return fail(render.ErrUnsupported, "version %s build %q", rc.Version, rc.BuildHash)
	case rc.Engine != "CYCLES":
		return fail(render.ErrUnsupported, "engine %s", rc.Engine)
	case rc.Width < 4 || rc.Height < 4 || rc.Width > 65535 || rc.Height > 65535:
		return fail(render.ErrUnsupported, "%d×%d pixels", rc.Width, rc.Height)
	case rc.Device == "GPU" || rc.Format != "PNG":
		return fail(render.ErrUnsupported, "device %s, format %s", rc.Device, rc.Format)
	case rc.Denoise && !o.Tiled && len(r.B.Denoisers) == 0:
		return fail(render.ErrUnsupported, "it has no denoiser")
	case !filepath.IsLocal(filepath.FromSlash(rc.MainFile)):
		return fail(render.ErrBadScene, "main file %q isn't inside the package", rc.MainFile)
	}
	scene, err := os.ReadFile(filepath.Join(o.Workspace, render.SceneFolder, filepath.FromSlash(rc.MainFile)))
	if err != nil {
		return fail(render.ErrMissingAsset, "the package has no %s", rc.MainFile)
	}
	if r.hangs(-1) {
		return fail(render.ErrHung, "the fake was told to while it loaded")
	}
	h := fnv.New64a()
	h.Write(scene)
	r.open.Add(1)
	s := &session{r: r, o: o, scene: h.Sum64(), closed: make(chan struct{})}
	s.alive.Store(true)
	return s, nil
}

// hangs counts a try.
func (r *Renderer) hangs(frame int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hung[frame] >= r.B.Hung[frame] {
		return false
	}
	if r.hung == nil {
		r.hung = map[int]int{}
	}
	r.hung[frame]++
	return true
}

type session struct {
	r      *Renderer
	o      render.Options
	scene  uint64
	alive  atomic.Bool
	gone   atomic.Bool // closed was closed
	closed chan struct{}
}

var _ render.Session = (*session)(nil)

func (s *session) Alive() bool { return s.alive.Load() }

func (s *session) Close() error {
	s.alive.Store(false)
	if s.gone.CompareAndSwap(false, true) {
		close(s.closed)
		s.r.open.Add(-1)
	}
	return nil
}

func (s *session) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (render.Frame, error) {
	start := time.Now()
	show := func(f float64) {
		if progress != nil {
			progress(render.Progress{Frame: r.Frame, Fraction: f, Samples: s.o.Recipe.Samples, Memory: 1 << 20, Text: "fake"})
		}
	}
	if !s.Alive() {
		return render.Frame{}, &render.Error{Kind: render.ErrCrashed, Cause: "the session has ended; open another"}
	}
	w, h := s.o.Recipe.Width, s.o.Recipe.Height
	for _, b := range r.Borders {
		if b.W <= 0 || b.H <= 0 || b.X < 0 || b.Y < 0 || b.X > w-b.W || b.Y > h-b.H {
			return render.Frame{}, fmt.Errorf("border %+v isn't inside %d×%d pixels", b, w, h)
		}
	}
	show(0)
	if s.r.hangs(r.Frame) {
		show(0.5)
		s.alive.Store(false)
		return render.Frame{}, &render.Error{Kind: render.ErrHung, Cause: fmt.Sprintf("the fake was told to at frame %d", r.Frame), Log: []string{"fake: hanging"}}
	}
	if err := s.wait(ctx, r); err != nil {
		s.alive.Store(false)
		return render.Frame{}, err
	}
	if kind := s.r.B.Fail[r.Frame]; kind != nil {
		if errors.Is(kind, render.ErrCrashed) || errors.Is(kind, render.ErrOutOfMemory) {
			s.alive.Store(false)
		}
		return render.Frame{}, &render.Error{Kind: kind, Cause: fmt.Sprintf("the fake was told to fail frame %d", r.Frame), Log: []string{"fake: failing"}}
	}
	f := render.Frame{Number: r.Frame, PeakMemory: 1 << 20, CPUSeconds: 0.001}
	if len(r.Borders) == 0 {
		if err := s.whole(&f, r); err != nil {
			return render.Frame{}, fmt.Errorf("rendering frame %d: %w", r.Frame, err)
		}
	}
	for _, b := range r.Borders {
		master, guides := s.draw(r, b)
		t := render.Tile{Rect: b}
		if !s.o.Recipe.Denoise {
			t.Final = delivered(master)
		}
		switch {
		case r.Master && s.o.Recipe.Denoise && s.o.Tiled:
			t.Master = beside(master, guides)
		case r.Master:
			t.Master = master
		}
		f.Tiles = append(f.Tiles, t)
	}
	f.Seconds = max(time.Since(start).Seconds(), 1e-9)
	show(1)
	return f, nil
}

// wait spends the time that the frame is said to take.
func (s *session) wait(ctx context.Context, r render.Request) error {
	if slices.Contains(s.r.B.Hang, r.Frame) {
		select {
		case <-ctx.Done():
			return ended(ctx)
		case <-s.closed:
			return &render.Error{Kind: render.ErrCrashed, Cause: "closed while rendering"}
		}
	}
	if s.r.B.FrameTime > 0 && len(r.Borders) == 0 {
		timer := time.NewTimer(s.r.B.FrameTime)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-s.closed:
			return &render.Error{Kind: render.ErrCrashed, Cause: "closed while rendering"}
		}
	}
	if ctx.Err() != nil {
		return ended(ctx)
	}
	return nil
}

func ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", &render.Error{Kind: render.ErrTimeout}, ctx.Err())
	}
	return ctx.Err()
}

func (s *session) whole(f *render.Frame, r render.Request) error {
	master, guides := s.draw(r, render.Rect{W: s.o.Recipe.Width, H: s.o.Recipe.Height})
	final := delivered(master)
	if s.o.Recipe.Denoise && !s.o.Tiled {
		final = delivered(denoise(master, guides))
	}
	name := filepath.Join(r.OutDir, fmt.Sprintf("frame-%04d", r.Frame))
	var buf bytes.Buffer
	if err := raster.EncodePNG(&buf, final); err != nil {
		return err
	}
	if err := os.WriteFile(name+".png", buf.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing the image: %w", err)
	}
	f.Files = []render.File{{Path: name + ".png", Size: int64(buf.Len())}}
	var err error
	if f.Extras, err = s.further(name, final); err != nil {
		return err
	}
	if !r.Master {
		return nil
	}
	buf.Reset()
	if err := raster.EncodeEXR(&buf, master, true); err != nil {
		return err
	}
	f.Master = name + ".master.exr"
	if err := os.WriteFile(f.Master, buf.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing the master: %w", err)
	}
	return nil
}

// draw makes a region: gradients that move with the frame, and noise that falls with the
// square root of the samples, as a path tracer's does. The guides are the gradients without the noise, and how steep
// they are.
func (s *session) draw(r render.Request, b render.Rect) (master, guides *raster.Raster) {
	samples, frame, seed := s.o.Recipe.Samples, r.Frame+s.r.B.FrameShift, r.Seed
	if s.r.B.Samples != 0 {
		samples = s.r.B.Samples
	}
	if p := s.o.Recipe.PinnedSeed; p != nil {
		seed = *p
	}
	if s.r.B.Even {
		seed = 0
	}
	samples = min(max(samples, 1), 64)
	master = raster.New(b.W, b.H, []string{"R", "G", "B", "A"}, raster.F16)
	guides = raster.New(b.W, b.H, guideNames, raster.F16)
	for y := range b.H {
		for x := range b.W {
			px, py := b.X+x, b.Y+y
			noise := 0.0
			for i := range samples {
				noise += s.hash(frame, seed, px, py, i) - 0.5
			}
			noise /= float64(samples)
			across, down := float64(px)/17+float64(frame), float64(py)/11+float64(s.scene%97)
			base := 0.3 + 0.2*math.Sin(across) + 0.2*math.Cos(down)
			for c, scale := range []float64{1, 0.8, 0.6} {
				v := max(base*scale+0.5*noise, 0)
				master.Set(x, y, c, v)
				guides.Set(x, y, c, base*scale)
			}
			master.Set(x, y, 3, 1)
			for c, v := range []float64{-math.Cos(across), math.Sin(down), 1} {
				guides.Set(x, y, 3+c, v)
			}
			if s.r.B.FalseGuides {
				for c := range guideNames {
					guides.Set(x, y, c, 1-guides.At(x, y, c))
				}
			}
		}
	}
	return master, guides
}

// hash gives 0 to 1, the same for the same arguments.
func (s *session) hash(frame int, seed int32, x, y, i int) float64 {
	var b [24]byte
	be := binary.BigEndian
	be.PutUint64(b[0:], s.scene)
	be.PutUint32(b[8:], uint32(frame)*2654435761+uint32(seed))
	be.PutUint32(b[12:], uint32(x))
	be.PutUint32(b[16:], uint32(y))
	be.PutUint32(b[20:], uint32(i))
	v := uint64(14695981039346656037)
	for _, c := range b {
		v = (v ^ uint64(c)) * 1099511628211
	}
	v ^= v >> 29
	v *= 0xbf58476d1ce4e5b9
	v ^= v >> 32
	return float64(v>>11) / (1 << 53)
}

// Sessions returns how many sessions are open now, for tests that look for leaks.
func (r *Renderer) Sessions() int { return int(r.open.Load()) }
