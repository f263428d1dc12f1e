package proof

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/image/tiff"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// photo is a picture with slopes and noise.
func photo(w, h int, noise float64) *raster.Raster {
	r := rand.New(rand.NewPCG(3, 4))
	out := raster.New(w, h, []string{"R", "G", "B"}, raster.U8)
	for y := range h {
		for x := range w {
			n := noise * r.NormFloat64()
			for c := range 3 {
				out.Set(x, y, c, 0.3+0.4*float64(x)/float64(w)+0.1*float64(c)+n)
			}
		}
	}
	return out
}

func pngOf(t *testing.T, r *raster.Raster) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := raster.EncodePNG(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func goImage(r *raster.Raster) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, r.W, r.H))
	for i := range r.W * r.H {
		copy(m.Pix[4*i:], r.Bits[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}

func jpegOf(t *testing.T, r *raster.Raster) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, goImage(r), &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// painted changes a square.
func painted(r *raster.Raster, side int, by float64) *raster.Raster {
	out := *r
	out.Bits = bytes.Clone(r.Bits)
	for y := range side {
		for x := range side {
			for c := range 3 {
				out.Set(20+x, 20+y, c, r.At(20+x, 20+y, c)+by)
			}
		}
	}
	return &out
}

// stepped moves one sample in fifty by one step, as half floats do.
func stepped(r *raster.Raster) *raster.Raster {
	out := *r
	out.Bits = bytes.Clone(r.Bits)
	random := rand.New(rand.NewPCG(7, 7))
	for i := range out.Bits {
		if random.IntN(50) == 0 {
			out.Bits[i] += byte(1 - 2*random.IntN(2))
		}
	}
	return &out
}

func TestRelations(t *testing.T) {
	for _, c := range []struct {
		name      string
		recipe    job.Recipe
		encode    func(*testing.T, *raster.Raster) []byte
		noise     float64 // of the master; the delivered image of a denoised frame has none
		change    func(*raster.Raster) *raster.Raster
		bad       bool
		delivered float64
	}{
		{name: "rounding", recipe: job.Recipe{Format: "PNG", Compositing: true}, encode: pngOf, noise: 0.05, delivered: 0.05, change: stepped},
		{name: "a painted square", recipe: job.Recipe{Format: "PNG", Compositing: true}, encode: pngOf, noise: 0.05, delivered: 0.05, bad: true,
			change: func(r *raster.Raster) *raster.Raster { return painted(r, 12, 0.2) }},
		{name: "darker", recipe: job.Recipe{Format: "PNG", Compositing: true}, encode: pngOf, noise: 0.05, delivered: 0.05, bad: true,
			change: func(r *raster.Raster) *raster.Raster { return painted(r, 40, -0.03) }},
		{name: "lossy", recipe: job.Recipe{Format: "JPEG"}, encode: jpegOf, noise: 0.05, delivered: 0.05, change: stepped},
		{name: "lossy, painted", recipe: job.Recipe{Format: "JPEG"}, encode: jpegOf, noise: 0.05, delivered: 0.05, bad: true,
			change: func(r *raster.Raster) *raster.Raster { return painted(r, 16, 0.2) }},
		{name: "denoised", recipe: job.Recipe{Format: "PNG", Denoise: true}, encode: pngOf, noise: 0.05},
		{name: "denoised, painted", recipe: job.Recipe{Format: "PNG", Denoise: true}, encode: pngOf, noise: 0.05, bad: true,
			change: func(r *raster.Raster) *raster.Raster { return painted(r, 60, 0.3) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.recipe.Renderer, c.recipe.Engine = "blender", "CYCLES"
			p := PolicyFor(c.recipe)
			made, given := photo(128, 96, c.noise), photo(128, 96, c.delivered)
			if c.change != nil {
				given = c.change(given)
			}
			final, developed := c.encode(t, given), c.encode(t, made)
			commit := FrameCommit{Frame: 1, W: 128, H: 96, FileDigest: sha(final)}
			r, err := Relate(commit, p, p.Ext, final, developed, false)
			if err != nil || r.Figure.Bad != c.bad || r.Unread != "" {
				t.Fatalf("%+v, %v", r.Figure, err)
			}
			if (r.FinalBytes != nil) != c.bad {
				t.Errorf("files kept: %v", r.FinalBytes != nil)
			}
			if c.bad && !strings.Contains(r.why(p), "master") {
				t.Error(r.why(p))
			}
			// The wrong file isn't compared at all.
			commit.FileDigest[0]++
			if _, err := Relate(commit, p, p.Ext, final, developed, false); err == nil {
				t.Error("another file was compared")
			}
		})
	}
	p := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "JPEG"})
	good := jpegOf(t, photo(64, 64, 0))
	for name, final := range map[string][]byte{
		"truncated":    good[:len(good)/2],
		"another kind": pngOf(t, photo(64, 64, 0)),
		"another size": jpegOf(t, photo(65, 64, 0)),
	} {
		r, err := Relate(FrameCommit{W: 64, H: 64, FileDigest: sha(final)}, p, p.Ext, final, good, false)
		if err != nil || !r.Figure.Bad {
			t.Errorf("%s: %+v, %v", name, r.Figure, err)
		}
	}
	if _, err := Relate(FrameCommit{W: 64, H: 64, FileDigest: sha(good)}, p, p.Ext, good, good[:40], false); err == nil {
		t.Error("the verifier's own broken file convicts")
	}
}

// TestDeliveredEvidence judges whole evidence whose delivered file was painted over, and holds
// a verifier to showing the files.
func TestDeliveredEvidence(t *testing.T) {
	recipe := job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "JPEG", Width: 64, Height: 64}
	p := PolicyFor(recipe)
	var exr bytes.Buffer
	master := flat(64, 64, 0.5)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 64 * 64 {
		for c := range 3 {
			master.Set(i%64, i/64, c, 0.5+0.05*r.NormFloat64())
		}
	}
	if err := raster.EncodeEXR(&exr, master, true); err != nil {
		t.Fatal(err)
	}
	developed := jpegOf(t, photo(64, 64, 0.02))
	build := func(final []byte) Evidence {
		c, trees, err := CommitBytes(1, ".jpg", final, exr.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		e := Evidence{Root: TaskRoot([]FrameCommit{c}), Frames: []FrameCommit{c}, WorkerClass: "a", VerifierClass: "b", Policy: p}
		if e.Worker, err = trees.ProveAll(c, p, Picks(e.Key, e.Frames, p)); err != nil {
			t.Fatal(err)
		}
		e.Verifier = e.workerSamples()
		relation, err := Relate(c, p, p.Ext, final, developed, false)
		if err != nil {
			t.Fatal(err)
		}
		e.Delivered = []Relation{relation}
		return e
	}
	honest := build(jpegOf(t, stepped(photo(64, 64, 0.02))))
	v, err := Judge(honest, p)
	if err != nil || !v.Pass || len(v.Delivered) != 1 || !strings.Contains(v.Reason, "follow from their masters") {
		t.Fatalf("%s, %v", v.Reason, err)
	}
	cheat := build(jpegOf(t, painted(photo(64, 64, 0.02), 16, 0.3)))
	v, err = Judge(cheat, p)
	// Another class doesn't save it: nothing was sampled anew.
	if err != nil || v.Pass || v.Inconclusive || !strings.Contains(v.Reason, "wasn't made from its master") || v.Delivered[0].FinalBytes != nil {
		t.Fatalf("%+v, %s, %v", v.Pass, v.Reason, err)
	}
	for name, change := range map[string]func(*Evidence){
		"no relation":   func(e *Evidence) { e.Delivered = nil },
		"another file":  func(e *Evidence) { e.Delivered[0].File[0]++ },
		"bad, no files": func(e *Evidence) { e.Delivered[0].FinalBytes = nil },
		"broken by it":  func(e *Evidence) { e.Delivered[0].DevelopedBytes = e.Delivered[0].DevelopedBytes[:9] },
		"other bytes":   func(e *Evidence) { e.Delivered[0].FinalBytes = developed },
		"another frame": func(e *Evidence) { e.Delivered[0].Frame++ },
		"frame twice":   func(e *Evidence) { e.Delivered = append(e.Delivered, e.Delivered[0]) },
		"own file faked": func(e *Evidence) {
			e.Delivered[0].Developed, e.Delivered[0].DevelopedBytes = sha([]byte("x")), []byte("x")
		},
	} {
		e := build(jpegOf(t, painted(photo(64, 64, 0.02), 16, 0.3)))
		change(&e)
		if v, err := Judge(e, p); !errors.Is(err, ErrEvidence) {
			t.Errorf("%s: %s, %v", name, v.Reason, err)
		}
	}
	// A lie about a good file is measured away.
	e := build(jpegOf(t, stepped(photo(64, 64, 0.02))))
	final := jpegOf(t, stepped(photo(64, 64, 0.02)))
	e.Delivered[0].Figure, e.Delivered[0].FinalBytes, e.Delivered[0].DevelopedBytes = RelationFigure{Bad: true}, final, developed
	if v, err := Judge(e, p); err != nil || !v.Pass {
		t.Errorf("a lie: %s, %v", v.Reason, err)
	}
}

// TestGarbage looks at files of every format.
func TestGarbage(t *testing.T) {
	tiffOf := func(t *testing.T, r *raster.Raster) []byte {
		t.Helper()
		var b bytes.Buffer
		if err := tiff.Encode(&b, goImage(r), &tiff.Options{Compression: tiff.Deflate}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	exrOf := func(t *testing.T, r *raster.Raster) []byte {
		t.Helper()
		f := raster.New(r.W, r.H, r.Channels, raster.F16)
		for i := range r.Bits {
			f.Set(i/3%r.W, i/3/r.W, i%3, float64(r.Bits[i])/255)
		}
		var b bytes.Buffer
		if err := raster.EncodeEXR(&b, f, true); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	colour := func(r, g, b byte) *raster.Raster {
		out := raster.New(40, 30, []string{"R", "G", "B"}, raster.U8)
		for i := range 40 * 30 {
			copy(out.Bits[3*i:], []byte{r, g, b})
		}
		return out
	}
	for ext, encode := range map[string]func(*testing.T, *raster.Raster) []byte{".png": pngOf, ".jpg": jpegOf, ".tif": tiffOf, ".exr": exrOf} {
		good := encode(t, photo(40, 30, 0.1))
		if err := Garbage(ext, good, nil, 40, 30); err != nil {
			t.Errorf("%s: %v", ext, err)
		}
		for says, data := range map[string][]byte{
			"black":        encode(t, colour(0, 0, 0)),
			"magenta":      encode(t, colour(255, 0, 255)),
			"pixels where": encode(t, photo(41, 30, 0.1)),
			"can't be":     good[:len(good)*2/3],
		} {
			if err := Garbage(ext, data, nil, 40, 30); !errors.Is(err, ErrGarbage) || !strings.Contains(err.Error(), says) {
				t.Errorf("%s, %s: %v", ext, says, err)
			}
		}
		if err := Garbage(ext, nil, nil, 40, 30); err != nil {
			t.Errorf("nothing to look at: %v", err)
		}
	}
	// Lossless WebP of one white pixel, from the format's own description.
	if err := Garbage(".webp", []byte("RIFF\x00\x00\x00\x00WEBPjunk"), nil, 1, 1); !errors.Is(err, ErrGarbage) {
		t.Errorf("WebP: %v", err)
	}
	if err := Garbage(".dpx", []byte("anything"), nil, 1, 1); err != nil {
		t.Errorf("a format that nothing reads: %v", err)
	}
}

func TestCalibrate(t *testing.T) {
	recipe := job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "OPEN_EXR", ExrCodec: "ZIP", Width: 160, Height: 96}
	p := PolicyFor(recipe)
	render := func(seed uint64, drift float64) []byte {
		r := rand.New(rand.NewPCG(seed, 9))
		img := flat(160, 96, 1)
		for i := range 160 * 96 {
			v := 0.4 + 0.04*r.NormFloat64()
			for c := range 3 {
				img.Set(i%160, i/160, c, v*(1+drift*float64(i%7)))
			}
		}
		var b bytes.Buffer
		if err := raster.EncodeEXR(&b, img, true); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	across := func(worker, verifier []byte, class string) Evidence {
		c, mine, err := CommitBytes(1, ".exr", worker, worker)
		if err != nil {
			t.Fatal(err)
		}
		_, theirs, err := CommitBytes(1, ".exr", verifier, verifier)
		if err != nil {
			t.Fatal(err)
		}
		e := Evidence{Root: TaskRoot([]FrameCommit{c}), Frames: []FrameCommit{c}, WorkerClass: "cpu/avx2", VerifierClass: class}
		picks := Picks(e.Key, e.Frames, p)
		if e.Worker, err = mine.ProveAll(c, p, picks); err != nil {
			t.Fatal(err)
		}
		tiles, err := theirs.ProveAll(c, p, picks)
		if err != nil {
			t.Fatal(err)
		}
		for _, tile := range tiles {
			e.Verifier = append(e.Verifier, tile.TileSample)
		}
		return e
	}
	var honest []Evidence
	for seed := range uint64(2) {
		honest = append(honest, across(render(seed, 0), render(seed, 0), "cpu/sse41"), across(render(seed, 0), render(seed, 0.01), "cuda"))
	}
	honest = append(honest, across(render(5, 0), render(5, 0), "cpu/avx2"))
	pairs := Calibrate(honest, p)
	if len(pairs) != 2 || !pairs[0].Separates || pairs[1].Separates || pairs[0].B != "cpu/sse41" || pairs[1].B != "cuda" || pairs[0].Textured < MinCanaries {
		t.Fatalf("%+v", pairs)
	}
	if few := Calibrate(honest[:1:1], p); len(few) != 1 || few[0].Separates {
		t.Errorf("few canaries: %+v", few)
	}
	cheat := across(render(1, 0), render(2, 0), "cpu/sse41")
	if v, err := Judge(cheat, p); err != nil || !v.Inconclusive {
		t.Errorf("without pairs: %+v %v", v.Reason, err)
	}
	p.Pairs = pairs
	if v, err := Judge(cheat, p); err != nil || v.Inconclusive || v.Pass {
		t.Errorf("with pairs: %+v %v", v.Reason, err)
	}
	cheat.VerifierClass = "cuda"
	if v, err := Judge(cheat, p); err != nil || !v.Inconclusive {
		t.Errorf("a pair that doesn't separate: %+v %v", v.Reason, err)
	}
}

func TestExtraNames(t *testing.T) {
	for _, good := range []string{"depth.exr", "a/b/c_0001.png", "left view.png", ".hidden"} {
		if err := CheckExtraName(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "/a", "a/", "../a", "a/../b", "a//b", `a\b`, "c:a", "a\x00", "-rf", "a/-x", "end.", "end ", strings.Repeat("a", 129), "a\xff"} {
		if CheckExtraName(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func sha(b []byte) Digest { return sha256.Sum256(b) }
