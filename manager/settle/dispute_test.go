package settle

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// claim is one that the job's owner signed.
func (b *bench) claim(id *identity.Identity, j *store.Job, frames []int) wire.JobClaim {
	b.t.Helper()
	root, err := parseWord(j.DeliveryRoot)
	if err != nil {
		b.t.Fatal(err)
	}
	c := wire.JobClaim{Job: j.ID, Frames: frames, Reason: "too dark", Deadline: b.now.Add(time.Hour).Unix()}
	order := receipt.BadResult{JobID: ChainJob(j.ID), DeliveryRoot: root, FramesHash: receipt.FramesHash(frames, c.Reason),
		Amount: receipt.HeldFor(len(frames), j.Quote, j.DeliveryPrice), Deadline: uint64(c.Deadline)}
	if c.Signature, err = id.Sign(order.Digest(b.escrowDomain())); err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) events(jobID string) (what []string) {
	b.t.Helper()
	b.update(func(tx store.Tx) error {
		list, err := tx.Events(jobID, 100)
		for _, e := range list {
			what = append(what, e.What)
		}
		return err
	})
	return what
}

// TestAHoldIsResolvedOnce, whatever fails on the way: what was upheld isn't payable any more, and a hold that the
// contracts refuse keeps nothing else from being settled.
func TestAHoldIsResolvedOnce(t *testing.T) {
	for name, refused := range map[string]bool{"held": false, "refused": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			id, err := identity.New()
			if err != nil {
				t.Fatal(err)
			}
			j := b.job(b.delivered().ID)
			b.chain.payable[ChainJob(j.ID)] = 24
			b.pass() // the delivery
			j.Owner = id.Address()
			stranger, err := identity.New()
			if err != nil {
				t.Fatal(err)
			}
			good, forged, late := b.claim(id, j, j.Frames[:1]), b.claim(stranger, j, j.Frames[:1]), b.claim(id, j, j.Frames[:1])
			late.Deadline = b.now.Unix()
			for _, bad := range []wire.JobClaim{forged, late} {
				var e *wire.Error
				if err := b.db.Update(context.Background(), func(tx store.Tx) error { return b.Dispute(tx, j, bad) }); !errors.As(err, &e) {
					t.Fatalf("a bad claim: %v", err)
				}
			}
			held := job.Amount(receipt.HeldFor(1, j.Quote, j.DeliveryPrice))
			b.update(func(tx store.Tx) error { return b.Dispute(tx, j, good) })
			b.chain.fail, b.chain.after = errors.New("the line is down"), true
			if refused {
				b.chain.fail, b.chain.after = ErrRefused, false
			}
			b.pass()
			b.now = b.now.Add(time.Minute)
			b.pass()
			if got := b.chain.held[ChainJob(j.ID)]; got != held && !refused || got != 0 && refused {
				t.Fatalf("%d are held of %d", got, held)
			}
			b.update(func(tx store.Tx) error { return errors.Join(b.Uphold(tx, j.ID, held), b.Resolve(tx, j.ID)) })
			b.update(func(tx store.Tx) error { return b.Resolve(tx, j.ID) }) // there is none any more
			b.chain.fail, b.chain.after = errors.New("the line is down"), false
			b.pass()
			b.now = b.now.Add(time.Minute)
			b.pass()
			want := map[bool][2]string{false: {"held", "claim resolved"}, true: {"not held", "claim resolved"}}[refused]
			if events := b.events(j.ID); !slices.Contains(events, want[0]) || !slices.Contains(events, want[1]) {
				t.Errorf("the history is %v", events)
			}
			payable := 24 - held
			if refused {
				payable = 24
			}
			if got := b.chain.payable[ChainJob(j.ID)]; got != payable || b.chain.held[ChainJob(j.ID)] != 0 {
				t.Errorf("%d are payable, want %d; calls %v", got, payable, b.chain.calls)
			}
		})
	}
}

// TestAcceptNamesTheNextStep: whoever can't accept a job yet learns what comes first.
func TestAcceptNamesTheNextStep(t *testing.T) {
	b := newBench(t)
	j := b.delivered()
	b.update(func(tx store.Tx) error {
		_, err := tx.MoveJob(j.ID, []job.State{job.Delivered}, job.Disputed, nil)
		return err
	})
	var refused *wire.Error
	if _, err := b.Accept(t.Context(), j.ID, []byte{}); !errors.As(err, &refused) || refused.Code != wire.CodeConflict ||
		!strings.Contains(refused.Message, "is disputed") || !strings.Contains(refused.Next, "once the quorum has decided your claim") {
		t.Errorf("accepting a disputed job: %v", err)
	}
	if _, err := b.Accept(t.Context(), j.ID, nil); !errors.Is(err, store.ErrLost) {
		t.Errorf("at the end of the window: %v", err)
	}
}

// TestDisputesEnd: every dispute that is decided ends in another delivery, and the contract takes so many and no more. An artist
// that disputed frame after frame had everybody's pay wait for a delivery that could never be recorded, until it took
// all of it back; and it went on after the window's end, as long as one claim followed the other at once.
func TestDisputesEnd(t *testing.T) {
	b := newBench(t)
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	j := b.job(b.delivered().ID)
	claims := 0
	dispute := func() error {
		j = b.job(j.ID)
		j.Owner = id.Address()
		return b.db.Update(t.Context(), func(tx store.Tx) error { return b.Dispute(tx, j, b.claim(id, j, j.Frames[:1])) })
	}
	var refused *wire.Error
	for ; claims < 2*MaxDeliveries; claims++ {
		b.now = b.now.Add(30 * time.Minute)
		if err := dispute(); err != nil {
			if !errors.As(err, &refused) || refused.Code != wire.CodeConflict {
				t.Fatal(err)
			}
			break
		}
		b.update(func(tx store.Tx) error { return b.Delivered(tx, j.ID) })
	}
	if j = b.job(j.ID); claims == 0 || j.Deliveries != MaxDeliveries-keptDeliveries {
		t.Errorf("%d claims, %d deliveries: %v", claims, j.Deliveries, refused)
	}
	for ; b.Closed(j, false) == ""; j = b.job(j.ID) {
		b.update(func(tx store.Tx) error { return b.Delivered(tx, j.ID) })
	}
	if j.Deliveries != MaxDeliveries {
		t.Errorf("the network reopened it until it was delivered %d times", j.Deliveries)
	}

	other := newBench(t)
	b, j = other, other.job(other.delivered().ID)
	b.now = b.now.Add(b.options.Window + time.Second)
	if err := dispute(); !errors.As(err, &refused) || !strings.Contains(refused.Message, "window is over") {
		t.Errorf("after the window's end: %v", err)
	}
	b.options.Chain = nil
	if err := dispute(); err != nil {
		t.Errorf("where nothing is paid: %v", err)
	}
}
