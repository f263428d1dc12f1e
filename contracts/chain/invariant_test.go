package chain

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/shared/receipt"
)

// TestInvariants throws random steps, most of them out of turn, at a few jobs and payouts, and checks after each what
// must hold whatever happens. The seed is printed; set it to repeat a failure.
func TestInvariants(t *testing.T) {
	for _, seed := range []uint64{1, 2, rand.Uint64()} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			invariants(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func invariants(t *testing.T, r *rand.Rand) {
	const steps, jobs, nodes = 250, 6, 3
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 2000)
	minted := big.NewInt(2000)
	epoch, cumulative := uint64(0), [nodes]int64{}
	var current *Tree
	var paid [nodes]*big.Int
	for i := range paid {
		paid[i] = new(big.Int)
	}
	last := [jobs]EscrowState{}
	for i := range last {
		last[i] = w.state(id(uint64(i + 1)))
	}
	done := map[string]int{}
	for step := range steps {
		job := id(uint64(1 + r.IntN(jobs)))
		s := w.state(job)
		// Half of the amounts are within what the step could allow, up to its edge; the others are anything.
		within := func(limit *big.Int) int64 {
			if r.IntN(2) == 0 {
				return r.Int64N(300)
			}
			return r.Int64N(max(0, limit.Int64()) + 2)
		}
		free := new(big.Int).Sub(new(big.Int).Sub(s.Payable, s.Held), s.Spent)
		amount := r.Int64N(300)
		var err error
		name := ""
		switch r.IntN(10) {
		case 0:
			name = "fund"
			_, err = w.Fund(ctx, w.funding(job, "artist", uint64(amount)))
		case 1:
			name = "top up"
			m := receipt.TopUp{JobID: job, Artist: addressOf("artist"), Amount: uint64(amount), FundedBefore: s.Funded.Uint64(), Deadline: w.deadline()}
			p, sig := w.permit("artist", w.Addresses().Escrow, uint64(amount))
			_, err = w.TopUp(ctx, TopUpRequest{TopUp: m, Signature: sign("artist", m.Digest(w.EscrowDomain())), Permit: p, PermitSignature: sig})
		case 2:
			name = "deliver"
			amount = within(s.Funded)
			_, err = w.MarkDelivered(ctx, job, id(uint64(100+step)), big.NewInt(amount))
		case 3, 4:
			name = "settle"
			var acceptance []byte
			if r.IntN(2) == 0 {
				acceptance = w.acceptance(job, s.DeliveryRoot, "artist", s.Payable.Uint64())
			}
			_, err = w.Settle(ctx, job, big.NewInt(s.Spent.Int64()+within(free)), acceptance)
		case 5:
			name = "dispute"
			m := receipt.BadResult{JobID: job, DeliveryRoot: s.DeliveryRoot, FramesHash: id(uint64(step)), Amount: uint64(within(free)), Deadline: w.deadline()}
			_, err = w.Dispute(ctx, m, sign("artist", m.Digest(w.EscrowDomain())))
		case 6:
			name = "resolve"
			_, err = w.Resolve(ctx, job, big.NewInt(within(s.Held)))
		case 7:
			name = "post"
			var leaves []Payout
			next := cumulative
			for i := range next {
				next[i] = max(0, next[i]+r.Int64N(30)-5) // now and then less than before
				leaves = append(leaves, Payout{addressOf(fmt.Sprint("node ", i)), big.NewInt(next[i])})
			}
			tr := tree(t, leaves...)
			// Some of the operator's totals are lies.
			total := tr.Total()
			if r.IntN(4) == 0 {
				total = big.NewInt(r.Int64N(500))
			}
			if _, err = w.PostRoot(ctx, epoch+1, tr.Root(), total); err == nil {
				epoch++
				current, cumulative = tr, next
			}
		case 8:
			name = "claim"
			if current == nil {
				continue
			}
			i := r.IntN(nodes)
			node := fmt.Sprint("node ", i)
			_, _, err = w.Claim(ctx, addressOf(node), big.NewInt(cumulative[i]), proofOf(t, current, node))
		case 9:
			name = "refund or wait"
			if r.IntN(8) == 0 {
				_, _, err = w.Refund(ctx, job)
			} else {
				w.pass(window / 8)
			}
		}
		var revert *RevertError
		if err != nil && !errors.As(err, &revert) && !errors.Is(err, ErrUnknownJob) && !errors.Is(err, ErrAlreadyFunded) {
			t.Fatalf("step %d, %s: %v", step, name, err)
		}
		if err == nil {
			done[name]++
		}

		// Escrow holds exactly what jobs have put in and not moved or got back.
		inEscrow, spent := new(big.Int), new(big.Int)
		for i := range jobs {
			s := w.state(id(uint64(i + 1)))
			if s.Spent.Cmp(s.Payable) > 0 || s.Payable.Cmp(s.Funded) > 0 {
				t.Fatalf("step %d, %s: job %d is paid above its ceiling: %+v", step, name, i, s)
			}
			if new(big.Int).Add(s.Spent, s.Held).Cmp(s.Payable) > 0 {
				t.Fatalf("step %d, %s: job %d holds more than is left: %+v", step, name, i, s)
			}
			if s.Spent.Cmp(last[i].Spent) < 0 || last[i].Status == Closed && s.Status != Closed {
				t.Fatalf("step %d, %s: job %d went back from %+v to %+v", step, name, i, last[i], s)
			}
			last[i] = s
			spent.Add(spent, s.Spent)
			inEscrow.Add(inEscrow, new(big.Int).Sub(new(big.Int).Sub(s.Funded, s.Spent), s.Refunded))
		}
		w.exactly(w.Addresses().Escrow, inEscrow)

		// Payouts holds exactly what was spent and not claimed, and never pays above the posted total.
		_, _, total, err := w.LastEpoch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		claimed := new(big.Int)
		for i := range nodes {
			node := addressOf(fmt.Sprint("node ", i))
			p, err := w.Paid(ctx, node)
			if err != nil {
				t.Fatal(err)
			}
			if p.Cmp(paid[i]) < 0 {
				t.Fatalf("step %d, %s: %s was paid %v and now %v", step, name, node, paid[i], p)
			}
			paid[i] = p
			w.exactly(node, p)
			claimed.Add(claimed, p)
		}
		if claimed.Cmp(total) > 0 || total.Cmp(spent) > 0 {
			t.Fatalf("step %d, %s: claimed %v of a total of %v, of %v spent", step, name, claimed, total, spent)
		}
		w.exactly(w.Addresses().Payouts, new(big.Int).Sub(spent, claimed))

		// Nothing was lost on the way.
		left := new(big.Int).Sub(minted, new(big.Int).Add(inEscrow, spent))
		w.exactly(addressOf("artist"), left)
	}
	t.Log("succeeded:", done)
}

func (w *world) exactly(account common.Address, want *big.Int) {
	w.t.Helper()
	got, err := w.Balance(w.ctx(), account)
	if err != nil {
		w.t.Fatal(err)
	}
	if got.Cmp(want) != 0 {
		w.t.Fatalf("%s holds %v, want %v", account, got, want)
	}
}
