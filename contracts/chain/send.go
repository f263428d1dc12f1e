package chain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
)

// minTip is the least wei per gas that go-ethereum's miners take.
const minTip = 1_000_000

// maxGas is the protocol's cap on one transaction since Osaka.
const maxGas = 1 << 24

// Between looks for a receipt: at once on a dev chain, at a network's pace otherwise.
const (
	firstLook   = 2 * time.Millisecond
	slowestLook = time.Second
)

// call is one transaction to send.
type call struct {
	doing string          // for errors and logs: "settle job 0x…"
	to    *common.Address // nil deploys
	data  []byte
}

// key names the call: two calls with the same key would do the same thing.
func (c call) key() string {
	var to []byte
	if c.to != nil {
		to = c.to[:]
	}
	return crypto.Keccak256Hash(to, c.data).Hex()
}

// transact sends the call, or takes up the unmined transaction of the same call that an earlier run left, and waits
// until it is mined. When the context ends first, the transaction may still be mined later.
func (c *Chain) transact(ctx context.Context, call call) (*types.Receipt, error) {
	e := c.outbox.pending(call.key())
	if e == nil {
		var err error
		if e, err = c.post(ctx, call, nil); err != nil {
			return nil, err
		}
	}
	r, err := c.await(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Doing, err)
	}
	// A restart waits for what the chain has lost of that which somebody was told of. Unsaved, it sends it all the same.
	if err := c.outbox.save(); err != nil {
		c.log.Warn("chain: save the block of a transaction", "doing", e.Doing, "err", err)
	}
	if r.Status != types.ReceiptStatusSuccessful {
		return nil, c.whyFailed(ctx, call, r)
	}
	return r, nil
}

// post chooses a nonce, signs, writes to the outbox and sends. also, if not nil, changes the state together with it.
func (c *Chain) post(ctx context.Context, call call, also func(s *state, nonce uint64)) (*entry, error) {
	c.sendMu.Lock()
	defer c.sendMu.Unlock()
	// A nonce is worth nothing while an earlier one hasn't arrived.
	if err := c.resendLocked(ctx); err != nil {
		return nil, fmt.Errorf("%s: send what is still in the outbox: %w", call.doing, err)
	}
	msg := ethereum.CallMsg{From: c.operator, To: call.to, Data: call.data}
	gas, err := c.backend.EstimateGas(ctx, msg)
	if err != nil {
		return nil, c.explain(call.doing, err)
	}
	nonce, err := c.backend.PendingNonceAt(ctx, c.operator)
	if err != nil {
		return nil, fmt.Errorf("%s: ask for the operator's nonce: %w", call.doing, err)
	}
	before := c.outbox.view()
	if n := len(before.Outbox); n > 0 {
		nonce = max(nonce, before.Outbox[n-1].Nonce+1)
	}
	tip, cap, err := c.fees(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call.doing, err)
	}
	tx, err := types.SignNewTx(c.config.OperatorKey, c.signer, &types.DynamicFeeTx{
		ChainID: c.config.ChainID, Nonce: nonce, To: call.to, Data: call.data, Value: new(big.Int),
		Gas: min(gas+gas/4, maxGas), GasTipCap: tip, GasFeeCap: cap,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: sign: %w", call.doing, err)
	}
	raw, err := tx.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("%s: encode: %w", call.doing, err)
	}
	e := &entry{Key: call.key(), Doing: call.doing, Nonce: nonce, Raw: []hexutil.Bytes{raw}}
	err = c.outbox.change(func(s *state) {
		s.put(e)
		if also != nil {
			also(s, nonce)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call.doing, err)
	}
	if err := c.backend.SendTransaction(ctx, tx); err != nil && !known(err) {
		if refused := refusal(err, c.operator); refused != nil && !c.poolBehind(ctx, refused, tx) {
			// It never entered the pool and nothing comes after it, so its nonce is free again.
			undo := c.outbox.change(func(s *state) {
				s.drop(nonce)
				s.Addresses = before.Addresses
			})
			if undo != nil {
				return nil, errors.Join(refused, undo)
			}
			return nil, fmt.Errorf("%s: %w", call.doing, refused)
		}
		// Whether it arrived is open. await sends it again.
		c.log.Warn("chain: send", "doing", call.doing, "err", err)
	}
	return e, nil
}

// poolBehind tells whether a node refuses for lack of coins that its chain has seen already: its pool
// learns of a new block a moment later.
func (c *Chain) poolBehind(ctx context.Context, refused error, tx *types.Transaction) bool {
	if !errors.Is(refused, ErrNoGasMoney) {
		return false
	}
	has, err := c.backend.BalanceAt(ctx, c.operator, nil)
	return err == nil && has.Cmp(tx.Cost()) >= 0
}

// fees returns the tip and the most to pay, wei per gas.
func (c *Chain) fees(ctx context.Context) (tip, cap *big.Int, err error) {
	tip, err = c.backend.SuggestGasTipCap(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("ask for the gas price: %w", err)
	}
	if tip.Cmp(big.NewInt(minTip)) < 0 {
		tip = big.NewInt(minTip)
	}
	head, err := c.backend.HeaderByNumber(ctx, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("ask for the newest block: %w", err)
	}
	cap = new(big.Int).Set(tip)
	if head.BaseFee != nil {
		cap.Add(cap, new(big.Int).Lsh(head.BaseFee, 1))
	}
	if cap.Cmp(c.config.MaxFee) > 0 {
		// Under the ceiling it may still be mined, later; above it, a lying endpoint could drain the operator.
		cap = new(big.Int).Set(c.config.MaxFee)
		if head.BaseFee != nil && cap.Cmp(head.BaseFee) < 0 {
			return nil, nil, fmt.Errorf("%w: the chain asks %v wei per gas, %v allowed: wait, or raise the limit", ErrFeeTooHigh, head.BaseFee, cap)
		}
		if tip.Cmp(cap) > 0 {
			tip = new(big.Int).Set(cap)
		}
	}
	return tip, cap, nil
}

// await polls for the receipt of any version of e, sends e again when it doesn't show up, and raises its fees when it is
// ignored.
func (c *Chain) await(ctx context.Context, e *entry) (*types.Receipt, error) {
	c.tell(e, 0, 0)
	var told uint64
	look := firstLook
	timer := time.NewTimer(0)
	defer timer.Stop()
	bump := time.Now().Add(c.config.BumpAfter)
	again := time.Now().Add(min(c.config.BumpAfter, 5*time.Second))
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for nonce %d to be mined: %w: repeat the call to go on waiting", e.Nonce, ctx.Err())
		case <-timer.C:
		}
		r, err := c.receiptOf(ctx, e)
		switch {
		case err != nil:
			c.log.Warn("chain: look for a receipt", "doing", e.Doing, "err", err)
		case r != nil:
			// Receipts can be there before the head is: what the caller reads next must include the transaction.
			head, err := c.backend.BlockNumber(ctx)
			if block := r.BlockNumber.Uint64(); err == nil && head >= block && head != told {
				told = head
				c.tell(e, block, head-block)
			}
			if err == nil && head >= r.BlockNumber.Uint64()+c.config.Confirmations {
				c.outbox.mined(e, r.BlockNumber.Uint64())
				return r, nil
			}
		case time.Now().After(bump):
			if e, err = c.raise(ctx, e); err != nil {
				return nil, err
			}
			bump = time.Now().Add(c.config.BumpAfter)
		case time.Now().After(again):
			c.sendMu.Lock()
			err := c.resendLocked(ctx)
			c.sendMu.Unlock()
			if err != nil {
				c.log.Warn("chain: send again", "doing", e.Doing, "err", err)
			}
			if c.replaced(e) {
				return nil, fmt.Errorf("%w: nonce %d: is the operator's key used elsewhere?", ErrNonceTaken, e.Nonce)
			}
			again = time.Now().Add(5 * time.Second)
		}
		timer.Reset(look)
		look = min(look*3/2, slowestLook)
	}
}

// tell reports how far an entry is to whoever listens.
func (c *Chain) tell(e *entry, block, depth uint64) {
	if c.config.Progress == nil {
		return
	}
	s := Step{Doing: e.Doing, Block: block, Depth: depth, Wanted: c.config.Confirmations}
	if versions, err := e.versions(); err == nil {
		s.Hash = versions[len(versions)-1].Hash()
	}
	c.config.Progress(s)
}

// receiptOf returns the receipt of whichever version was mined, nil for none yet.
func (c *Chain) receiptOf(ctx context.Context, e *entry) (*types.Receipt, error) {
	versions, err := e.versions()
	if err != nil {
		return nil, err
	}
	for _, tx := range slices.Backward(versions) {
		r, err := c.backend.TransactionReceipt(ctx, tx.Hash())
		switch {
		case err == nil:
			return r, nil
		// A node that is still indexing says so in an error of its own; it will know later.
		case !errors.Is(err, ethereum.NotFound) && !strings.Contains(err.Error(), "indexing"):
			return nil, err
		}
	}
	return nil, nil
}

// replaced says that the outbox gave e up.
func (c *Chain) replaced(e *entry) bool {
	return !slices.ContainsFunc(c.outbox.view().Outbox, func(x *entry) bool { return x.Nonce == e.Nonce && x.Key == e.Key })
}

// raise signs e anew with at least a quarter more in fees and sends that version beside the others.
func (c *Chain) raise(ctx context.Context, e *entry) (*entry, error) {
	c.sendMu.Lock()
	defer c.sendMu.Unlock()
	versions, err := e.versions()
	if err != nil {
		return nil, err
	}
	old := versions[len(versions)-1]
	tip, cap, err := c.fees(ctx)
	if err != nil {
		c.log.Warn("chain: raise fees", "doing", e.Doing, "err", err)
		return e, nil
	}
	more := func(a, b *big.Int) *big.Int { // the larger of a and 5/4 b
		b = new(big.Int).Div(new(big.Int).Mul(b, big.NewInt(5)), big.NewInt(4))
		if a.Cmp(b) > 0 {
			return a
		}
		return b.Add(b, big.NewInt(1))
	}
	tip, cap = more(tip, old.GasTipCap()), more(cap, old.GasFeeCap())
	if cap.Cmp(c.config.MaxFee) > 0 || len(versions) >= 32 {
		return e, nil // at the limit already: wait
	}
	tx, err := types.SignNewTx(c.config.OperatorKey, c.signer, &types.DynamicFeeTx{
		ChainID: c.config.ChainID, Nonce: e.Nonce, To: old.To(), Data: old.Data(), Value: old.Value(),
		Gas: old.Gas(), GasTipCap: tip, GasFeeCap: cap,
	})
	if err != nil {
		return nil, fmt.Errorf("sign with higher fees: %w", err)
	}
	raw, err := tx.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encode with higher fees: %w", err)
	}
	next := *e
	next.Raw = append(slices.Clone(e.Raw), raw)
	if err := c.outbox.change(func(s *state) { s.put(&next) }); err != nil {
		return nil, err
	}
	if err := c.backend.SendTransaction(ctx, tx); err != nil && !known(err) {
		c.log.Warn("chain: send with higher fees", "doing", e.Doing, "err", err)
	}
	return &next, nil
}

// Resend looks at everything in the outbox, sends again what the chain doesn't hold, and waits until what had been
// mined before is mined anew. Open calls it; a manager on a network that reorganises calls it now and then.
// It returns how many transactions the chain had lost.
func (c *Chain) Resend(ctx context.Context) (int, error) {
	var lost []*entry
	for _, e := range c.outbox.view().Outbox {
		r, err := c.receiptOf(ctx, e)
		if err != nil {
			return 0, fmt.Errorf("look for %s: %w", e.Doing, err)
		}
		switch {
		case r != nil && e.Block != r.BlockNumber.Uint64():
			c.outbox.mined(e, r.BlockNumber.Uint64())
		case r == nil && e.Block != 0:
			c.outbox.mined(e, 0)
			lost = append(lost, e)
		}
	}
	if len(lost) > 0 {
		next, err := c.backend.NonceAt(ctx, c.operator, nil)
		if err != nil {
			return len(lost), fmt.Errorf("ask for the operator's nonce: %w", err)
		}
		if oldest := c.outbox.view().Outbox[0].Nonce; next < oldest {
			return len(lost), fmt.Errorf("%w: it has %d transactions of %s, %s remembers %d and more: restore the chain, or move the file away to start anew",
				ErrWrongChain, next, c.operator, c.outbox.name, oldest)
		}
	}
	c.sendMu.Lock()
	err := c.resendLocked(ctx)
	c.sendMu.Unlock()
	if err != nil {
		return len(lost), err
	}
	for _, e := range lost {
		r, err := c.await(ctx, e)
		if err != nil {
			return len(lost), fmt.Errorf("%s: %w", e.Doing, err)
		}
		c.log.Info("chain: mined again after a lost block", "doing", e.Doing, "block", r.BlockNumber, "ok", r.Status == types.ReceiptStatusSuccessful)
	}
	return len(lost), nil
}

// resendLocked sends every unmined entry, in the order of nonces. sendMu is held.
func (c *Chain) resendLocked(ctx context.Context) error {
	for _, e := range c.outbox.view().Outbox {
		if e.Block != 0 {
			continue
		}
		versions, err := e.versions()
		if err != nil {
			return err
		}
		err = c.backend.SendTransaction(ctx, versions[len(versions)-1])
		if err == nil || known(err) {
			continue
		}
		if !strings.Contains(err.Error(), "nonce too low") {
			if refused := refusal(err, c.operator); refused != nil {
				err = refused
			}
			return fmt.Errorf("%s: %w", e.Doing, err)
		}
		// Its nonce is used: by one of its own versions, or by somebody else with the same key.
		r, err := c.receiptOf(ctx, e)
		if err != nil {
			return err
		}
		if r != nil {
			c.outbox.mined(e, r.BlockNumber.Uint64())
			continue
		}
		used, err := c.backend.NonceAt(ctx, c.operator, nil)
		if err != nil {
			return fmt.Errorf("ask for the operator's nonce: %w", err)
		}
		if used <= e.Nonce {
			continue // the receipt is about to appear
		}
		if r, err = c.receiptOf(ctx, e); err != nil || r != nil {
			continue
		}
		c.log.Error("chain: another transaction took a nonce", "doing", e.Doing, "nonce", e.Nonce)
		if err := c.outbox.change(func(s *state) { s.drop(e.Nonce) }); err != nil {
			return err
		}
	}
	return nil
}

// known says that the pool has the transaction, or one with the same nonce that pays as much.
func known(err error) bool {
	text := err.Error()
	return strings.Contains(text, "already known") || strings.Contains(text, "known transaction") ||
		strings.Contains(text, "replacement transaction underpriced")
}

// refusal recognises the answers after which a transaction is certainly in no pool; nil for all others.
func refusal(err error, operator common.Address) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "insufficient funds"):
		return fmt.Errorf("%w: %s: send it some of the chain's own coin (%v)", ErrNoGasMoney, operator, err)
	case strings.Contains(text, "nonce too low"), strings.Contains(text, "intrinsic gas too low"),
		strings.Contains(text, "max fee per gas less than block base fee"), strings.Contains(text, "exceeds block gas limit"),
		strings.Contains(text, "gas limit too high"), strings.Contains(text, "exceeds maximum"),
		strings.Contains(text, "transaction underpriced"):
		return err
	}
	return nil
}

// whyFailed repeats a failed call on the state that it met, to learn the reason.
func (c *Chain) whyFailed(ctx context.Context, call call, r *types.Receipt) error {
	before := new(big.Int).Sub(r.BlockNumber, big.NewInt(1))
	msg := ethereum.CallMsg{From: c.operator, To: call.to, Data: call.data}
	if _, err := c.backend.CallContract(ctx, msg, before); err != nil {
		return c.explain(call.doing, err)
	}
	return fmt.Errorf("%s: %w in transaction %s", call.doing, ErrReverted, r.TxHash)
}

func txOf(r *types.Receipt) Tx {
	return Tx{Hash: r.TxHash, Block: r.BlockNumber.Uint64(), Gas: r.GasUsed}
}

// inBlock finds the transaction that emitted an event in a known block, 0 for none. Where block
// numbers aren't the chain's own, as on some layered networks, it finds nothing and returns the zero Tx.
func (c *Chain) inBlock(ctx context.Context, contract common.Address, block uint64, data []byte, topics ...common.Hash) (Tx, error) {
	if block == 0 {
		return Tx{}, nil
	}
	return c.between(ctx, contract, block, block, data, topics...)
}

// between finds the newest transaction in a range of blocks that emitted an event whose data begins like this. A range
// to 0 is open.
func (c *Chain) between(ctx context.Context, contract common.Address, from, to uint64, data []byte, topics ...common.Hash) (Tx, error) {
	query := ethereum.FilterQuery{Addresses: []common.Address{contract}, FromBlock: new(big.Int).SetUint64(from)}
	if to != 0 {
		query.ToBlock = new(big.Int).SetUint64(to)
	}
	for _, topic := range topics {
		query.Topics = append(query.Topics, []common.Hash{topic})
	}
	logs, err := c.backend.FilterLogs(ctx, query)
	if err != nil {
		return Tx{}, fmt.Errorf("look for an earlier transaction: %w", err)
	}
	for _, l := range slices.Backward(logs) {
		if data != nil && !bytes.HasPrefix(l.Data, data) {
			continue
		}
		tx := Tx{Hash: l.TxHash, Block: l.BlockNumber}
		if r, err := c.backend.TransactionReceipt(ctx, l.TxHash); err == nil {
			tx.Gas = r.GasUsed
		}
		return tx, nil
	}
	return Tx{}, nil
}
