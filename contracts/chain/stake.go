package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
)

// The calls of this file are an account's own: it registers itself, stakes its own tokens and pays its own gas. Each
// looks at the chain first, so that a repeat after a crash does nothing twice; the zero Tx stands for a call that found
// its work done.

// Gas that the calls take at most, as measured in the tests; for telling a person beforehand what they will cost.
const (
	GasRegister = 100_000
	GasApprove  = 60_000
	GasStake    = 110_000
	GasUnbond   = 70_000
	GasWithdraw = 75_000
)

// Coins returns an account's balance of the chain's own coin, wei: what gas is paid with.
func (c *Chain) Coins(ctx context.Context, account common.Address) (*big.Int, error) {
	n, err := c.backend.BalanceAt(ctx, account, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for the coins of %s: %w", account, err)
	}
	return n, nil
}

// GasPrice returns the most wei per gas that a transaction sent now would offer.
func (c *Chain) GasPrice(ctx context.Context) (*big.Int, error) {
	_, most, err := c.fees(ctx)
	return most, err
}

// Register announces this account as a node with these roles besides those that it has, or changes its encryption
// key. The owner, who alone can take the stake out, is fixed by the first registration.
func (c *Chain) Register(ctx context.Context, owner common.Address, roles uint8, encryptionKeyHash common.Hash) (Tx, error) {
	doing := "register " + c.operator.Hex()
	unlock, err := c.locks.lock(ctx, "signer "+c.operator.Hex())
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	n, err := c.Node(ctx, c.operator)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	roles |= n.Roles
	if n.Owner == owner && n.Roles == roles && n.EncryptionKeyHash == encryptionKeyHash {
		return Tx{}, nil
	}
	return c.sendLocked(ctx, doing, c.addresses.Registry, func() ([]byte, error) {
		return c.registry.TryPackRegister(owner, roles, encryptionKeyHash)
	})
}

// RaiseStake brings a registered node's stake up to amount, from this account's tokens: what is there already counts,
// and more than that is left alone. ErrBalance when the account has too few tokens.
func (c *Chain) RaiseStake(ctx context.Context, node common.Address, amount *big.Int) (Tx, error) {
	doing := fmt.Sprintf("raise the stake of %s to %v", node, amount)
	if err := positive(amount); err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	unlock, err := c.locks.lock(ctx, "signer "+c.operator.Hex())
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	// What an earlier run sent has to be known before the rest is reckoned.
	if err := c.drain(ctx); err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	n, err := c.Node(ctx, node)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	missing := new(big.Int).Sub(amount, n.Stake)
	if missing.Sign() <= 0 {
		return Tx{}, nil
	}
	has, err := c.Balance(ctx, c.operator)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	if has.Cmp(missing) < 0 {
		return Tx{}, fmt.Errorf("%s: %w: %s has %v base units, %v are missing", doing, ErrBalance, c.operator, has, missing)
	}
	allowed, err := read(ctx, c, c.addresses.Token, "read the allowance", c.token.PackAllowance(c.operator, c.addresses.Registry), c.token.UnpackAllowance)
	if err != nil {
		return Tx{}, err
	}
	if allowed.Cmp(missing) < 0 {
		if _, err := c.sendLocked(ctx, fmt.Sprintf("let the registry take %v", missing), c.addresses.Token, func() ([]byte, error) {
			return c.token.TryPackApprove(c.addresses.Registry, missing)
		}); err != nil {
			return Tx{}, err
		}
	}
	return c.sendLocked(ctx, doing, c.addresses.Registry, func() ([]byte, error) {
		return c.registry.TryPackStake(node, missing)
	})
}

// Unbond starts to take amount of a node's stake out. Only its owner can; what is on its way already waits anew.
func (c *Chain) Unbond(ctx context.Context, node common.Address, amount *big.Int) (Tx, error) {
	doing := fmt.Sprintf("unbond %v of %s", amount, node)
	if err := positive(amount); err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	return c.send(ctx, "node "+node.Hex(), doing, c.addresses.Registry, func() ([]byte, error) {
		return c.registry.TryPackUnbond(node, amount)
	})
}

// drain waits for what earlier runs sent.
func (c *Chain) drain(ctx context.Context) error {
	if _, err := c.Resend(ctx); err != nil {
		return err
	}
	for _, e := range c.outbox.view().Outbox {
		if e.Block != 0 {
			continue
		}
		if _, err := c.await(ctx, e); err != nil && !errors.Is(err, ErrNonceTaken) {
			return fmt.Errorf("%s: %w", e.Doing, err)
		}
	}
	return nil
}

// wiredRegistry checks that the token and the registry are there and belong to each other.
func (c *Chain) wiredRegistry(ctx context.Context) error {
	for name, address := range map[string]common.Address{"the token": c.addresses.Token, "the registry": c.addresses.Registry} {
		code, err := c.backend.CodeAt(ctx, address, nil)
		if err != nil {
			return fmt.Errorf("look for %s at %s: %w", name, address, err)
		}
		if len(code) == 0 {
			return fmt.Errorf("%w: %s of the network isn't at %s there", ErrWrongChain, name, address)
		}
	}
	token, err := read(ctx, c, c.addresses.Registry, "read the token of the registry", c.registry.PackToken(), c.registry.UnpackToken)
	if err != nil {
		return err
	}
	if token != c.addresses.Token {
		return fmt.Errorf("%w: the registry's token is %s, not %s", ErrWrongChain, token, c.addresses.Token)
	}
	return nil
}
