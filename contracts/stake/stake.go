// Package stake is the command with which a node's owner puts tokens at stake, looks at them and takes them out: the
// same in heliostat-worker, heliostat-verifier and heliostat worker. It sends the node's own transactions to the chain
// that the network is paid on, over an RPC address of the owner's choice; no manager can move a stake.
//
// It isn't a wallet (it moves nothing but stake), and doesn't know how much a manager wants to see at stake.
package stake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/gofrs/flock"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// EnvRPC names the RPC address where --rpc doesn't.
const EnvRPC = "HELIOSTAT_RPC"

// Host is the program that the command is part of.
type Host struct {
	Program string               // as it is called: "heliostat-worker"
	Role    uint8                // chain.RoleWorker or chain.RoleVerifier
	Flags   func(*pflag.FlagSet) // registers what Dir and Manager need; nil for nothing
	Dir     func() string        // the node's data folder, with its identity
	Manager func() string        // address of the node's manager, which tells how the network is paid
}

// role is the host's as managers know it.
func (h Host) role() job.Role {
	if h.Role == chain.RoleVerifier {
		return job.RoleVerifier
	}
	return job.RoleWorker
}

// money asks the manager how its network is paid.
func (h Host) money(ctx context.Context, id *identity.Identity) (wire.Money, error) {
	c, err := client.Dial(ctx, client.Options{Manager: h.Manager(), Identity: id, Roles: []job.Role{h.role()}, Software: h.Program})
	if err != nil {
		return wire.Money{}, err
	}
	defer c.Close()
	return c.Welcome().Money, nil
}

// flags are those of every subcommand.
type flags struct {
	host          Host
	rpc           string
	confirmations uint64
	maxFee        float64 // gwei
	yes           bool
	// ask is the host's money; a test's own where no manager runs.
	ask func(context.Context, *identity.Identity) (wire.Money, error)
}

// Command makes the command.
func Command(h Host) *cobra.Command { return command(&flags{host: h, ask: h.money}) }

func command(f *flags) *cobra.Command {
	h := f.host
	owner := ""
	c := &cobra.Command{
		Use:   "stake AMOUNT",
		Short: "Put tokens at stake for this node, look at them, or take them out",
		Long: `Put tokens at stake for this node, look at them, or take them out.

A node with a stake is trusted sooner, and loses of it what a quorum of verifiers convicts it of. AMOUNT is
how many tokens are to be at stake altogether: what is there already counts, so the command can be
repeated. The first time it also registers the node. The tokens and the coins for gas are those of the
node's own key in the data folder; a stop in the middle loses nothing, the same command goes on.`,
		Example: fmt.Sprintf(`  %[1]s stake 250 --rpc https://rpc.example.org
  %[1]s stake 250 --owner 0x52908400098527886E0F7030069857D2E4169EE7 --rpc https://rpc.example.org
  %[1]s stake status
  %[1]s stake withdraw 100`, h.Program),
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("say how much is to be at stake: %s stake 250 (or stake status, stake withdraw)", h.Program)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			amount, err := parseAmount(args[0])
			if err != nil {
				return err
			}
			return f.with(c, func(s *session) error { return s.raise(c.Context(), amount, owner) })
		},
	}
	c.Flags().StringVar(&owner, "owner", "", "`address` to which the stake goes back, fixed by the first registration (default: the node's own); keep its key elsewhere")
	p := c.PersistentFlags()
	p.StringVar(&f.rpc, "rpc", os.Getenv(EnvRPC), "RPC `URL` of the network's chain (or "+EnvRPC+")")
	p.Uint64Var(&f.confirmations, "confirmations", 0, "blocks to wait for on top of each transaction's; some on a public chain")
	p.Float64Var(&f.maxFee, "max-fee", 500, "most to pay for gas, in `gwei`")
	p.BoolVar(&f.yes, "yes", false, "don't ask before something is sent")
	if h.Flags != nil {
		h.Flags(p)
	}
	c.AddCommand(f.statusCommand(), f.withdrawCommand())
	return c
}

// session is one run of a command: the chain, and who pays.
type session struct {
	*flags
	chain    *chain.Chain
	id       *identity.Identity
	node     common.Address
	symbol   string
	in       *bufio.Reader
	out, err io.Writer
}

// with signs in, connects, and runs fn.
func (f *flags) with(c *cobra.Command, fn func(*session) error) error {
	ctx, dir := c.Context(), f.host.Dir()
	if _, err := os.Stat(filepath.Join(dir, identity.FileName)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no node in %s: start it once, or name its folder with --data", dir)
	}
	lock := flock.New(filepath.Join(dir, "stake.lock"))
	switch free, err := lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("lock %s: %w", dir, err)
	case !free:
		return fmt.Errorf("another stake command of %s is at work: wait for it", dir)
	}
	defer lock.Unlock()
	id, err := identity.Open(dir, []byte(os.Getenv("HELIOSTAT_PASSPHRASE")))
	if err != nil {
		return fmt.Errorf("the identity in %s can't be used: %w", dir, err)
	}
	money, err := f.ask(ctx, id)
	if err != nil {
		return err
	}
	s := &session{flags: f, id: id, node: common.HexToAddress(id.Address()), symbol: money.Symbol, in: bufio.NewReader(c.InOrStdin()), out: c.OutOrStdout(), err: c.ErrOrStderr()}
	done, err := s.connect(ctx, dir, money)
	if err != nil {
		return err
	}
	defer done()
	return fn(s)
}

// connect opens the contracts of the network through the owner's RPC address.
func (s *session) connect(ctx context.Context, dir string, m wire.Money) (done func(), err error) {
	switch {
	case m.Settlement == "" || m.Settlement == "off":
		return nil, errors.New("this network doesn't pay over a chain, so there is nothing to stake")
	case s.rpc == "" && m.Settlement == "devchain":
		return nil, errors.New("the chain of this network runs inside its manager: ask its operator for the address (heliostat-manager serve --chain-listen) and give it with --rpc")
	case s.rpc == "":
		return nil, fmt.Errorf("the address of a node of chain %d is needed: give it with --rpc URL, or set %s", m.ChainID, EnvRPC)
	case !(s.maxFee > 0 && s.maxFee < 1e9):
		return nil, fmt.Errorf("--max-fee %v is out of range: give gwei, such as 50", s.maxFee)
	}
	client, chainID, err := chain.DialRPC(ctx, s.rpc)
	if err != nil {
		return nil, fmt.Errorf("%w; check --rpc", err)
	}
	if chainID.Cmp(new(big.Int).SetUint64(m.ChainID)) != 0 {
		client.Close()
		return nil, fmt.Errorf("%w: %s is of chain %v, this network is paid on chain %d: give an --rpc address of that one", chain.ErrWrongChain, s.rpc, chainID, m.ChainID)
	}
	fee, _ := new(big.Float).Mul(big.NewFloat(s.maxFee), big.NewFloat(1e9)).Int(nil)
	s.chain, err = chain.Join(ctx, chain.Config{
		Backend: client, ChainID: chainID, OperatorKey: s.id.PrivateKey(), Confirmations: s.confirmations, MaxFee: fee,
		StatePath: filepath.Join(dir, fmt.Sprintf("stake-%s.json", chainID)),
		Deployed:  &chain.Addresses{Token: common.HexToAddress(m.Token), Registry: common.HexToAddress(m.Registry), Escrow: common.HexToAddress(m.Escrow), Payouts: common.HexToAddress(m.Payouts)},
		Progress:  s.progress,
	})
	if err != nil {
		client.Close()
		return nil, err
	}
	return client.Close, nil
}

// progress shows what a transaction is waiting for.
func (s *session) progress(p chain.Step) {
	switch {
	case p.Block == 0:
		fmt.Fprintf(s.err, "%s: sent as %s\n", p.Doing, p.Hash)
	case p.Depth < p.Wanted:
		fmt.Fprintf(s.err, "%s: in block %d, %d of %d confirmations\n", p.Doing, p.Block, p.Depth, p.Wanted)
	default:
		fmt.Fprintf(s.err, "%s: in block %d\n", p.Doing, p.Block)
	}
}

// agree shows what is about to be done and what its gas costs at most, makes sure that there are coins for it, and
// asks.
func (s *session) agree(ctx context.Context, gas int64, format string, a ...any) error {
	price, err := s.chain.GasPrice(ctx)
	if err != nil {
		return err
	}
	coins, err := s.chain.Coins(ctx, s.node)
	if err != nil {
		return err
	}
	cost := new(big.Int).Mul(price, big.NewInt(gas))
	if coins.Cmp(cost) < 0 {
		return fmt.Errorf("%w: gas costs up to %s coins and %s has %s: send it some of the chain's own coin", chain.ErrNoGasMoney, coin(cost), s.node, coin(coins))
	}
	fmt.Fprintf(s.err, format+"\n", a...)
	fmt.Fprintf(s.err, "Gas costs up to %s of the %s coins that %s has.\n", coin(cost), coin(coins), s.node)
	if s.yes {
		return nil
	}
	fmt.Fprint(s.err, "Go on? [y/N] ")
	answer, err := s.in.ReadString('\n')
	switch answer = strings.ToLower(strings.TrimSpace(answer)); {
	case answer == "y" || answer == "yes":
		return nil
	case err != nil && answer == "":
		return errors.New("nobody answered: add --yes to go on without being asked")
	}
	return errors.New("nothing was sent")
}

// raise registers the node where that is missing and brings its stake up to amount.
func (s *session) raise(ctx context.Context, amount *big.Int, owner string) error {
	n, err := s.chain.Node(ctx, s.node)
	if err != nil {
		return err
	}
	to := n.Owner
	switch {
	case owner != "" && !common.IsHexAddress(owner):
		return fmt.Errorf("--owner %s is not an address", owner)
	case owner != "" && to != (common.Address{}) && to != common.HexToAddress(owner):
		return fmt.Errorf("the node is registered for the owner %s, which can't be changed: leave out --owner", to)
	case owner != "":
		to = common.HexToAddress(owner)
	case to == (common.Address{}):
		to = s.node
	}
	missing := new(big.Int).Sub(amount, n.Stake)
	sealKey := crypto.Keccak256Hash(s.id.SealKey())
	fresh := n.Roles&s.host.Role == 0 || n.EncryptionKeyHash != sealKey
	if missing.Sign() <= 0 && !fresh {
		fmt.Fprintf(s.out, "%s is at stake already; nothing is to be done (to take some out: %s stake withdraw)\n", s.tokens(n.Stake), s.host.Program)
		return nil
	}
	gas, doing := int64(0), []string{}
	if fresh {
		gas, doing = gas+chain.GasRegister, append(doing, fmt.Sprintf("Registers %s, whose stake goes back to %s.", s.node, to))
	}
	if missing.Sign() > 0 {
		has, err := s.chain.Balance(ctx, s.node)
		if err != nil {
			return err
		}
		if has.Cmp(missing) < 0 {
			return fmt.Errorf("%w: %s more are needed for a stake of %s, and %s has %s: send it tokens, or stake less", chain.ErrBalance, s.tokens(missing), s.tokens(amount), s.node, s.tokens(has))
		}
		gas, doing = gas+chain.GasApprove+chain.GasStake, append(doing, fmt.Sprintf("Puts %s of %s at stake.", s.tokens(missing), s.tokens(has)))
	}
	if err := s.agree(ctx, gas, "%s", strings.Join(doing, "\n")); err != nil {
		return err
	}
	if _, err := s.chain.Register(ctx, to, s.host.Role, sealKey); err != nil {
		return err
	}
	if missing.Sign() > 0 {
		if _, err := s.chain.RaiseStake(ctx, s.node, amount); err != nil {
			return err
		}
	}
	if n, err = s.chain.Node(ctx, s.node); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s is registered as %s with %s at stake\n", s.node, roles(n.Roles), s.tokens(n.Stake))
	return nil
}
