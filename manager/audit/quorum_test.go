package audit

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/proof/slash"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestAQuorumTakesStake: where a worker's stake hangs on it, three of five verifiers have to
// agree; then the whole case is kept, convicts when anybody judges it again, and the stake is taken once.
func TestAQuorumTakesStake(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{Samples: 1})
	for range 4 {
		r.verifier(fake.Behaviour{})
	}
	r.stakes[w.address()] = Registration{Owner: "0xowner", Stake: 500}
	j, tasks := r.job(2)
	a := r.render(w, tasks[0], nil)
	r.run()
	var against []string
	for _, v := range r.audits(a.ID) {
		if v.State == lifecycle.AuditRejected {
			against = append(against, v.Verifier)
		}
	}
	if got := r.attempt(a.ID); len(against) != quorumFor || !got.Convicted {
		t.Fatalf("%d verdicts against the attempt, which is %s", len(against), got.State)
	}
	for range 2 { // a second time finds nothing left to do
		if err := r.Pursue(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.orders) != 1 {
		t.Fatalf("%d slashes were ordered", len(r.orders))
	}
	o := r.orders[0]
	slices.Sort(against)
	slices.Sort(o.Rewards)
	if o.Node != w.address() || o.Amount != 500 || o.ID != OffenceID(a.ID) || !slices.Equal(o.Rewards, against) || o.Reward != 4 {
		t.Errorf("the order is %+v", o)
	}
	if n := r.node(w.address()); n.Standing.Slashed != 1 {
		t.Errorf("the worker stands at %+v", n.Standing)
	}
	if s := r.state(j.ID); s.Spent != 3*4 || s.Spent != spentOn(r, j.ID) {
		t.Errorf("three verifiers of two frames were paid %d", s.Spent)
	}

	// Anybody can judge the case again.
	key := ""
	for _, e := range r.events(j.ID) {
		if e.What == "case kept" {
			for word := range strings.FieldsSeq(e.Text) {
				if strings.HasPrefix(word, "evidence/case-") {
					key = strings.TrimSuffix(word, ";")
				}
			}
		}
	}
	raw, err := r.Auditor.read(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := slash.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if f, err := slash.Check(c); err != nil || !f.Convicts || f.Fails != quorumFor {
		t.Errorf("the case gives %+v, %v", f, err)
	}
}

// TestWithoutStakeTwoAreEnough: the frames go back to the queue as soon as a second verifier
// agrees, and nothing is slashed.
func TestWithoutStakeTwoAreEnough(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{Samples: 1})
	for range 4 {
		r.verifier(fake.Behaviour{})
	}
	_, tasks := r.job(2)
	a := r.render(w, tasks[0], nil)
	r.run()
	if err := r.Pursue(context.Background()); err != nil {
		t.Fatal(err)
	}
	if list := r.audits(a.ID); len(list) != 2 || len(r.orders) != 0 {
		t.Errorf("%d audits, %d slashes", len(list), len(r.orders))
	}
}

// TestDrawExcludesTheWorkersSide: neither the worker itself nor a node of its owner checks
// it, and who does can't be told from the order of addresses.
func TestDrawExcludesTheWorkersSide(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{})
	var friends, others []*party
	for range 4 {
		friends, others = append(friends, r.verifier(fake.Behaviour{})), append(others, r.verifier(fake.Behaviour{}))
	}
	// The worker's key is registered as a verifier too.
	r.nodes.Ready(announcement(w, job.RoleVerifier))
	r.stakes[w.address()] = Registration{Owner: "0xowner"}
	r.stakes[friends[0].address()] = Registration{Owner: "0xowner"}
	r.stakes[friends[1].address()] = Registration{Owner: w.address()}
	for _, f := range friends[2:] {
		r.update(func(tx store.Tx) error {
			_, err := tx.PutNode(f.address(), func(n *store.Node) { n.Standing.Owner = "0xowner" })
			return err
		})
	}
	_, tasks := r.job(48)
	for _, k := range tasks {
		r.render(w, k, nil)
	}
	r.pass()
	for _, f := range append(friends, w) {
		if n := len(f.take()); n != 0 {
			t.Errorf("a node of the worker's owner was given %d checks", n)
		}
	}
	total := 0
	for _, o := range others {
		n := len(o.take())
		total += n
		if n == 0 || n == len(tasks) {
			t.Errorf("one of four verifiers has %d of %d checks", n, len(tasks))
		}
	}
	if total != len(tasks) {
		t.Errorf("%d of %d checks are given", total, len(tasks))
	}
}

// TestRefutedVerifiersAreBarred: one that convicts an honest worker loses against two others
// and isn't drawn for a while, longer each time.
func TestRefutedVerifiersAreBarred(t *testing.T) {
	r := newRig(t)
	w, liar := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{Samples: 1})
	_, tasks := r.job(4)
	a := r.render(w, tasks[0], nil)
	r.pass()
	offers := liar.take()
	if len(offers) != 1 {
		t.Fatalf("%d offers", len(offers))
	}
	for range 2 {
		r.verifier(fake.Behaviour{})
	}
	r.judge(liar, offers[0], nil)
	r.run()
	if got := r.attempt(a.ID); got.State != lifecycle.AttemptPassed {
		t.Fatalf("the honest attempt is %s: %s", got.State, got.Cause)
	}
	n := r.node(liar.address())
	if n.Standing.Wrong != 1 || n.Standing.Barred != r.clock().Add(Bar(1)).UnixMilli() {
		t.Errorf("the liar stands at %+v", n.Standing)
	}
	if n := r.node(w.address()); n.Fails != 0 || n.Passes != 1 {
		t.Errorf("the honest worker has %d fails, %d passes", n.Fails, n.Passes)
	}
	for _, v := range r.audits(a.ID) {
		if v.State == lifecycle.AuditPassed && r.node(v.Verifier).Standing.Verdicts != 1 {
			t.Errorf("who was right stands at %+v", r.node(v.Verifier).Standing)
		}
	}
	// The one that carries the delivery is paid with it, the other one by a fee, the liar not.
	if s := r.state(a.Job); s.Spent != 2*(10+2+2) || s.Spent != spentOn(r, a.Job) {
		t.Errorf("the job spent %d, its ledger says %d", s.Spent, spentOn(r, a.Job))
	}
	// While it is barred it checks nothing, even alone; afterwards it may again.
	for _, p := range r.all {
		if p != w && p != liar {
			r.nodes.Left(p.ID())
		}
	}
	r.wait(acquainted)
	r.render(w, tasks[1], nil)
	if r.pass(); len(liar.take()) != 0 {
		t.Error("a barred verifier is asked")
	}
	r.wait(Bar(1))
	if r.pass(); len(liar.take()) != 1 {
		t.Error("its bar never ends")
	}
	if Bar(1) != time.Hour || Bar(2) != 2*time.Hour || Bar(100) != barLast || Bar(0) != Bar(1) {
		t.Errorf("bars of %s, %s, %s, %s", Bar(0), Bar(1), Bar(2), Bar(100))
	}
}

// TestHoneypotsCatchACollusion: a verifier that passes its friend's cheat with the friend's
// own pixels passes the same attempt as a honeypot, after others have convicted it.
func TestHoneypotsCatchACollusion(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{Samples: 1})
	first, second := r.verifier(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	_, tasks := r.job(2)
	pixels := make(map[string][]byte)
	a := r.render(w, tasks[0], func(frame int, final, master []byte) ([]byte, []byte) {
		pixels[lease.KindFinal+string(rune('0'+frame))], pixels[lease.KindMaster+string(rune('0'+frame))] = final, master
		return final, master
	})
	r.run()
	if !r.attempt(a.ID).Convicted {
		t.Fatal("the cheat isn't convicted")
	}
	friend := r.verifier(fake.Behaviour{})
	r.wait(acquainted)
	r.Auditor.mu.Lock()
	r.due[friend.address()], r.due[first.address()] = true, true
	r.Auditor.mu.Unlock()
	r.pass()
	if len(first.take())+len(second.take()) != 0 {
		t.Error("somebody is asked about an attempt that it judged")
	}
	offers := friend.take()
	if len(offers) != 1 {
		t.Fatalf("%d offers", len(offers))
	}
	o := offers[0]
	if o.Job == "" || o.Package == "" || len(o.Tiles) == 0 || o.Deadline == 0 || !strings.HasPrefix(o.Audit, "v") {
		t.Errorf("the honeypot looks like %+v", o)
	}
	r.judge(friend, o, pixels)
	if n := r.node(friend.address()); n.Standing.Wrong != 1 || n.Standing.Barred == 0 {
		t.Errorf("the colluding verifier stands at %+v", n.Standing)
	}
	// An honest one passes its honeypot by failing the attempt.
	honest := r.verifier(fake.Behaviour{})
	r.wait(acquainted)
	r.Auditor.mu.Lock()
	r.due[honest.address()] = true
	r.Auditor.mu.Unlock()
	r.pass()
	for _, o := range honest.take() {
		r.judge(honest, o, nil)
	}
	if n := r.node(honest.address()); n.Standing.Wrong != 0 || n.Standing.Verdicts != 1 {
		t.Errorf("the honest verifier stands at %+v", n.Standing)
	}
	if got := r.attempt(a.ID); got.State != lifecycle.AttemptFailed {
		t.Errorf("the honeypot changed its attempt to %s", got.State)
	}
}

// TestACollusionIsLookedBackOn: a cheat that a colluding verifier passed is delivered; the
// next verifier that gets the attempt as a honeypot contradicts it, and a quorum takes it back.
func TestACollusionIsLookedBackOn(t *testing.T) {
	r := newRig(t)
	w, friend := r.worker(fake.Behaviour{Samples: 1}), r.verifier(fake.Behaviour{})
	j, tasks := r.job(2)
	pixels := make(map[string][]byte)
	a := r.render(w, tasks[0], func(frame int, final, master []byte) ([]byte, []byte) {
		pixels[lease.KindFinal+string(rune('0'+frame))], pixels[lease.KindMaster+string(rune('0'+frame))] = final, master
		return final, master
	})
	r.pass()
	for _, o := range friend.take() {
		r.judge(friend, o, pixels)
	}
	if s := r.state(j.ID); s.State != job.Delivered {
		t.Fatalf("the job is %s", s.State)
	}
	var honest []*party
	for range 3 {
		honest = append(honest, r.verifier(fake.Behaviour{}))
	}
	r.Auditor.mu.Lock()
	r.due[honest[0].address()] = true
	r.Auditor.mu.Unlock()
	r.run()
	if got := r.attempt(a.ID); got.State != lifecycle.AttemptFailed {
		t.Errorf("the cheat is %s", got.State)
	}
	s := r.state(j.ID)
	if s.State != job.Rendering || s.Counts.Pending != 2 || !r.did(j.ID, "look back") || !r.did(j.ID, "claim upheld") {
		t.Errorf("the job is %s, %+v: %+v", s.State, s.Counts, r.events(j.ID))
	}
	if s.Spent != spentOn(r, j.ID) {
		t.Errorf("the job spent %d, its ledger says %d", s.Spent, spentOn(r, j.ID))
	}
}

// spoilTile changes one tile of a frame's files.
func spoilTile(t *testing.T, final, master []byte) (badFinal, badMaster []byte) {
	t.Helper()
	f, err := raster.DecodePNG(final, raster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := raster.DecodeEXR(master, raster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, img := range []*raster.Raster{f, m} {
		for y := range 16 {
			for x := range 16 {
				for c := range 3 {
					img.Set(x, y, c, 1-img.At(x, y, c))
				}
			}
		}
	}
	var a, b bytes.Buffer
	if err := raster.EncodePNG(&a, f); err != nil {
		t.Fatal(err)
	}
	if err := raster.EncodeEXR(&b, m, true); err != nil {
		t.Fatal(err)
	}
	return a.Bytes(), b.Bytes()
}

// TestClaims: the same claim is dismissed for a good frame and upheld for one with a bad
// tile that an ordinary check may miss; the verifiers of either quorum are paid within the ceiling.
func TestClaims(t *testing.T) {
	for name, bad := range map[string]bool{"dismissed": false, "upheld": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			w := r.worker(fake.Behaviour{})
			for range 5 {
				r.verifier(fake.Behaviour{})
			}
			r.trust(w, 0.999)
			j, tasks := r.job(2)
			// Delivered without a check, as trust may do: the claim is what finds it.
			r.exempted(w, tasks[0], func(_ int, final, master []byte) ([]byte, []byte) {
				if bad {
					return spoilTile(t, final, master)
				}
				return final, master
			})
			if s := r.state(j.ID); s.State != job.Delivered {
				t.Fatalf("the job is %s", s.State)
			}
			before := r.state(j.ID).DeliveryPrice
			if _, err := r.Claim(context.Background(), wire.JobClaim{Job: j.ID, Frames: []int{2}, Reason: "a wrong corner"}); err != nil {
				t.Fatal(err)
			}
			if s := r.state(j.ID); s.State != job.Disputed || !slices.Equal(s.ClaimFrames, []int{2}) {
				t.Fatalf("the job is %s, claimed are %v", s.State, s.ClaimFrames)
			}
			for _, e := range r.events(j.ID) {
				if e.What == "claim" && !strings.Contains(e.Text, " 24 tiles ") { // every one of both frames
					t.Errorf("the claim: %s", e.Text)
				}
			}
			r.run()
			s := r.state(j.ID)
			if s.Spent != spentOn(r, j.ID) || s.Spent > s.Quote.Ceiling {
				t.Errorf("the job spent %d, its ledger says %d", s.Spent, spentOn(r, j.ID))
			}
			if bad {
				if s.State != job.Rendering || s.Counts.Pending != 2 || !r.did(j.ID, "claim upheld") || s.Spent != 3*4 {
					t.Errorf("the job is %s, %+v, spent %d: %+v", s.State, s.Counts, s.Spent, r.events(j.ID))
				}
				if n := r.node(w.address()); n.Standing.Trust != 0 {
					t.Errorf("the worker stands at %+v", n.Standing)
				}
				return
			}
			if s.State != job.Delivered || !r.did(j.ID, "claim refused") || s.Spent != before+3*4 || s.DeliveryPrice != s.Spent {
				t.Errorf("the job is %s, spent %d of %d: %+v", s.State, s.Spent, s.DeliveryPrice, r.events(j.ID))
			}
			if n := r.node(w.address()); n.Standing.Trust != 0.999 && n.Fails != 0 {
				t.Errorf("the worker stands at %+v", n.Standing)
			}
		})
	}
}

// TestClaimsEnd: an attempt isn't checked again without end.
func TestClaimsEnd(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{})
	r.verifier(fake.Behaviour{})
	j, tasks := r.job(2)
	r.render(w, tasks[0], nil)
	r.run()
	for range maxClaims {
		if _, err := r.Claim(context.Background(), wire.JobClaim{Job: j.ID, Frames: []int{1}, Reason: "I don't like it"}); err != nil {
			t.Fatal(err)
		}
		r.run()
	}
	_, err := r.Claim(context.Background(), wire.JobClaim{Job: j.ID, Frames: []int{1}, Reason: "I still don't like it"})
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != wire.CodeConflict {
		t.Errorf("one claim more: %v", err)
	}
	if s := r.state(j.ID); s.State != job.Delivered {
		t.Errorf("the job is %s", s.State)
	}
}

// TestVanishedFilesUpholdAtOnce: a claim on frames whose files are gone needs no verifier.
func TestVanishedFilesUpholdAtOnce(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{})
	v := r.verifier(fake.Behaviour{})
	j, tasks := r.job(2)
	a := r.render(w, tasks[0], nil)
	r.run()
	if err := r.options.Blobs.Delete(context.Background(), lease.FrameKey(j.ID, a.ID, a.Commit.Files[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Claim(context.Background(), wire.JobClaim{Job: j.ID, Frames: []int{1}, Reason: "it doesn't open"}); err != nil {
		t.Fatal(err)
	}
	r.pass()
	if s := r.state(j.ID); s.State != job.Rendering || len(v.take()) != 0 {
		t.Errorf("the job is %s", s.State)
	}
	if n := r.node(w.address()); n.Fails != 0 {
		t.Error("the worker is blamed for the store's loss")
	}
}

// TestCanaries: a job that only one verifier of the worker's class can check has others
// compared with it, and once they agree on enough tiles their verdicts count.
func TestCanaries(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{})
	v, other := r.verifier(fake.Behaviour{}), r.join(job.RoleVerifier, "cpu/other", fake.Behaviour{})
	_, tasks := r.job(12)
	for _, k := range tasks[:5] {
		r.render(w, k, nil)
	}
	r.run()
	var list []*store.Audit
	for _, k := range tasks[:5] {
		r.update(func(tx store.Tx) error {
			attempts, err := tx.Attempts(k.ID)
			if err != nil {
				return err
			}
			audits, err := tx.Audits(attempts[0].ID)
			list = append(list, audits...)
			return err
		})
	}
	canaries := 0
	for _, a := range list {
		if a.Kind == store.AuditCanary {
			canaries++
			if a.Verifier != other.address() {
				t.Errorf("a canary was given to %s", a.Class)
			}
		}
	}
	s := r.load(list[0].ID)
	if canaries == 0 || len(s.pairs) != 1 || !s.pairs[0].Separates {
		t.Fatalf("%d canaries give %+v", canaries, s.pairs)
	}
	// Now a cheat is convicted by the other class too.
	r.nodes.Left(v.ID())
	r.join(job.RoleVerifier, "cpu/other", fake.Behaviour{})
	cheat := r.worker(fake.Behaviour{Samples: 1})
	a := r.render(cheat, tasks[5], nil)
	r.run()
	if got := r.attempt(a.ID); got.State != lifecycle.AttemptFailed || !got.Convicted {
		t.Errorf("the cheat is %s: %s", got.State, got.Cause)
	}
}

// TestSilenceAfterTheReveal: a verifier that has seen the worker's side and says nothing more
// gets what nobody else can check, but nothing that others can.
func TestSilenceAfterTheReveal(t *testing.T) {
	r := newRig(t)
	w, silent := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	_, tasks := r.job(24)
	r.render(w, tasks[0], nil)
	r.pass()
	offers := silent.take()
	if len(offers) != 1 {
		t.Fatalf("%d offers", len(offers))
	}
	if _, err := r.Commit(context.Background(), silent.address(), wire.AuditCommit{Audit: offers[0].Audit, Samples: proof.Digest{1}}); err != nil {
		t.Fatal(err)
	}
	r.wait(2 * time.Minute) // its lease is over, and its rest after it
	if err := r.Expire(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.wait(time.Minute)
	r.pass()
	if len(silent.take()) != 1 {
		t.Error("alone it gets nothing more, so nothing is ever checked")
	}
	r.verifier(fake.Behaviour{})
	for _, k := range tasks[1:] {
		r.render(w, k, nil)
	}
	r.pass()
	if n := len(silent.take()); n != 0 {
		t.Errorf("it gets %d checks while another verifier is there", n)
	}
}
