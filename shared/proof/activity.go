package proof

import "math"

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
	r := takeRoom()
	defer r.leave()
	return byte(r.active(s))
}

// unmeasured is no activity.
const unmeasured = -1

// active is the tile's Activity.
func (r *room) active(s TileSample) int {
	r.a.measure(s)
	return int(r.a.activity())
}

// activity is Activity of the tile that was measured.
func (m *side) activity() byte {
	var v float64
	for _, r := range m.noise {
		v += float64(r * r)
	}
	if m.masked() {
		v /= float64(36 * len(m.noise))
	} else {
		v /= float64(len(m.noise))
	}
	return quantise(v / (float64(m.mean*m.mean) + 1e-8))
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
	for _, at := range [...]float64{0.5946035575013605, 0.7071067811865476, 0.8408964152537145} { // 2^(-3/4), 2^(-2/4), 2^(-1/4)
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
