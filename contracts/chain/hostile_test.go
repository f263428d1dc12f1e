package chain

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/contracts/test/hostile"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// hostileWorld has its contracts over a token that misbehaves on demand. Nobody signs permits for it: it has none.
func hostileWorld(t *testing.T) (*world, *hostile.HostileToken, common.Address) {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.start()
	w.open(nil)
	r, err := w.transact(w.ctx(), call{doing: "deploy the hostile token", data: common.FromHex(hostile.HostileTokenMetaData.Bin)})
	if err != nil {
		t.Fatal(err)
	}
	token := r.ContractAddress
	w.open(func(c *Config) { c.Token, c.StatePath = token, c.StatePath+".hostile" })
	if w.TokenDomain().Name != "Hostile" {
		t.Fatalf("the token calls itself %q", w.TokenDomain().Name)
	}
	return w, hostile.NewHostileToken(), token
}

// fundAsOperator makes the operator its own artist, since the token has no permit to relay.
func (w *world) fundAsOperator(h *hostile.HostileToken, token common.Address, job common.Hash, amount uint64) error {
	w.t.Helper()
	ctx := w.ctx()
	w.must(w.send(ctx, "x", "mint", token, func() ([]byte, error) { return h.TryPackMint(w.operator, new(big.Int).SetUint64(amount)) }))
	w.must(w.send(ctx, "x", "approve", token, func() ([]byte, error) {
		return h.TryPackApprove(w.Addresses().Escrow, new(big.Int).SetUint64(amount))
	}))
	f := receipt.Funding{JobID: job, Artist: w.operator, Amount: amount, Deadline: w.deadline()}
	_, err := w.Fund(ctx, FundRequest{Funding: f, Signature: sign(operatorName, f.Digest(w.EscrowDomain()))})
	return err
}

func TestFeeOnTransferIsRefused(t *testing.T) {
	w, h, token := hostileWorld(t)
	w.must(w.send(w.ctx(), "x", "set the fee", token, func() ([]byte, error) { return h.TryPackSetFee(big.NewInt(3)) }))
	w.fails(w.fundAsOperator(h, token, id(1), 100), ErrBadValue)
	if s := w.state(id(1)); s.Status != NotFunded {
		t.Fatalf("the job is %v", s.Status)
	}
}

// TestReentry has the token call back into the contracts in the middle of every transfer. The token holds the roles
// itself, so that nothing but the guard stands in its way.
func TestReentry(t *testing.T) {
	w, h, token := hostileWorld(t)
	ctx := w.ctx()
	a := w.Addresses()
	w.must(w.send(ctx, "x", "grant", a.Escrow, func() ([]byte, error) { return w.escrow.TryPackGrantRole(operatorRole, token) }))
	for job := range uint64(3) {
		if err := w.fundAsOperator(h, token, id(job), 100); err != nil {
			t.Fatal(err)
		}
	}
	w.must(w.MarkDelivered(ctx, id(1), id(9), big.NewInt(90)))
	arm := func(victim common.Address, attack []byte) {
		t.Helper()
		w.must(w.send(ctx, "x", "arm", token, func() ([]byte, error) { return h.TryPackArm(victim, attack) }))
	}
	harmless := func(what string) {
		t.Helper()
		attacked, err := read(ctx, w.Chain, token, "read", h.PackAttacked(), h.UnpackAttacked)
		if err != nil || !attacked {
			t.Fatalf("%s: no attack took place, %v", what, err)
		}
		succeeded, err := read(ctx, w.Chain, token, "read", h.PackSucceeded(), h.UnpackSucceeded)
		if err != nil || succeeded {
			t.Fatalf("%s: the attack got through, %v", what, err)
		}
	}
	arm(a.Escrow, w.escrow.PackRefund(id(1)))
	if _, _, err := w.Refund(ctx, id(2)); err != nil {
		t.Fatal(err)
	}
	harmless("refund in refund")

	arm(a.Escrow, w.escrow.PackRefund(id(1)))
	accepted := sign(operatorName, receipt.Acceptance{JobID: id(1), DeliveryRoot: id(9), Amount: 90}.Digest(w.EscrowDomain()))
	w.must(w.Settle(ctx, id(1), big.NewInt(50), accepted))
	harmless("refund in settle")

	tr := tree(t, earned("worker", 30), earned("verifier", 20))
	w.must(w.PostRoot(ctx, 1, tr.Root(), tr.Total()))
	arm(a.Payouts, w.payouts.PackClaim(addressOf("verifier"), big.NewInt(20), proofOf(t, tr, "verifier")))
	if _, _, err := w.Claim(ctx, addressOf("worker"), big.NewInt(30), proofOf(t, tr, "worker")); err != nil {
		t.Fatal(err)
	}
	harmless("claim in claim")
	w.holds(addressOf("verifier"), 0)
	w.holds(addressOf("worker"), 30)
}

// TestContractWalletSigns isn't about harm: an address with code can't sign, and is asked by ERC-1271 instead. A
// contract that doesn't know that standard signs nothing.
func TestContractWalletSigns(t *testing.T) {
	w := newWorld(t)
	f := receipt.Funding{JobID: id(1), Artist: w.Addresses().Token, Amount: 1, Deadline: w.deadline()}
	digest := f.Digest(w.EscrowDomain())
	sig, err := crypto.Sign(digest[:], testKey("mallory"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Fund(w.ctx(), FundRequest{Funding: f, Signature: sig})
	w.fails(err, ErrWrongSigner)
}
