package chain

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// Payout is one leaf: everything an account has earned since the network began, base units.
type Payout struct {
	Account    common.Address
	Cumulative *big.Int
}

// maxLeaves bounds a tree; a proof in it has at most 24 hashes.
const maxLeaves = 1 << 24

// Errors of a payout tree.
var (
	ErrNoPayouts = errors.New("no payouts")
	ErrTwoLeaves = errors.New("an account has two payouts")
	ErrNoLeaf    = errors.New("the account has no payout in this tree")
)

// Tree is the Merkle tree over all payouts of an epoch, as Payouts.sol checks it: leaves are
// keccak256(keccak256(abi.encode(account, cumulative))), in the order of their accounts; a pair is hashed smaller hash
// first, as OpenZeppelin's MerkleProof does; a hash without a partner moves up a level as it is.
type Tree struct {
	levels [][]common.Hash // leaves first, the root alone in the last
	index  map[common.Address]int
	total  *big.Int
}

// NewTree builds the tree. The order of payouts doesn't matter. Every account may appear once; amounts are at least 0
// and below 2^128.
func NewTree(payouts []Payout) (*Tree, error) {
	if len(payouts) == 0 {
		return nil, fmt.Errorf("build the payout tree: %w", ErrNoPayouts)
	}
	if len(payouts) > maxLeaves {
		return nil, fmt.Errorf("build the payout tree: %w: %d payouts, %d at most", ErrBadValue, len(payouts), maxLeaves)
	}
	sorted := slices.Clone(payouts)
	slices.SortFunc(sorted, func(a, b Payout) int { return bytes.Compare(a.Account[:], b.Account[:]) })
	t := &Tree{index: make(map[common.Address]int, len(sorted)), total: new(big.Int)}
	level := make([]common.Hash, len(sorted))
	for i, p := range sorted {
		if err := natural(p.Cumulative); err != nil {
			return nil, fmt.Errorf("build the payout tree: %s: %w", p.Account, err)
		}
		if _, twice := t.index[p.Account]; twice {
			return nil, fmt.Errorf("build the payout tree: %w: %s", ErrTwoLeaves, p.Account)
		}
		t.index[p.Account] = i
		t.total.Add(t.total, p.Cumulative)
		level[i] = leaf(p)
	}
	t.levels = append(t.levels, level)
	for len(level) > 1 {
		next := make([]common.Hash, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			next = append(next, pair(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			next = append(next, level[len(level)-1])
		}
		t.levels = append(t.levels, next)
		level = next
	}
	return t, nil
}

// Root returns the tree's root.
func (t *Tree) Root() [32]byte { return t.levels[len(t.levels)-1][0] }

// Total returns the sum of all cumulative earnings, base units.
func (t *Tree) Total() *big.Int { return new(big.Int).Set(t.total) }

// Proof returns the sibling hashes from the account's leaf to the root.
func (t *Tree) Proof(account common.Address) ([][32]byte, error) {
	i, ok := t.index[account]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoLeaf, account)
	}
	proof := [][32]byte{}
	for _, level := range t.levels[:len(t.levels)-1] {
		if sibling := i ^ 1; sibling < len(level) {
			proof = append(proof, level[sibling])
		}
		i /= 2
	}
	return proof, nil
}

// VerifyProof says whether the proof leads from the payout to the root, as the contract would.
func VerifyProof(root [32]byte, p Payout, proof [][32]byte) bool {
	if natural(p.Cumulative) != nil {
		return false
	}
	h := leaf(p)
	for _, sibling := range proof {
		h = pair(h, sibling)
	}
	return h == root
}

func leaf(p Payout) common.Hash {
	var encoded [64]byte
	copy(encoded[12:], p.Account[:])
	p.Cumulative.FillBytes(encoded[32:])
	return crypto.Keccak256Hash(crypto.Keccak256(encoded[:]))
}

func pair(a, b common.Hash) common.Hash {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return crypto.Keccak256Hash(a[:], b[:])
}
