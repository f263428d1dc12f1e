package chain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/heliostat-render/heliostat/contracts/devchain"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// childDir makes this binary, run again by TestKill, the process that is killed.
const childDir = "HELIOSTAT_CHAIN_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// telling prints a line before and after every transaction that it sends, so that a test can kill the process there.
type telling struct{ Backend }

func (b telling) SendTransaction(ctx context.Context, tx *types.Transaction) error {
	fmt.Println("sending", tx.Nonce())
	err := b.Backend.SendTransaction(ctx, tx)
	fmt.Println("sent", tx.Nonce())
	return err
}

func child(dir string) error {
	ctx := context.Background()
	dev, err := devchain.Start(ctx, devchain.Config{Dir: filepath.Join(dir, "chain"), OperatorKey: testKey(operatorName)})
	if err != nil {
		return err
	}
	c, err := Open(ctx, Config{Backend: telling{dev.Client()}, OperatorKey: testKey(operatorName), ChainID: dev.ChainID(),
		StatePath: filepath.Join(dir, "chain.json"), DisputeWindow: window})
	if err != nil {
		return err
	}
	return business(ctx, c)
}

// businessSends is how many transactions deployment and business take together, done once each.
const businessSends = 4 + 8

// business is a job's whole money, written as a manager has to write it: all of it may be repeated.
func business(ctx context.Context, c *Chain) error {
	const late = 4_000_000_000
	artist, job, root := addressOf("artist"), id(1), id(2)
	s, err := c.Escrow(ctx, job)
	if err != nil {
		return err
	}
	if balance, err := c.Balance(ctx, artist); err != nil {
		return err
	} else if s.Status == NotFunded && balance.Sign() == 0 {
		if _, err := c.Faucet(ctx, artist, big.NewInt(1000)); err != nil {
			return err
		}
	}
	f := receipt.Funding{JobID: job, Artist: artist, Amount: 600, QuoteHash: id(3), Deadline: late}
	p := receipt.Permit{Owner: artist, Spender: c.Addresses().Escrow, Value: 600, Deadline: late}
	_, err = c.Fund(ctx, FundRequest{Funding: f, Signature: sign("artist", f.Digest(c.EscrowDomain())),
		Permit: p, PermitSignature: sign("artist", p.Digest(c.TokenDomain()))})
	if err != nil {
		return err
	}
	if s.Status == NotFunded || s.Status == Funded {
		if _, err := c.MarkDelivered(ctx, job, root, big.NewInt(500)); err != nil {
			return err
		}
	}
	a := receipt.Acceptance{JobID: job, DeliveryRoot: common.Hash(root), Amount: 500}
	if _, err := c.Settle(ctx, job, big.NewInt(500), sign("artist", a.Digest(c.EscrowDomain()))); err != nil {
		return err
	}
	if _, _, err := c.Refund(ctx, job); err != nil {
		return err
	}
	tree, err := NewTree([]Payout{{addressOf("worker"), big.NewInt(400)}, {addressOf("verifier"), big.NewInt(100)}})
	if err != nil {
		return err
	}
	if _, err := c.PostRoot(ctx, 1, tree.Root(), tree.Total()); err != nil {
		return err
	}
	for name, amount := range map[string]int64{"worker": 400, "verifier": 100} {
		proof, err := tree.Proof(addressOf(name))
		if err != nil {
			return err
		}
		tx, paid, err := c.Claim(ctx, addressOf(name), big.NewInt(amount), proof)
		if err != nil {
			return err
		}
		if paid.Int64() != amount || tx == (Tx{}) {
			return fmt.Errorf("%s was paid %v in %v", name, paid, tx)
		}
	}
	return nil
}

// done checks that business happened exactly once.
func (w *world) done() {
	w.t.Helper()
	if err := business(w.ctx(), w.Chain); err != nil {
		w.t.Fatal(err)
	}
	nonce, err := w.backend.NonceAt(w.ctx(), w.operator, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if nonce != businessSends {
		w.t.Fatalf("%d transactions, want %d", nonce, businessSends)
	}
	w.holds(addressOf("artist"), 500)
	w.holds(addressOf("worker"), 400)
	w.holds(addressOf("verifier"), 100)
	w.holds(w.Addresses().Escrow, 0)
	w.holds(w.Addresses().Payouts, 0)
}

// TestKill kills a manager before and after transactions it sends, from the first deployment to the last claim, and
// finds after a restart that everything happens exactly once.
func TestKill(t *testing.T) {
	for _, line := range []int{1, 2, 4, 7, 8, 9, 10, 11, 12, 13, 15, 16, 18, 20, 21, 24} {
		t.Run(fmt.Sprint(line), func(t *testing.T) {
			w := &world{t: t, dir: t.TempDir()}
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), childDir+"="+w.dir)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			for range line {
				if !lines.Scan() {
					t.Fatal("the child ended by itself:", lines.Err())
				}
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
			w.start()
			w.open(nil)
			w.done()
		})
	}
}

// lateArrival takes a transaction and gives it to the chain a moment later.
type lateArrival struct {
	Backend
	late common.Hash
}

func (b lateArrival) SendTransaction(ctx context.Context, tx *types.Transaction) error {
	if tx.Hash() != b.late {
		return b.Backend.SendTransaction(ctx, tx)
	}
	time.AfterFunc(300*time.Millisecond, func() { b.Backend.SendTransaction(ctx, tx) })
	return nil
}

// TestLostBlocks takes the chain's folder back to an earlier day, as a crash of the machine can take back its last
// blocks, and finds every acknowledged transaction mined again under its own hash.
func TestLostBlocks(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 1000)
	w.dev.Close()
	before := filepath.Join(w.dir, "before")
	if err := os.CopyFS(before, os.DirFS(filepath.Join(w.dir, "chain"))); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.open(nil)
	funded := w.must(w.Fund(ctx, w.funding(id(1), "artist", 600)))
	delivered := w.must(w.MarkDelivered(ctx, id(1), id(2), big.NewInt(500)))
	acceptance := w.acceptance(id(1), id(2), "artist", 500)
	settled := w.must(w.Settle(ctx, id(1), big.NewInt(500), acceptance))
	w.dev.Close()
	if err := os.RemoveAll(filepath.Join(w.dir, "chain")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(w.dir, "chain"), os.DirFS(before)); err != nil {
		t.Fatal(err)
	}
	w.start()
	// The last one arrives later than the others, as it may on a busy machine.
	w.open(func(c *Config) { c.Backend = lateArrival{c.Backend, settled.Hash} })
	if s := w.state(id(1)); s.Status != Accepted || s.Spent.Int64() != 500 {
		t.Fatalf("after the loss: %+v", s)
	}
	for name, tx := range map[string]Tx{"fund": funded, "deliver": delivered, "settle": settled} {
		if _, err := w.backend.TransactionReceipt(ctx, tx.Hash); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if lost, err := w.Resend(ctx); err != nil || lost != 0 {
		t.Fatalf("%d still lost, %v", lost, err)
	}
	w.must(w.Settle(ctx, id(1), big.NewInt(500), acceptance))
	w.holds(w.Addresses().Payouts, 500)
}

// TestStateFile walks through what can be wrong with it.
func TestStateFile(t *testing.T) {
	w := newWorld(t)
	path := w.config().StatePath
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	addresses := w.Addresses()

	// Lost, the deployment is found again.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.open(nil)
	if w.Addresses() != addresses {
		t.Fatalf("another deployment: %v", w.Addresses())
	}

	refused := func(want error, edit func(*Config)) {
		t.Helper()
		c := w.config()
		if edit != nil {
			edit(&c)
		}
		_, err := Open(w.ctx(), c)
		w.fails(err, want)
	}
	if err := os.WriteFile(path, good[:len(good)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	refused(ErrBadState, nil)
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(ErrWrongChain, func(c *Config) { c.OperatorKey = testKey("another operator") })
	refused(ErrWrongChain, func(c *Config) { c.ChainID = big.NewInt(1) })
	refused(ErrWrongChain, func(c *Config) { c.Token = addressOf("a token") })
	elsewhere := addresses
	elsewhere.Escrow = addressOf("nothing")
	refused(ErrWrongChain, func(c *Config) { c.Deployed = &elsewhere })
	swapped := addresses
	swapped.Escrow, swapped.Payouts = swapped.Payouts, swapped.Escrow
	if _, err := Open(w.ctx(), func() Config { c := w.config(); c.Deployed = &swapped; return c }()); err == nil {
		t.Fatal("a set wired wrongly was taken")
	}
	w.open(func(c *Config) { c.Deployed = &addresses })

	// A chain that was wiped while the file remembers recent transactions gets them all anew, at the same addresses.
	w.dev.Close()
	if err := os.RemoveAll(filepath.Join(w.dir, "chain")); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.open(nil)
	if w.Addresses() != addresses {
		t.Fatalf("another deployment: %v", w.Addresses())
	}
}

// TestWipedChainWithOldMemory has a state file whose transactions begin later than the chain's.
func TestWipedChainWithOldMemory(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.mint("artist", 1)
	}
	err := w.outbox.change(func(s *state) { s.Outbox = s.Outbox[5:] })
	if err != nil {
		t.Fatal(err)
	}
	w.dev.Close()
	if err := os.RemoveAll(filepath.Join(w.dir, "chain")); err != nil {
		t.Fatal(err)
	}
	w.start()
	_, err = Open(w.ctx(), w.config())
	w.fails(err, ErrWrongChain)
}

func TestNoGasMoney(t *testing.T) {
	w := newWorld(t)
	poor := w.config()
	poor.OperatorKey, poor.StatePath = testKey("poor"), filepath.Join(w.dir, "poor.json")
	_, err := Open(w.ctx(), poor)
	w.fails(err, ErrNoGasMoney)
	if !strings.Contains(err.Error(), addressOf("poor").Hex()) {
		t.Fatalf("the error doesn't say whom to send money: %v", err)
	}
	w.gasMoney("poor")
	rich, err := Open(w.ctx(), poor)
	if err != nil {
		t.Fatal(err)
	}
	if rich.Addresses() == w.Addresses() {
		t.Fatal("two operators share a deployment")
	}
}

// gasMoney gives somebody the chain's own coin.
func (w *world) gasMoney(name string) {
	w.t.Helper()
	ctx, to := w.ctx(), addressOf(name)
	nonce, err := w.backend.PendingNonceAt(ctx, w.operator)
	if err != nil {
		w.t.Fatal(err)
	}
	tx, err := types.SignNewTx(testKey(operatorName), w.signer, &types.DynamicFeeTx{
		ChainID: w.config().ChainID, Nonce: nonce, To: &to, Value: new(big.Int).Lsh(common.Big1, 80), Gas: 21000,
		GasTipCap: big.NewInt(1e9), GasFeeCap: big.NewInt(1e11),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := tx.MarshalBinary()
	if err != nil {
		w.t.Fatal(err)
	}
	e := &entry{Key: "gas money", Doing: "gas money", Nonce: nonce}
	e.Raw = append(e.Raw, raw)
	if err := w.outbox.change(func(s *state) { s.put(e) }); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Resend(ctx); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.await(ctx, e); err != nil {
		w.t.Fatal(err)
	}
}

// faulty loses or refuses the next transactions that are sent through it.
type faulty struct {
	Backend
	swallow atomic.Int32 // so many vanish without an error
	refuse  atomic.Int32 // so many are answered by an error, and vanish
	late    atomic.Int32 // so many are answered by an error, but arrive
	behind  atomic.Int32 // so many are refused by a pool that doesn't know of coins yet
}

var errNetwork = errors.New("connection reset by a test")

func (f *faulty) SendTransaction(ctx context.Context, tx *types.Transaction) error {
	switch {
	case f.swallow.Add(-1) >= 0:
		return nil
	case f.refuse.Add(-1) >= 0:
		return errNetwork
	case f.behind.Add(-1) >= 0:
		return errors.New("insufficient funds for gas * price + value: balance 0")
	case f.late.Add(-1) >= 0:
		return errors.Join(f.Backend.SendTransaction(ctx, tx), errNetwork)
	}
	return f.Backend.SendTransaction(ctx, tx)
}

func TestFaultyEndpoint(t *testing.T) {
	for _, fault := range []string{"swallow", "refuse", "late", "behind"} {
		t.Run(fault, func(t *testing.T) {
			w := newWorld(t)
			f := &faulty{Backend: w.dev.Client()}
			w.open(func(c *Config) { c.Backend, c.BumpAfter = f, 20*time.Millisecond })
			switch fault {
			case "swallow":
				f.swallow.Store(2)
			case "refuse":
				f.refuse.Store(2)
			case "late":
				f.late.Store(2)
			case "behind":
				f.behind.Store(2)
			}
			w.done()
		})
	}
}

// TestTakenUpAgain gives up waiting for a transaction that was lost, and repeats the call: the same transaction is sent.
func TestTakenUpAgain(t *testing.T) {
	w := newWorld(t)
	f := &faulty{Backend: w.dev.Client()}
	w.open(func(c *Config) { c.Backend = f })
	f.swallow.Store(1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.Faucet(ctx, addressOf("artist"), big.NewInt(5))
	w.fails(err, context.DeadlineExceeded)
	w.open(nil)
	w.must(w.Faucet(w.ctx(), addressOf("artist"), big.NewInt(5)))
	w.holds(addressOf("artist"), 5)
	w.must(w.Faucet(w.ctx(), addressOf("artist"), big.NewInt(5)))
	w.holds(addressOf("artist"), 10)
}

func TestFeeCeiling(t *testing.T) {
	w := newWorld(t)
	w.open(func(c *Config) { c.MaxFee = common.Big1 })
	_, err := w.Faucet(w.ctx(), addressOf("artist"), big.NewInt(5))
	w.fails(err, ErrFeeTooHigh)
}

func TestConfirmations(t *testing.T) {
	w := newWorld(t)
	w.open(func(c *Config) { c.Confirmations = 2 })
	ctx, stop := context.WithCancel(w.ctx())
	finished := make(chan struct{})
	go func() { // others' blocks
		defer close(finished)
		for ctx.Err() == nil {
			w.dev.AdvanceTime(time.Second)
		}
	}()
	tx, err := w.Faucet(ctx, addressOf("artist"), big.NewInt(5))
	stop()
	<-finished
	w.must(tx, err)
	if head, err := w.backend.BlockNumber(w.ctx()); err != nil || head < tx.Block+2 {
		t.Fatalf("acknowledged in block %d at block %d, %v", tx.Block, head, err)
	}
}

// TestManyAtOnce funds jobs of many artists from many goroutines, each twice.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	const n = 16
	requests := make([]FundRequest, n)
	for i := range n {
		name := fmt.Sprint("artist ", i)
		w.mint(name, 100)
		requests[i] = w.funding(id(uint64(i+1)), name, 100)
	}
	var all sync.WaitGroup
	errs := make(chan error, 2*n)
	for _, r := range append(requests, requests...) {
		all.Go(func() {
			_, err := w.Fund(w.ctx(), r)
			errs <- err
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	w.holds(w.Addresses().Escrow, 100*n)
	if nonce, err := w.backend.NonceAt(w.ctx(), w.operator, nil); err != nil || nonce != 4+n+n {
		t.Fatalf("%d transactions, %v", nonce, err)
	}
}

func TestPruned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	o, err := openOutbox(stateFile{path}, path, common.Big1, addressOf("x"))
	if err != nil {
		t.Fatal(err)
	}
	for nonce := range uint64(5) {
		tx := types.MustSignNewTx(testKey("x"), types.LatestSignerForChainID(common.Big1), &types.DynamicFeeTx{ChainID: common.Big1, Nonce: nonce})
		raw, err := tx.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		e := &entry{Nonce: nonce, Block: 1 + nonce*200}
		e.Raw = append(e.Raw, raw)
		if err := o.change(func(s *state) { s.put(e) }); err != nil {
			t.Fatal(err)
		}
	}
	again, err := openOutbox(stateFile{path}, path, common.Big1, addressOf("x"))
	if err != nil {
		t.Fatal(err)
	}
	if list := again.view().Outbox; len(list) != 2 || list[0].Nonce != 3 {
		t.Fatalf("kept %d", len(list))
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Fatalf("files left beside the state: %v, %v", left, err)
	}
}

func FuzzParseState(f *testing.F) {
	f.Add([]byte(`{"version":1,"outbox":[{"nonce":1,"raw":["0x02"]}]}`))
	f.Add([]byte(`{"version":1,"outbox":[null]}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := parseState(raw)
		if err != nil {
			return
		}
		for _, e := range s.Outbox {
			if versions, err := e.versions(); err != nil || versions[0].Nonce() != e.Nonce {
				t.Fatalf("accepted %+v", e)
			}
		}
	})
}

func FuzzRevertData(f *testing.F) {
	f.Add("0x08c379a0")
	c := &Chain{abis: map[string]*abi.ABI{}}
	for name, meta := range metadata {
		parsed, err := meta.ParseABI()
		if err != nil {
			f.Fatal(err)
		}
		c.abis[name] = parsed
		for _, e := range parsed.Errors {
			f.Add(e.ID.Hex()[:10] + strings.Repeat("00", 64))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := c.explain("try", revert(text)); err.Error() == "" || (!errors.Is(err, ErrReverted) && !errors.As(err, new(*RevertError))) {
			t.Fatalf("%q became %v", text, err)
		}
	})
}

// revert is an endpoint's answer with data beside it.
type revert string

func (r revert) Error() string  { return "execution reverted" }
func (r revert) ErrorData() any { return string(r) }
