package state

import (
	"context"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Source is the manager as the Model needs it: *client.Client and the role it signed in with. Every call may be
// made concurrently, ends with its context and is safe to repeat. Watch blocks until its
// context ends, survives reconnects by itself and begins with a full update of every job
// that it watches; it calls its function from one goroutine. The Model closes the Source.
type Source interface {
	Welcome() wire.Welcome
	Jobs(ctx context.Context, ask wire.JobList) ([]job.Job, bool, error)
	Going(ctx context.Context, all bool) ([]job.Job, error) // every job that isn't over
	Job(ctx context.Context, id string) (wire.JobDetail, error)
	Cancel(ctx context.Context, id, reason string) (job.Job, error)
	Pause(ctx context.Context, id, reason string) (job.Job, error)
	Resume(ctx context.Context, id, reason string) (job.Job, error)
	Accept(ctx context.Context, id string) (job.Job, error)
	Claim(ctx context.Context, id string, frames []int, reason string) (job.Job, error)
	Release(ctx context.Context, id, reason string) (job.Job, error)
	Priority(ctx context.Context, id string, priority int) (job.Job, error)
	Rush(ctx context.Context, id string, on bool, reason string) (job.Job, error)
	Requeue(ctx context.Context, id string, frames []int, reason string) (job.Job, error)
	Redraft(ctx context.Context, draft wire.JobDraft) (wire.JobQuote, error)
	Fund(ctx context.Context, quote wire.JobQuote) (job.Job, error)
	Watch(ctx context.Context, ask wire.JobWatch, update func(wire.JobUpdate)) error
	Files(ctx context.Context, id string, frames []int) (wire.JobFiles, error)
	Download(ctx context.Context, file wire.JobFile, path string) error
	Nodes(ctx context.Context) ([]job.Node, error)
	Payouts(ctx context.Context, all bool) ([]job.Payout, error)
	ClaimPayout(ctx context.Context) (wire.PayoutPaid, error)
	Connected() bool
	Operates() bool   // signed in as the operator, who may change every job
	Manager() string  // the address that it is connected to, of those that it was dialled with, or was last
	Everything() bool // sees every owner's jobs and payouts: it signed in as a studio
	Close()
}

// Dial opens a Source at one of the managers, or says why it can't. It returns after the first sign-in. Until then it tells trouble why each try
// failed that it makes again.
type Dial func(ctx context.Context, manager string, trouble func(error)) (Source, error)
