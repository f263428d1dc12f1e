package resident

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/region"
)

// Render renders a frame or some borders of it.
func (s *Session) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (render.Frame, error) {
	out, err := s.Fresh(r)
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

// Fresh validates a request and returns its folder relative to the workspace.
func (s *Session) Fresh(r render.Request) (string, error) {
	if !s.Alive() {
		return "", s.crashed("the session has ended; open another")
	}
	return r.Check(s.opts)
}

// shoot sends one render command. boxes is nil for a whole frame.
func (s *Session) shoot(ctx context.Context, f *render.Frame, r render.Request, name string, boxes []render.Rect, progress func(render.Progress)) (Reply, error) {
	seed := r.Seed
	if p := s.opts.Recipe.PinnedSeed; p != nil {
		seed = *p
	}
	id := s.NextID()
	a, err := s.Ask(ctx, map[string]any{
		"do": "render", "id": id, "frame": r.Frame, "seed": seed, "dir": r.OutDir, "name": name, "master": r.Master, "borders": boxes,
	}, progress)
	if err != nil {
		return Reply{}, err
	}
	if err := s.Turn(a, id); err != nil {
		return Reply{}, err
	}
	f.CPUSeconds += a.CPU
	f.PeakMemory = max(f.PeakMemory, a.RSS)
	s.at = &r.Frame
	return a, nil
}

// Turn makes sure that a reply finishes the command with this number.
func (s *Session) Turn(a Reply, id int) error {
	if a.Event != "done" || a.ID != id {
		s.p.Kill()
		return s.crashed("%s answered %q out of turn", s.cfg.Name, a.Event)
	}
	return nil
}

func (s *Session) frame(ctx context.Context, f *render.Frame, r render.Request, out string, progress func(render.Progress)) error {
	synced := s.at != nil && *s.at == r.Frame
	start := time.Now()
	name := fmt.Sprintf("frame-%04d", r.Frame)
	a, err := s.shoot(ctx, f, r, name, nil, progress)
	if err != nil {
		return err
	}
	if synced {
		s.costs.Add(s.opts.Recipe.Width*s.opts.Recipe.Height, time.Since(start).Seconds())
	}
	if len(a.Files) == 0 {
		return s.crashed("%s wrote no image", s.cfg.Name)
	}
	final := filepath.Join(out, filepath.Base(a.Files[0].Path))
	info, err := s.regular(final)
	if err != nil {
		return err
	}
	f.Files = []render.File{{Path: filepath.Join(s.opts.Workspace, final), Size: info.Size()}}
	if f.Extras, err = s.Extras(r.Frame, out, a.Files[1:]); err != nil {
		return err
	}
	if !r.Master || len(a.Masters) == 0 {
		return nil
	}
	master := filepath.Join(out, name+".master.exr")
	if err := s.keepMaster(out, master, a.Masters); err != nil {
		return err
	}
	f.Master = filepath.Join(s.opts.Workspace, master)
	return nil
}

// Extras are the further files that the script wrote into a folder of the workspace for a frame.
func (s *Session) Extras(frame int, out string, files []FileReply) ([]render.File, error) {
	if len(files) > proof.MaxExtras {
		return nil, &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("frame %d has %d further files, at most %d", frame, len(files), proof.MaxExtras)}
	}
	var list []render.File
	var names []string
	for _, x := range files {
		extra := filepath.Join(out, filepath.Base(x.Path))
		info, err := s.regular(extra)
		if err != nil {
			return nil, err
		}
		if err := proof.CheckExtraName(x.Name); err != nil || slices.Contains(names, x.Name) {
			return nil, &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("a further output can't be called %.160q, or two are", x.Name)}
		}
		names = append(names, x.Name)
		list = append(list, render.File{Path: filepath.Join(s.opts.Workspace, extra), Name: x.Name, Size: info.Size()})
	}
	return list, nil
}

// borders renders boxes around the borders and cuts them out.
func (s *Session) borders(ctx context.Context, f *render.Frame, r render.Request, out string, progress func(render.Progress)) error {
	whole := render.Rect{W: s.opts.Recipe.Width, H: s.opts.Recipe.Height}
	f.Tiles = make([]render.Tile, len(r.Borders))
	done := 0
	shoot := func(boxes []region.Box) ([]region.Took, error) {
		rects := make([]render.Rect, len(boxes))
		for i, box := range boxes {
			rects[i] = box.Rect
		}
		s.boxed = func(n int) {
			borders := done
			for _, box := range boxes[:min(max(n, 0), len(boxes))] {
				borders += len(box.Members)
			}
			s.track.Part(borders)
		}
		defer func() { s.boxed = nil }()
		a, err := s.shoot(ctx, f, r, fmt.Sprintf("border-%04d-%d", r.Frame, s.id), rects, progress)
		if err != nil {
			return nil, err
		}
		if len(a.Tiles) != len(boxes) {
			return nil, s.crashed("%s gave %d borders of %d", s.cfg.Name, len(a.Tiles), len(boxes))
		}
		took := make([]region.Took, len(boxes))
		for i, box := range boxes {
			if err := s.takeBox(f, r, out, box, a.Tiles[i]); err != nil {
				return nil, fmt.Errorf("border %+v: %w", box.Rect, err)
			}
			took[i] = region.Took{Pixels: a.Tiles[i].W * a.Tiles[i].H, Seconds: a.Tiles[i].Seconds}
			done += len(box.Members)
		}
		s.track.Part(done)
		return took, nil
	}
	return region.Work{
		Borders: r.Borders, Whole: whole, Margin: s.cfg.Margin, Costs: &s.costs, Single: s.cfg.Whole, Typical: s.at != nil && *s.at == r.Frame,
	}.Run(shoot)
}

// takeBox cuts the borders out of a rendered box.
func (s *Session) takeBox(f *render.Frame, r render.Request, out string, box region.Box, shown TileReply) error {
	if err := s.inside(box.Rect, shown); err != nil {
		return err
	}
	var final, master *raster.Raster
	if !s.cfg.NoFinal {
		path := filepath.Join(out, filepath.Base(shown.Final))
		data, err := s.read(path)
		if err != nil {
			return err
		}
		final, err = proof.Decode(filepath.Ext(path), data, raster.Limits{W: shown.W, H: shown.H})
		if err != nil {
			return err
		}
	}
	if err := s.root.Remove(filepath.Join(out, filepath.Base(shown.Final))); err != nil {
		return err
	}
	if r.Master && len(shown.Masters) > 0 {
		var err error
		if master, err = s.masters(out, shown.Masters, shown.W, shown.H, s.opts.Tiled && s.opts.Recipe.Denoise); err != nil {
			return err
		}
	}
	return box.Cut(final, master, render.Rect{X: shown.X, Y: shown.Y, W: shown.W, H: shown.H}, r.Borders, f.Tiles)
}

// inside makes sure that a box lies in the region that was rendered for it, and that this isn't
// larger than it may be.
func (s *Session) inside(b render.Rect, shown TileReply) error {
	left, top := b.X-shown.X, b.Y-shown.Y
	right, bottom := shown.W-b.W-left, shown.H-b.H-top
	for _, margin := range []int{left, top, right, bottom} {
		if margin < 0 || margin > s.cfg.MaxMargin {
			return s.crashed("%s rendered %+v for the border %+v", s.cfg.Name, shown, b)
		}
	}
	return nil
}
