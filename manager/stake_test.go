package main

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/heliostat-render/heliostat/contracts/chain"
	staking "github.com/heliostat-render/heliostat/contracts/stake"
	"github.com/heliostat-render/heliostat/shared/identity"
)

// TestANodeStakesByItsManagersWord: the command asks the manager which chain and contracts the network is paid over,
// and stakes there with the node's own key.
func TestANodeStakesByItsManagersWord(t *testing.T) {
	c := settings(t, "")
	dev := startChain(t, c.Data)
	c.Settlement = "rpc=" + dev.RPC()
	url, _ := startManager(t, c)
	contracts := dev.contracts(t, c)
	dir := t.TempDir()
	id, err := identity.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	node := common.HexToAddress(id.Address())
	nonce, err := dev.Client().PendingNonceAt(t.Context(), contracts.Operator())
	if err != nil {
		t.Fatal(err)
	}
	coins := types.MustSignNewTx(dev.operator.PrivateKey(), types.LatestSignerForChainID(dev.ChainID()), &types.DynamicFeeTx{
		ChainID: dev.ChainID(), Nonce: nonce, To: &node, Value: big.NewInt(1e18), Gas: 21000, GasTipCap: big.NewInt(1e6), GasFeeCap: big.NewInt(10e9)})
	if err := dev.Client().SendTransaction(t.Context(), coins); err != nil {
		t.Fatal(err)
	}
	if _, err := contracts.Faucet(t.Context(), node, big.NewInt(20_000_000)); err != nil { // mined after the coins
		t.Fatal(err)
	}
	command := staking.Command(staking.Host{Program: "heliostat-worker", Role: chain.RoleWorker, Manager: func() string { return url }, Dir: func() string { return dir }})
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs([]string{"12.5", "--rpc", dev.RPC(), "--yes"})
	if err := command.ExecuteContext(t.Context()); err != nil || !strings.Contains(out.String(), "with 12.5 HELIO at stake") {
		t.Fatalf("%v\n%s", err, out.String())
	}
	n, err := contracts.Node(t.Context(), node)
	if err != nil || n.Stake.Int64() != 12_500_000 || n.Owner != node || n.Roles != chain.RoleWorker {
		t.Fatalf("%+v, %v", n, err)
	}
}
