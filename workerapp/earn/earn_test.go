package earn

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const me = "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"

// ledger is a manager that knows only payouts.
type ledger struct {
	payouts []job.Payout
	claims  int
	down    bool
}

func (l *ledger) Request(_ context.Context, typ wire.Type, _, reply any) error {
	if l.down {
		return errors.New("no connection")
	}
	var answer any
	switch typ {
	case wire.TypePayoutList:
		answer = wire.Payouts{Payouts: l.payouts}
	case wire.TypePayoutClaim:
		l.claims++
		var paid wire.PayoutPaid
		for i := range l.payouts {
			if p := &l.payouts[i]; p.Node == me && p.Epoch > 0 {
				paid.Amount += p.Cumulative - p.Claimed
				p.Claimed, p.Tx = p.Cumulative, "0x77"
				paid.Total += p.Claimed
			}
		}
		paid.Tx = "0x77"
		answer = paid
	default:
		return &wire.Error{Code: wire.CodeUnsupported}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, reply)
}

func TestOnlySettledEarningsOfThisNodeAreClaimed(t *testing.T) {
	l := &ledger{payouts: []job.Payout{
		{Node: "0x0000000000000000000000000000000000000001", Cumulative: 50, Epoch: 1},
		{Node: me, Role: job.RoleWorker, Cumulative: 30},
	}}
	log := slog.New(slog.DiscardHandler)
	b, err := Collect(t.Context(), l, me, log)
	if err != nil || b.Earned != 30 || l.claims != 0 {
		t.Fatalf("claimed before settlement: %+v, %v", b, err)
	}
	l.payouts[1].Epoch = 1
	b, err = Collect(t.Context(), l, me, log)
	if err != nil || b != (Balance{Earned: 30, Claimed: 30, Tx: "0x77"}) || l.claims != 1 {
		t.Fatalf("got %+v, %v, %d claims", b, err, l.claims)
	}
	if _, err = Collect(t.Context(), l, me, log); err != nil || l.claims != 1 {
		t.Fatalf("claimed nothing twice: %v", err)
	}
}

func TestWatchLooksWhenKickedAndAfterTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{down: true}
		kick := make(chan struct{}, 1)
		ctx, cancel := context.WithCancel(t.Context())
		var seen []Balance
		ended := make(chan error)
		go func() {
			ended <- Watch(ctx, Options{Manager: l, Address: me, Every: time.Minute, Kick: kick,
				Changed: func(b Balance) { seen = append(seen, b) }, Log: slog.New(slog.DiscardHandler)})
		}()
		synctest.Wait()
		l.down = false
		l.payouts = []job.Payout{{Node: me, Cumulative: 7, Epoch: 2}}
		kick <- struct{}{}
		synctest.Wait()
		if len(seen) != 1 || seen[0].Claimed != 7 {
			t.Fatalf("after the kick: %+v", seen)
		}
		l.payouts[0].Cumulative = 9
		time.Sleep(time.Minute + time.Second) // the bubble's clock
		synctest.Wait()
		if len(seen) != 2 || seen[1].Claimed != 9 {
			t.Fatalf("after a minute: %+v", seen)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}
