package settle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/retain"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// ledgerChain is a chain in memory that keeps the contract's promises and can be told to
// fail before or after a call took effect.
type ledgerChain struct {
	funded, payable, spent, refunded map[[32]byte]job.Amount
	delivered                        map[[32]byte]time.Time
	paid                             map[string]job.Amount
	window                           time.Duration
	now                              func() time.Time
	fail                             error // the next call fails with it …
	after                            bool  // … after it took effect
	calls                            []string
	stakes                           map[string]job.Amount
	held                             map[[32]byte]job.Amount
	slashed                          map[[32]byte]job.Amount
	rewards                          map[string]job.Amount // by verifier and offence
}

var _ Chain = (*ledgerChain)(nil)

func newChain(now func() time.Time) *ledgerChain {
	m := func() map[[32]byte]job.Amount { return make(map[[32]byte]job.Amount) }
	return &ledgerChain{funded: m(), payable: m(), spent: m(), refunded: m(), delivered: make(map[[32]byte]time.Time), paid: make(map[string]job.Amount), window: time.Hour, now: now,
		slashed: m(), held: m(), rewards: make(map[string]job.Amount)}
}

func (c *ledgerChain) do(name string, effect func() error) (string, error) {
	c.calls = append(c.calls, name)
	fail := c.fail
	c.fail = nil
	if fail != nil && !c.after {
		return "", fail
	}
	if err := effect(); err != nil {
		return "", err
	}
	return "0x" + name, fail
}

func (c *ledgerChain) Fund(_ context.Context, f Funding) (string, error) {
	return c.do("fund", func() error { c.funded[f.Job] = f.Amount; return nil })
}

func (c *ledgerChain) Deliver(_ context.Context, id, _ [32]byte, a job.Amount) (string, error) {
	return c.do("deliver", func() error {
		if a > c.funded[id] {
			return fmt.Errorf("%w: over the ceiling", ErrRefused)
		}
		if _, ok := c.delivered[id]; !ok {
			c.payable[id], c.delivered[id] = a, c.now()
		}
		return nil
	})
}

func (c *ledgerChain) Settle(_ context.Context, id [32]byte, a job.Amount, acceptance []byte) (string, error) {
	return c.do("settle", func() error {
		if acceptance == nil && c.now().Before(c.delivered[id].Add(c.window)) {
			return ErrWindowOpen
		}
		if a > c.payable[id] {
			return fmt.Errorf("%w: over the payable", ErrRefused)
		}
		c.spent[id] = max(c.spent[id], a)
		return nil
	})
}

func (c *ledgerChain) Refund(_ context.Context, id [32]byte) (string, job.Amount, error) {
	hash, err := c.do("refund", func() error { c.refunded[id] = c.funded[id] - c.spent[id]; return nil })
	return hash, c.refunded[id], err
}

func (c *ledgerChain) Root(leaves []store.Leaf) ([32]byte, error) {
	return [32]byte{byte(len(leaves))}, nil
}

func (c *ledgerChain) Post(_ context.Context, _ uint64, _ [32]byte, total job.Amount) (string, error) {
	return c.do("post", func() error {
		var received job.Amount
		for _, s := range c.spent {
			received += s
		}
		if total > received {
			return errors.New("more than was received")
		}
		return nil
	})
}

func (c *ledgerChain) Claim(_ context.Context, node string, leaves []store.Leaf) (string, job.Amount, error) {
	i := slices.IndexFunc(leaves, func(l store.Leaf) bool { return l.Node == node })
	paid := leaves[i].Cumulative - c.paid[node]
	hash, err := c.do("claim", func() error { c.paid[node] = leaves[i].Cumulative; return nil })
	return hash, paid, err
}

func (c *ledgerChain) Dispute(_ context.Context, d Dispute) (string, error) {
	return c.do("dispute", func() error { c.held[d.Job] = d.Amount; return nil })
}
func (c *ledgerChain) Resolve(_ context.Context, id [32]byte, refunded job.Amount) (string, error) {
	return c.do("resolve", func() error { c.payable[id] -= min(refunded, c.held[id]); c.held[id] = 0; return nil })
}
func (c *ledgerChain) TakeOver(context.Context) error                      { return nil }
func (c *ledgerChain) Balance(context.Context, string) (job.Amount, error) { return 0, nil }
func (c *ledgerChain) PermitNonce(context.Context, string) (uint64, error) { return 0, nil }
func (c *ledgerChain) Faucet(context.Context, string, job.Amount) error    { return ErrNoFaucet }

// bench is a settler over a real store and the chain in memory, with a clock of its own.
type bench struct {
	*Settler
	t     *testing.T
	db    store.Store
	chain *ledgerChain
	now   time.Time
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, now: time.Unix(1_700_000_000, 0)}
	clock := func() time.Time { return b.now }
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	b.db, b.chain = db, newChain(clock)
	log := slog.New(slog.DiscardHandler)
	b.Settler = New(Options{Store: db, Chain: b.chain, Money: wire.Money{Settlement: "devchain"}, Hub: notify.New(db, nil, log), Epoch: time.Second, Window: time.Hour, Clock: clock, Log: log})
	b.OnFunded(func(store.Tx, string, string, job.Amount, *notify.Changes) error { return nil })
	return b
}

func (b *bench) update(fn func(store.Tx) error) {
	b.t.Helper()
	if err := b.db.Update(context.Background(), fn); err != nil {
		b.t.Fatal(err)
	}
}

// delivered makes a funded job of two frames that are delivered and owed.
func (b *bench) delivered() *store.Job {
	b.t.Helper()
	j := storetest.Job("0xA", store.NewID("r"), 2)
	b.chain.funded[ChainJob(j.ID)] = j.Quote.Ceiling
	b.update(func(tx store.Tx) error {
		tasks, err := storetest.Fill(tx, j)
		if err != nil {
			return err
		}
		task := tasks[0]
		for _, s := range [][2]job.TaskState{{job.TaskWaiting, job.TaskLeased}, {job.TaskLeased, job.TaskCommitted}, {job.TaskCommitted, job.TaskVerifying}, {job.TaskVerifying, job.TaskDone}} {
			if _, err := tx.MoveTask(task.ID, []job.TaskState{s[0]}, s[1], nil); err != nil {
				return err
			}
		}
		digest := fmt.Sprintf("%064x", 7)
		if err := tx.MoveFrames(j.ID, j.Frames, job.FramePending, job.FrameUploaded, func(f *job.Frame) { f.Worker, f.Object, f.Digest = "0xW", "o", digest }); err != nil {
			return err
		}
		if err := tx.MoveFrames(j.ID, j.Frames, job.FrameUploaded, job.FrameVerified, func(f *job.Frame) { f.Verdict, f.Verifier = "pass", "0xV" }); err != nil {
			return err
		}
		for _, f := range j.Frames {
			if err := errors.Join(tx.AddEntry(store.Entry{Job: j.ID, Frame: f, Role: job.RoleWorker, Node: "0xW", Amount: 10}),
				tx.AddEntry(store.Entry{Job: j.ID, Frame: f, Role: job.RoleVerifier, Node: "0xV", Amount: 2})); err != nil {
				return err
			}
		}
		if err := tx.MoveFrames(j.ID, j.Frames, job.FrameVerified, job.FrameDelivered, nil); err != nil {
			return err
		}
		if _, err := tx.EditJob(j.ID, func(j *store.Job) { j.Spent, j.Escrow = 24, j.Quote.Ceiling }); err != nil {
			return err
		}
		if _, err := tx.MoveJob(j.ID, []job.State{job.Rendering}, job.Delivered, nil); err != nil {
			return err
		}
		return b.Delivered(tx, j.ID)
	})
	return j
}

func (b *bench) pass() {
	b.t.Helper()
	if err := b.Pass(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

// claimed asks for a withdrawal while somebody settles.
func (b *bench) claimed(node string) (paid wire.PayoutPaid, err error) {
	b.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); paid, err = b.Claim(context.Background(), node) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return paid, err
		case <-tick.C:
			b.pass()
		}
	}
}

func (b *bench) job(id string) *store.Job {
	b.t.Helper()
	var j *store.Job
	if err := b.db.View(context.Background(), func(tx store.Tx) (err error) { j, err = tx.Job(id); return err }); err != nil {
		b.t.Fatal(err)
	}
	return j
}

// TestUndisputedIsAcceptedAndPaid lets the window end, with every chain call failing once,
// before and after its effect in turn.
func TestUndisputedIsAcceptedAndPaid(t *testing.T) {
	b := newBench(t)
	j := b.delivered()
	if err := b.acceptOverdue(context.Background()); err != nil || b.job(j.ID).State != job.Delivered {
		t.Fatalf("before the window's end: %s, %v", b.job(j.ID).State, err)
	}
	b.now = b.now.Add(2 * time.Hour)
	b.chain.delivered[ChainJob(j.ID)] = b.now.Add(-2 * time.Hour)
	b.chain.payable[ChainJob(j.ID)] = 24
	if err := b.acceptOverdue(context.Background()); err != nil || b.job(j.ID).State != job.Accepted {
		t.Fatalf("after the window's end: %s, %v", b.job(j.ID).State, err)
	}
	for i := 0; b.job(j.ID).State != job.Settled && i < 20; i++ {
		b.chain.fail, b.chain.after = nil, i%4 == 0
		if i%2 == 0 {
			b.chain.fail = errors.New("the line is down")
		}
		b.pass()
		b.now = b.now.Add(time.Minute)
	}
	got := b.job(j.ID)
	if got.State != job.Settled || got.Refund != j.Quote.Ceiling-24 || b.chain.spent[ChainJob(j.ID)] != 24 || got.Escrow != 0 {
		t.Fatalf("settled as %s, refund %d, spent %d; calls %v", got.State, got.Refund, b.chain.spent[ChainJob(j.ID)], b.chain.calls)
	}
	for range 3 {
		if err := b.NewEpoch(context.Background()); err != nil {
			t.Fatal(err)
		}
		b.now = b.now.Add(time.Minute)
		b.pass()
	}
	for node, want := range map[string]job.Amount{"0xW": 20, "0xV": 4, "0xCheat": 0} {
		for range 2 {
			if paid, err := b.claimed(node); err != nil || paid.Total != want {
				t.Errorf("%s was paid %+v, %v", node, paid, err)
			}
		}
	}
	posts := 0
	for _, c := range b.chain.calls {
		posts += map[bool]int{true: 1}[c == "post"]
	}
	if posts != 1 {
		t.Errorf("%d roots for one settlement", posts)
	}
}

func TestCancelledJobPaysAndRefunds(t *testing.T) {
	b := newBench(t)
	j := storetest.Job("0xA", "r", 2)
	b.chain.funded[ChainJob(j.ID)] = j.Quote.Ceiling
	b.update(func(tx store.Tx) error {
		if _, err := storetest.Fill(tx, j); err != nil {
			return err
		}
		if _, err := tx.EditJob(j.ID, func(j *store.Job) { j.Escrow = j.Quote.Ceiling }); err != nil {
			return err
		}
		if _, err := tx.MoveJob(j.ID, []job.State{job.Rendering}, job.Cancelled, nil); err != nil {
			return err
		}
		return b.Close(tx, j.ID)
	})
	b.pass()
	if got := b.job(j.ID); got.State != job.Cancelled || got.Refund != j.Quote.Ceiling || got.Tx.Settle != "" {
		t.Errorf("cancelled as %s, refund %d", got.State, got.Refund)
	}
}

func TestOffSettlesAtOnce(t *testing.T) {
	b := newBench(t)
	b.options.Chain = nil
	j := b.delivered()
	got, err := b.Accept(context.Background(), j.ID, []byte{})
	if err != nil || got.State != job.Settled {
		t.Fatalf("%v, %v", got, err)
	}
	payouts, err := b.Payouts(context.Background(), "")
	if err != nil || len(payouts) != 2 || payouts[1].Cumulative != 20 {
		t.Errorf("payouts %+v, %v", payouts, err)
	}
}

// busy is a store with very much owed for jobs that go on.
type busy struct {
	store.Store
	sums int
}

func (b *busy) View(ctx context.Context, fn func(store.Tx) error) error {
	return b.Store.View(ctx, func(tx store.Tx) error { return fn(busyTx{tx, b}) })
}

type busyTx struct {
	store.Tx
	of *busy
}

func (b busyTx) Earned(bool) ([]store.Earning, error) {
	b.of.sums++
	return []store.Earning{{Node: "0xW", Role: job.RoleWorker, Amount: job.Amount(b.of.sums), Read: 100_000}}, nil
}

// TestPayoutsAreCheapHoweverManyAsk: every open window asks for them.
func TestPayoutsAreCheapHoweverManyAsk(t *testing.T) {
	b := newBench(t)
	many := &busy{Store: b.options.Store}
	b.options.Store = many
	ask := func(want job.Amount) {
		t.Helper()
		payouts, err := b.Payouts(t.Context(), "0xW")
		if err != nil || len(payouts) != 1 || payouts[0].Cumulative != want {
			t.Errorf("%+v, %v; want %d", payouts, err, want)
		}
	}
	for range 10 {
		ask(1)
	}
	b.now = b.now.Add(100_000 * owedWorth)
	ask(2)
	b.now = b.now.Add(-time.Hour) // a clock that is set back keeps nothing for an hour
	ask(3)
	ask(3)
}

// TestOnlyTheAcceptedQuoteIsFunded: between an acceptance and its being taken down the job may be priced anew, since two
// managers, or two sessions, serve one artist. What is funded then is never rendered at the other price.
func TestOnlyTheAcceptedQuoteIsFunded(t *testing.T) {
	for name, off := range map[string]bool{"on a chain": false, "without payment": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			funded := false
			b.OnFunded(func(store.Tx, string, string, job.Amount, *notify.Changes) error { funded = true; return nil })
			if off {
				b.options.Chain = nil
			}
			id, err := identity.New()
			if err != nil {
				t.Fatal(err)
			}
			j := storetest.Job(id.Address(), "r", 2)
			j.Quote.ID = "cheap"
			b.update(func(tx store.Tx) error {
				if err := tx.AddJob(j); err != nil {
					return err
				}
				_, err := tx.MoveJob(j.ID, []job.State{job.Draft}, job.Quoted, func(q *store.Job) { q.Quote = j.Quote; q.Quote.ID = "dear" })
				return err
			})
			f := wire.JobFund{Job: j.ID, Quote: "cheap", Deadline: b.now.Add(time.Hour).Unix()}
			order := receipt.Funding{JobID: ChainJob(j.ID), Artist: common.HexToAddress(j.Owner), Amount: uint64(j.Quote.Ceiling), QuoteHash: QuoteHash(j.Quote), Deadline: uint64(f.Deadline)}
			if f.Funding, err = id.Sign(order.Digest(b.escrowDomain())); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			var refused *wire.Error
			if err := b.Fund(ctx, j, f); !errors.As(err, &refused) || refused.Code != wire.CodeConflict || funded {
				t.Errorf("funded %v: %v", funded, err)
			}
		})
	}
}

// TestAFundingIsNeverGivenUp while it may be on the chain: a node that is away for ten minutes may have passed it on before.
// Given up, the ceiling lay in an escrow that no job knew of, and every other funding of the job was refused.
func TestAFundingIsNeverGivenUp(t *testing.T) {
	b := newBench(t)
	funded := 0
	b.OnFunded(func(store.Tx, string, string, job.Amount, *notify.Changes) error { funded++; return nil })
	b.update(func(tx store.Tx) error { return addOp(tx, opFund, "j", fundBody{Job: "j"}) })
	for range 40 {
		b.chain.fail, b.chain.after = errors.New("the line is down"), true
		b.pass()
		b.now = b.now.Add(time.Minute)
	}
	b.pass()
	if funded != 1 {
		t.Errorf("it was taken down %d times", funded)
	}
	b.update(func(tx store.Tx) error { return addOp(tx, opFund, "late", fundBody{Job: "late"}) })
	b.chain.fail, b.chain.after = fmt.Errorf("%w: expired", ErrRefused), false
	b.pass()
	b.update(func(tx store.Tx) error {
		op, err := tx.Op(opFund, "late")
		if err == nil && op.State != store.OpFailed {
			t.Errorf("one that the contract refuses is %s", op.State)
		}
		return err
	})
}

// TestFramesAreKeptFromTheAcceptance: a delivery that lay there for longer than frames are kept lost them to the first sweep
// after its artist had agreed to it.
func TestFramesAreKeptFromTheAcceptance(t *testing.T) {
	b := newBench(t)
	b.options.Chain = nil
	j := b.delivered()
	const keep = 30 * 24 * time.Hour
	b.now = b.now.Add(2 * keep)
	got, err := b.Accept(t.Context(), j.ID, []byte{})
	if err != nil || got.State != job.Settled {
		t.Fatalf("%v, %v", got, err)
	}
	if got = b.job(j.ID); retain.Over(got, keep, b.now.Add(keep)) || !retain.Over(got, keep, b.now.Add(keep+time.Second)) {
		t.Errorf("accepted at %s, its frames are kept from %s", b.now, time.UnixMilli(got.DeliveredAt))
	}
}

// TestWhatWasFreeStaysFree: a network that begins to pay has jobs of before. They were never in escrow, so that with them in
// the sums no settlement could be posted any more, "more than was received", and nobody was paid for anything.
func TestWhatWasFreeStaysFree(t *testing.T) {
	b := newBench(t)
	free := func() *store.Job {
		j := b.delivered()
		b.update(func(tx store.Tx) error {
			_, err := tx.EditJob(j.ID, func(j *store.Job) { j.Escrow = 0 })
			return err
		})
		return j
	}
	accept := func(j *store.Job, want job.State) {
		t.Helper()
		b.now = b.now.Add(2 * time.Hour)
		if got, err := b.Accept(t.Context(), j.ID, nil); err != nil || got.State != want {
			t.Fatalf("%v, %v", got, err)
		}
	}
	chain := b.options.Chain
	b.options.Chain = nil
	over, late := free(), free()
	accept(over, job.Settled)
	b.options.Chain = chain
	accept(late, job.Settled)
	paid := b.delivered()
	b.pass()
	accept(paid, job.Accepted)
	b.pass()
	if got := b.job(paid.ID); got.State != job.Settled {
		t.Fatalf("what is paid is %s", got.State)
	}
	if err := b.NewEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.pass()
	b.update(func(tx store.Tx) error {
		e, err := tx.PostedEpoch()
		if err == nil && (e.Total != 24 || len(e.Leaves) != 2) {
			t.Errorf("settled %+v", e)
		}
		return err
	})
	if ops := b.pending(); len(ops) != 0 {
		t.Errorf("there is left to do: %v", ops)
	}
}

func (b *bench) pending() (kinds []string) {
	b.t.Helper()
	b.update(func(tx store.Tx) error {
		ops, err := tx.PendingOps()
		for _, o := range ops {
			kinds = append(kinds, o.Kind+" "+o.Error)
		}
		return err
	})
	return kinds
}
