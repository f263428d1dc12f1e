package raster

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// An image in parts is joined, or held against them, line by line from the top. What lies in
// memory is sixteen lines of the image and of the parts beside each other, whatever its size: about
// 5 MB where half-float RGBA is 16384 pixels wide.

// MaxParts bounds the parts of one image.
const MaxParts = 1024

var (
	// ErrParts means that parts don't make an image: they overlap, leave a gap, or differ in
	// the number or type of their channels.
	ErrParts = errors.New("parts that make no image")
	// ErrDiffers means that an image isn't what its parts make.
	ErrDiffers = errors.New("the image isn't made of its parts")
)

// Placed is a part of an image and where it lies in it.
type Placed struct {
	Rect
	// Open opens the part when its first line is needed; it is closed after the last.
	Open func() (*EXR, error)
}

// Difference is the first pixel, line by line from the top, in which an image isn't what its parts make.
type Difference struct {
	X, Y    int
	Part    int    // index of the part that the pixel is in
	Channel string // as the image calls it; "" when the number of channels or their type differs
}

func (d *Difference) Error() string {
	if d.Channel == "" {
		return fmt.Sprintf("%v: it has other channels", ErrDiffers)
	}
	return fmt.Sprintf("%v: pixel %d, %d differs from part %d in %s", ErrDiffers, d.X, d.Y, d.Part, d.Channel)
}

// Unwrap gives ErrDiffers.
func (d *Difference) Unwrap() error { return ErrDiffers }

// CheckParts makes sure that parts cover an image of w by h pixels once. Its errors wrap
// ErrParts or ErrLimit.
func CheckParts(w, h int, parts []Rect) error {
	if w <= 0 || h <= 0 || w > maxSide || h > maxSide || int64(w)*int64(h) > DefaultMaxPixels {
		return fmt.Errorf("%w: %d×%d pixels", ErrLimit, w, h)
	}
	if len(parts) == 0 || len(parts) > MaxParts {
		return fmt.Errorf("%w: %d parts, 1 to %d are taken", ErrLimit, len(parts), MaxParts)
	}
	for _, p := range parts {
		if p.W <= 0 || p.H <= 0 || p.X < 0 || p.Y < 0 || p.X > w-p.W || p.Y > h-p.H {
			return fmt.Errorf("%w: %d×%d pixels at %d, %d aren't inside %d×%d", ErrParts, p.W, p.H, p.X, p.Y, w, h)
		}
	}
	s := newSweep(parts)
	for y := range h {
		if !s.move(y) {
			continue
		}
		x := 0
		for _, i := range s.active {
			if parts[i].X != x {
				return fmt.Errorf("%w: they overlap or leave a gap near pixel %d, %d", ErrParts, min(x, parts[i].X), y)
			}
			x += parts[i].W
		}
		if x != w {
			return fmt.Errorf("%w: they leave a gap at pixel %d, %d", ErrParts, x, y)
		}
	}
	return nil
}

// sweep knows which parts a line goes through.
type sweep struct {
	parts  []Rect
	order  []int // by their first line
	active []int // from the left
}

func newSweep(parts []Rect) *sweep {
	s := &sweep{parts: parts, order: make([]int, len(parts))}
	for i := range parts {
		s.order[i] = i
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return cmp.Compare(parts[a].Y, parts[b].Y) })
	return s
}

// move goes on to line y, the one after the last, and tells whether the parts changed.
func (s *sweep) move(y int) bool {
	before := len(s.active)
	s.active = slices.DeleteFunc(s.active, func(i int) bool { return s.parts[i].Y+s.parts[i].H <= y })
	changed := len(s.active) != before
	for len(s.order) > 0 && s.parts[s.order[0]].Y == y {
		s.active, s.order, changed = append(s.active, s.order[0]), s.order[1:], true
	}
	if changed {
		slices.SortFunc(s.active, func(a, b int) int { return cmp.Compare(s.parts[a].X, s.parts[b].X) })
	}
	return changed
}

// kind is what all parts of an image have in common.
type kind struct {
	channels int
	depth    Depth
}

// join reads the parts of an image line by line. found is told their kind once, line each
// line's samples as Raster.Bits has them.
func join(w, h int, parts []Placed, found func(kind) error, line func(y int, bits []byte) error) (err error) {
	rects := rectsOf(parts)
	if err := CheckParts(w, h, rects); err != nil {
		return err
	}
	open := map[int]*EXR{}
	defer func() {
		for _, e := range open {
			err = errors.Join(err, e.Close())
		}
	}()
	var first *kind
	var row []byte
	s := newSweep(rects)
	for y := range h {
		if s.move(y) {
			for i, e := range open {
				if !slices.Contains(s.active, i) {
					delete(open, i)
					if err := e.Close(); err != nil {
						return fmt.Errorf("part %d: %w", i, err)
					}
				}
			}
			for _, i := range s.active {
				if open[i] != nil {
					continue
				}
				e, err := parts[i].Open()
				if err != nil {
					return fmt.Errorf("part %d: %w", i, err)
				}
				open[i] = e
				if e.W != rects[i].W || e.H != rects[i].H {
					return fmt.Errorf("part %d: %w: it has %d×%d pixels where %d×%d are expected", i, ErrLimit, e.W, e.H, rects[i].W, rects[i].H)
				}
				if first == nil {
					first = &kind{channels: len(e.Channels), depth: e.Depth}
					if err := found(*first); err != nil {
						return err
					}
					row = make([]byte, w*len(e.Channels)*e.Depth.Size())
				}
				if k := (kind{channels: len(e.Channels), depth: e.Depth}); k != *first {
					return fmt.Errorf("%w: part %d has other channels than the others", ErrParts, i)
				}
			}
		}
		at := 0
		for _, i := range s.active {
			bits, err := open[i].Line(y - rects[i].Y)
			if err != nil {
				return fmt.Errorf("part %d: %w", i, err)
			}
			at += copy(row[at:], bits)
		}
		if err := line(y, row); err != nil {
			return err
		}
	}
	return nil
}

// step is after how many lines progress is told.
const step = 16

// Paste writes the image that its parts make as ZIP-compressed OpenEXR, its channels named
// channels, in the order that DecodeEXR gives them. All parts have as many channels, of one depth, and each
// the size of its place; else the error wraps ErrParts or ErrLimit. progress, which may be nil, is told the share that
// is done, and its error ends it.
func Paste(out io.WriterAt, w, h int, channels []string, parts []Placed, progress func(done float64) error) error {
	var e *encoder
	var sizes []int
	var at int64
	var lines []byte
	found := func(k kind) (err error) {
		if k.channels != len(channels) {
			return fmt.Errorf("%w: they have %d channels where %d are expected", ErrParts, k.channels, len(channels))
		}
		if e, err = newEncoder(w, h, channels, k.depth, true); err == nil {
			at = e.first()
		}
		return err
	}
	err := join(w, h, parts, found, func(y int, bits []byte) error {
		lines = append(lines, bits...)
		if (y+1)%e.lines != 0 && y+1 != h {
			return nil
		}
		chunk, err := e.block(len(sizes)*e.lines, lines)
		if err != nil {
			return err
		}
		if _, err := out.WriteAt(chunk, at); err != nil {
			return fmt.Errorf("writing OpenEXR pixels: %w", err)
		}
		at, sizes, lines = at+int64(len(chunk)), append(sizes, len(chunk)), lines[:0]
		return told(progress, y, h)
	})
	if err != nil {
		return fmt.Errorf("joining %d parts: %w", len(parts), err)
	}
	if _, err := out.WriteAt(e.start(sizes), 0); err != nil {
		return fmt.Errorf("joining %d parts: writing the head: %w", len(parts), err)
	}
	return nil
}

// Same makes sure that an image is what its parts make, exact in every bit of every sample.
// Where it isn't, the error wraps ErrDiffers: it is a *Difference, or the image is malformed. progress is as Paste's.
func Same(whole *EXR, parts []Placed, progress func(done float64) error) error {
	channels, size, owner := whole.Channels, whole.Depth.Size(), newSweep(rectsOf(parts))
	found := func(k kind) error {
		if whole.Depth != k.depth || len(channels) != k.channels {
			return &Difference{}
		}
		return nil
	}
	err := join(whole.W, whole.H, parts, found, func(y int, bits []byte) error {
		owner.move(y)
		have, err := whole.Line(y)
		if errors.Is(err, ErrFormat) {
			return fmt.Errorf("%w: %w", ErrDiffers, err)
		}
		if err != nil {
			return err
		}
		if !bytes.Equal(have, bits) {
			i := 0
			for have[i] == bits[i] {
				i++
			}
			sample := i / size
			d := &Difference{X: sample / len(channels), Y: y, Channel: channels[sample%len(channels)]}
			for _, p := range owner.active {
				if parts[p].X <= d.X {
					d.Part = p
				}
			}
			return d
		}
		return told(progress, y, whole.H)
	})
	if err != nil {
		return fmt.Errorf("comparing with %d parts: %w", len(parts), err)
	}
	return nil
}

func rectsOf(parts []Placed) []Rect {
	rects := make([]Rect, len(parts))
	for i, p := range parts {
		rects[i] = p.Rect
	}
	return rects
}

func told(progress func(done float64) error, y, h int) error {
	if progress == nil || (y+1)%step != 0 && y+1 != h {
		return nil
	}
	return progress(float64(y+1) / float64(h))
}
