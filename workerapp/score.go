package workerapp

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/workerapp/bench"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

// benchLimit bounds the measurement; compiling a GPU's kernels takes minutes.
const benchLimit = 15 * time.Minute

// score is what this machine renders, in work units per minute. The owner's pause ends a measurement, which takes
// the whole machine; it begins anew after that.
func (e *Engine) score(ctx context.Context) (float64, error) {
	for {
		held, changed := e.gate.Held(rules.Owner)
		if !held {
			score, err := e.measure(ctx)
			if !errors.Is(err, errPaused) {
				return score, err
			}
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

var errPaused = errors.New("the owner paused the measurement")

// measure is errPaused when the owner's pause ended it.
func (e *Engine) measure(ctx context.Context) (float64, error) {
	ctx, stop := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop(nil)
	watch.Go(func() {
		for {
			held, changed := e.gate.Held(rules.Owner)
			if held {
				stop(errPaused)
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	})
	score, err := e.units(ctx)
	if context.Cause(ctx) == errPaused {
		return 0, errPaused
	}
	return score, err
}

// units measures, or reads what was measured before.
func (e *Engine) units(ctx context.Context) (float64, error) {
	if e.options.Bench != nil {
		return e.options.Bench(ctx)
	}
	var first warm.Found // none as long as the depot brings the first one
	if len(e.found) > 0 {
		first = e.found[0]
	}
	for _, f := range e.found {
		if bench.Can(f.Install) {
			first = f
			break
		}
	}
	device, threads := e.device.first(), e.options.threads()
	measure := func(ctx context.Context) (bench.Score, error) {
		if !bench.Can(first.Install) {
			return bench.Measure(ctx, threads, time.Second)
		}
		rig := bench.Rig{
			Found: first, Device: e.device.backend, Sandbox: e.options.Sandbox, Threads: threads, Dir: filepath.Join(e.space.Scratch(), "bench"),
		}
		if ids := e.device.ids(); len(ids) > 0 {
			rig.DeviceID = ids[0]
		}
		ctx, cancel := context.WithTimeout(ctx, benchLimit)
		defer cancel()
		return bench.Render(ctx, rig)
	}
	s, err := bench.Cached(ctx, filepath.Join(e.space.Dir(), "bench.json"), bench.Key{
		Device: device.Name, Driver: device.Driver, Renderer: first.Install.Renderer + " " + first.Install.Version, Threads: threads,
	}, measure)
	if s.Units > 0 && err != nil {
		e.options.Log.Warn("the bench score isn't kept", "err", err)
		err = nil
	}
	return s.Units * float64(max(1, len(e.device.ids()))), err // one GPU was measured
}
