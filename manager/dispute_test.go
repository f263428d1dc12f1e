package main

import (
	"database/sql"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/shared/job"
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
