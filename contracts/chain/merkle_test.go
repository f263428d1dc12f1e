package chain

import (
	"encoding/binary"
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
)

func TestTree(t *testing.T) {
	for n := 1; n < 40; n++ {
		var payouts []Payout
		for i := range n {
			payouts = append(payouts, Payout{common.BigToAddress(big.NewInt(int64(i * 7919))), big.NewInt(int64(i))})
		}
		a := tree(t, payouts...)
		rand.Shuffle(n, func(i, j int) { payouts[i], payouts[j] = payouts[j], payouts[i] })
		b := tree(t, payouts...)
		if a.Root() != b.Root() || a.Total().Int64() != int64(n*(n-1)/2) {
			t.Fatalf("%d leaves: the order matters, or the total %v is wrong", n, a.Total())
		}
		for _, p := range payouts {
			proof, err := a.Proof(p.Account)
			if err != nil || !VerifyProof(a.Root(), p, proof) {
				t.Fatalf("%d leaves: no proof for %s: %v", n, p.Account, err)
			}
			more := Payout{p.Account, new(big.Int).Add(p.Cumulative, common.Big1)}
			if VerifyProof(a.Root(), more, proof) {
				t.Fatalf("%d leaves: a proof holds for another amount", n)
			}
		}
	}
}

func TestTreeRefusals(t *testing.T) {
	huge := new(big.Int).Lsh(common.Big1, 129)
	for name, c := range map[string]struct {
		payouts []Payout
		want    error
	}{
		"none":     {nil, ErrNoPayouts},
		"twice":    {[]Payout{earned("a", 1), earned("b", 1), earned("a", 2)}, ErrTwoLeaves},
		"negative": {[]Payout{earned("a", -1)}, ErrBadAmount},
		"nil":      {[]Payout{{addressOf("a"), nil}}, ErrBadAmount},
		"huge":     {[]Payout{{addressOf("a"), huge}}, ErrBadAmount},
	} {
		if _, err := NewTree(c.payouts); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tree(t, earned("a", 1)).Proof(addressOf("b")); !errors.Is(err, ErrNoLeaf) {
		t.Errorf("an account outside the tree: %v", err)
	}
	if VerifyProof([32]byte{}, Payout{}, nil) {
		t.Error("nothing is proven")
	}
}

// TestTreeOnChain has the contract check every proof of trees of many sizes.
func TestTreeOnChain(t *testing.T) {
	w := newWorld(t)
	epoch := uint64(0)
	w.earn(1_000_000)
	for _, n := range []int{1, 2, 3, 5, 8, 13, 21} {
		var payouts []Payout
		for i := range n {
			payouts = append(payouts, Payout{common.BigToAddress(big.NewInt(int64(n*1000 + i))), big.NewInt(int64(i))})
		}
		tr := tree(t, payouts...)
		epoch++
		w.must(w.PostRoot(w.ctx(), epoch, tr.Root(), big.NewInt(int64(epoch*1000))))
		for _, p := range payouts {
			proof, err := tr.Proof(p.Account)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.tryAs(p.Account, w.Addresses().Payouts, w.payouts.PackClaim(p.Account, p.Cumulative, proof)); err != nil {
				t.Fatalf("%d leaves: %v", n, err)
			}
		}
	}
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("some accounts and amounts, twelve bytes each...."))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var payouts []Payout
		for ; len(raw) >= 12; raw = raw[12:] {
			payouts = append(payouts, Payout{common.BytesToAddress(raw[:4]), new(big.Int).SetUint64(binary.BigEndian.Uint64(raw[4:]))})
		}
		tr, err := NewTree(payouts)
		if err != nil {
			return
		}
		for _, p := range payouts {
			proof, err := tr.Proof(p.Account)
			if err != nil || !VerifyProof(tr.Root(), p, proof) {
				t.Fatalf("no proof for %v: %v", p, err)
			}
		}
	})
}
