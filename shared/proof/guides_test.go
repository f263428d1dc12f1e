package proof

import (
	"errors"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

var denoised = func() job.Recipe { r := stillRecipe; r.Denoise = true; return r }()

// withGuides puts smooth guides beside a picture: an albedo that spoil may change, and a normal.
func withGuides(img *raster.Raster, spoil func(x, y, c int, v float64) float64) *raster.Raster {
	names := []string{"L.Combined.R", "L.Combined.G", "L.Combined.B", "L.Combined.A"}
	for _, pass := range []string{raster.AlbedoPass, raster.NormalPass} {
		for _, base := range []string{"R", "G", "B"} {
			names = append(names, "L."+pass+".Combined."+base)
		}
	}
	out := raster.New(img.W, img.H, names, img.Depth)
	for y := range img.H {
		for x := range img.W {
			for c := range names {
				v := 0.5
				switch {
				case c < len(img.Channels):
					v = img.At(x, y, c)
				case c >= 7:
					v = float64(c-8) * 0.6
				}
				if c >= 4 {
					v = spoil(x, y, c, v)
				}
				out.Set(x, y, c, v)
			}
		}
	}
	return out
}

func honestGuides(_, _, _ int, v float64) float64 { return v }

// TestGuidesAreJudged: the guides of a tile are part of what is checked, beside the noise and not instead of it.
func TestGuidesAreJudged(t *testing.T) {
	border := job.Border{X: 32, Y: 16, W: 68, H: 64}
	good := withGuides(noisy(1, 68, 64), honestGuides)
	evidence := func(shown *raster.Raster) (Evidence, Policy) {
		t.Helper()
		c, trees, err := CommitTile(7, border, encoded(t, shown), true)
		if err != nil {
			t.Fatal(err)
		}
		frames := []FrameCommit{c}
		p := PolicyOf(denoised, frames)
		if !p.Guides || PolicyOf(stillRecipe, frames).Guides || PolicyFor(denoised).Guides || PolicyFor(denoised).ForAssembly(denoised).Guides {
			t.Fatal("guides are compared of the tiles of denoised stills, and of nothing else")
		}
		e := Evidence{Key: Digest{1}, Root: TaskRoot(frames), Frames: frames, WorkerClass: "a", VerifierClass: "a", Policy: p}
		picks := Picks(e.Key, frames, p)
		if e.Worker, err = trees.ProveAll(c, p, picks); err != nil {
			t.Fatal(err)
		}
		noise, guides, err := SplitGuides(good)
		if err != nil {
			t.Fatal(err)
		}
		for _, pick := range picks {
			for plane, img := range map[Plane]*raster.Raster{Master: noise, Guides: guides} {
				s, err := CropSample(7, pick.Tile, plane, img)
				if err != nil {
					t.Fatal(err)
				}
				e.Verifier = append(e.Verifier, s)
				if n := len(e.Verifier); n%2 == 0 && e.Verifier[n-2].Plane > s.Plane { // the map's order
					e.Verifier[n-2], e.Verifier[n-1] = s, e.Verifier[n-2]
				}
			}
		}
		return e, p
	}
	for name, test := range map[string]struct {
		shown *raster.Raster
		says  string // "" for a pass
	}{
		"honest":        {good, ""},
		"another noise": {withGuides(noisy(2, 68, 64), honestGuides), "(master)"},
		"black guides":  {withGuides(noisy(1, 68, 64), func(int, int, int, float64) float64 { return 0 }), "(guides)"},
		"a flipped normal": {withGuides(noisy(1, 68, 64), func(_, _, c int, v float64) float64 {
			if c == 7 {
				return -v
			}
			return v
		}), "(guides)"},
		// What threads do to normals that are summed in another order.
		"rounded normals": {withGuides(noisy(1, 68, 64), func(x, y, c int, v float64) float64 { return v + 1.3e-4*float64((x+y+c)%3-1) }), ""},
		"a few pixels along an edge": {withGuides(noisy(1, 68, 64), func(x, y, _ int, v float64) float64 {
			if (x+y)%16 == 0 {
				return v + 0.4
			}
			return v
		}), ""},
	} {
		e, p := evidence(test.shown)
		v, err := Judge(e, p)
		if err != nil || v.Pass != (test.says == "") || v.Inconclusive || !strings.Contains(v.Reason, test.says) {
			t.Errorf("%s: %+v, %v", name, v.Reason, err)
		}
		if test.says == "" && !strings.Contains(v.Reason, "guides") {
			t.Errorf("%s: the guides aren't named: %s", name, v.Reason)
		}
	}

	e, p := evidence(good)
	e.Worker, e.Verifier = e.Worker[:len(e.Worker)-1], e.Verifier[:len(e.Verifier)-1]
	if _, err := Judge(e, p); !errors.Is(err, ErrEvidence) {
		t.Errorf("evidence that leaves guides out: %v", err)
	}
	bare, _, err := CommitTile(7, border, encoded(t, noisy(1, 68, 64)), false)
	if err != nil {
		t.Fatal(err)
	}
	frames := []FrameCommit{bare}
	e = Evidence{Key: Digest{1}, Root: TaskRoot(frames), Frames: frames, Policy: p}
	if v, err := Judge(e, p); err != nil || v.Pass || v.Inconclusive || !strings.Contains(v.Reason, "no guides") {
		t.Errorf("a tile without guides: %+v, %v", v.Reason, err)
	}
}

// TestGuidesAreBound: the guides' root is signed, they need their place in the master, and only tiles have any.
func TestGuidesAreBound(t *testing.T) {
	border := job.Border{W: 64, H: 32}
	master := encoded(t, withGuides(noisy(1, 64, 32), honestGuides))
	c, _, err := CommitTile(7, border, master, true)
	if err != nil {
		t.Fatal(err)
	}
	plain, _, err := CommitTile(7, border, encoded(t, noisy(1, 64, 32)), false)
	if err != nil {
		t.Fatal(err)
	}
	if c.MasterRoot != plain.MasterRoot || string(c.Activity) != string(plain.Activity) || plain.GuidesRoot != (Digest{}) {
		t.Error("the guides change what is committed of the noise")
	}
	for name, root := range map[string]Digest{"other": {1}, "no": {}} {
		other := c
		other.GuidesRoot = root
		if other.Hash() == c.Hash() {
			t.Errorf("%s guides have the same hash", name)
		}
	}
	if got, _, err := Recommit(c, ".png", nil, master); err != nil || got.Hash() != c.Hash() {
		t.Errorf("the same file leads to another commitment: %v", err)
	}
	if _, _, err := Recommit(c, ".png", nil, encoded(t, noisy(1, 64, 32))); err == nil {
		t.Error("a master without guides is taken")
	}
	for name, change := range map[string]func(*FrameCommit){
		"a whole frame":  func(c *FrameCommit) { c.Border = nil },
		"a joined still": func(c *FrameCommit) { c.Border, c.Assembled = nil, true },
	} {
		bad := c
		change(&bad)
		if CheckFrames([]FrameCommit{bad}) == nil {
			t.Errorf("%s with guides is taken", name)
		}
	}
}
