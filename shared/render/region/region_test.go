package region

import (
	"math/rand/v2"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

func cost(boxes []Box, fixed, margin int) int {
	sum := 0
	for _, b := range boxes {
		sum += fixed + (b.W+2*margin)*(b.H+2*margin)
	}
	return sum
}

func TestPlanCoversEveryBorderOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var borders []render.Rect
		for range r.IntN(40) {
			borders = append(borders, render.Rect{X: r.IntN(60) * 16, Y: r.IntN(33) * 16, W: 16, H: 16})
		}
		fixed, margin := r.IntN(5000), r.IntN(5)
		boxes := Plan(borders, fixed, margin)
		seen := make([]int, len(borders))
		for _, box := range boxes {
			for _, i := range box.Members {
				seen[i]++
				b := borders[i]
				if b.X < box.X || b.Y < box.Y || b.X+b.W > box.X+box.W || b.Y+b.H > box.Y+box.H {
					t.Fatalf("border %+v isn't in its box %+v", b, box.Rect)
				}
			}
		}
		for i, n := range seen {
			if n != 1 {
				t.Fatalf("border %d is in %d boxes", i, n)
			}
		}
		if alone := Plan(borders, 0, 0); cost(boxes, fixed, margin) > cost(alone, fixed, margin) {
			t.Fatalf("%d boxes cost more than %d", len(boxes), len(alone))
		}
	}
}

func TestPlanWeighsCallsAgainstPixels(t *testing.T) {
	far := []render.Rect{{W: 16, H: 16}, {X: 400, Y: 200, W: 16, H: 16}}
	if n := len(Plan(far, 256, 0)); n != 2 {
		t.Errorf("cheap calls: %d boxes", n)
	}
	if n := len(Plan(far, 1<<20, 0)); n != 1 {
		t.Errorf("dear calls: %d boxes", n)
	}
	if boxes := Plan([]render.Rect{{W: 16, H: 16}, {X: 16, W: 16, H: 16}}, 1, 0); len(boxes) != 1 || boxes[0].W != 32 {
		t.Errorf("neighbours: %+v", boxes)
	}
}

func TestCosts(t *testing.T) {
	var c Costs
	if c.Fixed(100) != 0 {
		t.Error("knows something")
	}
	c.Add(256, 0.3)
	if n := c.Fixed(1 << 20); n != 256 {
		t.Errorf("one box: %d", n)
	}
	// A fifth of a second, and a hundred thousand pixels a second.
	c = Costs{}
	for _, p := range []int{256, 256, 4000, 20000} {
		c.Add(p, 0.2+float64(p)/100_000)
	}
	if n := c.Fixed(1 << 20); n < 19_999 || n > 20_001 {
		t.Errorf("a line: %d", n)
	}
	if n := c.Fixed(1000); n != 1000 {
		t.Errorf("the limit: %d", n)
	}
}

func TestCutTakesEachBorderFromItsPlace(t *testing.T) {
	shown := render.Rect{X: 8, Y: 4, W: 24, H: 16} // with a margin around the box
	whole := raster.New(shown.W, shown.H, []string{"V"}, raster.F32)
	for y := range shown.H {
		for x := range shown.W {
			whole.Set(x, y, 0, float64(1000*(shown.Y+y)+shown.X+x))
		}
	}
	borders := []render.Rect{{X: 100, W: 1, H: 1}, {X: 12, Y: 8, W: 4, H: 2}, {X: 20, Y: 10, W: 8, H: 6}}
	tiles := make([]render.Tile, len(borders))
	box := Box{Rect: render.Rect{X: 12, Y: 8, W: 16, H: 8}, Members: []int{1, 2}}
	if err := box.Cut(whole, nil, shown, borders, tiles); err != nil {
		t.Fatal(err)
	}
	for _, n := range box.Members {
		b, got := borders[n], tiles[n].Final
		if tiles[n].Rect != b || tiles[n].Master != nil || got.W != b.W || got.H != b.H {
			t.Fatalf("border %d became %+v", n, tiles[n])
		}
		if first, want := got.At(0, 0, 0), float64(1000*b.Y+b.X); first != want {
			t.Errorf("border %d begins with %v, want %v", n, first, want)
		}
	}
	if tiles[0].Final != nil {
		t.Error("a border of another box was cut")
	}
	if err := (Box{Members: []int{0}}).Cut(whole, nil, shown, borders, tiles); err == nil {
		t.Error("a border outside of what is shown was cut")
	}
}

func TestAWholeImageHoldsEveryBorder(t *testing.T) {
	calls := 0
	w := Work{Borders: make([]render.Rect, 5), Whole: render.Rect{W: 64, H: 64}, Costs: &Costs{}, Single: true}
	err := w.Run(func(boxes []Box) ([]Took, error) {
		calls++
		if len(boxes) != 1 || boxes[0].Rect != w.Whole || len(boxes[0].Members) != 5 || boxes[0].Members[4] != 4 {
			t.Errorf("got %+v", boxes)
		}
		return nil, nil
	})
	if err != nil || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}
