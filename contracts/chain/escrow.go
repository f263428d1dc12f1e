package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/contracts/bindings"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// EscrowStatus says where a job's money stands.
type EscrowStatus uint8

// The values are those of IJobEscrow.State.
const (
	NotFunded EscrowStatus = iota // never funded
	Funded                        // waits for delivery
	Delivered                     // waits for the artist, or the end of the dispute window
	Accepted                      // the artist signed
	Closed                        // the rest is refunded; final
)

func (s EscrowStatus) String() string {
	names := [...]string{"not funded", "funded", "delivered", "accepted", "closed"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("status %d", uint8(s))
}

// EscrowState is one job's money as the contract holds it, amounts in base units.
type EscrowState struct {
	Status                                                 EscrowStatus
	Artist                                                 common.Address
	Funded                                                 *big.Int // all that the artist paid in
	Spent                                                  *big.Int // moved to Payouts
	Payable                                                *big.Int // what the delivery costs: the most that Spent can reach
	Held                                                   *big.Int // the part of Payable under dispute
	Refunded                                               *big.Int // returned on closing
	QuoteHash                                              common.Hash
	DeliveryRoot                                           common.Hash
	FundedAt                                               time.Time // zero if never, as below
	DeliveredAt                                            time.Time
	fundedBlock, deliveredBlock, settledBlock, closedBlock uint64
}

// FundRequest is what an artist signs to fund a job. Of Permit, Value and Deadline count; leave PermitSignature empty
// when the escrow has an allowance already.
type FundRequest struct {
	Funding         receipt.Funding
	Signature       []byte
	Permit          receipt.Permit
	PermitSignature []byte
}

// TopUpRequest is what an artist signs to raise a job's ceiling.
type TopUpRequest struct {
	TopUp           receipt.TopUp
	Signature       []byte
	Permit          receipt.Permit
	PermitSignature []byte
}

// Escrow reads a job's money. A job that was never funded has status NotFunded.
func (c *Chain) Escrow(ctx context.Context, jobID [32]byte) (EscrowState, error) {
	j, err := read(ctx, c, c.addresses.Escrow, "read the escrow of job "+idText(jobID), c.escrow.PackJob(jobID), c.escrow.UnpackJob)
	if err != nil {
		return EscrowState{}, err
	}
	s := EscrowState{
		Status: EscrowStatus(j.State), Artist: j.Artist,
		Funded: j.Funded, Spent: j.Spent, Payable: j.Payable, Held: j.Held, Refunded: new(big.Int),
		QuoteHash: j.QuoteHash, DeliveryRoot: j.DeliveryRoot, FundedAt: when(j.FundedAt), DeliveredAt: when(j.DeliveredAt),
		fundedBlock: j.FundedBlock, deliveredBlock: j.DeliveredBlock, settledBlock: j.SettledBlock, closedBlock: j.ClosedBlock,
	}
	if s.Status == Closed {
		s.Refunded.Sub(s.Funded, s.Spent)
	}
	return s, nil
}

// Fund relays an artist's funding. A job funded already by the same artist with the same amount and quote returns the
// earlier transaction; with anything else, ErrAlreadyFunded.
func (c *Chain) Fund(ctx context.Context, req FundRequest) (Tx, error) {
	f := req.Funding
	doing := "fund job " + f.JobID.Hex()
	unlock, err := c.locks.lock(ctx, "job "+f.JobID.Hex())
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	settled := func() (Tx, bool, error) {
		s, err := c.Escrow(ctx, f.JobID)
		if err != nil || s.Status == NotFunded {
			return Tx{}, false, err
		}
		if s.Artist != f.Artist || s.QuoteHash != f.QuoteHash {
			return Tx{}, true, fmt.Errorf("%s: %w: by %s with %v", doing, ErrAlreadyFunded, s.Artist, s.Funded)
		}
		// A later top-up changes what the job holds, not what it was funded with: the event tells.
		tx, err := c.inBlock(ctx, c.addresses.Escrow, s.fundedBlock, math.U256Bytes(new(big.Int).SetUint64(f.Amount)),
			c.event("JobEscrow", "Funded"), f.JobID)
		if err != nil {
			return Tx{}, false, fmt.Errorf("%s: %w", doing, err)
		}
		if tx == (Tx{}) && s.Funded.Cmp(new(big.Int).SetUint64(f.Amount)) != 0 {
			return Tx{}, true, fmt.Errorf("%s: %w: with %v", doing, ErrAlreadyFunded, s.Funded)
		}
		return tx, true, nil
	}
	if tx, done, err := settled(); done || err != nil {
		return tx, err
	}
	permit, err := permitArgs(req.Permit, req.PermitSignature)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	tx, err := c.sendLocked(ctx, doing, c.addresses.Escrow, func() ([]byte, error) {
		return c.escrow.TryPackFund(bindings.IJobEscrowFunding{
			JobId: f.JobID, Artist: f.Artist, Amount: new(big.Int).SetUint64(f.Amount), QuoteHash: f.QuoteHash,
			Deadline: new(big.Int).SetUint64(f.Deadline),
		}, normalised(req.Signature), permit)
	})
	if errors.Is(err, ErrAlreadyFunded) {
		// An earlier run's transaction with an older signature came first.
		if tx, done, again := settled(); done || again != nil {
			return tx, again
		}
	}
	return tx, err
}

// TopUp relays an artist's top-up. Repeated after success, the message is stale (ErrReplayed) unless the job holds
// exactly what it was to bring it to: then it is done.
func (c *Chain) TopUp(ctx context.Context, req TopUpRequest) (Tx, error) {
	m := req.TopUp
	doing := "top up job " + m.JobID.Hex()
	unlock, err := c.locks.lock(ctx, "job "+m.JobID.Hex())
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	s, err := c.known(ctx, doing, m.JobID)
	if err != nil {
		return Tx{}, err
	}
	amount, before := new(big.Int).SetUint64(m.Amount), new(big.Int).SetUint64(m.FundedBefore)
	if after := new(big.Int).Add(before, amount); s.Artist == m.Artist && m.Amount != 0 && s.Funded.Cmp(after) == 0 {
		return c.between(ctx, c.addresses.Escrow, s.fundedBlock, 0,
			append(math.U256Bytes(new(big.Int).Set(amount)), math.U256Bytes(after)...), c.event("JobEscrow", "ToppedUp"), m.JobID)
	}
	permit, err := permitArgs(req.Permit, req.PermitSignature)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	return c.sendLocked(ctx, doing, c.addresses.Escrow, func() ([]byte, error) {
		return c.escrow.TryPackTopUp(bindings.IJobEscrowTopUp{
			JobId: m.JobID, Artist: m.Artist, Amount: amount, FundedBefore: before, Deadline: new(big.Int).SetUint64(m.Deadline),
		}, normalised(req.Signature), permit)
	})
}

// MarkDelivered records what was delivered and what it costs, which starts the dispute window. The same again returns
// the earlier transaction.
func (c *Chain) MarkDelivered(ctx context.Context, jobID, root [32]byte, amount *big.Int) (Tx, error) {
	doing := "record the delivery of job " + idText(jobID)
	if err := natural(amount); err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	unlock, err := c.locks.lock(ctx, "job "+idText(jobID))
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	s, err := c.known(ctx, doing, jobID)
	if err != nil {
		return Tx{}, err
	}
	if s.Status != Funded && s.DeliveryRoot == root {
		// Compared with the event, because a resolved claim lowers what is payable.
		data := append(append([]byte{}, root[:]...), math.U256Bytes(new(big.Int).Set(amount))...)
		tx, err := c.inBlock(ctx, c.addresses.Escrow, s.deliveredBlock, data, c.event("JobEscrow", "Delivered"), jobID)
		if err != nil {
			return Tx{}, fmt.Errorf("%s: %w", doing, err)
		}
		if tx != (Tx{}) || s.Payable.Cmp(amount) == 0 {
			return tx, nil
		}
	}
	return c.sendLocked(ctx, doing, c.addresses.Escrow, func() ([]byte, error) {
		return c.escrow.TryPackMarkDelivered(jobID, root, amount)
	})
}

// Settle moves a job's money to Payouts until cumulative is reached, with the artist's signed acceptance, or without one
// after the dispute window (ErrWindowOpen before). The same cumulative again returns the earlier transaction; a lower one
// is ErrBelowSpent.
func (c *Chain) Settle(ctx context.Context, jobID [32]byte, cumulative *big.Int, acceptance []byte) (Tx, error) {
	doing := "settle job " + idText(jobID)
	if err := natural(cumulative); err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	unlock, err := c.locks.lock(ctx, "job "+idText(jobID))
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	s, err := c.known(ctx, doing, jobID)
	if err != nil {
		return Tx{}, err
	}
	// With nothing to move, an acceptance is still worth recording once.
	if cumulative.Cmp(s.Spent) == 0 && (s.Status != Delivered || len(acceptance) == 0) {
		return c.inBlock(ctx, c.addresses.Escrow, s.settledBlock, nil, c.event("JobEscrow", "Settled"), jobID)
	}
	return c.sendLocked(ctx, doing, c.addresses.Escrow, func() ([]byte, error) {
		return c.escrow.TryPackSettle(jobID, cumulative, normalised(acceptance))
	})
}

// Dispute relays an artist's bad-result claim, which holds what the named frames cost. The same claim again returns the
// earlier transaction.
func (c *Chain) Dispute(ctx context.Context, m receipt.BadResult, signature []byte) (Tx, error) {
	doing := "dispute frames of job " + m.JobID.Hex()
	unlock, err := c.locks.lock(ctx, "job "+m.JobID.Hex())
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	s, err := c.known(ctx, doing, m.JobID)
	if err != nil {
		return Tx{}, err
	}
	amount := new(big.Int).SetUint64(m.Amount)
	tx, refused := c.sendLocked(ctx, doing, c.addresses.Escrow, func() ([]byte, error) {
		return c.escrow.TryPackDispute(bindings.IJobEscrowBadResult{
			JobId: m.JobID, DeliveryRoot: m.DeliveryRoot, FramesHash: m.FramesHash, Amount: amount,
			Deadline: new(big.Int).SetUint64(m.Deadline),
		}, normalised(signature))
	})
	var revert *RevertError
	if !errors.As(refused, &revert) || s.DeliveryRoot != m.DeliveryRoot || s.deliveredBlock == 0 {
		return tx, refused
	}
	// A claim names its frames by digest, so the event recognises a repeat, open or resolved.
	data := append(append([]byte{}, m.FramesHash[:]...), math.U256Bytes(new(big.Int).Set(amount))...)
	tx, err = c.between(ctx, c.addresses.Escrow, s.deliveredBlock, 0, data, c.event("JobEscrow", "Disputed"), m.JobID)
	if err == nil && tx == (Tx{}) {
		err = refused
	}
	return tx, err
}

// Resolve decides the open bad-result claim: refunded of what it holds goes back to the artist on closing, the rest
// is payable again. When no claim is open but the last one was resolved this way, it returns that transaction.
func (c *Chain) Resolve(ctx context.Context, jobID [32]byte, refunded *big.Int) (Tx, error) {
	doing := "resolve the claim on job " + idText(jobID)
	if err := natural(refunded); err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	unlock, err := c.locks.lock(ctx, "job "+idText(jobID))
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	s, err := c.known(ctx, doing, jobID)
	if err != nil {
		return Tx{}, err
	}
	if s.Held.Sign() == 0 && s.deliveredBlock != 0 {
		data := append(math.U256Bytes(new(big.Int).Set(refunded)), math.U256Bytes(new(big.Int).Set(s.Payable))...)
		tx, err := c.between(ctx, c.addresses.Escrow, s.deliveredBlock, 0, data, c.event("JobEscrow", "Resolved"), jobID)
		if err != nil || tx != (Tx{}) {
			return tx, err
		}
	}
	return c.sendLocked(ctx, doing, c.addresses.Escrow, func() ([]byte, error) {
		return c.escrow.TryPackResolve(jobID, refunded)
	})
}

// Refund closes a job and returns what hasn't moved to the artist. It returns the amount, also when the job was closed
// before.
func (c *Chain) Refund(ctx context.Context, jobID [32]byte) (Tx, *big.Int, error) {
	return c.close(ctx, "refund job "+idText(jobID), jobID, func() ([]byte, error) { return c.escrow.TryPackRefund(jobID) })
}

// Reclaim relays an artist's own refund, which the contract allows after a long silence of the operator (ErrTooEarly
// before).
func (c *Chain) Reclaim(ctx context.Context, m receipt.Reclaim, signature []byte) (Tx, *big.Int, error) {
	return c.close(ctx, "reclaim job "+m.JobID.Hex(), m.JobID, func() ([]byte, error) {
		return c.escrow.TryPackReclaim(bindings.IJobEscrowReclaim{
			JobId: m.JobID, To: m.To, Deadline: new(big.Int).SetUint64(m.Deadline),
		}, normalised(signature))
	})
}

func (c *Chain) close(ctx context.Context, doing string, jobID [32]byte, pack func() ([]byte, error)) (Tx, *big.Int, error) {
	unlock, err := c.locks.lock(ctx, "job "+idText(jobID))
	if err != nil {
		return Tx{}, nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	s, err := c.known(ctx, doing, jobID)
	if err != nil {
		return Tx{}, nil, err
	}
	if s.Status == Closed {
		tx, err := c.inBlock(ctx, c.addresses.Escrow, s.closedBlock, nil, c.event("JobEscrow", "Refunded"), jobID)
		return tx, s.Refunded, err
	}
	tx, err := c.sendLocked(ctx, doing, c.addresses.Escrow, pack)
	if err != nil {
		return Tx{}, nil, err
	}
	if s, err = c.known(ctx, doing, jobID); err != nil {
		return tx, nil, err
	}
	return tx, s.Refunded, nil
}

// known reads a job that has to be funded.
func (c *Chain) known(ctx context.Context, doing string, jobID [32]byte) (EscrowState, error) {
	s, err := c.Escrow(ctx, jobID)
	if err == nil && s.Status == NotFunded {
		err = fmt.Errorf("%s: %w", doing, ErrUnknownJob)
	}
	return s, err
}

func (c *Chain) event(contract, name string) common.Hash { return c.abis[contract].Events[name].ID }

func permitArgs(p receipt.Permit, signature []byte) (bindings.IPermitPermit, error) {
	args := bindings.IPermitPermit{Value: new(big.Int).SetUint64(p.Value), Deadline: new(big.Int).SetUint64(p.Deadline)}
	if len(signature) == 0 {
		return args, nil
	}
	v, r, s, err := receipt.SplitSignature(signature)
	if err != nil {
		return args, fmt.Errorf("permit: %w: %w", ErrWrongSigner, err)
	}
	args.V, args.R, args.S = v, r, s
	return args, nil
}

// normalised gives a signature the recovery id that contracts want. Anything else, a contract wallet's for one, passes
// through for the contract to judge.
func normalised(signature []byte) []byte {
	if len(signature) == crypto.SignatureLength && signature[64] < 2 {
		signature = append([]byte{}, signature...)
		signature[64] += 27
	}
	return signature
}

func idText(id [32]byte) string { return common.Hash(id).Hex() }

func when(seconds *big.Int) time.Time {
	if seconds.Sign() == 0 {
		return time.Time{}
	}
	return time.Unix(seconds.Int64(), 0)
}
