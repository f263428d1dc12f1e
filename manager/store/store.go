// Package store is the manager's memory: the interface to the database that every other
// package of the manager writes through, and its records. manager/store/sqlite implements
// it; manager/store/storetest is the suite that every implementation passes.
//
// It is not the place for deciding what may change: manager/lifecycle has the tables, and
// the callers the reasons. Progress and heartbeats are not stored; they live in memory and
// come back with the nodes.
//
// Receives: transactions from manager/intake, lease, audit and settle.
// Hands on: rows; every change is durable before Update returns.
package store

import (
	"context"
	"errors"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

var (
	// ErrNotFound means that no row has the id.
	ErrNotFound = errors.New("not found")
	// ErrLost means that the row was in another state: somebody else was faster.
	ErrLost = errors.New("it is in another state by now")
	// ErrIllegal means that manager/lifecycle doesn't know the change: a bug of the caller.
	ErrIllegal = errors.New("illegal change of state")
	// ErrUnknown means that the database went away in the middle of a commit and didn't come
	// back in time: nobody knows yet whether the change was kept. It counts as not acknowledged;
	// who does it again has to be ready to find it done.
	ErrUnknown = errors.New("the database went away: whether the change was kept isn't known")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrExists means that the row is there already.
	ErrExists = errors.New("it exists already")
)

// Store is the database. It is safe for concurrent use.
type Store interface {
	// Update runs fn in a transaction and returns once what it changed is durable. When fn
	// returns an error, nothing of it is kept and the error is returned. fn may be run more
	// than once and must not act on anything but tx.
	Update(ctx context.Context, fn func(tx Tx) error) error
	// View runs fn on one consistent state. fn must not write.
	View(ctx context.Context, fn func(tx Tx) error) error
	// Look is View for a few rows that transactions have just used: a store that remembers them needn't read
	// them again. It waits its turn among the updates, so fn must be short.
	Look(ctx context.Context, fn func(tx Tx) error) error
	// Signal tells the other managers on this database something. It is lost where nobody
	// listens.
	Signal(ctx context.Context, s Signal) error
	// Signals delivers what the other managers signal until ctx ends, then closes the channel.
	// After a gap comes one with Lost set.
	Signals(ctx context.Context) (<-chan Signal, error)
	// Lead makes this manager the only one that does the named duty, until ctx ends or the
	// connection to the database is lost; the returned context ends then. It waits its turn.
	Lead(ctx context.Context, duty string) (context.Context, error)
	// Close waits for running transactions.
	Close() error
}

// Tx is one transaction. Moves are guarded: they change the row only when it still is in
// one of the from states and return ErrLost otherwise. Patches change a record's fields; what is
// said to be fixed at its creation stays.
type Tx interface {
	// Jobs. ID, owner, request, package, recipe, frames and creation time are fixed.
	AddJob(j *Job) error // ErrExists when the owner used the request before
	Job(id string) (*Job, error)
	JobByRequest(owner, request string) (*Job, error)
	// ListJobs returns jobs newest first.
	ListJobs(q JobQuery) ([]*Job, error)
	JobsFrom(id string) ([]*Job, error)              // whose Origin it is, oldest first
	JobsInState(states ...job.State) ([]*Job, error) // oldest first
	MoveJob(id string, from []job.State, to job.State, patch func(*Job)) (*Job, error)
	EditJob(id string, patch func(*Job)) (*Job, error) // any state, which it keeps

	// OldJobs lists jobs that were settled, cancelled or failed before the time (Unix milliseconds) and whose history is there, the oldest
	// first.
	OldJobs(before int64, limit int) ([]string, error)
	// ForgetHistory drops, of such a job, limit tasks with their frames, attempts and audits, and as many of its events;
	// done says that it was the last of them. The job and what it owes stay, and the tasks that fees are owed for.
	ForgetHistory(id string, now int64, limit int) (done bool, err error)

	// Tasks. Job, index, kind and border are fixed; frames only ever get fewer.
	AddTasks(tasks []*job.Task) error
	Task(id string) (*job.Task, error)
	Tasks(jobID string) ([]*job.Task, error)
	WaitingTasks(jobID string, limit int) ([]*job.Task, error) // in the order of index
	// ClaimTask leases a waiting task. One that another manager is just claiming is lost at once: nobody
	// waits to see whether that one succeeds.
	ClaimTask(id string, patch func(*job.Task)) (*job.Task, error)
	MoveTask(id string, from []job.TaskState, to job.TaskState, patch func(*job.Task)) (*job.Task, error)

	// Frames.
	AddFrames(frames []*job.Frame) error
	Frames(jobID string) ([]*job.Frame, error) // ascending
	FrameSet(jobID string, numbers []int) ([]*job.Frame, error)
	// MoveFrames moves all of the numbers or none.
	MoveFrames(jobID string, numbers []int, from, to job.FrameState, patch func(*job.Frame)) error

	// Attempts. All but state, deadline, class, commit, kind, cause, note, convicted and ended is fixed.
	AddAttempt(a *Attempt) error
	Attempt(id string) (*Attempt, error)
	Attempts(taskID string) ([]*Attempt, error)                      // in order
	AttemptsIn(states ...lifecycle.AttemptState) ([]*Attempt, error) // of every job, without commits
	JobFailures(jobID string) ([]Failure, error)                     // of the job's attempts
	// AdoptAttempts makes the held attempts of managers that weren't seen since the time (Unix
	// milliseconds) another manager's, each with at least the deadline, and returns them. Safe
	// against other managers that do the same.
	AdoptAttempts(notSeenSince int64, manager string, deadline int64) ([]*Attempt, error)
	LastPasses(jobID string) (map[string]int64, error) // by worker: when an attempt of the job last passed, Unix milliseconds
	MoveAttempt(id string, from []lifecycle.AttemptState, to lifecycle.AttemptState, patch func(*Attempt)) (*Attempt, error)
	HeldByOwner() (map[string]int, error) // leased tasks of each artist

	// TakeAttempts makes those of the ids that the worker holds the manager's.
	TakeAttempts(worker string, ids []string, manager string) ([]*Attempt, error)

	// Audits.
	AddAudit(a *Audit) error
	Audit(id string) (*Audit, error)
	Audits(attempt string) ([]*Audit, error) // in order
	AuditsIn(states ...lifecycle.AuditState) ([]*Audit, error)
	WaitingAudits(limit int) ([]string, error) // ids, the oldest first
	// WaitingTurns lists audits that wait: of what an operator rushes first, then of the rest, each owner's oldest, then each
	// owner's second. It reads all that wait.
	WaitingTurns(limit int) ([]WaitingAudit, error)
	// PassedAudits are the newest that passed: their jobs, deadlines and ends.
	PassedAudits(limit int) ([]PassedAudit, error)
	// AdoptAudits is AdoptAttempts for the audits that are held or committed.
	AdoptAudits(notSeenSince int64, manager string, deadline int64) ([]*Audit, error)
	// TakeAudits makes those of the ids that the verifier has open the manager's.
	TakeAudits(verifier string, ids []string, manager string) ([]*Audit, error)
	MoveAudit(id string, from []lifecycle.AuditState, to lifecycle.AuditState, patch func(*Audit)) (*Audit, error)

	// Nodes.
	PutNode(address string, patch func(*Node)) (*Node, error) // made when it is new
	Node(address string) (*Node, error)
	Nodes() ([]*Node, error)

	// Managers that share the database.
	PutManager(m Manager) error
	Managers() ([]Manager, error)
	DropManager(id string) error

	// Packages.
	PutPackage(p *Package) error // one that is ready stays as it is; another begins anew
	Package(id string) (*Package, error)
	AddChunks(pkg string, chunks []wire.Chunk) error
	Chunks(pkg string, ids []string) (map[string]wire.Chunk, error)
	ChunkCount(pkg string) (int, error)
	// SameChunks tells whether two finished packages have the same files, as far as size and chunks tell. One whose chunks are
	// forgotten is like no other.
	SameChunks(one, other string) (bool, error)
	FinishPackage(id string, bytes int64, files int) error // ErrLost when it isn't there, or was dropped
	// UsePackage says that a job is made of it now (Unix milliseconds); ErrNotFound unless it is
	// ready. It and DropPackage can't both succeed.
	UsePackage(id string, at int64) error
	// IdlePackages returns packages, finished or not, that came and were used before the time
	// and that only jobs which are settled, cancelled or failed are of; the oldest first.
	IdlePackages(before int64, limit int) ([]*Package, error)
	// DropPackage forgets the chunks of an idle package; ErrLost when it isn't idle any more.
	// Its record stays, not ready, until it is put again.
	DropPackage(id string, before int64) error
	// ChunksInUse says which of the chunks the packages of the owner have.
	ChunksInUse(owner string, ids []string) (map[string]bool, error)

	// What an artist has had stored without having accepted a price for it, in bytes.
	Unaccepted(owner string) (total int64, err error)
	// AddUnaccepted adds to it; of an object that is there already the larger size counts. at is in Unix milliseconds.
	AddUnaccepted(owner string, objects []Unaccepted, at int64) (total int64, err error)
	UnacceptedOwners() ([]string, error)
	// AcceptPackage takes a package and its chunks off it.
	AcceptPackage(id string) error
	// DiscardPackage drops a package that was never accepted once every job of it is cancelled; else it changes nothing.
	DiscardPackage(id string) error
	// ForgetUnaccepted takes off what was last signed before the time and no package of the owner needs.
	ForgetUnaccepted(owner string, before int64) error

	// History: what people read about a job.
	AddEvent(jobID string, e wire.Event) error
	Events(jobID string, limit int) ([]wire.Event, error) // the newest, oldest first

	// The trail of who changed what, newest first; before 0 from the newest.
	AddDeed(d Deed) error
	Deeds(before int64, limit int) ([]Deed, error)

	// The renderer depot.
	PutArchive(a wire.Archive) error
	Archives() ([]wire.Archive, error)
	DropArchive(digest string) error

	// Images that were seen before.
	AddFingerprint(f Fingerprint) error // again is nothing
	Fingerprints(hash string) ([]Fingerprint, error)
	NewestFingerprints(prefix string, limit int) ([]Fingerprint, error) // whose hash begins so, the newest first

	// Money. AddEntry makes a frame, or a part of it, payable once per role: a second entry is ErrExists.
	AddEntry(e Entry) error
	Entries(jobID string) ([]Entry, error)
	VoidEntries(jobID string, frames []int, cause string) (job.Amount, error) // unsettled ones only
	SettleEntries(jobID string) error                                         // the escrow has paid them and the fees out; ErrIllegal before the job was accepted, cancelled or failed
	// AddFee makes a confirmed verdict on an attempt payable, once per job, frame, attempt
	// and verifier: a second one is ErrExists.
	AddFee(f Fee) error
	Fees(jobID string) ([]Fee, error)
	// Earned sums entries and fees. What is settled is cheap however much there is; the rest grows with the jobs that go on.
	Earned(settledOnly bool) ([]Earning, error)
	AddEpoch(e *Epoch) error
	LastEpoch() (*Epoch, error) // ErrNotFound before the first
	PostedEpoch() (*Epoch, error)
	PostEpoch(number uint64, tx string) error
	Withdrawal(node string) (Withdrawal, error) // zero when there was none
	PutWithdrawal(w Withdrawal) error

	// Outbox: what must happen outside, and has to survive a crash.
	AddOp(o *Op) error // ErrExists when kind and ref were used
	Op(kind, ref string) (*Op, error)
	PendingOps() ([]*Op, error) // in order
	EditOp(id int64, patch func(*Op)) (*Op, error)

	// Totals is cheap however much there is.
	Totals() (Totals, error)

	// Settings.
	Meta(key string) (string, error) // "" when it isn't set
	SetMeta(key, value string) error
}

// IgnoreLost turns ErrLost into nil, where losing the race means that there is nothing to do.
func IgnoreLost(err error) error {
	if errors.Is(err, ErrLost) {
		return nil
	}
	return err
}
