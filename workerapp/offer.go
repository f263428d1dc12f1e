package workerapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
)

const (
	// maxSide bounds an image's width and height, in pixels.
	maxSide = 1 << 16
	// maxTile bounds the file of one tile, in bytes.
	maxTile = 2 << 30
)

// handle answers what the manager asks.
func (e *Engine) handle(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	switch m.Type {
	case wire.TypeLeaseOffer:
		var offer wire.LeaseOffer
		if err := m.Decode(&offer); err != nil {
			return "", nil, err
		}
		answer := wire.LeaseAnswer{Taken: true}
		if err := e.take(s, offer); err != nil {
			answer = wire.LeaseAnswer{Reason: err.Error()}
			e.options.Log.Info("an offer was declined", "lease", offer.Lease, "reason", err)
		}
		return wire.TypeLeaseAnswer, answer, nil
	case wire.TypeLeaseRevoke:
		var revoke wire.LeaseRevoke
		if err := m.Decode(&revoke); err != nil {
			return "", nil, err
		}
		e.revoke(revoke.Lease, revoke.Reason)
		return wire.TypeOK, struct{}{}, nil
	case wire.TypePayouts:
		select {
		case e.kick <- struct{}{}:
		default:
		}
		return wire.TypeOK, struct{}{}, nil
	}
	if !m.Wants {
		return "", nil, nil // a newer manager's news
	}
	return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("a worker doesn't answer %s", m.Type)}
}

// take accepts an offer and starts to work on it; the error is why not.
func (e *Engine) take(s *link.Session, offer wire.LeaseOffer) error {
	if err := checkOffer(offer, e.device.kind); err != nil {
		return err
	}
	e.checkDisk()
	if verdict := e.gate.Verdict(); verdict.Paused {
		return errors.New("paused: " + verdict.Reason)
	}
	owner := e.keeper.Rules()
	if err := owner.Takes(offer.Job, offer.Owner, offer.Recipe); err != nil {
		return err
	}
	if _, err := warm.Choose(e.installs(), offer.Recipe, offer.Kind); err != nil {
		return err
	}
	if err := e.needs.Fits(scene(offer), e.vram()); err != nil {
		return err
	}
	if err := e.room(offer); err != nil {
		return err
	}
	if _, err := e.options.Identity.OpenJobKey(offer.Package, offer.JobKey); err != nil {
		return fmt.Errorf("the job key can't be opened: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.work.Err() != nil {
		return errStopping
	}
	for _, t := range e.order {
		if t.entry.ID() == offer.Lease {
			return nil // the manager didn't hear the first answer
		}
	}
	if e.countLocked(rendering)+e.countLocked(queued) >= e.options.Slots+e.options.ahead() {
		return errors.New("busy")
	}
	if n := e.jammedLocked(); n > 0 {
		return errors.New(jam(n))
	}
	entry, err := e.box.Begin(outbox.Lease{Offer: offer, Money: s.Welcome().Money, Taken: time.Now().UnixMilli()})
	if err != nil {
		return err
	}
	e.options.Log.Info("a lease was taken", "lease", offer.Lease, "job", offer.Job, "frames", len(offer.Frames))
	e.startLocked(entry)
	e.tell()
	return nil
}

// checkOffer refuses what no honest manager sends, before anything is done with it.
func checkOffer(o wire.LeaseOffer, device string) error {
	r := o.Recipe
	var key proof.Digest
	switch {
	case key.UnmarshalText([]byte(o.KeyHash)) != nil || key == proof.Digest{}:
		return errors.New("the offer doesn't name the hash of its verification key")
	case len(o.Frames) == 0 || len(o.Frames) > proof.MaxFrames:
		return fmt.Errorf("the offer has %d frames", len(o.Frames))
	case r.Width <= 0 || r.Height <= 0 || r.Width > maxSide || r.Height > maxSide:
		return fmt.Errorf("the recipe's image has %d×%d pixels", r.Width, r.Height)
	case deviceOf(r) != device:
		return fmt.Errorf("the recipe renders on %s, this worker on %s", deviceOf(r), device)
	}
	seen := map[int]bool{}
	for _, f := range o.Frames {
		if seen[f.Frame] {
			return fmt.Errorf("the offer has frame %d twice", f.Frame)
		}
		seen[f.Frame] = true
	}
	return checkStill(o)
}

// checkStill holds an offer's part of a still to its recipe.
func checkStill(o wire.LeaseOffer) error {
	switch o.Kind {
	case job.TaskRender:
		if o.Border != nil || len(o.Parts) > 0 {
			return errors.New("the offer is for whole frames and has tiles")
		}
		return nil
	case job.TaskTile, job.TaskAssemble:
	default:
		return fmt.Errorf("this worker doesn't do tasks of the kind %q", o.Kind)
	}
	if len(o.Frames) != 1 {
		return fmt.Errorf("the offer is for a still and has %d frames", len(o.Frames))
	}
	if err := proof.Tileable(o.Recipe); err != nil {
		return err
	}
	if o.Kind == job.TaskTile {
		if o.Border == nil || len(o.Parts) > 0 {
			return errors.New("the offer is for a tile and has no border, or parts")
		}
		return proof.CheckBorder(o.Recipe, *o.Border)
	}
	if o.Border != nil {
		return errors.New("the offer is for joining a still and has a border")
	}
	var rects []raster.Rect
	for i, p := range o.Parts {
		var digest proof.Digest
		if p.Master == nil || p.Master.Size <= 0 || p.Master.Size > maxTile || digest.UnmarshalText([]byte(p.Master.Digest)) != nil {
			return fmt.Errorf("tile %d of the offer can't be fetched", i)
		}
		rects = append(rects, raster.Rect(p.Border))
	}
	return raster.CheckParts(o.Recipe.Width, o.Recipe.Height, rects)
}

// joinMemory is what a pixel of a still takes while it is joined and developed, in bytes: half
// floats here, floats in the renderer and its compositor. joinGuided is what comes on top where it is denoised: the guides
// in both, and the denoiser's own buffers.
const (
	joinMemory = 40
	joinGuided = 120
)

// room makes sure that a still can be joined here: its tiles come to disk, its image to memory.
func (e *Engine) room(o wire.LeaseOffer) error {
	if o.Kind != job.TaskAssemble {
		return nil
	}
	var size int64
	for _, p := range o.Parts {
		size += p.Master.Size
	}
	free, err := e.space.Free()
	if err != nil {
		return err
	}
	// The tiles, the image that is joined from them, and what is delivered.
	if least := int64(e.keeper.Rules().Limits.MinFree); 3*size > free-least {
		return fmt.Errorf("joining the still takes %d MB of disk, and %d MB are to spare", 3*size>>20, max(0, free-least)>>20)
	}
	e.mu.Lock()
	memory := e.capabilities.Memory
	e.mu.Unlock()
	each := int64(joinMemory)
	if o.Recipe.Denoise {
		each += joinGuided
	}
	if need := int64(o.Recipe.Width) * int64(o.Recipe.Height) * each; memory > 0 && need > memory {
		return fmt.Errorf("joining %d×%d pixels takes %d MB of memory, and there are %d MB", o.Recipe.Width, o.Recipe.Height, need>>20, memory>>20)
	}
	return nil
}

func deviceOf(r job.Recipe) string {
	if r.Device == "" {
		return "CPU"
	}
	return r.Device
}
