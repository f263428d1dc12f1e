package chain

import (
	"context"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/core/types"
)

// table is a state that several processes share, and handle one process's view of it.
type table struct {
	mu   sync.Mutex
	turn int
	raw  []byte
}

type handle struct {
	t    *table
	seen int
}

func (h *handle) Load() ([]byte, error) {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	h.seen = h.t.turn
	return h.t.raw, nil
}

func (h *handle) Save(raw []byte) error {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	if h.seen != h.t.turn {
		return ErrStolen
	}
	h.t.turn++
	h.seen, h.t.raw = h.t.turn, raw
	return nil
}

// stuck lets nothing through to the chain while it is cut, and says that it did.
type stuck struct {
	Backend
	cut bool
}

func (s *stuck) SendTransaction(ctx context.Context, tx *types.Transaction) error {
	if s.cut {
		return nil
	}
	return s.Backend.SendTransaction(ctx, tx)
}

// TestTakeOver: what one process had signed, and nobody had mined, the next one sends, by the same nonce, and the
// first one can send no more.
func TestTakeOver(t *testing.T) {
	w := newWorld(t)
	shared := &table{}
	open := func(b Backend) *Chain {
		t.Helper()
		c := w.config()
		c.Backend, c.StatePath, c.State = b, "", &handle{t: shared}
		a := w.Addresses()
		c.Deployed = &a
		opened, err := Open(w.ctx(), c)
		if err != nil {
			t.Fatal(err)
		}
		return opened
	}
	line := &stuck{Backend: w.dev.Client()}
	first, second := open(line), open(w.dev.Client())
	w.must(first.Faucet(w.ctx(), addressOf("artist"), big.NewInt(1)))

	line.cut = true
	ctx, cancel := context.WithCancel(w.ctx())
	sent := make(chan error, 1)
	go func() {
		_, err := first.Faucet(ctx, addressOf("artist"), big.NewInt(10))
		sent <- err
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := w.ctx(); len(shared.pending(t)) < 2; {
		select {
		case <-tick.C:
		case <-limit.Done():
			t.Fatal("nothing was signed")
		}
	}
	// The first one hangs. The second one doesn't know what it has signed, and can't send before it does.
	if _, err := second.Faucet(w.ctx(), addressOf("artist"), big.NewInt(100)); !errors.Is(err, ErrStolen) {
		t.Fatalf("a process that hasn't taken over sent: %v", err)
	}
	if err := second.TakeOver(w.ctx()); err != nil {
		t.Fatal(err)
	}
	w.must(second.Faucet(w.ctx(), addressOf("artist"), big.NewInt(10))) // the same call: what the first one signed
	w.must(second.Faucet(w.ctx(), addressOf("artist"), big.NewInt(1000)))
	line.cut = false
	if err := <-sent; err != nil { // it hears of its own at last
		t.Fatal(err)
	}
	cancel()
	if _, err := first.Faucet(w.ctx(), addressOf("artist"), big.NewInt(10000)); !errors.Is(err, ErrStolen) {
		t.Fatalf("the process that was taken over from sent: %v", err)
	}
	w.holds(addressOf("artist"), 1011)
}

// pending are the entries of the saved state.
func (t *table) pending(tt *testing.T) []*entry {
	tt.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := parseState(t.raw)
	if err != nil {
		tt.Fatal(err)
	}
	return s.Outbox
}
