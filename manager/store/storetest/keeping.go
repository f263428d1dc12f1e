package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// testAuditsAdopted: what a verifier holds goes with the manager that it is connected to.
func testAuditsAdopted(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 8)
	var ids, leases []string
	update(t, s, func(tx store.Tx) error {
		tasks, err := Fill(tx, j)
		if err != nil {
			return err
		}
		for i, manager := range []string{"alive", "dead", "", "waiting"} {
			a := Attempt(tasks[i], 1, "0xW")
			leases = append(leases, a.ID)
			v := &store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: a.Task, Job: j.ID, Ordinal: 1, State: lifecycle.AuditWaiting, Created: int64(i)}
			ids = append(ids, v.ID)
			if err := errors.Join(tx.AddAttempt(a), tx.AddAudit(v)); err != nil {
				return err
			}
			if manager == "waiting" {
				continue
			}
			if _, err := tx.MoveAudit(v.ID, []lifecycle.AuditState{lifecycle.AuditWaiting}, lifecycle.AuditHeld, func(v *store.Audit) {
				v.Manager, v.Verifier, v.Deadline = manager, "0xV", int64(i)
			}); err != nil {
				return err
			}
		}
		_, err = tx.MoveAudit(ids[1], []lifecycle.AuditState{lifecycle.AuditHeld}, lifecycle.AuditCommitted, func(v *store.Audit) { v.Samples = "s" })
		return errors.Join(err, tx.PutManager(store.Manager{ID: "alive", Seen: 100}), tx.PutManager(store.Manager{ID: "dead", Seen: 10}))
	})
	update(t, s, func(tx store.Tx) error {
		waiting, err := tx.WaitingAudits(5)
		if err == nil && (len(waiting) != 1 || waiting[0] != ids[3]) {
			t.Errorf("waiting %+v", waiting)
		}
		got, e := tx.AdoptAudits(50, "alive", 2)
		if e == nil && (len(got) != 2 || got[0].ID != ids[1] || got[0].Deadline != 2 || got[0].State != lifecycle.AuditCommitted || got[1].ID != ids[2] || got[1].Manager != "alive") {
			t.Errorf("adopted %+v", got)
		}
		return errors.Join(err, e)
	})
	update(t, s, func(tx store.Tx) error {
		got, err := tx.TakeAudits("0xV", append(ids, "vnone"), "m2")
		if err == nil && (len(got) != 3 || got[2].Manager != "m2") {
			t.Errorf("took %+v", got)
		}
		none, e := tx.TakeAudits("0xX", ids, "m3")
		if len(none) != 0 {
			t.Errorf("took somebody else's: %+v", none)
		}
		held, e2 := tx.TakeAttempts("0xW", leases[:2], "m2")
		if e2 == nil && (len(held) != 2 || held[1].Manager != "m2") {
			t.Errorf("took %+v", held)
		}
		none2, e3 := tx.TakeAttempts("0xX", leases, "m3")
		if len(none2) != 0 {
			t.Errorf("took somebody else's: %+v", none2)
		}
		return errors.Join(err, e, e2, e3)
	})
	view(t, s, func(tx store.Tx) error {
		v, err := tx.Audit(ids[2])
		if err == nil && v.Manager != "m2" {
			t.Errorf("the audit came back as %+v", v)
		}
		a, e := tx.Attempt(leases[2])
		if e == nil && a.Manager != "" {
			t.Errorf("a lease that wasn't named went along: %+v", a)
		}
		return errors.Join(err, e)
	})
}

// testAuditsInTurn: what is rushed comes first, then each owner's oldest, then each owner's second.
func testAuditsInTurn(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	var want []string
	update(t, s, func(tx store.Tx) error {
		at := make(map[string]string)
		for i, owner := range []string{"0xA", "0xB", "0xA", "0xC"} {
			j := Job(owner, string(rune('a'+i)), 6)
			tasks, err := Fill(tx, j)
			if err != nil {
				return err
			}
			if owner == "0xC" {
				if _, err := tx.EditJob(j.ID, func(j *store.Job) { j.Rush = 77 }); err != nil {
					return err
				}
			}
			for k, created := range [][]int64{{1, 2, 3}, {7, 8}, {4}, {9, 9}}[i] {
				a := Attempt(tasks[k], 1, "0xW")
				v := &store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: a.Task, Job: j.ID, Ordinal: 1, State: lifecycle.AuditWaiting, Created: created}
				at[string(rune('a'+i))+string(rune('0'+k))] = v.ID
				if err := errors.Join(tx.AddAttempt(a), tx.AddAudit(v)); err != nil {
					return err
				}
			}
		}
		if _, err := tx.MoveAudit(at["a0"], []lifecycle.AuditState{lifecycle.AuditWaiting}, lifecycle.AuditHeld, func(v *store.Audit) { v.Verifier = "0xV" }); err != nil {
			return err
		}
		want = []string{min(at["d0"], at["d1"]), max(at["d0"], at["d1"]), at["a1"], at["b0"], at["a2"], at["b1"]}
		return nil
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.WaitingTurns(6)
		for i, w := range got {
			if i >= len(want) || w.ID != want[i] || w.Job == "" || w.Created == 0 || (w.Owner == "0xC") != (w.Rush == 77) {
				t.Errorf("%d is %+v, want %v", i, w, want)
			}
		}
		if len(got) != 6 {
			t.Errorf("%d of 6 came back", len(got))
		}
		return err
	})
}

// testRetention: a package goes only while nothing needs it.
func testRetention(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 1)
	j.Package = "busy"
	update(t, s, func(tx store.Tx) error {
		for i, id := range []string{"idle", "busy", "half", "new"} {
			if err := errors.Join(tx.PutPackage(&store.Package{ID: id, Owner: "0xA", Size: 1, Digest: "x", Created: []int64{1, 2, 3, 90}[i]}), tx.AddChunks(id, []wire.Chunk{{ID: "c" + id}, {ID: "shared"}})); err != nil {
				return err
			}
			if id != "half" {
				if err := tx.FinishPackage(id, 5, 1); err != nil {
					return err
				}
			}
		}
		return tx.AddJob(j)
	})
	names := func(want ...string) {
		t.Helper()
		view(t, s, func(tx store.Tx) error {
			list, err := tx.IdlePackages(50, 10)
			var got []string
			for _, p := range list {
				got = append(got, p.ID)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("idle %v, want %v", got, want)
			}
			return err
		})
	}
	names("idle", "busy", "half") // a draft needs nothing
	update(t, s, func(tx store.Tx) (err error) {
		for _, step := range [][2]job.State{{job.Draft, job.Quoted}, {job.Quoted, job.Funded}, {job.Funded, job.Rendering}} {
			_, e := tx.MoveJob(j.ID, []job.State{step[0]}, step[1], nil)
			err = errors.Join(err, e)
		}
		return err
	})
	names("idle", "half")
	use := func(id string, at int64) error {
		return s.Update(context.Background(), func(tx store.Tx) error { return tx.UsePackage(id, at) })
	}
	drop := func(id string, before int64) error {
		return s.Update(context.Background(), func(tx store.Tx) error { return tx.DropPackage(id, before) })
	}
	if err := use("half", 60); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("using half a package: %v", err)
	}
	if err := use("idle", 60); err != nil {
		t.Fatal(err)
	}
	names("half")
	for _, id := range []string{"busy", "new", "idle", "none"} {
		if err := drop(id, 50); !errors.Is(err, store.ErrLost) {
			t.Errorf("dropping %s: %v", id, err)
		}
	}
	if err := errors.Join(drop("half", 50), drop("idle", 61)); err != nil {
		t.Fatal(err)
	}
	if err := use("idle", 70); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("using a package that was dropped: %v", err)
	}
	if err := s.Update(context.Background(), func(tx store.Tx) error { return tx.FinishPackage("half", 1, 1) }); !errors.Is(err, store.ErrLost) {
		t.Errorf("finishing what was dropped: %v", err)
	}
	names()
	view(t, s, func(tx store.Tx) error {
		used, err := tx.ChunksInUse("0xA", []string{"cidle", "cbusy", "shared", "cnone"})
		if err == nil && !reflect.DeepEqual(used, map[string]bool{"cbusy": true, "shared": true}) {
			t.Errorf("in use %v", used)
		}
		other, e := tx.ChunksInUse("0xB", []string{"cbusy", "shared"})
		if len(other) != 0 {
			t.Errorf("another owner's chunks: %v", other)
		}
		p, e2 := tx.Package("idle")
		if e2 == nil && (p.Ready || p.Used != 60) {
			t.Errorf("the record is %+v", p)
		}
		return errors.Join(err, e, e2)
	})
	// It comes again.
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutPackage(&store.Package{ID: "idle", Owner: "0xA", Size: 1, Digest: "x", Created: 95}), tx.FinishPackage("idle", 5, 1), tx.UsePackage("idle", 96))
	})
	if err := drop("idle", 80); !errors.Is(err, store.ErrLost) {
		t.Errorf("dropping what just came: %v", err)
	}
	// What isn't finished counts from when it was last begun.
	update(t, s, func(tx store.Tx) error { return tx.PutPackage(&store.Package{ID: "slow", Owner: "0xA", Created: 5}) })
	update(t, s, func(tx store.Tx) error { return tx.PutPackage(&store.Package{ID: "slow", Owner: "0xA", Created: 99}) })
	// A job that is over needs nothing.
	update(t, s, func(tx store.Tx) error {
		_, err := tx.MoveJob(j.ID, []job.State{job.Rendering}, job.Cancelled, nil)
		return err
	})
	names("busy")
}

func testTotals(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j, over := Job("0xA", "r", 8), Job("0xA", "s", 4)
	update(t, s, func(tx store.Tx) error {
		tasks, err := Fill(tx, j)
		if err != nil {
			return err
		}
		if _, err := Fill(tx, over); err != nil {
			return err
		}
		if _, err := tx.MoveTask(tasks[0].ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, nil); err != nil {
			return err
		}
		a := Attempt(tasks[0], 1, "0xW")
		if err := errors.Join(tx.AddAttempt(a), tx.AddAudit(&store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: a.Task, Job: j.ID, Ordinal: 1, State: lifecycle.AuditWaiting})); err != nil {
			return err
		}
		_, err = tx.EditJob(j.ID, func(j *store.Job) { j.Spent, j.Escrow = 5, 20 })
		e1 := verify(tx, over, []int{1})
		e2 := tx.AddEntry(store.Entry{Job: over.ID, Frame: 1, Role: job.RoleWorker, Node: "0xW", Amount: 3})
		_, e3 := tx.MoveJob(over.ID, []job.State{job.Rendering}, job.Cancelled, func(j *store.Job) { j.Spent = 3 })
		return errors.Join(err, e1, e2, e3)
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Totals()
		want := store.Totals{
			Jobs: map[job.State]int{job.Rendering: 1, job.Cancelled: 1}, Tasks: map[job.TaskState]int{job.TaskWaiting: 3, job.TaskLeased: 1},
			Audits: map[lifecycle.AuditState]int{lifecycle.AuditWaiting: 1}, Held: 1, Earned: 8, Settled: 3, Escrow: 20,
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("totals %+v, want %+v", got, want)
		}
		return err
	})
}
