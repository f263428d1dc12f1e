package crash

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/shared/job"
)

// check holds what the database says at the end to what the nodes were told on the way.
func (r *run) check(database string) {
	t := r.t
	db, err := open.Open(r.ctx, database, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(r.ctx, func(tx store.Tx) error {
		acknowledged := 0
		for _, w := range r.workers {
			for _, c := range w.Commits() {
				acknowledged++
				a, err := tx.Attempt(c.Lease)
				if err != nil {
					t.Errorf("the acknowledged commit of lease %s is lost: %v", c.Lease, err)
					continue
				}
				if a.Commit == nil || a.State == lifecycle.AttemptHeld {
					t.Errorf("the acknowledged commit of lease %s is lost: the attempt is %s", c.Lease, a.State)
				}
				// All simulated nodes are honest, so nothing that was committed may be thrown away.
				if a.State == lifecycle.AttemptFailed {
					t.Errorf("the committed lease %s failed: %s %s", c.Lease, a.Kind, a.Cause)
				}
			}
		}
		verdicts := 0
		for _, v := range r.judges {
			for _, said := range v.Verdicts() {
				verdicts++
				a, err := tx.Audit(said.Audit)
				if err != nil {
					t.Errorf("the acknowledged verdict on audit %s is lost: %v", said.Audit, err)
					continue
				}
				if a.Verdict == nil || a.State != lifecycle.AuditPassed {
					t.Errorf("the acknowledged verdict on audit %s is lost: the audit is %s", said.Audit, a.State)
				}
			}
		}
		t.Logf("%d commits and %d verdicts were acknowledged", acknowledged, verdicts)
		if acknowledged == 0 || verdicts == 0 {
			t.Error("nothing was acknowledged: this test tests nothing")
		}
		for _, j := range r.jobs {
			if err := r.checkJob(tx, j); err != nil {
				return err
			}
		}
		t.Logf("%d leases were copies, %d ended because the other of the two was first", r.copies, r.beaten)
		if r.copies == 0 && *kills >= 100 {
			t.Error("no task was copied: this test doesn't test copies")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// checkJob looks for frames that are missing, unverified, or paid or delivered twice.
func (r *run) checkJob(tx store.Tx, j job.Job) error {
	t := r.t
	frames, err := tx.Frames(j.ID)
	if err != nil {
		return err
	}
	if len(frames) != jobFrames {
		t.Errorf("job %s has %d frames", j.ID, len(frames))
	}
	for _, f := range frames {
		a, err := tx.Attempt(f.Attempt)
		if err != nil {
			return err
		}
		if f.State != job.FrameDelivered || a.State != lifecycle.AttemptPassed || a.Worker != f.Worker {
			t.Errorf("frame %d of job %s is %s by attempt %s, which is %s", f.Number, j.ID, f.State, a.ID, a.State)
		}
		if f.Verdict == "" || f.Verifier == "" || f.Verifier == f.Worker {
			t.Errorf("frame %d of job %s was delivered with the verdict %q of %q", f.Number, j.ID, f.Verdict, f.Verifier)
		}
		audits, err := tx.Audits(f.Attempt)
		if err != nil {
			return err
		}
		// A trusted worker's task may be let through after the manager's own look; see manager/audit/TRUST.md.
		if !slices.ContainsFunc(audits, func(u *store.Audit) bool {
			return u.State == lifecycle.AuditPassed && u.Verifier == f.Verifier ||
				u.State == lifecycle.AuditDropped && strings.HasPrefix(u.Cause, "not drawn") && f.Verifier == r.process.Ready["id"]
		}) {
			t.Errorf("frame %d of job %s was delivered on the word of %s, without an audit that says so", f.Number, j.ID, f.Verifier)
			for _, u := range audits {
				t.Logf("  audit %s is %s by %s: %s", u.ID, u.State, u.Verifier, u.Cause)
			}
		}
	}
	// A task has one attempt that passed: a second would have delivered its frames again.
	tasks, err := tx.Tasks(j.ID)
	if err != nil {
		return err
	}
	for _, k := range tasks {
		attempts, err := tx.Attempts(k.ID)
		if err != nil {
			return err
		}
		won := 0
		for _, a := range attempts {
			if a.State == lifecycle.AttemptPassed {
				won++
			}
			if a.Copy {
				r.copies++
			}
			if a.Kind == job.FailSuperseded {
				r.beaten++
			}
		}
		if won != 1 || k.State != job.TaskDone {
			t.Errorf("task %s of job %s is %s, %d of its %d attempts passed", k.ID, j.ID, k.State, won, len(attempts))
		}
	}
	entries, err := tx.Entries(j.ID)
	if err != nil {
		return err
	}
	paid := make(map[job.Role]map[int]int)
	var sum job.Amount
	for _, e := range entries {
		if paid[e.Role] == nil {
			paid[e.Role] = make(map[int]int)
		}
		paid[e.Role][e.Frame]++
		sum += e.Amount
	}
	fees, err := tx.Fees(j.ID)
	if err != nil {
		return err
	}
	for _, f := range fees {
		sum += f.Amount
	}
	for n := 1; n <= jobFrames; n++ {
		if paid[job.RoleWorker][n] != 1 || paid[job.RoleVerifier][n] > 1 {
			t.Errorf("frame %d of job %s was paid for %d times to workers and %d times to verifiers", n, j.ID, paid[job.RoleWorker][n], paid[job.RoleVerifier][n])
		}
	}
	row, err := tx.Job(j.ID)
	if err != nil {
		return err
	}
	if row.Spent != sum || row.Spent > row.Quote.Ceiling {
		t.Errorf("job %s has spent %d, its ledger says %d, its ceiling %d", j.ID, row.Spent, sum, row.Quote.Ceiling)
	}
	return nil
}
