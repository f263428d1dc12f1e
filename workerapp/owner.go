package workerapp

import (
	"context"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/store"
)

// lookEvery is how often the owner's rules are held against the machine. A renderer is gone
// within two seconds of a pause; this comes on top of it.
const lookEvery = 2 * time.Second

// base is the options as rules, which the owner's file is read over.
func (o *Options) base() rules.Rules {
	r := rules.Default()
	r.Limits.Threads = o.Threads
	r.Limits.Cache = rules.Size(o.CacheBytes)
	r.Limits.MinFree = rules.Size(o.MinFree)
	r.Limits.Memory = rules.Size(o.MemoryLimit)
	r.Price.Floor = float64(o.Floor) / float64(job.Token)
	if o.Priority != "" {
		r.Process.Priority = o.Priority
	}
	return r
}

// settle reads the owner's rules for the first time and takes from them what holds until
// the next start.
func (e *Engine) settle(ctx context.Context) {
	o := &e.options
	e.keeper = &rules.Keeper{
		Gate: &e.gate, Machine: o.Machine, File: o.RulesFile, Base: o.base(), Log: o.Log,
		Changed: e.ruled,
	}
	e.keeper.Look(ctx, time.Now())
	r := e.keeper.Rules()
	o.Threads, o.CacheBytes, o.MemoryLimit = r.Limits.Threads, int64(r.Limits.Cache), int64(r.Limits.Memory)
	o.Priority = r.Process.Priority
}

// ruled takes over rules that changed while the worker runs.
func (e *Engine) ruled(r rules.Rules) {
	e.mu.Lock()
	e.capabilities.Floor = floor(r)
	e.mu.Unlock()
	e.limit(r)
	e.tell()
}

func floor(r rules.Rules) job.Amount { return job.Amount(r.Price.Floor * float64(job.Token)) }

// limit sets the bandwidth that the rules leave.
func (e *Engine) limit(r rules.Rules) {
	set := func(l *rate.Limiter, bytes rules.Size) {
		if bytes == 0 {
			l.SetLimit(rate.Inf)
			return
		}
		l.SetLimit(rate.Limit(bytes))
	}
	set(e.down, r.Limits.Download)
	set(e.up, r.Limits.Upload)
}

// watchOwner holds the rules against the machine until ctx ends.
func (e *Engine) watchOwner(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	return e.keeper.Keep(ctx, ticker.C)
}

// boards reads the GPUs that render.
func (e *Engine) boards(ctx context.Context) ([]rules.Board, error) {
	if e.device.kind != gpu.GPU {
		return nil, nil
	}
	devices, err := gpu.List(ctx, e.options.GPUs...)
	var boards []rules.Board
	for _, d := range devices {
		if e.device.uses(d) {
			boards = append(boards, rules.Board{Name: d.Name, Temperature: float64(d.Temperature), Power: d.Power})
		}
	}
	return boards, err
}

// objects is the manager's store behind the owner's bandwidth.
func (e *Engine) objects() (*store.Store, error) {
	return store.Limited(e.options.Manager, store.Limits{Down: e.down, Up: e.up})
}

// atWork is the load above which a GPU surely renders: drawing a desktop takes less.
const atWork = 0.25

// busy tells whether the GPU with this identifier renders, or any that is used where "" names none.
func (e *Engine) busy(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.devices, func(d Device) bool {
		return d.Kind == gpu.GPU && d.Load > atWork && (d.ID == id || id == "" && d.On)
	})
}

// watchDevices keeps the devices' state for people, until ctx ends.
func (e *Engine) watchDevices(ctx context.Context) error {
	ticker := time.NewTicker(devicesEvery)
	defer ticker.Stop()
	for {
		devices, err := gpu.List(ctx, e.options.GPUs...)
		if err != nil && ctx.Err() == nil {
			e.options.Log.Debug("a device can't be read", "err", err)
		}
		var shown []Device
		for _, d := range devices {
			shown = append(shown, Device{Device: d, On: e.device.uses(d)})
		}
		e.mu.Lock()
		e.devices = shown
		e.mu.Unlock()
		e.changed()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
