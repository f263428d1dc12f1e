package stake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/contracts/devchain"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// world is a network's chain behind JSON-RPC, and a node's data folder.
type world struct {
	t        *testing.T
	dev      *devchain.Chain
	chain    *chain.Chain
	operator *identity.Identity
	node     *identity.Identity
	dir      string
	money    wire.Money
	role     uint8
}

func newWorld(t *testing.T) *world {
	t.Helper()
	operator, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, operator: operator, dir: t.TempDir(), role: chain.RoleWorker}
	if w.node, err = identity.Open(w.dir, nil); err != nil {
		t.Fatal(err)
	}
	w.dev, err = devchain.Start(t.Context(), devchain.Config{Dir: filepath.Join(t.TempDir(), "chain"), OperatorKey: operator.PrivateKey(), RPCAddr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.dev.Close() })
	w.chain, err = chain.Open(t.Context(), chain.Config{Backend: w.dev.Client(), ChainID: w.dev.ChainID(), OperatorKey: operator.PrivateKey(), StatePath: filepath.Join(t.TempDir(), "chain.json"), UnbondDelay: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	a := w.chain.Addresses()
	w.money = wire.Money{Settlement: "rpc", ChainID: w.dev.ChainID().Uint64(), Token: a.Token.Hex(), Registry: a.Registry.Hex(), Escrow: a.Escrow.Hex(), Payouts: a.Payouts.Hex(), Symbol: "HELIO"}
	return w
}

// coins sends wei to the node, as its owner does from an exchange.
func (w *world) coins(wei int64) {
	w.t.Helper()
	client := w.dev.Client()
	nonce, err := client.PendingNonceAt(w.t.Context(), common.HexToAddress(w.operator.Address()))
	if err != nil {
		w.t.Fatal(err)
	}
	to := common.HexToAddress(w.node.Address())
	tx := types.MustSignNewTx(w.operator.PrivateKey(), types.LatestSignerForChainID(w.dev.ChainID()), &types.DynamicFeeTx{
		ChainID: w.dev.ChainID(), Nonce: nonce, To: &to, Value: big.NewInt(wei), Gas: 21000, GasTipCap: big.NewInt(1e6), GasFeeCap: big.NewInt(10e9),
	})
	if err := client.SendTransaction(w.t.Context(), tx); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if n, err := client.BalanceAt(ctx, to, nil); err == nil && n.Int64() >= wei {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatal("the coins never came")
		}
	}
}

func (w *world) tokens(n int64) {
	w.t.Helper()
	if _, err := w.chain.Faucet(w.t.Context(), common.HexToAddress(w.node.Address()), big.NewInt(n)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) command() *cobra.Command {
	return command(&flags{host: Host{Program: "heliostat-worker", Role: w.role, Dir: func() string { return w.dir }},
		ask: func(context.Context, *identity.Identity) (wire.Money, error) { return w.money, nil }})
}

// run is the command with what a person answers; out is both outputs.
func (w *world) run(answer string, args ...string) (out string, err error) {
	c := w.command()
	var b bytes.Buffer
	c.SetOut(&b)
	c.SetErr(&b)
	c.SetIn(strings.NewReader(answer))
	c.SetArgs(append(args, "--rpc", w.dev.RPC()))
	c.SilenceErrors, c.SilenceUsage = true, true
	err = c.ExecuteContext(w.t.Context())
	return b.String(), err
}

func (w *world) must(says string, args ...string) string {
	w.t.Helper()
	out, err := w.run("", append(args, "--yes")...)
	if err != nil || !strings.Contains(out, says) {
		w.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func (w *world) refuses(is error, says string, args ...string) {
	w.t.Helper()
	out, err := w.run("", args...)
	if err == nil || is != nil && !errors.Is(err, is) || !strings.Contains(err.Error(), says) {
		w.t.Fatalf("%v: %v, wanted %q\n%s", args, err, says, out)
	}
}

func (w *world) status() Status {
	w.t.Helper()
	out, err := w.run("", "status", "--json")
	if err != nil {
		w.t.Fatal(err)
	}
	var s Status
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		w.t.Fatal(err, out)
	}
	return s
}

// TestAStakeComesAndGoes walks the whole way on a real EVM: no coins, no tokens, a stake, the same again, more, the
// wait, and the way back.
func TestAStakeComesAndGoes(t *testing.T) {
	w := newWorld(t)
	if s := w.status(); s.Registered || s.Stake != "0" {
		t.Fatalf("%+v", s)
	}
	w.refuses(chain.ErrBalance, "250 HELIO more are needed for a stake of 250 HELIO, and "+w.node.Address()+" has 0 HELIO", "250", "--yes")
	w.tokens(300_000_000)
	w.refuses(chain.ErrNoGasMoney, "has 0: send it some of the chain's own coin", "250", "--yes")
	w.coins(1e18)

	// Nothing is sent without a yes.
	if out, err := w.run("n\n", "250"); err == nil || err.Error() != "nothing was sent" || !strings.Contains(out, "Puts 250 HELIO of 300 HELIO at stake") {
		t.Fatalf("%v\n%s", err, out)
	}
	w.refuses(nil, "add --yes", "250")
	if s := w.status(); s.Registered {
		t.Fatalf("%+v", s)
	}

	if out, err := w.run("y\n", "250"); err != nil || !strings.Contains(out, "is registered as worker with 250 HELIO at stake") || strings.Count(out, "sent as 0x") != 3 || strings.Count(out, ": in block") != 3 {
		t.Fatalf("%v\n%s", err, out)
	}
	w.must("250 HELIO is at stake already; nothing is to be done", "250")
	w.must("nothing is to be done", "100.5")
	out := w.must("with 260.5 HELIO at stake", "260.5")
	if !strings.Contains(out, "Puts 10.5 HELIO of 50 HELIO at stake") {
		t.Error(out)
	}
	if s := w.status(); s.Stake != "260500000" || s.Tokens != "39500000" || s.Owner != w.node.Address() || s.Roles != "worker" {
		t.Fatalf("%+v", s)
	}
	// The same key as a verifier keeps its first role.
	w.role = chain.RoleVerifier
	w.must("is registered as worker and verifier with 260.5 HELIO", "1")

	w.refuses(nil, "260.5 HELIO is at stake, 261 HELIO can't be taken out", "withdraw", "261", "--yes")
	w.must("60.5 HELIO can be withdrawn from", "withdraw", "60.5")
	w.refuses(nil, "would make it wait anew", "withdraw", "--yes")
	if err := w.dev.AdvanceTime(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if out, err := w.run("", "status"); err != nil || !strings.Contains(out, "60.5 HELIO, can be withdrawn\n") || !strings.Contains(out, "at stake    200 HELIO") {
		t.Fatalf("%v\n%s", err, out)
	}
	w.must("60.5 HELIO went to "+w.node.Address(), "withdraw")
	w.must("200 HELIO can be withdrawn from", "withdraw")
	w.must("nothing else is at stake", "withdraw")
	if s := w.status(); s.Stake != "0" || s.Unbonding != "200000000" || s.UnbondAt == "" || s.Tokens != "100000000" {
		t.Fatalf("%+v", s)
	}
}

// TestAnotherOwner can have the stake, and then the node's key can't take it out.
func TestAnotherOwner(t *testing.T) {
	w := newWorld(t)
	w.tokens(10_000_000)
	w.coins(1e18)
	owner := w.operator.Address()
	w.refuses(nil, "--owner 0x12 is not an address", "5", "--owner", "0x12", "--yes")
	w.must("with 5 HELIO at stake", "5", "--owner", owner)
	w.refuses(nil, "can't be changed", "6", "--owner", w.node.Address(), "--yes")
	w.refuses(nil, "only the owner "+owner+" can take the stake out", "withdraw", "--yes")
}

// TestMistakesAreNamed, each with what to do.
func TestMistakesAreNamed(t *testing.T) {
	w := newWorld(t)
	w.refuses(nil, "say how much is to be at stake: heliostat-worker stake 250")
	for text, says := range map[string]string{"0": "it is zero", "-5": "", "1.0000001": "six decimals", "ten": "isn't a number", "1e3": "isn't a number", ".": "isn't a number",
		"99999999999999999999": "aren't that many", "0.0000001": "six decimals"} {
		if text == "-5" {
			continue // cobra takes it for a flag
		}
		w.refuses(nil, says, text)
	}
	w.refuses(nil, "never registered", "withdraw", "--yes")
	w.refuses(nil, "--max-fee", "5", "--max-fee", "0")
	good := w.money
	for says, change := range map[string]func(){
		"this network doesn't pay":                                func() { w.money.Settlement = "off" },
		fmt.Sprintf("this network is paid on chain %d", 1):        func() { w.money.ChainID = 1 },
		"the registry of the network isn't at":                    func() { w.money.Registry = common.Address{9}.Hex() },
		"the token of the network isn't at":                       func() { w.money.Token = common.Address{9}.Hex() },
		"the addresses of the token and of the registry are need": func() { w.money.Registry = "" },
	} {
		change()
		w.refuses(nil, says, "5", "--yes")
		w.money = good
	}
	w.dir = t.TempDir()
	w.refuses(nil, "there is no node in "+w.dir, "5")
}

func TestAddressIsAskedFor(t *testing.T) {
	w := newWorld(t)
	t.Setenv(EnvRPC, "")
	for kind, says := range map[string]string{"rpc": "give it with --rpc URL", "devchain": "--chain-listen"} {
		w.money.Settlement = kind
		c := w.command()
		c.SetArgs([]string{"status"})
		c.SilenceErrors, c.SilenceUsage = true, true
		if err := c.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestCoin(t *testing.T) {
	for wei, want := range map[int64]string{0: "0", 1: "0.000000001", 1e18: "1", 15e17: "1.5", 1e9 + 1: "0.000000002"} {
		if got := coin(big.NewInt(wei)); got != want {
			t.Errorf("%d wei: %s, want %s", wei, got, want)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"1", "0.5", "", ".", "1.", ".1", "00", "9223372036854.775807", "9223372036854.775808"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseAmount(text)
		if err == nil && (n.Sign() <= 0 || !n.IsInt64()) {
			t.Fatalf("%q is %v", text, n)
		}
	})
}
