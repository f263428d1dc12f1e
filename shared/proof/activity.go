package proof

import (
	"math"
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// TexturedActivity is the activity from which a tile counts as textured: relative noise
// of at least 2e-3, twice the tolerance by which outliers are counted.
const TexturedActivity = 56

// Activity measures how much a tile can prove: the quantised log2 of its relative noise
// variance, as 4·(log2 v + 32) cut to 0..255. v is the variance estimated from the
// Laplacian residual of luminance (J. Immerkær, "Fast noise variance estimation", 1996),
// which slopes and edges hardly move, divided by the squared mean luminance.
//
// It is computed in a fixed order without fused operations, so that every machine gets
// the same byte from the same bits.
func Activity(s TileSample) byte {
	var lum, noise [TileSize * TileSize]float64 // every attempt's every tile comes through here
	y := luminanceIn(lum[:0], s)
	w, h := s.Rect.W, s.Rect.H
	var mean float64
	for _, v := range y {
		mean += v
	}
	mean /= float64(len(y))
	var v float64
	if w >= 3 && h >= 3 {
		for _, r := range residualIn(noise[:0], y, w, h) {
			v += float64(r * r)
		}
		v /= float64(36 * (w - 2) * (h - 2))
	} else {
		for _, l := range y {
			d := l - mean
			v += float64(d * d)
		}
		v /= float64(len(y))
	}
	return quantise(v / (float64(mean*mean) + 1e-8))
}

// quantise returns 4·(log2 v + 32) rounded down, by comparing mantissas instead of calling
// math.Log2, whose last bit differs between machines.
func quantise(v float64) byte {
	if !(v > 0) {
		return 0
	}
	if math.IsInf(v, 1) {
		return 255
	}
	m, e := math.Frexp(v) // v = m·2^e, m in [0.5, 1)
	step := 0
	for _, at := range []float64{0.5946035575013605, 0.7071067811865476, 0.8408964152537145} { // 2^(-3/4), 2^(-2/4), 2^(-1/4)
		if m >= at {
			step++
		}
	}
	return byte(min(max(4*(e-1+32)+step, 0), 255))
}

// finite replaces what statistics can't use; comparing bits has already seen it.
func finite(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return 0
	case v > 65504:
		return 65504
	case v < -65504:
		return -65504
	}
	return v
}

// luminance returns Rec. 709 luminance, averaged over view layers; for one or two
// channels the first.
func luminance(s TileSample) []float64 { return luminanceIn(nil, s) }

// luminanceIn is luminance in a buffer's room.
func luminanceIn(out []float64, s TileSample) []float64 {
	n := s.Rect.W * s.Rect.H
	out = slices.Grow(out, n)[:n]
	clear(out)
	at := func(i, c int) float64 { return finite(raster.Value(s.Depth, s.Bits, i*s.Channels+c)) }
	if s.Channels < 3 {
		for i := range out {
			out[i] = at(i, 0)
		}
		return out
	}
	step := 3
	if s.Channels%4 == 0 {
		step = 4
	}
	layers := s.Channels / step
	for i := range out {
		for l := range layers {
			c := l * step
			y := float64(0.2126 * at(i, c))
			y += float64(0.7152 * at(i, c+1))
			y += float64(0.0722 * at(i, c+2))
			out[i] += y / float64(layers)
		}
	}
	return out
}

// residual convolves with the Laplacian difference mask [1 -2 1; -2 4 -2; 1 -2 1] and
// returns the inner (w-2)·(h-2) values.
func residual(y []float64, w, h int) []float64 { return residualIn(nil, y, w, h) }

// residualIn is residual in a buffer's room.
func residualIn(out, y []float64, w, h int) []float64 {
	out = slices.Grow(out, (w-2)*(h-2))
	for j := 1; j < h-1; j++ {
		for i := 1; i < w-1; i++ {
			a, b, c := y[(j-1)*w+i-1:], y[j*w+i-1:], y[(j+1)*w+i-1:]
			v := a[0] + a[2] + c[0] + c[2]
			v -= float64(2 * (a[1] + b[0] + b[2] + c[1]))
			v += float64(4 * b[1])
			out = append(out, v)
		}
	}
	return out
}
