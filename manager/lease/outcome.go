package lease

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// How often a task may fail, by kind, before it fails for good: on so many different
// workers, or so often altogether. A verdict against a worker says little of the scene, so
// colluding cheats must not be able to fail a job cheaply.
var limits = map[job.FailureKind]struct{ workers, total int }{
	job.FailScene:   {3, 6},
	job.FailWorker:  {3, 9},
	job.FailHung:    {3, 9},
	job.FailMemory:  {4, 8},
	job.FailExpired: {5, 10},
	job.FailVerdict: {5, 25},
}

// Outcome is what has to be done outside once the transaction is durable.
type Outcome struct {
	revoke []revocation
}

type revocation struct {
	role   job.Role
	node   string
	id     string
	reason string
}

// Ending is how an attempt ended without a payable result.
type Ending struct {
	Kind  job.FailureKind
	Cause string
	Note  string // last lines of the renderer's log
	// Convicted says that a verdict against the attempt doesn't stand alone: its worker gets
	// nothing more of the job.
	Convicted bool
}

// Return ends, in the caller's transaction, an attempt without a payable result: its task
// goes back to the queue, or fails, and its job with it, when that happened too often. The
// attempt has to be in one of the from states, else store.ErrLost.
func (k *Keeper) Return(tx store.Tx, changes *notify.Changes, id string, from []lifecycle.AttemptState, end Ending) (Outcome, error) {
	kind, cause, note := end.Kind, end.Cause, end.Note
	// A database takes no half letters.
	if len(cause) > 1024 {
		cause = strings.ToValidUTF8(cause[:1024], "")
	}
	if len(note) > 16<<10 {
		note = strings.ToValidUTF8(note[len(note)-16<<10:], "")
	}
	now := k.options.Clock().UnixMilli()
	a, err := tx.MoveAttempt(id, from, lifecycle.AttemptFailed, func(a *store.Attempt) {
		if len(a.Frames) == 1 { // whoever tells the cause names the task's frames before it
			cause = strings.Replace(cause, " "+store.NameFrames(a.Frames)+":", ":", 1)
		}
		a.Kind, a.Cause, a.Note, a.Convicted, a.Ended = kind, cause, note, end.Convicted, now
	})
	if err != nil {
		return Outcome{}, err
	}
	t, err := tx.Task(a.Task)
	if err != nil {
		return Outcome{}, err
	}
	attempts, err := tx.Attempts(a.Task)
	if err != nil {
		return Outcome{}, err
	}
	next := job.TaskWaiting
	blame := !blameless(kind)
	if blame {
		j, err := tx.Job(a.Job)
		if err != nil {
			return Outcome{}, err
		}
		better, err := k.better(tx, j, attempts, kind)
		if err != nil {
			return Outcome{}, err
		}
		if k.exhausted(tx, j, attempts, kind, better) {
			next = job.TaskFailed
		}
		if kind == job.FailMemory && next != job.TaskFailed {
			if err := k.learn(tx, changes, j); err != nil {
				return Outcome{}, err
			}
		}
	}
	if t.State == job.TaskLeased && slices.ContainsFunc(attempts, func(a *store.Attempt) bool { return a.State == lifecycle.AttemptHeld }) {
		next = job.TaskLeased // its copy goes on, and decides how the task ends
	}
	if _, err := tx.MoveTask(a.Task, []job.TaskState{t.State}, next, func(t *job.Task) {
		if blame {
			t.Failures++
			t.Cause = cause
		}
	}); err != nil {
		return Outcome{}, err
	}
	if blame {
		if err := changes.Event(tx, a.Job, "task failed", fmt.Sprintf("%s on %s: %s (%s)", store.NameFrames(a.Frames), a.Worker, cause, kind), a.Worker); err != nil {
			return Outcome{}, err
		}
	}
	changes.Job(a.Job, a.Frames...)
	if next != job.TaskFailed {
		return Outcome{}, nil
	}
	if note != "" {
		if err := changes.Event(tx, a.Job, "log", tail(note), a.Worker); err != nil {
			return Outcome{}, err
		}
	}
	return k.fail(tx, changes, a.Job, fmt.Sprintf("%s failed %s: %s; %s", store.NameFrames(a.Frames), tries(attempts, kind), cause, remedy(kind, a.Job)))
}

// tries says how often and on how many workers a task failed in the same way.
func tries(attempts []*store.Attempt, kind job.FailureKind) string {
	workers, total := failed(attempts, kind)
	if workers == 1 {
		return fmt.Sprintf("the same way %d times on one worker", total)
	}
	return fmt.Sprintf("the same way on %d workers", workers)
}

// failed counts a task's failures of a kind and the workers that they happened on.
func failed(attempts []*store.Attempt, kind job.FailureKind) (workers, total int) {
	on := make(map[string]bool)
	for _, a := range attempts {
		if a.State == lifecycle.AttemptFailed && a.Kind == kind {
			on[a.Worker] = true
			total++
		}
	}
	return len(on), total
}

// remedy is what an artist can do about a job that failed in a way.
func remedy(kind job.FailureKind, jobID string) string {
	again := "`heliostat job retry " + jobID + "`"
	switch kind {
	case job.FailScene:
		return "mend the scene and submit it again"
	case job.FailMemory:
		return "make the scene smaller and submit it again, or connect a worker with more memory and " + again
	case job.FailHung:
		return "look at what the scene does in that frame; " + again + " renders what is missing"
	}
	return again + " renders what is missing"
}

// blameless tells whether a kind of failure is held against nobody.
func blameless(kind job.FailureKind) bool {
	return kind == job.FailYield || kind == job.FailSuperseded
}

// tail is the end of a renderer's log, as much of it as a line of history takes, from a whole line on.
func tail(log string) string {
	const most = 1500
	log = strings.TrimSpace(strings.ToValidUTF8(log, "?"))
	if len(log) <= most {
		return log
	}
	log = log[len(log)-most:]
	if _, rest, ok := strings.Cut(log, "\n"); ok {
		return rest
	}
	return strings.ToValidUTF8(log, "")
}

// better tells whether a worker that has earned more trust than all on which a task failed could still try it, one that
// the job hasn't failed on anywhere. Identities cost nothing, and whoever has a few could say of any scene that it can't be
// rendered. A verdict against a worker is the verifiers' word, and it may be short of memory honestly.
func (k *Keeper) better(tx store.Tx, j *store.Job, attempts []*store.Attempt, kind job.FailureKind) (bool, error) {
	workers, total := failed(attempts, kind)
	limit := limits[kind]
	if workers < limit.workers && total < limit.total || kind == job.FailVerdict || kind == job.FailMemory {
		return false, nil
	}
	trust := func(worker string) (float64, error) {
		n, err := tx.Node(worker)
		if errors.Is(err, store.ErrNotFound) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return n.Standing.Trust, nil
	}
	failures, err := tx.JobFailures(j.ID)
	if err != nil {
		return false, err
	}
	tried, most := make(map[string]bool), 0.0
	for _, f := range failures {
		tried[f.Worker] = tried[f.Worker] || !blameless(f.Kind)
	}
	for _, a := range attempts {
		if a.State != lifecycle.AttemptFailed || a.Kind != kind {
			continue
		}
		t, err := trust(a.Worker)
		if err != nil {
			return false, err
		}
		most = max(most, t)
	}
	for _, m := range k.options.Fleet.Eligible(&j.Job) {
		if tried[m.Address] {
			continue
		}
		if t, err := trust(m.Address); err != nil || t > most {
			return err == nil, err
		}
	}
	return false, nil
}

// exhausted tells whether failures of a kind were enough, unless a better worker may still try.
func (k *Keeper) exhausted(tx store.Tx, j *store.Job, attempts []*store.Attempt, kind job.FailureKind, better bool) bool {
	workers, total := failed(attempts, kind)
	limit := limits[kind]
	if workers >= limit.workers || total >= limit.total {
		return !better
	}
	// A small farm has no more workers to try: a scene that failed twice and everywhere is
	// at fault.
	switch kind {
	case job.FailScene:
		return total >= 2 && workers >= len(k.options.Fleet.Eligible(&j.Job))
	case job.FailMemory:
		return k.outgrown(tx, j, attempts)
	}
	return false
}

func (k *Keeper) fail(tx store.Tx, changes *notify.Changes, jobID, cause string) (Outcome, error) {
	now := k.options.Clock().UnixMilli()
	_, err := tx.MoveJob(jobID, []job.State{job.Rendering, job.Paused}, job.Failed, func(j *store.Job) { j.Cause, j.Finished = cause, now })
	if errors.Is(err, store.ErrLost) {
		return Outcome{}, nil // it has ended otherwise
	}
	if err != nil {
		return Outcome{}, err
	}
	if err := changes.Event(tx, jobID, "failed", cause, ""); err != nil {
		return Outcome{}, err
	}
	return k.Stop(tx, changes, jobID, "the job failed")
}

// Stop ends, in the caller's transaction, everything that is out for a job that has just
// ended, and closes its money.
func (k *Keeper) Stop(tx store.Tx, changes *notify.Changes, jobID, reason string) (Outcome, error) {
	var out Outcome
	now := k.options.Clock().UnixMilli()
	audits, err := tx.AuditsIn(lifecycle.AuditWaiting, lifecycle.AuditHeld, lifecycle.AuditCommitted)
	if err != nil {
		return out, err
	}
	for _, v := range audits {
		if v.Job != jobID {
			continue
		}
		if _, err := tx.MoveAudit(v.ID, []lifecycle.AuditState{v.State}, lifecycle.AuditDropped, func(v *store.Audit) { v.Cause, v.Ended = reason, now }); err != nil {
			return out, err
		}
		if v.State != lifecycle.AuditWaiting {
			out.revoke = append(out.revoke, revocation{job.RoleVerifier, v.Verifier, v.ID, reason})
		}
	}
	attempts, err := tx.AttemptsIn(lifecycle.AttemptHeld)
	if err != nil {
		return out, err
	}
	for _, a := range attempts {
		if a.Job != jobID {
			continue
		}
		if _, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptFailed, func(a *store.Attempt) {
			a.Kind, a.Cause, a.Ended = job.FailYield, reason, now
		}); err != nil {
			return out, err
		}
		if _, err := tx.MoveTask(a.Task, []job.TaskState{job.TaskLeased}, job.TaskWaiting, nil); store.IgnoreLost(err) != nil { // lost: it had a copy too
			return out, err
		}
		out.revoke = append(out.revoke, revocation{job.RoleWorker, a.Worker, a.ID, reason})
	}
	return out, k.options.Settler.Close(tx, jobID)
}

// Finish does what follows from a durable transaction: it tells the watchers, takes leases
// and audits away from their nodes and wakes the scheduler.
func (k *Keeper) Finish(changes *notify.Changes, out Outcome) {
	k.tell(out)
	k.options.Hub.Publish(changes) // after the progress of what was taken away is gone
	if len(out.revoke) > 0 {
		k.options.Settler.Wake()
	}
	k.options.Freed()
}

// tell takes leases and audits away from their nodes.
func (k *Keeper) tell(out Outcome) {
	for _, r := range out.revoke {
		typ := wire.TypeLeaseRevoke
		if r.role == job.RoleVerifier {
			typ = wire.TypeAuditRevoke
			k.options.Fleet.Drop(r.role, r.node, r.id, false)
		} else {
			k.drop(r.id, false)
		}
		if m, ok := k.options.Fleet.Member(r.role, r.node); ok {
			_ = m.Session.Send(typ, wire.LeaseRevoke{Lease: r.id, Reason: r.reason}) // a node that is gone learns it when it is back
		} else if k.options.Away != nil {
			k.options.Away(r.role, r.node, r.id, r.reason)
		}
	}
}
