// Package region decides which boxes to render for many borders of one frame: a call to a
// renderer costs something before its first pixel, so that borders near each other are
// cheaper as one box, from which each is cut out.
//
// It is not for rendering: a box of a frame has the same pixels as the frame, which the
// renderers see to.
//
// Receives: the borders of a request, and what earlier boxes took, from the sessions.
// Hands on: the boxes to render, to the same.
package region

import (
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// Box is a region to render and the borders that lie in it.
type Box struct {
	render.Rect
	Members []int // indexes of the borders
}

// Plan joins borders into boxes as long as that saves work. fixed is what a box costs
// before its first pixel, in pixels: joining two boxes saves that and adds the pixels
// between them. margin is the width in pixels that is rendered around every box. All borders
// end up in exactly one box. It takes time in proportion to the
// square of their number, its cube at worst.
func Plan(borders []render.Rect, fixed, margin int) []Box {
	boxes := make([]Box, len(borders))
	for i, b := range borders {
		boxes[i] = Box{Rect: b, Members: []int{i}}
	}
	// best[i] is the box after i that it is best joined with, and what that saves.
	type match struct{ with, saves int }
	best := make([]match, len(boxes))
	area := func(r render.Rect) int { return (r.W + 2*margin) * (r.H + 2*margin) }
	saves := func(i, j int) int {
		return fixed + area(boxes[i].Rect) + area(boxes[j].Rect) - area(join(boxes[i].Rect, boxes[j].Rect))
	}
	look := func(i int) {
		best[i] = match{with: -1}
		for j := i + 1; j < len(boxes); j++ {
			if n := saves(i, j); n > best[i].saves {
				best[i] = match{with: j, saves: n}
			}
		}
	}
	for i := range boxes {
		look(i)
	}
	for {
		at := -1
		for i := range boxes {
			if best[i].saves > 0 && (at < 0 || best[i].saves > best[at].saves) {
				at = i
			}
		}
		if at < 0 {
			return boxes
		}
		gone, last := best[at].with, len(boxes)-1
		boxes[at].Rect = join(boxes[at].Rect, boxes[gone].Rect)
		boxes[at].Members = append(boxes[at].Members, boxes[gone].Members...)
		boxes[gone] = boxes[last]
		boxes, best = boxes[:last], best[:last]
		for i := range boxes {
			if i == at || i == gone || best[i].with == at || best[i].with == gone || best[i].with == last {
				look(i)
				continue
			}
			// Two boxes are new where they stand; whoever comes before them has a new choice.
			for _, j := range []int{at, gone} {
				if i < j && j < len(boxes) && saves(i, j) > best[i].saves {
					best[i] = match{with: j, saves: saves(i, j)}
				}
			}
		}
	}
}

func join(a, b render.Rect) render.Rect {
	x, y := min(a.X, b.X), min(a.Y, b.Y)
	return render.Rect{X: x, Y: y, W: max(a.X+a.W, b.X+b.W) - x, H: max(a.Y+a.H, b.Y+b.H) - y}
}

// Cut takes a box's borders out of what was rendered for it, which shows that region of the
// frame, and puts them among the tiles of all borders. The delivered image or the noisy master
// may be missing.
func (b Box) Cut(final, master *raster.Raster, shown render.Rect, borders []render.Rect, tiles []render.Tile) (err error) {
	for _, n := range b.Members {
		at := borders[n]
		tiles[n].Rect = at
		at.X, at.Y = at.X-shown.X, at.Y-shown.Y
		if final != nil {
			if tiles[n].Final, err = final.Crop(at); err != nil {
				return err
			}
		}
		if master != nil {
			if tiles[n].Master, err = master.Crop(at); err != nil {
				return err
			}
		}
	}
	return nil
}

// Costs learns from finished boxes what a box costs before its first pixel. The zero value
// knows nothing.
type Costs struct {
	n, p, s, pp, ps float64 // count, and sums of pixels, seconds, pixels², pixels·seconds
}

// Add notes a box. One that had to load or synchronise the frame first isn't typical: leave
// it out.
func (c *Costs) Add(pixels int, seconds float64) {
	p := float64(pixels)
	c.n, c.p, c.s, c.pp, c.ps = c.n+1, c.p+p, c.s+seconds, c.pp+p*p, c.ps+p*seconds
}

// Fixed is that cost in pixels, at most limit: the intercept of the least-squares line
// through the boxes over its slope. While all boxes were of one size, half their time is
// taken for it; 0 before the first.
func (c *Costs) Fixed(limit int) int {
	if c.n == 0 || c.s <= 0 {
		return 0
	}
	mean := c.p / c.n
	spread := c.pp/c.n - mean*mean
	if spread < 1 {
		return min(int(mean), limit)
	}
	slope := (c.ps/c.n - mean*c.s/c.n) / spread
	intercept := c.s/c.n - slope*mean
	switch {
	case intercept <= 0:
		return 0
	case slope <= 0 || intercept/slope > float64(limit):
		return limit
	}
	return int(intercept / slope)
}

// Work is the borders of one request.
type Work struct {
	Borders []render.Rect
	Whole   render.Rect // the frame
	Margin  int         // pixels that are rendered around every box
	Costs   *Costs      // of the session
	// Single says that the renderer makes only whole images: one box holds every border.
	Single bool
	// Typical says that already the first box costs what the others do; else it also loads or
	// synchronises the frame, and isn't learnt from.
	Typical bool
}

// Took is what a box cost, with its margin.
type Took struct {
	Pixels  int
	Seconds float64
}

// Run gives the boxes to shoot until every border is in one. It learns from each batch: a
// few boxes at first, then more at a time.
func (w Work) Run(shoot func([]Box) ([]Took, error)) error {
	if w.Single {
		box := Box{Rect: w.Whole, Members: make([]int, len(w.Borders))}
		for i := range box.Members {
			box.Members[i] = i
		}
		_, err := shoot([]Box{box})
		return err
	}
	left := make([]int, len(w.Borders))
	for i := range left {
		left[i] = i
	}
	for calls := 0; len(left) > 0; calls++ {
		var batch []Box
		if calls == 0 && !w.Typical {
			batch = []Box{{Rect: w.Borders[left[0]], Members: []int{left[0]}}}
		} else {
			rects := make([]render.Rect, len(left))
			for i, n := range left {
				rects[i] = w.Borders[n]
			}
			batch = Plan(rects, w.Costs.Fixed(w.Whole.W*w.Whole.H), w.Margin)
			for _, box := range batch {
				for i, n := range box.Members {
					box.Members[i] = left[n]
				}
			}
			batch = batch[:min(len(batch), 1<<min(calls, 10))]
		}
		took, err := shoot(batch)
		if err != nil {
			return err
		}
		for i, t := range took {
			if calls > 0 || w.Typical || i > 0 {
				w.Costs.Add(t.Pixels, t.Seconds)
			}
		}
		for _, box := range batch {
			left = slices.DeleteFunc(left, func(n int) bool { return slices.Contains(box.Members, n) })
		}
	}
	return nil
}
