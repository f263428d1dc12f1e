package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
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

// disputed fills a job with an attempt that one verifier was against, one that two were, and one that passed. It returns what
// a verifier would get for its verdict, by whether somebody confirmed it.
func disputed(tx store.Tx, j *store.Job) (map[bool]store.Fee, error) {
	held := []lifecycle.AttemptState{lifecycle.AttemptHeld}
	made := make(map[bool]store.Fee)
	tasks, err := Fill(tx, j)
	if err != nil {
		return nil, err
	}
	for i, convicted := range []bool{false, true} {
		a := Attempt(tasks[i], 1, "0xW")
		if err := tx.AddAttempt(a); err != nil {
			return nil, err
		}
		verifiers := []string{"0xV"}
		if convicted {
			verifiers = []string{"0xU", "0xV"}
		}
		for n, verifier := range verifiers {
			v := &store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: a.Task, Job: j.ID, Ordinal: n + 1, State: lifecycle.AuditWaiting}
			if err := tx.AddAudit(v); err != nil {
				return nil, err
			}
			for _, step := range [][2]lifecycle.AuditState{{lifecycle.AuditWaiting, lifecycle.AuditHeld}, {lifecycle.AuditHeld, lifecycle.AuditCommitted}, {lifecycle.AuditCommitted, lifecycle.AuditRejected}} {
				if _, err := tx.MoveAudit(v.ID, []lifecycle.AuditState{step[0]}, step[1], func(v *store.Audit) {
					v.Verifier, v.Samples, v.Verdict = verifier, "s", &wire.AuditVerdict{}
				}); err != nil {
					return nil, err
				}
			}
			made[convicted] = store.Fee{Job: j.ID, Frame: a.Frames[0], Attempt: a.ID, Node: "0xV", Audit: v.ID, Amount: 2, Time: 9}
		}
		if _, err := tx.MoveAttempt(a.ID, held, lifecycle.AttemptFailed, func(a *store.Attempt) {
			a.Kind, a.Convicted, a.Ended = job.FailVerdict, convicted, int64(70+i)
		}); err != nil {
			return nil, err
		}
	}
	a := Attempt(tasks[0], 2, "0xP")
	if err := tx.AddAttempt(a); err != nil {
		return nil, err
	}
	if _, err := tx.MoveAttempt(a.ID, held, lifecycle.AttemptCommitted, func(a *store.Attempt) { a.Commit = &wire.TaskCommit{Lease: a.ID} }); err != nil {
		return nil, err
	}
	_, err = tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptCommitted}, lifecycle.AttemptPassed, func(a *store.Attempt) { a.Ended = 90 })
	return made, err
}

// testFees: a verdict against an attempt earns once, and only when it was confirmed.
func testFees(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 4)
	var made map[bool]store.Fee
	update(t, s, func(tx store.Tx) (err error) { made, err = disputed(tx, j); return err })
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

// testHistory: what became of a job's frames can be dropped once it is over, what it owes can't.
func testHistory(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	fees := Job("0xA", store.NewID("r"), 8)
	var done, going *store.Job
	update(t, s, func(tx store.Tx) (err error) {
		if done, going, err = Fixture(tx, 9); err != nil {
			return err
		}
		made, err := disputed(tx, fees)
		_, e1 := tx.MoveJob(done.ID, []job.State{job.Accepted}, job.Settled, func(j *store.Job) { j.DeliveredAt = 50 })
		_, e2 := tx.MoveJob(fees.ID, []job.State{job.Rendering}, job.Cancelled, func(j *store.Job) { j.Finished, j.Spent = 60, 2 })
		return errors.Join(err, e1, e2, tx.AddFee(made[true]), tx.AddEvent(done.ID, wire.Event{What: "x"}))
	})
	var before []store.Earning
	view(t, s, func(tx store.Tx) (err error) { before, err = tx.Earned(false); return err })
	old := func(at int64, want ...string) {
		t.Helper()
		view(t, s, func(tx store.Tx) error {
			got, err := tx.OldJobs(at, 10)
			if err == nil && !slices.Equal(got, want) {
				t.Errorf("over by %d: %v, want %v", at, got, want)
			}
			return err
		})
	}
	old(49)
	old(50, done.ID)
	old(60, done.ID, fees.ID)
	if err := s.Update(context.Background(), func(tx store.Tx) error { _, err := tx.ForgetHistory(going.ID, 99, 100); return err }); !errors.Is(err, store.ErrIllegal) {
		t.Errorf("the history of a job that goes on was dropped: %v", err)
	}
	for _, id := range []string{done.ID, fees.ID} {
		for n, over := 0, false; !over; n++ {
			update(t, s, func(tx store.Tx) (err error) { over, err = tx.ForgetHistory(id, 99, 2); return err })
			if n > 10 {
				t.Fatal("it doesn't end")
			}
		}
	}
	old(60)
	view(t, s, func(tx store.Tx) error {
		for id, want := range map[string][3]int{done.ID: {0, 0, 0}, fees.ID: {1, 2, 0}, going.ID: {5, 9, 1}} {
			tasks, e1 := tx.Tasks(id)
			frames, e2 := tx.Frames(id)
			events, e3 := tx.Events(id, 10)
			if err := errors.Join(e1, e2, e3); err != nil {
				return err
			}
			if got := [3]int{len(tasks), len(frames), len(events)}; got != want {
				t.Errorf("tasks, frames and events of %s that are left: %d, want %d", id, got, want)
			}
		}
		after, e1 := tx.Earned(false)
		if !reflect.DeepEqual(after, before) {
			t.Errorf("earned %v, before %v", after, before)
		}
		j, e2 := tx.Job(done.ID)
		if e2 == nil && (j.Forgotten != 99 || j.Counts.Delivered != 9) {
			t.Errorf("the job says %+v, forgotten %d", j.Counts, j.Forgotten)
		}
		problems, e3 := tx.(*rows.Tx).Check()
		if len(problems) > 0 {
			t.Errorf("%v", problems)
		}
		return errors.Join(e1, e2, e3)
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
