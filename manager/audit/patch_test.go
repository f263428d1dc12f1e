package audit

import (
	"errors"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// patched is a worker or verifier with another patch release.
func (r *rig) patched(role job.Role, version string, cheat fake.Behaviour) *party {
	r.t.Helper()
	p := r.join(role, "cpu/fake", cheat)
	r.nodes.Left(p.ID())
	p.version = version
	r.nodes.Ready(announcement(p, role))
	return p
}

func anyPatch(r *job.Recipe) { r.AnyPatch = true }

// TestAnyPatchAsksForTheSameRelease: where a verifier has the worker's release it is asked, and told
// to use it.
func TestAnyPatchAsksForTheSameRelease(t *testing.T) {
	r := newRig(t)
	w := r.patched(job.RoleWorker, "1.0.1", fake.Behaviour{})
	for range 3 {
		r.verifier(fake.Behaviour{})
	}
	v := r.patched(job.RoleVerifier, "1.0.1", fake.Behaviour{})
	_, tasks := r.jobOf(2, anyPatch)
	a := r.render(w, tasks[0], nil)
	if got := a.Commit.Receipt.Version; got != "1.0.1" {
		t.Fatalf("the receipt names %s", got)
	}
	r.pass()
	if len(v.audits) != 1 || v.audits[0].Version != "1.0.1" {
		t.Fatalf("the verifier with the worker's release was offered %+v", v.audits)
	}
	r.run()
	if got := r.attempt(a.ID); got.State != lifecycle.AttemptPassed {
		t.Errorf("%s: %s", got.State, got.Cause)
	}
}

// TestAnyPatchNeverConvictsAcrossReleases: another release passes what is the same, and decides
// nothing about what isn't.
func TestAnyPatchNeverConvictsAcrossReleases(t *testing.T) {
	r := newRig(t)
	w, differs := r.patched(job.RoleWorker, "1.0.1", fake.Behaviour{}), r.patched(job.RoleWorker, "1.0.1", fake.Behaviour{Samples: 1})
	for range 3 {
		r.verifier(fake.Behaviour{})
	}
	_, tasks := r.jobOf(4, anyPatch)
	good, other := r.render(w, tasks[0], nil), r.render(differs, tasks[1], nil)
	r.run()
	if got := r.attempt(good.ID); got.State != lifecycle.AttemptPassed {
		t.Errorf("the same pixels: %s: %s", got.State, got.Cause)
	}
	r.update(func(tx store.Tx) error {
		audits, err := tx.Audits(good.ID)
		if err == nil && (len(audits) != 1 || audits[0].Class != "cpu/fake 1.0.0") {
			t.Errorf("judged by %+v", audits)
		}
		return err
	})
	if got := r.attempt(other.ID); got.State != lifecycle.AttemptFailed || got.Convicted || !strings.Contains(got.Cause, "different device classes") {
		t.Errorf("other pixels: %s, convicted %v: %s", got.State, got.Convicted, got.Cause)
	}
	r.update(func(tx store.Tx) error {
		n, err := tx.Node(differs.address())
		if errors.Is(err, store.ErrNotFound) {
			return nil // nothing is known of it
		}
		if err == nil && n.Fails != 0 {
			t.Errorf("another release counts as %d fails", n.Fails)
		}
		return err
	})
}

// TestAnyPatchCalibratesReleases: canaries show that two releases agree on the job, and then a cheat
// is convicted by either.
func TestAnyPatchCalibratesReleases(t *testing.T) {
	r := newRig(t)
	w := r.patched(job.RoleWorker, "1.0.1", fake.Behaviour{})
	v := r.patched(job.RoleVerifier, "1.0.1", fake.Behaviour{})
	r.verifier(fake.Behaviour{})
	j, tasks := r.jobOf(12, anyPatch)
	for _, k := range tasks[:5] {
		r.render(w, k, nil)
	}
	r.run()
	var pair string
	r.update(func(tx store.Tx) error {
		found, err := pairs(tx, j.ID)
		for _, p := range found {
			if p.Separates {
				pair = p.A + ", " + p.B
			}
		}
		return err
	})
	if pair != "cpu/fake 1.0.0, cpu/fake 1.0.1" {
		t.Fatalf("the canaries give %q", pair)
	}
	r.nodes.Left(v.ID())
	r.verifier(fake.Behaviour{})
	cheat := r.patched(job.RoleWorker, "1.0.1", fake.Behaviour{Samples: 1})
	a := r.render(cheat, tasks[5], nil)
	r.run()
	if got := r.attempt(a.ID); got.State != lifecycle.AttemptFailed || !got.Convicted {
		t.Errorf("the cheat is %s: %s", got.State, got.Cause)
	}
}
