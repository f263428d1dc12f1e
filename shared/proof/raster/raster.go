// Package raster holds decoded images with their exact bits: what a tile tree commits to
// and what two renders are compared by. It reads and writes scanline OpenEXR (none, ZIPS,
// ZIP; half and float) and PNG (8 and 16 bits).
//
// It is not an image library: no scaling, no colour management, no lossy formats. What it
// can't read without loss it refuses with ErrUnsupported.
//
// Every decoder takes bytes from strangers: sizes are checked before anything is
// allocated, and a file that is wrong gets an error that wraps ErrFormat.
//
// Receives: the delivered image and the noisy master of a rendered frame.
// Hands on: rasters to shared/proof and shared/render.
package raster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Errors that callers branch on.
var (
	// ErrFormat means that the bytes are no valid file of the format.
	ErrFormat = errors.New("malformed image")
	// ErrUnsupported means that the file may be valid, but can't be read here without loss.
	ErrUnsupported = errors.New("unsupported image")
	// ErrLimit means that the image is larger than the caller allows, or has another size than it expects.
	ErrLimit = errors.New("image size not allowed")
)

// Depth is how a sample is stored. The value is part of a tile's hash, so none is ever reused.
type Depth uint8

const (
	U8  Depth = 1 // unsigned, 255 is one
	U16 Depth = 2 // unsigned, 65535 is one
	F16 Depth = 3 // IEEE 754 half
	F32 Depth = 4 // IEEE 754 single
)

// Size returns the bytes of one sample; 0 for an unknown depth.
func (d Depth) Size() int {
	switch d {
	case U8:
		return 1
	case U16, F16:
		return 2
	case F32:
		return 4
	}
	return 0
}

// Float tells whether samples are scene-linear floating point.
func (d Depth) Float() bool { return d == F16 || d == F32 }

// Rect is a region in pixels, origin at the top left of the image.
type Rect struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Limits bounds what a decoder accepts. The zero value takes any size up to 2^28 pixels.
type Limits struct {
	W, H      int // the exact size wanted, in pixels; 0 takes any
	MaxPixels int // 0 means DefaultMaxPixels
}

// DefaultMaxPixels is 16384 by 16384.
const DefaultMaxPixels = 1 << 28

// MaxChannels bounds the channels of one raster: a tile's hash counts them in a byte.
const MaxChannels = 255

// maxSide is the largest side that a tile's hash can describe.
const maxSide = 65535

// maxRatio is more than deflate can expand (1032 to 1), with room for row filters.
const maxRatio = 1100

func (l Limits) check(w, h, bytesPerPixel int, fileSize int64) error {
	if w <= 0 || h <= 0 || w > maxSide || h > maxSide {
		return fmt.Errorf("%w: %d×%d pixels", ErrLimit, w, h)
	}
	if (l.W != 0 && w != l.W) || (l.H != 0 && h != l.H) {
		return fmt.Errorf("%w: %d×%d pixels where %d×%d are expected", ErrLimit, w, h, l.W, l.H)
	}
	most := l.MaxPixels
	if most == 0 {
		most = DefaultMaxPixels
	}
	if int64(w)*int64(h) > int64(most) {
		return fmt.Errorf("%w: %d×%d is more than %d pixels", ErrLimit, w, h, most)
	}
	// A short file that claims a huge image must not make us allocate one.
	if int64(w)*int64(h)*int64(bytesPerPixel) > fileSize*maxRatio {
		return fmt.Errorf("%w: %d bytes can't hold %d×%d pixels", ErrFormat, fileSize, w, h)
	}
	return nil
}

// Raster is an image with its exact bits.
type Raster struct {
	W, H     int      // pixels
	Channels []string // "R", "G", "B", "A", or with a layer in front: "ViewLayer.Combined.R"
	Lead     int      // how many of the first channels show the image; others are passes beside it. 0 is all
	Depth    Depth
	// Bits are the samples, big-endian, channels interleaved, rows from the top: sample c of
	// pixel (x, y) starts at ((y*W+x)*len(Channels)+c)*Depth.Size().
	Bits []byte
}

// New returns a black raster.
func New(w, h int, channels []string, depth Depth) *Raster {
	return &Raster{W: w, H: h, Channels: channels, Depth: depth, Bits: make([]byte, w*h*len(channels)*depth.Size())}
}

// Shows is how many of the first channels show the image.
func (r *Raster) Shows() int {
	if r.Lead == 0 {
		return len(r.Channels)
	}
	return r.Lead
}

// At returns a sample: 0 to 1 for integer depths, scene-linear for float ones.
func (r *Raster) At(x, y, c int) float64 {
	return Value(r.Depth, r.Bits, (y*r.W+x)*len(r.Channels)+c)
}

// Set stores a sample, rounded to the depth.
func (r *Raster) Set(x, y, c int, v float64) {
	i := ((y*r.W+x)*len(r.Channels) + c) * r.Depth.Size()
	switch r.Depth {
	case U8:
		r.Bits[i] = uint8(math.Round(math.Min(math.Max(v, 0), 1) * 255))
	case U16:
		binary.BigEndian.PutUint16(r.Bits[i:], uint16(math.Round(math.Min(math.Max(v, 0), 1)*65535)))
	case F16:
		binary.BigEndian.PutUint16(r.Bits[i:], FloatToHalf(float32(v)))
	case F32:
		binary.BigEndian.PutUint32(r.Bits[i:], math.Float32bits(float32(v)))
	}
}

// Value returns sample number i of big-endian bits.
func Value(d Depth, bits []byte, i int) float64 {
	switch d {
	case U8:
		return float64(bits[i]) / 255
	case U16:
		return float64(binary.BigEndian.Uint16(bits[2*i:])) / 65535
	case F16:
		return float64(HalfToFloat(binary.BigEndian.Uint16(bits[2*i:])))
	case F32:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(bits[4*i:])))
	}
	return 0
}

// Values appends every sample of big-endian bits to out, each as Value gives it.
func Values(out []float64, d Depth, bits []byte) []float64 {
	size := d.Size()
	if size == 0 {
		return out
	}
	n := len(bits) / size
	out = slices.Grow(out, n)
	to := out[len(out) : len(out)+n]
	switch d {
	case U8:
		for i := range to {
			to[i] = float64(bits[i]) / 255
		}
	case U16:
		for i := range to {
			to[i] = float64(binary.BigEndian.Uint16(bits[2*i:])) / 65535
		}
	case F16:
		for i := range to {
			if h := binary.BigEndian.Uint16(bits[2*i:]); Finite(h) {
				to[i] = Widen(h)
			} else {
				to[i] = float64(HalfToFloat(h))
			}
		}
	case F32:
		for i := range to {
			to[i] = float64(math.Float32frombits(binary.BigEndian.Uint32(bits[4*i:])))
		}
	}
	return out[:len(out)+n]
}

// Crop copies a region. It fails when the region isn't inside the image.
func (r *Raster) Crop(c Rect) (*Raster, error) {
	out := new(Raster)
	return out, r.CropInto(out, c)
}

// CropInto is Crop into a raster whose room for bits is used again.
func (r *Raster) CropInto(out *Raster, c Rect) error {
	if c.W <= 0 || c.H <= 0 || c.X < 0 || c.Y < 0 || c.X > r.W-c.W || c.Y > r.H-c.H {
		return fmt.Errorf("region %d,%d %d×%d isn't inside an image of %d×%d", c.X, c.Y, c.W, c.H, r.W, r.H)
	}
	px := len(r.Channels) * r.Depth.Size()
	*out = Raster{W: c.W, H: c.H, Channels: r.Channels, Lead: r.Lead, Depth: r.Depth, Bits: slices.Grow(out.Bits[:0], c.W*c.H*px)}
	for y := c.Y; y < c.Y+c.H; y++ {
		from := (y*r.W + c.X) * px
		out.Bits = append(out.Bits, r.Bits[from:from+c.W*px]...)
	}
	return nil
}

// Take copies some channels, in the order given.
func (r *Raster) Take(channels []int) *Raster {
	size := r.Depth.Size()
	out := &Raster{W: r.W, H: r.H, Depth: r.Depth, Bits: make([]byte, 0, r.W*r.H*len(channels)*size)}
	for _, c := range channels {
		out.Channels = append(out.Channels, r.Channels[c])
	}
	for at := 0; at < len(r.Bits); at += len(r.Channels) * size {
		for _, c := range channels {
			out.Bits = append(out.Bits, r.Bits[at+c*size:at+(c+1)*size]...)
		}
	}
	return out
}

// Finite tells whether a half is a number and not infinite.
func Finite(h uint16) bool { return h&0x7c00 != 0x7c00 }

// Widen is HalfToFloat of a finite half: its bits are those of a float that is 2^112 times smaller.
func Widen(h uint16) float64 {
	return float64(math.Float32frombits(uint32(h&0x8000)<<16|uint32(h&0x7fff)<<13) * 0x1p112)
}

// HalfToFloat widens an IEEE 754 half exactly.
func HalfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 0x1f
	man := uint32(h & 0x3ff)
	switch {
	case exp == 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | man<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+112)<<23 | man<<13)
	case man == 0:
		return math.Float32frombits(sign)
	}
	f := float32(man) / (1 << 24)
	if sign != 0 {
		f = -f
	}
	return f
}

// FloatToHalf rounds to the nearest half, ties to even; too large becomes infinite.
func FloatToHalf(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	exp := int(b>>23) & 0xff
	man := b & 0x7fffff
	if exp == 0xff {
		if man != 0 {
			return sign | 0x7e00
		}
		return sign | 0x7c00
	}
	e := exp - 112
	if e >= 0x1f {
		return sign | 0x7c00
	}
	shift := 13
	if e <= 0 {
		if e < -10 {
			return sign
		}
		man |= 0x800000
		shift = 14 - e
		e = 0
	}
	half := man >> shift
	rest := man & (1<<shift - 1)
	mid := uint32(1) << (shift - 1)
	if rest > mid || (rest == mid && half&1 == 1) {
		half++
	}
	// A carry out of the mantissa raises the exponent, as it should.
	return sign | uint16(uint32(e)<<10+half)
}
