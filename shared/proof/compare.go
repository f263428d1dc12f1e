package proof

import (
	"bytes"
	"math"
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// compareMaster measures how far two noisy linear tiles are apart. A pixel is an outlier
// when any of its samples differs by more than p.Floor and p.Tolerance of the larger one.
func compareMaster(a, b TileSample, p Policy) TileFigure {
	f := TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}
	f.Textured = Activity(a) >= TexturedActivity
	if bytes.Equal(a.Bits, b.Bits) {
		return f
	}
	f.Textured = f.Textured || Activity(b) >= TexturedActivity
	f.Outliers, f.MaxDiff = outliers(a, b, p.linearly)
	ya, yb := luminance(a), luminance(b)
	ma, mb := mean(ya), mean(yb)
	f.Bias = shift(ya, yb) / max(math.Abs(ma), math.Abs(mb), 1e-4)
	ra, rb := noiseOf(ya, a.Rect, ma), noiseOf(yb, b.Rect, mb)
	f.Noise = noiseApart(ra, rb, 2*step(a.Depth, max(math.Abs(ma), math.Abs(mb))))
	f.Correlation = correlation(ra, rb)
	f.Bad = f.Outliers > p.MaxOutliers && (f.Noise > p.MaxNoise || (f.Textured && f.Correlation < p.MinCorrelation) || f.Bias > p.MaxBias)
	return f
}

// compareGuides measures how far apart what guides a denoiser is: albedo and normals. They hardly carry noise, so
// that beside outliers only their size decides.
func compareGuides(a, b TileSample, p Policy) TileFigure {
	f := TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}
	if bytes.Equal(a.Bits, b.Bits) {
		return f
	}
	f.Outliers, f.MaxDiff = outliers(a, b, p.linearly)
	n := a.Rect.W * a.Rect.H * a.Channels
	va, vb := make([]float64, n), make([]float64, n)
	var sa, sb float64
	for i := range n {
		va[i], vb[i] = finite(raster.Value(a.Depth, a.Bits, i)), finite(raster.Value(b.Depth, b.Bits, i))
		sa, sb = sa+math.Abs(va[i]), sb+math.Abs(vb[i])
	}
	f.Bias = shift(va, vb) / max(sa/float64(n), sb/float64(n), 1e-4)
	f.Bad = f.Outliers > p.MaxOutliers && f.Bias > p.MaxBias
	return f
}

// linearly is by how much two linear samples may differ.
func (p Policy) linearly(x, y float64) float64 {
	return max(p.Floor, p.Tolerance*max(math.Abs(x), math.Abs(y)))
}

// shift is the mean absolute difference without the largest tenth: a firefly moves a mean, and
// only another picture moves this.
func shift(a, b []float64) float64 {
	d := make([]float64, len(a))
	for i := range d {
		d[i] = math.Abs(a[i] - b[i])
	}
	slices.Sort(d)
	return mean(d[:len(d)-len(d)/10])
}

// noiseOf gives the mask's response, or in a tile too small for it the distance from the mean.
func noiseOf(y []float64, r Rect, mean float64) []float64 {
	if r.W >= 3 && r.H >= 3 {
		return residual(y, r.W, r.H)
	}
	out := make([]float64, len(y))
	for i, v := range y {
		out[i] = v - mean
	}
	return out
}

// step is the distance between neighbouring values of a depth near v.
func step(d raster.Depth, v float64) float64 {
	switch d {
	case raster.F16:
		return max(v/1024, 1.0/(1<<24))
	case raster.F32:
		return v / (1 << 23)
	}
	return 1.0 / 255
}

// noiseApart is TileFigure.Noise: median|a-b| less the rounding, by the larger of median|a|
// and median|b|, over the places where either side has more than the rounding. Where an object
// covers a corner of a tile, the empty rest has no say.
func noiseApart(a, b []float64, rounding float64) float64 {
	var na, nb, d []float64
	for i := range a {
		if math.Abs(a[i]) > rounding || math.Abs(b[i]) > rounding {
			na, nb, d = append(na, math.Abs(a[i])), append(nb, math.Abs(b[i])), append(d, math.Abs(a[i]-b[i]))
		}
	}
	if len(d) == 0 {
		return 0
	}
	apart := median(d) - rounding
	if !(apart > 0) {
		return 0
	}
	return apart / max(median(na), median(nb), rounding)
}

// median returns the upper median, and sorts v.
func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// compareFinal measures two delivered tiles of integer depth.
func compareFinal(a, b TileSample, p Policy) TileFigure {
	f := TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}
	if bytes.Equal(a.Bits, b.Bits) {
		return f
	}
	f.Outliers, f.MaxDiff = outliers(a, b, func(x, y float64) float64 { return p.FinalTolerance })
	f.Bad = f.Outliers > p.MaxOutliers
	return f
}

// comparePerceptual compares blurred display values.
func comparePerceptual(a, b TileSample, p Policy) TileFigure {
	f := TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}
	f.Textured = Activity(a) >= TexturedActivity
	if bytes.Equal(a.Bits, b.Bits) {
		return f
	}
	f.Textured = f.Textured || Activity(b) >= TexturedActivity
	f.Outliers, f.MaxDiff = outliers(a, b, func(x, y float64) float64 {
		if a.Depth.Float() { // as display values, see display: |√x − √y| = |x − y| / (√x + √y)
			return p.FinalTolerance * (math.Sqrt(min(max(x, 0), 1)) + math.Sqrt(min(max(y, 0), 1)))
		}
		return p.FinalTolerance
	})
	da, db := display(a), display(b)
	var sum float64
	for i := range da {
		sum += math.Abs(da[i] - db[i])
	}
	f.MeanDiff = sum / float64(len(da))
	bad, _ := p.beyond([]TileFigure{f}, 1)
	f.Bad = bad > 0
	return f
}

// outliers returns the share of pixels with a sample that differs by more than allow, and
// the largest difference. Values that aren't finite and differ are outliers.
func outliers(a, b TileSample, allow func(x, y float64) float64) (share, most float64) {
	bad := 0
	for y := range a.Rect.H {
		for x := range a.Rect.W {
			out := false
			for c := range a.Channels {
				va, vb := a.at(x, y, c), b.at(x, y, c)
				if va == vb || (math.IsNaN(va) && math.IsNaN(vb)) {
					continue
				}
				d := math.Abs(va - vb)
				if !(d <= allow(va, vb)) {
					out = true
				}
				most = max(most, math.Abs(finite(va)-finite(vb)))
			}
			if out {
				bad++
			}
		}
	}
	return float64(bad) / float64(a.Rect.W*a.Rect.H), most
}

func mean(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// correlation is Pearson's; 1 when neither side varies, 0 when only one does.
func correlation(a, b []float64) float64 {
	ma, mb := mean(a), mean(b)
	var ab, aa, bb float64
	for i := range a {
		x, y := a[i]-ma, b[i]-mb
		ab += x * y
		aa += x * x
		bb += y * y
	}
	switch {
	case aa == 0 && bb == 0:
		return 1
	case aa == 0 || bb == 0:
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// display returns every sample as a display value, blurred by a 3×3 box: integer samples
// as they are, linear ones by a square root, which is near enough to a display curve.
func display(s TileSample) []float64 {
	w, h, n := s.Rect.W, s.Rect.H, s.Channels
	v := make([]float64, w*h*n)
	for y := range h {
		for x := range w {
			for c := range n {
				d := finite(s.at(x, y, c))
				if s.Depth.Float() {
					d = math.Sqrt(min(max(d, 0), 1))
				}
				v[(y*w+x)*n+c] = d
			}
		}
	}
	out := make([]float64, len(v))
	for y := range h {
		for x := range w {
			for c := range n {
				var sum, count float64
				for j := max(y-1, 0); j <= min(y+1, h-1); j++ {
					for i := max(x-1, 0); i <= min(x+1, w-1); i++ {
						sum += v[(j*w+i)*n+c]
						count++
					}
				}
				out[(y*w+x)*n+c] = sum / count
			}
		}
	}
	return out
}
