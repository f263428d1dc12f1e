package fake

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof"
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
	shown := d.Master
	if s.o.Recipe.Denoise && s.o.Tiled {
		noisy, guides, err := proof.SplitGuides(d.Master)
		if err != nil {
			return render.Developed{}, fmt.Errorf("developing frame %d: %w", d.Frame, err)
		}
		switch {
		case slices.Contains(s.r.B.Denoisers, render.OpenImageDenoise):
			shown = denoise(noisy, guides)
		case d.Rough:
			shown = noisy
		default:
			return render.Developed{}, &render.Error{Kind: render.ErrUnsupported, Cause: "it has no OpenImageDenoise"}
		}
	}
	if err := s.wait(ctx, render.Request{Frame: d.Frame}); err != nil {
		s.alive.Store(false)
		return render.Developed{}, err
	}
	var buf bytes.Buffer
	final := delivered(shown)
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

// guideNames are the guides' channels in a master, after those of the noisy pass.
var guideNames = []string{
	"Fake.Denoising Albedo.Combined.R", "Fake.Denoising Albedo.Combined.G", "Fake.Denoising Albedo.Combined.B",
	"Fake.Denoising Normal.Combined.R", "Fake.Denoising Normal.Combined.G", "Fake.Denoising Normal.Combined.B",
}

// beside puts the guides beside the noisy pass, as the master of a tile has them.
func beside(noisy, guides *raster.Raster) *raster.Raster {
	names := slices.Concat([]string{"Fake.Combined.R", "Fake.Combined.G", "Fake.Combined.B", "Fake.Combined.A"}, guides.Channels)
	out := raster.New(noisy.W, noisy.H, names, noisy.Depth)
	for y := range out.H {
		for x := range out.W {
			for c := range noisy.Channels {
				out.Set(x, y, c, noisy.At(x, y, c))
			}
			for c := range guides.Channels {
				out.Set(x, y, len(noisy.Channels)+c, guides.At(x, y, c))
			}
		}
	}
	return out
}

// reach is how far the fake's denoiser looks, in pixels.
const reach = 5

// denoise is the fake's denoiser, a joint bilateral filter: neighbours count by how alike their guides are, and how
// alike is reckoned by what the guides vary over the whole picture. So no part of the picture can be denoised alone.
func denoise(noisy, guides *raster.Raster) *raster.Raster {
	n := len(guides.Channels)
	values := make([]float64, guides.W*guides.H*n)
	spread := 0.0
	for i := range values {
		values[i] = raster.Value(guides.Depth, guides.Bits, i)
		spread += math.Abs(values[i])
	}
	spread = max(spread/float64(len(values))/4, 1e-3)
	out := raster.New(noisy.W, noisy.H, noisy.Channels, noisy.Depth)
	for y := range noisy.H {
		for x := range noisy.W {
			at := values[(y*noisy.W+x)*n:][:n]
			var sums [3]float64
			weights := 0.0
			for j := max(y-reach, 0); j <= min(y+reach, noisy.H-1); j++ {
				for i := max(x-reach, 0); i <= min(x+reach, noisy.W-1); i++ {
					apart := 0.0
					for c, v := range values[(j*noisy.W+i)*n:][:n] {
						apart += math.Abs(v - at[c])
					}
					weight := math.Exp(-apart / spread)
					for c := range sums {
						sums[c] += weight * noisy.At(i, j, c)
					}
					weights += weight
				}
			}
			for c := range sums {
				out.Set(x, y, c, sums[c]/weights)
			}
			for c := len(sums); c < len(noisy.Channels); c++ {
				out.Set(x, y, c, noisy.At(x, y, c))
			}
		}
	}
	return out
}
