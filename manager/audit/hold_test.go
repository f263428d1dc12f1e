package audit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestMemoryIsNotBelieved: an audit that went to another verifier behind this manager's back, as
// another manager would give it, is neither bound to the first one's pixels nor shown to it.
func TestMemoryIsNotBelieved(t *testing.T) {
	r := newRig(t)
	w, first := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	_, tasks := r.job(1)
	a := r.render(w, tasks[0], nil)
	r.pass()
	offers := first.take()
	if len(offers) != 1 {
		t.Fatalf("%d audits are offered", len(offers))
	}
	id := offers[0].Audit
	other := "0x00000000000000000000000000000000000000Bb"
	r.update(func(tx store.Tx) error {
		if _, err := tx.MoveAudit(id, []lifecycle.AuditState{lifecycle.AuditHeld}, lifecycle.AuditWaiting, nil); err != nil {
			return err
		}
		_, err := tx.MoveAudit(id, []lifecycle.AuditState{lifecycle.AuditWaiting}, lifecycle.AuditHeld, func(v *store.Audit) { v.Verifier = other })
		return err
	})
	if r.inHand(id, first.address(), lifecycle.AuditHeld) == nil {
		t.Fatal("the audit isn't in memory, so this tests nothing")
	}
	_, err := r.Commit(context.Background(), first.address(), wire.AuditCommit{Audit: id, Samples: proof.Digest{1}})
	var refused *wire.Error
	if !errors.As(err, &refused) || refused.Code != wire.CodeUnauthorised {
		t.Errorf("its pixels are answered with %v", err)
	}
	if v := r.audits(a.ID)[0]; v.State != lifecycle.AuditHeld || v.Samples != "" || v.Verifier != other {
		t.Errorf("the audit is %s, of %s, bound to %q", v.State, v.Verifier, v.Samples)
	}
}

// TestWhatIsInHandIsNotReadAgain: between its offer and its verdict an audit is known, and forgotten after it.
func TestWhatIsInHandIsNotReadAgain(t *testing.T) {
	r := newRig(t)
	w, v := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	j, tasks := r.job(1)
	r.render(w, tasks[0], nil)
	r.pass()
	o := v.take()[0]
	if s := r.inHand(o.Audit, v.address(), lifecycle.AuditHeld); s == nil || s.job.ID != j.ID {
		t.Error("an audit that was just given isn't known")
	}
	if r.inHand(o.Audit, w.address(), lifecycle.AuditHeld) != nil {
		t.Error("it is known as another node's")
	}
	r.relearn(j.ID)
	if r.inHand(o.Audit, v.address(), lifecycle.AuditHeld) != nil {
		t.Error("it is known though its job's class pairs changed")
	}
	r.judge(v, o, nil)
	if r.inHand(o.Audit, v.address(), lifecycle.AuditCommitted) != nil {
		t.Error("it is known after its verdict")
	}
	if got := r.state(j.ID).State; got != job.Delivered {
		t.Errorf("the job is %s", got)
	}
}

// refusing is a store that takes no writes for a while.
type refusing struct {
	store.Store
	full bool
}

func (f *refusing) Update(ctx context.Context, fn func(store.Tx) error) error {
	if f.full {
		return errors.New("the disk is full")
	}
	return f.Store.Update(ctx, fn)
}

// TestAnAuditEndsAfterAll: one that couldn't be taken from a silent verifier while the disk was full goes to another later.
// Nothing but memory ends audits, and it had forgotten this one.
func TestAnAuditEndsAfterAll(t *testing.T) {
	r := newRig(t)
	w, v := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	disk := &refusing{Store: r.db}
	r.options.Store = disk
	j, tasks := r.job(2)
	r.render(w, tasks[0], nil)
	r.pass()
	v.take() // and says nothing
	r.wait(2 * time.Minute)
	disk.full = true
	if err := r.Expire(t.Context()); err == nil {
		t.Fatal("it ended on a full disk")
	}
	disk.full = false
	if err := r.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.verifier(fake.Behaviour{})
	r.run()
	if s := r.state(j.ID); s.State != job.Delivered {
		t.Errorf("the job is %s: %+v", s.State, s.Counts)
	}
}
