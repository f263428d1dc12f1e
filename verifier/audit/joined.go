package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// A still that was joined from tiles was sampled by nobody, so there are no tiles of it to render blind. What is
// blind is its delivered file: this node makes it from the master, which the manager has held to the verified tiles,
// and is bound to what it made before it sees the worker's.

// policyOf is the policy that an offer's recipe and kind lead to.
func policyOf(o wire.AuditOffer) proof.Policy {
	p := proof.PolicyFor(o.Recipe)
	switch o.Kind {
	case job.TaskTile:
		return p.ForBorder(*o.Border)
	case job.TaskAssemble:
		return p.ForAssembly(o.Recipe)
	}
	return p
}

// joined tells whether the audit is of a still that was joined.
func (s *State) joined() bool { return s.Offer.Kind == job.TaskAssemble }

// ready tells whether the blind part is done.
func (s *State) ready() bool {
	return s.Samples != nil || s.joined() && (s.Developed != nil || s.Unread != "")
}

// bound is what the verifier commits to.
func (s *State) bound() proof.Digest {
	if s.joined() {
		return sha256.Sum256(s.Developed)
	}
	return proof.SamplesDigest(s.Samples)
}

// maxExtras bounds the further files that are kept of a joined still, in bytes; of others the digest is.
const maxExtras = 64 << 20

// prepare makes the delivered file from the offer's master. A few pixels are rendered too: the names of the
// master's channels have to be the recipe's, and whoever joined it may have called them anything.
func (v *Verifier) prepare(ctx context.Context, s *State) error {
	held, err := v.hold(ctx, s.Offer)
	if err != nil {
		return err
	}
	defer held.Done()
	recipe, f := s.Offer.Recipe, s.Offer.Frames[0]
	corner := render.Rect{W: min(proof.TileSize, recipe.Width), H: min(proof.TileSize, recipe.Height)}
	frame, err := held.Render(ctx, render.Request{Frame: f.Frame, Seed: f.Seed, Borders: []render.Rect{corner}, Master: true}, nil)
	if err != nil {
		return fmt.Errorf("render a corner of frame %d: %w", f.Frame, err)
	}
	if len(frame.Tiles) != 1 || frame.Tiles[0].Master == nil {
		return fmt.Errorf("frame %d: the renderer gave no master", f.Frame)
	}
	s.Seconds, s.Channels = frame.Seconds, frame.Tiles[0].Master.Channels
	v.say(s.Offer.Audit, 0.5)
	var want proof.Digest
	if err := want.UnmarshalText([]byte(s.Offer.Master.Digest)); err != nil {
		return fmt.Errorf("the master of frame %d: %w", f.Frame, err)
	}
	data, err := v.download(ctx, f.Frame, "master", s.Offer.Master.Get, want)
	if err != nil {
		return err
	}
	master, err := raster.DecodeEXR(data, raster.Limits{W: recipe.Width, H: recipe.Height})
	if err != nil {
		return fmt.Errorf("the master of frame %d: %w", f.Frame, err)
	}
	if len(master.Channels) != len(s.Channels) {
		s.Unread = fmt.Sprintf("the master has %d channels where the recipe gives %d", len(master.Channels), len(s.Channels))
		return nil
	}
	master.Channels = s.Channels
	made, err := held.Develop(ctx, render.Develop{Frame: f.Frame, Seed: f.Seed, Master: master, Exact: true, Rough: true})
	switch {
	case errors.Is(err, render.ErrUnsupported), errors.Is(err, render.ErrBadScene):
		s.Unread = clip(strings.ToValidUTF8(err.Error(), ""), 256)
		return nil
	case err != nil:
		return err
	}
	s.Seconds += made.Seconds
	if s.Developed, err = readMade(f.Frame, made.File); err != nil {
		return err
	}
	room := maxExtras
	s.Extras = nil
	for _, x := range made.Extras {
		data, err := readMade(f.Frame, x)
		if err != nil {
			return err
		}
		one := extra{Name: x.Name, Digest: sha256.Sum256(data)}
		if len(data) <= room {
			one.Bytes, room = data, room-len(data)
		}
		s.Extras = append(s.Extras, one)
	}
	v.say(s.Offer.Audit, 1)
	return nil
}

// compareJoined adds how the delivered file of a joined still relates to the one that was made here.
func (v *Verifier) compareJoined(ctx context.Context, s *State, r wire.AuditReveal, e *proof.Evidence) error {
	if len(r.Commits) != 1 || len(r.Finals) != 1 || !r.Commits[0].Assembled || r.Commits[0].Frame != s.Offer.Frames[0].Frame {
		return errors.New("what was revealed isn't the joined still that was asked for")
	}
	c := r.Commits[0]
	if c.MasterDigest.String() != s.Offer.Master.Digest {
		return errors.New("the master that was asked for isn't the one that the worker committed to")
	}
	final, err := v.download(ctx, c.Frame, "final", r.Finals[0], c.FileDigest)
	if err != nil {
		return err
	}
	relation := proof.Relation{Frame: c.Frame, File: c.FileDigest, Developed: s.bound(), Unread: s.Unread}
	if s.Unread == "" {
		if relation, err = proof.Relate(c, r.Policies, r.Policies.Ext, final, s.Developed, false); err != nil {
			return fmt.Errorf("compare with the master: %w", err)
		}
		files := make([]proof.Made, len(s.Extras))
		for i, x := range s.Extras {
			files[i] = proof.Made{Name: x.Name, Digest: x.Digest}
			if x.Bytes != nil {
				files[i].Open = func() ([]byte, error) { return x.Bytes, nil }
			}
		}
		if err := relation.RelateFurther(c, r.Policies, false, files, v.further(ctx, c, nil, furtherOf(r, c.Frame))); err != nil {
			return fmt.Errorf("compare further files: %w", err)
		}
		relation.Unread = clip(strings.ToValidUTF8(relation.Unread, ""), 256)
	}
	e.Delivered = append(e.Delivered, relation)
	return nil
}
