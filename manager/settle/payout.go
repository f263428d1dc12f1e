package settle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// NewEpoch makes a settlement when more is owed than the last one says, and none is still
// on its way to the chain.
func (s *Settler) NewEpoch(ctx context.Context) error {
	if s.Off() {
		return nil
	}
	made := false
	err := s.options.Store.Update(ctx, func(tx store.Tx) error {
		made = false
		last, err := tx.LastEpoch()
		switch {
		case errors.Is(err, store.ErrNotFound):
			last = &store.Epoch{}
		case err != nil:
			return err
		case last.Tx == "":
			return nil
		}
		earned, err := tx.Earned(true)
		if err != nil {
			return err
		}
		next := &store.Epoch{Number: last.Number + 1}
		sums := make(map[string]job.Amount)
		for _, e := range earned {
			sums[e.Node] += e.Amount
			next.Total += e.Amount
		}
		if next.Total <= last.Total {
			return nil
		}
		for node, sum := range sums {
			if sum > 0 {
				next.Leaves = append(next.Leaves, store.Leaf{Node: node, Cumulative: sum})
			}
		}
		slices.SortFunc(next.Leaves, func(a, b store.Leaf) int { return strings.Compare(a.Node, b.Node) })
		root, err := s.options.Chain.Root(next.Leaves)
		if err != nil {
			return fmt.Errorf("root of epoch %d: %w", next.Number, err)
		}
		next.Root = hexWord(root)
		made = true
		return errors.Join(tx.AddEpoch(next), addOp(tx, opRoot, strconv.FormatUint(next.Number, 10), rootBody{Epoch: next.Number}))
	})
	if err == nil && made {
		s.Wake()
	}
	return err
}

// post puts an epoch's root on the chain.
func (s *Settler) post(ctx context.Context, number uint64) (string, func(store.Tx) error, error) {
	var epoch *store.Epoch
	if err := s.options.Store.View(ctx, func(tx store.Tx) (err error) { epoch, err = tx.LastEpoch(); return err }); err != nil {
		return "", nil, err
	}
	if epoch.Number != number {
		return "", nil, fmt.Errorf("epoch %d is to be posted, but %d is the last", number, epoch.Number)
	}
	root, err := parseWord(epoch.Root)
	if err != nil {
		return "", nil, err
	}
	hash, err := s.options.Chain.Post(ctx, number, root, epoch.Total)
	if err == nil && hash == "" {
		hash = "unknown" // it is on the chain, but the node that was asked keeps no old receipts
	}
	return hash, func(tx store.Tx) error { return tx.PostEpoch(number, hash) }, err
}

// owedWorth is how long sums hold, for each entry that was read for them. It takes about a microsecond to read one, so
// that however many ask, a fiftieth of one core's time goes there.
const owedWorth = 50 * time.Microsecond

// fewOwed is how many entries are read anew each time.
const fewOwed = 10_000

// earned sums what nodes have earned. Where much is going on, it is what it was a moment ago.
func (s *Settler) earned(ctx context.Context) ([]store.Earning, error) {
	s.owedMu.Lock()
	defer s.owedMu.Unlock()
	now := s.options.Clock()
	if now.Before(s.owedUntil) && s.owedUntil.Sub(now) < time.Minute { // else the clock was set back
		return s.owed, nil
	}
	err := s.options.Store.View(ctx, func(tx store.Tx) (err error) { s.owed, err = tx.Earned(false); return err })
	read := 0
	for _, e := range s.owed {
		read += e.Read
	}
	s.owedUntil = time.Time{}
	if err == nil && read > fewOwed {
		s.owedUntil = now.Add(min(time.Duration(read)*owedWorth, time.Minute))
	}
	return s.owed, err
}

// Payouts lists what nodes have earned; node "" for all.
func (s *Settler) Payouts(ctx context.Context, node string) ([]job.Payout, error) {
	earned, err := s.earned(ctx)
	if err != nil {
		return nil, fmt.Errorf("sum what was earned: %w", err)
	}
	var out []job.Payout
	err = s.options.Store.View(ctx, func(tx store.Tx) error {
		posted, err := tx.PostedEpoch()
		if errors.Is(err, store.ErrNotFound) {
			posted, err = &store.Epoch{}, nil
		}
		if err != nil {
			return err
		}
		var left store.Withdrawal // of the node of the last row
		for _, e := range earned {
			if node != "" && e.Node != node {
				continue
			}
			if e.Node != left.Node {
				if left, err = tx.Withdrawal(e.Node); err != nil {
					return err
				}
			}
			p := job.Payout{Node: e.Node, Role: e.Role, Cumulative: e.Amount, Tx: left.Tx}
			// Claims are per node: they count against its roles in turn.
			p.Claimed = min(left.Claimed, e.Amount)
			left.Claimed -= p.Claimed
			if slices.ContainsFunc(posted.Leaves, func(l store.Leaf) bool { return l.Node == e.Node }) {
				p.Epoch = posted.Number
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// Claim withdraws everything that is settled for a node. Asked again it finds nothing left
// to withdraw.
func (s *Settler) Claim(ctx context.Context, node string) (wire.PayoutPaid, error) {
	if s.Off() {
		return wire.PayoutPaid{}, nil
	}
	var epoch *store.Epoch
	var before store.Withdrawal
	err := s.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if before, err = tx.Withdrawal(node); err != nil {
			return err
		}
		epoch, err = tx.PostedEpoch()
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return wire.PayoutPaid{Total: before.Claimed, Tx: before.Tx}, nil
	}
	if err != nil {
		return wire.PayoutPaid{}, fmt.Errorf("read the last settlement: %w", err)
	}
	i := slices.IndexFunc(epoch.Leaves, func(l store.Leaf) bool { return l.Node == node })
	if i < 0 || epoch.Leaves[i].Cumulative <= before.Claimed {
		return wire.PayoutPaid{Total: before.Claimed, Tx: before.Tx}, nil
	}
	// The manager that settles sends it: two senders with one key would take each other's nonces.
	err = s.options.Store.Update(ctx, func(tx store.Tx) error {
		err := addOp(tx, opClaim, node, struct{}{})
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		op, err := tx.Op(opClaim, node)
		if err != nil || op.State == store.OpPending {
			return err
		}
		_, err = tx.EditOp(op.ID, func(o *store.Op) { o.State, o.Tries, o.Next, o.Error = store.OpPending, 0, 0, "" })
		return err
	})
	if err != nil {
		return wire.PayoutPaid{}, fmt.Errorf("order the payout of %s: %w", node, err)
	}
	s.Wake()
	if err := s.await(ctx, opClaim, node); err != nil {
		return wire.PayoutPaid{}, err
	}
	var after store.Withdrawal
	if err := s.options.Store.View(ctx, func(tx store.Tx) (err error) { after, err = tx.Withdrawal(node); return err }); err != nil {
		return wire.PayoutPaid{}, fmt.Errorf("read the payout of %s: %w", node, err)
	}
	return wire.PayoutPaid{Amount: after.Claimed - before.Claimed, Tx: after.Tx, Total: after.Claimed}, nil
}

// claim withdraws what the last posted epoch owes a node.
func (s *Settler) claim(ctx context.Context, node string) (string, func(store.Tx) error, error) {
	var epoch *store.Epoch
	if err := s.options.Store.View(ctx, func(tx store.Tx) (err error) { epoch, err = tx.PostedEpoch(); return err }); err != nil {
		return "", nil, fmt.Errorf("read the last settlement: %w", err)
	}
	i := slices.IndexFunc(epoch.Leaves, func(l store.Leaf) bool { return l.Node == node })
	if i < 0 {
		return "", nil, fmt.Errorf("%w: %s is not in the last settlement", ErrRefused, node)
	}
	owed := epoch.Leaves[i].Cumulative
	hash, paid, err := s.options.Chain.Claim(ctx, node, epoch.Leaves)
	if err != nil {
		return "", nil, fmt.Errorf("claim the payout of %s: %w", node, err)
	}
	s.options.Log.Info("payout claimed", "node", node, "amount", paid, "tx", hash)
	return hash, func(tx store.Tx) error {
		return tx.PutWithdrawal(store.Withdrawal{Node: node, Claimed: owed, Tx: hash})
	}, nil
}
