package chain

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/contracts/bindings"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// TestJob follows one job's money from the artist's signature to the worker's account, each step done twice.
func TestJob(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	job, root := id(1), id(2)
	w.mint("artist", 1000)

	if s := w.state(job); s.Status != NotFunded {
		t.Fatalf("an unknown job is %v", s.Status)
	}
	req := w.funding(job, "artist", 600)
	tx := w.must(w.Fund(ctx, req))
	if again := w.must(w.Fund(ctx, req)); again != tx {
		t.Fatalf("funded twice: %v and %v", tx, again)
	}
	fresh := w.funding(job, "artist", 600) // as an artist who lost the first answer would sign
	if again := w.must(w.Fund(ctx, fresh)); again != tx {
		t.Fatalf("funded twice: %v and %v", tx, again)
	}
	w.holds(addressOf("artist"), 400)
	w.holds(w.Addresses().Escrow, 600)
	_, err := w.Fund(ctx, w.funding(job, "artist", 300))
	w.fails(err, ErrAlreadyFunded)

	_, err = w.Settle(ctx, job, big.NewInt(100), nil)
	w.fails(err, ErrWrongState)
	_, err = w.MarkDelivered(ctx, job, root, big.NewInt(601))
	w.fails(err, ErrOverCeiling)
	tx = w.must(w.MarkDelivered(ctx, job, root, big.NewInt(500)))
	if again := w.must(w.MarkDelivered(ctx, job, root, big.NewInt(500))); again != tx {
		t.Fatalf("delivered twice: %v and %v", tx, again)
	}

	_, err = w.Settle(ctx, job, big.NewInt(500), nil)
	w.fails(err, ErrWindowOpen)
	for name, bad := range map[string][]byte{
		"another's signature": w.acceptance(job, root, "mallory", 500),
		"another amount":      w.acceptance(job, root, "artist", 499),
		"another delivery":    w.acceptance(job, id(3), "artist", 500),
		"another job":         w.acceptance(id(9), root, "artist", 500),
		"garbage":             []byte("garbage"),
	} {
		if _, err = w.Settle(ctx, job, big.NewInt(500), bad); err == nil {
			t.Fatalf("%s was taken for the artist's acceptance", name)
		}
		w.fails(err, ErrWrongSigner)
	}
	good := w.acceptance(job, root, "artist", 500)
	_, err = w.Settle(ctx, job, big.NewInt(501), good)
	w.fails(err, ErrOverPayable)
	first := w.must(w.Settle(ctx, job, big.NewInt(200), good))
	tx = w.must(w.Settle(ctx, job, big.NewInt(450), nil))
	if first == tx {
		t.Fatal("the second settlement returned the first")
	}
	if again := w.must(w.Settle(ctx, job, big.NewInt(450), good)); again != tx {
		t.Fatalf("settled twice: %v and %v", tx, again)
	}
	_, err = w.Settle(ctx, job, big.NewInt(449), nil)
	w.fails(err, ErrBelowSpent)
	_, err = w.MarkDelivered(ctx, job, id(3), big.NewInt(600))
	w.fails(err, ErrWrongState)
	w.holds(w.Addresses().Payouts, 450)

	tx, refund, err := w.Refund(ctx, job)
	w.must(tx, err)
	if refund.Int64() != 150 {
		t.Fatalf("refunded %v", refund)
	}
	again, refund, err := w.Refund(ctx, job)
	if w.must(again, err) != tx || refund.Int64() != 150 {
		t.Fatalf("refunded twice: %v in %v and %v", refund, tx, again)
	}
	w.holds(addressOf("artist"), 550)
	w.holds(w.Addresses().Escrow, 0)
	s := w.state(job)
	if s.Status != Closed || s.Spent.Int64() != 450 || s.Refunded.Int64() != 150 || s.Artist != addressOf("artist") {
		t.Fatalf("closed as %+v", s)
	}
	_, err = w.Settle(ctx, job, big.NewInt(500), nil)
	w.fails(err, ErrWrongState)
	if again := w.must(w.Fund(ctx, req)); again == tx {
		t.Fatal("a closed job was funded again")
	}
	w.holds(addressOf("artist"), 550)
}

func TestFundRefusals(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 1000)

	req := w.funding(id(1), "artist", 100)
	req.Signature = sign("mallory", req.Funding.Digest(w.EscrowDomain()))
	_, err := w.Fund(ctx, req)
	w.fails(err, ErrWrongSigner)

	req = w.funding(id(1), "artist", 100)
	req.Funding.Amount = 900 // a relayer who wants more than was signed
	_, err = w.Fund(ctx, req)
	w.fails(err, ErrWrongSigner)

	req = w.funding(id(1), "artist", 100)
	req.Signature = sign("artist", req.Funding.Digest(w.RegistryDomain()))
	_, err = w.Fund(ctx, req)
	w.fails(err, ErrWrongSigner)

	req = w.funding(id(1), "artist", 100)
	req.Funding.Deadline = 1
	req.Signature = sign("artist", req.Funding.Digest(w.EscrowDomain()))
	_, err = w.Fund(ctx, req)
	w.fails(err, ErrExpired)

	req = w.funding(id(1), "artist", 100)
	req.Permit, req.PermitSignature = w.permit("artist", w.Addresses().Escrow, 99)
	_, err = w.Fund(ctx, req)
	w.fails(err, ErrAllowance)

	req = w.funding(id(1), "artist", 100)
	req.PermitSignature = req.PermitSignature[:64]
	_, err = w.Fund(ctx, req)
	w.fails(err, ErrWrongSigner)

	req = w.funding(id(1), "artist", 2000)
	_, err = w.Fund(ctx, req)
	w.fails(err, ErrBalance)
	if !strings.Contains(err.Error(), id(1).Hex()) {
		t.Fatalf("the error doesn't name the job: %v", err)
	}

	req = w.funding(id(1), "artist", 0)
	_, err = w.Fund(ctx, req)
	w.fails(err, ErrBadValue)

	for _, step := range []func() error{
		func() error { _, err := w.MarkDelivered(ctx, id(5), id(6), big.NewInt(1)); return err },
		func() error { _, err := w.Settle(ctx, id(5), big.NewInt(1), nil); return err },
		func() error { _, _, err := w.Refund(ctx, id(5)); return err },
	} {
		w.fails(step(), ErrUnknownJob)
	}
	_, err = w.Settle(ctx, id(1), big.NewInt(-1), nil)
	w.fails(err, ErrBadAmount)
	_, err = w.MarkDelivered(ctx, id(1), id(2), nil)
	w.fails(err, ErrBadAmount)
	w.holds(addressOf("artist"), 1000)
}

// TestPermitSeenBefore lets somebody use the artist's permit ahead of the funding, as anybody who watches the pool can.
func TestPermitSeenBefore(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 100)
	req := w.funding(id(1), "artist", 100)
	v, r, s, err := receipt.SplitSignature(req.PermitSignature)
	if err != nil {
		t.Fatal(err)
	}
	w.must(w.send(ctx, "x", "use the permit", w.Addresses().Token, func() ([]byte, error) {
		return w.token.TryPackPermit(addressOf("artist"), w.Addresses().Escrow, big.NewInt(100), new(big.Int).SetUint64(req.Permit.Deadline), v, r, s)
	}))
	w.must(w.Fund(ctx, req))
	w.holds(w.Addresses().Escrow, 100)
}

func TestTopUp(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 1000)
	w.must(w.Fund(ctx, w.funding(id(1), "artist", 100)))
	more := func(amount, before uint64, signer string) TopUpRequest {
		m := receipt.TopUp{JobID: id(1), Artist: addressOf("artist"), Amount: amount, FundedBefore: before, Deadline: w.deadline()}
		p, sig := w.permit("artist", w.Addresses().Escrow, amount)
		return TopUpRequest{TopUp: m, Signature: sign(signer, m.Digest(w.EscrowDomain())), Permit: p, PermitSignature: sig}
	}
	_, err := w.TopUp(ctx, more(50, 100, "mallory"))
	w.fails(err, ErrWrongSigner)
	req := more(50, 100, "artist")
	tx := w.must(w.TopUp(ctx, req))
	if again := w.must(w.TopUp(ctx, req)); again != tx {
		t.Fatalf("topped up twice: %v and %v", tx, again)
	}
	w.must(w.TopUp(ctx, more(25, 150, "artist")))
	_, err = w.TopUp(ctx, req)
	w.fails(err, ErrReplayed)
	if s := w.state(id(1)); s.Funded.Int64() != 175 {
		t.Fatalf("the job holds %v", s.Funded)
	}
	// The first funding is still recognised, though the job holds more by now.
	again := w.funding(id(1), "artist", 100)
	w.must(w.Fund(ctx, again))
	w.must(w.MarkDelivered(ctx, id(1), id(2), big.NewInt(175)))
	_, err = w.TopUp(ctx, more(1, 175, "artist"))
	w.fails(err, ErrWrongState)
	w.holds(w.Addresses().Escrow, 175)
}

func TestWindowRunsOut(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 100)
	w.must(w.Fund(ctx, w.funding(id(1), "artist", 100)))
	w.must(w.MarkDelivered(ctx, id(1), id(2), big.NewInt(60)))
	// A better delivery starts the window anew.
	w.pass(window - time.Minute)
	w.must(w.MarkDelivered(ctx, id(1), id(3), big.NewInt(80)))
	w.pass(window - time.Minute)
	_, err := w.Settle(ctx, id(1), big.NewInt(80), nil)
	w.fails(err, ErrWindowOpen)
	w.pass(time.Minute)
	w.must(w.Settle(ctx, id(1), big.NewInt(80), nil))
	_, err = w.MarkDelivered(ctx, id(1), id(4), big.NewInt(100))
	w.fails(err, ErrBelowSpent)
}

func TestDispute(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 100)
	job, root := id(1), id(2)
	w.must(w.Fund(ctx, w.funding(job, "artist", 100)))
	claim := func(frames common.Hash, amount uint64) receipt.BadResult {
		return receipt.BadResult{JobID: job, DeliveryRoot: root, FramesHash: frames, Amount: amount, Deadline: w.deadline()}
	}
	signed := func(m receipt.BadResult) []byte { return sign("artist", m.Digest(w.EscrowDomain())) }

	m := claim(id(10), 30)
	_, err := w.Dispute(ctx, m, signed(m))
	w.fails(err, ErrWrongState)
	w.must(w.MarkDelivered(ctx, job, root, big.NewInt(90)))
	_, err = w.Dispute(ctx, m, sign("mallory", m.Digest(w.EscrowDomain())))
	w.fails(err, ErrWrongSigner)
	over := claim(id(11), 91)
	_, err = w.Dispute(ctx, over, signed(over))
	w.fails(err, ErrOverPayable)
	other := m
	other.DeliveryRoot = id(3)
	_, err = w.Dispute(ctx, other, signed(other))
	w.fails(err, ErrBadValue)

	tx := w.must(w.Dispute(ctx, m, signed(m)))
	if again := w.must(w.Dispute(ctx, m, signed(m))); again != tx {
		t.Fatalf("disputed twice: %v and %v", tx, again)
	}
	second := claim(id(12), 5)
	_, err = w.Dispute(ctx, second, signed(second))
	w.fails(err, ErrClaimOpen)
	_, err = w.Settle(ctx, job, big.NewInt(60), w.acceptance(job, root, "artist", 90))
	w.fails(err, ErrClaimOpen)
	_, _, err = w.Refund(ctx, job)
	w.fails(err, ErrClaimOpen)
	_, err = w.Resolve(ctx, job, big.NewInt(31))
	w.fails(err, ErrOverPayable)

	// What isn't disputed is payable after the window.
	w.pass(window)
	_, err = w.Settle(ctx, job, big.NewInt(61), nil)
	w.fails(err, ErrOverPayable)
	w.must(w.Settle(ctx, job, big.NewInt(60), nil))
	late := claim(id(13), 5)
	_, err = w.Dispute(ctx, late, signed(late))
	w.fails(err, ErrClaimOpen)

	tx = w.must(w.Resolve(ctx, job, big.NewInt(20)))
	if again := w.must(w.Resolve(ctx, job, big.NewInt(20))); again != tx {
		t.Fatalf("resolved twice: %v and %v", tx, again)
	}
	_, err = w.Resolve(ctx, job, big.NewInt(10))
	w.fails(err, ErrWrongState)
	_, err = w.Dispute(ctx, late, signed(late))
	w.fails(err, ErrWindowClosed)
	_, err = w.Settle(ctx, job, big.NewInt(71), nil)
	w.fails(err, ErrOverPayable)
	w.must(w.Settle(ctx, job, big.NewInt(70), nil))
	_, refund, err := w.Refund(ctx, job)
	if err != nil || refund.Int64() != 30 {
		t.Fatalf("refunded %v, %v", refund, err)
	}
	w.holds(addressOf("artist"), 30)
	w.holds(w.Addresses().Payouts, 70)
}

// TestOldClaimCantReturn files a claim, has it resolved, and presents the same signed message once more.
func TestOldClaimCantReturn(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 100)
	w.must(w.Fund(ctx, w.funding(id(1), "artist", 100)))
	w.must(w.MarkDelivered(ctx, id(1), id(2), big.NewInt(90)))
	m := receipt.BadResult{JobID: id(1), DeliveryRoot: id(2), FramesHash: id(3), Amount: 30, Deadline: w.deadline()}
	sig := sign("artist", m.Digest(w.EscrowDomain()))
	tx := w.must(w.Dispute(ctx, m, sig))
	w.must(w.Resolve(ctx, id(1), big.NewInt(0)))
	if again := w.must(w.Dispute(ctx, m, sig)); again != tx {
		t.Fatal("the claim was filed anew")
	}
	if s := w.state(id(1)); s.Held.Sign() != 0 {
		t.Fatalf("%v is held again", s.Held)
	}
}

func TestOperatorVanishes(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 100)
	w.must(w.Fund(ctx, w.funding(id(1), "artist", 100)))
	m := receipt.Reclaim{JobID: id(1), To: addressOf("elsewhere"), Deadline: w.deadline() + 100*24*3600}
	sig := sign("artist", m.Digest(w.EscrowDomain()))
	_, _, err := w.Reclaim(ctx, m, sig)
	w.fails(err, ErrTooEarly)
	w.pass(29 * 24 * time.Hour)
	w.must(w.MarkDelivered(ctx, id(1), id(2), big.NewInt(100))) // a sign of life
	dispute := receipt.BadResult{JobID: id(1), DeliveryRoot: id(2), FramesHash: id(3), Amount: 30, Deadline: w.deadline()}
	w.must(w.Dispute(ctx, dispute, sign("artist", dispute.Digest(w.EscrowDomain()))))
	w.pass(30 * 24 * time.Hour)
	_, _, err = w.Reclaim(ctx, m, sig)
	w.fails(err, ErrTooEarly)
	w.pass(2 * time.Hour)
	_, _, err = w.Reclaim(ctx, m, sign("mallory", m.Digest(w.EscrowDomain())))
	w.fails(err, ErrWrongSigner)
	tx, amount, err := w.Reclaim(ctx, m, sig)
	w.must(tx, err)
	if amount.Int64() != 100 {
		t.Fatalf("reclaimed %v", amount)
	}
	w.holds(addressOf("elsewhere"), 100)
	again, _, err := w.Reclaim(ctx, m, sig)
	if w.must(again, err) != tx {
		t.Fatal("reclaimed twice")
	}
}

// TestStrangers tries every guarded function from an account without a role, as a call that isn't sent.
func TestStrangers(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 100)
	w.must(w.Fund(ctx, w.funding(id(1), "artist", 100)))
	w.must(w.MarkDelivered(ctx, id(1), id(2), big.NewInt(90)))
	stranger := addressOf("mallory")
	a := w.Addresses()
	one := big.NewInt(1)
	for name, try := range map[string]struct {
		to   common.Address
		data []byte
	}{
		"mint":           {a.Token, w.token.PackMint(stranger, one)},
		"mark delivered": {a.Escrow, w.escrow.PackMarkDelivered(id(1), id(2), one)},
		"settle":         {a.Escrow, w.escrow.PackSettle(id(1), one, w.acceptance(id(1), id(2), "artist", 90))},
		"resolve":        {a.Escrow, w.escrow.PackResolve(id(1), one)},
		"refund":         {a.Escrow, w.escrow.PackRefund(id(1))},
		"pause":          {a.Escrow, w.escrow.PackPause()},
		"unpause":        {a.Escrow, w.escrow.PackUnpause()},
		"post":           {a.Payouts, w.payouts.PackPost(1, id(1), one)},
		"pause payouts":  {a.Payouts, w.payouts.PackPause()},
		"slash":          {a.Registry, w.registry.PackSlash(stranger, one, id(1))},
		"reward":         {a.Registry, w.registry.PackReward(stranger, one, id(1))},
		"grant":          {a.Escrow, w.escrow.PackGrantRole(operatorRole, stranger)},
	} {
		err := w.tryAs(stranger, try.to, try.data)
		if err == nil {
			t.Errorf("%s: a stranger may", name)
			continue
		}
		w.fails(err, ErrNotAllowed)
	}
}

// TestNobodyTakesAJobsName lets somebody who watches the pool fund a job of their own under the name of another's: the
// artist's funding would come too late for it.
func TestNobodyTakesAJobsName(t *testing.T) {
	w := newWorld(t)
	w.mint("artist", 100)
	w.mint("mallory", 1)
	req := w.funding(id(1), "mallory", 1)
	permit, err := permitArgs(req.Permit, req.PermitSignature)
	if err != nil {
		t.Fatal(err)
	}
	f := bindings.IJobEscrowFunding{
		JobId: req.Funding.JobID, Artist: req.Funding.Artist, Amount: big.NewInt(1), QuoteHash: req.Funding.QuoteHash,
		Deadline: new(big.Int).SetUint64(req.Funding.Deadline),
	}
	data := w.escrow.PackFund(f, normalised(req.Signature), permit)
	w.fails(w.tryAs(addressOf("mallory"), w.Addresses().Escrow, data), ErrNotAllowed)
	if err := w.tryAs(w.operator, w.Addresses().Escrow, data); err != nil {
		t.Fatalf("the operator may not either: %v", err) // what is refused is the caller
	}
	w.must(w.Fund(w.ctx(), w.funding(id(1), "artist", 100)))
}

func TestPause(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	w.mint("artist", 100)
	req := w.funding(id(1), "artist", 50)
	w.must(w.Fund(ctx, req))
	w.must(w.MarkDelivered(ctx, id(1), id(2), big.NewInt(50)))
	w.must(w.send(ctx, "x", "pause", w.Addresses().Escrow, func() ([]byte, error) { return w.escrow.TryPackPause() }))
	_, err := w.Fund(ctx, w.funding(id(2), "artist", 50))
	w.fails(err, ErrPaused)
	_, err = w.Settle(ctx, id(1), big.NewInt(50), w.acceptance(id(1), id(2), "artist", 50))
	w.fails(err, ErrPaused)
	if _, amount, err := w.Refund(ctx, id(1)); err != nil || amount.Int64() != 50 {
		t.Fatalf("no refund while paused: %v, %v", amount, err)
	}
	w.must(w.send(ctx, "x", "unpause", w.Addresses().Escrow, func() ([]byte, error) { return w.escrow.TryPackUnpause() }))
	w.must(w.Fund(ctx, w.funding(id(2), "artist", 50)))
}
