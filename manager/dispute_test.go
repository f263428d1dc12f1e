package main

import (
	"database/sql"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestClaimsHoldTheEscrow: an artist's claim holds the price of its frames in the contract. Dismissed, it is payable
// again; upheld, it goes back, and is owed anew only once the frames are rendered again.
func TestClaimsHoldTheEscrow(t *testing.T) {
	c := settings(t, "")
	dev := startChain(t, c.Data)
	c.Settlement = "rpc=" + dev.RPC()
	url, _ := startManager(t, c)
	contracts := dev.contracts(t, c)
	a := newArtist(t, url)
	if _, err := contracts.Faucet(t.Context(), common.HexToAddress(a.id.Address()), big.NewInt(1e9)); err != nil {
		t.Fatal(err)
	}
	w, v := startWorker(t, url, fake.Behaviour{}), startVerifier(t, url, fake.Behaviour{})
	j := a.submit(4)
	checkDelivered(t, a.await(j.ID, inState(job.Delivered)), 4)
	escrow := func() chain.EscrowState {
		t.Helper()
		s, err := contracts.Escrow(t.Context(), settle.ChainJob(j.ID))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	is := func(n *big.Int, want job.Amount) bool { return n != nil && n.Int64() == int64(want) }
	price := 4 * (j.Quote.PerFrame + j.Quote.VerifyFee)
	until(t, func() bool { return is(escrow().Payable, price) })

	// A claim in another's name, or without one, holds nothing.
	for _, bad := range []wire.JobClaim{{Job: j.ID, Frames: []int{2}, Reason: "dark", Deadline: 1 << 40}, {Job: j.ID, Frames: []int{2}, Reason: "dark", Deadline: 1}} {
		raw := newNode(t, fake.Behaviour{})
		raw.id = a.id
		raw.connect(url, job.RoleArtist, nil, func() (wire.Type, any) { return wire.TypeJobList, wire.JobList{Limit: 1} })
		if err := raw.conn.Request(a.ctx, wire.TypeJobClaim, bad, nil); err == nil || !strings.Contains(err.Error(), "claim") {
			t.Errorf("an unsigned claim: %v", err)
		}
		raw.stop()
	}

	// Dismissed: held while nobody decides, and payable again.
	v.stop()
	if _, err := a.Claim(a.ctx, j.ID, []int{3, 2, 3}, "too dark"); err != nil {
		t.Fatal(err)
	}
	held := 2 * (j.Quote.PerFrame + j.Quote.VerifyFee)
	until(t, func() bool { return is(escrow().Held, held) })
	v = startVerifier(t, url, fake.Behaviour{})
	a.await(j.ID, inState(job.Delivered))
	until(t, func() bool { s := escrow(); return is(s.Held, 0) && is(s.Payable, price) })

	// Upheld: the file of a frame is gone, so the frame is rendered again.
	v.stop()
	w.stop()
	if gone := loseFrames(t, c.Data); gone == 0 {
		t.Fatal("no file of a frame was there")
	}
	if _, err := a.Claim(a.ctx, j.ID, []int{1}, "it doesn't open"); err != nil {
		t.Fatal(err)
	}
	a.await(j.ID, inState(job.Rendering))
	until(t, func() bool { return is(escrow().Held, held/2) })
	startWorker(t, url, fake.Behaviour{})
	startVerifier(t, url, fake.Behaviour{})
	d := a.await(j.ID, inState(job.Delivered))
	until(t, func() bool { s := escrow(); return is(s.Held, 0) && is(s.Payable, d.Job.Spent) })
	seen := make(map[string]int)
	for _, e := range a.await(j.ID, inState(job.Delivered)).Events {
		seen[e.What]++
	}
	if seen["held"] != 2 || seen["claim resolved"] != 2 || seen["claim upheld"] != 1 {
		t.Errorf("the history has %v", seen)
	}
	if _, err := a.Accept(a.ctx, j.ID); err != nil {
		t.Fatal(err)
	}
	d = a.await(j.ID, inState(job.Settled))
	if s := escrow(); !is(s.Spent, d.Job.Spent) || d.Job.Refund != j.Quote.Ceiling-d.Job.Spent {
		t.Errorf("settled as %+v, %+v", s, d.Job)
	}
}

// loseFrames takes small objects from under a running manager, as a disk would. The frames of these tests are small.
func loseFrames(t *testing.T, data string) int64 {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(data, "blobs", "packed.db")+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	gone, err := db.ExecContext(t.Context(), "DELETE FROM names WHERE key LIKE '%frame%'")
	if err != nil {
		t.Fatal(err)
	}
	n, err := gone.RowsAffected()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestADisputePastTheManager: an artist can have the contract hold the price without telling the manager which frames
// are meant. Nobody can decide that, so it keeps nobody from being paid, neither upon the artist's own acceptance nor at the
// end of the window; else the artist would take everything back once the operator has been silent for long enough.
func TestADisputePastTheManager(t *testing.T) {
	c := settings(t, "")
	dev := startChain(t, c.Data)
	c.Settlement = "rpc=" + dev.RPC()
	url, _ := startManager(t, c)
	chained := dev.contracts(t, c)
	a := newArtist(t, url)
	if _, err := chained.Faucet(t.Context(), common.HexToAddress(a.id.Address()), big.NewInt(1e9)); err != nil {
		t.Fatal(err)
	}
	startWorker(t, url, fake.Behaviour{})
	startVerifier(t, url, fake.Behaviour{})
	held := func() (job.Job, [32]byte) {
		t.Helper()
		j := a.submit(1)
		id := settle.ChainJob(j.ID)
		a.await(j.ID, inState(job.Delivered))
		var s chain.EscrowState
		until(t, func() bool {
			var err error
			s, err = chained.Escrow(t.Context(), id)
			return err == nil && s.Payable != nil && s.Payable.Sign() > 0
		})
		m := receipt.BadResult{JobID: id, DeliveryRoot: s.DeliveryRoot, FramesHash: [32]byte{1}, Amount: s.Payable.Uint64(), Deadline: 1 << 40}
		sign, err := a.id.Sign(m.Digest(chained.EscrowDomain()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := chained.Dispute(t.Context(), m, sign); err != nil {
			t.Fatal(err)
		}
		return j, id
	}
	accepted, _ := held()
	overdue, id := held()
	if _, err := a.Accept(a.ctx, accepted.ID); err != nil {
		t.Fatal(err)
	}
	if d := a.await(accepted.ID, inState(job.Settled)); d.Job.Refund != accepted.Quote.Ceiling-d.Job.Spent {
		t.Errorf("settled as %+v", d.Job)
	}
	if err := dev.AdvanceTime(2 * c.Window); err != nil {
		t.Fatal(err)
	}
	money := &contracts{chain: chained, log: discard()}
	price := overdue.Quote.PerFrame + overdue.Quote.VerifyFee
	for range 2 {
		if _, err := money.Settle(t.Context(), id, price, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, back, err := money.Refund(t.Context(), id); err != nil || back != overdue.Quote.Ceiling-price {
		t.Errorf("%d went back: %v", back, err)
	}
}

// TestDeliveriesAreCountedAsTheContractDoes keeps the two numbers together.
func TestDeliveriesAreCountedAsTheContractDoes(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "contracts", "src", "JobEscrow.sol"))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("MAX_DELIVERIES = %d;", settle.MaxDeliveries); !strings.Contains(string(source), want) {
		t.Errorf("the contract has no %q", want)
	}
}
