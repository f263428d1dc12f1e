package crash

import (
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/installers/sim"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// told is what nodes and artists were told: a database that is held to it may say nothing else. All the nodes are
// honest, and every job is delivered.
type told struct {
	commits  []sim.Commit
	verdicts []sim.Verdict
	jobs     []string
	frames   int    // of each job
	manager  string // its address, which stands for the verifier of what isn't drawn for a check
}

// finding is what a comparison found.
type finding struct {
	wrong          []string // broken words
	copies, beaten int      // leases of tasks that two workers had
}

func (f *finding) say(format string, args ...any) {
	f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
}

// compare holds the database to what was told.
func (k *told) compare(tx store.Tx) (*finding, error) {
	f := &finding{}
	for _, c := range k.commits {
		a, err := tx.Attempt(c.Lease)
		if err != nil {
			f.say("the acknowledged commit of lease %s is lost: %v", c.Lease, err)
			continue
		}
		if a.Commit == nil || a.State == lifecycle.AttemptHeld {
			f.say("the acknowledged commit of lease %s is lost: the attempt is %s", c.Lease, a.State)
		}
		// Nothing that an honest node committed may be thrown away.
		if a.State == lifecycle.AttemptFailed {
			f.say("the committed lease %s failed: %s %s", c.Lease, a.Kind, a.Cause)
		}
	}
	for _, said := range k.verdicts {
		a, err := tx.Audit(said.Audit)
		if err != nil {
			f.say("the acknowledged verdict on audit %s is lost: %v", said.Audit, err)
			continue
		}
		if a.Verdict == nil || a.State != lifecycle.AuditPassed {
			f.say("the acknowledged verdict on audit %s is lost: the audit is %s", said.Audit, a.State)
		}
	}
	for _, id := range k.jobs {
		for _, look := range []func(store.Tx, string, *finding) error{k.lookAtFrames, k.lookAtTasks, k.lookAtMoney} {
			if err := look(tx, id, f); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

// lookAtFrames looks for frames that are missing, or were delivered without having been verified.
func (k *told) lookAtFrames(tx store.Tx, id string, found *finding) error {
	frames, err := tx.Frames(id)
	if err != nil {
		return err
	}
	if len(frames) != k.frames {
		found.say("job %s has %d frames", id, len(frames))
	}
	for _, f := range frames {
		a, err := tx.Attempt(f.Attempt)
		if err != nil {
			return err
		}
		if f.State != job.FrameDelivered || a.State != lifecycle.AttemptPassed || a.Worker != f.Worker {
			found.say("frame %d of job %s is %s by attempt %s, which is %s", f.Number, id, f.State, a.ID, a.State)
		}
		if f.Verdict == "" || f.Verifier == "" || f.Verifier == f.Worker {
			found.say("frame %d of job %s was delivered with the verdict %q of %q", f.Number, id, f.Verdict, f.Verifier)
		}
		audits, err := tx.Audits(f.Attempt)
		if err != nil {
			return err
		}
		// A trusted worker's task may be let through after the manager's own look; see manager/audit/TRUST.md.
		if !slices.ContainsFunc(audits, func(u *store.Audit) bool {
			return u.State == lifecycle.AuditPassed && u.Verifier == f.Verifier ||
				u.State == lifecycle.AuditDropped && strings.HasPrefix(u.Cause, "not drawn") && f.Verifier == k.manager
		}) {
			found.say("frame %d of job %s was delivered on the word of %s, without an audit that says so", f.Number, id, f.Verifier)
			for _, u := range audits {
				found.say("  audit %s is %s by %s: %s", u.ID, u.State, u.Verifier, u.Cause)
			}
		}
	}
	return nil
}

// lookAtTasks looks for tasks with more than one attempt that passed: a second would have delivered its frames again.
func (k *told) lookAtTasks(tx store.Tx, id string, found *finding) error {
	tasks, err := tx.Tasks(id)
	if err != nil {
		return err
	}
	for _, task := range tasks {
		attempts, err := tx.Attempts(task.ID)
		if err != nil {
			return err
		}
		won := 0
		for _, a := range attempts {
			if a.State == lifecycle.AttemptPassed {
				won++
			}
			if a.Copy {
				found.copies++
			}
			if a.Kind == job.FailSuperseded {
				found.beaten++
			}
		}
		if won != 1 || task.State != job.TaskDone {
			found.say("task %s of job %s is %s, %d of its %d attempts passed", task.ID, id, task.State, won, len(attempts))
		}
	}
	return nil
}

// lookAtMoney looks for frames that were paid twice or not at all, or to somebody who didn't render them, and for money
// that the ledger doesn't know.
func (k *told) lookAtMoney(tx store.Tx, id string, found *finding) error {
	entries, err := tx.Entries(id)
	if err != nil {
		return err
	}
	frames, err := tx.Frames(id)
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
		if e.Role == job.RoleWorker && !slices.ContainsFunc(frames, func(f *job.Frame) bool { return f.Number == e.Frame && f.Worker == e.Node }) {
			found.say("frame %d of job %s was paid to %s, who didn't render it", e.Frame, id, e.Node)
		}
	}
	fees, err := tx.Fees(id)
	if err != nil {
		return err
	}
	for _, f := range fees {
		sum += f.Amount
	}
	for n := 1; n <= k.frames; n++ {
		if paid[job.RoleWorker][n] != 1 || paid[job.RoleVerifier][n] > 1 {
			found.say("frame %d of job %s was paid for %d times to workers and %d times to verifiers", n, id, paid[job.RoleWorker][n], paid[job.RoleVerifier][n])
		}
	}
	row, err := tx.Job(id)
	if err != nil {
		return err
	}
	if row.Spent != sum || row.Spent > row.Quote.Ceiling {
		found.say("job %s has spent %d, its ledger says %d, its ceiling %d", id, row.Spent, sum, row.Quote.Ceiling)
	}
	return nil
}
