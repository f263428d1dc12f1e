package state

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// action is one thing to ask the manager for.
type action struct {
	name string
	done string
	do   func(context.Context, Source) error
}

// Cancel, Pause, Resume, Accept and Claim ask the manager; the Snapshot's Notice tells
// what came of it.
func (m *Model) Cancel(id string) {
	m.act("Cancelling", "The job is cancelled; verified frames are paid, the rest is refunded.", func(ctx context.Context, s Source) error {
		_, err := s.Cancel(ctx, id, "cancelled in the desktop app")
		return err
	})
}

// Pause lets a job have no new leases.
func (m *Model) Pause(id string) {
	m.act("Pausing", "The job is paused: running tasks finish, no new ones start.", func(ctx context.Context, s Source) error {
		_, err := s.Pause(ctx, id, "paused in the desktop app")
		return err
	})
}

// Resume ends a pause.
func (m *Model) Resume(id string) {
	m.act("Resuming", "The job goes on.", func(ctx context.Context, s Source) error {
		_, err := s.Resume(ctx, id, "")
		return err
	})
}

// Accept agrees to a delivery.
func (m *Model) Accept(id string) {
	m.act("Accepting", "The frames are accepted; their workers will be paid.", func(ctx context.Context, s Source) error {
		_, err := s.Accept(ctx, id)
		return err
	})
}

// Claim disputes frames.
func (m *Model) Claim(id string, frames []int, reason string) {
	m.act("Disputing", "The claim is filed: the frames are checked again and their payment waits.", func(ctx context.Context, s Source) error {
		_, err := s.Claim(ctx, id, frames, reason)
		return err
	})
}

// Release lets the rest of a job follow its scout frames.
func (m *Model) Release(id string) {
	m.act("Releasing the rest", "The scout frames are approved: the rest of the job renders.", func(ctx context.Context, s Source) error {
		_, err := s.Release(ctx, id, "the scout frames are good")
		return err
	})
}

// Priority changes a job's place among its owner's.
func (m *Model) Priority(id string, priority int) {
	m.act("Changing the priority", fmt.Sprintf("Its priority is %d now.", priority), func(ctx context.Context, s Source) error {
		_, err := s.Priority(ctx, id, priority)
		return err
	})
}

// Rush puts a job before everybody's, or back into its turn.
func (m *Model) Rush(id string, on bool, reason string) {
	name, done := "Rushing", "The job goes before everybody's until it is done."
	if !on {
		name, done = "Ending the rush", "The job is in its turn again."
	}
	m.act(name, done, func(ctx context.Context, s Source) error {
		_, err := s.Rush(ctx, id, on, reason)
		return err
	})
}

// Requeue takes frames back from the workers that have them.
func (m *Model) Requeue(id string, frames []int) {
	m.act("Taking frames back", "Back in the queue: frames "+Frames(frames)+", and the others of their tasks.", func(ctx context.Context, s Source) error {
		_, err := s.Requeue(ctx, id, frames, "taken back in the desktop app")
		return err
	})
}

// Again asks what the missing frames of a job that ended would cost; the Snapshot's Offer has the answer.
func (m *Model) Again(id string) {
	m.act("Asking for a price", "", func(ctx context.Context, s Source) error {
		quote, err := s.Redraft(ctx, wire.JobDraft{Request: "retry-" + rand.Text(), From: id})
		if err != nil {
			return err
		}
		m.setOffer(&Offer{Job: id, Frames: Total(quote.Job), Quote: quote.Quote, quote: quote})
		return nil
	})
}

// Take agrees to the Offer, Decline doesn't.
func (m *Model) Take() {
	if offer := m.takeOffer(); offer != nil {
		m.act("Paying into escrow", "The missing frames render as this new job.", func(ctx context.Context, s Source) error {
			funded, err := s.Fund(ctx, offer.quote)
			if err != nil {
				return err
			}
			m.mu.Lock()
			still := m.open == offer.Job
			m.mu.Unlock()
			if still {
				m.Open(funded.ID)
			}
			return nil
		})
	}
}

// Decline leaves the Offer.
func (m *Model) Decline() {
	if offer := m.takeOffer(); offer != nil {
		m.act("Declining", "", func(ctx context.Context, s Source) error {
			_, err := s.Cancel(ctx, offer.quote.Job.ID, "the quote was not accepted")
			return err
		})
	}
}

func (m *Model) setOffer(offer *Offer) {
	m.mu.Lock()
	m.offer = offer
	m.mu.Unlock()
	m.touch()
}

func (m *Model) takeOffer() *Offer {
	m.mu.Lock()
	defer m.mu.Unlock()
	offer := m.offer
	m.offer = nil
	m.touch()
	return offer
}

// ClaimPayout withdraws what is settled for this identity.
func (m *Model) ClaimPayout() {
	m.act("Withdrawing", "", func(ctx context.Context, s Source) error {
		paid, err := s.ClaimPayout(ctx)
		if err != nil {
			return err
		}
		symbol := s.Welcome().Money.Symbol
		if paid.Amount == 0 {
			m.tell(Notice{Text: "There is nothing to withdraw yet: frames count once their job is settled."})
		} else {
			m.tell(Notice{Text: Money(paid.Amount, symbol) + " withdrawn in transaction " + Short(paid.Tx) + "."})
		}
		return nil
	})
}

// Dismiss removes the notice.
func (m *Model) Dismiss() { m.tell(Notice{}) }

// Tell shows a notice of the caller's.
func (m *Model) Tell(notice Notice) { m.tell(notice) }

func (m *Model) tell(notice Notice) {
	m.mu.Lock()
	m.notice = notice
	m.mu.Unlock()
	m.touch()
}

// StartWorker and PauseWorker drive this machine's worker mode.
func (m *Model) StartWorker() {
	if m.options.Worker != nil {
		m.options.Worker.Start()
	}
}

// RestartWorker lets changed settings hold.
func (m *Model) RestartWorker() {
	if m.options.Worker != nil {
		m.options.Worker.Restart()
	}
}

// PauseWorker gives the machine back to its owner now.
func (m *Model) PauseWorker() {
	if m.options.Worker != nil {
		m.options.Worker.Pause(OwnerPause)
	}
}

// FinishWorker gives the machine back to its owner once the task in hand is done.
func (m *Model) FinishWorker() {
	if m.options.Worker != nil {
		m.options.Worker.Finish(OwnerPause)
	}
}

// ready tells whether there is a manager to ask, and the user where there is none.
func (m *Model) ready() bool {
	m.mu.Lock()
	ready := m.source != nil
	m.mu.Unlock()
	if !ready {
		m.tell(Notice{Text: "No manager is connected; try again once it is.", Bad: true})
	}
	return ready
}

func (m *Model) act(name, done string, do func(context.Context, Source) error) {
	if !m.ready() {
		return
	}
	select {
	case m.actions <- action{name, done, do}:
	default:
		m.tell(Notice{Text: "Earlier actions are still under way; wait for them.", Bad: true})
	}
}

// work carries out actions one after the other.
func (m *Model) work(ctx context.Context, source Source) {
	for {
		select {
		case <-ctx.Done():
			return
		case next := <-m.actions:
			m.setBusy(next.name)
			inner, stop := context.WithTimeout(ctx, 2*time.Minute) // a payout waits for its block
			err := next.do(inner, source)
			stop()
			m.setBusy("")
			if err != nil {
				m.options.Log.Warn("an action failed", "action", next.name, "error", err)
				m.tell(Notice{Text: next.name + " failed: " + Problem(err), Bad: true})
			} else if next.done != "" {
				m.tell(Notice{Text: next.done})
			}
			signal(m.poke)
		}
	}
}

func (m *Model) setBusy(name string) {
	m.mu.Lock()
	m.busy = name
	m.mu.Unlock()
	m.touch()
}
