// Package lease holds tasks in workers' hands: it offers them, renews them by heartbeat,
// takes the commit, and returns them to the queue when they fail, expire or are released.
//
// It is not the place for choosing a worker (manager/schedule) or for judging what it
// delivered (manager/audit).
//
// Receives: a task and a worker from manager/schedule; receipts from workers.
// Hands on: committed attempts, with an audit that waits for a verifier, to manager/audit.
package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// offerWait bounds a worker's answer to an offer.
const offerWait = 10 * time.Second

// Keys opens the job keys that artists sealed to the manager and seals them to nodes.
type Keys interface {
	// JobKey opens the key of a package's jobs.
	JobKey(pkg string, sealed []byte) (seal.JobKey, error)
	// SealJobKey seals it to a node's public key.
	SealJobKey(public []byte, pkg string, key seal.JobKey) ([]byte, error)
}

// Options configure a Keeper.
type Options struct {
	Store   store.Store
	Fleet   *fleet.Fleet
	Hub     *notify.Hub
	Settler *settle.Settler
	Keys    Keys
	Blobs   blob.Store
	Length  time.Duration // of a lease
	Grace   time.Duration // in which nodes can come back after a start
	Clock   func() time.Time
	Log     *slog.Logger
	// Committed is called after a commit is durable, Freed after a task went back to the
	// queue. They must not block.
	Committed, Freed func()
	// Manager names this manager among those that share the database; "" when it is alone.
	Manager string
	// Away tells the other managers to take a lease or an audit from a node that isn't connected
	// here; nil when this manager is alone. It must not block.
	Away func(role job.Role, node, id, reason string)
}

// Keeper is safe for concurrent use. Run has to run.
type Keeper struct {
	options Options
	paces   paces

	accounts *Accounts

	mu   sync.Mutex // guards held
	held map[string]*hold
}

// hold is a lease as memory knows it: heartbeats move its deadline without touching the
// database, which keeps the first one.
type hold struct {
	task     string
	worker   string
	job      string
	frames   []int
	deadline time.Time
	created  time.Time
	done     int // frames that the worker says are finished
	// For manager/lease/overtime.go: since when it was the lease's turn, when it last got on and how far each frame is, and when to look again.
	began, still, look time.Time
	reached            map[int]float64
	// about is what was leased, as the transaction that leased it saw it; nil where another process
	// or manager leased it.
	about *about
}

// about is a lease with what it is of. Of the job and the task only what never changes is read from it.
type about struct {
	attempt *store.Attempt
	task    *job.Task
	job     *store.Job
}

// New makes a keeper. Adopt loads what an earlier process left.
func New(o Options) *Keeper {
	return &Keeper{options: o, accounts: NewAccounts(o.Blobs, o.Clock), held: make(map[string]*hold)}
}

// Adopt takes over the leases of an earlier process: they live on, at least for the grace
// period in which their workers can come back.
func (k *Keeper) Adopt(ctx context.Context) error {
	var attempts []*store.Attempt
	err := k.options.Store.View(ctx, func(tx store.Tx) (err error) {
		attempts, err = tx.AttemptsIn(lifecycle.AttemptHeld)
		return err
	})
	if err != nil {
		return fmt.Errorf("adopt leases: %w", err)
	}
	deadline := k.options.Clock().Add(max(k.options.Length, k.options.Grace))
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range attempts {
		k.held[a.ID] = &hold{task: a.Task, worker: a.Worker, job: a.Job, frames: a.Frames, deadline: deadline, created: time.UnixMilli(a.Created), began: time.UnixMilli(a.Created), still: k.options.Clock()}
		k.options.Fleet.Hold(job.RoleWorker, a.Worker, a.ID)
	}
	return nil
}

// Offer leases a waiting task to a connected worker and tells whether it took it. Losing
// the task to somebody else is no error.
func (k *Keeper) Offer(ctx context.Context, taskID, worker string) (taken bool, err error) {
	return k.lease(ctx, taskID, worker, false)
}

// Copy leases a task that another worker holds to this one too: whoever commits first wins,
// and the other's lease ends without blame. A task has one copy at a time.
func (k *Keeper) Copy(ctx context.Context, taskID, worker string) (taken bool, err error) {
	return k.lease(ctx, taskID, worker, true)
}

func (k *Keeper) lease(ctx context.Context, taskID, worker string, second bool) (taken bool, err error) {
	member, ok := k.options.Fleet.Member(job.RoleWorker, worker)
	if !ok {
		return false, nil
	}
	now := k.options.Clock()
	a := &store.Attempt{State: lifecycle.AttemptHeld, Created: now.UnixMilli(), Class: member.Capabilities.Class}
	a.ID, a.Worker, a.Deadline = store.NewID("a"), worker, now.Add(k.options.Length).UnixMilli()
	a.Manager = k.options.Manager
	a.Key = make([]byte, 32)
	rand.Read(a.Key) // never fails, see crypto/rand
	a.KeyHash = proof.KeyHash([32]byte(a.Key)).String()
	var j *store.Job
	var key seal.JobKey
	var part struct {
		task  *job.Task
		tiles []Part
	}
	changes := &notify.Changes{Now: k.options.Clock}
	err = k.options.Store.Update(ctx, func(tx store.Tx) error {
		changes.Reset()
		take := func(t *job.Task) { t.Attempts++ }
		var task *job.Task
		if second {
			if a.Copy, err = copyOf(tx, taskID, worker); err != nil {
				return err
			}
		}
		if second {
			task, err = tx.MoveTask(taskID, []job.TaskState{job.TaskLeased}, job.TaskLeased, take)
		} else {
			task, err = tx.ClaimTask(taskID, take)
		}
		if err != nil {
			return err
		}
		if j, err = tx.Job(task.Job); err != nil {
			return err
		}
		if j.State != job.Rendering {
			return fmt.Errorf("job %s is %s: %w", j.ID, j.State, store.ErrLost)
		}
		if key, err = k.options.Keys.JobKey(j.Package, j.Key); err != nil {
			return fmt.Errorf("key of job %s: %w", j.ID, err)
		}
		a.Task, a.Job, a.Number, a.Frames, a.Seeds = task.ID, j.ID, task.Attempts, task.Frames, nil
		for _, f := range task.Frames {
			if task.Kind == job.TaskRender {
				a.Seeds = append(a.Seeds, seed(j.Recipe, key, task.ID, f, a.Number))
			} else {
				a.Seeds = append(a.Seeds, seed(j.Recipe, key, stillSeed, f, 0))
			}
		}
		part.task, part.tiles = task, nil
		if task.Kind == job.TaskAssemble {
			if part.tiles, err = Parts(tx, task.Job, task.Frames[0]); err != nil {
				return err
			}
		}
		if err := tx.AddAttempt(a); err != nil {
			return err
		}
		changes.Job(j.ID)
		return nil
	})
	if err != nil {
		return false, store.IgnoreLost(err)
	}
	k.mu.Lock()
	k.held[a.ID] = &hold{task: a.Task, worker: worker, job: j.ID, frames: a.Frames, deadline: now.Add(k.options.Length), created: now, began: now, about: &about{a, part.task, j}}
	k.mu.Unlock()
	k.options.Fleet.Hold(job.RoleWorker, worker, a.ID)

	offer := wire.LeaseOffer{
		Lease: a.ID, Task: a.Task, Job: j.ID, Owner: j.Owner, Attempt: a.Number, Package: j.Package, Recipe: j.Recipe,
		KeyHash: a.KeyHash, Deadline: a.Deadline, Seconds: int64(k.options.Length / time.Second), Kind: part.task.Kind, Border: part.task.Border,
	}
	for i, f := range a.Frames {
		offer.Frames = append(offer.Frames, wire.FrameSeed{Frame: f, Seed: a.Seeds[i]})
	}
	answer, err := k.ask(ctx, offer, part.tiles, key, member)
	if err == nil && answer.Taken {
		k.options.Log.Info("task leased", "job", j.ID, "task", a.Task, "attempt", a.ID, "node", worker, "frames", store.FormatFrames(a.Frames), "copy", second)
		k.options.Hub.Publish(changes)
		return true, nil
	}
	reason := answer.Reason
	if err != nil {
		// It may have taken the task though its answer was lost; it learns of the end by
		// its next heartbeat.
		reason = "no answer: " + err.Error()
	}
	k.options.Log.Info("task declined", "job", j.ID, "task", a.Task, "attempt", a.ID, "node", worker, "reason", reason)
	if back := k.giveBack(context.WithoutCancel(ctx), a.ID, worker, Ending{Kind: job.FailYield, Cause: "declined: " + reason}, true); back != nil {
		return false, back
	}
	return false, nil
}

// copyOf tells how the second lease of a task is marked. store.ErrLost means that it can't have
// one: nobody holds it any more, two do, or this worker is the one.
func copyOf(tx store.Tx, taskID, worker string) (marked bool, err error) {
	attempts, err := tx.Attempts(taskID)
	if err != nil {
		return false, err
	}
	attempts = slices.DeleteFunc(attempts, func(a *store.Attempt) bool { return a.State != lifecycle.AttemptHeld })
	if len(attempts) != 1 || attempts[0].Worker == worker {
		return false, fmt.Errorf("task %s can't be copied: %w", taskID, store.ErrLost)
	}
	return !attempts[0].Copy, nil
}

// seed is the seed of one frame of one attempt, unless the artist pinned one.
func seed(r job.Recipe, key [32]byte, task string, frame, attempt int) int32 {
	if r.PinnedSeed != nil {
		return *r.PinnedSeed
	}
	return proof.Seed(key, task, frame, attempt)
}

// ask makes an offer, with what is signed and sealed for the worker.
func (k *Keeper) ask(ctx context.Context, offer wire.LeaseOffer, tiles []Part, key seal.JobKey, m fleet.Member) (answer wire.LeaseAnswer, err error) {
	if offer.JobKey, err = k.options.Keys.SealJobKey(m.SealKey, offer.Package, key); err != nil {
		return answer, fmt.Errorf("seal the job key: %w", err)
	}
	manifest, err := k.options.Blobs.SignGet(ctx, ManifestKey(offer.Package), URLLife)
	if err != nil {
		return answer, fmt.Errorf("sign the manifest: %w", err)
	}
	offer.Manifest = Signed(manifest)
	if offer.Parts, err = k.signParts(ctx, tiles); err != nil {
		return answer, err
	}
	ctx, cancel := context.WithTimeout(ctx, offerWait)
	defer cancel()
	err = m.Session.Request(ctx, wire.TypeLeaseOffer, offer, &answer)
	return answer, err
}

// Renew moves the deadlines of the leases that a worker says it holds. It returns those
// that it should drop, because they have ended.
func (k *Keeper) Renew(worker string, ids []string) (unknown []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	deadline := k.options.Clock().Add(k.options.Length)
	for _, id := range ids {
		if h := k.held[id]; h != nil && h.worker == worker {
			h.deadline = deadline
		} else {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

// Ended tells, of leases that aren't held any more, which ones the worker should drop:
// those that neither are nor were committed by it.
func (k *Keeper) Ended(ctx context.Context, worker string, ids []string) (ended []string, err error) {
	err = k.options.Store.View(ctx, func(tx store.Tx) error {
		ended = nil
		for _, id := range ids {
			a, err := tx.Attempt(id)
			switch {
			case errors.Is(err, store.ErrNotFound):
				ended = append(ended, id)
			case err != nil:
				return err
			case a.Worker != worker || a.State == lifecycle.AttemptFailed && a.Commit == nil:
				ended = append(ended, id)
			}
		}
		return nil
	})
	return ended, err
}

// Back ends the leases that a worker had before a new session and doesn't have any more:
// it crashed, and nobody has to wait for the deadline.
func (k *Keeper) Back(ctx context.Context, worker string, since time.Time, still []string) error {
	has := make(map[string]bool, len(still))
	for _, id := range still {
		has[id] = true
	}
	k.mu.Lock()
	var lost []string
	for id, h := range k.held {
		if h.worker == worker && h.created.Before(since) && !has[id] {
			lost = append(lost, id)
		}
	}
	k.mu.Unlock()
	for _, id := range lost {
		if err := k.giveBack(ctx, id, worker, Ending{Kind: job.FailExpired, Cause: "the worker came back without the lease"}, false); err != nil {
			return err
		}
	}
	return nil
}

// Release gives a lease back because the worker's owner wants the machine.
func (k *Keeper) Release(ctx context.Context, worker string, r wire.LeaseRelease) error {
	return k.giveBack(ctx, r.Lease, worker, Ending{Kind: job.FailYield, Cause: "released: " + r.Reason}, false)
}

// Fail ends an attempt without a result.
func (k *Keeper) Fail(ctx context.Context, worker string, f wire.TaskFail) error {
	switch f.Kind {
	case job.FailScene, job.FailWorker, job.FailHung, job.FailMemory, job.FailYield:
	default:
		return &wire.Error{Code: wire.CodeBadRequest, Message: fmt.Sprintf("failure kind %q is not known", f.Kind)}
	}
	return k.giveBack(ctx, f.Lease, worker, Ending{Kind: f.Kind, Cause: f.Cause, Note: f.Log}, false)
}

// giveBack ends a held attempt. One that ended before is left as it is.
func (k *Keeper) giveBack(ctx context.Context, id, worker string, end Ending, declined bool) error {
	changes := &notify.Changes{Now: k.options.Clock}
	var out Outcome
	var a *store.Attempt
	err := k.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		if a, err = tx.Attempt(id); err != nil {
			return err
		}
		if a.Worker != worker {
			return &wire.Error{Code: wire.CodeUnauthorised, Message: "lease " + id + " is not this node's"}
		}
		if end.Kind == job.FailExpired && k.options.Manager != "" && a.Manager != k.options.Manager {
			return fmt.Errorf("lease %s went to another manager with its worker: %w", id, store.ErrLost)
		}
		out, err = k.Return(tx, changes, id, []lifecycle.AttemptState{lifecycle.AttemptHeld}, end)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		k.drop(id, declined)
		return &wire.Error{Code: wire.CodeNotFound, Message: "lease " + id + " is not known"}
	case errors.Is(err, store.ErrLost):
		k.drop(id, declined)
		return nil
	case err != nil:
		return err // it is held still, and nothing but memory ever ends it
	}
	k.drop(id, declined)
	if !declined {
		k.options.Log.Info("task returned", "job", a.Job, "task", a.Task, "attempt", id, "node", worker, "kind", end.Kind, "cause", end.Cause)
	}
	k.Finish(changes, out)
	return nil
}

// drop forgets a lease that has ended.
func (k *Keeper) drop(id string, declined bool) {
	k.accounts.End(id)
	k.forget(id, declined)
}

// forget drops a lease from memory, and how far its frames are: whatever becomes of them, it
// isn't this attempt's progress any more.
func (k *Keeper) forget(id string, declined bool) {
	k.mu.Lock()
	h := k.held[id]
	delete(k.held, id)
	k.mu.Unlock()
	if h != nil {
		k.options.Hub.Clear(h.job, h.frames)
		k.options.Fleet.Drop(job.RoleWorker, h.worker, id, declined)
	}
}

// Expire ends the leases whose deadline has passed, or that don't get on.
func (k *Keeper) Expire(ctx context.Context) error {
	now := k.options.Clock()
	k.mu.Lock()
	late := make(map[string]string)
	for id, h := range k.held {
		if now.After(h.deadline) {
			late[id] = h.worker
		}
	}
	k.mu.Unlock()
	var errs []error
	for id, worker := range late {
		if err := k.end(ctx, id, worker, fmt.Sprintf("no sign of life for %s", k.options.Length)); err != nil {
			errs = append(errs, fmt.Errorf("expire lease %s: %w", id, err))
		}
	}
	return errors.Join(append(errs, k.Overtime(ctx))...)
}

// end takes a lease from its worker, which has had its time.
func (k *Keeper) end(ctx context.Context, id, worker, cause string) error {
	if err := k.giveBack(ctx, id, worker, Ending{Kind: job.FailExpired, Cause: cause}, false); err != nil {
		return err
	}
	if m, ok := k.options.Fleet.Member(job.RoleWorker, worker); ok {
		_ = m.Session.Send(wire.TypeLeaseRevoke, wire.LeaseRevoke{Lease: id, Reason: "the lease expired: " + cause}) // it learns it by its next heartbeat otherwise
	}
	return nil
}

// Run expires leases until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	ticker := time.NewTicker(min(time.Second, k.options.Length/4))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := k.Expire(ctx); err != nil && ctx.Err() == nil {
				k.options.Log.Error("expire leases", "err", err)
			}
		}
	}
}

// Progress takes a worker's report, for people.
func (k *Keeper) Progress(worker string, p wire.TaskProgress) {
	// Held until the hub has it, so that no report lands after drop has cleared it.
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.held[p.Lease]
	if h == nil || h.worker != worker {
		return
	}
	h.done = min(max(p.Done, 0), len(h.frames))
	if h.moved(p) {
		h.still = k.options.Clock()
	}
	jobID, frame := h.job, p.Frame
	known := false
	for _, f := range h.frames {
		known = known || f == frame
	}
	if known {
		fraction := min(max(p.Fraction, 0), 1)
		if p.Phase != "render" {
			fraction = 0
		}
		if p.Phase == "upload" {
			fraction = 1
		}
		k.options.Hub.Progress(jobID, frame, worker, fraction)
	}
}

// Working counts the workers that hold leases of a job, and the frames of them that are
// finished but not committed.
func (k *Keeper) Working(jobID string) (workers, frames int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	seen := make(map[string]bool)
	for _, h := range k.held {
		if h.job == jobID {
			seen[h.worker] = true
			frames += h.done
		}
	}
	return len(seen), frames
}
