// Package intake takes jobs in: packages, drafts, acceptance of the quote, the split into
// tasks, and the artist's control over what runs.
//
// It is not the place for prices (manager/quote), money (manager/settle) or for what happens to a task
// once it waits (manager/schedule).
//
// Receives: packages and job requests from artists, through manager/gateway.
// Hands on: tasks and frames in manager/store, which wake manager/schedule.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Options configure an Intake.
type Options struct {
	Store   store.Store
	Blobs   blob.Store
	Hub     *notify.Hub
	Quoter  *quote.Quoter
	Settler *settle.Settler
	Keeper  *lease.Keeper
	Keys    lease.Keys
	Target  time.Duration // that a task should take
	// Unaccepted is how many bytes an artist may have stored without having accepted a price for them; 0 for no limit.
	Unaccepted int64
	Clock      func() time.Time
	Log        *slog.Logger
	Wake       func() // the scheduler; must not block
	// Rushed tells the other managers that a job was rushed, so that they make room for it; nil when there are none. It must not block.
	Rushed func(jobID string)
}

// Intake is safe for concurrent use.
type Intake struct {
	options Options
}

// New makes an intake and tells the settler what follows a funding.
func New(o Options) *Intake {
	in := &Intake{options: o}
	o.Settler.OnFunded(in.funded)
	return in
}

func bad(format string, args ...any) error {
	return &wire.Error{Code: wire.CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// Draft prices a job. The same request of the same artist sent again gets the same job, priced
// anew when its quote has expired.
func (in *Intake) Draft(ctx context.Context, owner string, d wire.JobDraft) (wire.JobQuote, error) {
	if d.From != "" {
		if err := in.from(ctx, owner, &d); err != nil {
			return wire.JobQuote{}, err
		}
	}
	if err := checkDraft(&d); err != nil {
		return wire.JobQuote{}, err
	}
	if _, err := in.options.Keys.JobKey(d.Package, d.JobKey); err != nil {
		return wire.JobQuote{}, bad("the job key can't be opened: it isn't sealed to this manager for this package")
	}
	changes := &notify.Changes{Now: in.options.Clock}
	var j *store.Job
	err := in.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		j, err = in.draft(tx, changes, owner, d)
		return err
	})
	if err != nil {
		return wire.JobQuote{}, err
	}
	in.options.Hub.Publish(changes)
	answer := wire.JobQuote{Job: j.Job, Quote: j.Quote}
	if err := in.options.Settler.Account(ctx, &answer); err != nil {
		return wire.JobQuote{}, err
	}
	return answer, nil
}

func (in *Intake) draft(tx store.Tx, changes *notify.Changes, owner string, d wire.JobDraft) (*store.Job, error) {
	j, err := tx.JobByRequest(owner, d.Request)
	switch {
	case errors.Is(err, store.ErrNotFound):
		p, err := tx.Package(d.Package)
		if err != nil || !p.Ready || p.Owner != owner {
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			return nil, &wire.Error{Code: wire.CodeNotFound, Message: "package " + d.Package + " is not registered", Next: "upload it and finish it first"}
		}
		if err := known(tx, owner, d.After); err != nil {
			return nil, err
		}
		j = &store.Job{Job: job.Job{
			ID: store.NewID("j"), Owner: owner, Name: d.Name, State: job.Draft, Package: d.Package, Origin: d.From, Recipe: d.Recipe, Frames: d.Frames,
			Priority: d.Priority, Deadline: d.Deadline, Created: in.options.Clock().UnixMilli(),
			Needs: d.Needs, After: d.After, Scout: d.Scout && len(d.Frames) > scouts && d.Tiles <= 1, Tiles: d.Tiles,
		}, Request: d.Request, Key: d.JobKey, MaxPrice: d.MaxPrice}
		if j.Scout {
			j.ReleaseAfter = d.ReleaseAfter
		}
		if err := tx.AddJob(j); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case j.Package != d.Package || store.FormatFrames(j.Frames) != store.FormatFrames(d.Frames):
		return nil, &wire.Error{Code: wire.CodeConflict, Message: "the request id was used for another job", Next: "choose a new one"}
	case j.State != job.Draft && j.State != job.Quoted:
		return j, nil
	}
	if j.State == job.Quoted && j.Quote.Expires > in.options.Clock().Unix() {
		return j, nil
	}
	if op, err := tx.Op("fund", j.ID); err == nil && op.State == store.OpPending {
		return j, nil // the artist has accepted the quote as it is
	}
	// A quote that wasn't accepted for long has kept nothing.
	if err := usePackage(tx, j.Package, in.options.Clock()); err != nil {
		return nil, err
	}
	q, err := in.options.Quoter.Quote(tx, j)
	if err != nil {
		return nil, err
	}
	if d.MaxPrice > 0 && q.Ceiling > d.MaxPrice {
		return nil, &wire.Error{Code: wire.CodeLimit, Message: fmt.Sprintf("the job may cost up to %s, more than the %s allowed", q.Ceiling, d.MaxPrice), Next: "raise the limit, or lower samples, resolution or frames"}
	}
	changes.Job(j.ID)
	if j.State == job.Quoted {
		return tx.EditJob(j.ID, func(j *store.Job) { j.Quote = q })
	}
	if err := changes.Event(tx, j.ID, "quoted", q.Basis, ""); err != nil {
		return nil, err
	}
	return tx.MoveJob(j.ID, []job.State{job.Draft}, job.Quoted, func(j *store.Job) { j.Quote = q })
}

// usePackage keeps a package from being dropped for as long as packages are kept after their last use.
func usePackage(tx store.Tx, id string, now time.Time) error {
	err := tx.UsePackage(id, now.UnixMilli())
	if errors.Is(err, store.ErrNotFound) {
		return &wire.Error{Code: wire.CodeNotFound, Message: "package " + id + " isn't kept any more", Next: "submit the scene again"}
	}
	return err
}

// Fund accepts a quote. It returns once the job renders; sent again it returns the job as
// it is.
func (in *Intake) Fund(ctx context.Context, owner string, f wire.JobFund) (*store.Job, error) {
	j, err := in.Own(ctx, owner, f.Job, false)
	if err != nil {
		return nil, err
	}
	if j.Quote.ID != f.Quote {
		return nil, &wire.Error{Code: wire.CodeConflict, Message: "job " + j.ID + " has another quote by now", Next: "look at the new quote and accept that"}
	}
	switch j.State {
	case job.Quoted:
	case job.Draft:
		return nil, &wire.Error{Code: wire.CodeConflict, Message: "job " + j.ID + " has no quote yet"}
	case job.Cancelled, job.Failed:
		return nil, &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is %s: %s", j.ID, j.State, j.Cause), Next: "submit it again"}
	default:
		return j, nil
	}
	if j.Quote.Expires <= in.options.Clock().Unix() {
		return nil, &wire.Error{Code: wire.CodeConflict, Message: "the quote of job " + j.ID + " has expired", Next: "ask for the price again"}
	}
	// From here to the split the package is kept by its use alone.
	if err := in.options.Store.Update(ctx, func(tx store.Tx) error { return usePackage(tx, j.Package, in.options.Clock()) }); err != nil {
		return nil, err
	}
	if err := in.options.Settler.Fund(ctx, j, f); err != nil {
		return nil, err
	}
	in.options.Wake()
	return in.Own(ctx, owner, f.Job, false)
}

// funded is what follows, in the same transaction, when the ceiling is in escrow.
func (in *Intake) funded(tx store.Tx, jobID, hash string, escrow job.Amount, changes *notify.Changes) error {
	j, err := tx.Job(jobID)
	if err != nil {
		return err
	}
	if j.State == job.Cancelled {
		// Cancelled while the funding was on its way: all of it goes back.
		if _, err := tx.EditJob(jobID, func(j *store.Job) { j.Escrow, j.Tx.Fund = escrow, hash }); err != nil {
			return err
		}
		return in.options.Settler.Close(tx, jobID)
	}
	if j.State != job.Quoted {
		return nil
	}
	now := in.options.Clock().UnixMilli()
	if j, err = tx.MoveJob(jobID, []job.State{job.Quoted}, job.Funded, func(j *store.Job) { j.Escrow, j.Tx.Fund = escrow, hash }); err != nil {
		return err
	}
	tasks := Split(j, in.sizing(j))
	var frames []*job.Frame
	for i, t := range tasks {
		for _, f := range t.Frames {
			if t.Kind == job.TaskTile && i > 0 && tasks[i-1].Frames[0] == f {
				continue // a further tile of the same still
			}
			frames = append(frames, &job.Frame{Job: jobID, Number: f, State: job.FramePending, Task: t.ID, Price: j.Quote.PerFrame + j.Quote.VerifyFee})
		}
	}
	if err := errors.Join(tx.AcceptPackage(j.Package), tx.AddTasks(tasks), tx.AddFrames(frames)); err != nil {
		return err
	}
	if _, err := tx.MoveJob(jobID, []job.State{job.Funded}, job.Rendering, func(j *store.Job) { j.Started = now }); err != nil {
		return err
	}
	changes.Job(jobID, j.Frames...)
	in.options.Wake()
	return changes.Event(tx, jobID, "started", fmt.Sprintf("%d frames in %d tasks", len(frames), len(tasks)), "")
}

// Own reads a job that the client may see: its own, or any for studios and operators.
func (in *Intake) Own(ctx context.Context, owner, id string, all bool) (*store.Job, error) {
	var j *store.Job
	err := in.options.Store.View(ctx, func(tx store.Tx) (err error) { j, err = tx.Job(id); return err })
	if errors.Is(err, store.ErrNotFound) || err == nil && j.Owner != owner && !all {
		return nil, &wire.Error{Code: wire.CodeNotFound, Message: "job " + id + " is not known", Next: "list your jobs with `heliostat jobs`"}
	}
	return j, err
}

// Cancel stops a job: leases are taken back, verified frames are paid, the rest is
// refunded. Cancelled again it is returned as it is.
func (in *Intake) Cancel(ctx context.Context, id, reason string) (*store.Job, error) {
	changes := &notify.Changes{Now: in.options.Clock}
	var out lease.Outcome
	var j *store.Job
	var was job.State
	now := in.options.Clock().UnixMilli()
	err := in.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		if j, err = tx.Job(id); err != nil || j.State == job.Cancelled {
			return err
		}
		from := []job.State{job.Draft, job.Quoted, job.Funded, job.Rendering, job.Paused}
		was = j.State
		if j, err = tx.MoveJob(id, from, job.Cancelled, func(j *store.Job) { j.Cause, j.Finished = wire.Trim(reason, 512), now }); err != nil {
			return err
		}
		changes.Job(id)
		if err := changes.Event(tx, id, "cancelled", wire.Trim(reason, 512), ""); err != nil {
			return err
		}
		if was == job.Draft || was == job.Quoted {
			if err := tx.DiscardPackage(j.Package); err != nil {
				return err
			}
		}
		out, err = in.options.Keeper.Stop(tx, changes, id, "the job was cancelled")
		return err
	})
	if err != nil {
		return nil, wrongState(id, was, job.Cancelled, err)
	}
	in.options.Keeper.Finish(changes, out)
	in.options.Settler.Wake()
	return j, nil
}

// Pause keeps a job's waiting tasks from being leased; what is out goes on.
func (in *Intake) Pause(ctx context.Context, id, reason string) (*store.Job, error) {
	return in.move(ctx, id, job.Rendering, job.Paused, "paused", reason)
}

// Resume ends a pause.
func (in *Intake) Resume(ctx context.Context, id, reason string) (*store.Job, error) {
	j, err := in.move(ctx, id, job.Paused, job.Rendering, "resumed", reason)
	in.options.Wake()
	return j, err
}

// resumed forgets why a job was paused. Jobs that will never be delivered are what it came after
// no more: who resumes it wants it without them.
func resumed(tx store.Tx, id string) error {
	j, err := tx.Job(id)
	if err != nil {
		return err
	}
	var after []string
	for _, a := range j.After {
		first, err := tx.Job(a)
		if err != nil {
			return err
		}
		if first.State != job.Failed && first.State != job.Cancelled {
			after = append(after, a)
		}
	}
	_, err = tx.EditJob(id, func(j *store.Job) { j.After, j.Cause = after, "" })
	return err
}

func (in *Intake) move(ctx context.Context, id string, from, to job.State, what, reason string) (*store.Job, error) {
	changes := &notify.Changes{Now: in.options.Clock}
	var j *store.Job
	var was job.State
	err := in.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		if j, err = tx.Job(id); err != nil || j.State == to {
			return err
		}
		was = j.State
		if to == job.Rendering {
			if err := resumed(tx, id); err != nil {
				return err
			}
		}
		if j, err = tx.MoveJob(id, []job.State{from}, to, nil); err != nil {
			return err
		}
		changes.Job(id)
		return changes.Event(tx, id, what, wire.Trim(reason, 512), "")
	})
	if err != nil {
		return nil, wrongState(id, was, to, err)
	}
	in.options.Hub.Publish(changes)
	return j, nil
}

// wrongState tells a client that its job isn't where it could be moved from.
func wrongState(id string, was, to job.State, err error) error {
	if !errors.Is(err, store.ErrLost) {
		return err
	}
	e := &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is %s", id, was)}
	switch {
	case to == job.Paused:
		e.Message += "; only a job that renders can be paused"
	case to == job.Rendering:
		e.Message += "; only a paused job can be resumed"
	case was == job.Delivered || was == job.Disputed:
		e.Message += "; its frames are rendered, so there is nothing left to cancel"
		e.Next = "accept them with `heliostat accept " + id + "`, or dispute bad ones with `heliostat claim " + id + "`"
	default:
		e.Message += "; there is nothing left to cancel"
	}
	return e
}
