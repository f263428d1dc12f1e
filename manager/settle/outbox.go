package settle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Kinds of outbox entries. Those of one job are carried out in the order of their making.
const (
	opFund    = "fund"    // Ref: job
	opDeliver = "deliver" // Ref: job:number of the delivery
	opSettle  = "settle"  // Ref: job
	opRefund  = "refund"  // Ref: job
	opRoot    = "root"    // Ref: epoch
	opClaim   = "claim"   // Ref: node; done anew for every withdrawal
)

type rootBody struct {
	Epoch uint64 `json:"epoch"`
}

// Run carries out the outbox, posts epochs and accepts what nobody disputed, until ctx
// ends. It goes on where an earlier process stopped.
func (s *Settler) Run(ctx context.Context) error {
	if s.Off() {
		<-ctx.Done()
		return nil
	}
	if err := s.takeOver(ctx); err != nil {
		return nil //nolint:nilerr // ctx has ended: another manager's turn, or the end
	}
	outbox := time.NewTicker(time.Second)
	defer outbox.Stop()
	epoch := time.NewTicker(s.options.Epoch)
	defer epoch.Stop()
	for {
		if err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.Error("the settlement outbox", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-outbox.C:
			if err := s.acceptOverdue(ctx); err != nil && ctx.Err() == nil {
				s.options.Log.Error("accept undisputed jobs", "err", err)
			}
		case <-epoch.C:
			if err := s.NewEpoch(ctx); err != nil && ctx.Err() == nil {
				s.options.Log.Error("make an epoch", "err", err)
			}
		}
	}
}

// takeOver makes the chain ready to go on where the manager that settled before stopped, however long that takes.
func (s *Settler) takeOver(ctx context.Context) error {
	for tries := 0; ; tries++ {
		err := s.options.Chain.TakeOver(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		s.options.Log.Error("take over the settlement; it is tried again", "tries", tries+1, "err", err)
		timer := time.NewTimer(backoff(tries))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Pass tries every outbox entry that is due, once.
func (s *Settler) Pass(ctx context.Context) error {
	var ops []*store.Op
	if err := s.options.Store.View(ctx, func(tx store.Tx) (err error) { ops, err = tx.PendingOps(); return err }); err != nil {
		return fmt.Errorf("read the outbox: %w", err)
	}
	waiting := make(map[string]bool) // jobs with an entry that isn't done
	for _, op := range ops {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var head struct {
			Job string `json:"job"`
		}
		if err := json.Unmarshal(op.Body, &head); err != nil {
			return fmt.Errorf("read outbox entry %s %s: %w", op.Kind, op.Ref, err)
		}
		if waiting[head.Job] && head.Job != "" {
			continue
		}
		// A time far ahead was written by a clock that was set back since.
		if wait := op.Next - s.options.Clock().UnixMilli(); wait > 0 && wait <= retryMax.Milliseconds() {
			waiting[head.Job] = true
			continue
		}
		done, err := s.carryOut(ctx, op, head.Job)
		if err != nil {
			return err
		}
		if !done {
			waiting[head.Job] = true
		}
	}
	return nil
}

// carryOut does one entry and records how it went. done is false when it has to be tried
// again; about is its job, "" for none. The error is the store's.
func (s *Settler) carryOut(ctx context.Context, op *store.Op, about string) (done bool, err error) {
	changes := &notify.Changes{Now: s.options.Clock}
	hash, then, failed := s.call(ctx, op, changes)
	if failed != nil && ctx.Err() != nil {
		return false, ctx.Err()
	}
	log := s.options.Log.With("op", op.Kind, "ref", op.Ref)
	if about != "" {
		log = log.With("job", about)
	}
	err = s.options.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		changes.Reset()
		// A manager that has lost its turn without knowing may come second.
		if now, err := tx.Op(op.Kind, op.Ref); err != nil || now.State != store.OpPending {
			return err
		}
		if failed == nil {
			if then != nil {
				if err := then(tx); err != nil {
					return err
				}
			}
			_, err := tx.EditOp(op.ID, func(o *store.Op) { o.State, o.Tx, o.Error = store.OpDone, hash, "" })
			return err
		}
		// A funding that the contracts refuse is the artist's to repeat, a withdrawal the node's; a claim is decided
		// here too when the contracts refuse to hold anything, because their window is over, say. Everything else is owed and is tried until it goes through, as is a funding that nobody
		// has refused: it may be on the chain, and after its deadline it is refused.
		final := (op.Kind == opFund || op.Kind == opClaim || op.Kind == opDispute) && errors.Is(failed, ErrRefused) || (op.Kind == opClaim || op.Kind == opDispute) && op.Tries >= 20
		wait := backoff(op.Tries)
		if errors.Is(failed, ErrWindowOpen) {
			wait = min(max(s.options.Window/10, time.Second), retryMax)
		}
		if final && op.Kind == opDispute {
			changes.Job(about)
			if err := changes.Event(tx, about, "not held", "the escrow holds nothing for the claim, which is decided all the same: "+failed.Error(), ""); err != nil {
				return err
			}
		}
		_, err := tx.EditOp(op.ID, func(o *store.Op) {
			o.Tries++
			o.Next = s.options.Clock().Add(wait).UnixMilli()
			o.Error = failed.Error()
			if final {
				o.State = store.OpFailed
			}
		})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("record %s of %s: %w", op.Kind, op.Ref, err)
	}
	switch {
	case failed == nil:
		log.Info("settled on the chain", "tx", hash)
	case errors.Is(failed, ErrWindowOpen):
		log.Debug("waits for the end of the dispute window")
	default:
		log.Warn("the chain call failed; it is tried again", "tries", op.Tries+1, "err", failed)
	}
	s.options.Hub.Publish(changes)
	s.mu.Lock()
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	return failed == nil, nil
}

// call does the entry on the chain; then is what follows from it in the store.
func (s *Settler) call(ctx context.Context, op *store.Op, changes *notify.Changes) (hash string, then func(store.Tx) error, err error) {
	chain := s.options.Chain
	switch op.Kind {
	case opFund:
		var b fundBody
		if err := json.Unmarshal(op.Body, &b); err != nil {
			return "", nil, err
		}
		hash, err = chain.Fund(ctx, b.Funding)
		return hash, func(tx store.Tx) error { return s.onFunded(tx, b.Job, hash, b.Funding.Amount, changes) }, err
	case opRoot:
		var b rootBody
		if err := json.Unmarshal(op.Body, &b); err != nil {
			return "", nil, err
		}
		return s.post(ctx, b.Epoch)
	case opDispute:
		var b disputeBody
		if err := json.Unmarshal(op.Body, &b); err != nil {
			return "", nil, err
		}
		hash, err = chain.Dispute(ctx, b.Dispute)
		return hash, func(tx store.Tx) error {
			changes.Job(b.Job)
			return changes.Event(tx, b.Job, "held", fmt.Sprintf("the escrow holds %s until the claim is decided; transaction %s", b.Dispute.Amount, hash), "")
		}, err
	case opClaim:
		return s.claim(ctx, op.Ref)
	case opSlash:
		return s.slash(ctx, op, changes)
	}
	var b jobBody
	if err := json.Unmarshal(op.Body, &b); err != nil {
		return "", nil, err
	}
	id := ChainJob(b.Job)
	edit := func(what, text string, patch func(*store.Job)) func(store.Tx) error {
		return func(tx store.Tx) error {
			if _, err := tx.EditJob(b.Job, patch); err != nil {
				return err
			}
			return changes.Event(tx, b.Job, what, text, "")
		}
	}
	switch op.Kind {
	case opDeliver:
		root, err := parseWord(b.Root)
		if err != nil {
			return "", nil, err
		}
		hash, err = chain.Deliver(ctx, id, root, b.Amount)
		return hash, edit("delivery recorded", "transaction "+hash, func(j *store.Job) { j.Tx.Deliver = hash }), err
	case opResolve:
		hash, err = chain.Resolve(ctx, id, b.Amount)
		text := fmt.Sprintf("what the escrow held is payable again; transaction %s", hash)
		if b.Amount > 0 {
			text = fmt.Sprintf("%s of what the escrow held goes back to the artist unless it is rendered anew; transaction %s", b.Amount, hash)
		}
		return hash, edit("claim resolved", text, func(*store.Job) {}), err
	case opSettle:
		hash, err = chain.Settle(ctx, id, b.Amount, b.Acceptance)
		record := edit("settled", "transaction "+hash, func(j *store.Job) { j.Tx.Settle = hash })
		return hash, func(tx store.Tx) error { return errors.Join(record(tx), tx.SettleEntries(b.Job)) }, err
	case opRefund:
		var amount job.Amount
		hash, amount, err = chain.Refund(ctx, id)
		record := edit("refunded", "transaction "+hash, func(j *store.Job) { j.Tx.Refund, j.Refund, j.Escrow = hash, amount, 0 })
		return hash, func(tx store.Tx) error {
			if err := record(tx); err != nil {
				return err
			}
			// Cancelled and failed jobs stay what they are.
			_, err := tx.MoveJob(b.Job, []job.State{job.Accepted}, job.Settled, nil)
			return store.IgnoreLost(err)
		}, err
	}
	return "", nil, fmt.Errorf("outbox entry of kind %s is not known: a newer manager wrote it", op.Kind)
}

// acceptOverdue accepts deliveries whose dispute window is over.
func (s *Settler) acceptOverdue(ctx context.Context) error {
	var due []string
	now := s.options.Clock()
	if err := s.options.Store.View(ctx, func(tx store.Tx) error {
		jobs, err := tx.JobsInState(job.Delivered)
		for _, j := range jobs {
			if now.Sub(time.UnixMilli(j.DeliveredAt)) > s.options.Window {
				due = append(due, j.ID)
			}
		}
		return err
	}); err != nil {
		return err
	}
	for _, id := range due {
		if _, err := s.Accept(ctx, id, nil); store.IgnoreLost(err) != nil {
			return fmt.Errorf("accept job %s: %w", id, err)
		}
	}
	return nil
}
