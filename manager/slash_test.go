package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/manager/audit"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// TestStakesOnTheChain: what the auditor asks of the real contracts, a node's owner and
// stake, is what was staked; a slash takes it once and fills the pool that rewards a registered verifier.
func TestStakesOnTheChain(t *testing.T) {
	id := newIdentity(t)
	c := settings(t, "devchain")
	c.Log = slog.New(slog.DiscardHandler)
	m, err := openMoney(t.Context(), c, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := t.Context()
	contracts := m.chain.(*contracts)
	look := m.registry()
	worker, verifier, stranger, owner := newIdentity(t), newIdentity(t), newIdentity(t), newIdentity(t)
	if r, err := look(ctx, worker.Address()); err != nil || r != (audit.Registration{}) {
		t.Fatalf("an unknown node is %+v, %v", r, err)
	}
	register(t, contracts.chain, worker, owner, chain.RoleWorker)
	register(t, contracts.chain, verifier, owner, chain.RoleVerifier)
	if err := contracts.Faucet(ctx, owner.Address(), 1000); err != nil {
		t.Fatal(err)
	}
	stake(t, contracts.chain, worker, owner, 500)
	if r, err := look(ctx, worker.Address()); err != nil || r != (audit.Registration{Owner: owner.Address(), Stake: 500}) {
		t.Fatalf("the worker is %+v, %v", r, err)
	}

	offence := audit.OffenceID("a1")
	for range 2 {
		if tx, taken, err := contracts.Slash(ctx, worker.Address(), 800, offence); err != nil || taken != 500 || tx == "" {
			t.Fatalf("%s took %d: %v", tx, taken, err)
		}
		if _, err := contracts.Reward(ctx, verifier.Address(), 40, offence); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := look(ctx, worker.Address()); err != nil || r.Stake != 0 {
		t.Errorf("after the slash the worker is %+v, %v", r, err)
	}
	if pool, err := contracts.chain.PenaltyPool(ctx); err != nil || pool.Int64() != 460 {
		t.Errorf("the pool holds %v, %v", pool, err)
	}
	for name, reward := range map[string]struct {
		to     string
		amount job.Amount
	}{"an unregistered verifier": {stranger.Address(), 1}, "more than the pool holds": {verifier.Address(), 461}} {
		if _, err := contracts.Reward(ctx, reward.to, reward.amount, audit.OffenceID("a2")); !errors.Is(err, settle.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func newIdentity(t *testing.T) *identity.Identity {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func sign(t *testing.T, by *identity.Identity, digest common.Hash) []byte {
	t.Helper()
	signature, err := by.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func register(t *testing.T, c *chain.Chain, node, owner *identity.Identity, role uint8) {
	t.Helper()
	m := receipt.Registration{Node: common.HexToAddress(node.Address()), Owner: common.HexToAddress(owner.Address()), Roles: role, EncryptionKeyHash: common.Hash{1}, Deadline: later()}
	if _, err := c.RegisterFor(context.Background(), m, sign(t, node, m.Digest(c.RegistryDomain()))); err != nil {
		t.Fatal(err)
	}
}

func stake(t *testing.T, c *chain.Chain, node, from *identity.Identity, amount uint64) {
	t.Helper()
	s := receipt.Staking{Node: common.HexToAddress(node.Address()), From: common.HexToAddress(from.Address()), Amount: amount, Deadline: later()}
	p := receipt.Permit{Owner: s.From, Spender: c.Addresses().Registry, Value: amount, Deadline: later()}
	if _, err := c.StakeFor(context.Background(), chain.StakeRequest{
		Staking: s, Signature: sign(t, from, s.Digest(c.RegistryDomain())), Permit: p, PermitSignature: sign(t, from, p.Digest(c.TokenDomain())),
	}); err != nil {
		t.Fatal(err)
	}
}

func later() uint64 { return uint64(time.Now().Add(time.Hour).Unix()) }
