package proof

import (
	"math"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// waves is a picture that motif changes.
func waves(w, h int, depth raster.Depth, motif, light, move float64) *raster.Raster {
	img := raster.New(w, h, []string{"R", "G", "B", "A"}, depth)
	for y := range h {
		for x := range w {
			fx, fy := (float64(x)+move)*160/float64(w), float64(y)*90/float64(h)
			v := light * (0.45 + 0.2*math.Sin(fx/(7+motif)+motif) + 0.2*math.Cos(fy/(5+motif)+fx/(11+2*motif)))
			if depth.Float() {
				v = v * v
			}
			for c := range 3 {
				img.Set(x, y, c, min(v*(1-0.1*float64(c)), 1))
			}
			img.Set(x, y, 3, 1)
		}
	}
	return img
}

func TestPrints(t *testing.T) {
	print := func(img *raster.Raster) Print {
		t.Helper()
		p, ok := PrintOf(img)
		if !ok {
			t.Fatalf("no print of %d×%d pixels", img.W, img.H)
		}
		return p
	}
	base := print(waves(160, 90, raster.U8, 0, 1, 0))
	for name, img := range map[string]*raster.Raster{
		"16 bits": waves(160, 90, raster.U16, 0, 1, 0), "linear": waves(160, 90, raster.F16, 0, 1, 0), "brighter": waves(160, 90, raster.U8, 0, 1.02, 0),
		"moved": waves(160, 90, raster.U8, 0, 1, 1), "enlarged": waves(640, 360, raster.U8, 0, 1, 0), "very large": waves(2400, 1350, raster.U8, 0, 1, 0),
	} {
		if n := base.Apart(print(img)); n > AlikeBits {
			t.Errorf("%s: %d bits apart", name, n)
		}
	}
	for motif := 1.0; motif < 20; motif++ {
		if n := base.Apart(print(waves(160, 90, raster.U8, motif, 1, 0))); n <= AlikeBits {
			t.Errorf("motif %.0f: %d bits apart", motif, n)
		}
	}
	for name, img := range map[string]*raster.Raster{
		"black": raster.New(160, 90, []string{"R", "G", "B"}, raster.U8), "small": waves(67, 64, raster.U8, 0, 1, 0), "low": waves(68, 63, raster.U8, 0, 1, 0),
	} {
		if _, ok := PrintOf(img); ok {
			t.Errorf("%s: it has a print", name)
		}
	}
	nan := waves(160, 90, raster.F32, 0, 1, 0)
	for x := range nan.W {
		nan.Set(x, 5, 0, math.NaN())
	}
	if n := base.Apart(print(nan)); n > 128 {
		t.Errorf("a line of NaN changes %d bits", n)
	}
}

// FuzzParsePrint reads what strangers write in evidence.
func FuzzParsePrint(f *testing.F) {
	f.Add(Print{1, 2, 3, 1 << 63}.String())
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePrint(text)
		if err != nil {
			return
		}
		again, err := ParsePrint(p.String())
		if err != nil || again != p || p.Apart(again) != 0 {
			t.Errorf("%q is read as %v and %v: %v", text, p, again, err)
		}
	})
}
