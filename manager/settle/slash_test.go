package settle

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

var _ Slasher = (*ledgerChain)(nil)

// What the chain in memory knows of stakes: none of a node that isn't in stakes.
func (c *ledgerChain) Slash(_ context.Context, node string, a job.Amount, offence [32]byte) (tx string, taken job.Amount, err error) {
	tx, err = c.do("slash", func() error {
		if _, done := c.slashed[offence]; !done {
			c.slashed[offence] = min(a, c.stakes[node])
			c.stakes[node] -= c.slashed[offence]
		}
		return nil
	})
	return tx, c.slashed[offence], err
}

func (c *ledgerChain) Reward(_ context.Context, verifier string, a job.Amount, offence [32]byte) (string, error) {
	return c.do("reward", func() error {
		if _, registered := c.stakes[verifier]; !registered {
			return fmt.Errorf("%w: the node never registered", ErrRefused)
		}
		c.rewards[verifier+string(offence[:])] = a
		return nil
	})
}

// TestSlashOnce: a slash that was ordered twice, and whose answer was lost, is done once; a
// verifier that isn't registered gets no reward and stops nobody; the job's settlement doesn't wait for it.
func TestSlashOnce(t *testing.T) {
	b := newBench(t)
	b.chain.stakes = map[string]job.Amount{"0xW": 300, "0xV1": 0}
	j := b.delivered()
	b.chain.fail, b.chain.after = errors.New("no answer"), true
	order := Slash{Node: "0xW", Of: j.ID, Amount: 500, Offence: fmt.Sprintf("%064x", 9), Rewards: []string{"0xV1", "0xStranger"}, Reward: 4}
	b.update(func(tx store.Tx) error { return errors.Join(b.Slash(tx, order), b.Slash(tx, order)) })
	for range 4 {
		b.pass()
		b.now = b.now.Add(time.Minute)
	}
	if b.chain.stakes["0xW"] != 0 || len(b.chain.slashed) != 1 {
		t.Errorf("the stake is %d after %v", b.chain.stakes["0xW"], b.chain.slashed)
	}
	if len(b.chain.rewards) != 1 {
		t.Errorf("rewarded are %v", b.chain.rewards)
	}
	if b.chain.delivered[ChainJob(j.ID)].IsZero() {
		t.Error("the delivery isn't on the chain")
	}
	told := 0
	b.update(func(tx store.Tx) error {
		op, err := tx.Op(opSlash, order.Offence)
		if err != nil {
			return err
		}
		if op.State != store.OpDone {
			t.Errorf("the order is %s: %s", op.State, op.Error)
		}
		events, err := tx.Events(j.ID, 50)
		for _, e := range events {
			if e.What == "slashed" && e.Node == "0xW" {
				told++
			}
		}
		return err
	})
	if told != 1 {
		t.Errorf("the history tells of it %d times", told)
	}
}
