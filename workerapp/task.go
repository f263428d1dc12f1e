package workerapp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/session"
)

// Why a task ends without a result, as the cause of its context.
var (
	errStopping = errors.New("the worker is stopping")
	errYield    = errors.New("the owner took the machine back")
	errRevoked  = errors.New("the manager ended the lease")
	errSpoilt   = errors.New("the finished files were spoilt on the worker's disk")
)

// stage is how far a task has come.
type stage int

const (
	queued     stage = iota // waits for its turn; its package is fetched meanwhile
	rendering               // has a slot
	delivering              // rendered, as far as it will be; what is finished goes out
)

// task is a lease in hand.
type task struct {
	entry     *outbox.Entry
	end       context.CancelCauseFunc // ends all of it
	stop      context.CancelCauseFunc // ends its rendering; what is finished is still delivered
	turn      chan struct{}           // closed when it may render
	stage     stage                   // guarded by the engine's mu
	uploads   int                     // guarded by the engine's mu; frames
	memory    int64                   // guarded by the engine's mu; the peak, in bytes
	device    int64                   // guarded by the engine's mu; of the GPU's, likewise
	at        session.Progress        // guarded by the engine's mu
	said      time.Time               // when progress was last sent; the renderer's goroutine's own
	saidPhase string                  // likewise
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
	render, stop := context.WithCancelCause(ctx)
	t := &task{entry: entry, end: end, stop: stop, turn: make(chan struct{})}
	if _, sealed := entry.Commit(); sealed {
		t.stage = delivering
	}
	e.order = append(e.order, t)
	e.nextLocked()
	if t.stage == queued {
		e.bringLocked(t)
	}
	e.tasks.Go(func() { e.carry(ctx, render, t) })
}

// takeUp goes on with what an earlier process left in the outbox.
func (e *Engine) takeUp() {
	for _, entry := range e.box.Entries() {
		log := e.options.Log.With("lease", entry.ID())
		if _, sealed := entry.Commit(); !sealed {
			n, err := entry.Resume()
			if err == nil && n > maxResumes && e.renders().SealPartial(entry) == nil {
				log.Warn("a lease that was interrupted too often is given up; its finished frames are delivered", "restarts", n, "frames", len(entry.Records()))
				e.mu.Lock()
				e.startLocked(entry)
				e.mu.Unlock()
				continue
			}
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
// render is ctx's child and ends earlier when the owner takes the machine back.
func (e *Engine) carry(ctx, render context.Context, t *task) {
	id := t.entry.ID()
	log := e.options.Log.With("lease", id)
	defer e.tell()
	defer func() {
		e.mu.Lock()
		e.order = slices.DeleteFunc(e.order, func(x *task) bool { return x == t })
		e.mu.Unlock()
		e.tidy()
		e.checkDisk() // what it left is wiped
	}()
	defer t.end(nil)
	defer t.stop(nil)
	delivered := make(chan error, 1)
	go func() {
		_, err := e.deliver.Deliver(ctx, t.entry)
		if errors.Is(err, outbox.ErrRefused) {
			t.end(err)
		}
		delivered <- err
	}()
	_, sealed := t.entry.Commit()
	if !sealed {
		err := e.render(render, t)
		switch {
		case err == nil:
		case e.sealPart(render, ctx, t, err):
			log.Info("the task ends early; its finished frames are delivered", "frames", len(t.entry.Records()), "of", len(t.entry.Lease().Offer.Frames), "reason", err)
		default:
			t.end(err)
			<-delivered
			e.abandon(t, context.Cause(render), err)
			return
		}
	}
	err := <-delivered
	if err != nil && e.work.Err() != nil && !sealed && !errors.Is(err, outbox.ErrRefused) {
		// Stopping; what was just finished may still get through.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		_, err = e.deliver.Deliver(last, t.entry)
		cancel()
	}
	e.delivered(t, context.Cause(ctx), err)
}

// render waits for the task's turn and takes it.
func (e *Engine) render(ctx context.Context, t *task) error {
	defer e.tell()
	defer func() {
		e.mu.Lock()
		t.stage = delivering
		e.nextLocked()
		e.mu.Unlock()
		if v := e.gate.Verdict(); v.Paused && v.Mode == rules.Now {
			// It came between two requests, so that the renderer was spared.
			e.release()
		}
	}()
	select {
	case <-t.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	var watch *time.Timer
	give := func(limit time.Duration, why string) {
		if watch != nil {
			watch.Stop()
		}
		watch = time.AfterFunc(limit, func() {
			// What is the machine's doing isn't held against the next try.
			e.took(t, limit.Seconds())
			t.stop(&session.Failure{Kind: job.FailWorker, Cause: fmt.Sprintf("a frame took longer than the %v %s", limit, why)})
		})
	}
	give(e.options.FrameLimit, "that this worker gives one") // to arrive and to be loaded
	defer func() { watch.Stop() }()
	done, phase := -1, ""
	log := e.options.Log.With("lease", t.entry.ID())
	err := e.renders().Render(ctx, t.entry, func(p session.Progress) {
		if p.Done != done || p.Phase != phase {
			if done >= 0 && p.Done != done {
				log.Debug("frame rendered", "frame", p.Frame)
			}
			done, phase = p.Done, p.Phase
			if phase == "render" {
				give(e.frameLimit(t))
			}
		}
		e.progressed(t, p)
	})
	log.Debug("task rendered", "err", err)
	e.ate(t)
	return err
}

// sealPart promises the frames that are finished, when the owner, a stop or a full disk ended
// the rendering; the manager gives the others to somebody else as soon as it has the commit.
func (e *Engine) sealPart(render, whole context.Context, t *task, failed error) bool {
	cause := context.Cause(render)
	if !errors.Is(cause, errYield) && !errors.Is(failed, syscall.ENOSPC) && e.work.Err() == nil || errors.Is(context.Cause(whole), errRevoked) {
		return false
	}
	if len(t.entry.Records()) == 0 {
		return false
	}
	if err := e.renders().SealPartial(t.entry); err != nil {
		e.options.Log.Warn("finished frames can't be promised", "lease", t.entry.ID(), "err", err)
		return false
	}
	return true
}

// delivered ends a task whose commit was sent: err is the delivery's end, cause why the
// task's context ended.
func (e *Engine) delivered(t *task, cause, err error) {
	commit, _ := t.entry.Commit()
	frames := len(commit.Frames)
	log := e.options.Log.With("lease", t.entry.ID())
	switch {
	case err == nil:
		log.Info("frames were delivered", "frames", frames)
		e.mu.Lock()
		e.tally.add(time.Now(), frames)
		err := e.tally.save(e.space.Dir())
		e.mu.Unlock()
		if err != nil {
			log.Warn("the tally isn't kept", "err", err)
		}
	case errors.Is(err, outbox.ErrRefused), errors.Is(cause, errRevoked):
		log.Warn("finished frames can't be delivered", "frames", frames, "err", errors.Join(err, cause))
		switch {
		case commit.Partial:
			e.giveBack(t.entry.ID(), errYield)
		case errors.Is(err, outbox.ErrUnusable):
			e.giveBack(t.entry.ID(), errSpoilt)
		}
		e.drop(t.entry)
	default:
		log.Info("finished frames wait for the next start", "frames", frames)
	}
}

// giveBack tells the manager that a lease is free again.
func (e *Engine) giveBack(id string, reason error) {
	say, cancel := context.WithTimeout(context.WithoutCancel(e.work), goodbye)
	defer cancel()
	err := e.conn.Request(say, wire.TypeLeaseRelease, wire.LeaseRelease{Lease: id, Reason: reason.Error()}, nil)
	if err != nil {
		e.options.Log.Info("the manager wasn't told; the lease expires by itself", "lease", id, "err", err)
	}
}

// abandon ends a lease that has no result: cause is why its context ended, err what the
// renderer said.
func (e *Engine) abandon(t *task, cause, err error) {
	id := t.entry.ID()
	log := e.options.Log.With("lease", id)
	var failure *session.Failure
	switch {
	case errors.Is(cause, errRevoked), errors.Is(cause, outbox.ErrRefused):
		log.Info("the lease is over", "err", cause)
	case errors.As(err, &failure) && e.work.Err() == nil && !errors.Is(cause, errYield):
		log.Warn("a task failed", "kind", failure.Kind, "cause", failure.Cause)
		e.didNotFit(t, failure)
		e.mu.Lock()
		e.failed = &Failed{Job: t.entry.Lease().Offer.Job, Kind: failure.Kind, Cause: failure.Cause, Time: time.Now()}
		e.mu.Unlock()
		e.checkDisk() // the cause may be there
		say, cancel := context.WithTimeout(context.WithoutCancel(e.work), goodbye)
		defer cancel()
		if err := e.conn.Request(say, wire.TypeTaskFail, wire.TaskFail{Lease: id, Kind: failure.Kind, Cause: failure.Cause, Log: failure.Log}, nil); err != nil {
			log.Info("the manager wasn't told; the lease expires by itself", "err", err)
		}
	default:
		reason := errStopping
		if errors.Is(cause, errYield) {
			reason = cause
		}
		log.Info("the lease is given back", "reason", reason)
		e.giveBack(id, reason)
	}
	e.drop(t.entry)
}

func (e *Engine) drop(entry *outbox.Entry) {
	if err := entry.Drop(); err != nil {
		e.options.Log.Error("a lease's files can't be wiped", "err", err)
	}
}

// stopTasks gives back what waits for its turn and, when the owner wants the machine now,
// what renders; tasks that only wait to be delivered go on.
func (e *Engine) stopTasks(v rules.Verdict) {
	cause := fmt.Errorf("%w: %s", errYield, v.Reason)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.order {
		if t.stage == queued || t.stage == rendering && v.Mode == rules.Now {
			t.stop(cause)
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
	t.memory, t.device = max(t.memory, p.Memory), max(t.device, p.DeviceMemory)
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
	e.checkDisk() // what is uploaded can make room
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
