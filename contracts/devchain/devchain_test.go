package devchain

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"
)

var somebody = common.HexToAddress("0x5000000000000000000000000000000000000005")

// childDir makes this binary, run again by TestKill, the process that is killed.
const childDir = "HELIOSTAT_DEVCHAIN_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

func operatorKey() *ecdsa.PrivateKey {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("devchain test operator")))
	if err != nil {
		panic(err)
	}
	return key
}

func transfer(ctx context.Context, c *ethclient.Client, nonce uint64, tip int64) (*types.Transaction, error) {
	tx, err := types.SignNewTx(operatorKey(), types.LatestSignerForChainID(big.NewInt(ID)), &types.DynamicFeeTx{
		ChainID: big.NewInt(ID), Nonce: nonce, To: &somebody, Value: big.NewInt(7), Gas: 21000,
		GasTipCap: big.NewInt(tip), GasFeeCap: big.NewInt(10_000_000_000),
	})
	if err != nil {
		return nil, err
	}
	return tx, c.SendTransaction(ctx, tx)
}

func start(t *testing.T, dir string) *Chain {
	t.Helper()
	c, err := Start(t.Context(), Config{Dir: dir, OperatorKey: operatorKey()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestReopenAfterClose(t *testing.T) {
	dir := t.TempDir()
	if Exists(dir) {
		t.Fatal("an empty folder holds a chain")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := start(t, dir)
	// Sent out of order, so that the first block can only hold the second of them.
	second, err := transfer(ctx, c.Client(), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transfer(ctx, c.Client(), 0, 2_000_000); err != nil {
		t.Fatal(err)
	}
	receipt, err := bind.WaitMined(ctx, c.Client(), second.Hash())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal("a second Close:", err)
	}
	if !Exists(dir) {
		t.Fatal("no chain in its folder")
	}
	c = start(t, dir)
	again, err := c.Client().TransactionReceipt(ctx, second.Hash())
	if err != nil {
		t.Fatal(err)
	}
	if again.BlockHash != receipt.BlockHash {
		t.Fatal("the transaction moved to another block")
	}
	balance, err := c.Client().BalanceAt(ctx, somebody, nil)
	if err != nil || balance.Int64() != 14 {
		t.Fatalf("balance %v, %v", balance, err)
	}
	before, err := c.Client().HeaderByNumber(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AdvanceTime(48 * time.Hour); err != nil {
		t.Fatal(err)
	}
	after, err := c.Client().HeaderByNumber(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if after.Time != before.Time+48*3600 {
		t.Fatalf("the clock went from %d to %d", before.Time, after.Time)
	}
	if tx, err := transfer(ctx, c.Client(), 2, 1_000_000); err != nil {
		t.Fatal(err)
	} else if _, err := bind.WaitMined(ctx, c.Client(), tx.Hash()); err != nil {
		t.Fatal("no block after the clock moved:", err)
	}
}

func TestFolderBelongsToOne(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir)
	if _, err := Start(t.Context(), Config{Dir: dir, OperatorKey: operatorKey()}); !errors.Is(err, ErrInUse) {
		t.Fatalf("a second process was let in: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	other, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Start(t.Context(), Config{Dir: dir, OperatorKey: other})
	if !errors.Is(err, ErrOtherOperator) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("another operator: %v", err)
	}
	// The refusal gave the folder back.
	start(t, dir)
}

func TestBadConfig(t *testing.T) {
	for name, c := range map[string]Config{
		"no key":    {Dir: t.TempDir()},
		"no folder": {OperatorKey: operatorKey()},
		"bad port":  {Dir: t.TempDir(), OperatorKey: operatorKey(), RPCAddr: "localhost:http"},
		"no port":   {Dir: t.TempDir(), OperatorKey: operatorKey(), RPCAddr: "localhost"},
	} {
		if chain, err := Start(t.Context(), c); err == nil {
			chain.Close()
			t.Errorf("%s: started", name)
		}
	}
}

func TestListensOnlyWhenAsked(t *testing.T) {
	before := listeners(t)
	c := start(t, t.TempDir())
	if got := listeners(t); got != before {
		t.Fatalf("%d listening sockets opened unasked", got-before)
	}
	c.Close()
	c, err := Start(t.Context(), Config{Dir: t.TempDir(), OperatorKey: operatorKey(), RPCAddr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client, err := ethclient.DialContext(t.Context(), c.RPC())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	id, err := client.ChainID(t.Context())
	if err != nil || id.Cmp(c.ChainID()) != 0 {
		t.Fatalf("over HTTP: chain %v, %v", id, err)
	}
	if got := listeners(t); got != before+1 {
		t.Fatalf("%d listening sockets for one door", got-before)
	}
}

// listeners counts the sockets of this process that listen on TCP.
func listeners(t *testing.T) int {
	t.Helper()
	own := map[string]bool{}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if link, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil {
			if inode, ok := strings.CutPrefix(link, "socket:["); ok {
				own[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	count := 0
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		raw, err := os.ReadFile(table)
		if err != nil {
			continue // no IPv6 here
		}
		for _, line := range strings.Split(string(raw), "\n") {
			const state, inode, listen = 3, 9, "0A"
			if f := strings.Fields(line); len(f) > inode && f[state] == listen && own[f[inode]] {
				count++
			}
		}
	}
	return count
}

// TestKill kills a process that mines as fast as it can, several times over, and finds every transaction that it
// reported, short of the last block, on the reopened chain.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := uint64(0)
	for round := range 3 {
		acknowledged = killAfter(t, dir, 25)
		c := start(t, dir)
		nonce, err := c.Client().NonceAt(t.Context(), crypto.PubkeyToAddress(operatorKey().PublicKey), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("round %d: %d transactions acknowledged, %d on the chain", round, acknowledged, nonce)
		// One block may be lost, and a block here holds one transaction.
		if nonce+1 < acknowledged {
			t.Fatalf("%d of %d acknowledged transactions are gone", acknowledged-nonce, acknowledged)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter runs the child until it has reported n more transactions, kills it, and returns the last nonce reported
// plus one.
func killAfter(t *testing.T, dir string, n int) uint64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last uint64
	lines := bufio.NewScanner(out)
	for range n {
		if !lines.Scan() {
			t.Fatal("the child ended by itself:", lines.Err())
		}
		if _, err := fmt.Sscan(lines.Text(), &last); err != nil {
			t.Fatalf("the child said %q", lines.Text())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what it reported until it died counts too
		fmt.Sscan(lines.Text(), &last)
	}
	cmd.Wait()
	return last + 1
}

// child mines one transaction after the other and prints each nonce once its receipt is there.
func child(dir string) {
	ctx := context.Background()
	c, err := Start(ctx, Config{Dir: dir, OperatorKey: operatorKey()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	nonce, err := c.Client().NonceAt(ctx, crypto.PubkeyToAddress(operatorKey().PublicKey), nil)
	for ; err == nil; nonce++ {
		var tx *types.Transaction
		if tx, err = transfer(ctx, c.Client(), nonce, 1_000_000); err != nil {
			break
		}
		for {
			if _, err := c.Client().TransactionReceipt(ctx, tx.Hash()); err == nil {
				break
			}
		}
		fmt.Println(nonce)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
