package audit

import (
	"context"
	"fmt"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack/fetch"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// cycles is the engine that always has a noisy linear pass, whichever program it runs in.
const cycles = "CYCLES"

// hold takes a session with the offer's scene loaded; the caller calls Done.
func (v *Verifier) hold(ctx context.Context, offer wire.AuditOffer) (*warm.Held, error) {
	key, err := v.options.Identity.OpenJobKey(offer.Package, offer.JobKey)
	if err != nil {
		return nil, fmt.Errorf("open the job key: %w", err)
	}
	found, err := v.choose(offer)
	if err != nil {
		return nil, err
	}
	return v.options.Pool.Take(ctx, warm.Want{
		Package: offer.Package,
		Recipe:  offer.Recipe,
		Found:   found,
		Tiled:   offer.Kind != job.TaskRender,
		Extract: func(ctx context.Context, dir string) error {
			return v.fetcher.Fetch(ctx, fetch.Package{ID: offer.Package, Audit: offer.Audit, Manifest: offer.Manifest, JobKey: key}, dir, nil)
		},
	})
}

// render renders the challenged tiles without knowing anything of the worker's. The
// samples come in the challenge's order, the master before the final or the guides. Nothing changes in the state where it fails.
func (v *Verifier) render(ctx context.Context, s *State) error {
	offer := s.Offer
	held, err := v.hold(ctx, offer)
	if err != nil {
		return err
	}
	defer held.Done()
	seconds := 0.0
	policy := policyOf(offer)
	tiles := map[int][]render.Tile{}
	for i, f := range offer.Frames {
		var borders []render.Rect
		for _, t := range offer.Tiles {
			if t.Frame == f.Frame {
				borders = append(borders, render.Rect{X: t.X, Y: t.Y, W: t.W, H: t.H})
			}
		}
		if len(borders) == 0 {
			continue
		}
		frame, err := held.Render(ctx, render.Request{Frame: f.Frame, Seed: f.Seed, Borders: borders, Master: policy.NeedMaster || offer.Recipe.Engine == cycles}, nil)
		if err != nil {
			return fmt.Errorf("render the challenged tiles of frame %d: %w", f.Frame, err)
		}
		if len(frame.Tiles) != len(borders) {
			return fmt.Errorf("frame %d: the renderer gave %d tiles for %d borders", f.Frame, len(frame.Tiles), len(borders))
		}
		tiles[f.Frame] = frame.Tiles
		seconds += frame.Seconds
		v.say(offer.Audit, float64(i+1)/float64(len(offer.Frames)))
	}
	var samples []proof.TileSample
	var channels []string
	var layouts []proof.Layout
	for _, t := range offer.Tiles {
		tile := tiles[t.Frame][0]
		tiles[t.Frame] = tiles[t.Frame][1:]
		if tile.Master != nil {
			channels = tile.Master.Channels
		}
		both, err := sample(offer, policy, t, tile)
		if err != nil {
			return err
		}
		if len(samples) == 0 {
			layouts = proof.LayoutsOf(tile.Master, tile.Final)
		}
		samples = append(samples, both...)
	}
	s.Samples, s.Channels, s.Layouts, s.Seconds = samples, channels, layouts, seconds
	return nil
}

// sample gives a rendered tile in each plane that the policy compares.
func sample(offer wire.AuditOffer, policy proof.Policy, t wire.Tile, tile render.Tile) ([]proof.TileSample, error) {
	var out []proof.TileSample
	add := func(s proof.TileSample, err error) error {
		if err != nil {
			return fmt.Errorf("tile %d of frame %d: %w", t.Tile, t.Frame, err)
		}
		out = append(out, s)
		return nil
	}
	w, h := policy.W, policy.H
	master, guides := tile.Master, (*raster.Raster)(nil)
	if policy.Guides && master != nil {
		var err error
		if master, guides, err = proof.SplitGuides(master); err != nil {
			return nil, fmt.Errorf("tile %d of frame %d: %w", t.Tile, t.Frame, err)
		}
	}
	if master != nil {
		if err := add(proof.Sample(t.Frame, w, h, t.Tile, proof.Master, master)); err != nil {
			return nil, err
		}
	}
	if tile.Final != nil && (policy.CompareFinal || tile.Master == nil) {
		if err := add(proof.Sample(t.Frame, w, h, t.Tile, proof.Final, tile.Final)); err != nil {
			return nil, err
		}
	}
	if guides != nil {
		if err := add(proof.Sample(t.Frame, w, h, t.Tile, proof.Guides, guides)); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("tile %d of frame %d: the renderer gave nothing to compare", t.Tile, t.Frame)
	}
	return out, nil
}
