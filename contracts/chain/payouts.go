package chain

import (
	"context"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"

	"github.com/heliostat-render/heliostat/contracts/bindings"
)

// ClaimRequest is one account's leaf under the newest root, with its proof.
type ClaimRequest struct {
	Account    common.Address
	Cumulative *big.Int // earned since the network began, base units
	Proof      [][32]byte
}

// maxClaims bounds one ClaimMany, so that it fits a block.
const maxClaims = 200

// LastEpoch reads the newest settlement: its number, root, and the sum of all cumulative earnings. Before the first, all
// are zero.
func (c *Chain) LastEpoch(ctx context.Context) (uint64, [32]byte, *big.Int, error) {
	s, err := c.lastSettlement(ctx)
	if err != nil {
		return 0, [32]byte{}, nil, err
	}
	return s.Epoch, s.Root, s.Total, nil
}

func (c *Chain) lastSettlement(ctx context.Context) (bindings.IPayoutsSettlement, error) {
	return read(ctx, c, c.addresses.Payouts, "read the last settlement", c.payouts.PackLast(), c.payouts.UnpackLast)
}

// PostRoot settles an epoch under a root whose leaves sum up to total. The same again returns the earlier transaction; an
// older epoch, or the newest one with another root, is ErrStaleEpoch; a total above what jobs have moved is ErrBadTotal.
func (c *Chain) PostRoot(ctx context.Context, epoch uint64, root [32]byte, total *big.Int) (Tx, error) {
	doing := fmt.Sprintf("settle epoch %d", epoch)
	if err := natural(total); err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	unlock, err := c.locks.lock(ctx, "root")
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	last, err := c.lastSettlement(ctx)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	if last.Epoch == epoch && last.Root == root && last.Total.Cmp(total) == 0 && epoch != 0 {
		return c.inBlock(ctx, c.addresses.Payouts, last.BlockNumber, nil,
			c.event("Payouts", "RootPosted"), common.BigToHash(new(big.Int).SetUint64(epoch)))
	}
	return c.sendLocked(ctx, doing, c.addresses.Payouts, func() ([]byte, error) {
		return c.payouts.TryPackPost(epoch, root, total)
	})
}

// Paid reads what an account has been paid since the network began, base units.
func (c *Chain) Paid(ctx context.Context, account common.Address) (*big.Int, error) {
	return read(ctx, c, c.addresses.Payouts, "read what "+account.Hex()+" was paid", c.payouts.PackPaid(account), c.payouts.UnpackPaid)
}

// Claim pays an account up to cumulative and returns what this call paid. When the account has been paid exactly that
// much, it returns the earlier transaction and what that one paid; when more, the zero Tx and 0.
func (c *Chain) Claim(ctx context.Context, account common.Address, cumulative *big.Int, proof [][32]byte) (Tx, *big.Int, error) {
	doing := fmt.Sprintf("pay %s", account)
	if err := natural(cumulative); err != nil {
		return Tx{}, nil, fmt.Errorf("%s: %w", doing, err)
	}
	unlock, err := c.locks.lock(ctx, "account "+account.Hex())
	if err != nil {
		return Tx{}, nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	paid, err := c.Paid(ctx, account)
	if err != nil {
		return Tx{}, nil, fmt.Errorf("%s: %w", doing, err)
	}
	if paid.Cmp(cumulative) >= 0 {
		tx, amount, err := c.lastClaim(ctx, account)
		if err != nil || paid.Cmp(cumulative) > 0 {
			return Tx{}, new(big.Int), err
		}
		return tx, amount, nil
	}
	tx, err := c.sendLocked(ctx, doing, c.addresses.Payouts, func() ([]byte, error) {
		return c.payouts.TryPackClaim(account, cumulative, proof)
	})
	if err != nil {
		return Tx{}, nil, err
	}
	// Somebody else may have relayed the same claim a moment before; the event says what this one paid.
	amount, err := c.paidBy(ctx, tx, account)
	return tx, amount, err
}

// ClaimMany pays several accounts in one transaction, at most 200, all or none. It returns what each was paid by it, in
// the order given.
func (c *Chain) ClaimMany(ctx context.Context, requests []ClaimRequest) (Tx, []*big.Int, error) {
	doing := fmt.Sprintf("pay %d accounts", len(requests))
	if len(requests) == 0 || len(requests) > maxClaims {
		return Tx{}, nil, fmt.Errorf("%s: %w: 1 to %d in one transaction", doing, ErrBadValue, maxClaims)
	}
	unlock, err := c.locks.lock(ctx, "many")
	if err != nil {
		return Tx{}, nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	amounts := make([]*big.Int, len(requests))
	var due []bindings.IPayoutsClaim
	for i, r := range requests {
		if err := natural(r.Cumulative); err != nil {
			return Tx{}, nil, fmt.Errorf("%s: %s: %w", doing, r.Account, err)
		}
		amounts[i] = new(big.Int)
		paid, err := c.Paid(ctx, r.Account)
		if err != nil {
			return Tx{}, nil, fmt.Errorf("%s: %w", doing, err)
		}
		if paid.Cmp(r.Cumulative) < 0 {
			due = append(due, bindings.IPayoutsClaim{Account: r.Account, Cumulative: r.Cumulative, Proof: r.Proof})
		}
	}
	if len(due) == 0 {
		return Tx{}, amounts, nil
	}
	tx, err := c.sendLocked(ctx, doing, c.addresses.Payouts, func() ([]byte, error) { return c.payouts.TryPackClaimMany(due) })
	if err != nil {
		return Tx{}, nil, err
	}
	for i, r := range requests {
		if amounts[i], err = c.paidBy(ctx, tx, r.Account); err != nil {
			return tx, nil, err
		}
	}
	return tx, amounts, nil
}

// paidBy reads from a transaction's events what it paid to the account.
func (c *Chain) paidBy(ctx context.Context, tx Tx, account common.Address) (*big.Int, error) {
	r, err := c.backend.TransactionReceipt(ctx, tx.Hash)
	if err != nil {
		return nil, fmt.Errorf("read what was paid in %s: %w", tx.Hash, err)
	}
	sum := new(big.Int)
	for _, l := range r.Logs {
		if l.Address != c.addresses.Payouts || len(l.Topics) == 0 || l.Topics[0] != c.event("Payouts", "Claimed") {
			continue
		}
		e, err := c.payouts.UnpackClaimedEvent(l)
		if err != nil {
			return nil, fmt.Errorf("read what was paid in %s: %w", tx.Hash, err)
		}
		if e.Account == account {
			sum.Add(sum, e.Amount)
		}
	}
	return sum, nil
}

// lastClaim finds the newest transaction that paid the account, and what it paid.
func (c *Chain) lastClaim(ctx context.Context, account common.Address) (Tx, *big.Int, error) {
	block, err := read(ctx, c, c.addresses.Payouts, "read when "+account.Hex()+" was paid", c.payouts.PackPaidAt(account), c.payouts.UnpackPaidAt)
	if err != nil || block == 0 {
		return Tx{}, new(big.Int), err
	}
	at := new(big.Int).SetUint64(block)
	logs, err := c.backend.FilterLogs(ctx, ethereum.FilterQuery{
		Addresses: []common.Address{c.addresses.Payouts}, FromBlock: at, ToBlock: at,
		Topics: [][]common.Hash{{c.event("Payouts", "Claimed")}, {common.BytesToHash(account[:])}},
	})
	if err != nil {
		return Tx{}, nil, fmt.Errorf("look for the last claim of %s: %w", account, err)
	}
	if len(logs) == 0 {
		return Tx{}, new(big.Int), nil
	}
	l := logs[len(logs)-1]
	e, err := c.payouts.UnpackClaimedEvent(&l)
	if err != nil {
		return Tx{}, nil, fmt.Errorf("read the last claim of %s: %w", account, err)
	}
	// Found again by its data, to fill in the gas.
	data := append(math.U256Bytes(new(big.Int).Set(e.Amount)), math.U256Bytes(new(big.Int).Set(e.Cumulative))...)
	tx, err := c.inBlock(ctx, c.addresses.Payouts, block, data, c.event("Payouts", "Claimed"), common.BytesToHash(account[:]))
	return tx, e.Amount, err
}
