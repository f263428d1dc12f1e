package chain

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"

	"github.com/heliostat-render/heliostat/contracts/bindings"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// Role bits of a registered node.
const (
	RoleWorker   uint8 = 1
	RoleVerifier uint8 = 2
)

// NodeEntry is a registered node, amounts in base units.
type NodeEntry struct {
	Owner             common.Address // zero if the node never registered
	Roles             uint8
	EncryptionKeyHash common.Hash
	Stake             *big.Int
	Unbonding         *big.Int  // on its way out; can still be slashed
	UnbondAt          time.Time // when Unbonding can be withdrawn; zero if nothing is on its way
}

// StakeRequest is what a payer signs to stake for a node. Of Permit, Value and Deadline count; leave PermitSignature
// empty when the registry has an allowance already.
type StakeRequest struct {
	Staking         receipt.Staking
	Signature       []byte
	Permit          receipt.Permit
	PermitSignature []byte
}

// Node reads a node's registration and stake.
func (c *Chain) Node(ctx context.Context, node common.Address) (NodeEntry, error) {
	n, err := read(ctx, c, c.addresses.Registry, "read the registration of "+node.Hex(), c.registry.PackNode(node), c.registry.UnpackNode)
	if err != nil {
		return NodeEntry{}, err
	}
	return NodeEntry{
		Owner: n.Owner, Roles: n.Roles, EncryptionKeyHash: n.EncryptionKeyHash, Stake: n.Stake, Unbonding: n.Unbonding,
		UnbondAt: when(new(big.Int).SetUint64(n.UnbondAt)),
	}, nil
}

// RegistryNonce returns what the signer's next message to the registry has to carry.
func (c *Chain) RegistryNonce(ctx context.Context, signer common.Address) (uint64, error) {
	n, err := read(ctx, c, c.addresses.Registry, "read the registry nonce of "+signer.Hex(), c.registry.PackNonces(signer), c.registry.UnpackNonces)
	if err != nil {
		return 0, err
	}
	if !n.IsUint64() {
		return 0, fmt.Errorf("read the registry nonce of %s: %w: %v", signer, ErrBadValue, n)
	}
	return n.Uint64(), nil
}

// PenaltyPool reads what verifiers can be rewarded with, base units.
func (c *Chain) PenaltyPool(ctx context.Context) (*big.Int, error) {
	return read(ctx, c, c.addresses.Registry, "read the penalty pool", c.registry.PackPenaltyPool(), c.registry.UnpackPenaltyPool)
}

// RegisterFor relays a node's registration. A message used before is done if the node is registered this way, and
// ErrReplayed otherwise.
func (c *Chain) RegisterFor(ctx context.Context, m receipt.Registration, signature []byte) (Tx, error) {
	doing := "register " + m.Node.Hex()
	unlock, err := c.locks.lock(ctx, "signer "+m.Node.Hex())
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	nonce, err := c.RegistryNonce(ctx, m.Node)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	if nonce > m.Nonce {
		n, err := c.Node(ctx, m.Node)
		if err != nil {
			return Tx{}, fmt.Errorf("%s: %w", doing, err)
		}
		if n.Owner == m.Owner && n.Roles == m.Roles && n.EncryptionKeyHash == m.EncryptionKeyHash {
			data := append(math.U256Bytes(big.NewInt(int64(m.Roles))), m.EncryptionKeyHash[:]...)
			return c.between(ctx, c.addresses.Registry, c.since(), 0, data,
				c.event("NodeRegistry", "Registered"), topic(m.Node), topic(m.Owner))
		}
	}
	return c.sendLocked(ctx, doing, c.addresses.Registry, func() ([]byte, error) {
		return c.registry.TryPackRegisterFor(bindings.INodeRegistryRegistration{
			Node: m.Node, Owner: m.Owner, Roles: m.Roles, EncryptionKeyHash: m.EncryptionKeyHash,
			Nonce: new(big.Int).SetUint64(m.Nonce), Deadline: new(big.Int).SetUint64(m.Deadline),
		}, normalised(signature))
	})
}

// StakeFor relays a stake. A message used before returns the earlier transaction if its event is found, and ErrReplayed
// otherwise.
func (c *Chain) StakeFor(ctx context.Context, req StakeRequest) (Tx, error) {
	m := req.Staking
	doing := fmt.Sprintf("stake %d for %s", m.Amount, m.Node)
	unlock, err := c.locks.lock(ctx, "signer "+m.From.Hex())
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	nonce, err := c.RegistryNonce(ctx, m.From)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	amount := new(big.Int).SetUint64(m.Amount)
	if nonce > m.Nonce {
		tx, err := c.between(ctx, c.addresses.Registry, c.since(), 0, math.U256Bytes(new(big.Int).Set(amount)),
			c.event("NodeRegistry", "Staked"), topic(m.Node), topic(m.From))
		if err != nil || tx != (Tx{}) {
			return tx, err
		}
	}
	permit, err := permitArgs(req.Permit, req.PermitSignature)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	return c.sendLocked(ctx, doing, c.addresses.Registry, func() ([]byte, error) {
		return c.registry.TryPackStakeFor(bindings.INodeRegistryStaking{
			Node: m.Node, From: m.From, Amount: amount,
			Nonce: new(big.Int).SetUint64(m.Nonce), Deadline: new(big.Int).SetUint64(m.Deadline),
		}, normalised(req.Signature), permit)
	})
}

// UnbondFor relays an owner's wish to take stake out. A message used before returns the earlier transaction if its event
// is found, and ErrReplayed otherwise.
func (c *Chain) UnbondFor(ctx context.Context, m receipt.Unbonding, signature []byte) (Tx, error) {
	doing := fmt.Sprintf("unbond %d of %s", m.Amount, m.Node)
	unlock, err := c.locks.lock(ctx, "node "+m.Node.Hex())
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	n, err := c.Node(ctx, m.Node)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	nonce, err := c.RegistryNonce(ctx, n.Owner)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	amount := new(big.Int).SetUint64(m.Amount)
	if nonce > m.Nonce {
		tx, err := c.between(ctx, c.addresses.Registry, c.since(), 0, math.U256Bytes(new(big.Int).Set(amount)),
			c.event("NodeRegistry", "Unbonded"), topic(m.Node))
		if err != nil || tx != (Tx{}) {
			return tx, err
		}
	}
	return c.sendLocked(ctx, doing, c.addresses.Registry, func() ([]byte, error) {
		return c.registry.TryPackUnbondFor(bindings.INodeRegistryUnbonding{
			Node: m.Node, Amount: amount, Nonce: new(big.Int).SetUint64(m.Nonce), Deadline: new(big.Int).SetUint64(m.Deadline),
		}, normalised(signature))
	})
}

// Withdraw sends a node's unbonded stake to its owner, ErrTooEarly before the delay is over. With nothing on its way out
// it is ErrNotEnough.
func (c *Chain) Withdraw(ctx context.Context, node common.Address) (Tx, error) {
	return c.send(ctx, "node "+node.Hex(), "withdraw the stake of "+node.Hex(), c.addresses.Registry, func() ([]byte, error) {
		return c.registry.TryPackWithdraw(node)
	})
}

// Slash takes up to amount of a node's stake into the penalty pool. offence names the verdicts that justify it and counts
// once: the same again returns the earlier transaction. The second result is what was there to take.
func (c *Chain) Slash(ctx context.Context, node common.Address, amount *big.Int, offence [32]byte) (Tx, *big.Int, error) {
	doing := fmt.Sprintf("slash %s for %s", node, idText(offence))
	if err := positive(amount); err != nil {
		return Tx{}, nil, fmt.Errorf("%s: %w", doing, err)
	}
	tx, err := c.once(ctx, doing, offence, "Slashed", node, func() ([]byte, error) {
		return c.registry.TryPackSlash(node, amount, offence)
	})
	if err != nil {
		return Tx{}, nil, err
	}
	r, err := c.backend.TransactionReceipt(ctx, tx.Hash)
	if err != nil {
		return tx, nil, fmt.Errorf("%s: read what was taken: %w", doing, err)
	}
	for _, l := range r.Logs {
		if e, err := c.registry.UnpackSlashedEvent(l); err == nil && e.Offence == offence {
			return tx, e.Amount, nil
		}
	}
	return tx, nil, fmt.Errorf("%s: %w: no event in %s", doing, ErrBadValue, tx.Hash)
}

// Reward pays a verifier from the penalty pool. reason names what for and counts once: the same again returns the
// earlier transaction.
func (c *Chain) Reward(ctx context.Context, verifier common.Address, amount *big.Int, reason [32]byte) (Tx, error) {
	doing := fmt.Sprintf("reward %s for %s", verifier, idText(reason))
	if err := positive(amount); err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	return c.once(ctx, doing, reason, "Rewarded", verifier, func() ([]byte, error) {
		return c.registry.TryPackReward(verifier, amount, reason)
	})
}

// once sends what the registry does once for an id, or finds the transaction that did.
func (c *Chain) once(ctx context.Context, doing string, id [32]byte, event string, node common.Address, pack func() ([]byte, error)) (Tx, error) {
	unlock, err := c.locks.lock(ctx, "id "+idText(id))
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	block, err := read(ctx, c, c.addresses.Registry, doing, c.registry.PackDoneAt(id), c.registry.UnpackDoneAt)
	if err != nil {
		return Tx{}, err
	}
	if block.Sign() != 0 {
		tx, err := c.inBlock(ctx, c.addresses.Registry, block.Uint64(), nil, c.event("NodeRegistry", event), topic(node), id)
		if err != nil {
			return Tx{}, fmt.Errorf("%s: %w", doing, err)
		}
		if tx == (Tx{}) {
			return Tx{}, fmt.Errorf("%s: %w: for another node or purpose", doing, ErrReplayed)
		}
		return tx, nil
	}
	return c.sendLocked(ctx, doing, c.addresses.Registry, pack)
}

// since is the first block that can hold events of this deployment.
func (c *Chain) since() uint64 { return c.outbox.view().Block }

func topic(a common.Address) common.Hash { return common.BytesToHash(a[:]) }
