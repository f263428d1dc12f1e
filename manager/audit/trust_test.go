package audit

import (
	"bytes"
	"context"
	"image"
	pngenc "image/png"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// trust gives a worker a standing.
func (r *rig) trust(p *party, trust float64) {
	r.t.Helper()
	r.update(func(tx store.Tx) error {
		_, err := tx.PutNode(p.address(), func(n *store.Node) { n.Standing.Trust, n.Standing.At = trust, r.now.UnixMilli() })
		return err
	})
}

// TestNewcomersAreWhollyChecked, and every check passed counts.
func TestNewcomersAreWhollyChecked(t *testing.T) {
	r := newRig(t)
	w, _ := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	j, tasks := r.job(6)
	for _, k := range tasks {
		r.render(w, k, nil)
	}
	r.run()
	for _, f := range r.frames(j.ID) {
		if f.State != job.FrameDelivered || f.Verifier == managerAddress {
			t.Errorf("frame %d is %s, verified by %s", f.Number, f.State, f.Verifier)
		}
	}
	if n := r.node(w.address()); n.Passes != 3 || n.Standing.Trust <= 0 || n.Standing.Trust >= 0.5 {
		t.Errorf("the worker stands at %+v after %d passes", n.Standing, n.Passes)
	}
}

// TestTrustLetsThrough: of a trusted worker's attempts the draw exempts most, the decision
// is kept with its figures, and nobody is paid for a check that didn't happen.
func TestTrustLetsThrough(t *testing.T) {
	r := newRig(t)
	w, v := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	r.trust(w, 0.97)
	j, tasks := r.job(24)
	exempt := make(map[string]bool)
	for _, k := range tasks {
		a := r.render(w, k, nil)
		if proof.CheckDraw([32]byte(a.Key), a.Commit.Receipt.Root) >= trustPolicy.Rate(0.97, 0, 0) {
			exempt[a.ID] = true
		}
	}
	r.run()
	trusted := 0
	for _, f := range r.frames(j.ID) {
		if f.State != job.FrameDelivered || f.Verdict == "" {
			t.Fatalf("frame %d is %s: %s", f.Number, f.State, f.Verdict)
		}
		if f.Verifier != managerAddress {
			continue
		}
		trusted++
		if !exempt[f.Attempt] || !strings.HasPrefix(f.Verdict, "trusted: ") {
			t.Errorf("frame %d: %s", f.Number, f.Verdict)
		}
		list := r.audits(f.Attempt)
		if len(list) != 1 || list[0].State != lifecycle.AuditDropped || !strings.Contains(list[0].Cause, "not drawn: ") {
			t.Errorf("the decision on attempt %s is kept as %+v", f.Attempt, list[0])
		}
	}
	// The worker's trust grows between, so the draw may exempt one that it would not have.
	if trusted < 2*(len(exempt)-2) || trusted == 0 {
		t.Errorf("%d frames were let through, %d attempts were to be", trusted, len(exempt))
	}
	var verifiers job.Amount
	r.update(func(tx store.Tx) error {
		entries, err := tx.Entries(j.ID)
		for _, e := range entries {
			if e.Role == job.RoleVerifier {
				verifiers += e.Amount
				if e.Node != v.address() {
					t.Errorf("%s is paid for a check", e.Node)
				}
			}
		}
		return err
	})
	checked := job.Amount(24 - trusted)
	if s := r.state(j.ID); verifiers != checked*2 || s.Spent != 24*10+checked*2 {
		t.Errorf("verifiers earn %d, the job spent %d, with %d frames checked", verifiers, s.Spent, checked)
	}
}

// TestAManagerWithoutAnAddressChecksEverything, as does one whose worker has nothing to lose
// where work is paid.
func TestAManagerWithoutAnAddressChecksEverything(t *testing.T) {
	r := newRig(t)
	r.options.Address = ""
	w, _ := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	r.trust(w, 0.999)
	j, tasks := r.job(4)
	for _, k := range tasks {
		r.render(w, k, nil)
	}
	r.run()
	for _, f := range r.frames(j.ID) {
		if f.State != job.FrameDelivered || f.Verifier == "" || strings.HasPrefix(f.Verdict, "trusted") {
			t.Errorf("frame %d is %s: %s", f.Number, f.State, f.Verdict)
		}
	}
}

// exempted renders a task that the draw exempts, whatever it says.
func (r *rig) exempted(w *party, k *job.Task, spoil func(int, []byte, []byte) ([]byte, []byte)) *store.Attempt {
	r.t.Helper()
	a := r.render(w, k, spoil)
	if err := r.letThrough(context.Background(), r.load(r.audits(a.ID)[0].ID)); err != nil {
		r.t.Fatal(err)
	}
	return a
}

// TestTrustEndsWithTheFirstFail: a cheat that trust let through is looked back on once the
// worker is convicted, and its frames are rejected though they were delivered.
func TestTrustEndsWithTheFirstFail(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{Samples: 1})
	for range 2 {
		r.verifier(fake.Behaviour{})
	}
	r.trust(w, 0.999)
	j, tasks := r.job(8)
	a := r.exempted(w, tasks[0], nil)
	if f := r.frames(j.ID)[0]; f.State != job.FrameDelivered || f.Verifier != managerAddress {
		t.Fatalf("frame 1 is %s by %s: %s", f.State, f.Verifier, f.Verdict)
	}
	// The next one is checked: the draw can't be waited for, so trust goes and comes back.
	r.trust(w, 0)
	next := r.render(w, tasks[1], nil)
	r.trust(w, 0.999)
	r.seen[r.audits(next.ID)[0].ID] = "the test wants it checked"
	r.run()
	if got := r.attempt(next.ID); got.State != lifecycle.AttemptFailed || !got.Convicted {
		t.Fatalf("the cheat that was checked is %s", got.State)
	}
	if got := r.attempt(a.ID); got.State != lifecycle.AttemptFailed {
		t.Errorf("the cheat that trust let through is %s", got.State)
	}
	if !r.did(j.ID, "look back") {
		t.Errorf("the history doesn't tell: %+v", r.events(j.ID))
	}
	n := r.node(w.address())
	if n.Standing.Trust != 0 || n.Passes != 0 || n.Fails < 2 {
		t.Errorf("the worker stands at %+v, %d passes, %d fails", n.Standing, n.Passes, n.Fails)
	}
	if s := r.state(j.ID); s.Spent != spentOn(r, j.ID) {
		t.Errorf("the job spent %d, its ledger says %d", s.Spent, spentOn(r, j.ID))
	}
}

// TestAConvictionStands whatever is going on with the worker's other frames: an artist that is the cheat's friend can't make it
// unconvictable by having a frame of it checked as often as it may be, and a suspicion before doesn't hide what trust let through.
func TestAConvictionStands(t *testing.T) {
	for name, c := range map[string]struct {
		before   func(r *rig, w *party, a *store.Attempt)
		lookback bool
	}{
		"one of its frames was claimed as often as may be": {func(r *rig, _ *party, a *store.Attempt) {
			r.update(func(tx store.Tx) error {
				v := &store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: a.Task, Job: a.Job, Ordinal: 2, Claim: maxClaims, State: lifecycle.AuditWaiting}
				if err := tx.AddAudit(v); err != nil {
					return err
				}
				_, err := tx.MoveAudit(v.ID, []lifecycle.AuditState{lifecycle.AuditWaiting}, lifecycle.AuditDropped, nil)
				return err
			})
		}, false},
		"one of its frames is being checked again": {func(r *rig, _ *party, a *store.Attempt) {
			r.update(func(tx store.Tx) error {
				set, err := tx.FrameSet(a.Job, a.Frames)
				if err == nil {
					_, err = r.reopen(tx, set)
				}
				return err
			})
		}, false},
		"it was suspected before": {func(r *rig, w *party, _ *store.Attempt) {
			r.update(func(tx store.Tx) error {
				_, err := tx.PutNode(w.address(), func(n *store.Node) { failed(n, r.now) })
				return err
			})
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			w := r.worker(fake.Behaviour{Samples: 1})
			r.verifier(fake.Behaviour{})
			r.verifier(fake.Behaviour{})
			r.trust(w, 0.999)
			friend, tasks := r.job(4)
			a := r.exempted(w, tasks[0], nil)
			c.before(r, w, a)
			_, tasks = r.job(2)
			next := r.render(w, tasks[0], nil)
			id := r.audits(next.ID)[0].ID
			r.seen[id] = "the test wants it checked"
			r.run()
			if got := r.attempt(next.ID); got.State != lifecycle.AttemptFailed || !got.Convicted {
				t.Errorf("the cheat is %s, convicted %v: %s", got.State, got.Convicted, got.Cause)
			}
			if r.did(friend.ID, "look back") != c.lookback {
				t.Errorf("the history of the other job: %+v", r.events(friend.ID))
			}
		})
	}
}

// spentOn is what a job's ledger and fees sum up to.
func spentOn(r *rig, jobID string) (sum job.Amount) {
	r.t.Helper()
	r.update(func(tx store.Tx) error {
		entries, err := tx.Entries(jobID)
		if err != nil {
			return err
		}
		for _, e := range entries {
			sum += e.Amount
		}
		fees, err := tx.Fees(jobID)
		for _, f := range fees {
			sum += f.Amount
		}
		return err
	})
	return sum
}

// black is a frame's files with every pixel black.
func black(t *testing.T, final, master []byte) (blackFinal, blackMaster []byte) {
	t.Helper()
	png := image.NewNRGBA(image.Rect(0, 0, 64, 36))
	for i := 3; i < len(png.Pix); i += 4 {
		png.Pix[i] = 255
	}
	var f, m bytes.Buffer
	if err := pngenc.Encode(&f, png); err != nil {
		t.Fatal(err)
	}
	img, err := raster.DecodeEXR(master, raster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for y := range img.H {
		for x := range img.W {
			for c := range len(img.Channels) {
				img.Set(x, y, c, 0)
			}
		}
	}
	if err := raster.EncodeEXR(&m, img, true); err != nil {
		t.Fatal(err)
	}
	return f.Bytes(), m.Bytes()
}

// TestGarbageIsNeverTrusted: what looks like garbage goes to a verifier whatever the trust.
func TestGarbageIsNeverTrusted(t *testing.T) {
	r := newRig(t)
	w, v := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	r.trust(w, 0.999)
	_, tasks := r.job(8)
	a := r.exempted(w, tasks[0], func(_ int, final, master []byte) ([]byte, []byte) { return black(t, final, master) })
	r.pass()
	if len(v.take()) != 1 {
		t.Fatalf("a black frame wasn't given to a verifier: %+v", r.audits(a.ID))
	}
}

// TestCopiesAreRefused: an image that was delivered before is checked whatever the trust, and a copy is
// convicted by who renders it under its own seed; so nobody sells another's frames.
func TestCopiesAreRefused(t *testing.T) {
	r := newRig(t)
	honest, thief := r.worker(fake.Behaviour{}), r.worker(fake.Behaviour{})
	r.verifier(fake.Behaviour{})
	r.verifier(fake.Behaviour{})
	_, tasks := r.job(2)
	stolen := make(map[int][2][]byte)
	r.render(honest, tasks[0], func(frame int, final, master []byte) ([]byte, []byte) {
		stolen[frame] = [2][]byte{final, master}
		return final, master
	})
	r.run()
	r.trust(thief, 0.999)
	j, tasks := r.job(2)
	a := r.exempted(thief, tasks[0], func(frame int, _, _ []byte) ([]byte, []byte) { return stolen[frame][0], stolen[frame][1] })
	if got := r.attempt(a.ID); got.State != lifecycle.AttemptCommitted || r.state(j.ID).Counts.Delivered != 0 {
		t.Fatalf("the manager decides alone: %s: %s", got.State, got.Cause)
	}
	if r.run(); len(r.audits(a.ID)) != 2 {
		t.Errorf("there were %d audits, a fail has a second opinion", len(r.audits(a.ID)))
	}
	got := r.attempt(a.ID)
	if got.State != lifecycle.AttemptFailed || !got.Convicted {
		t.Errorf("the copy is %s: %s", got.State, got.Cause)
	}
	if n := r.node(thief.address()); n.Fails != 1 {
		t.Errorf("the thief has %d fails", n.Fails)
	}
	if n := r.node(honest.address()); n.Fails != 0 {
		t.Errorf("who was stolen from has %d fails", n.Fails)
	}
	if s := r.state(j.ID); s.Counts.Pending != 2 {
		t.Errorf("the job has %+v", s.Counts)
	}
}

// TestEqualImagesAreNoCrime: where the seed has no say, two honest renders of a scene are one image.
func TestEqualImagesAreNoCrime(t *testing.T) {
	r := newRig(t)
	first, second := r.worker(fake.Behaviour{Even: true}), r.worker(fake.Behaviour{Even: true})
	r.verifier(fake.Behaviour{Even: true})
	for _, w := range []*party{first, second} {
		j, tasks := r.job(2)
		a := r.render(w, tasks[0], nil)
		r.run()
		if got := r.attempt(a.ID); got.Convicted || r.state(j.ID).Counts.Delivered != 2 {
			t.Errorf("an honest image is %s: %s", got.State, got.Cause)
		}
	}
}
