package proof

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// side is one tile being measured: its samples as numbers, and what follows from them.
type side struct {
	rect     Rect
	channels int
	values   []float64 // as raster.Value gives each, in the order of the tile's bits; see take
	light    []float64 // luminance of each pixel; this and what follows see measure
	mean     float64   // of it
	noise    []float64 // the mask's response, or in a tile too small for it the distance from the mean
}

// room is what measuring two tiles takes. Every attempt's every tile comes through here, so it is used again.
type room struct {
	a, b side
	gaps [3][]float64
	text []byte // what is hashed
}

var rooms = sync.Pool{New: func() any { return new(room) }}

func takeRoom() *room { return rooms.Get().(*room) }

// leave lets others have the room.
func (r *room) leave() { rooms.Put(r) }

// take takes a tile's samples.
func (m *side) take(s TileSample) {
	m.rect, m.channels = s.Rect, s.Channels
	m.values = raster.Values(m.values[:0], s.Depth, s.Bits)
}

// measure measures a tile's light and noise.
func (m *side) measure(s TileSample) {
	if s.Depth == raster.F16 && s.Channels == 4 { // as most masters have
		m.rect, m.channels = s.Rect, s.Channels
		m.halfLuminance(s.Bits)
	} else {
		m.take(s)
		m.luminance()
	}
	m.mean = mean(m.light)
	if m.masked() {
		m.residual()
		return
	}
	m.noise = m.noise[:0]
	for _, v := range m.light {
		m.noise = append(m.noise, v-m.mean)
	}
}

// masked tells whether the tile is large enough for the noise's mask.
func (m *side) masked() bool { return m.rect.W >= 3 && m.rect.H >= 3 }

// Weights of Rec. 709's luminance.
const red, green, blue = 0.2126, 0.7152, 0.0722

// luminance is averaged over view layers; for one or two channels it is the first.
func (m *side) luminance() {
	n, pixels := m.channels, m.rect.W*m.rect.H
	out := slices.Grow(m.light[:0], pixels)[:pixels]
	m.light = out
	values := m.values[:pixels*n]
	if n < 3 {
		for i := range out {
			out[i] = finite(values[i*n])
		}
		return
	}
	step := 3
	if n%4 == 0 {
		step = 4
	}
	layers := n / step
	for i := range out {
		pixel := values[i*n : (i+1)*n]
		var sum float64
		for ; len(pixel) >= step; pixel = pixel[step:] {
			y := float64(red * finite(pixel[0]))
			y += float64(green * finite(pixel[1]))
			y += float64(blue * finite(pixel[2]))
			sum += y / float64(layers)
		}
		out[i] = sum
	}
}

// halfLuminance is luminance of halves with four channels, straight from their bits.
func (m *side) halfLuminance(bits []byte) {
	pixels := m.rect.W * m.rect.H
	out := slices.Grow(m.light[:0], pixels)[:pixels]
	m.light = out
	bits = bits[:8*pixels]
	for i := range out {
		rgba := binary.BigEndian.Uint64(bits[8*i:])
		r, g, b := uint16(rgba>>48), uint16(rgba>>32), uint16(rgba>>16)
		var y float64
		if raster.Finite(r) && raster.Finite(g) && raster.Finite(b) {
			y = float64(red * raster.Widen(r))
			y += float64(green * raster.Widen(g))
			y += float64(blue * raster.Widen(b))
		} else {
			y = float64(red * finite(float64(raster.HalfToFloat(r))))
			y += float64(green * finite(float64(raster.HalfToFloat(g))))
			y += float64(blue * finite(float64(raster.HalfToFloat(b))))
		}
		out[i] = y
	}
}

// residual convolves the light with the Laplacian difference mask [1 -2 1; -2 4 -2; 1 -2 1], which gives the
// inner (w-2)·(h-2) values.
func (m *side) residual() {
	w, h, y := m.rect.W, m.rect.H, m.light
	out := slices.Grow(m.noise[:0], (w-2)*(h-2))
	for j := 1; j < h-1; j++ {
		a, b, c := y[(j-1)*w:j*w], y[j*w:(j+1)*w], y[(j+1)*w:(j+2)*w]
		for i := 1; i < len(a)-1 && i < len(b)-1 && i < len(c)-1; i++ {
			v := a[i-1] + a[i+1] + c[i-1] + c[i+1]
			v -= float64(2 * (a[i] + b[i-1] + b[i+1] + c[i]))
			v += float64(4 * b[i])
			out = append(out, v)
		}
	}
	m.noise = out
}
