package chain

import (
	"encoding/json"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/shared/receipt"
)

// TestMoneyVectors has the deployed contracts accept the signatures of shared/receipt/testdata/money.json, whose digests
// Go computed. It walks a job through all of them, because a contract checks a signature only when its turn has come.
func TestMoneyVectors(t *testing.T) {
	raw, err := os.ReadFile("../../shared/receipt/testdata/money.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Escrow, Registry, Token receipt.Contract
		Key                     common.Hash
		Funding                 receipt.Funding
		TopUp                   receipt.TopUp
		Acceptance              receipt.Acceptance
		BadResult               receipt.BadResult
		Reclaim                 receipt.Reclaim
		Permit                  receipt.Permit
		Registration            receipt.Registration
		Staking                 receipt.Staking
		Unbonding               receipt.Unbonding
		Signatures              map[string]string
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	sig := func(name string) []byte {
		s := common.Hex2Bytes(v.Signatures[name])
		if len(s) != crypto.SignatureLength {
			t.Fatalf("no signature for %s", name)
		}
		return s
	}
	w := newWorld(t)
	ctx := w.ctx()
	for name, pair := range map[string][2]receipt.Contract{
		"escrow": {v.Escrow, w.EscrowDomain()}, "registry": {v.Registry, w.RegistryDomain()}, "token": {v.Token, w.TokenDomain()},
	} {
		if pair[0] != pair[1] {
			t.Fatalf("%s: deployed as %+v, the vectors say %+v", name, pair[1], pair[0])
		}
	}
	signer := v.Funding.Artist
	w.must(w.Faucet(ctx, signer, big.NewInt(100_000_000)))
	w.must(w.Fund(ctx, FundRequest{Funding: v.Funding, Signature: sig("funding"), Permit: v.Permit, PermitSignature: sig("permit")}))

	// The vectors' top-up and stake come without permits of their own: the signer allows them as an ordinary holder.
	allow := func(spender common.Address, amount uint64, nonce uint64) receipt.Permit {
		return receipt.Permit{Owner: signer, Spender: spender, Value: amount, Nonce: nonce, Deadline: v.Permit.Deadline}
	}
	signed := func(p receipt.Permit) []byte {
		key, err := crypto.ToECDSA(v.Key[:])
		if err != nil {
			t.Fatal(err)
		}
		digest := p.Digest(w.TokenDomain())
		s, err := crypto.Sign(digest[:], key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	p := allow(w.Addresses().Escrow, v.TopUp.Amount, 1)
	w.must(w.TopUp(ctx, TopUpRequest{TopUp: v.TopUp, Signature: sig("topUp"), Permit: p, PermitSignature: signed(p)}))

	w.must(w.MarkDelivered(ctx, v.Acceptance.JobID, v.Acceptance.DeliveryRoot, new(big.Int).SetUint64(v.Acceptance.Amount)))
	w.must(w.Dispute(ctx, v.BadResult, sig("badResult")))
	w.must(w.Resolve(ctx, v.BadResult.JobID, new(big.Int)))
	w.must(w.Settle(ctx, v.Acceptance.JobID, big.NewInt(1), sig("acceptance")))
	if s := w.state(v.Acceptance.JobID); s.Status != Accepted {
		t.Fatalf("the job is %v", s.Status)
	}
	w.pass(31 * 24 * time.Hour)
	tx, _, err := w.Reclaim(ctx, v.Reclaim, sig("reclaim"))
	w.must(tx, err)

	w.must(w.RegisterFor(ctx, v.Registration, sig("registration")))
	p = allow(w.Addresses().Registry, v.Staking.Amount, 2)
	w.must(w.StakeFor(ctx, StakeRequest{Staking: v.Staking, Signature: sig("staking"), Permit: p, PermitSignature: signed(p)}))
	// The vectors' owner is an address without a known key, so its signature can only be refused, by name.
	_, err = w.UnbondFor(ctx, v.Unbonding, sig("unbonding"))
	w.fails(err, ErrWrongSigner)
}
