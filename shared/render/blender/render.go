package blender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// Render renders a frame or some borders of it.
func (s *session) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (render.Frame, error) {
	out, err := s.check(r)
	if err != nil {
		return render.Frame{}, fmt.Errorf("rendering frame %d: %w", r.Frame, err)
	}
	seed := r.Seed
	if p := s.opts.Recipe.PinnedSeed; p != nil {
		seed = *p
	}
	s.id++
	name := fmt.Sprintf("frame-%04d", r.Frame)
	if len(r.Borders) > 0 {
		name = fmt.Sprintf("border-%04d-%d", r.Frame, s.id)
	}
	start := time.Now()
	s.track.start(r.Frame, len(r.Borders))
	err = s.send(map[string]any{
		"do": "render", "id": s.id, "frame": r.Frame, "seed": seed, "dir": r.OutDir, "name": name, "master": r.Master, "borders": r.Borders,
	})
	if err != nil {
		return render.Frame{}, fmt.Errorf("rendering frame %d: %w", r.Frame, s.gone(ctx, err))
	}
	a, err := s.await(ctx, progress)
	if err != nil {
		return render.Frame{}, fmt.Errorf("rendering frame %d: %w", r.Frame, err)
	}
	if a.Event != "done" || a.ID != s.id {
		s.kill()
		return render.Frame{}, fmt.Errorf("rendering frame %d: %w", r.Frame,
			&render.Error{Kind: render.ErrCrashed, Cause: fmt.Sprintf("Blender answered %q out of turn", a.Event), Log: s.tail()})
	}
	s.track.finish()
	f := render.Frame{Number: r.Frame, PeakMemory: a.RSS, CPUSeconds: a.CPU}
	if len(r.Borders) > 0 {
		err = s.takeTiles(&f, r, out, a)
	} else {
		err = s.takeFrame(&f, r, out, a, name)
	}
	if err != nil {
		return render.Frame{}, fmt.Errorf("rendering frame %d: %w", r.Frame, err)
	}
	f.Seconds = time.Since(start).Seconds()
	if progress != nil {
		done := s.track.last
		done.Fraction, done.Remaining = 1, 0
		progress(done)
	}
	return f, nil
}

// check validates a request and returns its folder relative to the workspace.
func (s *session) check(r render.Request) (string, error) {
	if !s.Alive() {
		return "", &render.Error{Kind: render.ErrCrashed, Cause: "the session has ended; open another", Log: s.tail()}
	}
	out, err := filepath.Rel(s.opts.Workspace, r.OutDir)
	if err != nil || !filepath.IsLocal(out) {
		return "", fmt.Errorf("folder %s isn't inside the workspace", r.OutDir)
	}
	if r.Seed < 0 {
		return "", fmt.Errorf("seed %d is negative", r.Seed)
	}
	if len(r.Borders) > maxBorders {
		return "", fmt.Errorf("%d borders in one request, at most %d", len(r.Borders), maxBorders)
	}
	for _, b := range r.Borders {
		if b.W <= 0 || b.H <= 0 || b.X < 0 || b.Y < 0 || b.X > s.opts.Recipe.Width-b.W || b.Y > s.opts.Recipe.Height-b.H {
			return "", fmt.Errorf("border %+v isn't inside %d×%d pixels", b, s.opts.Recipe.Width, s.opts.Recipe.Height)
		}
	}
	return out, nil
}

// takeFrame checks the files of a whole frame. Blender may have been taken over by its
// scene, so its paths are only names inside the folder, and symlinks lead nowhere.
func (s *session) takeFrame(f *render.Frame, r render.Request, out string, a reply, name string) error {
	final := filepath.Join(out, filepath.Base(a.Final))
	info, err := s.regular(final)
	if err != nil {
		return err
	}
	f.Files = []render.File{{Path: filepath.Join(s.opts.Workspace, final), Size: info.Size()}}
	if !r.Master {
		return nil
	}
	passes, master := filepath.Join(out, filepath.Base(a.Master)), filepath.Join(out, name+".master.exr")
	data, err := s.read(passes)
	if err != nil {
		return err
	}
	channels, err := raster.EXRChannels(data)
	if err != nil {
		return fmt.Errorf("reading the render passes: %w", err)
	}
	img, err := raster.DecodeEXR(data, raster.Limits{W: s.opts.Recipe.Width, H: s.opts.Recipe.Height})
	if err != nil {
		return fmt.Errorf("reading the render passes: %w", err)
	}
	f.Master = filepath.Join(s.opts.Workspace, master)
	if len(channels) == len(img.Channels) {
		// Nothing but the noisy pass in it: saves compressing it again.
		if err := s.root.Rename(passes, master); err != nil {
			return fmt.Errorf("keeping the master: %w", err)
		}
		return nil
	}
	w, err := s.root.Create(master)
	if err != nil {
		return fmt.Errorf("writing the master: %w", err)
	}
	if err := errors.Join(raster.EncodeEXR(w, img, true), w.Close()); err != nil {
		return fmt.Errorf("writing the master: %w", err)
	}
	if err := s.root.Remove(passes); err != nil {
		return fmt.Errorf("removing the render passes: %w", err)
	}
	return nil
}

func (s *session) takeTiles(f *render.Frame, r render.Request, out string, a reply) error {
	if len(a.Tiles) != len(r.Borders) {
		return &render.Error{Kind: render.ErrCrashed, Cause: fmt.Sprintf("Blender gave %d borders of %d", len(a.Tiles), len(r.Borders)), Log: s.tail()}
	}
	for i, b := range r.Borders {
		t := render.Tile{Rect: b}
		shown := a.Tiles[i]
		inner, err := s.inner(b, shown)
		if err != nil {
			return err
		}
		limits := raster.Limits{W: shown.W, H: shown.H}
		final := filepath.Join(out, filepath.Base(a.Tiles[i].Final))
		data, err := s.read(final)
		if err != nil {
			return err
		}
		if t.Final, err = proof.Decode(filepath.Ext(final), data, limits); err != nil {
			return fmt.Errorf("border %d: %w", i, err)
		}
		if t.Final != nil {
			if t.Final, err = t.Final.Crop(inner); err != nil {
				return fmt.Errorf("border %d: %w", i, err)
			}
		}
		if err := s.root.Remove(final); err != nil {
			return fmt.Errorf("border %d: %w", i, err)
		}
		if r.Master {
			master := filepath.Join(out, filepath.Base(a.Tiles[i].Master))
			if data, err = s.read(master); err != nil {
				return err
			}
			if t.Master, err = raster.DecodeEXR(data, limits); err != nil {
				return fmt.Errorf("border %d: %w", i, err)
			}
			if t.Master, err = t.Master.Crop(inner); err != nil {
				return fmt.Errorf("border %d: %w", i, err)
			}
			if err := s.root.Remove(master); err != nil {
				return fmt.Errorf("border %d: %w", i, err)
			}
		}
		f.Tiles = append(f.Tiles, t)
	}
	return nil
}

// maxMargin bounds the pixels that the script renders around a border, on each side.
const maxMargin = 16

// inner returns where a border lies in the region that was rendered for it.
func (s *session) inner(b render.Rect, shown tileReply) (render.Rect, error) {
	left, top := b.X-shown.X, b.Y-shown.Y
	right, bottom := shown.W-b.W-left, shown.H-b.H-top
	for _, margin := range []int{left, top, right, bottom} {
		if margin < 0 || margin > maxMargin {
			return render.Rect{}, &render.Error{Kind: render.ErrCrashed, Cause: fmt.Sprintf("Blender rendered %+v for the border %+v", shown, b), Log: s.tail()}
		}
	}
	return render.Rect{X: left, Y: top, W: b.W, H: b.H}, nil
}

// regular makes sure that Blender wrote an ordinary file with something in it.
func (s *session) regular(path string) (os.FileInfo, error) {
	info, err := s.root.Lstat(path)
	if err != nil {
		return nil, &render.Error{Kind: render.ErrCrashed, Cause: fmt.Sprintf("Blender wrote no %s; is the disk full?", filepath.Base(path)), Log: s.tail()}
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("%s isn't an ordinary file with content", filepath.Base(path)), Log: s.tail()}
	}
	return info, nil
}

func (s *session) read(path string) ([]byte, error) {
	if _, err := s.regular(path); err != nil {
		return nil, err
	}
	f, err := s.root.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading what Blender wrote: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("reading what Blender wrote: %w", err)
	}
	return data, nil
}
