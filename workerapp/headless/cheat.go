//go:build cheat

package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/heliostat-render/heliostat/shared/render"
)

// This file is only in the binaries that the end-to-end test builds with the tag cheat: it
// makes a worker that promises one thing and renders another.

func cheatFlag(flags *pflag.FlagSet) func([]render.Renderer) ([]render.Renderer, error) {
	how := flags.String("cheat", "", "half-samples or other-frame")
	return func(renderers []render.Renderer) ([]render.Renderer, error) {
		switch *how {
		case "":
			return renderers, nil
		case "half-samples", "other-frame":
		default:
			return nil, fmt.Errorf("--cheat %s is not known: use half-samples or other-frame", *how)
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
	return frame, err
}
