//go:build !nogui

package main

import (
	"context"
	"log/slog"
	"math"
	"sync"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/workerapp"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

// workerMode starts and stops a worker engine for the window: an engine runs once, so each
// start after an end makes a new one.
type workerMode struct {
	ctx   context.Context // the window's; ends every engine
	group *sync.WaitGroup
	log   *slog.Logger
	setup func() (manager, dir string, flags workerFlags)

	mu       sync.Mutex // guards what follows
	engine   *workerapp.Engine
	starting bool
	paused   string // the reason of a pause that came before the engine was there
	status   state.WorkerStatus
	watch    func(state.WorkerStatus)
}

var _ state.Worker = (*workerMode)(nil)

func newWorkerMode(ctx context.Context, group *sync.WaitGroup, log *slog.Logger, setup func() (string, string, workerFlags)) *workerMode {
	return &workerMode{ctx: ctx, group: group, log: log, setup: setup, status: state.WorkerStatus{State: state.WorkerOff}}
}

// Status implements state.Worker.
func (w *workerMode) Status() state.WorkerStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

// Watch implements state.Worker.
func (w *workerMode) Watch(f func(state.WorkerStatus)) {
	w.mu.Lock()
	w.watch = f
	w.mu.Unlock()
}

func (w *workerMode) running() bool {
	switch w.Status().State {
	case state.WorkerOff, state.WorkerFailed, state.WorkerPaused:
		return false
	}
	return true
}

// Start implements state.Worker.
func (w *workerMode) Start() {
	w.mu.Lock()
	w.paused = ""
	if w.engine != nil {
		engine := w.engine
		w.mu.Unlock()
		engine.Resume()
		return
	}
	if w.starting || w.ctx.Err() != nil {
		w.mu.Unlock()
		return
	}
	w.starting = true
	w.group.Add(1)
	w.mu.Unlock()
	go func() {
		defer w.group.Done()
		w.run()
	}()
}

// Pause implements state.Worker.
func (w *workerMode) Pause(reason string) {
	w.mu.Lock()
	w.paused = reason
	engine := w.engine
	w.mu.Unlock()
	if engine != nil {
		engine.Pause(rules.Now, reason)
	}
}

// run is one engine's life.
func (w *workerMode) run() {
	w.tell(state.WorkerStatus{State: state.WorkerStarting})
	manager, dir, flags := w.setup()
	engine, _, err := newEngine(manager, dir, flags, w.log, nil)
	if err != nil {
		w.mu.Lock()
		w.starting = false
		w.mu.Unlock()
		w.failed(err)
		return
	}
	w.mu.Lock()
	w.engine, w.starting = engine, false
	paused := w.paused
	w.mu.Unlock()
	if paused != "" {
		engine.Pause(rules.Now, paused)
	}
	stop := engine.Watch(func(s workerapp.Status) { w.tell(workerStatus(s)) })
	err = engine.Run(w.ctx)
	stop()
	w.mu.Lock()
	w.engine = nil
	w.mu.Unlock()
	if err != nil && w.ctx.Err() == nil {
		w.failed(err)
		return
	}
	w.tell(state.WorkerStatus{State: state.WorkerOff})
}

func (w *workerMode) failed(err error) {
	w.log.Error("worker mode ended", "error", err)
	w.tell(state.WorkerStatus{State: state.WorkerFailed, Reason: explain(err)})
}

func (w *workerMode) tell(status state.WorkerStatus) {
	w.mu.Lock()
	w.status = status
	watch := w.watch
	w.mu.Unlock()
	if watch != nil {
		watch(status)
	}
}

// workerStatus words the engine's state for the screens.
func workerStatus(s workerapp.Status) state.WorkerStatus {
	status := state.WorkerStatus{
		Reason: s.Reason, Today: s.FramesToday, Earned: job.Amount(math.Round(s.Earned * float64(job.Token))), Device: s.Hardware,
	}
	if len(s.Tasks) > 0 {
		task := s.Tasks[0]
		status.Job, status.Frame, status.Progress, status.Phase = task.Job, task.Frame, task.Fraction, task.Phase
	}
	switch s.State {
	case workerapp.Starting:
		status.State = state.WorkerStarting
	case workerapp.Offline:
		status.State = state.WorkerOffline
	case workerapp.Rendering, workerapp.Finishing:
		status.State = state.WorkerBusy
	case workerapp.Paused:
		status.State = state.WorkerPaused
	case workerapp.Stopped:
		status.State = state.WorkerOff
	default:
		status.State = state.WorkerIdle
	}
	return status
}
