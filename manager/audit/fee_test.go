package audit

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestGuilt(t *testing.T) {
	for _, test := range []struct {
		decision      Decision
		passes, fails int
		want          guilt
	}{
		{Reject, 0, 1, suspected}, // a lone verdict
		{Reject, 1, 1, suspected}, // in doubt
		{Reject, 2, 2, suspected},
		{Reject, 0, 2, convicted},
		{Reject, 1, 2, convicted},
		{Reject, 2, 3, convicted},
		{Repeat, 0, 0, innocent},
	} {
		if got := guiltOf(test.decision, Tally{Passes: test.passes, Fails: test.fails}); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
}

// TestFeesStayBelowTheCeiling has three verifiers that found two frames wrong, of a job whose
// ceiling leaves room for the fees of two.
func TestFeesStayBelowTheCeiling(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	j := storetest.Job("0xA", "r", 4) // 10 + 2 a frame, 56 at most
	u := &Auditor{options: Options{Clock: func() time.Time { return time.Unix(1_700_000_000, 0) }}}
	changes := &notify.Changes{Now: u.options.Clock}
	err = db.Update(t.Context(), func(tx store.Tx) error {
		changes.Reset()
		tasks, err := storetest.Fill(tx, j)
		if err != nil {
			return err
		}
		s := &subject{attempt: storetest.Attempt(tasks[0], 1, "0xW"), job: j}
		s.attempt.Commit = &wire.TaskCommit{}
		for _, f := range s.attempt.Frames {
			s.attempt.Commit.Frames = append(s.attempt.Commit.Frames, proof.FrameCommit{Frame: f})
		}
		if err := tx.AddAttempt(s.attempt); err != nil {
			return err
		}
		for i, verifier := range []string{"0xU", "0xV", "0xX"} {
			v := &store.Audit{ID: store.NewID("v"), Attempt: s.attempt.ID, Task: tasks[0].ID, Job: j.ID, Ordinal: i + 1, State: lifecycle.AuditWaiting}
			if err := tx.AddAudit(v); err != nil {
				return err
			}
			for _, step := range [][2]lifecycle.AuditState{{lifecycle.AuditWaiting, lifecycle.AuditHeld}, {lifecycle.AuditHeld, lifecycle.AuditCommitted}, {lifecycle.AuditCommitted, lifecycle.AuditRejected}} {
				if v, err = tx.MoveAudit(v.ID, []lifecycle.AuditState{step[0]}, step[1], func(v *store.Audit) {
					v.Verifier, v.Samples, v.Verdict = verifier, "s", &wire.AuditVerdict{}
				}); err != nil {
					return err
				}
			}
			if i == 0 {
				s.audit = v
			} else {
				s.others = append(s.others, v)
			}
		}
		return u.settleVerdicts(tx, changes, s, lifecycle.AuditRejected)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.View(t.Context(), func(tx store.Tx) error {
		after, err := tx.Job(j.ID)
		if err != nil {
			return err
		}
		// What is left is exactly the price of the four frames that are still to be rendered.
		if after.Spent != 8 || after.Quote.Ceiling-after.Spent != 4*(j.Quote.PerFrame+j.Quote.VerifyFee) {
			t.Errorf("spent %d of %d", after.Spent, after.Quote.Ceiling)
		}
		fees, err := tx.Fees(j.ID)
		if err != nil {
			return err
		}
		sums := make(map[string]job.Amount)
		for _, f := range fees {
			sums[f.Node] += f.Amount
		}
		if len(fees) != 6 || sums["0xU"] != 4 || sums["0xV"] != 4 || sums["0xX"] != 0 {
			t.Errorf("fees %+v", fees)
		}
		events, err := tx.Events(j.ID, 10)
		told := false
		for _, e := range events {
			told = told || e.What == "check not paid" && e.Node == "0xX" && strings.Contains(e.Text, "price limit")
		}
		if !told {
			t.Errorf("the history doesn't say who got nothing: %+v", events)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
