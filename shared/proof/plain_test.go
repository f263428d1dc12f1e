package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// What a tile's figures are, written as PROTOCOL.md says it and nothing else: sample by sample, and everything
// anew. The package's own has to give the same bits.

func plainAt(s TileSample, x, y, c int) float64 {
	return raster.Value(s.Depth, s.Bits, (y*s.Rect.W+x)*s.Channels+c)
}

func plainLight(s TileSample) []float64 {
	var out []float64
	for y := range s.Rect.H {
		for x := range s.Rect.W {
			at := func(c int) float64 { return finite(plainAt(s, x, y, c)) }
			if s.Channels < 3 {
				out = append(out, at(0))
				continue
			}
			step := 3
			if s.Channels%4 == 0 {
				step = 4
			}
			var sum float64
			for l := range s.Channels / step {
				v := float64(0.2126 * at(l*step))
				v += float64(0.7152 * at(l*step+1))
				v += float64(0.0722 * at(l*step+2))
				sum += v / float64(s.Channels/step)
			}
			out = append(out, sum)
		}
	}
	return out
}

func plainNoise(s TileSample) (out []float64) {
	light, w := plainLight(s), s.Rect.W
	if w < 3 || s.Rect.H < 3 {
		for _, v := range light {
			out = append(out, v-mean(light))
		}
		return out
	}
	at := func(x, y int) float64 { return light[y*w+x] }
	for y := 1; y < s.Rect.H-1; y++ {
		for x := 1; x < w-1; x++ {
			v := at(x-1, y-1) + at(x+1, y-1) + at(x-1, y+1) + at(x+1, y+1)
			v -= float64(2 * (at(x, y-1) + at(x-1, y) + at(x+1, y) + at(x, y+1)))
			v += float64(4 * at(x, y))
			out = append(out, v)
		}
	}
	return out
}

func plainActivity(s TileSample) byte {
	var v float64
	for _, r := range plainNoise(s) {
		v += float64(r * r)
	}
	if w, h := s.Rect.W, s.Rect.H; w >= 3 && h >= 3 {
		v /= float64(36 * (w - 2) * (h - 2))
	} else {
		v /= float64(w * h)
	}
	m := mean(plainLight(s))
	return quantise(v / (float64(m*m) + 1e-8))
}

func plainOutliers(a, b TileSample, allow func(x, y float64) float64) (share, most float64) {
	bad := 0
	for y := range a.Rect.H {
		for x := range a.Rect.W {
			out := false
			for c := range a.Channels {
				va, vb := plainAt(a, x, y, c), plainAt(b, x, y, c)
				if va == vb || math.IsNaN(va) && math.IsNaN(vb) {
					continue
				}
				out = out || !(math.Abs(va-vb) <= allow(va, vb))
				most = max(most, math.Abs(finite(va)-finite(vb)))
			}
			if out {
				bad++
			}
		}
	}
	return float64(bad) / float64(a.Rect.W*a.Rect.H), most
}

func plainShift(a, b []float64) float64 {
	var d []float64
	for i := range a {
		d = append(d, math.Abs(a[i]-b[i]))
	}
	slices.Sort(d)
	return mean(d[:len(d)-len(d)/10])
}

func plainDisplay(s TileSample) (out []float64) {
	w, h := s.Rect.W, s.Rect.H
	at := func(x, y, c int) float64 {
		v := finite(plainAt(s, x, y, c))
		if s.Depth.Float() {
			v = math.Sqrt(min(max(v, 0), 1))
		}
		return v
	}
	for y := range h {
		for x := range w {
			for c := range s.Channels {
				var sum, count float64
				for j := max(y-1, 0); j <= min(y+1, h-1); j++ {
					for i := max(x-1, 0); i <= min(x+1, w-1); i++ {
						sum += at(i, j, c)
						count++
					}
				}
				out = append(out, sum/count)
			}
		}
	}
	return out
}

func plainCompare(a, b TileSample, p Policy) TileFigure {
	f := TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}
	perceptual := p.Method == MethodPerceptual
	master := !perceptual && a.Plane != Guides && a.Depth.Float()
	equal := bytes.Equal(a.Bits, b.Bits)
	if perceptual || master {
		f.Textured = plainActivity(a) >= TexturedActivity || !equal && plainActivity(b) >= TexturedActivity
	}
	if equal {
		return f
	}
	linear := func(x, y float64) float64 { return max(p.Floor, p.Tolerance*max(math.Abs(x), math.Abs(y))) }
	switch {
	case perceptual:
		f.Outliers, f.MaxDiff = plainOutliers(a, b, func(x, y float64) float64 {
			if !a.Depth.Float() {
				return p.FinalTolerance
			}
			return p.FinalTolerance * (math.Sqrt(min(max(x, 0), 1)) + math.Sqrt(min(max(y, 0), 1)))
		})
		da, db := plainDisplay(a), plainDisplay(b)
		var sum float64
		for i := range da {
			sum += math.Abs(da[i] - db[i])
		}
		f.MeanDiff = sum / float64(len(da))
		bad, _ := p.beyond([]TileFigure{f}, 1)
		f.Bad = bad > 0
	case a.Plane == Guides:
		f.Outliers, f.MaxDiff = plainOutliers(a, b, linear)
		var va, vb []float64
		var sa, sb float64
		for i := range a.Rect.W * a.Rect.H * a.Channels {
			va, vb = append(va, finite(raster.Value(a.Depth, a.Bits, i))), append(vb, finite(raster.Value(b.Depth, b.Bits, i)))
			sa, sb = sa+math.Abs(va[i]), sb+math.Abs(vb[i])
		}
		f.Bias = plainShift(va, vb) / max(sa/float64(len(va)), sb/float64(len(vb)), 1e-4)
		f.Bad = f.Outliers > p.MaxOutliers && f.Bias > p.MaxBias
	case master:
		f.Outliers, f.MaxDiff = plainOutliers(a, b, linear)
		ya, yb := plainLight(a), plainLight(b)
		ma, mb := math.Abs(mean(ya)), math.Abs(mean(yb))
		f.Bias = plainShift(ya, yb) / max(ma, mb, 1e-4)
		ra, rb, rounding := plainNoise(a), plainNoise(b), 2*step(a.Depth, max(ma, mb))
		var na, nb, d []float64
		for i := range ra {
			if math.Abs(ra[i]) > rounding || math.Abs(rb[i]) > rounding {
				na, nb, d = append(na, math.Abs(ra[i])), append(nb, math.Abs(rb[i])), append(d, math.Abs(ra[i]-rb[i]))
			}
		}
		if len(d) > 0 {
			if apart := median(d) - rounding; apart > 0 {
				f.Noise = apart / max(median(na), median(nb), rounding)
			}
		}
		f.Correlation = correlation(ra, rb)
		f.Bad = f.Outliers > p.MaxOutliers && (f.Noise > p.MaxNoise || f.Textured && f.Correlation < p.MinCorrelation || f.Bias > p.MaxBias)
	default:
		f.Outliers, f.MaxDiff = plainOutliers(a, b, func(x, y float64) float64 { return p.FinalTolerance })
		f.Bad = f.Outliers > p.MaxOutliers
	}
	return f
}

func plainHash(s TileSample) Digest {
	be := binary.BigEndian
	text := be.AppendUint32([]byte{0}, uint32(int32(s.Frame)))
	text = be.AppendUint32(append(text, byte(s.Plane)), uint32(s.Tile))
	for _, v := range []int{s.Rect.X, s.Rect.Y, s.Rect.W, s.Rect.H} {
		text = be.AppendUint16(text, uint16(v))
	}
	text = append(text, byte(s.Channels), byte(s.Depth))
	if s.Lead > 0 {
		text[0] = 5
		text = append(text, byte(s.Lead))
	}
	h := sha256.New()
	h.Write(text)
	h.Write(s.Bits)
	return Digest(h.Sum(nil))
}

// bitsOf are the bits of everything that a figure holds.
func bitsOf(f TileFigure) (out []uint64) {
	for v := reflect.ValueOf(f); len(out) < v.NumField(); {
		switch x := v.Field(len(out)); x.Kind() {
		case reflect.Float64:
			out = append(out, math.Float64bits(x.Float()))
		case reflect.Bool:
			out = append(out, map[bool]uint64{true: 1}[x.Bool()])
		case reflect.String:
			out = append(out, uint64(x.Len()))
		case reflect.Uint8:
			out = append(out, x.Uint())
		default:
			out = append(out, uint64(x.Int()))
		}
	}
	return out
}

func alike(t *testing.T, r *room, a, b TileSample, p Policy) {
	t.Helper()
	for _, s := range []TileSample{a, b} {
		if got, want := Activity(s), plainActivity(s); got != want {
			t.Fatalf("%d×%d, %d channels of depth %d: an activity of %d, plainly %d", s.Rect.W, s.Rect.H, s.Channels, s.Depth, got, want)
		}
		if s.Hash() != plainHash(s) {
			t.Fatalf("%d×%d, %d channels of depth %d: another hash", s.Rect.W, s.Rect.H, s.Channels, s.Depth)
		}
	}
	want := plainCompare(a, b, p)
	for _, active := range []int{unmeasured, int(plainActivity(a))} {
		if got := r.compare(a, b, p, active); !slices.Equal(bitsOf(got), bitsOf(want)) {
			t.Fatalf("%d×%d, %d channels of depth %d, %v, %s:\n%+v\nplainly\n%+v", a.Rect.W, a.Rect.H, a.Channels, a.Depth, a.Plane, p.Method, got, want)
		}
	}
}

// tilesOf makes two tiles of noise that differ in some samples, with some that aren't numbers.
func tilesOf(rng *rand.Rand) (a, b TileSample) {
	a = TileSample{Frame: rng.IntN(9) - 4, Tile: rng.IntN(99), Plane: Plane(rng.IntN(3)), Rect: Rect{X: 16, Y: 32, W: 1 + rng.IntN(16), H: 1 + rng.IntN(16)},
		Channels: 1 + rng.IntN(9), Depth: raster.Depth(1 + rng.IntN(4))}
	if rng.IntN(2) == 0 { // as most are
		a.Rect.W, a.Rect.H, a.Channels, a.Depth = 16, 16, 4, raster.F16
	}
	if a.Channels > 1 {
		a.Lead = rng.IntN(a.Channels)
	}
	names := make([]string, a.Channels)
	img := raster.New(a.Rect.W, a.Rect.H, names, a.Depth)
	light, noise := rng.Float64(), rng.Float64()*0.3
	for y := range a.Rect.H {
		for x := range a.Rect.W {
			for c := range names {
				img.Set(x, y, c, light+noise*rng.NormFloat64())
			}
		}
	}
	a.Bits = img.Bits
	b = a
	b.Bits = slices.Clone(a.Bits)
	size := a.Depth.Size()
	for range rng.IntN(1+len(b.Bits)/size) * rng.IntN(2) {
		at := rng.IntN(len(b.Bits)/size) * size
		b.Bits[at+size-1] ^= byte(rng.IntN(256)) // near
		if rng.IntN(50) == 0 {
			for i := range size { // anything: infinite, too small to be normal, not a number
				b.Bits[at+i] = []byte{0, 0xff, 0x7c, 0x80, byte(rng.IntN(256))}[rng.IntN(5)]
			}
			copy(a.Bits[at:at+size], b.Bits[(at+7*size)%len(b.Bits):]) // the first of those in both, some time
		}
	}
	return a, b
}

// TestMeasuresAreThePlainOnes: whatever makes measuring cheap changes no bit of what is measured.
func TestMeasuresAreThePlainOnes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 7))
	perceptual := PolicyFor(job.Recipe{Renderer: "blender", Engine: "BLENDER_EEVEE", Format: "PNG"})
	exact := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG"})
	var r room // one for all: what the last tile left must not show
	differ := 0
	for range 1000 {
		a, b := tilesOf(rng)
		if !bytes.Equal(a.Bits, b.Bits) {
			differ++
		}
		for _, p := range []Policy{exact, perceptual} {
			alike(t, &r, a, b, p)
		}
	}
	if differ < 200 {
		t.Errorf("only %d pairs differ", differ)
	}
}

// TestValuesAreValue holds the quick way to the plain one for every half.
func TestValuesAreValue(t *testing.T) {
	bits := make([]byte, 2<<16)
	for h := range 1 << 16 {
		binary.BigEndian.PutUint16(bits[2*h:], uint16(h))
	}
	for _, d := range []raster.Depth{raster.U8, raster.U16, raster.F16, raster.F32} {
		got := raster.Values([]float64{7}, d, bits)
		if len(got) != 1+len(bits)/d.Size() || got[0] != 7 {
			t.Fatalf("depth %d: %d values", d, len(got))
		}
		for i, v := range got[1:] {
			if want := raster.Value(d, bits, i); math.Float64bits(v) != math.Float64bits(want) {
				t.Fatalf("depth %d: sample %d is %v, not %v", d, i, v, want)
			}
		}
	}
}

func FuzzMeasures(f *testing.F) {
	f.Add([]byte{1, 2, 3}, []byte{3, 2, 1}, byte(16), byte(3), byte(4), byte(3), byte(0), true)
	f.Add([]byte{0x7c, 0, 0xfc, 1, 0, 1}, []byte{0x7e, 1}, byte(2), byte(9), byte(3), byte(4), byte(2), false)
	f.Fuzz(func(t *testing.T, x, y []byte, w, h, channels, depth, plane byte, exact bool) {
		s := TileSample{Plane: Plane(plane % 3), Rect: Rect{W: 1 + int(w)%16, H: 1 + int(h)%16}, Channels: 1 + int(channels)%16, Depth: raster.Depth(1 + depth%4)}
		fill := func(from []byte) []byte {
			bits := make([]byte, s.Rect.W*s.Rect.H*s.Channels*s.Depth.Size())
			for i := range bits {
				if len(from) > 0 {
					bits[i] = from[i%len(from)]
				}
			}
			return bits
		}
		p := PolicyFor(job.Recipe{Renderer: "blender", Engine: map[bool]string{true: engineCycles, false: "BLENDER_EEVEE"}[exact], Format: "PNG"})
		a, b := s, s
		a.Bits, b.Bits = fill(x), fill(y)
		alike(t, new(room), a, b, p)
	})
}

// judged is evidence of a frame of 64×64 pixels, every tile of which is checked and agrees, as most do.
func judged(b *testing.B) Evidence {
	rng := rand.New(rand.NewPCG(1, 2))
	master, final := raster.New(64, 64, []string{"R", "G", "B", "A"}, raster.F16), raster.New(64, 64, []string{"R", "G", "B"}, raster.U8)
	for y := range 64 {
		for x := range 64 {
			for c := range 3 {
				master.Set(x, y, c, 0.3+0.3*rng.Float64())
				final.Set(x, y, c, master.At(x, y, c))
			}
			master.Set(x, y, 3, 1)
		}
	}
	var exr, png bytes.Buffer
	if err := raster.EncodeEXR(&exr, master, false); err != nil {
		b.Fatal(err)
	}
	if err := raster.EncodePNG(&png, final); err != nil {
		b.Fatal(err)
	}
	c, trees, err := CommitBytes(1, ".png", png.Bytes(), exr.Bytes())
	if err != nil {
		b.Fatal(err)
	}
	e := Evidence{Key: Digest{4}, Frames: []FrameCommit{c}, Root: TaskRoot([]FrameCommit{c}), WorkerClass: "a", VerifierClass: "a"}
	e.Policy = PolicyFor(job.Recipe{Renderer: "blender", Engine: engineCycles, Width: 64, Height: 64, Format: "PNG"})
	if e.Worker, err = trees.ProveAll(c, e.Policy, Picks(e.Key, e.Frames, e.Policy)); err != nil {
		b.Fatal(err)
	}
	e.Verifier = e.workerSamples()
	return e
}

// plainSane counts the pixels that aren't finite, and those of the missing texture's magenta; black is whether
// no channel but alpha holds light.
func plainSane(r *raster.Raster) (nan, magenta int, black bool) {
	n := r.Shows()
	black = true
	for y := range r.H {
		for x := range r.W {
			odd := false
			for c := range n {
				v := r.At(x, y, c)
				odd = odd || math.IsNaN(v) || math.IsInf(v, 0)
				alpha := n%4 == 0 && c%4 == 3 || n == 2 && c == 1
				if !alpha && v != 0 && !math.IsNaN(v) && !math.IsInf(v, 0) {
					black = false
				}
			}
			if odd {
				nan++
			}
			if n >= 3 && r.At(x, y, 0) > 0.02 && r.At(x, y, 1) < 0.05*r.At(x, y, 0) && math.Abs(r.At(x, y, 0)-r.At(x, y, 2)) < 0.1*r.At(x, y, 0) {
				magenta++
			}
		}
	}
	return nan, magenta, black
}

// TestSaneByLine holds the counts that decide to those by sample, around each bound.
func TestSaneByLine(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -1, 65504}
	seen := make(map[string]int)
	for range 4000 {
		channels := []string{"R", "G", "B", "A", "D.R", "D.G", "D.B"}[:1+rng.IntN(7)]
		r := raster.New(1+rng.IntN(30), 1+rng.IntN(8), channels, []raster.Depth{raster.U8, raster.U16, raster.F16, raster.F32}[rng.IntN(4)])
		if len(channels) > 4 {
			r.Lead = 4
		}
		light, few, red := rng.IntN(3) > 0, rng.Float64()*0.03, rng.IntN(4) == 0
		for y := range r.H {
			for x := range r.W {
				for c := range channels {
					switch {
					case rng.Float64() < few/float64(len(channels)):
						r.Set(x, y, c, odd[rng.IntN(len(odd))])
					case red && rng.IntN(60) > 0:
						r.Set(x, y, c, []float64{0.7, 0.01, 0.7}[c%3])
					case light || c == 3:
						r.Set(x, y, c, rng.Float64())
					}
				}
			}
		}
		nan, magenta, black := plainSane(r)
		total, want := float64(r.W*r.H), ""
		switch {
		case float64(nan) > maxNaN*total:
			want = "finite"
		case black:
			want = "black"
		case float64(magenta) > maxMagenta*total:
			want = "magenta"
		}
		seen[want]++
		if err := sane(r, r.W, r.H); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Fatalf("%d×%d of %v, depth %v: %v instead of %q", r.W, r.H, channels, r.Depth, err, want)
		}
	}
	if len(seen) != 4 {
		t.Error(seen)
	}
}

// plainly measures how long something takes once, the best of several.
func plainly(fn func()) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range 20 {
		at := time.Now()
		fn()
		best = min(best, time.Since(at))
	}
	return best
}

// BenchmarkMeasures measures the tiles of a frame that agrees: activity and figures of its master's sixteen, hashes of
// those and the delivered image's. x is how many times longer the plain way takes.
func BenchmarkMeasures(b *testing.B) {
	e := judged(b)
	plain := plainly(func() {
		for i, w := range e.Worker {
			if w.Plane == Master {
				plainActivity(w.TileSample)
			}
			plainCompare(w.TileSample, e.Verifier[i], e.Policy)
			plainHash(w.TileSample)
		}
	})
	var r room
	b.ReportAllocs()
	for b.Loop() {
		for i, w := range e.Worker {
			active := unmeasured
			if w.Plane == Master {
				active = r.active(w.TileSample)
			}
			r.compare(w.TileSample, e.Verifier[i], e.Policy, active)
			r.hash(w.TileSample)
		}
	}
	b.ReportMetric(float64(plain.Nanoseconds())/(float64(b.Elapsed().Nanoseconds())/float64(b.N)), "x")
}

// BenchmarkDiffers is BenchmarkMeasures of tiles that differ everywhere, as a liar's do.
func BenchmarkDiffers(b *testing.B) {
	e := judged(b)
	for i, s := range e.Verifier {
		s.Bits = slices.Clone(s.Bits)
		for at := range s.Bits {
			s.Bits[at] ^= byte(at) & 3
		}
		e.Verifier[i] = s
	}
	plain := plainly(func() {
		for i, w := range e.Worker {
			plainCompare(w.TileSample, e.Verifier[i], e.Policy)
		}
	})
	var r room
	b.ReportAllocs()
	for b.Loop() {
		for i, w := range e.Worker {
			r.compare(w.TileSample, e.Verifier[i], e.Policy, unmeasured)
		}
	}
	b.ReportMetric(float64(plain.Nanoseconds())/(float64(b.Elapsed().Nanoseconds())/float64(b.N)), "x")
}

// BenchmarkJudge is the whole second judgement of such a frame, from the evidence's bytes.
func BenchmarkJudge(b *testing.B) {
	var text bytes.Buffer
	if err := EncodeEvidence(&text, judged(b)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		e, err := ParseEvidence(text.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		if v, err := Judge(e, e.Policy); err != nil || !v.Pass {
			b.Fatal(v.Reason, err)
		}
	}
}

// BenchmarkSane looks over a frame of 1080p. x is how many times longer the plain way takes.
func BenchmarkSane(b *testing.B) {
	r := flat(1920, 1080, 0.5)
	plain := plainly(func() { plainSane(r) })
	b.ReportAllocs()
	for b.Loop() {
		if err := sane(r, r.W, r.H); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(plain.Nanoseconds())/(float64(b.Elapsed().Nanoseconds())/float64(b.N)), "x")
}

// BenchmarkPicks draws the tiles of such a frame.
func BenchmarkPicks(b *testing.B) {
	e := judged(b)
	b.ReportAllocs()
	for b.Loop() {
		Picks(e.Key, e.Frames, e.Policy)
	}
}
