package proof

import (
	"bytes"
	"math"
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// compareMaster measures how far two noisy linear tiles are apart; active is a's activity, or unmeasured. A pixel is an outlier
// when any of its samples differs by more than p.Floor and p.Tolerance of the larger one.
func (r *room) compareMaster(a, b TileSample, p Policy, active int) TileFigure {
	f := TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}
	if active == unmeasured {
		active = r.active(a)
	}
	f.Textured = active >= TexturedActivity
	if bytes.Equal(a.Bits, b.Bits) {
		return f
	}
	r.a.measure(a)
	r.b.measure(b)
	f.Textured = f.Textured || r.b.activity() >= TexturedActivity
	r.a.take(a)
	r.b.take(b)
	f.Outliers, f.MaxDiff = r.outliers(p.linearly)
	light := max(math.Abs(r.a.mean), math.Abs(r.b.mean))
	f.Bias = r.shift(r.a.light, r.b.light) / max(light, 1e-4)
	f.Noise = r.noiseApart(2 * step(a.Depth, light))
	f.Correlation = correlation(r.a.noise, r.b.noise)
	f.Bad = f.Outliers > p.MaxOutliers && (f.Noise > p.MaxNoise || (f.Textured && f.Correlation < p.MinCorrelation) || f.Bias > p.MaxBias)
	return f
}

// compareGuides measures how far apart what guides a denoiser is: albedo and normals. They hardly carry noise, so
// that beside outliers only their size decides.
func (r *room) compareGuides(a, b TileSample, p Policy) TileFigure {
	f := TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}
	if bytes.Equal(a.Bits, b.Bits) {
		return f
	}
	r.a.take(a)
	r.b.take(b)
	f.Outliers, f.MaxDiff = r.outliers(p.linearly)
	size := func(v []float64) float64 {
		var sum float64
		for i := range v {
			v[i] = finite(v[i])
			sum += math.Abs(v[i])
		}
		return sum / float64(len(v))
	}
	most := max(size(r.a.values), size(r.b.values), 1e-4)
	f.Bias = r.shift(r.a.values, r.b.values) / most
	f.Bad = f.Outliers > p.MaxOutliers && f.Bias > p.MaxBias
	return f
}

// linearly is by how much two linear samples may differ.
func (p Policy) linearly(x, y float64) float64 {
	return max(p.Floor, p.Tolerance*max(math.Abs(x), math.Abs(y)))
}

// shift is the mean absolute difference without the largest tenth: a firefly moves a mean, and
// only another picture moves this.
func (r *room) shift(a, b []float64) float64 {
	d := r.gaps[0][:0]
	for i := range a {
		d = append(d, math.Abs(a[i]-b[i]))
	}
	r.gaps[0] = d
	slices.Sort(d)
	return mean(d[:len(d)-len(d)/10])
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
func (r *room) noiseApart(rounding float64) float64 {
	na, nb, d := r.gaps[0][:0], r.gaps[1][:0], r.gaps[2][:0]
	for i, a := range r.a.noise {
		if b := r.b.noise[i]; math.Abs(a) > rounding || math.Abs(b) > rounding {
			na, nb, d = append(na, math.Abs(a)), append(nb, math.Abs(b)), append(d, math.Abs(a-b))
		}
	}
	r.gaps = [3][]float64{na, nb, d}
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
func (r *room) compareFinal(a, b TileSample, p Policy) TileFigure {
	f := TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}
	if bytes.Equal(a.Bits, b.Bits) {
		return f
	}
	r.a.take(a)
	r.b.take(b)
	f.Outliers, f.MaxDiff = r.outliers(func(x, y float64) float64 { return p.FinalTolerance })
	f.Bad = f.Outliers > p.MaxOutliers
	return f
}

// comparePerceptual compares blurred display values; active is a's activity, or unmeasured.
func (r *room) comparePerceptual(a, b TileSample, p Policy, active int) TileFigure {
	f := TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}
	if active == unmeasured {
		active = r.active(a)
	}
	f.Textured = active >= TexturedActivity
	if bytes.Equal(a.Bits, b.Bits) {
		return f
	}
	r.b.measure(b)
	r.a.take(a)
	r.b.take(b)
	f.Textured = f.Textured || r.b.activity() >= TexturedActivity
	f.Outliers, f.MaxDiff = r.outliers(func(x, y float64) float64 {
		if a.Depth.Float() { // as display values, see display: |√x − √y| = |x − y| / (√x + √y)
			return p.FinalTolerance * (math.Sqrt(min(max(x, 0), 1)) + math.Sqrt(min(max(y, 0), 1)))
		}
		return p.FinalTolerance
	})
	da, db := r.a.display(a.Depth), r.b.display(b.Depth)
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
func (r *room) outliers(allow func(x, y float64) float64) (share, most float64) {
	bad, n := 0, r.a.channels
	for from := 0; from < len(r.a.values); from += n {
		out := false
		pa, pb := r.a.values[from:from+n], r.b.values[from:from+n]
		for c, va := range pa {
			vb := pb[c]
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
	return float64(bad) / float64(r.a.rect.W*r.a.rect.H), most
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
// as they are, linear ones by a square root, which is near enough to a display curve. The values are spent with it.
func (m *side) display(depth raster.Depth) []float64 {
	w, h, n, v := m.rect.W, m.rect.H, m.channels, m.values
	for i, d := range v {
		d = finite(d)
		if depth.Float() {
			d = math.Sqrt(min(max(d, 0), 1))
		}
		v[i] = d
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
