//go:build cheat

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// This file is only in the binaries that the end-to-end test builds with the tag cheat: it
// makes a worker that promises one thing and renders another.

func cheatFlag(flags *pflag.FlagSet) func([]render.Renderer) ([]render.Renderer, error) {
	how := flags.String("cheat", "", "half-samples, other-frame or one-tile")
	return func(renderers []render.Renderer) ([]render.Renderer, error) {
		switch *how {
		case "":
			return renderers, nil
		case "half-samples", "other-frame", "one-tile":
		default:
			return nil, fmt.Errorf("--cheat %s is not known: use half-samples, other-frame or one-tile", *how)
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

func (c cheat) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (render.Frame, error) {
	promised := r.Frame
	if c.how == "other-frame" {
		r.Frame++
	}
	frame, err := c.Session.Render(ctx, r, progress)
	frame.Number = promised
	if err == nil && c.how == "one-tile" && frame.Master != "" {
		err = spoil(&frame)
	}
	return frame, err
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
		for y := range min(16, img.H) {
			for x := range min(16, img.W) {
				for channel := range min(3, len(img.Channels)) {
					img.Set(x, y, channel, 1-img.At(x, y, channel))
				}
			}
		}
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
