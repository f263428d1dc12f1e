package schedule

import (
	"maps"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

const (
	// patience is by how much a task has to exceed what it should take before it is copied.
	patience = 1.5
	// soon is the least that a task has to run before it is copied.
	soon = 20 * time.Second
	// loading is what a copy needs besides rendering.
	loading = 5 * time.Second
)

// Copies decides which leased tasks of a job that has none left waiting are also given to a
// free worker: those that run longer than they should, where the copy would most likely be done
// first. The first commit is the one that is checked, and ends the other's work: a stranger that commits anything at once would
// take hours from whoever renders. So a copy goes to workers with something to lose. Holders may be workers of other managers: everywhere lists those too. free is how many tasks each worker can take, and is counted down.
func Copies(c Candidate, held []lease.Holding, workers, everywhere []fleet.Member, free map[string]int, now time.Time) []Assignment {
	if c.Job.RendFrames == 0 {
		return nil // nothing tells how long a frame should take
	}
	bench := make(map[string]float64, len(workers))
	for _, w := range everywhere {
		bench[w.Address] = quote.Bench(w.Capabilities)
	}
	tasks := make(map[string]*job.Task, len(c.Tasks))
	for _, t := range c.Tasks {
		tasks[t.ID] = t
	}
	var plan []Assignment
	l := newLine(&c, workers, now)
	for _, h := range held {
		t := tasks[h.Task]
		if t == nil || t.State != job.TaskLeased || h.Copies > 1 {
			continue
		}
		lasts := now.Sub(h.Since)
		if lasts < max(soon, time.Duration(patience*float64(expected(c.Job, h, bench[h.Worker])))) {
			continue
		}
		l.tasks = []*job.Task{t}
		others := maps.Clone(free)
		maps.DeleteFunc(others, func(worker string, _ int) bool { return worker == h.Worker || !c.Proven[worker] })
		_, worker, ok := l.next(others)
		if !ok || expected(c.Job, h, bench[worker]) >= remaining(h, lasts) {
			continue
		}
		free[worker]--
		plan = append(plan, Assignment{Job: c.Job, Task: t, Worker: worker})
	}
	return plan
}

// expected is what a holding should take a worker of the score, 0 for one that is gone.
func expected(j *store.Job, h lease.Holding, bench float64) time.Duration {
	if bench == 0 {
		bench = quote.Bench(job.Capabilities{})
	}
	return loading + time.Duration(quote.FrameSeconds(j, bench)*float64(h.Frames)*float64(time.Second))
}

// remaining is what it probably still takes: at the pace of the frames that are done, or, without
// any, as long again as it has taken.
func remaining(h lease.Holding, lasts time.Duration) time.Duration {
	if h.Done == 0 {
		return lasts
	}
	return lasts / time.Duration(h.Done) * time.Duration(h.Frames-h.Done)
}
