package proof

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

func leaves(n int) []Digest {
	out := make([]Digest, n)
	for i := range out {
		out[i] = Digest{byte(i), byte(i >> 8), 1}
	}
	return out
}

func TestMerkle(t *testing.T) {
	if root := NewTree(nil).Root(); root != (Digest{}) {
		t.Errorf("empty root %v", root)
	}
	for n := 1; n <= 33; n++ {
		list := leaves(n)
		tree := NewTree(list)
		for i := range n {
			path, err := tree.Proof(i)
			if err != nil {
				t.Fatal(err)
			}
			if err := VerifyProof(tree.Root(), list[i], i, n, path); err != nil {
				t.Fatalf("leaf %d of %d: %v", i, n, err)
			}
			if n > 1 {
				if VerifyProof(tree.Root(), list[i], (i+1)%n, n, path) == nil {
					t.Fatalf("leaf %d of %d passes as its neighbour", i, n)
				}
				if VerifyProof(tree.Root(), list[(i+1)%n], i, n, path) == nil {
					t.Fatalf("another leaf passes as %d of %d", i, n)
				}
			}
			if VerifyProof(tree.Root(), list[i], i, n, append(slices.Clone(path), Digest{})) == nil {
				t.Fatalf("a longer proof passes for %d of %d", i, n)
			}
		}
	}
	if _, err := NewTree(leaves(3)).Proof(3); err == nil {
		t.Error("proof of a leaf that isn't there")
	}
}

// TestVectors pins every hash that is written down in PROTOCOL.md.
func TestVectors(t *testing.T) {
	key := [32]byte{1, 2, 3}
	s := TileSample{Frame: -2, Tile: 1, Plane: Master, Rect: Rect{X: 16, W: 4, H: 2}, Channels: 1, Depth: raster.U8, Bits: []byte{1, 2, 3, 4, 5, 6, 7, 8}}
	c := FrameCommit{Frame: 3, W: 20, H: 2, FileDigest: Digest{1}, MasterDigest: Digest{2}, MasterRoot: Digest{3}, FinalRoot: Digest{4}, Activity: []byte{7, 9}}
	x := c
	x.Extras = []Extra{{Name: "a/b.png", Digest: Digest{6}}}
	beside := s
	beside.Channels, beside.Lead, beside.Bits = 2, 1, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	part, joined := c, c
	part.Border, joined.Assembled = &job.Border{X: 16, Y: 32, W: 20, H: 2}, true
	for name, v := range map[string]struct{ got, want string }{
		"part":    {part.Hash().String(), "fe1d258ed88f59d21627c51df9613aae0615dc2354ac6c40455c88ce459a8c6f"},
		"joined":  {joined.Hash().String(), "b0b6ac0cab007ff4a2edcb0d4e57c7ec35e23295005358501f423b73346a42bf"},
		"tile":    {s.Hash().String(), "0ac9d44a86c010f2c02ef3f68eafa350064f3d6d7fa3db73c9e5c099c3cce823"},
		"passes":  {beside.Hash().String(), "ca4b7b8c9519ce4e01eb7e0f09c6a0ab4d6fe2280e6c0c1a35662221173f5d95"},
		"frame":   {c.Hash().String(), "2982d6f4fadaeee836f1f3f7ab3eff6004d30eb4658b45cbb7a3eecd52f63715"},
		"extras":  {x.Hash().String(), "0e91e1fdaefb12f897e42f37ba72062fea9f725b6d8dd15c88e8e9dd0bdae717"},
		"task":    {TaskRoot([]FrameCommit{c, c}).String(), "2b8a31e879f44b43a204bebee4948e0bff11b7329ee67fbab26091e76ddc2db6"},
		"samples": {SamplesDigest([]TileSample{s}).String(), "914a4fe8a6003cc3880421e8d119045e19e1b88cf36fa8161e91d37d43395daa"},
		"key":     {KeyHash(key).String(), "1ac2f192702849e03dfe5c31ec66a4f6408b5eb16cc02f1583ce713b22be92ed"},
		"seed":    {fmt.Sprint(Seed(key, "t1", 7, 2)), "1050971448"},
		"picks":   {fmt.Sprint(Challenge(key, Digest{5}, []FrameInfo{{Frame: 3, W: 64, H: 64, Activity: bytes.Repeat([]byte{60}, 16)}}, 4)), "[{3 0} {3 2} {3 3} {3 6} {3 7} {3 11} {3 12} {3 14}]"},
	} {
		if v.got != v.want {
			t.Errorf("%s: %s, want %s", name, v.got, v.want)
		}
	}
}

func TestChallenge(t *testing.T) {
	const w, h = 320, 180
	n := TileCount(w, h)
	// One textured stripe.
	activity := make([]byte, n)
	for i := 100; i < 120; i++ {
		activity[i] = 90
	}
	frames := []FrameInfo{{1, w, h, activity}, {2, w, h, activity}, {9, w, h, make([]byte, n)}}
	for seed := range 200 {
		key := [32]byte{byte(seed)}
		picks := Challenge(key, Digest{1}, frames, 0)
		if !reflect.DeepEqual(picks, Challenge(key, Digest{1}, frames, 0)) {
			t.Fatal("not deterministic")
		}
		seen := map[Pick]bool{}
		perFrame, texturedIn := map[int]int{}, map[int]int{}
		textured := 0
		for _, p := range picks {
			if seen[p] || p.Tile < 0 || p.Tile >= n {
				t.Fatalf("pick %+v", p)
			}
			seen[p] = true
			perFrame[p.Frame]++
			if p.Frame != 9 && activity[p.Tile] > 0 {
				textured++
				texturedIn[p.Frame]++
			}
		}
		if texturedIn[1] == 0 || texturedIn[2] == 0 {
			t.Fatalf("a frame without a textured tile: %v", texturedIn)
		}
		if len(picks) < DefaultPicks(3) || len(perFrame) != 3 || textured < MinTextured {
			t.Fatalf("%d picks, frames %v, %d textured", len(picks), perFrame, textured)
		}
	}
	if reflect.DeepEqual(Challenge([32]byte{1}, Digest{1}, frames, 0), Challenge([32]byte{1}, Digest{2}, frames, 0)) {
		t.Error("the root doesn't matter")
	}
	if got := Challenge([32]byte{}, Digest{}, []FrameInfo{{1, 20, 20, make([]byte, 4)}}, 0); len(got) != 4 {
		t.Errorf("a frame of four tiles: %v", got)
	}
	if got := Challenge([32]byte{}, Digest{}, nil, 0); got != nil {
		t.Errorf("no frames: %v", got)
	}
}

// TestChallengeIsUniform draws many small challenges and looks for tiles that are favoured.
func TestChallengeIsUniform(t *testing.T) {
	frames := []FrameInfo{{1, 160, 160, make([]byte, 100)}}
	counts := make([]int, 100)
	const rounds = 2000
	for i := range rounds {
		for _, p := range Challenge([32]byte{byte(i), byte(i >> 8)}, Digest{}, frames, 10) {
			counts[p.Tile]++
		}
	}
	for tile, n := range counts { // expected 200, standard deviation 13
		if n < 130 || n > 270 {
			t.Errorf("tile %d was picked %d times of %d", tile, n, rounds)
		}
	}
}

func TestSeedRange(t *testing.T) {
	seen := map[int32]bool{}
	for i := range 1000 {
		s := Seed([32]byte{1}, "t", i-500, 1)
		if s < 0 || seen[s] {
			t.Fatalf("frame %d: seed %d", i, s)
		}
		seen[s] = true
	}
	if Seed([32]byte{1}, "a", 1, 1) == Seed([32]byte{1}, "b", 1, 1) || Seed([32]byte{1}, "a", 1, 1) == Seed([32]byte{1}, "a", 1, 2) {
		t.Error("seeds repeat")
	}
}

func flat(w, h int, v float64) *raster.Raster {
	r := raster.New(w, h, []string{"R", "G", "B", "A"}, raster.F16)
	for y := range h {
		for x := range w {
			for c := range 4 {
				r.Set(x, y, c, v)
			}
		}
	}
	return r
}

func TestActivity(t *testing.T) {
	measure := func(r *raster.Raster) byte {
		s, err := CropSample(1, 0, Master, r)
		if err != nil {
			t.Fatal(err)
		}
		return Activity(s)
	}
	slope, noisy := flat(16, 16, 0.5), flat(16, 16, 0.5)
	for y := range 16 {
		for x := range 16 {
			for c := range 3 {
				slope.Set(x, y, c, 0.25+float64(x)/64) // exact in half
				noisy.Set(x, y, c, 0.5+0.02*math.Sin(float64(x*x*7+y*y*13+x*y)))
			}
		}
	}
	nan := flat(16, 16, math.NaN())
	if a := measure(flat(16, 16, 0.5)); a != 0 {
		t.Errorf("flat: %d", a)
	}
	if a := measure(slope); a >= TexturedActivity {
		t.Errorf("slope: %d", a)
	}
	if a := measure(noisy); a < TexturedActivity {
		t.Errorf("noise of 3 %%: %d", a)
	}
	if a := measure(nan); a != 0 {
		t.Errorf("NaN: %d", a)
	}
	if a := measure(flat(1, 1, 0.5)); a != 0 {
		t.Errorf("one pixel: %d", a)
	}
	for v, want := range map[float64]byte{1: 128, 2: 132, 0.5: 124, 1.2: 129, 1e300: 255, 1e-300: 0, math.Inf(1): 255, 0: 0} {
		if got := quantise(v); got != want {
			t.Errorf("quantise(%v) = %d, want %d", v, got, want)
		}
	}
}

// TestFlatIsInconclusive has honest frames that carry no noise.
func TestFlatIsInconclusive(t *testing.T) {
	var buf bytes.Buffer
	if err := raster.EncodeEXR(&buf, flat(40, 40, 0.25), true); err != nil {
		t.Fatal(err)
	}
	c, trees, err := CommitBytes(1, ".exr", buf.Bytes(), buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	p := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Width: 40, Height: 40, Format: "OPEN_EXR", ExrCodec: "ZIP"})
	e := Evidence{Root: TaskRoot([]FrameCommit{c}), Frames: []FrameCommit{c}, WorkerClass: "a", VerifierClass: "a"}
	if e.Worker, err = trees.ProveAll(c, p, Picks(e.Key, e.Frames, p)); err != nil {
		t.Fatal(err)
	}
	e.Verifier = e.workerSamples()
	v, err := Judge(e, p)
	if err != nil || !v.Pass || !v.Inconclusive || v.Textured != 0 {
		t.Errorf("%+v, %v", v.Reason, err)
	}
}

func TestPolicies(t *testing.T) {
	for _, c := range []struct {
		recipe        job.Recipe
		method        Method
		master, final bool
		like          Likeness
	}{
		{job.Recipe{Engine: "CYCLES", Format: "PNG"}, MethodExact, true, true, LikeNone},
		{job.Recipe{Engine: "CYCLES", Format: "PNG", Denoise: true}, MethodExact, true, false, LikeNear},
		{job.Recipe{Engine: "CYCLES", Format: "JPEG"}, MethodExact, true, false, LikeLossy},
		{job.Recipe{Engine: "CYCLES", Format: "OPEN_EXR", ExrCodec: "DWAA"}, MethodExact, true, false, LikeSame},
		{job.Recipe{Engine: "CYCLES", Format: "OPEN_EXR", ExrCodec: "ZIP"}, MethodExact, true, true, LikeNone},
		{job.Recipe{Engine: "CYCLES", Format: "OPEN_EXR_MULTILAYER", ExrCodec: "ZIP", Compositing: true}, MethodExact, true, true, LikeSame},
		{job.Recipe{Engine: "CYCLES", Format: "OPEN_EXR_MULTILAYER", ExrCodec: "ZIP", Denoise: true}, MethodExact, true, true, LikeNear},
		{job.Recipe{Engine: "BLENDER_EEVEE", Format: "OPEN_EXR_MULTILAYER", ExrCodec: "ZIP", Compositing: true}, MethodPerceptual, true, false, LikeSame},
		{job.Recipe{Engine: "BLENDER_EEVEE", Format: "PNG"}, MethodPerceptual, false, true, LikeNone},
		{job.Recipe{Engine: "BLENDER_EEVEE", Format: "PNG", Compositing: true}, MethodPerceptual, true, false, LikeSame},
		{job.Recipe{Engine: "BLENDER_WORKBENCH", Format: "JPEG"}, MethodPerceptual, true, false, LikeLossy},
	} {
		c.recipe.Renderer = "blender"
		p := PolicyFor(c.recipe)
		if p.Method != c.method || p.NeedMaster != c.master || p.CompareFinal != c.final || p.Likeness != c.like {
			t.Errorf("%+v: %s, master %v, final %v, like %q", c.recipe, p.Method, p.NeedMaster, p.CompareFinal, p.Likeness)
		}
	}
}

func TestSanity(t *testing.T) {
	good := flat(20, 10, 0.5)
	magenta := flat(20, 10, 0)
	nans := flat(20, 10, 0.5)
	for y := range 10 {
		for x := range 20 {
			magenta.Set(x, y, 0, 0.8)
			magenta.Set(x, y, 2, 0.8)
		}
		nans.Set(y, 0, 1, math.NaN())
	}
	black := flat(20, 10, 0)
	for y := range 10 {
		for x := range 20 {
			black.Set(x, y, 3, 1)
		}
	}
	if err := Sanity(good, good, 20, 10); err != nil {
		t.Error(err)
	}
	if err := Sanity(nil, nil, 20, 10); err != nil {
		t.Error(err)
	}
	for says, r := range map[string]*raster.Raster{"magenta": magenta, "finite": nans, "black": black, "pixels where": flat(20, 11, 0.5)} {
		if err := Sanity(good, r, 20, 10); !errors.Is(err, ErrGarbage) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestCommitRefusals(t *testing.T) {
	var png, exr bytes.Buffer
	if err := raster.EncodeEXR(&exr, flat(20, 10, 0.5), true); err != nil {
		t.Fatal(err)
	}
	if err := raster.EncodePNG(&png, raster.New(20, 11, []string{"Y"}, raster.U8)); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"sizes differ":     commitError(".png", png.Bytes(), exr.Bytes()),
		"truncated master": commitError(".jpg", nil, exr.Bytes()[:exr.Len()/2]),
		"truncated final":  commitError(".png", png.Bytes()[:png.Len()-20], exr.Bytes()),
		"lossy, no master": commitError(".jpg", []byte("jpeg"), nil),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, _, err := Commit(1, "/nowhere/at/all.png", ""); err == nil {
		t.Error("a file that isn't there")
	}
	if c, _, err := CommitBytes(1, ".jpg", []byte("jpeg"), exr.Bytes()); err != nil || c.FinalRoot != (Digest{}) || c.MasterRoot == (Digest{}) {
		t.Errorf("lossy with a master: %+v, %v", c, err)
	}
}

func commitError(ext string, final, master []byte) error {
	_, _, err := CommitBytes(1, ext, final, master)
	return err
}

func (e Evidence) workerSamples() []TileSample {
	out := make([]TileSample, len(e.Worker))
	for i, t := range e.Worker {
		out[i] = t.TileSample
	}
	return out
}
