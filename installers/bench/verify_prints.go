package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/verifier/attack"
)

// printFrames of each scene are compared, under a camera that moves by about a pixel a frame.
const printFrames = 125

// alterations are what somebody does to a frame before it is sold again.
var alterations = []struct {
	name string
	make func(final, master *raster.Raster) (*raster.Raster, error)
}{
	{"16 bit PNG", func(f, _ *raster.Raster) (*raster.Raster, error) { return redraw(f, raster.U16, at(f, 0, 0, 1)), nil }},
	{"OpenEXR", func(_, m *raster.Raster) (*raster.Raster, error) { return m, nil }},
	{"JPEG 90", func(f, _ *raster.Raster) (*raster.Raster, error) { return throughJPEG(f, 90) }},
	{"JPEG 60", func(f, _ *raster.Raster) (*raster.Raster, error) { return throughJPEG(f, 60) }},
	{"2 % brighter", func(f, _ *raster.Raster) (*raster.Raster, error) { return redraw(f, f.Depth, at(f, 0, 0, 1.02)), nil }},
	{"a pixel right", func(f, _ *raster.Raster) (*raster.Raster, error) { return redraw(f, f.Depth, at(f, 1, 0, 1)), nil }},
	{"a pixel down", func(f, _ *raster.Raster) (*raster.Raster, error) { return redraw(f, f.Depth, at(f, 0, 1, 1)), nil }},
}

// at reads a moved and lit image.
func at(r *raster.Raster, dx, dy int, light float64) func(x, y, c int) float64 {
	return func(x, y, c int) float64 { return min(light*r.At(max(x-dx, 0), max(y-dy, 0), c), 1) }
}

func redraw(like *raster.Raster, depth raster.Depth, value func(x, y, c int) float64) *raster.Raster {
	out := raster.New(like.W, like.H, like.Channels, depth)
	for y := range out.H {
		for x := range out.W {
			for c := range out.Channels {
				out.Set(x, y, c, value(x, y, c))
			}
		}
	}
	return out
}

func throughJPEG(r *raster.Raster, quality int) (*raster.Raster, error) {
	img := image.NewNRGBA(image.Rect(0, 0, r.W, r.H))
	for y := range r.H {
		for x := range r.W {
			v := func(c int) uint8 { return uint8(255*r.At(x, y, c) + 0.5) }
			img.SetNRGBA(x, y, color.NRGBA{R: v(0), G: v(1), B: v(2), A: 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("write a JPEG: %w", err)
	}
	return proof.Look(".jpg", b.Bytes(), raster.Limits{})
}

// prints renders animations and prints how many altered copies the index of prints finds, and how many pairs of
// different frames it takes for copies: of other scenes, which the network compares, and neighbours in one
// scene, which it leaves out.
func prints(ctx context.Context, e env) (err error) {
	l, err := lab(ctx, e, "prints", attack.Options{Width: 160, Height: 90, Samples: 4})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	var found, other, near tally
	var all [][]proof.Print // by scene
	for _, scene := range attack.Scenes {
		var list []proof.Print
		for frame := 1; frame <= printFrames; frame++ {
			f, err := l.Shoot(ctx, attack.Shot{Scene: scene, Variation: "pan", Frame: frame, Seed: attack.Seed(frame)})
			if err != nil {
				return err
			}
			final, err := raster.DecodePNG(f.Final, raster.Limits{})
			if err != nil {
				return fmt.Errorf("read a frame: %w", err)
			}
			master, err := raster.DecodeEXR(f.Master, raster.Limits{})
			if err != nil {
				return fmt.Errorf("read a master: %w", err)
			}
			p, ok := proof.PrintOf(final)
			if !ok {
				log.Printf("frame %d of %s has no print", frame, scene)
				continue
			}
			list = append(list, p)
			for _, a := range alterations {
				img, err := a.make(final, master)
				if err != nil {
					return fmt.Errorf("%s: %w", a.name, err)
				}
				q, ok := proof.PrintOf(img)
				n := p.Apart(q)
				found.add(ok && n <= proof.AlikeBits)
				if n > proof.AlikeBits {
					log.Printf("frame %d of %s, %s: %d bits apart", frame, scene, a.name, n)
				}
			}
		}
		all = append(all, list)
		l.Forget()
	}
	for i := range all {
		for k, p := range all[i] {
			for j := i; j < len(all); j++ {
				for m, q := range all[j] {
					switch alike := p.Apart(q) <= proof.AlikeBits; {
					case j > i:
						other.add(alike)
					case m == k+1:
						near.add(alike)
					}
				}
			}
		}
	}
	row("duplicate_found", float64(found.caught), "copies", float64(found.tried))
	row("duplicate_false", float64(other.caught), "pairs of frames", float64(other.tried))
	row("duplicate_neighbours", float64(near.caught), "pairs of frames", float64(near.tried))
	return nil
}
