package raster

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
)

// DecodePNG reads a PNG of 8 or 16 bits a channel: grey, RGB or RGBA. Alpha is as stored,
// not premultiplied.
func DecodePNG(data []byte, limits Limits) (*Raster, error) {
	cfg, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("reading a PNG header: %w: %w", ErrFormat, err)
	}
	if err := limits.check(cfg.Width, cfg.Height, 1, int64(len(data))); err != nil {
		return nil, err
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file is truncated")
		}
		return nil, fmt.Errorf("decoding a PNG: %w: %w", ErrFormat, err)
	}
	w, h := cfg.Width, cfg.Height
	switch m := img.(type) {
	case *image.Gray:
		return pick(w, h, []string{"Y"}, U8, m.Pix, m.Stride, 1), nil
	case *image.Gray16:
		return pick(w, h, []string{"Y"}, U16, m.Pix, m.Stride, 1), nil
	case *image.RGBA: // what image/png returns for a file without alpha
		return pick(w, h, []string{"R", "G", "B"}, U8, m.Pix, m.Stride, 4), nil
	case *image.RGBA64:
		return pick(w, h, []string{"R", "G", "B"}, U16, m.Pix, m.Stride, 4), nil
	case *image.NRGBA:
		return pick(w, h, []string{"R", "G", "B", "A"}, U8, m.Pix, m.Stride, 4), nil
	case *image.NRGBA64:
		return pick(w, h, []string{"R", "G", "B", "A"}, U16, m.Pix, m.Stride, 4), nil
	}
	return nil, fmt.Errorf("%w: a PNG of kind %T", ErrUnsupported, img)
}

// pick copies the first len(channels) of every pixel's stored samples.
func pick(w, h int, channels []string, depth Depth, pix []byte, stride, stored int) *Raster {
	r := New(w, h, channels, depth)
	size := depth.Size()
	n, step := len(channels)*size, stored*size
	out := r.Bits
	for y := range h {
		row := pix[y*stride:]
		for x := range w {
			copy(out[:n], row[x*step:])
			out = out[n:]
		}
	}
	return r
}

// EncodePNG writes an integer raster of one (grey), three (RGB) or four (RGBA) channels.
// An RGBA raster that is opaque everywhere comes out as RGB.
func EncodePNG(w io.Writer, r *Raster) error {
	box := image.Rect(0, 0, r.W, r.H)
	var img image.Image
	var pix []byte
	stored := 4
	switch {
	case r.Depth == U8 && len(r.Channels) == 1:
		m := image.NewGray(box)
		img, pix, stored = m, m.Pix, 1
	case r.Depth == U16 && len(r.Channels) == 1:
		m := image.NewGray16(box)
		img, pix, stored = m, m.Pix, 1
	case r.Depth == U8 && (len(r.Channels) == 3 || len(r.Channels) == 4):
		m := image.NewNRGBA(box)
		img, pix = m, m.Pix
	case r.Depth == U16 && (len(r.Channels) == 3 || len(r.Channels) == 4):
		m := image.NewNRGBA64(box)
		img, pix = m, m.Pix
	default:
		return fmt.Errorf("%w: a PNG holds 1, 3 or 4 channels of 8 or 16 bits, not %d of depth %d", ErrUnsupported, len(r.Channels), r.Depth)
	}
	size := r.Depth.Size()
	n, step := len(r.Channels)*size, stored*size
	for i := range r.W * r.H {
		copy(pix[i*step:], r.Bits[i*n:(i+1)*n])
		for j := n; j < step; j++ {
			pix[i*step+j] = 0xff
		}
	}
	return png.Encode(w, img)
}
