// Package flip measures how different two pictures look to a person who alternates between
// them: LDR-FLIP, after P. Andersson, J. Nilsson, T. Akenine-Möller, M. Oskarsson, K. Åström and
// M. D. Fairchild, "FLIP: A Difference Evaluator for Alternating Images", Proc. ACM Comput. Graph.
// Interact. Tech. 3(2), 2020. Names in the code are the paper's.
//
// It is not for deciding anything (shared/proof has the limits) and not for HDR pictures:
// callers bring display values.
//
// Receives: two pictures of one size from shared/proof.
// Hands on: an error map to the same.
package flip

import (
	"fmt"
	"math"
)

// PPD is the paper's default of pixels per degree: a 3840 pixels wide screen of 0.7 m, seen
// from 0.7 m.
const PPD = 0.7 * 3840 / 0.7 * math.Pi / 180

// Constants of the paper's section 4.
const (
	qc = 0.7   // exponent of the colour difference
	pc = 0.4   // share of the largest colour difference that
	pt = 0.95  // is mapped to this error
	qf = 0.5   // exponent of the feature difference
	fw = 0.082 // width of features, in degrees
)

// Picture holds sRGB display values, 0 to 1, RGB interleaved, rows from the top.
type Picture struct {
	W, H int
	Pix  []float64
}

// Map returns the error of every pixel, 0 (the same) to 1, at so many pixels per degree. The
// pictures' sizes must agree. Reference and test are interchangeable.
func Map(a, b Picture, ppd float64) ([]float64, error) {
	if a.W != b.W || a.H != b.H || len(a.Pix) != 3*a.W*a.H || len(b.Pix) != len(a.Pix) || a.W < 1 || a.H < 1 {
		return nil, fmt.Errorf("pictures of %d×%d and %d×%d pixels with %d and %d values can't be compared", a.W, a.H, b.W, b.H, len(a.Pix), len(b.Pix))
	}
	if !(ppd >= 1 && ppd <= 1000) {
		return nil, fmt.Errorf("%g pixels per degree aren't between 1 and 1000", ppd)
	}
	ya, yb := opponent(a), opponent(b)
	out := features(ya.y, yb.y, a.W, a.H, ppd)
	filterOpponent(ya, a.W, a.H, ppd)
	filterOpponent(yb, a.W, a.H, ppd)
	most := math.Pow(hyab(hunt(srgbLab(0, 1, 0)), hunt(srgbLab(0, 0, 1))), qc)
	for i := range out {
		ca, cb := hunt(ya.lab(i)), hunt(yb.lab(i))
		colour := math.Pow(hyab(ca, cb), qc)
		if limit := pc * most; colour < limit {
			colour *= pt / limit
		} else {
			colour = min(pt+(colour-limit)/(most-limit)*(1-pt), 1)
		}
		if colour == 0 {
			out[i] = 0
			continue
		}
		out[i] = math.Pow(colour, 1-out[i])
	}
	return out, nil
}

// Mean is the mean error of a map.
func Mean(m []float64) float64 {
	var sum float64
	for _, v := range m {
		sum += v
	}
	return sum / float64(max(len(m), 1))
}

// Linear turns an sRGB display value into linear light.
func Linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// rgbXYZ is the sRGB standard's matrix; white is what it gives for (1, 1, 1).
var (
	rgbXYZ = [3][3]float64{
		{0.4124564, 0.3575761, 0.1804375},
		{0.2126729, 0.7151522, 0.0721750},
		{0.0193339, 0.1191920, 0.9503041},
	}
	xyzRGB = inverse(rgbXYZ)
	white  = apply(rgbXYZ, [3]float64{1, 1, 1})
)

func apply(m [3][3]float64, v [3]float64) (out [3]float64) {
	for i := range out {
		out[i] = m[i][0]*v[0] + m[i][1]*v[1] + m[i][2]*v[2]
	}
	return out
}

func inverse(m [3][3]float64) (out [3][3]float64) {
	det := 0.0
	for i := range 3 {
		det += m[0][i] * (m[1][(i+1)%3]*m[2][(i+2)%3] - m[1][(i+2)%3]*m[2][(i+1)%3])
	}
	for i := range 3 {
		for j := range 3 {
			out[j][i] = (m[(i+1)%3][(j+1)%3]*m[(i+2)%3][(j+2)%3] - m[(i+1)%3][(j+2)%3]*m[(i+2)%3][(j+1)%3]) / det
		}
	}
	return out
}

// planes is a picture in YCxCz, the linear opponent space of the filters.
type planes struct{ y, cx, cz []float64 }

func opponent(p Picture) planes {
	n := p.W * p.H
	out := planes{make([]float64, n), make([]float64, n), make([]float64, n)}
	var table [256]float64
	for i := range table {
		table[i] = Linear(float64(i) / 255)
	}
	linear := func(v float64) float64 {
		v = min(max(v, 0), 1)
		if i := v * 255; i == math.Trunc(i) {
			return table[int(i)]
		}
		return Linear(v)
	}
	for i := range n {
		xyz := apply(rgbXYZ, [3]float64{linear(p.Pix[3*i]), linear(p.Pix[3*i+1]), linear(p.Pix[3*i+2])})
		x, y, z := xyz[0]/white[0], xyz[1]/white[1], xyz[2]/white[2]
		out.y[i], out.cx[i], out.cz[i] = 116*y-16, 500*(x-y), 200*(y-z)
	}
	return out
}

// lab turns a filtered pixel back into linear RGB, cuts it to the gamut and gives CIELAB.
func (p planes) lab(i int) [3]float64 {
	y := (p.y[i] + 16) / 116
	x, z := y+p.cx[i]/500, y-p.cz[i]/200
	rgb := apply(xyzRGB, [3]float64{x * white[0], y * white[1], z * white[2]})
	for c := range rgb {
		rgb[c] = min(max(rgb[c], 0), 1)
	}
	return linearLab(rgb)
}

func srgbLab(r, g, b float64) [3]float64 {
	return linearLab([3]float64{Linear(r), Linear(g), Linear(b)})
}

func linearLab(rgb [3]float64) [3]float64 {
	xyz := apply(rgbXYZ, rgb)
	const d = 6.0 / 29
	f := func(t float64) float64 {
		if t > d*d*d {
			return math.Cbrt(t)
		}
		return t/(3*d*d) + 4.0/29
	}
	x, y, z := f(xyz[0]/white[0]), f(xyz[1]/white[1]), f(xyz[2]/white[2])
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// hunt scales the chroma with the lightness: colours count less in the dark.
func hunt(lab [3]float64) [3]float64 {
	return [3]float64{lab[0], 0.01 * lab[0] * lab[1], 0.01 * lab[0] * lab[2]}
}

// hyab is the distance for large colour differences.
func hyab(a, b [3]float64) float64 {
	return math.Abs(a[0]-b[0]) + math.Hypot(a[1]-b[1], a[2]-b[2])
}
