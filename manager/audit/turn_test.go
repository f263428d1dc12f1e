package audit

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// narrow leaves a verifier room for one audit.
func (r *rig) narrow(p *party) {
	a := announcement(p, job.RoleVerifier)
	a.Free, a.Capabilities.Slots = 1, 1
	r.nodes.Ready(a)
}

// TestAuditsInTurn: one artist's many audits don't hold up another's few, and what an operator rushes goes before all.
func TestAuditsInTurn(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{})
	order := make(map[string]string) // by audit
	queue := func(owner, name string, n int) *store.Job {
		j := storetest.Job(owner, store.NewID("r"), 2*n)
		j.Quote.Ceiling, j.Recipe.Version = 1000, fake.Version
		var tasks []*job.Task
		r.update(func(tx store.Tx) (err error) { tasks, err = storetest.Fill(tx, j); return err })
		for _, k := range tasks {
			order[r.audits(r.render(w, k, nil).ID)[0].ID] = name
			r.wait(1)
		}
		return j
	}
	queue("0xA", "a", 5)
	queue("0xB", "b", 2)
	late := queue("0xC", "c", 1)
	v := r.verifier(fake.Behaviour{})
	r.narrow(v)
	var got []string
	next := func() {
		t.Helper()
		r.pass()
		for _, o := range v.take() {
			got = append(got, order[o.Audit])
			r.judge(v, o, nil)
			r.narrow(v)
		}
	}
	next()
	r.update(func(tx store.Tx) error {
		_, err := tx.EditJob(late.ID, func(j *store.Job) { j.Rush = 1 })
		return err
	})
	for range 7 {
		next()
	}
	if want := []string{"a", "c", "b", "a", "b", "a", "a", "a"}; !slices.Equal(got, want) {
		t.Errorf("the audits were given in the order %v, not %v", got, want)
	}
}

// TestManyAuditsInTurn: what comes behind more audits than a pass looks at has its turn too, and whose are with verifiers already waits.
func TestManyAuditsInTurn(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{})
	first, tasks := r.job(2)
	a := r.render(w, tasks[0], nil)
	owners := map[string]string{}
	r.update(func(tx store.Tx) error {
		clear(owners)
		add := func(owner string, n int, at int64, rush int64) error {
			j := storetest.Job(owner, store.NewID("r"), 2*n)
			tasks, err := storetest.Fill(tx, j)
			if err != nil {
				return err
			}
			if _, err := tx.EditJob(j.ID, func(j *store.Job) { j.Rush = rush }); err != nil {
				return err
			}
			for i, k := range tasks {
				// Committed as the first is; only the order matters here.
				c := storetest.Attempt(k, 1, w.address())
				v := &store.Audit{ID: store.NewID("v"), Attempt: c.ID, Task: k.ID, Job: j.ID, Ordinal: 1, State: lifecycle.AuditWaiting, Created: at + int64(i)}
				_, leased := tx.MoveTask(k.ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, nil)
				added := tx.AddAttempt(c)
				_, moved := tx.MoveAttempt(c.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptCommitted, func(c *store.Attempt) { c.Commit = a.Commit })
				_, committed := tx.MoveTask(k.ID, []job.TaskState{job.TaskLeased}, job.TaskCommitted, nil)
				if err := errors.Join(leased, added, moved, committed, tx.AddAudit(v)); err != nil {
					return err
				}
				owners[v.ID] = owner
			}
			return nil
		}
		for _, q := range []struct {
			owner    string
			n        int
			at, rush int64
		}{{"0xB", freshWindow + 50, 1, 0}, {"0xC", 3, 1e6, 0}, {"0xD", 3, 2e6, 0}, {"0xE", 2, 3e6, 9}} {
			if err := add(q.owner, q.n, q.at, q.rush); err != nil {
				return err
			}
		}
		return nil
	})
	r.held["v-elsewhere"] = &hold{owner: "0xC"}
	list, full, err := r.waiting(context.Background(), 4, func(*store.Audit) bool { return true })
	if err != nil || !full {
		t.Fatalf("full %v, %v", full, err)
	}
	var got []string
	for _, s := range list[:8] {
		if s.job.ID == first.ID {
			continue
		}
		got = append(got, owners[s.audit.ID])
	}
	if want := []string{"0xE", "0xE", "0xB", "0xD", "0xB", "0xC", "0xD"}; !slices.Equal(got, want) {
		t.Errorf("they wait in the order %v, not %v", got, want)
	}
	delete(r.held, "v-elsewhere")
}
