package flip

import (
	"math"
	"math/rand/v2"
	"testing"
)

func plain(w, h int, r, g, b float64) Picture {
	p := Picture{W: w, H: h, Pix: make([]float64, 3*w*h)}
	for i := range w * h {
		p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2] = r, g, b
	}
	return p
}

func mean(t *testing.T, a, b Picture) float64 {
	t.Helper()
	m, err := Map(a, b, PPD)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range m {
		if !(v >= 0 && v <= 1) {
			t.Fatalf("an error of %v", v)
		}
	}
	return Mean(m)
}

func near(a, b, by float64) bool { return math.Abs(a-b) <= by }

// TestPlainColours has values that follow from the paper's formulas: without features the
// error is the redistributed HyAB distance of the Hunt-adjusted colours.
func TestPlainColours(t *testing.T) {
	// Green and blue are the paper's most distant pair.
	if got := mean(t, plain(20, 12, 0, 1, 0), plain(20, 12, 0, 0, 1)); !near(got, 1, 1e-9) {
		t.Errorf("green against blue: %v", got)
	}
	// CIELAB of sRGB green is (87.73, -86.18, 83.18) and of blue (32.30, 79.19, -107.86).
	g, b := srgbLab(0, 1, 0), srgbLab(0, 0, 1)
	for i, want := range [6]float64{87.73, -86.18, 83.18, 32.30, 79.19, -107.86} {
		if got := append(g[:], b[:]...)[i]; !near(got, want, 0.02) {
			t.Errorf("CIELAB value %d is %v, not %v", i, got, want)
		}
	}
	// Black against white: a distance of 100, whose 0.7th power lies beyond 0.4 of the largest.
	most := math.Pow(hyab(hunt(g), hunt(b)), qc)
	want := pt + (math.Pow(100, qc)-pc*most)/(most-pc*most)*(1-pt)
	if got := mean(t, plain(20, 12, 0, 0, 0), plain(20, 12, 1, 1, 1)); !near(got, want, 1e-6) {
		t.Errorf("black against white: %v, not %v", got, want)
	}
	if got := mean(t, plain(20, 12, 0.3, 0.5, 0.7), plain(20, 12, 0.3, 0.5, 0.7)); got != 0 {
		t.Errorf("the same: %v", got)
	}
}

func TestProperties(t *testing.T) {
	const w, h = 64, 48
	r := rand.New(rand.NewPCG(1, 2))
	noisy := func(amount float64, block int) Picture {
		p := plain(w, h, 0.5, 0.5, 0.5)
		cells := map[[2]int]float64{}
		for y := range h {
			for x := range w {
				at := [2]int{x / block, y / block}
				if _, ok := cells[at]; !ok {
					cells[at] = amount * (2*r.Float64() - 1)
				}
				for c := range 3 {
					p.Pix[3*(y*w+x)+c] += cells[at]
				}
			}
		}
		return p
	}
	grey := plain(w, h, 0.5, 0.5, 0.5)
	faint, strong := noisy(0.02, 1), noisy(0.2, 1)
	if a, b := mean(t, grey, faint), mean(t, grey, strong); !(a > 0 && a < b && a < 0.1) {
		t.Errorf("noise of 2 %% gives %v, of 20 %% %v", a, b)
	}
	if a, b := mean(t, strong, faint), mean(t, faint, strong); !near(a, b, 1e-12) {
		t.Errorf("one way %v, the other %v", a, b)
	}
	// The eye sees coarse patterns better than fine ones.
	if fine, coarse := mean(t, grey, noisy(0.1, 1)), mean(t, grey, noisy(0.1, 8)); fine >= coarse {
		t.Errorf("fine noise %v, coarse %v", fine, coarse)
	}
	// A difference stays near its place.
	spot := plain(w, h, 0.5, 0.5, 0.5)
	for c := range 3 {
		spot.Pix[3*(24*w+32)+c] = 1
	}
	m, err := Map(grey, spot, PPD)
	if err != nil {
		t.Fatal(err)
	}
	if m[24*w+32] < 0.1 || m[0] != 0 {
		t.Errorf("a bright pixel gives %v there and %v in the corner", m[24*w+32], m[0])
	}
}

func TestRefusals(t *testing.T) {
	good := plain(4, 4, 0, 0, 0)
	for _, bad := range []Picture{{}, plain(4, 5, 0, 0, 0), {W: 4, H: 4, Pix: make([]float64, 47)}} {
		if _, err := Map(good, bad, PPD); err == nil {
			t.Errorf("%d×%d was taken", bad.W, bad.H)
		}
	}
	if _, err := Map(good, good, 0); err == nil {
		t.Error("zero pixels per degree were taken")
	}
}

func BenchmarkMap(b *testing.B) {
	p, q := plain(640, 360, 0.5, 0.5, 0.5), plain(640, 360, 0.5, 0.5, 0.4)
	for b.Loop() {
		if _, err := Map(p, q, PPD); err != nil {
			b.Fatal(err)
		}
	}
}
