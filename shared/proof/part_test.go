package proof

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

var stillRecipe = job.Recipe{Renderer: "blender", Engine: "CYCLES", Width: 100, Height: 80, Format: "PNG"}

// noisy is a picture that a seed gives; the same seed gives any of its regions the same pixels.
func noisy(seed uint64, w, h int) *raster.Raster {
	r := rand.New(rand.NewPCG(seed, 1))
	img := flat(w, h, 1)
	for y := range h {
		for x := range w {
			for c := range 3 {
				img.Set(x, y, c, 0.4+0.04*r.NormFloat64())
			}
		}
	}
	return img
}

func encoded(t *testing.T, img *raster.Raster) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	if img.Depth.Float() {
		err = raster.EncodeEXR(&b, img, true)
	} else {
		err = raster.EncodePNG(&b, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTileable(t *testing.T) {
	for _, c := range []struct {
		change func(*job.Recipe)
		says   string
	}{
		{func(*job.Recipe) {}, ""},
		{func(r *job.Recipe) { r.Compositing = true }, ""},
		{func(r *job.Recipe) { r.Format = "JPEG" }, ""},
		{func(r *job.Recipe) { r.Format, r.ExrCodec = "OPEN_EXR", "ZIP" }, ""},
		{func(r *job.Recipe) { r.Engine = "BLENDER_EEVEE" }, "seams"},
		{func(r *job.Recipe) { r.Renderer, r.Engine = "povray", "POVRAY" }, "seams"},
		{func(r *job.Recipe) { r.Denoise = true }, ""},
		{func(r *job.Recipe) { r.Format, r.ExrCodec = "OPEN_EXR", "DWAA" }, "codec ZIP"},
		{func(r *job.Recipe) { r.Format, r.ExrCodec = "OPEN_EXR_MULTILAYER", "ZIP" }, "multilayer"},
		{func(r *job.Recipe) { r.Format = "FFMPEG" }, "deliver PNG"},
	} {
		r := stillRecipe
		c.change(&r)
		err := Tileable(r)
		if (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, ErrWhole) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s %s %s: %v", r.Engine, r.Format, r.ExrCodec, err)
		}
	}
}

func TestBorders(t *testing.T) {
	for b, good := range map[job.Border]bool{
		{W: 100, H: 80}: true, {W: 64, H: 32}: true, {X: 64, Y: 64, W: 36, H: 16}: true,
		{X: 64, Y: 64, W: 37, H: 16}: false, {X: 60, W: 40, H: 80}: false, {W: 50, H: 16}: false, {W: 64, H: 20}: false, {X: -16, W: 32, H: 16}: false, {W: 0, H: 16}: false,
		{X: 1<<63 - 16, W: 32, H: 16}: false,
	} {
		if err := CheckBorder(stillRecipe, b); (err == nil) != good {
			t.Errorf("%+v: %v", b, err)
		}
	}
}

// TestTilesAreJudgedWhereTheyLie: a tile's commitment binds its place, and a policy of another place or
// of whole frames says nothing of it.
func TestTilesAreJudgedWhereTheyLie(t *testing.T) {
	border := job.Border{X: 32, Y: 16, W: 68, H: 64}
	image := noisy(1, 100, 80)
	region, err := image.Crop(raster.Rect(border))
	if err != nil {
		t.Fatal(err)
	}
	evidence := func(shown *raster.Raster) (Evidence, Policy) {
		c, trees, err := CommitTile(7, border, encoded(t, shown), false)
		if err != nil {
			t.Fatal(err)
		}
		frames := []FrameCommit{c}
		p := PolicyOf(stillRecipe, frames)
		if p.W != 68 || p.H != 64 || p.CompareFinal || !p.NeedMaster || p.Likeness != LikeNone {
			t.Errorf("the policy is %+v", p)
		}
		e := Evidence{Key: Digest{1}, Root: TaskRoot(frames), Frames: frames, WorkerClass: "a", VerifierClass: "a", Policy: p}
		picks := Picks(e.Key, frames, p)
		if e.Worker, err = trees.ProveAll(c, p, picks); err != nil {
			t.Fatal(err)
		}
		for _, pick := range picks {
			s, err := CropSample(7, pick.Tile, Master, region)
			if err != nil {
				t.Fatal(err)
			}
			e.Verifier = append(e.Verifier, s)
		}
		return e, p
	}
	e, p := evidence(region)
	if v, err := Judge(e, p); err != nil || !v.Pass || v.Inconclusive {
		t.Errorf("honest: %+v, %v", v.Reason, err)
	}
	cheat, bad := evidence(noisy(2, 68, 64))
	if v, err := Judge(cheat, bad); err != nil || v.Pass || v.Inconclusive {
		t.Errorf("another seed: %+v, %v", v.Reason, err)
	}
	for name, other := range map[string]Policy{
		"another place": PolicyFor(stillRecipe).ForBorder(job.Border{W: 68, H: 64}), "whole frames": PolicyFor(stillRecipe), "joined stills": PolicyFor(stillRecipe).ForAssembly(stillRecipe),
	} {
		if _, err := Judge(e, other); !errors.Is(err, ErrEvidence) {
			t.Errorf("judged by the policy for %s: %v", name, err)
		}
	}
	moved := e.Frames[0]
	moved.Border = &job.Border{W: 68, H: 64}
	if moved.Hash() == e.Frames[0].Hash() {
		t.Error("the tile's place isn't part of its hash")
	}
	for name, change := range map[string]func(*FrameCommit){
		"another size":       func(c *FrameCommit) { c.Border = &job.Border{W: 64, H: 64} },
		"a file of its own":  func(c *FrameCommit) { c.FileDigest = Digest{1} },
		"delivered tiles":    func(c *FrameCommit) { c.FinalRoot = Digest{1} },
		"further files":      func(c *FrameCommit) { c.Extras = []Extra{{Name: "a"}} },
		"joined too":         func(c *FrameCommit) { c.Assembled = true },
		"a place beyond all": func(c *FrameCommit) { c.Border = &job.Border{X: 65535, W: 68, H: 64} },
	} {
		c := e.Frames[0]
		change(&c)
		if CheckFrames([]FrameCommit{c}) == nil {
			t.Errorf("a tile with %s is taken", name)
		}
	}
	second := e.Frames[0]
	second.Frame++
	if CheckFrames([]FrameCommit{e.Frames[0], second}) == nil {
		t.Error("two tiles in one task are taken")
	}
}

// TestJoinedStillsAreJudgedByTheirFile: nothing of a joined still is sampled again; a verdict needs the file that the
// verifier made, or equal digests.
func TestJoinedStillsAreJudgedByTheirFile(t *testing.T) {
	master := noisy(1, 100, 80)
	shown := func(gain float64) []byte {
		img := raster.New(100, 80, []string{"R", "G", "B"}, raster.U8)
		for y := range 80 {
			for x := range 100 {
				for c := range 3 {
					img.Set(x, y, c, gain*master.At(x, y, c))
				}
			}
		}
		return encoded(t, img)
	}
	good := shown(1)
	evidence := func(final []byte) (Evidence, FrameCommit, Policy) {
		c, _, err := CommitBytes(7, ".png", final, encoded(t, master))
		if err != nil {
			t.Fatal(err)
		}
		c.Assembled = true
		frames := []FrameCommit{c}
		p := PolicyOf(stillRecipe, frames)
		return Evidence{Key: Digest{1}, Root: TaskRoot(frames), Frames: frames, WorkerClass: "a", VerifierClass: "b", Policy: p}, c, p
	}
	for name, test := range map[string]struct {
		final, made []byte
		sampled     bool
		pass, open  bool
	}{
		"the same bytes":   {good, good, false, true, false},
		"one step":         {good, shown(1.004), false, true, false},
		"too bright":       {shown(1.3), good, false, false, false},
		"sampled":          {good, shown(1.004), true, false, true},
		"sampled, and bad": {shown(1.3), good, true, false, true},
	} {
		e, c, p := evidence(test.final)
		r, err := Relate(c, p, p.Ext, test.final, test.made, test.sampled)
		if err != nil {
			t.Fatal(err)
		}
		e.Delivered = []Relation{r}
		if Bound(e) != sha256.Sum256(test.made) {
			t.Errorf("%s: bound to %s", name, Bound(e))
		}
		if v, err := Judge(e, p); err != nil || v.Pass != test.pass || v.Inconclusive != test.open || len(v.Tiles) != 0 {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	e, c, p := evidence(good)
	r, err := Relate(c, p, p.Ext, good, shown(1.004), false)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Relation){
		"without the file that it made": func(r *Relation) { r.DevelopedBytes = nil },
		"without the delivered file":    func(r *Relation) { r.FinalBytes = nil },
		"with another file":             func(r *Relation) { r.DevelopedBytes = shown(1.3) },
		"sampled, and not unread":       func(r *Relation) { r.Sampled = true },
		"another frame":                 func(r *Relation) { r.Frame = 8 },
	} {
		bad := r
		change(&bad)
		e.Delivered = []Relation{bad}
		if _, err := Judge(e, p); !errors.Is(err, ErrEvidence) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.Delivered = nil
	if _, err := Judge(e, p); !errors.Is(err, ErrEvidence) {
		t.Errorf("without any comparison: %v", err)
	}
}
