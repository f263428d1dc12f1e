package workerapp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/pack/fetch"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
	"github.com/heliostat-render/heliostat/workerapp/session"
)

// Why a task ends without a result, as the cause of its context.
var (
	errStopping = errors.New("the worker is stopping")
	errYield    = errors.New("the owner took the machine back")
	errRevoked  = errors.New("the manager ended the lease")
)

// task is a lease in hand: it renders, or only waits to be delivered.
type task struct {
	entry     *outbox.Entry
	end       context.CancelCauseFunc
	rendering bool             // guarded by the engine's mu
	uploads   int              // guarded by the engine's mu; frames
	at        session.Progress // guarded by the engine's mu
	said      time.Time        // when progress was last sent; the renderer's goroutine's own
	saidPhase string           // likewise
}

// view is what people see; the engine's mu is held.
func (t *task) view() Task {
	offer := t.entry.Lease().Offer
	return Task{
		Lease: offer.Lease, Job: offer.Job, Phase: t.at.Phase, Frame: t.at.Frame, Fraction: t.at.Fraction,
		Done: t.at.Done, Total: len(offer.Frames), Memory: t.at.Memory,
	}
}

// startLocked begins to work on an entry; mu is held.
func (e *Engine) startLocked(entry *outbox.Entry) {
	ctx, end := context.WithCancelCause(e.work)
	_, sealed := entry.Commit()
	t := &task{entry: entry, end: end, rendering: !sealed}
	e.order = append(e.order, t)
	e.tasks.Go(func() { e.carry(ctx, t) })
}

// takeUp goes on with what an earlier process left in the outbox.
func (e *Engine) takeUp() {
	for _, entry := range e.box.Entries() {
		log := e.options.Log.With("lease", entry.ID())
		if _, sealed := entry.Commit(); !sealed {
			n, err := entry.Resume()
			if err != nil || n > maxResumes {
				log.Warn("a lease that was interrupted is given up", "restarts", n, "err", err)
				e.drop(entry)
				continue
			}
			log.Info("a lease that was interrupted goes on", "finished", len(entry.Records()), "frames", len(entry.Lease().Offer.Frames))
		} else {
			log.Info("finished frames wait to be delivered")
		}
		e.mu.Lock()
		e.startLocked(entry)
		e.mu.Unlock()
	}
}

// carry brings one lease to its end: delivered, failed, given back or kept for later.
func (e *Engine) carry(ctx context.Context, t *task) {
	id := t.entry.ID()
	log := e.options.Log.With("lease", id)
	defer e.tell()
	defer func() {
		e.mu.Lock()
		e.order = slices.DeleteFunc(e.order, func(x *task) bool { return x == t })
		e.mu.Unlock()
	}()
	defer t.end(nil)
	type delivery struct {
		done wire.TaskCommitted
		err  error
	}
	delivered := make(chan delivery, 1)
	go func() {
		done, err := e.deliver.Deliver(ctx, t.entry)
		if errors.Is(err, outbox.ErrRefused) {
			t.end(err)
		}
		delivered <- delivery{done, err}
	}()
	if t.rendering { // written before this goroutine began
		err := e.runner.Render(ctx, t.entry, func(p session.Progress) { e.progressed(t, p) })
		e.mu.Lock()
		t.rendering = false
		e.mu.Unlock()
		e.tell()
		if err != nil {
			t.end(err)
			<-delivered
			e.abandon(t, context.Cause(ctx), err)
			return
		}
	}
	frames := len(t.entry.Lease().Offer.Frames)
	switch d := <-delivered; {
	case d.err == nil:
		log.Info("frames were delivered", "frames", frames)
		e.mu.Lock()
		e.tally.add(time.Now(), frames)
		err := e.tally.save(e.space.Dir())
		e.mu.Unlock()
		if err != nil {
			log.Warn("the tally isn't kept", "err", err)
		}
	case errors.Is(d.err, outbox.ErrRefused), errors.Is(context.Cause(ctx), errRevoked):
		log.Warn("finished frames can't be delivered", "frames", frames, "err", errors.Join(d.err, context.Cause(ctx)))
		e.drop(t.entry)
	default:
		log.Info("finished frames wait for the next start", "frames", frames)
	}
}

// abandon ends a lease that has no result: cause is why its context ended, err what the
// renderer said.
func (e *Engine) abandon(t *task, cause, err error) {
	id := t.entry.ID()
	log := e.options.Log.With("lease", id)
	say, cancel := context.WithTimeout(context.WithoutCancel(e.work), goodbye)
	defer cancel()
	var failure *session.Failure
	var told error
	switch {
	case errors.Is(cause, errRevoked), errors.Is(cause, outbox.ErrRefused):
		log.Info("the lease is over", "err", cause)
	case errors.As(err, &failure) && e.work.Err() == nil && !errors.Is(cause, errYield):
		log.Warn("a task failed", "kind", failure.Kind, "cause", failure.Cause)
		told = e.conn.Request(say, wire.TypeTaskFail, wire.TaskFail{Lease: id, Kind: failure.Kind, Cause: failure.Cause, Log: failure.Log}, nil)
	default:
		reason := errStopping
		if errors.Is(cause, errYield) {
			reason = cause
		}
		log.Info("the lease is given back", "reason", reason)
		told = e.conn.Request(say, wire.TypeLeaseRelease, wire.LeaseRelease{Lease: id, Reason: reason.Error()}, nil)
	}
	if told != nil {
		log.Info("the manager wasn't told; the lease expires by itself", "err", told)
	}
	e.drop(t.entry)
}

func (e *Engine) drop(entry *outbox.Entry) {
	if err := entry.Drop(); err != nil {
		e.options.Log.Error("a lease's files can't be wiped", "err", err)
	}
}

// stopRendering ends the tasks that render; those that only wait to be delivered go on.
func (e *Engine) stopRendering(cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.order {
		if t.rendering {
			t.end(cause)
		}
	}
}

// revoke ends one task of any kind.
func (e *Engine) revoke(lease, reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.order {
		if t.entry.ID() == lease {
			t.end(fmt.Errorf("%w: %s", errRevoked, reason))
		}
	}
}

// progressed notes how far a task has come and, now and then, tells the manager.
func (e *Engine) progressed(t *task, p session.Progress) {
	e.mu.Lock()
	t.at = p
	e.mu.Unlock()
	e.changed()
	now := time.Now()
	if p.Phase == t.saidPhase && now.Sub(t.said) < progressEvery && p.Fraction < 1 {
		return
	}
	t.said, t.saidPhase = now, p.Phase
	// It may be lost: without a connection there is nobody to tell.
	_ = e.conn.Send(wire.TypeTaskProgress, wire.TaskProgress{
		Lease: t.entry.ID(), Phase: p.Phase, Frame: p.Frame, Fraction: p.Fraction, Done: p.Done, Memory: p.Memory,
	})
}

// uploaded is told by the outbox after each frame.
func (e *Engine) uploaded(entry *outbox.Entry, frame int) {
	e.mu.Lock()
	done := 0
	for _, t := range e.order {
		if t.entry == entry {
			t.uploads++
			done = t.uploads
		}
	}
	e.mu.Unlock()
	e.changed()
	_ = e.conn.Send(wire.TypeTaskProgress, wire.TaskProgress{Lease: entry.ID(), Phase: "upload", Frame: frame, Fraction: 1, Done: done})
}

// troubled is told by the outbox when a delivery has to be tried again.
func (e *Engine) troubled(err error) {
	e.mu.Lock()
	e.trouble = ""
	if err != nil {
		e.trouble = err.Error()
		e.options.Log.Warn("a delivery is tried again", "err", err)
	}
	e.mu.Unlock()
	e.changed()
}

func fetchWith(f *fetch.Fetcher) func(context.Context, session.Package, string, func(float64)) error {
	return func(ctx context.Context, p session.Package, dir string, progress func(float64)) error {
		return f.Fetch(ctx, fetch.Package{ID: p.ID, Lease: p.Lease, Manifest: p.Manifest, JobKey: p.JobKey}, dir, func(at pack.Progress) {
			if at.BytesTotal > 0 {
				progress(float64(at.BytesDone) / float64(at.BytesTotal))
			}
		})
	}
}
