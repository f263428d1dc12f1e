package region

import (
	"math/rand/v2"
	"testing"

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
