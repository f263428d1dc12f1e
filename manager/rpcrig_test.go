package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/contracts/devchain"
	"github.com/heliostat-render/heliostat/shared/identity"
)

// publicChain is a real EVM behind JSON-RPC, as a public one is, where the operator of the manager
// whose keys are in a folder has the coins.
type publicChain struct {
	*devchain.Chain
	keys     string
	operator *identity.Identity
}

func startChain(t *testing.T, keys string) publicChain {
	t.Helper()
	operator, err := identity.Open(keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	dev, err := devchain.Start(t.Context(), devchain.Config{Dir: filepath.Join(t.TempDir(), "chain"), OperatorKey: operator.PrivateKey(), RPCAddr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	return publicChain{dev, keys, operator}
}

// contracts are the network's, with what the manager keeps of them in its keys' folder; they are deployed
// where nobody did.
func (p publicChain) contracts(t *testing.T, c config) *chain.Chain {
	t.Helper()
	contracts, err := chain.Open(t.Context(), chain.Config{
		Backend: p.Client(), ChainID: p.ChainID(), OperatorKey: p.operator.PrivateKey(), DisputeWindow: c.Window,
		StatePath: filepath.Join(p.keys, fmt.Sprintf("chain-%s.json", p.ChainID())), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return contracts
}
