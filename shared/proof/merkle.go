package proof

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
)

// Prefixes that keep the kinds of hashed bytes apart.
const (
	prefixTile   = 0x00
	prefixNode   = 0x01
	prefixFrame  = 0x02
	prefixList   = 0x03
	prefixPasses = 0x05 // 0x04 is part.go's
	prefixPart   = 0x04
)

// Tree is a Merkle tree over leaf digests. An odd node at the end of a level moves up
// unchanged; because leaves and nodes carry different prefixes, that can't be used to
// present a node as a leaf.
type Tree struct {
	levels [][]Digest // levels[0] are the leaves
}

// NewTree builds a tree over the leaves. A tree without leaves has the zero root.
func NewTree(leaves []Digest) *Tree {
	t := &Tree{levels: [][]Digest{leaves}}
	for level := leaves; len(level) > 1; {
		next := make([]Digest, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			next = append(next, node(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			next = append(next, level[len(level)-1])
		}
		t.levels = append(t.levels, next)
		level = next
	}
	return t
}

// Len returns the number of leaves.
func (t *Tree) Len() int { return len(t.levels[0]) }

// Root returns the tree's root.
func (t *Tree) Root() Digest {
	top := t.levels[len(t.levels)-1]
	if len(top) == 0 {
		return Digest{}
	}
	return top[0]
}

// Proof returns the siblings of leaf i from the bottom up; levels where the node has no
// sibling are left out.
func (t *Tree) Proof(i int) ([]Digest, error) {
	if i < 0 || i >= t.Len() {
		return nil, fmt.Errorf("leaf %d: the tree has %d", i, t.Len())
	}
	var path []Digest
	for _, level := range t.levels[:len(t.levels)-1] {
		if sibling := i ^ 1; sibling < len(level) {
			path = append(path, level[sibling])
		}
		i /= 2
	}
	return path, nil
}

// ErrProof means that a leaf doesn't belong to the root.
var ErrProof = errors.New("the Merkle proof doesn't lead to the root")

// VerifyProof checks that leaf is number i of n under root. It returns an error that
// wraps ErrProof when it isn't.
func VerifyProof(root, leaf Digest, i, n int, path []Digest) error {
	if i < 0 || i >= n || len(path) > bits.Len(uint(n)) {
		return fmt.Errorf("%w: leaf %d of %d with %d siblings", ErrProof, i, n, len(path))
	}
	at := leaf
	for width := n; width > 1; width = (width + 1) / 2 {
		if i^1 < width {
			if len(path) == 0 {
				return fmt.Errorf("%w: a sibling is missing", ErrProof)
			}
			if i%2 == 0 {
				at = node(at, path[0])
			} else {
				at = node(path[0], at)
			}
			path = path[1:]
		}
		i /= 2
	}
	if len(path) != 0 || at != root {
		return ErrProof
	}
	return nil
}

func node(l, r Digest) Digest {
	var b [1 + 2*sha256.Size]byte
	b[0] = prefixNode
	copy(b[1:], l[:])
	copy(b[1+sha256.Size:], r[:])
	return sha256.Sum256(b[:])
}
