package chain

import (
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/shared/receipt"
)

func (w *world) registryNonce(name string) uint64 {
	w.t.Helper()
	n, err := w.RegistryNonce(w.ctx(), addressOf(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) registration(node, owner string, roles uint8) (receipt.Registration, []byte) {
	w.t.Helper()
	m := receipt.Registration{Node: addressOf(node), Owner: addressOf(owner), Roles: roles, EncryptionKeyHash: id(40),
		Nonce: w.registryNonce(node), Deadline: w.deadline()}
	return m, sign(node, m.Digest(w.RegistryDomain()))
}

func (w *world) staking(node, from string, amount uint64) StakeRequest {
	w.t.Helper()
	m := receipt.Staking{Node: addressOf(node), From: addressOf(from), Amount: amount, Nonce: w.registryNonce(from), Deadline: w.deadline()}
	p, sig := w.permit(from, w.Addresses().Registry, amount)
	return StakeRequest{Staking: m, Signature: sign(from, m.Digest(w.RegistryDomain())), Permit: p, PermitSignature: sig}
}

func (w *world) entry(node string) NodeEntry {
	w.t.Helper()
	n, err := w.Node(w.ctx(), addressOf(node))
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestRegistry(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("owner", 100)
	if n := w.entry("node"); n.Owner != (common.Address{}) {
		t.Fatalf("an unknown node has owner %s", n.Owner)
	}
	_, err := w.StakeFor(ctx, w.staking("node", "owner", 10))
	w.fails(err, ErrUnknownNode)

	m, sig := w.registration("node", "owner", RoleWorker)
	_, err = w.RegisterFor(ctx, m, sign("mallory", m.Digest(w.RegistryDomain())))
	w.fails(err, ErrWrongSigner)
	none, noneSig := w.registration("node", "owner", 0)
	_, err = w.RegisterFor(ctx, none, noneSig)
	w.fails(err, ErrBadValue)
	odd, oddSig := w.registration("node", "owner", 4)
	_, err = w.RegisterFor(ctx, odd, oddSig)
	w.fails(err, ErrBadValue)
	tx := w.must(w.RegisterFor(ctx, m, sig))
	if again := w.must(w.RegisterFor(ctx, m, sig)); again != tx {
		t.Fatal("registered twice")
	}
	// A thief of the node's key can't become its owner.
	stolen, stolenSig := w.registration("node", "mallory", RoleWorker)
	_, err = w.RegisterFor(ctx, stolen, stolenSig)
	w.fails(err, ErrNotAllowed)
	both, bothSig := w.registration("node", "owner", RoleWorker|RoleVerifier)
	w.must(w.RegisterFor(ctx, both, bothSig))
	_, err = w.RegisterFor(ctx, m, sig)
	w.fails(err, ErrReplayed)
	if n := w.entry("node"); n.Roles != 3 || n.EncryptionKeyHash != id(40) || n.Owner != addressOf("owner") {
		t.Fatalf("registered as %+v", n)
	}

	stake := w.staking("node", "owner", 60)
	tx = w.must(w.StakeFor(ctx, stake))
	if again := w.must(w.StakeFor(ctx, stake)); again != tx {
		t.Fatal("staked twice")
	}
	w.holds(w.Addresses().Registry, 60)
	redirected := w.staking("node", "owner", 10)
	redirected.Staking.Node = addressOf("mallory")
	_, err = w.StakeFor(ctx, redirected)
	w.fails(err, ErrWrongSigner)

	unbond := receipt.Unbonding{Node: addressOf("node"), Amount: 25, Nonce: w.registryNonce("owner"), Deadline: w.deadline()}
	_, err = w.UnbondFor(ctx, unbond, sign("node", unbond.Digest(w.RegistryDomain())))
	w.fails(err, ErrWrongSigner)
	_, err = w.Withdraw(ctx, addressOf("node"))
	w.fails(err, ErrNotEnough)
	tx = w.must(w.UnbondFor(ctx, unbond, sign("owner", unbond.Digest(w.RegistryDomain()))))
	if again := w.must(w.UnbondFor(ctx, unbond, sign("owner", unbond.Digest(w.RegistryDomain())))); again != tx {
		t.Fatal("unbonded twice")
	}
	_, err = w.Withdraw(ctx, addressOf("node"))
	w.fails(err, ErrTooEarly)

	// 35 bonded and 25 on the way out: an offence reaches both.
	tx, taken, err := w.Slash(ctx, addressOf("node"), big.NewInt(40), id(50))
	if w.must(tx, err); taken.Int64() != 40 {
		t.Fatalf("took %v", taken)
	}
	again, taken, err := w.Slash(ctx, addressOf("node"), big.NewInt(40), id(50))
	if w.must(again, err) != tx || taken.Int64() != 40 {
		t.Fatal("slashed twice for one offence")
	}
	if n := w.entry("node"); n.Stake.Sign() != 0 || n.Unbonding.Int64() != 20 {
		t.Fatalf("left with %+v", n)
	}
	w.pass(7*24*time.Hour + time.Second)
	w.must(w.Withdraw(ctx, addressOf("node")))
	w.holds(addressOf("owner"), 60)
	// Nothing is left to take; the offence is noted all the same.
	_, taken, err = w.Slash(ctx, addressOf("node"), big.NewInt(1000), id(51))
	if err != nil || taken.Sign() != 0 {
		t.Fatalf("took %v of nothing, %v", taken, err)
	}
	_, _, err = w.Slash(ctx, addressOf("mallory"), big.NewInt(1), id(52))
	w.fails(err, ErrUnknownNode)

	_, err = w.Reward(ctx, addressOf("node"), big.NewInt(41), id(60))
	w.fails(err, ErrNotEnough)
	_, err = w.Reward(ctx, addressOf("mallory"), big.NewInt(1), id(60))
	w.fails(err, ErrBadValue)
	tx = w.must(w.Reward(ctx, addressOf("node"), big.NewInt(30), id(60)))
	if again := w.must(w.Reward(ctx, addressOf("node"), big.NewInt(30), id(60))); again != tx {
		t.Fatal("rewarded twice")
	}
	_, err = w.Reward(ctx, addressOf("other"), big.NewInt(1), id(60))
	w.fails(err, ErrReplayed)
	w.holds(addressOf("node"), 30)
	if pool, err := w.PenaltyPool(ctx); err != nil || pool.Int64() != 10 {
		t.Fatalf("the pool holds %v, %v", pool, err)
	}
	w.holds(w.Addresses().Registry, 10)
}

// TestOwnCalls are what an account sends for itself: each is done once, and stays below the gas that people are told.
func TestOwnCalls(t *testing.T) {
	w := newWorld(t)
	me := addressOf(operatorName)
	w.mint(operatorName, 1000)
	below := func(tx Tx, err error, limit uint64) {
		t.Helper()
		if tx = w.must(tx, err); tx.Gas > limit {
			t.Errorf("%d gas, %d were announced", tx.Gas, limit)
		}
	}
	tx, err := w.Register(w.ctx(), me, RoleWorker, id(1))
	below(tx, err, GasRegister)
	tx, err = w.RaiseStake(w.ctx(), me, big.NewInt(600))
	below(tx, err, GasStake)
	for range 2 {
		for _, amount := range []int64{600, 5} {
			if tx, err := w.RaiseStake(w.ctx(), me, big.NewInt(amount)); err != nil || tx != (Tx{}) {
				t.Fatalf("a stake that is there: %+v, %v", tx, err)
			}
		}
		if tx, err := w.Register(w.ctx(), me, RoleWorker, id(1)); err != nil || tx != (Tx{}) {
			t.Fatalf("a node that is registered: %+v, %v", tx, err)
		}
	}
	_, err = w.RaiseStake(w.ctx(), me, big.NewInt(1001))
	w.fails(err, ErrBalance)
	tx, err = w.Unbond(w.ctx(), me, big.NewInt(600))
	below(tx, err, GasUnbond)
	w.pass(8 * 24 * time.Hour)
	tx, err = w.Withdraw(w.ctx(), me)
	below(tx, err, GasWithdraw)
	w.holds(me, 1000)

	// Whoever joins looks at the same contracts, and needs no role.
	c := w.config()
	c.OperatorKey, c.StatePath, c.Deployed = testKey("a node"), w.dir+"/node.json", &Addresses{Token: w.Addresses().Token, Registry: w.Addresses().Registry}
	joined, err := Join(w.ctx(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := joined.Register(w.ctx(), me, RoleWorker, id(1)); !errors.Is(err, ErrNoGasMoney) {
		t.Errorf("registering without a coin: %v", err)
	}
	c.Deployed = &Addresses{Token: w.Addresses().Payouts, Registry: w.Addresses().Registry}
	_, err = Join(w.ctx(), c)
	w.fails(err, ErrWrongChain)
}
