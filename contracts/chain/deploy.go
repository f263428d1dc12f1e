package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/shared/receipt"
)

// tokenDecimals is what all amounts assume: a base unit is a millionth of a token.
const tokenDecimals = 6

// deploy completes the set of contracts. An address is written to disk together with the transaction that will make it,
// so that a crash between any two steps neither loses nor doubles a contract.
func (c *Chain) deploy(ctx context.Context) error {
	if c.config.Deployed != nil {
		c.addresses = *c.config.Deployed
		return nil
	}
	if known := c.outbox.view().Addresses; known == (Addresses{}) {
		if err := c.adopt(ctx); err != nil {
			return err
		}
	}
	if c.config.Token != (common.Address{}) {
		if known := c.outbox.view().Addresses.Token; known != (common.Address{}) && known != c.config.Token {
			return fmt.Errorf("%w: the contracts in use were deployed over token %s, not %s: use another data folder", ErrWrongChain, known, c.config.Token)
		}
		if c.outbox.view().Addresses.Token == (common.Address{}) {
			if err := c.outbox.change(func(s *state) { s.Addresses.Token = c.config.Token }); err != nil {
				return err
			}
		}
	}
	seconds := func(d time.Duration) *big.Int { return big.NewInt(int64(d / time.Second)) }
	steps := []struct {
		name string
		at   func(*Addresses) *common.Address
		args func(Addresses) []byte
	}{
		{"HelioToken", func(a *Addresses) *common.Address { return &a.Token },
			func(Addresses) []byte { return c.token.PackConstructor(c.operator) }},
		{"Payouts", func(a *Addresses) *common.Address { return &a.Payouts },
			func(a Addresses) []byte { return c.payouts.PackConstructor(a.Token, c.operator) }},
		{"JobEscrow", func(a *Addresses) *common.Address { return &a.Escrow },
			func(a Addresses) []byte {
				return c.escrow.PackConstructor(a.Token, a.Payouts, c.operator, seconds(c.config.DisputeWindow), seconds(c.config.ReclaimDelay))
			}},
		{"NodeRegistry", func(a *Addresses) *common.Address { return &a.Registry },
			func(a Addresses) []byte {
				return c.registry.PackConstructor(a.Token, c.operator, seconds(c.config.UnbondDelay))
			}},
	}
	for _, step := range steps {
		known := c.outbox.view().Addresses
		if *step.at(&known) != (common.Address{}) {
			continue
		}
		data := append(common.FromHex(metadata[step.name].Bin), step.args(known)...)
		_, err := c.post(ctx, call{doing: "deploy " + step.name, data: data}, func(s *state, nonce uint64) {
			*step.at(&s.Addresses) = crypto.CreateAddress(c.operator, nonce)
		})
		if err != nil {
			return err
		}
	}
	// Whether this run sent them or an earlier one did, all have to be there now.
	for _, e := range c.outbox.view().Outbox {
		if e.Block != 0 {
			continue
		}
		if versions, err := e.versions(); err != nil || versions[0].To() != nil {
			continue
		}
		r, err := c.await(ctx, e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Doing, err)
		}
		c.log.Info("chain: deployed", "what", e.Doing, "at", r.ContractAddress, "gas", r.GasUsed)
		err = c.outbox.change(func(s *state) {
			if block := r.BlockNumber.Uint64(); s.Block == 0 || block < s.Block {
				s.Block = block
			}
		})
		if err != nil {
			return err
		}
	}
	c.addresses = c.outbox.view().Addresses
	return nil
}

// adopt finds the set that this operator deployed before its state file was lost: the first four contracts it ever made.
func (c *Chain) adopt(ctx context.Context) error {
	if c.config.Token != (common.Address{}) || len(c.outbox.view().Outbox) > 0 {
		return nil
	}
	at := func(nonce uint64) common.Address { return crypto.CreateAddress(c.operator, nonce) }
	found := Addresses{Token: at(0), Payouts: at(1), Escrow: at(2), Registry: at(3)}
	if err := c.wired(ctx, found); err != nil {
		return nil //nolint:nilerr // nothing to adopt is the usual case
	}
	c.log.Warn("chain: found an earlier deployment of this operator and use it", "escrow", found.Escrow)
	return c.outbox.change(func(s *state) { s.Addresses = found })
}

// wired checks that code is at the addresses and that the contracts know each other.
func (c *Chain) wired(ctx context.Context, a Addresses) error {
	for name, address := range map[string]common.Address{"HelioToken": a.Token, "Payouts": a.Payouts, "JobEscrow": a.Escrow, "NodeRegistry": a.Registry} {
		code, err := c.backend.CodeAt(ctx, address, nil)
		if err != nil {
			return fmt.Errorf("look for %s at %s: %w", name, address, err)
		}
		if len(code) == 0 {
			return fmt.Errorf("%w: no contract at %s, where %s was deployed: the chain was reset; move %s away to deploy anew",
				ErrWrongChain, address, name, c.outbox.name)
		}
	}
	same := func(what string, of common.Address, data []byte, unpack func([]byte) (common.Address, error), want common.Address) error {
		got, err := read(ctx, c, of, "read "+what, data, unpack)
		if err == nil && got != want {
			err = fmt.Errorf("%w: %s is %s, not %s", ErrWrongChain, what, got, want)
		}
		return err
	}
	return errors.Join(
		same("the token of Payouts", a.Payouts, c.payouts.PackToken(), c.payouts.UnpackToken, a.Token),
		same("the token of JobEscrow", a.Escrow, c.escrow.PackToken(), c.escrow.UnpackToken, a.Token),
		same("the payouts of JobEscrow", a.Escrow, c.escrow.PackPayouts(), c.escrow.UnpackPayouts, a.Payouts),
		same("the token of NodeRegistry", a.Registry, c.registry.PackToken(), c.registry.UnpackToken, a.Token),
	)
}

// check verifies the set before anything is entrusted to it.
func (c *Chain) check(ctx context.Context) error {
	if err := c.wired(ctx, c.addresses); err != nil {
		return fmt.Errorf("check the contracts: %w", err)
	}
	decimals, err := read(ctx, c, c.addresses.Token, "read the token's decimals", c.token.PackDecimals(), c.token.UnpackDecimals)
	if err != nil {
		return err
	}
	if decimals != tokenDecimals {
		return fmt.Errorf("%w: token %s has %d decimals, prices are reckoned with %d: use another token", ErrBadValue, c.addresses.Token, decimals, tokenDecimals)
	}
	for _, role := range []struct {
		name string
		of   common.Address
		data []byte
	}{
		{"JobEscrow", c.addresses.Escrow, c.escrow.PackHasRole(operatorRole, c.operator)},
		{"Payouts", c.addresses.Payouts, c.payouts.PackHasRole(operatorRole, c.operator)},
	} {
		// hasRole is packed alike in every contract.
		has, err := read(ctx, c, role.of, "read the operator's role in "+role.name, role.data, c.escrow.UnpackHasRole)
		if err != nil {
			return err
		}
		if !has {
			return fmt.Errorf("%w: %s is no operator of %s at %s: have its admin grant OPERATOR_ROLE", ErrNotAllowed, c.operator, role.name, role.of)
		}
	}
	window, err := read(ctx, c, c.addresses.Escrow, "read the dispute window", c.escrow.PackDisputeWindow(), c.escrow.UnpackDisputeWindow)
	if err != nil {
		return err
	}
	if !window.IsInt64() || window.Int64() > int64(100*365*24*time.Hour/time.Second) {
		return fmt.Errorf("%w: a dispute window of %v seconds", ErrBadValue, window)
	}
	c.disputeWindow = time.Duration(window.Int64()) * time.Second
	c.tokenDomain, err = c.readTokenDomain(ctx)
	return err
}

var operatorRole = crypto.Keccak256Hash([]byte("OPERATOR_ROLE"))

// readTokenDomain asks the token what its permits are signed for: by EIP-5267, or by name with version 1 where it
// doesn't know that standard.
func (c *Chain) readTokenDomain(ctx context.Context) (receipt.Contract, error) {
	d := receipt.Contract{ChainID: c.config.ChainID.Uint64(), Address: c.addresses.Token, Version: receipt.DomainVersion}
	out, err := c.backend.CallContract(ctx, ethereum.CallMsg{To: &d.Address, Data: crypto.Keccak256([]byte("eip712Domain()"))[:4]}, nil)
	if err == nil {
		// fields, name, version, chainId, verifyingContract, salt, extensions
		var types []abi.Argument
		for _, name := range []string{"bytes1", "string", "string", "uint256", "address"} {
			t, err := abi.NewType(name, "", nil)
			if err != nil {
				return d, fmt.Errorf("read the token's signing domain: %w", err)
			}
			types = append(types, abi.Argument{Type: t})
		}
		if values, err := abi.Arguments(types).Unpack(out); err == nil {
			d.Name, d.Version = values[1].(string), values[2].(string)
			return d, nil
		}
	}
	d.Name, err = read(ctx, c, d.Address, "read the token's name", c.token.PackName(), c.token.UnpackName)
	return d, err
}

// Faucet mints development tokens. Only a chain whose token the operator may mint has one. A repeat after a crash takes
// up the transaction that wasn't acknowledged; a repeat after success mints again.
func (c *Chain) Faucet(ctx context.Context, to common.Address, amount *big.Int) (Tx, error) {
	if err := positive(amount); err != nil {
		return Tx{}, fmt.Errorf("mint for %s: %w", to, err)
	}
	return c.send(ctx, "faucet "+to.Hex(), fmt.Sprintf("mint %v for %s", amount, to), c.addresses.Token, func() ([]byte, error) {
		return c.token.TryPackMint(to, amount)
	})
}

// Balance returns an account's tokens, base units.
func (c *Chain) Balance(ctx context.Context, account common.Address) (*big.Int, error) {
	return read(ctx, c, c.addresses.Token, "read the balance of "+account.Hex(), c.token.PackBalanceOf(account), c.token.UnpackBalanceOf)
}

// Nonce returns what the account's next permit has to carry.
func (c *Chain) Nonce(ctx context.Context, account common.Address) (uint64, error) {
	n, err := read(ctx, c, c.addresses.Token, "read the permit nonce of "+account.Hex(), c.token.PackNonces(account), c.token.UnpackNonces)
	if err != nil {
		return 0, err
	}
	if !n.IsUint64() {
		return 0, fmt.Errorf("read the permit nonce of %s: %w: %v", account, ErrBadValue, n)
	}
	return n.Uint64(), nil
}

// send packs and sends under the lock of what it is about.
func (c *Chain) send(ctx context.Context, lock, doing string, to common.Address, pack func() ([]byte, error)) (Tx, error) {
	unlock, err := c.locks.lock(ctx, lock)
	if err != nil {
		return Tx{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer unlock()
	return c.sendLocked(ctx, doing, to, pack)
}

// sendLocked is send for callers that hold the lock.
func (c *Chain) sendLocked(ctx context.Context, doing string, to common.Address, pack func() ([]byte, error)) (Tx, error) {
	data, err := pack()
	if err != nil {
		return Tx{}, fmt.Errorf("%s: encode: %w", doing, err)
	}
	r, err := c.transact(ctx, call{doing: doing, to: &to, data: data})
	if err != nil {
		return Tx{}, err
	}
	return txOf(r), nil
}

// positive checks an amount that something is to be moved by.
func positive(amount *big.Int) error {
	if err := natural(amount); err != nil {
		return err
	}
	if amount.Sign() == 0 {
		return fmt.Errorf("%w: 0", ErrBadAmount)
	}
	return nil
}

// natural checks an amount that may be zero. The contracts keep amounts in 128 bits.
func natural(amount *big.Int) error {
	if amount == nil || amount.Sign() < 0 || amount.BitLen() > 128 {
		return fmt.Errorf("%w: %v", ErrBadAmount, amount)
	}
	return nil
}
