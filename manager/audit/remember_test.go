package audit

import (
	"fmt"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// TestProbesOutliveTheManager: a verifier that owes a honeypot gets it from the process that
// comes after the one that drew it, about an attempt that the first one learnt.
func TestProbesOutliveTheManager(t *testing.T) {
	r := newRig(t)
	w, early := r.worker(fake.Behaviour{Samples: 1}), []*party{r.verifier(fake.Behaviour{}), r.verifier(fake.Behaviour{})}
	_, tasks := r.job(2)
	a := r.render(w, tasks[0], nil)
	r.run()
	if !r.attempt(a.ID).Convicted {
		t.Fatal("the cheat isn't convicted")
	}
	for _, p := range early {
		r.nodes.Left(p.ID())
	}
	// The verifier of the next audit owes a honeypot from now on.
	r.chance = func(_ []byte, what, _ string, _ int) bool { return what == "honeypot-draw" }
	late := r.verifier(fake.Behaviour{})
	honest := r.worker(fake.Behaviour{})
	_, tasks = r.job(2)
	r.render(honest, tasks[0], nil)
	r.pass()
	if !r.node(late.address()).Standing.Owes {
		t.Fatal("the honeypot isn't owed durably")
	}
	r.restart()
	if len(r.due) != 0 || len(r.known) != 1 || !r.known[0].Bad {
		t.Fatalf("the new process owes %v and knows %+v", r.due, r.known)
	}
	for _, o := range late.take() {
		r.judge(late, o, nil)
	}
	// Whatever makes it look at its verifiers.
	r.chance = func([]byte, string, string, int) bool { return false }
	_, tasks = r.job(2)
	r.render(honest, tasks[0], nil)
	r.pass()
	var probe *store.Audit
	for _, v := range r.audits(a.ID) {
		if v.Kind == store.AuditHoneypot {
			probe = v
		}
	}
	if probe == nil || probe.Verifier != late.address() {
		t.Fatalf("the honeypot is %+v", probe)
	}
	if r.node(late.address()).Standing.Owes {
		t.Error("it owes another one")
	}
	// A third process doesn't give it again.
	r.restart()
	r.wait(acquainted)
	_, tasks = r.job(2)
	r.render(honest, tasks[0], nil)
	r.pass()
	count := 0
	for _, v := range r.audits(a.ID) {
		if v.Kind == store.AuditHoneypot {
			count++
		}
	}
	if count != 1 {
		t.Errorf("it is given %d times", count)
	}
}

// TestDrawsArePRF: asked again they are the same, another secret gives others, and about one in n is
// drawn.
func TestDrawsArePRF(t *testing.T) {
	r := newRig(t)
	var key []byte
	for range 2 {
		r.update(func(tx store.Tx) (err error) {
			again, err := secret(tx)
			if key != nil && string(again) != string(key) {
				t.Error("the secret changes")
			}
			key = again
			return err
		})
	}
	hits, same := 0, 0
	for i := range 20000 {
		audit := fmt.Sprint("v", i)
		a, b := probeDraw(key, "honeypot-draw", audit, 20), probeDraw([]byte("another"), "honeypot-draw", audit, 20)
		if a {
			hits++
		}
		if a && b {
			same++
		}
	}
	if hits < 800 || hits > 1200 || same > 120 {
		t.Errorf("%d of 20000 drawn at one in 20, %d of them under another secret too", hits, same)
	}
}
