// Package settle turns verified frames into money: the ledger that owes each frame once,
// the escrow of each job, the epochs' payout roots and the nodes' withdrawals. What has to
// happen on the chain goes through a durable outbox, so that a crash at any moment repeats
// a call that is safe to repeat and never forgets one.
//
// It is not the place for judging frames (manager/audit) or for the chain itself
// (contracts/chain, behind the Chain interface).
//
// Receives: verified frames from manager/audit, orders of artists from manager/intake.
// Hands on: transactions to the chain, paid nodes.
package settle

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Options configure a Settler.
type Options struct {
	Store  store.Store
	Chain  Chain // nil: settlement is off, the ledger is all there is
	Money  wire.Money
	Hub    *notify.Hub
	Epoch  time.Duration // between two payout roots
	Window time.Duration // in which an artist can dispute a delivery
	Faucet job.Amount    // for artists who can't pay, where the chain has a faucet
	Clock  func() time.Time
	Log    *slog.Logger
}

// Settler is safe for concurrent use. Run has to run.
type Settler struct {
	options  Options
	onFunded func(tx store.Tx, jobID, hash string, escrow job.Amount, changes *notify.Changes) error
	wake     chan struct{}

	mu      sync.Mutex // guards changed
	changed chan struct{}

	owedMu    sync.Mutex // guards what follows, and is held while it is made anew
	owed      []store.Earning
	owedUntil time.Time
}

// New makes a settler.
func New(o Options) *Settler {
	return &Settler{options: o, wake: make(chan struct{}, 1), changed: make(chan struct{})}
}

// OnFunded sets what happens, in the same transaction, when a job's ceiling is in escrow.
// It is set once, before Run.
func (s *Settler) OnFunded(fn func(tx store.Tx, jobID, hash string, escrow job.Amount, changes *notify.Changes) error) {
	s.onFunded = fn
}

// Off tells whether jobs are free of payment.
func (s *Settler) Off() bool { return s.options.Chain == nil }

// Money is what clients are told.
func (s *Settler) Money() wire.Money { return s.options.Money }

// Domain is what receipts and verdicts are signed for.
func (s *Settler) Domain() receipt.Domain {
	return receipt.Domain{ChainID: s.options.Money.ChainID, Contract: s.options.Money.Escrow}
}

func (s *Settler) escrowDomain() receipt.Contract {
	m := s.options.Money
	return receipt.Contract{Name: receipt.EscrowDomain, Version: receipt.DomainVersion, ChainID: m.ChainID, Address: common.HexToAddress(m.Escrow)}
}

// ChainJob is the job's name on the chain: SHA-256 of its id.
func ChainJob(id string) [32]byte { return sha256.Sum256([]byte(id)) }

// QuoteHash binds the artist's signature to one quote: SHA-256 of its JSON.
func QuoteHash(q job.Quote) [32]byte {
	raw, err := json.Marshal(q)
	if err != nil {
		panic(fmt.Sprintf("a quote has only marshalable fields: %v", err))
	}
	return sha256.Sum256(raw)
}

func hexWord(w [32]byte) string { return "0x" + hex.EncodeToString(w[:]) }

func parseWord(text string) ([32]byte, error) {
	raw, err := hex.DecodeString(text[min(2, len(text)):])
	if err != nil || len(raw) != 32 {
		return [32]byte{}, fmt.Errorf("%q is not 32 bytes of hex", text)
	}
	return [32]byte(raw), nil
}

// Account is what an artist needs to sign a funding.
func (s *Settler) Account(ctx context.Context, q *wire.JobQuote) error {
	if s.Off() {
		return nil
	}
	q.ChainJob = hexWord(ChainJob(q.Job.ID))
	q.QuoteHash = hexWord(QuoteHash(q.Quote))
	balance, err := s.options.Chain.Balance(ctx, q.Job.Owner)
	if err != nil {
		return fmt.Errorf("balance of %s: %w", q.Job.Owner, err)
	}
	if balance < q.Quote.Ceiling && s.options.Faucet > 0 {
		err := s.options.Chain.Faucet(ctx, q.Job.Owner, max(s.options.Faucet, q.Quote.Ceiling))
		if err != nil && !errors.Is(err, ErrNoFaucet) {
			return fmt.Errorf("test tokens for %s: %w", q.Job.Owner, err)
		}
		if balance, err = s.options.Chain.Balance(ctx, q.Job.Owner); err != nil {
			return fmt.Errorf("balance of %s: %w", q.Job.Owner, err)
		}
	}
	q.Balance = int64(balance)
	if q.PermitNonce, err = s.options.Chain.PermitNonce(ctx, q.Job.Owner); err != nil {
		return fmt.Errorf("permit nonce of %s: %w", q.Job.Owner, err)
	}
	return nil
}

// fundBody is the outbox entry of a funding.
type fundBody struct {
	Job     string  `json:"job"`
	Funding Funding `json:"funding"`
}

// Fund puts the ceiling of a quoted job into escrow and returns once it is there, which
// has also caused OnFunded. Asked again it returns the same.
func (s *Settler) Fund(ctx context.Context, j *store.Job, f wire.JobFund) error {
	changes := &notify.Changes{Now: s.options.Clock}
	if s.Off() {
		err := s.options.Store.Update(ctx, func(tx store.Tx) error {
			changes.Reset()
			if err := asQuoted(tx, j); err != nil {
				return err
			}
			return s.onFunded(tx, j.ID, "", 0, changes)
		})
		if err == nil {
			s.options.Hub.Publish(changes)
		}
		return err
	}
	body := fundBody{Job: j.ID, Funding: Funding{
		Job: ChainJob(j.ID), Artist: j.Owner, Amount: j.Quote.Ceiling, QuoteHash: QuoteHash(j.Quote), Deadline: f.Deadline, Signature: f.Funding, Permit: f.Permit,
	}}
	order := receipt.Funding{JobID: body.Funding.Job, Artist: common.HexToAddress(j.Owner), Amount: uint64(j.Quote.Ceiling), QuoteHash: body.Funding.QuoteHash, Deadline: uint64(f.Deadline)}
	if err := signedBy(j.Owner, order.Digest(s.escrowDomain()), f.Funding); err != nil {
		return &wire.Error{Code: wire.CodeUnauthorised, Message: "the funding of job " + j.ID + " is not signed by its owner: " + err.Error(), Next: "ask for the quote again and sign that"}
	}
	if f.Deadline <= s.options.Clock().Unix() {
		return &wire.Error{Code: wire.CodeBadRequest, Message: "the funding's deadline has passed", Next: "sign it again"}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the funding: %w", err)
	}
	err = s.options.Store.Update(ctx, func(tx store.Tx) error {
		if err := asQuoted(tx, j); err != nil {
			return err
		}
		err := tx.AddOp(&store.Op{Kind: opFund, Ref: j.ID, Body: raw})
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		op, err := tx.Op(opFund, j.ID)
		if err != nil || op.State != store.OpFailed {
			return err
		}
		_, err = tx.EditOp(op.ID, func(o *store.Op) { o.Body, o.State, o.Tries, o.Next, o.Error = raw, store.OpPending, 0, 0, "" })
		return err
	})
	if err != nil {
		return fmt.Errorf("fund job %s: %w", j.ID, err)
	}
	s.Wake()
	return s.await(ctx, opFund, j.ID)
}

// asQuoted makes sure, in the transaction that takes an artist's acceptance down, that the job's quote is the one that was
// accepted. Another draft of the same request may have priced the job anew meanwhile: it would be rendered at a price that its escrow
// doesn't hold. A job that is funded already has its price.
func asQuoted(tx store.Tx, j *store.Job) error {
	now, err := tx.Job(j.ID)
	if err != nil || now.State != job.Quoted || now.Quote.ID == j.Quote.ID {
		return err
	}
	return &wire.Error{Code: wire.CodeConflict, Message: "job " + j.ID + " has another quote by now", Next: "look at the new quote and accept that"}
}

// await waits until an outbox entry is done.
func (s *Settler) await(ctx context.Context, kind, ref string) error {
	// Another manager may be the one that carries it out.
	look := time.NewTicker(250 * time.Millisecond)
	defer look.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		var op *store.Op
		if err := s.options.Store.View(ctx, func(tx store.Tx) (err error) { op, err = tx.Op(kind, ref); return err }); err != nil {
			return fmt.Errorf("wait for %s of %s: %w", kind, ref, err)
		}
		switch op.State {
		case store.OpDone:
			return nil
		case store.OpFailed:
			if kind == opClaim {
				return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("the withdrawal of %s failed: %s", ref, op.Error), Next: "ask for it again after the next settlement"}
			}
			return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("%s of job %s failed: %s", kind, ref, op.Error), Next: "check the account's tokens and ask for the quote again"}
		}
		select {
		case <-changed:
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s of %s: %w", kind, ref, context.Cause(ctx))
		}
	}
}

// Wake makes Run look at the outbox.
func (s *Settler) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func signedBy(owner string, digest [32]byte, signature []byte) error {
	signer, err := identity.Recover(digest, signature)
	if err != nil {
		return err
	}
	if signer != owner {
		return fmt.Errorf("it is signed by %s", signer)
	}
	return nil
}

// deliveryRoot names what was delivered: SHA-256("heliostat/delivery/1" ‖ for each frame
// i32 number ‖ SHA-256 of its file).
func deliveryRoot(frames []*job.Frame) ([32]byte, error) {
	h := sha256.New()
	h.Write([]byte("heliostat/delivery/1"))
	for _, f := range frames {
		if f.State != job.FrameDelivered && f.State != job.FrameAccepted {
			continue
		}
		digest, err := hex.DecodeString(f.Digest)
		if err != nil || len(digest) != sha256.Size {
			return [32]byte{}, fmt.Errorf("frame %d has the digest %q", f.Number, f.Digest)
		}
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(int32(f.Number))))
		h.Write(digest)
	}
	return [32]byte(h.Sum(nil)), nil
}

// jobBody is the outbox entry of everything about a funded job.
type jobBody struct {
	Job        string     `json:"job"`
	Root       string     `json:"root,omitempty"`
	Amount     job.Amount `json:"amount"`
	Acceptance []byte     `json:"acceptance,omitempty"`
}

func addOp(tx store.Tx, kind, ref string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode %s of %s: %w", kind, ref, err)
	}
	return tx.AddOp(&store.Op{Kind: kind, Ref: ref, Body: raw})
}

// free tells whether nothing is paid for a job: the network settles nothing, or didn't when the job was funded. What such a job
// owes stays in the ledger as it is, and is never counted as settled: the contracts have nothing of it to pay with.
func (s *Settler) free(j *store.Job) bool { return s.Off() || j.Escrow == 0 }

// Delivered records, in the caller's transaction, what was delivered and what it costs.
func (s *Settler) Delivered(tx store.Tx, jobID string) error {
	frames, err := tx.Frames(jobID)
	if err != nil {
		return err
	}
	root, err := deliveryRoot(frames)
	if err != nil {
		return fmt.Errorf("root of the delivery of job %s: %w", jobID, err)
	}
	j, err := tx.EditJob(jobID, func(j *store.Job) {
		j.DeliveryRoot, j.DeliveryPrice, j.DeliveredAt = hexWord(root), j.Spent, s.options.Clock().UnixMilli()
		j.Deliveries++
	})
	if err != nil || s.free(j) {
		return err
	}
	// The contracts take no delivery while a claim is open.
	if err := s.Resolve(tx, jobID); err != nil {
		return err
	}
	return addOp(tx, opDeliver, fmt.Sprintf("%s:%d", jobID, j.Deliveries), jobBody{Job: jobID, Root: j.DeliveryRoot, Amount: j.DeliveryPrice})
}

// Close ends, in the caller's transaction, the money of a cancelled or failed job:
// verified frames are paid, the rest goes back.
func (s *Settler) Close(tx store.Tx, jobID string) error {
	j, err := tx.Job(jobID)
	if err != nil {
		return err
	}
	if s.free(j) {
		return nil
	}
	if err := s.Resolve(tx, jobID); err != nil {
		return err
	}
	if j.Spent > 0 {
		if err := s.Delivered(tx, jobID); err != nil {
			return err
		}
		if err := addOp(tx, opSettle, jobID, jobBody{Job: jobID, Amount: j.Spent}); err != nil {
			return err
		}
	}
	return addOp(tx, opRefund, jobID, jobBody{Job: jobID})
}

// beforeAccepting says what to do with a job that can't be accepted now.
func beforeAccepting(j *store.Job) string {
	switch j.State {
	case job.Disputed:
		return "accept it once the quorum has decided your claim: `heliostat job why " + j.ID + "` says what that waits for"
	case job.Draft, job.Quoted:
		return "accept its quote first: submit it again"
	case job.Cancelled, job.Failed:
		return "nothing is left to do; what was delivered before is fetched with `heliostat job fetch " + j.ID + "`"
	}
	return "wait until all of its frames are there: `heliostat job show " + j.ID + "`"
}

// Accept agrees to a delivery. signature is the artist's acceptance; nil is the end of the dispute
// window. Asked again it returns the job as it is.
func (s *Settler) Accept(ctx context.Context, jobID string, signature []byte) (*store.Job, error) {
	changes := &notify.Changes{Now: s.options.Clock}
	var j *store.Job
	err := s.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		if j, err = tx.Job(jobID); err != nil {
			return err
		}
		if j.State == job.Accepted || j.State == job.Settled {
			return nil
		}
		switch {
		case j.State == job.Delivered:
		case signature == nil:
			return fmt.Errorf("job %s is %s: %w", jobID, j.State, store.ErrLost)
		default:
			return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is %s; only a delivered one can be accepted", jobID, j.State), Next: beforeAccepting(j)}
		}
		if signature != nil && !s.free(j) {
			root, err := parseWord(j.DeliveryRoot)
			if err != nil {
				return err
			}
			order := receipt.Acceptance{JobID: ChainJob(jobID), DeliveryRoot: root, Amount: uint64(j.DeliveryPrice)}
			if err := signedBy(j.Owner, order.Digest(s.escrowDomain()), signature); err != nil {
				return &wire.Error{Code: wire.CodeUnauthorised, Message: "the acceptance of job " + jobID + " is not signed by its owner: " + err.Error(), Next: "fetch the delivery again and sign that"}
			}
		}
		if err := tx.MoveFrames(jobID, j.Frames, job.FrameDelivered, job.FrameAccepted, nil); err != nil {
			return err
		}
		if j, err = tx.MoveJob(jobID, []job.State{job.Delivered}, job.Accepted, func(j *store.Job) { j.Acceptance, j.DeliveredAt = signature, s.options.Clock().UnixMilli() }); err != nil {
			return err
		}
		text := "the artist agreed to the delivery"
		if signature == nil && !s.free(j) {
			text = "the dispute window is over"
		}
		changes.Job(jobID, j.Frames...)
		if err := changes.Event(tx, jobID, "accepted", text, ""); err != nil {
			return err
		}
		if s.free(j) {
			j, err = tx.MoveJob(jobID, []job.State{job.Accepted}, job.Settled, nil)
			return err
		}
		return errors.Join(addOp(tx, opSettle, jobID, jobBody{Job: jobID, Amount: j.Spent, Acceptance: signature}), addOp(tx, opRefund, jobID, jobBody{Job: jobID}))
	})
	if err != nil {
		return nil, err
	}
	s.options.Hub.Publish(changes)
	s.Wake()
	return j, nil
}
