package proof

import (
	"errors"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// layered is the image of photo with passes beside it: a light that is noisy as the image is, and a depth.
func layered(change func(channel string, v float64, x, y int) float64) *raster.Raster {
	base := photo(64, 48, 0.05)
	names := []string{"L.Combined.R", "L.Combined.G", "L.Combined.B", "L.Combined.A", "L.Depth.Z", "L.DiffInd.R", "L.DiffInd.G", "L.DiffInd.B"}
	r := raster.New(64, 48, names, raster.F32)
	r.Lead = 4
	for y := range r.H {
		for x := range r.W {
			for c, name := range names {
				v := 1.0 // alpha
				switch {
				case c < 3:
					v = base.At(x, y, c)
				case c == 4:
					v = 1e10 // nothing there
					if x > 20 {
						v = 4 + float64(x+y)/40
					}
				case c > 4:
					v = base.At(x, y, c-5) / 3
				}
				r.Set(x, y, c, change(name, v, x, y))
			}
		}
	}
	return r
}

// TestPasses: a pass beside the image convicts by itself, whatever its kind, and nothing else of it does.
func TestPasses(t *testing.T) {
	p := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG", Compositing: true, Width: 64, Height: 48})
	p.Likeness, p.Extras = LikeNone, false // tiles only
	honest := func(_ string, v float64, _, _ int) float64 { return v }
	judge := func(change func(string, float64, int, int) float64, spoil func(*Evidence)) (Verdict, error) {
		t.Helper()
		evidence := func(r *raster.Raster) (FrameCommit, *Trees) {
			tree, activity, err := tileTree(1, Master, r, true)
			if err != nil {
				t.Fatal(err)
			}
			return FrameCommit{Frame: 1, W: r.W, H: r.H, MasterRoot: tree.Root(), Activity: activity}, &Trees{Frame: 1, Master: r, masterTree: tree}
		}
		c, mine := evidence(layered(change))
		_, theirs := evidence(layered(honest))
		e := Evidence{Key: Digest{3}, Root: TaskRoot([]FrameCommit{c}), Frames: []FrameCommit{c}, WorkerClass: "a", VerifierClass: "a", Policy: p, Layouts: LayoutsOf(theirs.Master, nil)}
		picks := Picks(e.Key, e.Frames, p)
		var err error
		if e.Worker, err = mine.ProveAll(c, p, picks); err != nil {
			t.Fatal(err)
		}
		for _, pick := range picks {
			s, err := CropSample(1, pick.Tile, Master, theirs.Master)
			if err != nil {
				t.Fatal(err)
			}
			e.Verifier = append(e.Verifier, s)
		}
		if spoil != nil {
			spoil(&e)
		}
		return Judge(e, p)
	}
	of := func(pass string, f func(v float64, x, y int) float64) func(string, float64, int, int) float64 {
		return func(channel string, v float64, x, y int) float64 {
			if strings.HasPrefix(channel, pass) {
				return f(v, x, y)
			}
			return v
		}
	}
	for name, c := range map[string]struct {
		change func(string, float64, int, int) float64
		spoil  func(*Evidence)
		pass   bool
		undone bool // inconclusive
		says   string
	}{
		"honest":                       {honest, nil, true, false, "2 passes beside the image agree"},
		"a depth, rounded otherwise":   {of("L.Depth", func(v float64, _, _ int) float64 { return v * 1.0005 }), nil, true, false, "agree"},
		"a depth, a few pixels":        {of("L.Depth", func(v float64, x, y int) float64 { return v + float64(1-min(1, (x+3*y)%9)) }), nil, true, false, "agree"},
		"another depth, in front":      {of("L.Depth", func(v float64, x, _ int) float64 { return v - float64(min(1, max(0, x-20))) }), nil, false, false, "the pass L.Depth of the master differs"},
		"another depth, other classes": {of("L.Depth", func(v float64, _, _ int) float64 { return v * 2 }), func(e *Evidence) { e.VerifierClass = "b" }, false, true, "the pass L.Depth"},
		"another light":                {of("L.DiffInd", func(v float64, x, y int) float64 { return v * (1 + 0.3*float64((x*7+y*13)%5)/5) }), nil, false, false, "the pass L.DiffInd of the master differs"},
		"another image":                {of("L.Combined.R", func(v float64, x, y int) float64 { return v * (1 + 0.3*float64((x*7+y*13)%5)/5) }), nil, false, false, "tiles differ"},
	} {
		v, err := judge(c.change, c.spoil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v.Pass != c.pass || v.Inconclusive != c.undone || !strings.Contains(v.Reason, c.says) {
			t.Errorf("%s: pass %v, inconclusive %v: %s", name, v.Pass, v.Inconclusive, v.Reason)
		}
	}
	// What no evidence may say.
	for name, spoil := range map[string]func(*Evidence){
		"names nothing":  func(e *Evidence) { e.Layouts = nil },
		"names too few":  func(e *Evidence) { e.Layouts[0].Channels = e.Layouts[0].Channels[:5] },
		"names it twice": func(e *Evidence) { e.Layouts = append(e.Layouts, e.Layouts[0]) },
		"a long name":    func(e *Evidence) { e.Layouts[0].Channels[7] = strings.Repeat("x", 256) },
	} {
		if _, err := judge(honest, spoil); !errors.Is(err, ErrEvidence) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A worker that calls other channels the image, so that others are picked, has another commitment.
	lied := func(e *Evidence) {
		for i := range e.Verifier {
			e.Verifier[i].Lead = 5
		}
	}
	if v, err := judge(honest, lied); err != nil || v.Pass || !strings.Contains(v.Reason, "channels") {
		t.Errorf("another number of channels that show the image: %+v, %v", v, err)
	}
	a, b := TileSample{Rect: Rect{W: 1, H: 1}, Channels: 2, Lead: 1, Depth: raster.U8, Bits: []byte{1, 2}}, TileSample{Rect: Rect{W: 1, H: 1}, Channels: 2, Depth: raster.U8, Bits: []byte{1, 2}}
	if a.Hash() == b.Hash() {
		t.Error("what shows the image isn't in a tile's hash")
	}
}
