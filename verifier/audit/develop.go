package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// darkroom makes delivered images from revealed masters, with a session that it takes when
// the first one is asked for.
type darkroom struct {
	v      *Verifier
	state  *State
	policy proof.Policy
	eyes   bool // frames whose tiles are compared are developed for their further files
	held   *warm.Held
}

// hasFurther tells whether frames have further files, or should: layers of a scene with two eyes are called
// "layer@eye", see render.
func hasFurther(channels []string, frames []proof.FrameCommit) bool {
	return slices.ContainsFunc(channels, func(c string) bool { return strings.Contains(c, "@") }) ||
		slices.ContainsFunc(frames, func(c proof.FrameCommit) bool { return len(c.Extras) > 0 })
}

func (d *darkroom) done() {
	if d.held != nil {
		d.held.Done()
	}
}

// relate adds how a delivered file relates to its master, where the policy asks for that.
func (d *darkroom) relate(ctx context.Context, e *proof.Evidence, c proof.FrameCommit, trees *proof.Trees, final []byte, further []wire.Signed) error {
	if d.policy.Likeness == proof.LikeNone && !d.eyes {
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
		files := make([]proof.Made, len(made.Extras))
		for i, x := range made.Extras {
			data, err := readMade(c.Frame, x)
			if err != nil {
				return err
			}
			files[i] = proof.Made{Name: x.Name, Digest: sha256.Sum256(data), Open: func() ([]byte, error) { return readMade(c.Frame, x) }}
		}
		if err := r.RelateFurther(c, d.policy, trees.Master.Depth == raster.F32, files, d.v.further(ctx, c, e.Delivered, further)); err != nil {
			return fmt.Errorf("compare further files: %w", err)
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
	data, err := readMade(frame, made.File)
	return made, data, err
}

// readMade reads a file that was made from a frame's master.
func readMade(frame int, f render.File) ([]byte, error) {
	if f.Size > maxFile {
		return nil, fmt.Errorf("the image made from frame %d's master has %d bytes", frame, f.Size)
	}
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("read the image made from frame %d's master: %w", frame, err)
	}
	return data, nil
}

// further fetches the worker's further files of a frame, by their place in its commitment. Done are the
// relations of the frames before: one bad file convicts, so that no more are fetched then.
func (v *Verifier) further(ctx context.Context, c proof.FrameCommit, done []proof.Relation, signed []wire.Signed) func(at int) ([]byte, string, error) {
	convicted := slices.ContainsFunc(done, func(r proof.Relation) bool {
		return r.Figure.Bad || slices.ContainsFunc(r.Extras, func(f proof.Further) bool { return f.Figure.Bad })
	})
	return func(at int) ([]byte, string, error) {
		switch {
		case convicted:
			return nil, "a file of another frame is bad already", nil
		case at >= len(signed):
			return nil, "the frames have too many further files to fetch them all", nil
		}
		data, err := v.download(ctx, c.Frame, fmt.Sprintf("further file %q", c.Extras[at].Name), signed[at], c.Extras[at].Digest)
		return data, "", err
	}
}
