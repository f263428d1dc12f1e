package proof

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// noisyTile is a grey slope under noise of a relative strength, as half floats.
func noisyTile(r *rand.Rand, noise float64) []float64 {
	v := make([]float64, TileSize*TileSize)
	for i := range v {
		base := 0.2 + 0.01*float64(i%TileSize)
		v[i] = base * (1 + noise*r.NormFloat64())
	}
	return v
}

func masterOf(v []float64) TileSample {
	img := raster.New(TileSize, TileSize, []string{"R", "G", "B", "A"}, raster.F16)
	for i, x := range v {
		for c := range 3 {
			img.Set(i%TileSize, i/TileSize, c, x)
		}
		img.Set(i%TileSize, i/TileSize, 3, 1)
	}
	return TileSample{Tile: 1, Rect: Rect{W: TileSize, H: TileSize}, Channels: 4, Depth: raster.F16, Bits: img.Bits}
}

// TestHonestDifferences has the differences that were measured between honest nodes, made
// larger, and cheats at their weakest; PROTOCOL.md has the figures.
func TestHonestDifferences(t *testing.T) {
	p := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG"})
	// some changes a number of random pixels.
	some := func(n int, change func(r *rand.Rand, x float64) float64) func(*rand.Rand, []float64, float64) []float64 {
		return func(r *rand.Rand, v []float64, _ float64) []float64 {
			for _, i := range r.Perm(len(v))[:n] {
				v[i] = change(r, v[i])
			}
			return v
		}
	}
	// drawn replaces a share of the noise's variance in the pixels that where accepts.
	drawn := func(share float64, where func(i int) bool) func(*rand.Rand, []float64, float64) []float64 {
		return func(r *rand.Rand, v []float64, noise float64) []float64 {
			for i := range v {
				if where(i) {
					v[i] += 0.27 * noise * math.Sqrt(share) * r.NormFloat64()
				}
			}
			return v
		}
	}
	all := func(int) bool { return true }
	for name, c := range map[string]struct {
		change func(r *rand.Rand, v []float64, noise float64) []float64
		least  float64 // relative noise from which it has to be seen
		bad    bool
	}{
		// Adaptive sampling went on elsewhere along a region's edges: 12.5 % of the pixels.
		"two columns with more samples": {drawn(0.5, func(i int) bool { return i%TileSize < 2 }), 0, false},
		"a column of other noise":       {drawn(1, func(i int) bool { return i%TileSize == 0 }), 0, false},
		// A hair's difference in a normal sends single paths elsewhere: up to 9 % of the pixels.
		"paths that went elsewhere": {some(24, func(r *rand.Rand, x float64) float64 { return x * (0.7 + 0.6*r.Float64()) }), 0, false},
		"a firefly":                 {some(1, func(_ *rand.Rand, x float64) float64 { return 40 * x }), 0, false},
		"rounding in every third":   {some(85, func(_ *rand.Rand, x float64) float64 { return x * (1 + 0.5/1024) }), 0, false},
		"a hair everywhere":         {some(256, func(r *rand.Rand, x float64) float64 { return x + 1e-4*(2*r.Float64()-1) }), 0, false},
		// Sample counts at 4096: nearly every pixel has a path that went elsewhere, each counts little.
		"few paths of many everywhere": {drawn(0.0007, all), 0, false},

		"31 of 32 samples": {drawn(1.0/31, all), 0.02, true},
		"half the samples": {drawn(1, all), 0.003, true},
		"another seed":     {drawn(2, all), 0.003, true},
		"darkened":         {func(_ *rand.Rand, v []float64, _ float64) []float64 { return scaled(v, 0.97) }, 0, true},
		"smoothed": {func(_ *rand.Rand, v []float64, _ float64) []float64 {
			for i := range v {
				v[i] = 0.2 + 0.01*float64(i%TileSize)
			}
			return v
		}, 0.003, true},
		"a quarter replaced": {func(_ *rand.Rand, v []float64, _ float64) []float64 {
			for i := range v[:64] {
				v[i] = 0.5
			}
			return v
		}, 0, true},
	} {
		for _, noise := range []float64{0, 0.003, 0.02, 0.1, 0.4} {
			for seed := range uint64(20) {
				r := rand.New(rand.NewPCG(seed, 1))
				verifier := noisyTile(r, noise)
				worker := c.change(r, append([]float64(nil), verifier...), noise)
				f := new(room).compareMaster(masterOf(worker), masterOf(verifier), p, unmeasured)
				if f.Bad != c.bad && (!c.bad || noise >= c.least) {
					t.Fatalf("%s at noise %g: bad %v; %.1f %% off, noise %.3f, correlation %.3f, bias %.4f",
						name, noise, f.Bad, 100*f.Outliers, f.Noise, f.Correlation, f.Bias)
				}
			}
		}
	}
}

func scaled(v []float64, by float64) []float64 {
	for i := range v {
		v[i] *= by
	}
	return v
}

// TestSmallTiles has tiles at an image's edge, too small for the mask.
func TestSmallTiles(t *testing.T) {
	p := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG"})
	for _, size := range []Rect{{W: 1, H: 1}, {W: 2, H: 16}, {W: 16, H: 1}, {W: 3, H: 3}} {
		tile := func(v float64) TileSample {
			img := raster.New(size.W, size.H, []string{"R", "G", "B", "A"}, raster.F16)
			for y := range size.H {
				for x := range size.W {
					for c := range 4 {
						img.Set(x, y, c, v)
					}
				}
			}
			return TileSample{Rect: size, Channels: 4, Depth: raster.F16, Bits: img.Bits}
		}
		if f := new(room).compareMaster(tile(0.5), tile(0.5), p, unmeasured); f.Bad {
			t.Errorf("%+v: %+v", size, f)
		}
		if f := new(room).compareMaster(tile(0.5), tile(0.4), p, unmeasured); !f.Bad {
			t.Errorf("%+v: %+v", size, f)
		}
	}
}
