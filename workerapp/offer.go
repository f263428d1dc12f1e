package workerapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
)

// maxSide bounds an image's width and height, in pixels.
const maxSide = 1 << 16

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
	if _, err := warm.Choose(e.installs(), offer.Recipe); err != nil {
		return err
	}
	if err := e.needs.Fits(scene(offer), e.vram()); err != nil {
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
	switch {
	case len(o.Frames) == 0 || len(o.Frames) > proof.MaxFrames:
		return fmt.Errorf("the offer has %d frames", len(o.Frames))
	case r.Width <= 0 || r.Height <= 0 || r.Width > maxSide || r.Height > maxSide:
		return fmt.Errorf("the recipe's image has %d×%d pixels", r.Width, r.Height)
	case o.Kind != job.TaskRender:
		return fmt.Errorf("this worker doesn't do tasks of the kind %q", o.Kind)
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
	return nil
}

func deviceOf(r job.Recipe) string {
	if r.Device == "" {
		return "CPU"
	}
	return r.Device
}
