package chain

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
)

// earn brings money into Payouts, as settled jobs do.
func (w *world) earn(amount int64) {
	w.t.Helper()
	w.must(w.Faucet(w.ctx(), w.Addresses().Payouts, big.NewInt(amount)))
}

func tree(t *testing.T, payouts ...Payout) *Tree {
	t.Helper()
	tr, err := NewTree(payouts)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func earned(name string, amount int64) Payout { return Payout{addressOf(name), big.NewInt(amount)} }

func proofOf(t *testing.T, tr *Tree, name string) [][32]byte {
	t.Helper()
	proof, err := tr.Proof(addressOf(name))
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

func TestEpochs(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	epoch, root, total, err := w.LastEpoch(ctx)
	if err != nil || epoch != 0 || root != (common.Hash{}) || total.Sign() != 0 {
		t.Fatalf("before the first: %d %x %v %v", epoch, root, total, err)
	}
	// With no root posted, not even an empty proof of nothing passes.
	_, _, err = w.Claim(ctx, addressOf("worker"), big.NewInt(1), nil)
	w.fails(err, ErrBadProof)

	w.earn(100)
	one := tree(t, earned("worker", 60), earned("verifier", 10), earned("other", 30))
	_, err = w.PostRoot(ctx, 1, one.Root(), big.NewInt(101))
	w.fails(err, ErrBadTotal)
	tx := w.must(w.PostRoot(ctx, 1, one.Root(), one.Total()))
	if again := w.must(w.PostRoot(ctx, 1, one.Root(), one.Total())); again != tx {
		t.Fatal("an epoch was posted twice")
	}
	_, err = w.PostRoot(ctx, 1, id(5), one.Total())
	w.fails(err, ErrStaleEpoch)

	_, _, err = w.Claim(ctx, addressOf("worker"), big.NewInt(61), proofOf(t, one, "worker"))
	w.fails(err, ErrBadProof)
	_, _, err = w.Claim(ctx, addressOf("mallory"), big.NewInt(60), proofOf(t, one, "worker"))
	w.fails(err, ErrBadProof)
	_, _, err = w.Claim(ctx, addressOf("worker"), big.NewInt(60), proofOf(t, one, "other"))
	w.fails(err, ErrBadProof)
	tx, paid, err := w.Claim(ctx, addressOf("worker"), big.NewInt(60), proofOf(t, one, "worker"))
	if w.must(tx, err); paid.Int64() != 60 {
		t.Fatalf("paid %v", paid)
	}
	again, paid, err := w.Claim(ctx, addressOf("worker"), big.NewInt(60), proofOf(t, one, "worker"))
	if w.must(again, err) != tx || paid.Int64() != 60 {
		t.Fatalf("a repeated claim answers %v and %v", again, paid)
	}
	w.holds(addressOf("worker"), 60)
	// The contract itself pays nothing for the same leaf, and doesn't revert.
	w.must(w.send(ctx, "x", "claim again", w.Addresses().Payouts, func() ([]byte, error) {
		return w.payouts.TryPackClaim(addressOf("worker"), big.NewInt(60), proofOf(t, one, "worker"))
	}))
	w.holds(addressOf("worker"), 60)

	// The next epoch: the worker earned more; the other hasn't claimed and needn't.
	w.earn(50)
	two := tree(t, earned("worker", 100), earned("verifier", 20), earned("other", 30))
	_, err = w.PostRoot(ctx, 3, two.Root(), big.NewInt(99))
	w.fails(err, ErrBadTotal)
	w.must(w.PostRoot(ctx, 3, two.Root(), two.Total()))
	_, err = w.PostRoot(ctx, 2, one.Root(), two.Total())
	w.fails(err, ErrStaleEpoch)
	_, _, err = w.Claim(ctx, addressOf("verifier"), big.NewInt(10), proofOf(t, one, "verifier"))
	w.fails(err, ErrBadProof) // an old leaf doesn't count any more
	var all []ClaimRequest
	for name, amount := range map[string]int64{"worker": 100, "verifier": 20, "other": 30} {
		all = append(all, ClaimRequest{addressOf(name), big.NewInt(amount), proofOf(t, two, name)})
	}
	tx, amounts, err := w.ClaimMany(ctx, all)
	w.must(tx, err)
	for i, r := range all {
		want := r.Cumulative.Int64()
		if r.Account == addressOf("worker") {
			want -= 60
		}
		if amounts[i].Int64() != want {
			t.Fatalf("%s was paid %v, want %d", r.Account, amounts[i], want)
		}
		w.holds(r.Account, r.Cumulative.Int64())
	}
	if tx, _, err := w.ClaimMany(ctx, all); err != nil || tx != (Tx{}) {
		t.Fatalf("claiming all again: %v, %v", tx, err)
	}
	w.holds(w.Addresses().Payouts, 0)
}

// TestRootCantTakeBack posts a root that gives somebody less than they were paid.
func TestRootCantTakeBack(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.earn(100)
	one := tree(t, earned("worker", 60))
	w.must(w.PostRoot(ctx, 1, one.Root(), one.Total()))
	if _, _, err := w.Claim(ctx, addressOf("worker"), big.NewInt(60), nil); err != nil {
		t.Fatal(err)
	}
	two := tree(t, earned("worker", 20), earned("other", 40))
	w.must(w.PostRoot(ctx, 2, two.Root(), two.Total()))
	tx, paid, err := w.Claim(ctx, addressOf("worker"), big.NewInt(20), proofOf(t, two, "worker"))
	if err != nil || tx != (Tx{}) || paid.Sign() != 0 {
		t.Fatalf("claiming less than was paid: %v %v %v", tx, paid, err)
	}
	w.holds(addressOf("worker"), 60)
	// 60 are out; the other's 40 would bring it to 100, above the total that the operator vouched for.
	_, _, err = w.Claim(ctx, addressOf("other"), big.NewInt(40), proofOf(t, two, "other"))
	w.fails(err, ErrBadTotal)
	w.holds(w.Addresses().Payouts, 40)
}

func TestClaimManyBounds(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.ClaimMany(w.ctx(), nil)
	w.fails(err, ErrBadValue)
	_, _, err = w.ClaimMany(w.ctx(), make([]ClaimRequest, maxClaims+1))
	w.fails(err, ErrBadValue)

	// A full one fits a block.
	var payouts []Payout
	for i := range maxClaims {
		payouts = append(payouts, Payout{common.BigToAddress(big.NewInt(int64(1000 + i))), big.NewInt(int64(1 + i))})
	}
	tr := tree(t, payouts...)
	w.earn(tr.Total().Int64())
	w.must(w.PostRoot(w.ctx(), 1, tr.Root(), tr.Total()))
	var all []ClaimRequest
	for _, p := range payouts {
		proof, err := tr.Proof(p.Account)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ClaimRequest{p.Account, p.Cumulative, proof})
	}
	tx, _, err := w.ClaimMany(w.ctx(), all)
	w.must(tx, err)
	t.Logf("%d claims: %d gas, %d each", maxClaims, tx.Gas, tx.Gas/maxClaims)
	w.holds(w.Addresses().Payouts, 0)
}
