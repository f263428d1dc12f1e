package raster

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// DecodeShown reads an image of a format that doesn't keep every bit, or isn't committed to
// tile by tile: JPEG, WebP and TIFF of 8 or 16 bits, by its extension. It serves for looking at what
// was delivered, never for a tile tree.
func DecodeShown(ext string, data []byte, limits Limits) (*Raster, error) {
	var config func(io.Reader) (image.Config, error)
	var decode func(io.Reader) (image.Image, error)
	perPixel := 1
	switch ext {
	case ".jpg", ".jpeg":
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	case ".webp":
		config, decode = webp.DecodeConfig, webp.Decode
		perPixel = 0 // a flat picture takes next to nothing: only its size is bounded, at 16383 a side
	case ".tif", ".tiff":
		config, decode = tiff.DecodeConfig, tiff.Decode
	default:
		return nil, fmt.Errorf("%w: %s", ErrUnsupported, ext)
	}
	cfg, err := config(bytes.NewReader(data))
	var strange tiff.UnsupportedError
	if errors.As(err, &strange) {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the header of a %s image: %w: %w", ext, ErrFormat, err)
	}
	if err := limits.check(cfg.Width, cfg.Height, perPixel, int64(len(data))); err != nil {
		return nil, err
	}
	img, err := decode(bytes.NewReader(data))
	if errors.As(err, &strange) {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file is truncated")
		}
		return nil, fmt.Errorf("decoding a %s image: %w: %w", ext, ErrFormat, err)
	}
	return fromImage(img), nil
}

// fromImage takes any picture of the standard library; alpha comes out as it does there for
// straight-alpha types, and undone for premultiplied ones.
func fromImage(img image.Image) *Raster {
	b := img.Bounds()
	deep := false
	switch img.(type) {
	case *image.Gray16, *image.RGBA64, *image.NRGBA64:
		deep = true
	}
	names, depth := []string{"R", "G", "B", "A"}, U8
	switch img.(type) {
	case *image.Gray, *image.Gray16:
		names = []string{"Y"}
	case *image.YCbCr:
		names = names[:3]
	}
	if deep {
		depth = U16
	}
	out := New(b.Dx(), b.Dy(), names, depth)
	for y := range out.H {
		for x := range out.W {
			r, g, bl, a := img.At(b.Min.X+x, b.Min.Y+y).RGBA() // premultiplied, 16 bits
			v := [4]uint32{r, g, bl, a}
			if a != 0 && a != 0xffff {
				for c := range 3 {
					v[c] = min(v[c]*0xffff/a, 0xffff)
				}
			}
			for c := range names {
				i := (y*out.W+x)*len(names) + c
				if deep {
					out.Bits[2*i], out.Bits[2*i+1] = byte(v[c]>>8), byte(v[c])
				} else {
					out.Bits[i] = byte(v[c] >> 8)
				}
			}
		}
	}
	return out
}
