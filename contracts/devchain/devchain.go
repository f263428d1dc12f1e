// Package devchain is a real EVM chain inside the manager: one folder, no peers, a block for each batch of
// transactions. It is what settlement uses unless a studio turns money off or points at a network.
//
// It is not a network and not a test double: nobody else produces blocks, and what it has mined is on disk. A process
// killed at any instruction finds its chain again, short of at most the last blocks, whose transactions
// contracts/chain sends again.
//
// The chain's clock advances by at least a second a block, so under a burst of transactions it runs ahead of the wall
// clock; deadlines in signed messages need an hour or more of slack.
//
// Receives: signed transactions from contracts/chain.
// Hands on: receipts and state to contracts/chain.
package devchain

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/eth"
	"github.com/ethereum/go-ethereum/eth/catalyst"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/eth/filters"
	"github.com/ethereum/go-ethereum/ethclient"
	gethlog "github.com/ethereum/go-ethereum/log"
	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
)

// ID is the chain id of every dev chain.
const ID = 1337

var (
	// ErrInUse means that another process has the folder open.
	ErrInUse = errors.New("dev chain is in use")
	// ErrOtherOperator means that the folder's chain was made for another operator key.
	ErrOtherOperator = errors.New("dev chain belongs to another operator")
)

// Config says where a chain lives and who owns its money.
type Config struct {
	Dir         string            // its folder, created if missing
	OperatorKey *ecdsa.PrivateKey // holds the chain's gas money since the first block
	RPCAddr     string            // host:port of an HTTP JSON-RPC door for wallets; "" for none
	Log         *slog.Logger      // nil discards
}

// Chain is a running dev chain. Its methods may be called from any goroutine.
type Chain struct {
	log    *slog.Logger
	node   *node.Node
	eth    *eth.Ethereum
	beacon *catalyst.SimulatedBeacon
	client *ethclient.Client
	rpc    string

	mu sync.Mutex // held while a block is made

	stop context.CancelFunc
	done chan struct{} // closed when the block-making goroutine has ended
	once sync.Once
	err  error
}

// Start opens the chain in c.Dir, or makes it. The context bounds the start, not the chain's life: call Close.
func Start(ctx context.Context, c Config) (*Chain, error) {
	if c.OperatorKey == nil {
		return nil, errors.New("dev chain: no operator key")
	}
	if c.Dir == "" {
		return nil, errors.New("dev chain: no folder")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	quietGeth(c.Log)
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("dev chain: make its folder: %w", err)
	}
	nodeConf, err := nodeConfig(c)
	if err != nil {
		return nil, err
	}
	operator := crypto.PubkeyToAddress(c.OperatorKey.PublicKey)
	stack, err := node.New(nodeConf)
	if err != nil {
		if errors.Is(err, node.ErrDatadirUsed) {
			return nil, fmt.Errorf("%w: %s: stop the other manager, or choose another data folder", ErrInUse, c.Dir)
		}
		return nil, fmt.Errorf("dev chain: open %s: %w", c.Dir, err)
	}
	// From here on the node's lock and database have to be given back on every failure.
	chain, err := assemble(stack, operator, c)
	if err != nil {
		return nil, errors.Join(err, stack.Close())
	}
	return chain, nil
}

func assemble(stack *node.Node, operator common.Address, c Config) (*Chain, error) {
	backend, err := eth.New(stack, ethConfig(operator))
	if err != nil {
		var mismatch *core.GenesisMismatchError
		if errors.As(err, &mismatch) {
			return nil, fmt.Errorf("%w: the chain in %s wasn't made for %s: restore that manager's key, or move the folder away to start an empty chain",
				ErrOtherOperator, c.Dir, operator)
		}
		return nil, fmt.Errorf("dev chain: open the database in %s: %w", c.Dir, err)
	}
	stack.RegisterAPIs([]rpc.API{{
		Namespace: "eth",
		Service:   filters.NewFilterAPI(filters.NewFilterSystem(backend.APIBackend, filters.Config{})),
	}})
	if err := stack.Start(); err != nil {
		return nil, fmt.Errorf("dev chain: start (is %q free?): %w", c.RPCAddr, err)
	}
	beacon, err := catalyst.NewSimulatedBeacon(0, operator, backend)
	if err != nil {
		return nil, fmt.Errorf("dev chain: start block production: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	chain := &Chain{
		log: c.Log, node: stack, eth: backend, beacon: beacon,
		client: ethclient.NewClient(stack.Attach()),
		stop:   stop, done: make(chan struct{}),
	}
	if c.RPCAddr != "" {
		chain.rpc = stack.HTTPEndpoint()
	}
	arrivals := make(chan core.NewTxsEvent, 64)
	subscription := backend.TxPool().SubscribeTransactions(arrivals, true)
	go func() {
		defer close(chain.done)
		defer subscription.Unsubscribe()
		chain.produce(ctx, arrivals, subscription.Err())
	}()
	chain.log.Info("dev chain open", "dir", c.Dir, "block", backend.BlockChain().CurrentBlock().Number, "rpc", chain.rpc)
	return chain, nil
}

// produce makes a block whenever transactions arrive, and more while some are left over.
func (c *Chain) produce(ctx context.Context, arrivals <-chan core.NewTxsEvent, closed <-chan error) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-closed:
			return
		case <-arrivals:
		}
		for empty := 0; ctx.Err() == nil && empty < 2; {
			drain(arrivals)
			before := c.eth.BlockChain().CurrentBlock().Number.Uint64()
			c.commit()
			head := c.eth.BlockChain().CurrentBlock()
			block := c.eth.BlockChain().GetBlockByHash(head.Hash())
			// What the miner leaves out twice, it leaves out again: an underpriced transaction waits for the next arrival.
			if head.Number.Uint64() == before || block == nil || len(block.Transactions()) == 0 {
				empty++
			} else {
				empty = 0
			}
			if executable, _ := c.eth.TxPool().Stats(); executable == 0 {
				break
			}
		}
	}
}

func drain(arrivals <-chan core.NewTxsEvent) {
	for {
		select {
		case <-arrivals:
		default:
			return
		}
	}
}

func (c *Chain) commit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beacon.Commit()
	// The database hands its log to the system in its own time; a kill would lose every block since.
	if err := c.eth.ChainDb().SyncKeyValue(); err != nil {
		c.log.Error("dev chain: write the block to disk", "err", err)
	}
	if err := c.eth.TxPool().Sync(); err != nil {
		c.log.Warn("dev chain: refresh the transaction pool", "err", err)
	}
}

// Client reads the chain and sends transactions to it. It lives until Close.
func (c *Chain) Client() *ethclient.Client { return c.client }

// ChainID returns ID.
func (c *Chain) ChainID() *big.Int { return big.NewInt(ID) }

// RPC returns the URL of the JSON-RPC door, "" if there's none.
func (c *Chain) RPC() string { return c.rpc }

// AdvanceTime makes an empty block whose time is d after the last one's, in whole seconds. It is for tests and demos
// that can't wait for a dispute window.
func (c *Chain) AdvanceTime(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.beacon.AdjustTime(d); err != nil {
		return fmt.Errorf("dev chain: advance its clock: %w", err)
	}
	return nil
}

// Close stops the chain and gives its folder back. It is safe to call twice.
func (c *Chain) Close() error {
	c.once.Do(func() {
		c.stop()
		<-c.done
		c.client.Close()
		c.err = errors.Join(c.beacon.Stop(), c.node.Close())
	})
	return c.err
}

func nodeConfig(c Config) (*node.Config, error) {
	conf := node.DefaultConfig
	conf.Name = "heliostat-devchain"
	conf.DataDir = c.Dir
	conf.IPCPath = ""
	conf.UseLightweightKDF = true
	conf.P2P = p2p.Config{NoDiscovery: true, NoDial: true, MaxPeers: 0}
	conf.HTTPHost, conf.WSHost = "", ""
	conf.AuthPort = 0
	if c.RPCAddr == "" {
		return &conf, nil
	}
	host, port, err := net.SplitHostPort(c.RPCAddr)
	if err != nil {
		return nil, fmt.Errorf("dev chain: RPC address %q: %w: give host:port", c.RPCAddr, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("dev chain: RPC address %q: the port isn't a number from 0 to 65535", c.RPCAddr)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	conf.HTTPHost, conf.HTTPPort = host, int(number)
	conf.HTTPModules = []string{"eth", "net", "web3"}
	return &conf, nil
}

func ethConfig(operator common.Address) *ethconfig.Config {
	conf := ethconfig.Defaults
	conf.Genesis = genesis(operator)
	conf.NetworkId = ID
	conf.SyncMode = ethconfig.FullSync
	// The hash scheme with pruning off writes every block's state at once; the default keeps it in memory and loses it
	// when the process is killed.
	conf.NoPruning = true
	conf.StateScheme = "hash"
	conf.SnapshotCache = 0
	conf.LogNoHistory = true
	conf.DatabaseCache = 16
	conf.TrieCleanCache = 8
	conf.TrieDirtyCache = 8
	conf.TxPool.NoLocals = true
	conf.TxPool.Journal = ""
	conf.Miner.GasPrice = big.NewInt(1)
	conf.RPCTxFeeCap = 0 // gas is free here in all but name
	return &conf
}

// genesis pins every rule up to Osaka. The default of go-ethereum's simulated chains switches later forks on as they
// come, which would change the rules of a chain that exists.
func genesis(operator common.Address) *core.Genesis {
	zero := func() *uint64 { return new(uint64) }
	config := &params.ChainConfig{
		ChainID:                 big.NewInt(ID),
		HomesteadBlock:          big.NewInt(0),
		EIP150Block:             big.NewInt(0),
		EIP155Block:             big.NewInt(0),
		EIP158Block:             big.NewInt(0),
		ByzantiumBlock:          big.NewInt(0),
		ConstantinopleBlock:     big.NewInt(0),
		PetersburgBlock:         big.NewInt(0),
		IstanbulBlock:           big.NewInt(0),
		MuirGlacierBlock:        big.NewInt(0),
		BerlinBlock:             big.NewInt(0),
		LondonBlock:             big.NewInt(0),
		ArrowGlacierBlock:       big.NewInt(0),
		GrayGlacierBlock:        big.NewInt(0),
		ShanghaiTime:            zero(),
		CancunTime:              zero(),
		PragueTime:              zero(),
		OsakaTime:               zero(),
		TerminalTotalDifficulty: big.NewInt(0),
		BlobScheduleConfig: &params.BlobScheduleConfig{
			Cancun: params.DefaultCancunBlobConfig,
			Prague: params.DefaultPragueBlobConfig,
		},
	}
	alloc := core.SystemContractAllocs()
	alloc[operator] = types.Account{Balance: new(big.Int).Lsh(big.NewInt(1), 160)}
	return &core.Genesis{
		Config:     config,
		GasLimit:   ethconfig.Defaults.Miner.GasCeil,
		BaseFee:    big.NewInt(params.GWei),
		Difficulty: big.NewInt(0),
		Alloc:      alloc,
	}
}

// Exists says whether dir holds a chain already.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "heliostat-devchain", "chaindata"))
	return err == nil
}

// quietGeth sends go-ethereum's errors to our log and drops its chatter. Its logger is one per process.
func quietGeth(to *slog.Logger) {
	handler := &errorsOnly{to.Handler().WithAttrs([]slog.Attr{slog.String("part", "devchain")})}
	// Wrapped, because SetDefault takes over the whole process's slog when it recognises its own type.
	gethlog.SetDefault(struct{ gethlog.Logger }{gethlog.NewLogger(handler)})
}

type errorsOnly struct{ slog.Handler }

func (w *errorsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && w.Handler.Enabled(ctx, level)
}

func (w *errorsOnly) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &errorsOnly{w.Handler.WithAttrs(attrs)}
}

func (w *errorsOnly) WithGroup(name string) slog.Handler {
	return &errorsOnly{w.Handler.WithGroup(name)}
}
