package schedule

import (
	"cmp"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Candidate is a job with waiting tasks, as the plan needs it.
type Candidate struct {
	Job   *store.Job
	Tasks []*job.Task // waiting, in order
	// Failures are the job's failed attempts, and Passes says when each worker's last attempt
	// of the job passed, in Unix milliseconds: see line for what follows from them.
	Failures []store.Failure
	Passes   map[string]int64
}

// Assignment gives a task to a worker.
type Assignment struct {
	Job    *store.Job
	Task   *job.Task
	Worker string
}

// Plan decides which waiting task each free worker is offered. Jobs come by priority, then by what
// their owners already have (fair share), then by age. Of the workers that can render a job,
// the one that asks the least is taken, then one that has its package, then the fastest.
// held is how many tasks of each owner are leased. Plan changes nothing but its own copies.
func Plan(candidates []Candidate, workers []fleet.Member, held map[string]int, now time.Time) []Assignment {
	share := make(map[string]int, len(held))
	for owner, n := range held {
		share[owner] = n
	}
	free := make(map[string]int)
	total := 0
	for _, w := range workers {
		if w.Free > 0 {
			free[w.Address] = w.Free
			total += w.Free
		}
	}
	queue := make([]*line, 0, len(candidates))
	for i := range candidates {
		if len(candidates[i].Tasks) > 0 {
			queue = append(queue, newLine(&candidates[i], workers, now))
		}
	}
	var plan []Assignment
	for total > 0 && len(queue) > 0 {
		slices.SortStableFunc(queue, func(a, b *line) int {
			return cmp.Or(cmp.Compare(b.job.Priority, a.job.Priority), cmp.Compare(share[a.job.Owner], share[b.job.Owner]),
				cmp.Compare(a.job.Created, b.job.Created), cmp.Compare(a.job.ID, b.job.ID))
		})
		first := queue[0]
		task, worker, ok := first.next(free)
		if !ok {
			queue = queue[1:] // nobody who is free can take anything of it
			continue
		}
		plan = append(plan, Assignment{Job: first.job, Task: task, Worker: worker})
		free[worker]--
		total--
		share[first.job.Owner]++
	}
	return plan
}

// Suits says why a worker can't have tasks of a job, "" when it can.
func Suits(w fleet.Member, j *store.Job) string {
	if w.Paused != "" {
		return "is paused: " + w.Paused
	}
	if lacks := fleet.Lacks(w.Capabilities, j.Recipe); lacks != "" {
		return lacks
	}
	// Floor is per work unit; what the job pays per unit follows from its quote.
	if units := j.Quote.WorkUnits; units > 0 && len(j.Frames) > 0 {
		pays := float64(j.Quote.PerFrame) * float64(len(j.Frames)) / units
		if float64(w.Capabilities.Floor) > pays {
			return "asks for a higher price"
		}
	}
	return ""
}
