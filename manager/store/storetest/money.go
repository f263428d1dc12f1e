package storetest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func testPaidOnce(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 4)
	update(t, s, func(tx store.Tx) error {
		if _, err := Fill(tx, j); err != nil {
			return err
		}
		return verify(tx, j, []int{1, 2})
	})
	pay := func(frame int, role job.Role, node string) error {
		return s.Update(context.Background(), func(tx store.Tx) error {
			return tx.AddEntry(store.Entry{Job: j.ID, Frame: frame, Role: role, Node: node, Amount: 10})
		})
	}
	if err := pay(1, job.RoleWorker, "0xW"); err != nil {
		t.Fatal(err)
	}
	if err := pay(1, job.RoleWorker, "0xX"); !errors.Is(err, store.ErrExists) {
		t.Errorf("paying a frame twice: %v", err)
	}
	if err := pay(3, job.RoleWorker, "0xW"); err == nil {
		t.Error("an unverified frame was paid")
	}
	if err := errors.Join(pay(1, job.RoleVerifier, "0xV"), pay(2, job.RoleWorker, "0xW")); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx store.Tx) error {
		sum, err := tx.VoidEntries(j.ID, []int{2, 4}, "claim")
		if sum != 10 {
			t.Errorf("voided %d", sum)
		}
		return err
	})
	if err := s.Update(context.Background(), func(tx store.Tx) error { return tx.SettleEntries(j.ID) }); !errors.Is(err, store.ErrIllegal) {
		t.Errorf("entries of a job that goes on were settled: %v", err)
	}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.MoveJob(j.ID, []job.State{job.Rendering}, job.Cancelled, nil)
		return errors.Join(err, tx.SettleEntries(j.ID))
	})
	if err := s.Update(context.Background(), func(tx store.Tx) error { _, err := tx.VoidEntries(j.ID, []int{1}, "late"); return err }); err == nil {
		t.Error("a settled entry was voided")
	}
	if err := s.Update(context.Background(), func(tx store.Tx) error {
		_, err := tx.EditJob(j.ID, func(j *store.Job) { j.Spent = j.Quote.Ceiling + 1 })
		return err
	}); err == nil {
		t.Error("more than the ceiling was spent")
	}
	view(t, s, func(tx store.Tx) error {
		earned, err := tx.Earned(true)
		want := []store.Earning{{Node: "0xV", Role: job.RoleVerifier, Amount: 10}, {Node: "0xW", Role: job.RoleWorker, Amount: 10}}
		if !reflect.DeepEqual(earned, want) {
			t.Errorf("earned %+v", earned)
		}
		return err
	})
}

// testEarned: whatever happens to a job's entries before and after it is over, the sums are those of the entries.
func testEarned(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 6)
	update(t, s, func(tx store.Tx) error {
		if _, err := Fill(tx, j); err != nil {
			return err
		}
		return verify(tx, j, []int{1, 2, 3, 4})
	})
	entry := func(frame int, node string, amount job.Amount) func(tx store.Tx) error {
		return func(tx store.Tx) error {
			return tx.AddEntry(store.Entry{Job: j.ID, Frame: frame, Role: job.RoleWorker, Node: node, Amount: amount})
		}
	}
	void := func(frame int) func(tx store.Tx) error {
		return func(tx store.Tx) error { _, err := tx.VoidEntries(j.ID, []int{frame}, "claim"); return err }
	}
	check := func(when string, settled, owed map[string]job.Amount) {
		t.Helper()
		for settledOnly, want := range map[bool]map[string]job.Amount{true: settled, false: owed} {
			view(t, s, func(tx store.Tx) error {
				earned, err := tx.Earned(settledOnly)
				got := make(map[string]job.Amount)
				for _, e := range earned {
					got[e.Node] += e.Amount
				}
				if err == nil && !reflect.DeepEqual(got, want) {
					t.Errorf("%s, settled only %v: %v, want %v", when, settledOnly, got, want)
				}
				problems, e := tx.(*rows.Tx).Check()
				for _, p := range problems {
					if strings.Contains(p.Rule, "what a node has earned") {
						t.Errorf("%s: %v", when, p)
					}
				}
				return errors.Join(err, e)
			})
		}
	}
	none := map[string]job.Amount{}
	for _, step := range []func(store.Tx) error{entry(1, "0xW", 10), entry(2, "0xX", 7), entry(3, "0xX", 0)} {
		update(t, s, step)
	}
	check("while it goes on", none, map[string]job.Amount{"0xW": 10, "0xX": 7})
	update(t, s, func(tx store.Tx) error {
		_, err := tx.MoveJob(j.ID, []job.State{job.Rendering}, job.Cancelled, nil)
		return err
	})
	check("over", none, map[string]job.Amount{"0xW": 10, "0xX": 7})
	update(t, s, entry(4, "0xW", 5))
	check("and paid since", none, map[string]job.Amount{"0xW": 15, "0xX": 7})
	update(t, s, void(2))
	check("a frame voided", none, map[string]job.Amount{"0xW": 15, "0xX": 0})
	update(t, s, void(3))
	check("and the last of its node", none, map[string]job.Amount{"0xW": 15})
	settle := func(tx store.Tx) error { return tx.SettleEntries(j.ID) }
	update(t, s, settle)
	check("settled", map[string]job.Amount{"0xW": 15}, map[string]job.Amount{"0xW": 15})
	update(t, s, settle)
	check("and again", map[string]job.Amount{"0xW": 15}, map[string]job.Amount{"0xW": 15})
	fails := s.Update(context.Background(), func(tx store.Tx) error { return errors.Join(entry(2, "0xX", 9)(tx), errors.New("never mind")) })
	if fails == nil {
		t.Error("it went on")
	}
	check("undone", map[string]job.Amount{"0xW": 15}, map[string]job.Amount{"0xW": 15})
}

// testFees: a verdict against an attempt earns once, and only when it was confirmed.
func testFees(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 4)
	held := []lifecycle.AttemptState{lifecycle.AttemptHeld}
	made := make(map[bool]store.Fee) // by whether the attempt's rejection was confirmed
	update(t, s, func(tx store.Tx) error {
		tasks, err := Fill(tx, j)
		if err != nil {
			return err
		}
		for i, convicted := range []bool{false, true} {
			a := Attempt(tasks[i], 1, "0xW")
			if err := tx.AddAttempt(a); err != nil {
				return err
			}
			verifiers := []string{"0xV"}
			if convicted {
				verifiers = []string{"0xU", "0xV"}
			}
			for n, verifier := range verifiers {
				v := &store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: a.Task, Job: j.ID, Ordinal: n + 1, State: lifecycle.AuditWaiting}
				if err := tx.AddAudit(v); err != nil {
					return err
				}
				for _, step := range [][2]lifecycle.AuditState{{lifecycle.AuditWaiting, lifecycle.AuditHeld}, {lifecycle.AuditHeld, lifecycle.AuditCommitted}, {lifecycle.AuditCommitted, lifecycle.AuditRejected}} {
					if _, err := tx.MoveAudit(v.ID, []lifecycle.AuditState{step[0]}, step[1], func(v *store.Audit) {
						v.Verifier, v.Samples, v.Verdict = verifier, "s", &wire.AuditVerdict{}
					}); err != nil {
						return err
					}
				}
				made[convicted] = store.Fee{Job: j.ID, Frame: a.Frames[0], Attempt: a.ID, Node: "0xV", Audit: v.ID, Amount: 2, Time: 9}
			}
			if _, err := tx.MoveAttempt(a.ID, held, lifecycle.AttemptFailed, func(a *store.Attempt) {
				a.Kind, a.Convicted, a.Ended = job.FailVerdict, convicted, int64(70+i)
			}); err != nil {
				return err
			}
		}
		a := Attempt(tasks[0], 2, "0xP")
		if err := tx.AddAttempt(a); err != nil {
			return err
		}
		if _, err := tx.MoveAttempt(a.ID, held, lifecycle.AttemptCommitted, func(a *store.Attempt) { a.Commit = &wire.TaskCommit{Lease: a.ID} }); err != nil {
			return err
		}
		_, err = tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptCommitted}, lifecycle.AttemptPassed, func(a *store.Attempt) { a.Ended = 90 })
		return err
	})
	add := func(f store.Fee) error {
		return s.Update(context.Background(), func(tx store.Tx) error { return tx.AddFee(f) })
	}
	if err := add(made[false]); !errors.Is(err, store.ErrIllegal) {
		t.Errorf("a fee for a lone verdict: %v", err)
	}
	stranger := made[true]
	stranger.Node = "0xX"
	if err := add(stranger); !errors.Is(err, store.ErrIllegal) {
		t.Errorf("a fee for somebody else's verdict: %v", err)
	}
	if err := add(made[true]); err != nil {
		t.Fatal(err)
	}
	if err := add(made[true]); !errors.Is(err, store.ErrExists) {
		t.Errorf("the same fee again: %v", err)
	}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.MoveJob(j.ID, []job.State{job.Rendering}, job.Cancelled, nil)
		return errors.Join(err, tx.SettleEntries(j.ID))
	})
	view(t, s, func(tx store.Tx) error {
		fees, err := tx.Fees(j.ID)
		want := made[true]
		want.Settled = true
		if err == nil && !reflect.DeepEqual(fees, []store.Fee{want}) {
			t.Errorf("fees %+v", fees)
		}
		earned, e := tx.Earned(true)
		if e == nil && !reflect.DeepEqual(earned, []store.Earning{{Node: "0xV", Role: job.RoleVerifier, Amount: 2}}) {
			t.Errorf("earned %+v", earned)
		}
		failures, e2 := tx.JobFailures(j.ID)
		if e2 == nil && (len(failures) != 2 || failures[0].Convicted == failures[1].Convicted || failures[0].Ended+failures[1].Ended != 141) {
			t.Errorf("failures %+v", failures)
		}
		passes, e3 := tx.LastPasses(j.ID)
		if e3 == nil && !reflect.DeepEqual(passes, map[string]int64{"0xP": 90}) {
			t.Errorf("passes %v", passes)
		}
		return errors.Join(err, e, e2, e3)
	})
}

func testEpochs(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	update(t, s, func(tx store.Tx) error {
		if _, err := tx.LastEpoch(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("before the first epoch: %v", err)
		}
		return errors.Join(
			tx.AddEpoch(&store.Epoch{Number: 1, Root: "0xr", Total: 5, Leaves: []store.Leaf{{Node: "0xW", Cumulative: 5}}}), tx.PostEpoch(1, "0xt"),
			tx.AddEpoch(&store.Epoch{Number: 2, Root: "0xs", Total: 6}),
			tx.PutWithdrawal(store.Withdrawal{Node: "0xW", Claimed: 5, Tx: "0xc"}), tx.PutWithdrawal(store.Withdrawal{Node: "0xW", Claimed: 4, Tx: "0xold"}))
	})
	view(t, s, func(tx store.Tx) error {
		last, err := tx.LastEpoch()
		if err != nil {
			return err
		}
		posted, err := tx.PostedEpoch()
		if err != nil {
			return err
		}
		if last.Number != 2 || posted.Number != 1 || posted.Tx != "0xt" || len(posted.Leaves) != 1 {
			t.Errorf("last %+v, posted %+v", last, posted)
		}
		w, err := tx.Withdrawal("0xW")
		if w.Claimed != 5 || w.Tx != "0xc" {
			t.Errorf("a withdrawal went back: %+v", w)
		}
		return err
	})
}
