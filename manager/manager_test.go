package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// simRenderer makes recipes be judged as Cycles' are; the fake's noise is as reproducible.
const simRenderer = "blender"

// childEnv makes the test binary a manager, so that a test can kill it.
const childEnv = "HELIOSTAT_MANAGER_CHILD"

func TestJobWithoutPayments(t *testing.T) {
	url, _ := startManager(t, settings(t, "off"))
	a := newArtist(t, url)
	q := a.draft(8)
	if q.Quote.Basis == "" || q.Quote.Ceiling < q.Quote.Price || q.ChainJob != "" {
		t.Errorf("quote %+v", q)
	}
	j, err := a.Fund(a.ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := a.Job(a.ctx, j.ID); err != nil || !strings.Contains(d.Why, "no worker is connected") {
		t.Errorf("why: %q, %v", d.Why, err)
	}
	told, stop := context.WithCancel(a.ctx)
	said := ""
	a.Waits(told, j.ID, func(why string) { said = why; stop() })
	if !strings.Contains(said, "no worker is connected") {
		t.Errorf("whoever follows the job is told %q", said)
	}
	startWorker(t, url, fake.Behaviour{})
	startWorker(t, url, fake.Behaviour{})
	startVerifier(t, url, fake.Behaviour{})
	d := a.await(j.ID, inState(job.Delivered))
	checkDelivered(t, d, 8)
	if files := a.download(j.ID); len(files) != 8 || files[0].Name != "0001.png" {
		t.Errorf("files %+v", files)
	}
	accepted, err := a.Accept(a.ctx, j.ID)
	if err != nil || accepted.State != job.Settled {
		t.Errorf("after the acceptance: %s, %v", accepted.State, err)
	}
	if again, err := a.Accept(a.ctx, j.ID); err != nil || again.State != job.Settled {
		t.Errorf("accepted again: %s, %v", again.State, err)
	}
	nodes, err := a.Nodes(a.ctx)
	if err != nil || len(nodes) != 3 {
		t.Errorf("%d nodes, %v", len(nodes), err)
	}
	renderers, err := a.Renderers(a.ctx)
	if err != nil || len(renderers) != 1 || renderers[0].Workers != 2 {
		t.Errorf("renderers %+v, %v", renderers, err)
	}
}

func TestJobPaidOnTheChain(t *testing.T) {
	url, _ := startManager(t, settings(t, "devchain"))
	a := newArtist(t, url)
	w := startWorker(t, url, fake.Behaviour{})
	v := startVerifier(t, url, fake.Behaviour{})
	j := a.submit(6)
	if j.Escrow != j.Quote.Ceiling || j.Tx.Fund == "" {
		t.Errorf("after funding: escrow %d, tx %q", j.Escrow, j.Tx.Fund)
	}
	checkDelivered(t, a.await(j.ID, inState(job.Delivered)), 6)
	if _, err := a.Accept(a.ctx, j.ID); err != nil {
		t.Fatal(err)
	}
	d := a.await(j.ID, inState(job.Settled))
	if d.Job.Refund != d.Job.Quote.Ceiling-d.Job.Spent || d.Job.Tx.Deliver == "" || d.Job.Tx.Settle == "" || d.Job.Tx.Refund == "" || d.Job.Escrow != 0 {
		t.Errorf("settled as %+v", d.Job)
	}
	for n, want := range map[*node]job.Amount{w.node: 6 * j.Quote.PerFrame, v.node: 6 * j.Quote.VerifyFee} {
		paid := claim(t, n)
		if paid.Total != want || paid.Amount != want || paid.Tx == "" {
			t.Errorf("%s was paid %+v, want %d", n.id.Address(), paid, want)
		}
		var again wire.PayoutPaid
		if err := n.conn.Request(n.ctx, wire.TypePayoutClaim, wire.PayoutClaim{}, &again); err != nil || again.Amount != 0 || again.Total != want {
			t.Errorf("claimed again: %+v, %v", again, err)
		}
	}
}

// claim withdraws as soon as the epoch that owes the node is posted.
func claim(t *testing.T, n *node) wire.PayoutPaid {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for {
		var paid wire.PayoutPaid
		if err := n.conn.Request(n.ctx, wire.TypePayoutClaim, wire.PayoutClaim{}, &paid); err != nil {
			t.Fatal(err)
		}
		if paid.Total > 0 {
			return paid
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("no epoch was posted")
		}
	}
}

func TestCheatsAreCaught(t *testing.T) {
	for _, verifiers := range []int{1, 2} {
		t.Run(fmt.Sprint(verifiers, " verifiers"), func(t *testing.T) {
			url, _ := startManager(t, settings(t, "off"))
			half := startWorker(t, url, fake.Behaviour{Samples: 4})
			other := startWorker(t, url, fake.Behaviour{FrameShift: 1})
			var judges []*verifier
			for range verifiers {
				judges = append(judges, startVerifier(t, url, fake.Behaviour{}))
			}
			a := newArtist(t, url)
			j := a.submit(6)
			// Both cheats get something to cheat on before anybody honest is there.
			a.await(j.ID, func(j job.Job) bool { return j.Counts.Rejected >= 2 })
			startWorker(t, url, fake.Behaviour{})
			d := a.await(j.ID, inState(job.Delivered))
			// What confirmed verdicts against the cheats earned comes on top, within the ceiling.
			price := 6 * (d.Job.Quote.PerFrame + d.Job.Quote.VerifyFee)
			fees := d.Job.Spent - price
			if fees < 0 || (fees > 0) != (verifiers > 1) || d.Job.Spent > d.Job.Quote.Ceiling {
				t.Errorf("spent %d of %d for frames of %d", d.Job.Spent, d.Job.Quote.Ceiling, price)
			}
			earned := job.Amount(0)
			for _, v := range judges {
				earned += owed(t, v.node)
			}
			if want := 6*d.Job.Quote.VerifyFee + fees; earned != want {
				t.Errorf("the verifiers earned %d, want %d", earned, want)
			}
			if paid := slices.ContainsFunc(d.Events, func(e wire.Event) bool { return e.What == "check paid" }); paid != (verifiers > 1) {
				t.Errorf("the history names paid checks: %v", paid)
			}
			d.Job.Spent = price
			checkDelivered(t, d, 6, half.id.Address(), other.id.Address())
			if d.Job.Counts.Rejected == 0 {
				t.Error("nothing was rejected")
			}
			for _, cheat := range []*worker{half, other} {
				if sum := owed(t, cheat.node); sum != 0 {
					t.Errorf("a cheat is owed %d", sum)
				}
			}
		})
	}
}

// owed is what a node has earned.
func owed(t *testing.T, n *node) job.Amount {
	t.Helper()
	var p wire.Payouts
	if err := n.conn.Request(n.ctx, wire.TypePayoutList, wire.PayoutList{}, &p); err != nil {
		t.Fatal(err)
	}
	sum := job.Amount(0)
	for _, e := range p.Payouts {
		sum += e.Cumulative
	}
	return sum
}

func TestLyingVerifierChangesNothing(t *testing.T) {
	url, _ := startManager(t, settings(t, "off"))
	cheat := startWorker(t, url, fake.Behaviour{Samples: 4})
	liar := &verifier{node: newNode(t, fake.Behaviour{}), lie: true}
	liar.start(url)
	a := newArtist(t, url)
	j := a.submit(4)
	a.await(j.ID, func(j job.Job) bool {
		var d wire.JobDetail
		d, err := a.Job(a.ctx, j.ID)
		return err == nil && slices.ContainsFunc(d.Events, func(e wire.Event) bool { return e.What == "check repeated" })
	})
	startVerifier(t, url, fake.Behaviour{})
	startWorker(t, url, fake.Behaviour{})
	checkDelivered(t, a.await(j.ID, inState(job.Delivered)), 4, cheat.id.Address())
}

func TestSilentWorkerLosesItsLease(t *testing.T) {
	c := settings(t, "off")
	c.Lease, c.Grace = 2*time.Second, 2*time.Second
	url, _ := startManager(t, c)
	a := newArtist(t, url)
	silent := &worker{node: newNode(t, fake.Behaviour{})}
	died := make(chan wire.TaskCommit, 1)
	silent.committing = func(c wire.TaskCommit) bool { died <- c; return false }
	silent.start(url)
	startVerifier(t, url, fake.Behaviour{})
	j := a.submit(2)
	late := <-died
	silent.stop()
	startWorker(t, url, fake.Behaviour{})
	checkDelivered(t, a.await(j.ID, inState(job.Delivered)), 2, silent.id.Address())
	// It comes back with a commit that nobody waits for any more.
	back := &worker{node: &node{t: t, id: silent.id, renderer: silent.renderer}}
	back.ctx, back.cancel = context.WithCancel(context.Background())
	t.Cleanup(back.stop)
	back.start(url)
	var e *wire.Error
	if err := back.conn.Request(back.ctx, wire.TypeTaskCommit, late, nil); !errors.As(err, &e) || e.Code != wire.CodeConflict {
		t.Errorf("a late commit: %v", err)
	}
}

func TestCommitTwice(t *testing.T) {
	url, _ := startManager(t, settings(t, "off"))
	a := newArtist(t, url)
	w := startWorker(t, url, fake.Behaviour{})
	startVerifier(t, url, fake.Behaviour{})
	j := a.submit(2)
	a.await(j.ID, inState(job.Delivered))
	w.mu.Lock()
	c := w.commits[0]
	w.mu.Unlock()
	var first, second wire.TaskCommitted
	if err := errors.Join(w.conn.Request(w.ctx, wire.TypeTaskCommit, c, &first), w.conn.Request(w.ctx, wire.TypeTaskCommit, c, &second)); err != nil || first != second || first.Key == "" {
		t.Errorf("the same commit again: %q, %q, %v", first.Key, second.Key, err)
	}
	c.Receipt.Finished++
	var e *wire.Error
	if err := w.conn.Request(w.ctx, wire.TypeTaskCommit, c, nil); !errors.As(err, &e) || e.Code != wire.CodeConflict {
		t.Errorf("another commit of the same lease: %v", err)
	}
	if d, err := a.Job(a.ctx, j.ID); err != nil || d.Job.Spent != 2*(j.Quote.PerFrame+j.Quote.VerifyFee) {
		t.Errorf("spent %d, %v", d.Job.Spent, err)
	}
}

func TestBrokenSceneFailsTheJob(t *testing.T) {
	url, _ := startManager(t, settings(t, "devchain"))
	a := newArtist(t, url)
	broken := fake.Behaviour{Fail: map[int]error{1: render.ErrMissingAsset, 2: render.ErrMissingAsset, 3: render.ErrMissingAsset, 4: render.ErrMissingAsset}}
	startWorker(t, url, broken)
	startWorker(t, url, broken)
	startVerifier(t, url, fake.Behaviour{})
	j := a.submit(4)
	d := a.await(j.ID, func(j job.Job) bool { return j.State == job.Failed && j.Tx.Refund != "" })
	if d.Job.Refund != j.Quote.Ceiling || !strings.Contains(d.Job.Cause, "missing") || d.Job.Spent != 0 {
		t.Errorf("failed as %+v", d.Job)
	}
}

func TestCancelPaysWhatIsVerified(t *testing.T) {
	c := settings(t, "devchain")
	c.Window = time.Second
	url, _ := startManager(t, c)
	a := newArtist(t, url)
	startWorker(t, url, fake.Behaviour{Hang: []int{5, 6, 7, 8}})
	startVerifier(t, url, fake.Behaviour{})
	j := a.submit(8)
	a.await(j.ID, func(j job.Job) bool { return j.Counts.Delivered == 4 })
	if _, err := a.Cancel(a.ctx, j.ID, "changed my mind"); err != nil {
		t.Fatal(err)
	}
	d := a.await(j.ID, func(j job.Job) bool { return j.Tx.Refund != "" })
	if want := 4 * (j.Quote.PerFrame + j.Quote.VerifyFee); d.Job.State != job.Cancelled || d.Job.Spent != want || d.Job.Refund != j.Quote.Ceiling-want || d.Job.Tx.Settle == "" {
		t.Errorf("cancelled as %+v", d.Job)
	}
	if _, err := a.Pause(a.ctx, j.ID, ""); err == nil {
		t.Error("a cancelled job was paused")
	}
}

func TestPauseAndClaim(t *testing.T) {
	url, _ := startManager(t, settings(t, "off"))
	a := newArtist(t, url)
	j := a.submit(4)
	if p, err := a.Pause(a.ctx, j.ID, "lunch"); err != nil || p.State != job.Paused {
		t.Fatalf("%s, %v", p.State, err)
	}
	w := startWorker(t, url, fake.Behaviour{})
	startVerifier(t, url, fake.Behaviour{})
	if r, err := a.Resume(a.ctx, j.ID, ""); err != nil || r.State != job.Rendering {
		t.Fatalf("%s, %v", r.State, err)
	}
	a.await(j.ID, inState(job.Delivered))
	if c, err := a.Claim(a.ctx, j.ID, []int{2, 3}, "too dark"); err != nil || c.State != job.Disputed {
		t.Fatalf("%s, %v", c.State, err)
	}
	// The frames are right: the claim is refused and nothing is rendered or paid again.
	d := a.await(j.ID, inState(job.Delivered))
	checkDelivered(t, d, 4)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.offers != len(d.Tasks) {
		t.Errorf("%d offers for %d tasks", w.offers, len(d.Tasks))
	}
}

func TestStrangersSeeNothing(t *testing.T) {
	url, _ := startManager(t, settings(t, "off"))
	a, b := newArtist(t, url), newArtist(t, url)
	j := a.submit(2)
	w := startWorker(t, url, fake.Behaviour{Hang: []int{1, 2}})
	code := func(err error) wire.Code {
		var e *wire.Error
		if !errors.As(err, &e) {
			return ""
		}
		return e.Code
	}
	if _, err := b.Job(b.ctx, j.ID); code(err) != wire.CodeNotFound {
		t.Errorf("another artist sees the job: %v", err)
	}
	if _, err := b.Cancel(b.ctx, j.ID, ""); code(err) != wire.CodeNotFound {
		t.Errorf("another artist cancels the job: %v", err)
	}
	if _, err := b.Files(b.ctx, j.ID, nil); code(err) != wire.CodeNotFound {
		t.Errorf("another artist fetches the job: %v", err)
	}
	if _, _, err := b.Jobs(b.ctx, wire.JobList{All: true}); code(err) != wire.CodeUnauthorised {
		t.Errorf("an artist lists everybody's jobs: %v", err)
	}
	if err := w.conn.Request(w.ctx, wire.TypeJobDraft, wire.JobDraft{}, nil); code(err) != wire.CodeUnauthorised {
		t.Errorf("a worker drafts a job: %v", err)
	}
	if err := w.conn.Request(w.ctx, "no.such", struct{}{}, nil); code(err) != wire.CodeUnsupported {
		t.Errorf("an unknown message: %v", err)
	}
	if files, err := a.Files(a.ctx, j.ID, []int{1, 2}); err != nil || len(files.Files) != 0 {
		t.Errorf("undelivered frames were handed out: %+v, %v", files, err)
	}
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Dial(a.ctx, client.Options{Manager: url, Identity: id, Roles: []job.Role{job.RoleOperator}}); code(err) != wire.CodeUnauthorised {
		t.Errorf("anybody is operator: %v", err)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	c := settings(t, "off")
	url, _ := startManager(t, c)
	taken := strings.TrimPrefix(url, "http://")
	for _, test := range []struct {
		name   string
		change func(*config)
		want   string
	}{
		{"folder in use", func(*config) {}, "in use by another manager"},
		{"port in use", func(c *config) { c.Data, c.Listen = t.TempDir(), taken }, "choose another port"},
		{"folder is a file", func(c *config) { c.Data = filepath.Join(os.Args[0], "x") }, "choose another with --data"},
		{"settlement", func(c *config) { c.Data, c.Settlement = t.TempDir(), "gold" }, "use off, devchain"},
		{"blobs", func(c *config) { c.Data, c.Blobs = t.TempDir(), "ftp://x" }, "s3://endpoint/bucket"},
	} {
		bad := c
		test.change(&bad)
		bad.Stdout, bad.Log = io.Discard, slog.New(slog.DiscardHandler)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if err := serve(ctx, bad); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
		cancel()
	}
}
