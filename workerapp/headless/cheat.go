//go:build cheat

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// This file is only in the binaries that the end-to-end test builds with the tag cheat: it
// makes a worker that promises one thing and renders another.

func cheatFlag(flags *pflag.FlagSet) func([]render.Renderer) ([]render.Renderer, error) {
	how := flags.String("cheat", "", "half-samples, other-frame, one-tile, false-guides or dark-join")
	return func(renderers []render.Renderer) ([]render.Renderer, error) {
		switch *how {
		case "":
			return renderers, nil
		case "half-samples", "other-frame", "one-tile", "false-guides", "dark-join":
		default:
			return nil, fmt.Errorf("--cheat %s is not known: use half-samples, other-frame, one-tile, false-guides or dark-join", *how)
		}
		var cheaters []render.Renderer
		for _, r := range renderers {
			cheaters = append(cheaters, cheater{r, *how})
		}
		return cheaters, nil
	}
}

type cheater struct {
	render.Renderer
	how string
}

func (c cheater) Open(ctx context.Context, o render.Options) (render.Session, error) {
	if c.how == "half-samples" {
		o.Recipe.Samples = max(1, o.Recipe.Samples/2)
	}
	s, err := c.Renderer.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return cheat{s, c.how}, nil
}

type cheat struct {
	render.Session
	how string
}

var _ render.Developer = cheat{}

func (c cheat) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (render.Frame, error) {
	promised := r.Frame
	if c.how == "other-frame" {
		r.Frame++
	}
	frame, err := c.Session.Render(ctx, r, progress)
	frame.Number = promised
	if err == nil && c.how == "one-tile" {
		for _, tile := range frame.Tiles {
			invert(tile.Master)
		}
		if frame.Master != "" {
			err = spoil(&frame)
		}
	}
	if err == nil && c.how == "false-guides" {
		for _, tile := range frame.Tiles {
			blacken(tile.Master)
		}
	}
	return frame, err
}

// blacken spoils what guides the denoiser of a still, in the master of one of its tiles.
func blacken(img *raster.Raster) {
	if _, _, err := proof.SplitGuides(img); err != nil {
		return
	}
	for y := range img.H {
		for x := range img.W {
			for channel := range img.Channels {
				if channel%10 > 3 {
					img.Set(x, y, channel, 0)
				}
			}
		}
	}
}

// Develop is honest, unless a still that is joined from tiles is to be delivered with half of
// its light.
func (c cheat) Develop(ctx context.Context, d render.Develop) (render.Developed, error) {
	s, ok := c.Session.(render.Developer)
	if !ok {
		return render.Developed{}, &render.Error{Kind: render.ErrUnsupported, Cause: "this renderer makes no image from a master"}
	}
	if c.how == "dark-join" && d.Master != nil {
		dark := *d.Master
		dark.Bits = bytes.Clone(d.Master.Bits)
		for y := range dark.H {
			for x := range dark.W {
				for channel := range min(3, len(dark.Channels)) {
					dark.Set(x, y, channel, dark.At(x, y, channel)/2)
				}
			}
		}
		d.Master = &dark
	}
	return s.Develop(ctx, d)
}

// invert spoils the first sixteen pixels square of an image; nil is none.
func invert(img *raster.Raster) {
	if img == nil {
		return
	}
	for y := range min(16, img.H) {
		for x := range min(16, img.W) {
			for channel := range min(3, len(img.Channels)) {
				img.Set(x, y, channel, 1-img.At(x, y, channel))
			}
		}
	}
}

// spoil inverts the first tile of a frame's image and master: a check of a few tiles hardly
// ever looks there.
func spoil(frame *render.Frame) error {
	for i, f := range append([]render.File{{Path: frame.Master}}, frame.Files...) {
		raw, err := os.ReadFile(f.Path)
		if err != nil {
			return fmt.Errorf("spoil a tile: %w", err)
		}
		decode := raster.DecodePNG
		if i == 0 {
			decode = raster.DecodeEXR
		}
		img, err := decode(raw, raster.Limits{})
		if err != nil {
			return fmt.Errorf("spoil a tile of %s: %w", f.Path, err)
		}
		invert(img)
		var b bytes.Buffer
		if i == 0 {
			err = raster.EncodeEXR(&b, img, true)
		} else {
			err = raster.EncodePNG(&b, img)
			frame.Files[i-1].Size = int64(b.Len())
		}
		if err == nil {
			err = os.WriteFile(f.Path, b.Bytes(), 0o600)
		}
		if err != nil {
			return fmt.Errorf("spoil a tile of %s: %w", f.Path, err)
		}
	}
	return nil
}
