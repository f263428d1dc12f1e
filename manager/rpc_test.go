package main

import (
	"context"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// TestJobPaidOverRPC has the chain behind JSON-RPC, as a public one is: the manager deploys
// its contracts there, nobody gets test tokens, and a manager that starts again finds
// everything as it was.
func TestJobPaidOverRPC(t *testing.T) {
	c := settings(t, "")
	dev := startChain(t, c.Data)
	c.Settlement = "rpc=" + dev.RPC()
	url, stop := startManager(t, c)
	a := newArtist(t, url)
	q := a.draft(4)
	if q.Balance != 0 {
		t.Errorf("an artist of a public chain was given %d", q.Balance)
	}
	if _, err := a.Fund(a.ctx, q); err == nil || !strings.Contains(err.Error(), "add tokens to the account") {
		t.Errorf("funding without tokens: %v", err)
	}

	// The artist gets tokens in some other way; here the operator mints the development token.
	contracts := dev.contracts(t, c)
	if _, err := contracts.Faucet(t.Context(), common.HexToAddress(a.id.Address()), big.NewInt(int64(10*q.Quote.Ceiling))); err != nil {
		t.Fatal(err)
	}
	q = a.draft(4)
	if job.Amount(q.Balance) != 10*q.Quote.Ceiling {
		t.Fatalf("the balance is %d", q.Balance)
	}
	j, err := a.Fund(a.ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	if j.Escrow != q.Quote.Ceiling || j.Tx.Fund == "" {
		t.Errorf("after funding: escrow %d, tx %q", j.Escrow, j.Tx.Fund)
	}
	w := startWorker(t, url, fake.Behaviour{})
	v := startVerifier(t, url, fake.Behaviour{})
	checkDelivered(t, a.await(j.ID, inState(job.Delivered)), 4)

	// A restart finds the contracts again instead of deploying others.
	stop()
	c.Listen = strings.TrimPrefix(url, "http://")
	again, _ := startManager(t, c)
	if again != url {
		t.Fatalf("the manager is back at %s", again)
	}
	if _, err := a.Accept(a.ctx, j.ID); err != nil {
		t.Fatal(err)
	}
	d := a.await(j.ID, inState(job.Settled))
	if d.Job.Refund != q.Quote.Ceiling-d.Job.Spent || d.Job.Tx.Settle == "" {
		t.Errorf("settled as %+v", d.Job)
	}
	for n, want := range map[*node]job.Amount{w.node: 4 * q.Quote.PerFrame, v.node: 4 * q.Quote.VerifyFee} {
		if paid := claim(t, n); paid.Total != want || paid.Tx == "" {
			t.Errorf("%s was paid %+v, want %d", n.id.Address(), paid, want)
		}
		if balance, err := contracts.Balance(context.WithoutCancel(t.Context()), common.HexToAddress(n.id.Address())); err != nil || balance.Int64() != int64(want) {
			t.Errorf("the chain says that %s has %v, %v", n.id.Address(), balance, err)
		}
	}
}

func TestRPCMistakesAreNamed(t *testing.T) {
	c := settings(t, "rpc=http://127.0.0.1:1")
	c.Log = slog.New(slog.DiscardHandler)
	if err := serve(t.Context(), c); err == nil || !strings.Contains(err.Error(), "check --settlement rpc=http://127.0.0.1:1") {
		t.Errorf("a chain that isn't there: %v", err)
	}
}

// TestRefundIsReadOnceItIsThere: the state may lag behind the receipt.
func TestRefundIsReadOnceItIsThere(t *testing.T) {
	states := []chain.EscrowState{{Refunded: new(big.Int)}, {Refunded: new(big.Int)}, {Status: chain.Closed, Refunded: big.NewInt(7)}}
	back, err := refunded(t.Context(), func() (chain.EscrowState, error) {
		s := states[0]
		states = states[1:]
		return s, nil
	})
	if err != nil || back.Int64() != 7 || len(states) != 0 {
		t.Errorf("%v came back, %v", back, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := refunded(ctx, func() (chain.EscrowState, error) { return chain.EscrowState{}, nil }); err == nil {
		t.Error("an escrow that stays open was refunded")
	}
}
