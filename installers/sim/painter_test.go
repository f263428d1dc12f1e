package sim

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// TestFilesAreWhatTheyAreCommittedAs: whoever reads the files finds the committed images, by ways that have nothing
// to do with how they were painted.
func TestFilesAreWhatTheyAreCommittedAs(t *testing.T) {
	seen := map[proof.Digest]bool{}
	for frame := range 8 {
		for seed := range int32(8) {
			i, err := paint(frame, seed)
			if err != nil {
				t.Fatal(err)
			}
			c, trees, err := proof.CommitBytes(frame, ".png", i.final, i.master)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(c, i.commit) {
				t.Fatalf("frame %d is committed as\n%+v, its files give\n%+v", frame, i.commit, c)
			}
			if err := proof.Garbage(".png", i.final, i.master, Side, Side); err != nil {
				t.Error(err)
			}
			for p := range Side * Side {
				light := raster.Value(raster.F16, trees.Master.Bits, 4*p)
				if shown := raster.Value(raster.U8, trees.Final.Bits, 3*p); shown*shown < light-0.01 || shown*shown > light+0.01 {
					t.Fatalf("pixel %d is %v, shown as %v", p, light, shown)
				}
			}
			for tile, a := range c.Activity {
				if a < proof.TexturedActivity {
					t.Errorf("tile %d of frame %d carries no noise: %d", tile, frame, a)
				}
			}
			if seen[c.FileDigest] || seen[c.MasterDigest] || seen[c.MasterRoot] || seen[c.FinalRoot] {
				t.Errorf("frame %d under seed %d is another's copy", frame, seed)
			}
			seen[c.FileDigest], seen[c.MasterDigest], seen[c.MasterRoot], seen[c.FinalRoot] = true, true, true, true
			if frame == 0 && seed == 0 {
				t.Logf("a delivered file of %d bytes, a master of %d", len(i.final), len(i.master))
				again, err := paint(frame, seed)
				if err != nil || !bytes.Equal(again.final, i.final) || !bytes.Equal(again.master, i.master) {
					t.Errorf("it isn't painted the same twice (%v)", err)
				}
			}
		}
	}
}

func BenchmarkPaint(b *testing.B) {
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, err := paint(n, 5); err != nil {
			b.Fatal(err)
		}
	}
}
