package proof

import (
	"errors"
	"fmt"
	"math"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// ErrGarbage means that an image needs no comparison to be refused.
var ErrGarbage = errors.New("the image is garbage")

// Sanity looks for results that no recipe asks for: wrong size, all black, all magenta
// (Blender's colour for a missing texture), values that aren't numbers. Either image may
// be nil; w and h are the recipe's pixels. A truncated file has already failed to decode.
//
// A scene can be black or magenta on purpose; the caller compares such a frame as any
// other and asks a person only when Sanity and the verdict disagree.
func Sanity(final, master *raster.Raster, w, h int) error {
	for _, img := range []struct {
		r     *raster.Raster
		plane Plane
	}{{final, Final}, {master, Master}} {
		if img.r == nil {
			continue
		}
		if err := sane(img.r, w, h); err != nil {
			return fmt.Errorf("%v image: %w", img.plane, err)
		}
	}
	return nil
}

// Garbage is Sanity on files, for every format that Look reads: ext is the final's extension
// with its dot; final and master may be nil; w and h are the recipe's pixels. A file that can't
// be read, because it is truncated or isn't what its name says, is garbage too. A format that nothing
// here reads gets the benefit of the doubt.
func Garbage(ext string, final, master []byte, w, h int) error {
	var images [2]*raster.Raster
	var err error
	if final != nil {
		if images[0], err = Look(ext, final, raster.Limits{}); err != nil {
			return fmt.Errorf("%w: the delivered image can't be read: %w", ErrGarbage, err)
		}
	}
	if master != nil {
		if images[1], err = raster.DecodeEXR(master, raster.Limits{}); err != nil {
			return fmt.Errorf("%w: the master can't be read: %w", ErrGarbage, err)
		}
	}
	return Sanity(images[0], images[1], w, h)
}

// Shares of all pixels. Cycles can give a few values that aren't numbers in an honest
// frame; one in a hundred is a broken one.
const (
	maxNaN     = 0.01
	maxMagenta = 0.98
)

func sane(r *raster.Raster, w, h int) error {
	if r.W != w || r.H != h {
		return fmt.Errorf("%w: %d×%d pixels where the recipe asks for %d×%d", ErrGarbage, r.W, r.H, w, h)
	}
	n, channels := r.Shows(), len(r.Channels)
	alpha := func(c int) bool { return (n%4 == 0 && c%4 == 3) || (n == 2 && c == 1) }
	var nan, magenta int
	black := true
	line, size := []float64(nil), r.W*channels*r.Depth.Size()
	for y := range r.H {
		line = raster.Values(line[:0], r.Depth, r.Bits[y*size:(y+1)*size])
		for at := 0; at < len(line); at += channels {
			pixel, bad := line[at:at+n], false
			for c, v := range pixel {
				if v-v != 0 { // of infinities and of what isn't a number
					bad = true
				} else if black && v != 0 && !alpha(c) {
					black = false
				}
			}
			if bad {
				nan++
			}
			if n >= 3 {
				red, green, blue := pixel[0], pixel[1], pixel[2]
				if red > 0.02 && green < 0.05*red && math.Abs(red-blue) < 0.1*red {
					magenta++
				}
			}
		}
	}
	total := float64(r.W * r.H)
	switch {
	case float64(nan) > maxNaN*total:
		return fmt.Errorf("%w: %d of %.0f pixels aren't finite numbers", ErrGarbage, nan, total)
	case black:
		return fmt.Errorf("%w: every pixel is black", ErrGarbage)
	case float64(magenta) > maxMagenta*total:
		return fmt.Errorf("%w: all magenta, the sign of a missing texture", ErrGarbage)
	}
	return nil
}
