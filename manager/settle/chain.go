package settle

import (
	"context"
	"errors"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Funding is an artist's order to hold a job's ceiling, with its two signatures.
type Funding struct {
	Job       [32]byte
	Artist    string // 0x address
	Amount    job.Amount
	QuoteHash [32]byte
	Deadline  int64 // Unix seconds
	Signature []byte
	Permit    []byte
}

// Chain is the part of a chain with Heliostat's contracts that settlement calls; the
// manager's main puts contracts/chain behind it. Every call is idempotent: it looks at the
// chain first and returns the earlier transaction when there is nothing left to do. It
// returns once the transaction is in a block.
type Chain interface {
	Fund(ctx context.Context, f Funding) (tx string, err error)
	Deliver(ctx context.Context, jobID, root [32]byte, amount job.Amount) (tx string, err error)
	// Settle moves what the job costs to the payouts; without an acceptance only after the
	// dispute window, before which the error is ErrWindowOpen.
	Settle(ctx context.Context, jobID [32]byte, cumulative job.Amount, acceptance []byte) (tx string, err error)
	Refund(ctx context.Context, jobID [32]byte) (tx string, amount job.Amount, err error)
	// Dispute holds the price of frames that the artist claims are bad; Resolve ends what is held, of which refunded isn't
	// payable any more. Where nothing is held there is nothing to resolve. What is held past the manager, by an artist that
	// went to the contracts alone, keeps neither Deliver nor Settle nor Refund from being done.
	Dispute(ctx context.Context, d Dispute) (tx string, err error)
	Resolve(ctx context.Context, jobID [32]byte, refunded job.Amount) (tx string, err error)

	// Root is the Merkle root of an epoch's leaves as the contract checks them.
	Root(leaves []store.Leaf) ([32]byte, error)
	Post(ctx context.Context, epoch uint64, root [32]byte, total job.Amount) (tx string, err error)
	// Claim pays a node what the leaves, those of the last posted epoch, owe it.
	Claim(ctx context.Context, node string, leaves []store.Leaf) (tx string, paid job.Amount, err error)

	// TakeOver is called before anything else of a manager that begins to settle: it learns what the last one has
	// sent. Every other call but Root, Balance, PermitNonce and Faucet comes only from the manager that settles.
	TakeOver(ctx context.Context) error

	Balance(ctx context.Context, address string) (job.Amount, error)
	PermitNonce(ctx context.Context, address string) (uint64, error)
	// Faucet gives test tokens, on chains that have them; others return ErrNoFaucet.
	Faucet(ctx context.Context, address string, amount job.Amount) error
}

var (
	// ErrWindowOpen means that the artist can still dispute.
	ErrWindowOpen = errors.New("the dispute window is open")
	// ErrRefused means that the contracts refuse the call, and will again.
	ErrRefused = errors.New("refused by the contract")
	// ErrNoFaucet means that tokens of this chain have to be bought.
	ErrNoFaucet = errors.New("this chain has no faucet")
)

const (
	retryMin = 200 * time.Millisecond
	retryMax = 30 * time.Second
)

// backoff is the wait before the next try.
func backoff(tries int) time.Duration {
	return min(retryMin<<min(tries, 10), retryMax)
}
