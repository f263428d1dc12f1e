package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"path/filepath"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/contracts/devchain"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// money is an opened settlement: nil chain when it is off.
type money struct {
	chain  settle.Chain
	wire   wire.Money
	window time.Duration // of the contracts; 0 when settlement is off
	close  func() error
}

// disputeWindow is the contracts' own where there are any: it was fixed when they were
// deployed.
func (m *money) disputeWindow(configured time.Duration) time.Duration {
	if m.window > 0 {
		return m.window
	}
	return configured
}

// openMoney opens the settlement that the configuration names.
func openMoney(ctx context.Context, c config, id *identity.Identity, db store.Store) (*money, error) {
	kind, url, _ := strings.Cut(c.Settlement, "=")
	m := &money{wire: wire.Money{Settlement: kind, Symbol: "HELIO"}, close: func() error { return nil }}
	cc := chain.Config{OperatorKey: id.PrivateKey(), StatePath: filepath.Join(c.keys(), "chain.json"), Log: c.Log, DisputeWindow: c.Window, Confirmations: c.Confirmations}
	var advance func(time.Duration) error
	switch {
	case kind == "off" && url == "":
		return m, nil
	case kind == "devchain" && url == "":
		dev, err := devchain.Start(ctx, devchain.Config{Dir: filepath.Join(c.Data, "devchain"), OperatorKey: id.PrivateKey(), RPCAddr: c.ChainListen, Log: c.Log})
		if err != nil {
			return nil, err
		}
		m.close = dev.Close
		cc.Backend, cc.ChainID, advance = dev.Client(), dev.ChainID(), dev.AdvanceTime
	case kind == "rpc" && url != "":
		client, chainID, err := chain.DialRPC(ctx, url)
		if err != nil {
			return nil, fmt.Errorf("%w; check --settlement rpc=%s", err, url)
		}
		m.close = func() error { client.Close(); return nil }
		cc.Backend, cc.ChainID = client, chainID
		// Another chain has another set of contracts.
		cc.StatePath = filepath.Join(c.keys(), fmt.Sprintf("chain-%s.json", chainID))
		if c.Token != "" {
			if !common.IsHexAddress(c.Token) {
				return nil, errors.Join(fmt.Errorf("--token %s is not an address", c.Token), m.close())
			}
			cc.Token = common.HexToAddress(c.Token)
		}
	default:
		return nil, fmt.Errorf("--settlement %s is not known: use off, devchain, or rpc=URL", c.Settlement)
	}
	if open.Shared(c.Store) {
		cc.State = &chainState{db: db, key: fmt.Sprintf("chain/%s", cc.ChainID), file: cc.StatePath}
	}
	opened, err := openContracts(ctx, cc, db)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the contracts: %w", err), m.close())
	}
	a := opened.Addresses()
	m.window = opened.DisputeWindow()
	m.wire.ChainID, m.wire.TokenName = cc.ChainID.Uint64(), opened.TokenDomain().Name
	m.wire.Token, m.wire.Escrow, m.wire.Payouts, m.wire.Registry = a.Token.Hex(), a.Escrow.Hex(), a.Payouts.Hex(), a.Registry.Hex()
	m.chain = &contracts{chain: opened, faucet: kind == "devchain", advance: advance, log: c.Log}
	return m, nil
}

// openContracts connects to the contracts, or deploys them; of several managers that start together one does.
func openContracts(ctx context.Context, c chain.Config, db store.Store) (*chain.Chain, error) {
	if c.State == nil {
		return chain.Open(ctx, c)
	}
	ctx, done := context.WithCancel(ctx)
	defer done()
	alone, err := db.Lead(ctx, "open the chain")
	if err != nil {
		return nil, err
	}
	return chain.Open(alone, c)
}

// contracts puts contracts/chain behind the interface that manager/settle calls.
type contracts struct {
	chain  *chain.Chain
	faucet bool
	// advance moves a dev chain's clock on; nil for chains whose blocks come by themselves.
	advance func(time.Duration) error
	log     *slog.Logger
}

var _ settle.Chain = (*contracts)(nil)

// TakeOver goes on with what the manager that settled before has sent.
func (c *contracts) TakeOver(ctx context.Context) error { return c.chain.TakeOver(ctx) }

func amount(a job.Amount) *big.Int { return big.NewInt(int64(a)) }

func fromBig(n *big.Int) (job.Amount, error) {
	if n == nil {
		return 0, nil
	}
	if !n.IsInt64() {
		return 0, fmt.Errorf("%s base units are more than this manager counts", n)
	}
	return job.Amount(n.Int64()), nil
}

// hash names a transaction; a call that found its work done long ago can't.
func hash(tx chain.Tx) string {
	if tx.Hash == (common.Hash{}) {
		return "earlier"
	}
	return tx.Hash.Hex()
}

// sortError tells settlement which refusals are final.
func sortError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, chain.ErrWindowOpen) {
		return fmt.Errorf("%w: %w", settle.ErrWindowOpen, err)
	}
	for _, final := range []error{chain.ErrAlreadyFunded, chain.ErrWrongSigner, chain.ErrExpired, chain.ErrReplayed, chain.ErrAllowance, chain.ErrBalance, chain.ErrBadValue, chain.ErrBadAmount, chain.ErrWindowClosed, chain.ErrClaimOpen, chain.ErrReverted} {
		if errors.Is(err, final) {
			return fmt.Errorf("%w: %w", settle.ErrRefused, err)
		}
	}
	return err
}

func (c *contracts) Fund(ctx context.Context, f settle.Funding) (string, error) {
	artist := common.HexToAddress(f.Artist)
	tx, err := c.chain.Fund(ctx, chain.FundRequest{
		Funding:   receipt.Funding{JobID: f.Job, Artist: artist, Amount: uint64(f.Amount), QuoteHash: f.QuoteHash, Deadline: uint64(f.Deadline)},
		Signature: f.Signature,
		Permit:    receipt.Permit{Owner: artist, Spender: c.chain.Addresses().Escrow, Value: uint64(f.Amount), Deadline: uint64(f.Deadline)}, PermitSignature: f.Permit,
	})
	return hash(tx), sortError(err)
}

// released does something to a job's escrow. The contract takes a dispute straight from the artist too, past the manager,
// which then doesn't know the frames and has no claim to decide. The calls of a job come after the
// end of every claim that the manager has: what is still held is such a dispute, and it is let go.
func (c *contracts) released(ctx context.Context, jobID [32]byte, do func() (chain.Tx, error)) (chain.Tx, error) {
	tx, err := do()
	if !errors.Is(err, chain.ErrClaimOpen) && !errors.Is(err, chain.ErrOverPayable) {
		return tx, err
	}
	s, e := c.chain.Escrow(ctx, jobID)
	if e != nil {
		return tx, errors.Join(err, e)
	}
	if s.Held == nil || s.Held.Sign() == 0 {
		return tx, err
	}
	if _, e := c.chain.Resolve(ctx, jobID, new(big.Int)); e != nil {
		return tx, errors.Join(err, e)
	}
	c.log.Warn("an escrow held something for a dispute that never came to the manager; it is payable again", "chain_job", common.Hash(jobID), "held", s.Held)
	return do()
}

func (c *contracts) Deliver(ctx context.Context, jobID, root [32]byte, a job.Amount) (string, error) {
	tx, err := c.released(ctx, jobID, func() (chain.Tx, error) { return c.chain.MarkDelivered(ctx, jobID, root, amount(a)) })
	return hash(tx), sortError(err)
}

func (c *contracts) Settle(ctx context.Context, jobID [32]byte, cumulative job.Amount, acceptance []byte) (string, error) {
	settle := func() (chain.Tx, error) { return c.chain.Settle(ctx, jobID, amount(cumulative), acceptance) }
	tx, err := c.released(ctx, jobID, settle)
	if errors.Is(err, chain.ErrWindowOpen) && c.advance != nil {
		// An idle dev chain's clock stands still: bring it up to ours and look again.
		now, e := c.chain.Now(ctx)
		if e != nil {
			return "", e
		}
		if behind := time.Since(now).Truncate(time.Second); behind >= time.Second {
			if e := c.advance(behind); e != nil {
				return "", e
			}
			tx, err = c.released(ctx, jobID, settle)
		}
	}
	return hash(tx), sortError(err)
}

func (c *contracts) Dispute(ctx context.Context, d settle.Dispute) (string, error) {
	tx, err := c.chain.Dispute(ctx, d.Order(), d.Signature)
	return hash(tx), sortError(err)
}

func (c *contracts) Resolve(ctx context.Context, jobID [32]byte, refunded job.Amount) (string, error) {
	s, err := c.chain.Escrow(ctx, jobID)
	if err != nil {
		return "", err
	}
	if s.Held == nil || s.Held.Sign() == 0 {
		return "earlier", nil // or the contracts never held anything
	}
	back := amount(refunded)
	if back.Cmp(s.Held) > 0 {
		back = s.Held
	}
	tx, err := c.chain.Resolve(ctx, jobID, back)
	return hash(tx), sortError(err)
}

func (c *contracts) Refund(ctx context.Context, jobID [32]byte) (string, job.Amount, error) {
	tx, err := c.released(ctx, jobID, func() (chain.Tx, error) {
		tx, _, err := c.chain.Refund(ctx, jobID)
		return tx, err
	})
	if err != nil {
		return "", 0, sortError(err)
	}
	back, err := refunded(ctx, func() (chain.EscrowState, error) { return c.chain.Escrow(ctx, jobID) })
	if err != nil {
		return "", 0, err
	}
	sum, err := fromBig(back)
	return hash(tx), sum, err
}

// refunded reads what a job's closing gave back. A node can show a transaction's receipt a
// moment before the state that it left, in which nothing has come back yet.
func refunded(ctx context.Context, read func() (chain.EscrowState, error)) (*big.Int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := read()
		if err != nil {
			return nil, err
		}
		if s.Status == chain.Closed {
			return s.Refunded, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("the refund is mined, but its escrow is still open: %w", ctx.Err())
		}
	}
}

func tree(leaves []store.Leaf) (*chain.Tree, error) {
	payouts := make([]chain.Payout, len(leaves))
	for i, l := range leaves {
		payouts[i] = chain.Payout{Account: common.HexToAddress(l.Node), Cumulative: amount(l.Cumulative)}
	}
	return chain.NewTree(payouts)
}

func (c *contracts) Root(leaves []store.Leaf) ([32]byte, error) {
	t, err := tree(leaves)
	if err != nil {
		return [32]byte{}, err
	}
	return t.Root(), nil
}

func (c *contracts) Post(ctx context.Context, epoch uint64, root [32]byte, total job.Amount) (string, error) {
	tx, err := c.chain.PostRoot(ctx, epoch, root, amount(total))
	return hash(tx), sortError(err)
}

func (c *contracts) Claim(ctx context.Context, node string, leaves []store.Leaf) (string, job.Amount, error) {
	t, err := tree(leaves)
	if err != nil {
		return "", 0, err
	}
	account := common.HexToAddress(node)
	proof, err := t.Proof(account)
	if err != nil {
		return "", 0, err
	}
	for _, l := range leaves {
		if l.Node != node {
			continue
		}
		tx, paid, err := c.chain.Claim(ctx, account, amount(l.Cumulative), proof)
		if err != nil {
			return "", 0, sortError(err)
		}
		sum, err := fromBig(paid)
		return hash(tx), sum, err
	}
	return "", 0, fmt.Errorf("%s is not in the last settlement", node)
}

func (c *contracts) Balance(ctx context.Context, address string) (job.Amount, error) {
	n, err := c.chain.Balance(ctx, common.HexToAddress(address))
	if err != nil {
		return 0, err
	}
	return fromBig(n)
}

func (c *contracts) PermitNonce(ctx context.Context, address string) (uint64, error) {
	return c.chain.Nonce(ctx, common.HexToAddress(address))
}

func (c *contracts) Faucet(ctx context.Context, address string, a job.Amount) error {
	if !c.faucet {
		return settle.ErrNoFaucet
	}
	_, err := c.chain.Faucet(ctx, common.HexToAddress(address), amount(a))
	if err == nil {
		c.log.Info("test tokens given", "artist", address, "amount", a)
	}
	return err
}
