package fake

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

var _ render.Developer = (*session)(nil)

// Develop gives the bytes that rendering the frame whole would have given.
func (s *session) Develop(ctx context.Context, d render.Develop) (render.Developed, error) {
	w, h := s.o.Recipe.Width, s.o.Recipe.Height
	switch {
	case !s.Alive():
		return render.Developed{}, &render.Error{Kind: render.ErrCrashed, Cause: "the session has ended; open another"}
	case d.Master == nil:
		return render.Developed{}, ctx.Err()
	case d.Master.W != w || d.Master.H != h || len(d.Master.Channels) < 3:
		return render.Developed{}, fmt.Errorf("developing frame %d: the master isn't an image of %d×%d pixels", d.Frame, w, h)
	}
	if err := s.wait(ctx, render.Request{Frame: d.Frame}); err != nil {
		s.alive.Store(false)
		return render.Developed{}, err
	}
	var buf bytes.Buffer
	final := delivered(d.Master)
	if err := raster.EncodePNG(&buf, final); err != nil {
		return render.Developed{}, err
	}
	path := filepath.Join(d.OutDir, fmt.Sprintf("developed-%04d.png", d.Frame))
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		return render.Developed{}, fmt.Errorf("writing the image: %w", err)
	}
	extras, err := s.further(path, final)
	if err != nil {
		return render.Developed{}, err
	}
	return render.Developed{File: render.File{Path: path, Size: int64(buf.Len())}, Extras: extras, Seconds: 1e-9}, nil
}

// further writes the further files of a frame, whose paths begin with path.
func (s *session) further(path string, final *raster.Raster) (files []render.File, err error) {
	mirrored := raster.New(final.W, final.H, final.Channels, final.Depth)
	for y := range final.H {
		for x := range final.W {
			for c := range final.Channels {
				mirrored.Set(x, y, c, final.At(final.W-1-x, y, c))
			}
		}
	}
	for i, name := range s.r.B.Extras {
		var buf bytes.Buffer
		if err := raster.EncodePNG(&buf, mirrored); err != nil {
			return nil, err
		}
		f := render.File{Path: fmt.Sprintf("%s-extra-%d.png", path, i), Name: name, Size: int64(buf.Len())}
		if err := os.WriteFile(f.Path, buf.Bytes(), 0o600); err != nil {
			return nil, fmt.Errorf("writing a further file: %w", err)
		}
		files = append(files, f)
	}
	return files, nil
}

// delivered is the fake's view transform.
func delivered(master *raster.Raster) *raster.Raster {
	final := raster.New(master.W, master.H, []string{"R", "G", "B"}, raster.U8)
	for y := range master.H {
		for x := range master.W {
			for c := range final.Channels {
				final.Set(x, y, c, math.Sqrt(master.At(x, y, c)))
			}
		}
	}
	return final
}
