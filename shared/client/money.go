package client

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// signatureLife is how long signed orders about money stay good. The embedded chain's
// clock may run ahead of the wall clock.
const signatureLife = 24 * time.Hour

// Off tells whether this network's jobs are free of payment.
func Off(m wire.Money) bool { return m.Settlement == "" || m.Settlement == "off" }

// Fund accepts a quote. It signs that the escrow may hold the ceiling and that it may
// take it from the artist's tokens; the manager relays both, so no gas is needed.
func (c *Client) Fund(ctx context.Context, q wire.JobQuote) (job.Job, error) {
	fund := wire.JobFund{Job: q.Job.ID, Quote: q.Quote.ID, Deadline: time.Now().Add(signatureLife).Unix()}
	if money := c.welcome.Money; !Off(money) {
		if q.Balance < int64(q.Quote.Ceiling) {
			return job.Job{}, fmt.Errorf("the job may cost up to %s %s, but %s holds %s: add tokens to the account, or lower samples or frames",
				q.Quote.Ceiling, money.Symbol, c.Address(), job.Amount(q.Balance))
		}
		id, err := word("the quote's job id", q.ChainJob)
		if err != nil {
			return job.Job{}, err
		}
		quote, err := word("the quote's hash", q.QuoteHash)
		if err != nil {
			return job.Job{}, err
		}
		artist := common.HexToAddress(c.Address())
		funding := receipt.Funding{JobID: id, Artist: artist, Amount: uint64(q.Quote.Ceiling), QuoteHash: quote, Deadline: uint64(fund.Deadline)}
		if fund.Funding, err = c.options.Identity.Sign(funding.Digest(escrow(money))); err != nil {
			return job.Job{}, err
		}
		permit := receipt.Permit{Owner: artist, Spender: common.HexToAddress(money.Escrow), Value: uint64(q.Quote.Ceiling), Nonce: q.PermitNonce, Deadline: uint64(fund.Deadline)}
		token := receipt.Contract{Name: money.TokenName, Version: receipt.DomainVersion, ChainID: money.ChainID, Address: common.HexToAddress(money.Token)}
		if fund.Permit, err = c.options.Identity.Sign(permit.Digest(token)); err != nil {
			return job.Job{}, err
		}
	}
	var j job.Job
	err := c.conn.Request(ctx, wire.TypeJobFund, fund, &j)
	return j, err
}

// Accept agrees to a delivery: the job can be settled at once instead of after the
// dispute window.
func (c *Client) Accept(ctx context.Context, id string) (job.Job, error) {
	accept := wire.JobAccept{Job: id}
	if money := c.welcome.Money; !Off(money) {
		files, err := c.Files(ctx, id, nil)
		if err != nil {
			return job.Job{}, err
		}
		chainJob, err := word("the job's id on the chain", files.ChainJob)
		if err != nil {
			return job.Job{}, err
		}
		root, err := word("the delivery's root", files.DeliveryRoot)
		if err != nil {
			return job.Job{}, err
		}
		order := receipt.Acceptance{JobID: chainJob, DeliveryRoot: root, Amount: uint64(files.Amount)}
		if accept.Signature, err = c.options.Identity.Sign(order.Digest(escrow(money))); err != nil {
			return job.Job{}, err
		}
	}
	var j job.Job
	err := c.conn.Request(ctx, wire.TypeJobAccept, accept, &j)
	return j, err
}

// signClaim signs that the escrow holds what the claimed frames cost, where jobs are paid.
func (c *Client) signClaim(ctx context.Context, claim *wire.JobClaim) error {
	money := c.welcome.Money
	if Off(money) {
		return nil
	}
	files, err := c.Files(ctx, claim.Job, nil)
	if err != nil {
		return err
	}
	if files.DeliveryRoot == "" {
		return nil // there is no delivery: the manager says so
	}
	detail, err := c.Job(ctx, claim.Job)
	if err != nil {
		return err
	}
	chainJob, err := word("the job's id on the chain", files.ChainJob)
	if err != nil {
		return err
	}
	root, err := word("the delivery's root", files.DeliveryRoot)
	if err != nil {
		return err
	}
	claim.Frames = slices.Compact(slices.Sorted(slices.Values(claim.Frames)))
	claim.Deadline = time.Now().Add(signatureLife).Unix()
	order := receipt.BadResult{
		JobID: chainJob, DeliveryRoot: root, FramesHash: receipt.FramesHash(claim.Frames, claim.Reason),
		Amount: receipt.HeldFor(len(claim.Frames), detail.Job.Quote, files.Amount), Deadline: uint64(claim.Deadline),
	}
	claim.Signature, err = c.options.Identity.Sign(order.Digest(escrow(money)))
	return err
}

// Payouts lists what nodes have earned: the client's own, or all for studios.
func (c *Client) Payouts(ctx context.Context, all bool) ([]job.Payout, error) {
	var answer wire.Payouts
	err := c.conn.Request(ctx, wire.TypePayoutList, wire.PayoutList{All: all}, &answer)
	return answer.Payouts, err
}

// ClaimPayout withdraws all that is settled for the client's address.
func (c *Client) ClaimPayout(ctx context.Context) (wire.PayoutPaid, error) {
	var paid wire.PayoutPaid
	err := c.conn.Request(ctx, wire.TypePayoutClaim, wire.PayoutClaim{}, &paid)
	return paid, err
}

func escrow(m wire.Money) receipt.Contract {
	return receipt.Contract{Name: receipt.EscrowDomain, Version: receipt.DomainVersion, ChainID: m.ChainID, Address: common.HexToAddress(m.Escrow)}
}

func word(what, text string) (common.Hash, error) {
	raw, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil || len(raw) != common.HashLength {
		return common.Hash{}, fmt.Errorf("%s, %q, is not 32 bytes of hex", what, text)
	}
	return common.Hash(raw), nil
}
