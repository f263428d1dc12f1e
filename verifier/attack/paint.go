package attack

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// images decodes a frame; master is nil where it has none.
func images(f Files) (final, master *raster.Raster, err error) {
	if final, err = raster.DecodePNG(f.Final, raster.Limits{}); err != nil {
		return nil, nil, fmt.Errorf("read a delivered image: %w", err)
	}
	if f.Master == nil {
		return final, nil, nil
	}
	if master, err = raster.DecodeEXR(f.Master, raster.Limits{}); err != nil {
		return nil, nil, fmt.Errorf("read a master: %w", err)
	}
	return final, master, nil
}

func files(final, master *raster.Raster) (Files, error) {
	var a, b bytes.Buffer
	err := raster.EncodePNG(&a, final)
	if master != nil {
		err = errors.Join(err, raster.EncodeEXR(&b, master, true))
	}
	if err != nil {
		return Files{}, fmt.Errorf("write a forged frame: %w", err)
	}
	f := Files{Final: a.Bytes()}
	if master != nil {
		f.Master = b.Bytes()
	}
	return f, nil
}

// paint changes both images of a frame.
func paint(f Files, change func(*raster.Raster) *raster.Raster) (Files, error) {
	final, master, err := images(f)
	if err != nil {
		return Files{}, err
	}
	return files(change(final), maybe(master, change))
}

// maybe changes a master that is there.
func maybe(master *raster.Raster, change func(*raster.Raster) *raster.Raster) *raster.Raster {
	if master == nil {
		return nil
	}
	return change(master)
}

// each makes an image of a size out of nothing but a function.
func each(like *raster.Raster, w, h int, value func(x, y, c int) float64) *raster.Raster {
	out := raster.New(w, h, like.Channels, like.Depth)
	for y := range h {
		for x := range w {
			for c := range like.Channels {
				out.Set(x, y, c, value(x, y, c))
			}
		}
	}
	return out
}

// enlarge is bilinear.
func enlarge(r *raster.Raster, w, h int) *raster.Raster {
	at := func(x, y, c int) float64 {
		return r.At(min(max(x, 0), r.W-1), min(max(y, 0), r.H-1), c)
	}
	return each(r, w, h, func(x, y, c int) float64 {
		fx, fy := (float64(x)+0.5)*float64(r.W)/float64(w)-0.5, (float64(y)+0.5)*float64(r.H)/float64(h)-0.5
		x0, y0 := int(math.Floor(fx)), int(math.Floor(fy))
		u, v := fx-float64(x0), fy-float64(y0)
		return (at(x0, y0, c)*(1-u)+at(x0+1, y0, c)*u)*(1-v) + (at(x0, y0+1, c)*(1-u)+at(x0+1, y0+1, c)*u)*v
	})
}

// bilateral smooths what isn't an edge, as a denoiser or a learned repaint does.
func bilateral(r *raster.Raster) *raster.Raster {
	const radius, near = 2, 0.15
	return each(r, r.W, r.H, func(x, y, c int) float64 {
		centre := r.At(x, y, c)
		var sum, weights float64
		for j := max(y-radius, 0); j <= min(y+radius, r.H-1); j++ {
			for i := max(x-radius, 0); i <= min(x+radius, r.W-1); i++ {
				v := r.At(i, j, c)
				d := (v - centre) / (near * (math.Abs(centre) + 0.05))
				w := math.Exp(-d * d)
				sum, weights = sum+w*v, weights+w
			}
		}
		return sum / weights
	})
}

// blend mixes two frames, as an interpolation of frames does.
func blend(a, b Files) (Files, error) {
	fa, ma, err := images(a)
	if err != nil {
		return Files{}, err
	}
	fb, mb, err := images(b)
	if err != nil {
		return Files{}, err
	}
	mix := func(a, b *raster.Raster) *raster.Raster {
		if a == nil {
			return nil
		}
		return each(a, a.W, a.H, func(x, y, c int) float64 { return (a.At(x, y, c) + b.At(x, y, c)) / 2 })
	}
	return files(mix(fa, fb), mix(ma, mb))
}

// patch puts a square-ish region of b, of a share of the area, into a; where is 0 to 1.
func patch(a, b Files, share, where float64) (Files, error) {
	fa, ma, err := images(a)
	if err != nil {
		return Files{}, err
	}
	fb, mb, err := images(b)
	if err != nil {
		return Files{}, err
	}
	mix := func(a, b *raster.Raster) *raster.Raster {
		if a == nil {
			return nil
		}
		side := math.Sqrt(share)
		w, h := int(math.Round(side*float64(a.W))), int(math.Round(side*float64(a.H)))
		x0, y0 := int(where*float64(a.W-w)), int((1-where)*float64(a.H-h))
		return each(a, a.W, a.H, func(x, y, c int) float64 {
			if x >= x0 && x < x0+w && y >= y0 && y < y0+h {
				return b.At(x, y, c)
			}
			return a.At(x, y, c)
		})
	}
	return files(mix(fa, fb), mix(ma, mb))
}
