package proof

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
)

func TestFramesThatAreRenderedAgain(t *testing.T) {
	infos := func(n int) (list []FrameInfo) {
		for i := range n {
			list = append(list, FrameInfo{Frame: i - 3, W: 64, H: 64, Activity: make([]byte, 16)})
		}
		return list
	}
	whole := PolicyFor(job.Recipe{Renderer: "blender", Engine: "BLENDER_EEVEE", Format: "PNG"})
	if whole.Every != everyFrames {
		t.Fatalf("EEVEE looks at one in %d", whole.Every)
	}
	seen := make(map[int]int)
	for n, want := range map[int]int{1: 1, 2: 1, 4: 1, 5: 2, 20: 5} {
		for k := range byte(200) {
			got := lookedAt([32]byte{k}, Digest{1}, infos(n), whole)
			if len(got) != want {
				t.Fatalf("%d of %d frames are looked at, not %d", len(got), n, want)
			}
			if !slices.IsSortedFunc(got, func(a, b FrameInfo) int { return a.Frame - b.Frame }) {
				t.Fatalf("they come as %v", got)
			}
			if n == 20 {
				for _, f := range got {
					seen[f.Frame]++
				}
			}
		}
	}
	for f, n := range seen { // a quarter of 200, by chance
		if n < 25 || n > 80 {
			t.Errorf("frame %d was looked at %d times of 200", f, n)
		}
	}
	if len(seen) != 20 {
		t.Errorf("only %d frames are ever looked at", len(seen))
	}
	a, b := lookedAt([32]byte{1}, Digest{1}, infos(20), whole), lookedAt([32]byte{1}, Digest{2}, infos(20), whole)
	if fmt.Sprint(a) == fmt.Sprint(b) {
		t.Error("the worker's root doesn't matter")
	}
	for _, r := range []job.Recipe{{Renderer: "blender", Engine: "CYCLES", Format: "PNG"}, {Renderer: "povray", Engine: "POVRAY", Format: "PNG"}} {
		if got := lookedAt([32]byte{}, Digest{}, infos(20), PolicyFor(r)); len(got) != 20 {
			t.Errorf("%s looks at %d of 20 frames", r.Engine, len(got))
		}
	}
}

// TestPerceptualLimits has figures on both sides of every limit, within a class and across.
func TestPerceptualLimits(t *testing.T) {
	p := PolicyFor(job.Recipe{Renderer: "blender", Engine: "BLENDER_WORKBENCH", Format: "PNG"})
	for _, c := range []struct {
		name      string
		bad       int     // of 100 tiles
		mean, off float64 // of those
		pass, far bool    // far convicts across classes too
	}{
		{"a step everywhere", 100, 0.5 / 255, 0.1, true, false},
		{"a few edges", 3, 2.0 / 255, 0.5, true, false},
		{"more edges", 4, 2.0 / 255, 0.1, false, false},
		{"pixels that are off", 4, 0.1 / 255, 0.3, false, false},
		{"one tile far off", 1, 4.5 / 255, 0.1, false, false},
		{"one tile of another picture", 1, 20.0 / 255, 1, false, true},
		{"a tenth of another picture", 10, 4.0 / 255, 0.9, false, true},
	} {
		for _, same := range []bool{true, false} {
			v := Verdict{Policy: p, SameClass: same}
			for i := range 100 {
				f := TileFigure{Frame: i % 5, Tile: i}
				if i < c.bad {
					f.MeanDiff, f.Outliers = c.mean, c.off
				}
				v.Tiles = append(v.Tiles, f)
			}
			decidePerceptual(&v, 20)
			undecided := !c.pass && !c.far && !same
			if v.Pass != c.pass || v.Inconclusive != undecided {
				t.Errorf("%s, same class %v: pass %v, inconclusive %v: %s", c.name, same, v.Pass, v.Inconclusive, v.Reason)
			}
			for _, says := range []string{"BLENDER_WORKBENCH", "limits 4.0 of 255", "a reduced re-render: 5 of 20 frames, whole"} {
				if !strings.Contains(v.Reason, says) {
					t.Errorf("%s: the verdict doesn't say %q: %s", c.name, says, v.Reason)
				}
			}
		}
	}
}
