package lease

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Heartbeats renew a lease for as long as its worker likes, and a name costs nothing: two that hold a task and its copy and render
// nothing would keep it from everybody. So a lease also ends when it doesn't get on, by what its worker reports, or takes many times
// what it should, whatever is reported. Both are far from what honest machines need: a scene may take long to load and tell nothing
// meanwhile, a quote may be a guess, a frame may be huge. Whoever is next has twice the time, so that a task which really
// takes that long is done some day; and without anybody else who could take it a lease goes on.
const (
	// stillLeast is the least time without any progress, and stillTimes what it is of the time that the whole task should take.
	stillLeast, stillTimes = 20 * time.Minute, 4
	// wholeLeast and wholeTimes are the same for all of a lease.
	wholeLeast, wholeTimes = time.Hour, 10
	// maxDoubled bounds by how much later workers have more: strangers who do nothing mustn't earn the next ones days.
	maxDoubled = 8
	// slowest is the least bench score that is believed here, in work units per minute: a worker states its own.
	slowest = 0.02
	// overtimeEvery is how often a lease that has been held for long is looked at.
	overtimeEvery = time.Minute
	// leap is the least share of a phase that counts as progress.
	leap = 0.01
	// outset is what a task takes besides its frames: fetching, loading.
	outset = time.Minute
)

// phases are those of a report, in their order.
var phases = []string{"download", "load", "render", "upload"}

// moved notes how far a frame is, by the worker's own word, and tells whether that is further than ever. What is no frame
// of the lease counts as one more. Progress so counted is bounded: nobody gets on for ever.
func (h *hold) moved(p wire.TaskProgress) bool {
	frame := p.Frame
	if !slices.Contains(h.frames, frame) {
		frame = math.MinInt
	}
	at := float64(max(slices.Index(phases, p.Phase), 0))
	if p.Fraction > 0 { // nor what isn't a number
		at += min(p.Fraction, 1)
	}
	if h.reached == nil {
		h.reached = make(map[int]float64)
	}
	if was, known := h.reached[frame]; known && at < was+leap {
		return false
	}
	h.reached[frame] = at
	return true
}

// late is a lease that may have to end.
type late struct {
	id, worker   string
	task         string
	began, still time.Time // when its turn came, and when it last got on
}

// lates lists the leases that have been held for long, and moves the beginning of those that wait for their turn behind older ones
// of their worker. slots is how many tasks a worker renders at once.
func (k *Keeper) lates(now time.Time, slots func(worker string) int) (list []late) {
	k.mu.Lock()
	defer k.mu.Unlock()
	crew := make(map[string][]*hold) // of the workers of such leases
	for _, h := range k.held {
		if now.Sub(h.began) >= stillLeast && !now.Before(h.look) {
			crew[h.worker] = nil
		}
	}
	if len(crew) == 0 {
		return nil
	}
	ids := make(map[*hold]string)
	for id, h := range k.held {
		if _, ok := crew[h.worker]; ok {
			crew[h.worker] = append(crew[h.worker], h)
			ids[h] = id
		}
	}
	for worker, holds := range crew {
		slices.SortFunc(holds, func(a, b *hold) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(ids[a], ids[b])) })
		for i, h := range holds {
			switch {
			case i >= max(slots(worker), 1):
				h.began = now
			case now.Sub(h.began) >= stillLeast && !now.Before(h.look):
				h.look = now.Add(overtimeEvery)
				still := h.began
				if h.still.After(still) {
					still = h.still
				}
				list = append(list, late{ids[h], worker, h.task, h.began, still})
			}
		}
	}
	return list
}

// Overtime ends the leases that don't get on.
func (k *Keeper) Overtime(ctx context.Context) error {
	now := k.options.Clock()
	var errs []error
	for _, l := range k.lates(now, k.slots) {
		cause, err := k.overtime(ctx, l, now)
		if err == nil && cause != "" {
			err = k.end(ctx, l.id, l.worker, cause)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("look whether lease %s gets on: %w", l.id, err))
		}
	}
	return errors.Join(errs...)
}

func (k *Keeper) slots(worker string) int {
	m, _ := k.options.Fleet.Member(job.RoleWorker, worker)
	return m.Capabilities.Slots
}

// overtime says why a lease has to end; "" where it may go on.
func (k *Keeper) overtime(ctx context.Context, l late, now time.Time) (cause string, err error) {
	var j *store.Job
	var t *job.Task
	var attempts []*store.Attempt
	if err := k.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if t, err = tx.Task(l.task); err != nil {
			return err
		}
		if attempts, err = tx.Attempts(l.task); err != nil {
			return err
		}
		j, err = tx.Job(t.Job)
		return err
	}); err != nil {
		return "", err
	}
	bench := slowest
	if m, ok := k.options.Fleet.Member(job.RoleWorker, l.worker); ok {
		bench = max(bench, quote.Bench(m.Capabilities))
	}
	should := outset + time.Duration(min(quote.FrameSecondsAtMost(j, bench)*float64(len(t.Frames)), 1e7)*float64(time.Second))
	i := slices.IndexFunc(attempts, func(a *store.Attempt) bool { return a.ID == l.id })
	if i < 0 {
		return "", fmt.Errorf("task %s has no such attempt", l.task)
	}
	tried := make(map[string]bool)
	more := 1
	for _, a := range attempts {
		if a.State == lifecycle.AttemptFailed && a.Kind == job.FailExpired && a.Ended <= attempts[i].Created {
			more = min(2*more, maxDoubled)
		}
		if a.State == lifecycle.AttemptHeld || a.State == lifecycle.AttemptFailed && !blameless(a.Kind) {
			tried[a.Worker] = true
		}
	}
	times := func(least time.Duration, n int) time.Duration {
		return time.Duration(more) * max(least, time.Duration(n)*should)
	}
	switch {
	case now.Sub(l.still) > times(stillLeast, stillTimes):
		cause = fmt.Sprintf("no progress for %s, where all of the task should take about %s", now.Sub(l.still).Round(time.Second), should.Round(time.Second))
	case now.Sub(l.began) > times(wholeLeast, wholeTimes):
		cause = fmt.Sprintf("not done after %s, where it should take about %s", now.Sub(l.began).Round(time.Second), should.Round(time.Second))
	default:
		return "", nil
	}
	if !slices.ContainsFunc(k.options.Fleet.Eligible(&j.Job), func(m fleet.Member) bool { return !tried[m.Address] }) {
		return "", nil
	}
	return cause, nil
}
