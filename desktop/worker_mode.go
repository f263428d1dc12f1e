//go:build !nogui

package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/workerapp"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/setup"
)

// workerMode starts and stops a worker engine for the window: an engine runs once, so each
// start after an end makes a new one.
type workerMode struct {
	ctx   context.Context // the window's; ends every engine
	group *sync.WaitGroup
	log   *slog.Logger
	setup func() (manager, dir string, s setup.Setup)

	mu       sync.Mutex // guards what follows
	engine   *workerapp.Engine
	end      context.CancelFunc // of the engine that runs
	again    bool               // begin anew once it has ended
	starting bool
	paused   string // the reason of a pause that came before the engine was there
	status   state.WorkerStatus
	watch    func(state.WorkerStatus)
}

var _ state.Worker = (*workerMode)(nil)

func newWorkerMode(ctx context.Context, group *sync.WaitGroup, log *slog.Logger, setup func() (string, string, setup.Setup)) *workerMode {
	w := &workerMode{ctx: ctx, group: group, log: log, setup: setup, status: state.WorkerStatus{State: state.WorkerOff}}
	group.Go(w.look)
	return w
}

// look finds the machine's devices, so that an owner can choose before anything runs.
func (w *workerMode) look() {
	found, err := gpu.List(w.ctx, gpu.NVIDIA())
	if err != nil && len(found) == 0 {
		w.log.Warn("the devices can't be listed", "error", err)
		return
	}
	w.mu.Lock()
	if len(w.status.Devices) == 0 {
		for _, d := range found {
			w.status.Devices = append(w.status.Devices, workerDevice(workerapp.Device{Device: d, On: true}))
		}
	}
	status, watch := w.status, w.watch
	w.mu.Unlock()
	if watch != nil {
		watch(status)
	}
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
	status := w.Status()
	switch status.State {
	case state.WorkerOff, state.WorkerFailed:
		return false
	case state.WorkerPaused:
		return status.Ruled() // the hours begin again in the evening
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
func (w *workerMode) Pause(reason string) { w.pause(rules.Now, reason) }

// Finish implements state.Worker.
func (w *workerMode) Finish(reason string) { w.pause(rules.Finish, reason) }

func (w *workerMode) pause(mode rules.Mode, reason string) {
	w.mu.Lock()
	w.paused = reason
	engine := w.engine
	w.mu.Unlock()
	if engine != nil {
		engine.Pause(mode, reason)
	}
}

// Restart implements state.Worker.
func (w *workerMode) Restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.engine != nil {
		w.again = true
		w.end()
	}
}

// run is the life of engines that follow each other.
func (w *workerMode) run() {
	for w.once() {
	}
}

// once is one engine's life; true asks for another.
func (w *workerMode) once() (again bool) {
	w.tell(state.WorkerStatus{State: state.WorkerStarting})
	manager, dir, flags := w.setup()
	engine, err := newEngine(manager, dir, flags, w.log, nil)
	if err != nil {
		w.mu.Lock()
		w.starting = false
		w.mu.Unlock()
		w.failed(err)
		return false
	}
	ctx, end := context.WithCancel(w.ctx)
	defer end()
	w.mu.Lock()
	w.engine, w.end, w.starting, w.again = engine, end, false, false
	paused := w.paused
	w.mu.Unlock()
	if paused != "" {
		engine.Pause(rules.Now, paused)
	}
	stop := engine.Watch(func(s workerapp.Status) { w.tell(workerStatus(s)) })
	err = engine.Run(ctx)
	stop()
	w.mu.Lock()
	again = w.again && w.ctx.Err() == nil
	w.engine, w.starting = nil, again
	w.mu.Unlock()
	switch {
	case again:
		return true
	case err != nil && w.ctx.Err() == nil:
		w.failed(err)
	default:
		w.tell(state.WorkerStatus{State: state.WorkerOff})
	}
	return false
}

func (w *workerMode) failed(err error) {
	w.log.Error("worker mode ended", "error", err)
	w.tell(state.WorkerStatus{State: state.WorkerFailed, Reason: explain(err)})
}

func (w *workerMode) tell(status state.WorkerStatus) {
	w.mu.Lock()
	if len(status.Devices) == 0 {
		status.Devices = w.status.Devices // an engine that starts or ends doesn't say
	}
	was := w.status
	if status.Address == "" { // not an engine's
		status.Address, status.Today = was.Address, was.Today
	}
	if status.Earned == 0 && status.Address == was.Address { // it hasn't asked yet
		status.Earned, status.Claimed, status.LastTx = was.Earned, was.Claimed, was.LastTx
	}
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
		Reason: s.Reason, Today: s.FramesToday, Device: s.Hardware,
		Address: s.Address, Earned: amount(s.Earned), Claimed: amount(s.Claimed), LastTx: s.LastTx,
	}
	switch f := s.Failed; {
	case s.Trouble != "":
		status.Trouble = "Frames can't be delivered: " + s.Trouble + "."
	case f != nil:
		status.Trouble = fmt.Sprintf("The task that failed here last, at %s, was of job %s: %s.", f.Time.Local().Format("15:04 on 2 January"), state.Short(f.Job), f.Cause)
	}
	for _, d := range s.Devices {
		status.Devices = append(status.Devices, workerDevice(d))
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

func amount(tokens float64) job.Amount { return job.Amount(math.Round(tokens * float64(job.Token))) }

func workerDevice(d workerapp.Device) state.WorkerDevice {
	return state.WorkerDevice{
		ID: d.ID, GPU: d.Kind == gpu.GPU, Name: d.Name, On: d.On, Memory: d.Memory, Free: d.Free,
		Load: d.Load, Temperature: d.Temperature, Power: d.Power,
	}
}
