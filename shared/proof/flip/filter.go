package flip

import "math"

// filterOpponent applies the contrast sensitivity functions of the paper's table 1: sums of
// Gaussians, each of which is separable.
func filterOpponent(p planes, w, h int, ppd float64) {
	const widest = 0.04 // the largest b: one radius for all, as in the paper
	radius := int(math.Ceil(3 * math.Sqrt(widest/(2*math.Pi*math.Pi)) * ppd))
	filter := func(v []float64, terms ...[2]float64) {
		type part struct {
			kernel []float64
			weight float64
		}
		var parts []part
		total := 0.0
		for _, t := range terms {
			a, b := t[0], t[1]
			k := make([]float64, 2*radius+1)
			sum := 0.0
			for i := range k {
				d := float64(i-radius) / ppd
				k[i] = math.Exp(-math.Pi * math.Pi * d * d / b)
				sum += k[i]
			}
			// The two-dimensional term sums to a·√(π/b)·sum².
			weight := a * math.Sqrt(math.Pi/b) * sum * sum
			for i := range k {
				k[i] /= sum
			}
			parts, total = append(parts, part{k, weight}), total+weight
		}
		out := make([]float64, len(v))
		for _, p := range parts {
			for i, x := range convolve(v, w, h, p.kernel, p.kernel) {
				out[i] += x * p.weight / total
			}
		}
		copy(v, out)
	}
	filter(p.y, [2]float64{1, 0.0047})
	filter(p.cx, [2]float64{1, 0.0053})
	filter(p.cz, [2]float64{34.1, 0.04}, [2]float64{13.5, 0.025})
}

// features gives the feature difference of every pixel: edges and points of the unfiltered
// achromatic planes.
func features(ya, yb []float64, w, h int, ppd float64) []float64 {
	sd := 0.5 * fw * ppd
	radius := int(math.Ceil(3 * sd))
	n := 2*radius + 1
	g, first, second := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		x := float64(i - radius)
		g[i] = math.Exp(-x * x / (2 * sd * sd))
		first[i] = -x * g[i]
		second[i] = (x*x/(sd*sd) - 1) * g[i]
	}
	// In two dimensions each sign's weights sum to one; the factor across is g, whose sum
	// divides out.
	unit(g)
	unit(first)
	unit(second)
	norm := func(y []float64) []float64 {
		out := make([]float64, len(y))
		for i, v := range y {
			out[i] = (v + 16) / 116
		}
		return out
	}
	na, nb := norm(ya), norm(yb)
	strength := func(y, k []float64) []float64 {
		x, v := convolve(y, w, h, k, g), convolve(y, w, h, g, k)
		for i := range x {
			x[i] = math.Hypot(x[i], v[i])
		}
		return x
	}
	ea, eb := strength(na, first), strength(nb, first)
	pa, pb := strength(na, second), strength(nb, second)
	out := make([]float64, len(ea))
	for i := range out {
		d := max(math.Abs(ea[i]-eb[i]), math.Abs(pa[i]-pb[i]))
		out[i] = min(math.Pow(d/math.Sqrt2, qf), 1)
	}
	return out
}

// unit scales positive weights to a sum of one and negative ones to minus one.
func unit(k []float64) {
	var up, down float64
	for _, v := range k {
		if v > 0 {
			up += v
		} else {
			down -= v
		}
	}
	for i, v := range k {
		if v > 0 {
			k[i] = v / up
		} else if down > 0 {
			k[i] = v / down
		}
	}
}

// convolve applies a kernel along the rows and one along the columns; the picture's edge
// repeats outside.
func convolve(v []float64, w, h int, along, down []float64) []float64 {
	tmp, out := make([]float64, len(v)), make([]float64, len(v))
	r := len(along) / 2
	for y := range h {
		row, to := v[y*w:(y+1)*w], tmp[y*w:(y+1)*w]
		for x := range to {
			var sum float64
			if x >= r && x+r < w {
				for i, s := range row[x-r : x+r+1] {
					sum += s * along[i]
				}
			} else {
				for i, k := range along {
					sum += row[min(max(x+i-r, 0), w-1)] * k
				}
			}
			to[x] = sum
		}
	}
	r = len(down) / 2
	for y := range h {
		to := out[y*w : (y+1)*w]
		for i, k := range down {
			from := tmp[min(max(y+i-r, 0), h-1)*w:]
			for x := range to {
				to[x] += from[x] * k
			}
		}
	}
	return out
}
