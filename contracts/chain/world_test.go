package chain

import (
	"context"
	"crypto/ecdsa"
	"encoding/binary"
	"errors"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/contracts/devchain"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

const window = time.Hour

// world is a dev chain with the contracts on it, and some people.
type world struct {
	*Chain
	t   *testing.T
	dev *devchain.Chain
	dir string
}

func testKey(name string) *ecdsa.PrivateKey {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte(name)))
	if err != nil {
		panic(err)
	}
	return key
}

func addressOf(name string) common.Address { return crypto.PubkeyToAddress(testKey(name).PublicKey) }

// operatorName gives the operator whose deployment testdata/money.json describes.
const operatorName = "heliostat operator vectors"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.start()
	w.open(nil)
	return w
}

func (w *world) start() {
	w.t.Helper()
	dev, err := devchain.Start(w.t.Context(), devchain.Config{Dir: filepath.Join(w.dir, "chain"), OperatorKey: testKey(operatorName)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.dev = dev
	w.t.Cleanup(func() { dev.Close() })
}

func (w *world) config() Config {
	return Config{
		Backend: w.dev.Client(), OperatorKey: testKey(operatorName), ChainID: w.dev.ChainID(),
		StatePath: filepath.Join(w.dir, "chain.json"), DisputeWindow: window, ReclaimDelay: 30 * 24 * time.Hour,
	}
}

func (w *world) open(edit func(*Config)) {
	w.t.Helper()
	c := w.config()
	if edit != nil {
		edit(&c)
	}
	chain, err := Open(w.ctx(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Chain = chain
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *world) must(tx Tx, err error) Tx {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	if tx == (Tx{}) {
		w.t.Fatal("no transaction")
	}
	return tx
}

func (w *world) fails(err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Fatalf("got %v, want %v", err, want)
	}
}

func (w *world) pass(d time.Duration) {
	w.t.Helper()
	if err := w.dev.AdvanceTime(d); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) deadline() uint64 {
	w.t.Helper()
	now, err := w.Now(w.ctx())
	if err != nil {
		w.t.Fatal(err)
	}
	return uint64(now.Add(time.Hour).Unix())
}

func (w *world) mint(name string, amount int64) {
	w.t.Helper()
	w.must(w.Faucet(w.ctx(), addressOf(name), big.NewInt(amount)))
}

func (w *world) holds(account common.Address, want int64) {
	w.t.Helper()
	got, err := w.Balance(w.ctx(), account)
	if err != nil {
		w.t.Fatal(err)
	}
	if got.Cmp(big.NewInt(want)) != 0 {
		w.t.Fatalf("%s holds %v, want %d", account, got, want)
	}
}

func sign(name string, digest common.Hash) []byte {
	sig, err := crypto.Sign(digest[:], testKey(name))
	if err != nil {
		panic(err)
	}
	return sig
}

func id(n uint64) (h common.Hash) {
	binary.BigEndian.PutUint64(h[24:], n)
	h[0] = 1
	return h
}

// permit signs an allowance for the spender.
func (w *world) permit(name string, spender common.Address, value uint64) (receipt.Permit, []byte) {
	w.t.Helper()
	nonce, err := w.Nonce(w.ctx(), addressOf(name))
	if err != nil {
		w.t.Fatal(err)
	}
	p := receipt.Permit{Owner: addressOf(name), Spender: spender, Value: value, Nonce: nonce, Deadline: w.deadline()}
	return p, sign(name, p.Digest(w.TokenDomain()))
}

// funding is a request to fund a job, signed by the artist.
func (w *world) funding(job common.Hash, artist string, amount uint64) FundRequest {
	w.t.Helper()
	f := receipt.Funding{JobID: job, Artist: addressOf(artist), Amount: amount, QuoteHash: id(77), Deadline: w.deadline()}
	p, sig := w.permit(artist, w.Addresses().Escrow, amount)
	return FundRequest{Funding: f, Signature: sign(artist, f.Digest(w.EscrowDomain())), Permit: p, PermitSignature: sig}
}

func (w *world) acceptance(job, root common.Hash, artist string, amount uint64) []byte {
	return sign(artist, receipt.Acceptance{JobID: job, DeliveryRoot: root, Amount: amount}.Digest(w.EscrowDomain()))
}

func (w *world) state(job common.Hash) EscrowState {
	w.t.Helper()
	s, err := w.Escrow(w.ctx(), job)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// tryAs calls a contract as somebody else, without sending anything.
func (w *world) tryAs(from, to common.Address, data []byte) error {
	_, err := w.backend.CallContract(w.ctx(), ethereum.CallMsg{From: from, To: &to, Data: data}, nil)
	if err != nil {
		return w.explain("try", err)
	}
	return nil
}
