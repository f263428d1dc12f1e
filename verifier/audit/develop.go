package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
)

// darkroom makes delivered images from revealed masters, with a session that it takes when
// the first one is asked for.
type darkroom struct {
	v      *Verifier
	state  *State
	policy proof.Policy
	held   *warm.Held
}

func (d *darkroom) done() {
	if d.held != nil {
		d.held.Done()
	}
}

// relate adds how a delivered file relates to its master, where the policy asks for that.
func (d *darkroom) relate(ctx context.Context, e *proof.Evidence, c proof.FrameCommit, trees *proof.Trees, final []byte) error {
	if d.policy.Likeness == proof.LikeNone {
		return nil
	}
	r := proof.Relation{Frame: c.Frame, File: c.FileDigest}
	if trees.Master == nil || len(trees.Master.Channels) != len(d.state.Channels) {
		// The verdict convicts for it anyway; there is nothing to develop.
		r.Unread = "its master has other channels than the recipe gives"
		e.Delivered = append(e.Delivered, r)
		return nil
	}
	made, data, err := d.develop(ctx, c.Frame, trees)
	switch {
	case errors.Is(err, render.ErrUnsupported):
		r.Unread = err.Error()
	case err != nil:
		return err
	default:
		if r, err = proof.Relate(c, d.policy, d.policy.Ext, final, data, made.Sampled); err != nil {
			return fmt.Errorf("compare with the master: %w", err)
		}
	}
	r.Unread = clip(strings.ToValidUTF8(r.Unread, ""), 256)
	e.Delivered = append(e.Delivered, r)
	return nil
}

func (d *darkroom) develop(ctx context.Context, frame int, trees *proof.Trees) (render.Developed, []byte, error) {
	if d.held == nil {
		var err error
		if d.held, err = d.v.hold(ctx, d.state.Offer); err != nil {
			return render.Developed{}, nil, err
		}
	}
	var seed int32
	for _, f := range d.state.Offer.Frames {
		if f.Frame == frame {
			seed = f.Seed
		}
	}
	master := *trees.Master
	master.Channels = d.state.Channels
	made, err := d.held.Develop(ctx, render.Develop{Frame: frame, Seed: seed, Master: &master})
	if err != nil {
		return made, nil, err
	}
	d.state.Seconds += made.Seconds
	if made.File.Size > maxFile {
		return made, nil, fmt.Errorf("the image made from frame %d's master has %d bytes", frame, made.File.Size)
	}
	data, err := os.ReadFile(made.File.Path)
	if err != nil {
		return made, nil, fmt.Errorf("read the image made from frame %d's master: %w", frame, err)
	}
	return made, data, nil
}
