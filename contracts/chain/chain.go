// Package chain is the manager's money on an EVM chain: it deploys the contracts once, relays what artists and nodes
// signed, settles, posts roots and pays claims. Every call can be repeated safely after a crash: it looks at the chain
// first, sends through an outbox that is on disk before anything travels, waits for the receipt, and sends again what a
// lost block took back.
//
// It isn't a wallet (it signs with the operator's key only), keeps no ledger of who earned what (manager/settle does),
// and doesn't run a chain (contracts/devchain does, or any JSON-RPC endpoint).
//
// Receives: signed fundings and acceptances from manager/intake, amounts and payout trees from manager/settle.
// Hands on: transactions with their receipts to whoever asked, tokens to artists, workers and verifiers.
package chain

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"

	"github.com/heliostat-render/heliostat/contracts/bindings"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// Backend is what this package needs of a chain. *ethclient.Client provides it, over a dev chain or JSON-RPC. Calls may
// come from several goroutines, and are repeated after errors; nothing is closed.
type Backend interface {
	ChainID(ctx context.Context) (*big.Int, error)
	BlockNumber(ctx context.Context) (uint64, error)
	HeaderByNumber(ctx context.Context, number *big.Int) (*types.Header, error)
	CodeAt(ctx context.Context, account common.Address, block *big.Int) ([]byte, error)
	NonceAt(ctx context.Context, account common.Address, block *big.Int) (uint64, error)
	BalanceAt(ctx context.Context, account common.Address, block *big.Int) (*big.Int, error)
	PendingNonceAt(ctx context.Context, account common.Address) (uint64, error)
	CallContract(ctx context.Context, call ethereum.CallMsg, block *big.Int) ([]byte, error)
	EstimateGas(ctx context.Context, call ethereum.CallMsg) (uint64, error)
	SuggestGasTipCap(ctx context.Context) (*big.Int, error)
	SendTransaction(ctx context.Context, tx *types.Transaction) error
	TransactionReceipt(ctx context.Context, hash common.Hash) (*types.Receipt, error)
	FilterLogs(ctx context.Context, query ethereum.FilterQuery) ([]types.Log, error)
}

var _ Backend = (*ethclient.Client)(nil)

// Config says which chain, as whom, and where to remember what was sent.
type Config struct {
	Backend     Backend
	OperatorKey *ecdsa.PrivateKey // deploys, settles and relays; pays the gas
	ChainID     *big.Int          // must be the backend's
	StatePath   string            // file with the addresses and the outbox, in the manager's data folder
	State       Keeper            // where to keep them instead: one that several managers share; nil for the file
	Log         *slog.Logger      // nil discards

	Token    common.Address // an existing ERC-20 with permit and six decimals; zero deploys the development token
	Deployed *Addresses     // an existing set to use instead of deploying one

	// What a new deployment is made with; zero takes the default. An existing one keeps its own.
	DisputeWindow time.Duration // 24 hours
	ReclaimDelay  time.Duration // 30 days
	UnbondDelay   time.Duration // 7 days

	Confirmations uint64        // blocks on top of a receipt before it counts; 0 for a chain that doesn't reorganise
	BumpAfter     time.Duration // unmined for so long, a transaction is sent again with higher fees; 0 for one minute
	MaxFee        *big.Int      // most wei per gas to offer; nil for 500 gwei

	// Progress hears of every transaction: when it is on its way, and whenever more blocks lie on it.
	// Nil for nobody. It must not block.
	Progress func(Step)
}

// Step is how far one transaction is.
type Step struct {
	Doing  string
	Hash   common.Hash // of the newest version
	Block  uint64      // that it is in; 0 for none yet
	Depth  uint64      // blocks on top of that one
	Wanted uint64      // of them, before it counts
}

// Addresses are the contracts of one deployment.
type Addresses struct {
	Token    common.Address `json:"token"`
	Payouts  common.Address `json:"payouts"`
	Escrow   common.Address `json:"escrow"`
	Registry common.Address `json:"registry"`
}

// Tx is a mined transaction. The zero Tx stands for a call that found its work done and can't name the transaction.
type Tx struct {
	Hash  common.Hash
	Block uint64
	Gas   uint64
}

// Chain relays and settles on one deployment. Its methods may be called from any goroutine; calls about the same job,
// account or node run one after the other.
type Chain struct {
	config   Config
	backend  Backend
	operator common.Address
	signer   types.Signer
	log      *slog.Logger
	abis     map[string]*abi.ABI // by contract name

	token    *bindings.HelioToken
	payouts  *bindings.Payouts
	escrow   *bindings.JobEscrow
	registry *bindings.NodeRegistry

	outbox *outbox
	sendMu sync.Mutex // held from the choice of a nonce until its transaction is on disk and sent
	locks  keyedLocks

	addresses     Addresses
	tokenDomain   receipt.Contract
	disputeWindow time.Duration
}

// Open connects to the deployment recorded in c.StatePath, and makes one if there's none. Cut short, it goes on where it
// stopped when called again. Before it returns, acknowledged transactions that the chain has lost are mined anew.
func Open(ctx context.Context, c Config) (*Chain, error) {
	ch, err := connect(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := ch.deploy(ctx); err != nil {
		return nil, err
	}
	if err := ch.check(ctx); err != nil {
		return nil, err
	}
	ch.log.Info("chain ready", "chain", c.ChainID, "operator", ch.operator, "escrow", ch.addresses.Escrow, "payouts", ch.addresses.Payouts)
	return ch, nil
}

// Join connects to somebody else's deployment, c.Deployed, with a key that has no part in running it: a node's.
// It deploys nothing. Of the methods those of stake.go are for it.
func Join(ctx context.Context, c Config) (*Chain, error) {
	if c.Deployed == nil || c.Deployed.Token == (common.Address{}) || c.Deployed.Registry == (common.Address{}) {
		return nil, errors.New("join the chain: the addresses of the token and of the registry are needed")
	}
	ch, err := connect(ctx, c)
	if err != nil {
		return nil, err
	}
	ch.addresses = *c.Deployed
	if err := ch.wiredRegistry(ctx); err != nil {
		return nil, err
	}
	return ch, nil
}

// TakeOver goes on where another process stopped, with the state as that one left it: for several managers that share a
// Keeper, of which one at a time sends. What was on its way is sent again, by the same nonces.
func (c *Chain) TakeOver(ctx context.Context) error {
	c.sendMu.Lock()
	err := c.outbox.take()
	c.sendMu.Unlock()
	if err != nil {
		return fmt.Errorf("take over the chain: %w", err)
	}
	if _, err := c.Resend(ctx); err != nil {
		return fmt.Errorf("take over the chain: %w", err)
	}
	return nil
}

// connect makes what both have: a chain with its outbox, without contracts.
func connect(ctx context.Context, c Config) (*Chain, error) {
	if c.Backend == nil || c.OperatorKey == nil || c.ChainID == nil || c.StatePath == "" && c.State == nil {
		return nil, errors.New("open the chain: backend, operator key, chain id and state path are needed")
	}
	setDefaults(&c)
	id, err := c.Backend.ChainID(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the chain: ask for its id: %w", err)
	}
	if id.Cmp(c.ChainID) != 0 {
		return nil, fmt.Errorf("%w: it says %v, %v was expected: check the RPC address", ErrWrongChain, id, c.ChainID)
	}
	ch := &Chain{
		config: c, backend: c.Backend, log: c.Log,
		operator: crypto.PubkeyToAddress(c.OperatorKey.PublicKey),
		signer:   types.LatestSignerForChainID(c.ChainID),
		token:    bindings.NewHelioToken(), payouts: bindings.NewPayouts(),
		escrow: bindings.NewJobEscrow(), registry: bindings.NewNodeRegistry(),
		abis: map[string]*abi.ABI{},
	}
	for name, meta := range metadata {
		if ch.abis[name], err = meta.ParseABI(); err != nil {
			return nil, fmt.Errorf("open the chain: interface of %s: %w", name, err)
		}
	}
	keeper, name := c.State, "the shared state of chain "+id.String()
	if keeper == nil {
		keeper, name = stateFile{c.StatePath}, c.StatePath
	}
	if ch.outbox, err = openOutbox(keeper, name, id, ch.operator); err != nil {
		return nil, err
	}
	if _, err := ch.Resend(ctx); err != nil {
		return nil, fmt.Errorf("open the chain: send again what it lost: %w", err)
	}
	return ch, nil
}

func setDefaults(c *Config) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.DisputeWindow == 0 {
		c.DisputeWindow = 24 * time.Hour
	}
	if c.ReclaimDelay == 0 {
		c.ReclaimDelay = 30 * 24 * time.Hour
	}
	if c.UnbondDelay == 0 {
		c.UnbondDelay = 7 * 24 * time.Hour
	}
	if c.BumpAfter == 0 {
		c.BumpAfter = time.Minute
	}
	if c.MaxFee == nil {
		c.MaxFee = new(big.Int).Mul(big.NewInt(500), big.NewInt(1e9))
	}
}

// DialRPC connects to a JSON-RPC endpoint and asks for its chain id. The returned client is the caller's to close.
func DialRPC(ctx context.Context, url string) (*ethclient.Client, *big.Int, error) {
	client, err := ethclient.DialContext(ctx, url)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the chain at %s: %w", url, err)
	}
	id, err := client.ChainID(ctx)
	if err != nil {
		client.Close()
		return nil, nil, fmt.Errorf("ask the chain at %s for its id: %w: check the address and that the node is running", url, err)
	}
	return client, id, nil
}

// Addresses returns the contracts in use.
func (c *Chain) Addresses() Addresses { return c.addresses }

// Operator returns the address that this package signs with.
func (c *Chain) Operator() common.Address { return c.operator }

// DisputeWindow is how long after a recorded delivery the artist can dispute it.
func (c *Chain) DisputeWindow() time.Duration { return c.disputeWindow }

// TokenDomain is what permits are signed for.
func (c *Chain) TokenDomain() receipt.Contract { return c.tokenDomain }

// EscrowDomain is what fundings, acceptances and bad-result claims are signed for.
func (c *Chain) EscrowDomain() receipt.Contract {
	return receipt.Contract{Name: receipt.EscrowDomain, Version: receipt.DomainVersion,
		ChainID: c.config.ChainID.Uint64(), Address: c.addresses.Escrow}
}

// RegistryDomain is what registrations and stakes are signed for.
func (c *Chain) RegistryDomain() receipt.Contract {
	return receipt.Contract{Name: receipt.RegistryDomain, Version: receipt.DomainVersion,
		ChainID: c.config.ChainID.Uint64(), Address: c.addresses.Registry}
}

// Now is the chain's own clock, which deadlines and windows are measured by.
func (c *Chain) Now(ctx context.Context) (time.Time, error) {
	head, err := c.backend.HeaderByNumber(ctx, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the chain's time: %w", err)
	}
	return time.Unix(int64(head.Time), 0), nil
}

// read calls a contract and unpacks what it returns.
func read[T any](ctx context.Context, c *Chain, to common.Address, doing string, data []byte, unpack func([]byte) (T, error)) (T, error) {
	var zero T
	out, err := c.backend.CallContract(ctx, ethereum.CallMsg{To: &to, Data: data}, nil)
	if err != nil {
		return zero, c.explain(doing, err)
	}
	value, err := unpack(out)
	if err != nil {
		return zero, fmt.Errorf("%s: understand the contract's answer: %w", doing, err)
	}
	return value, nil
}

// keyedLocks serialises work on one thing without holding up work on others.
type keyedLocks struct {
	mu    sync.Mutex
	slots map[string]*slot
}

type slot struct {
	turn    chan struct{} // holds one token while nobody is inside
	waiting int
}

// lock waits for the key's turn and returns the function that passes it on.
func (k *keyedLocks) lock(ctx context.Context, key string) (func(), error) {
	k.mu.Lock()
	if k.slots == nil {
		k.slots = map[string]*slot{}
	}
	s := k.slots[key]
	if s == nil {
		s = &slot{turn: make(chan struct{}, 1)}
		s.turn <- struct{}{}
		k.slots[key] = s
	}
	s.waiting++
	k.mu.Unlock()
	leave := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if s.waiting--; s.waiting == 0 {
			delete(k.slots, key)
		}
	}
	select {
	case <-s.turn:
		return func() { s.turn <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
