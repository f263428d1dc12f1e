package audit

import (
	"context"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// TestPaceIsShared: how long checks take is what the store says, so that a manager that has seen none says what the one says that gave
// them; and it is read at most every few seconds, where somebody asks.
func TestPaceIsShared(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{})
	v := r.verifier(fake.Behaviour{})
	j, tasks := r.job(4)
	other := New(r.options)
	check := func(i int, took time.Duration) {
		t.Helper()
		r.render(w, tasks[i], nil)
		r.pass()
		r.wait(took)
		for _, o := range v.take() {
			r.judge(v, o, nil)
		}
	}
	want := func(u *Auditor, want time.Duration) {
		t.Helper()
		if err := u.repace(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := u.Pace(j.ID); got != want {
			t.Errorf("a check takes %s, not %s", got, want)
		}
	}
	check(0, 8*time.Second)
	want(r.Auditor, 0) // nobody has asked before
	for _, u := range []*Auditor{r.Auditor, other} {
		u.Pace(j.ID)
		want(u, 8*time.Second)
	}
	check(1, 4*time.Second)
	want(r.Auditor, 8*time.Second)
	r.wait(paceEvery)
	want(r.Auditor, 6*time.Second)
	want(other, 6*time.Second)
	r.update(func(tx store.Tx) error {
		passed, err := tx.PassedAudits(9)
		if len(passed) != 2 || passed[0].Job != j.ID || passed[0].Ended != r.clock().Add(-paceEvery).UnixMilli() {
			t.Errorf("the newest is %+v", passed)
		}
		return err
	})
}
