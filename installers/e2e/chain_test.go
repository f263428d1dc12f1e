package e2e_test

import (
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/contracts/devchain"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
)

// checkChain stops the manager and asks the chain itself what the manager said of it: who
// was paid, and how much.
func (f *farm) checkChain(t *testing.T, payouts []job.Payout) {
	t.Helper()
	if err := f.manager.Stop(); err != nil {
		t.Fatal(err)
	}
	data := f.Data("manager")
	operator, err := identity.Open(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	dev, err := devchain.Start(f.ctx, devchain.Config{Dir: filepath.Join(data, "devchain"), OperatorKey: operator.PrivateKey()})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	c, err := chain.Open(f.ctx, chain.Config{Backend: dev.Client(), OperatorKey: operator.PrivateKey(), ChainID: dev.ChainID(), StatePath: filepath.Join(data, "chain.json")})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range payouts {
		account := common.HexToAddress(p.Node)
		paid, err := c.Paid(f.ctx, account)
		if err != nil {
			t.Fatal(err)
		}
		balance, err := c.Balance(f.ctx, account)
		if err != nil {
			t.Fatal(err)
		}
		if paid.Int64() != int64(p.Claimed) || balance.Cmp(paid) != 0 {
			t.Errorf("%s: the manager says %s was paid out, the contract says %v, the account holds %v", p.Node, p.Claimed, paid, balance)
		}
	}
}
