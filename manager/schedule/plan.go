package schedule

import (
	"cmp"
	"fmt"
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
	// Outgrown is the memory, by task, that one of its attempts didn't fit into: see fleet.Room.
	Outgrown map[string]int64
	// Proven are the workers that a copy of a task may be given to: see Scheduler.leased.
	Proven map[string]bool
	// Partly says that the job's other waiting tasks may not be given out yet.
	Partly bool
}

// Assignment gives a task to a worker.
type Assignment struct {
	Job    *store.Job
	Task   *job.Task
	Worker string
	Ahead  bool // the worker is busy and holds it only to fetch its package early
}

// Plan decides which waiting task each free worker is offered. What an operator rushes comes before everything else, in the order
// that the rest has. Among an owner's own jobs the one of
// the highest priority comes first, then those that would miss their deadline otherwise, the tightest first, then
// the oldest. Nobody gets before others by either, since everybody may write any: owners' first jobs come by what
// their owners already have (fair share), then by who was served longest ago, then by age. Of the workers that can render a job,
// the one that asks the least is taken, then one that has its package, then the fastest.
// What no free worker can take goes to busy ones that would hold it early.
// Plan changes nothing but its own copies.
func Plan(candidates []Candidate, workers []fleet.Member, share Shares, now time.Time) []Assignment {
	share = share.clone()
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
	lines := slices.Clone(queue)
	var plan []Assignment
	for total > 0 && len(queue) > 0 {
		i := foremost(queue, share)
		first := queue[i]
		task, worker, ok := first.next(free)
		if !ok {
			queue = slices.Delete(queue, i, i+1) // nobody who is free can take anything of it
			continue
		}
		plan = append(plan, Assignment{Job: first.job, Task: task, Worker: worker})
		free[worker]--
		total--
		share.Held[first.job.Owner]++
		share.serve(first.job.Owner)
		first.given++
	}
	return append(plan, early(lines, workers, share)...)
}

// foremost is the place of the line that is served next.
func foremost(queue []*line, share Shares) int {
	heads := make(map[string]int) // each owner's first
	for i, l := range queue {
		if at, ok := heads[l.job.Owner]; !ok || l.outranks(queue[at]) {
			heads[l.job.Owner] = i
		}
	}
	best := -1
	for _, i := range heads {
		if best < 0 || queue[i].before(queue[best], share) < 0 {
			best = i
		}
	}
	return best
}

// outranks tells whether a job comes before another of the same owner.
func (l *line) outranks(other *line) bool {
	hurried := func(l *line) (int, float64) {
		if l.urgent {
			return 0, l.slack
		}
		return 1, 0
	}
	lu, ls := hurried(l)
	ou, os := hurried(other)
	return cmp.Or(Ranks(l.job, other.job), cmp.Compare(other.job.Priority, l.job.Priority), cmp.Compare(lu, ou), cmp.Compare(ls, os), l.before(other, Shares{})) < 0
}

// Ranks orders jobs by whether an operator rushes them.
func Ranks(a, b *store.Job) int {
	tier := func(j *store.Job) int {
		if j.Rush > 0 {
			return 0
		}
		return 1
	}
	return cmp.Compare(tier(a), tier(b))
}

// before orders the jobs of several owners.
func (l *line) before(other *line, share Shares) int {
	return cmp.Or(Ranks(l.job, other.job), share.compare(l.job.Owner, other.job.Owner), cmp.Compare(l.job.Created, other.job.Created), cmp.Compare(l.job.ID, other.job.ID))
}

// early gives tasks that no free worker can take to busy ones that would hold them. A job keeps
// as many of its tasks waiting as there are workers for it: at its end, whoever is free first
// takes the next one, and none is stuck behind another. For those tasks workers have to get free, so
// they hold nothing early of the jobs that come later: else a small job would wait for the end of a long one.
func early(queue []*line, workers []fleet.Member, share Shares) []Assignment {
	ahead := make(map[string]int)
	for _, w := range workers {
		if w.Ahead > 0 {
			ahead[w.Address] = w.Ahead
		}
	}
	var plan []Assignment
	for len(ahead) > 0 && len(queue) > 0 {
		i := foremost(queue, share)
		l := queue[i]
		queue = slices.Delete(queue, i, i+1)
		waiting := l.job.TasksWaiting - l.given
		if l.partly {
			waiting = len(l.tasks)
		}
		for ; waiting > len(l.workers); waiting-- {
			task, worker, ok := l.next(ahead)
			if !ok {
				break
			}
			ahead[worker]--
			plan = append(plan, Assignment{Job: l.job, Task: task, Worker: worker, Ahead: true})
		}
		for _, w := range l.workers {
			if waiting > 0 && ahead[w] > 0 && !l.shuts(w) {
				delete(ahead, w)
				waiting--
			}
		}
	}
	return plan
}

// Suits says why a worker can't have tasks of a job, "" when it can.
func Suits(w fleet.Member, j *store.Job) string {
	if unfit := fleet.Unfit(w, &j.Job); unfit != "" {
		return unfit
	}
	if dear(w, j) {
		return fmt.Sprintf("asks for at least %s a work unit, the job pays %s", w.Capabilities.Floor, job.Amount(pays(j)))
	}
	if w.Paused != "" { // last: it will pass
		return "is paused: " + w.Paused
	}
	return ""
}

// pays is what a job pays for a work unit, by its quote; 0 while that isn't known.
func pays(j *store.Job) float64 {
	if j.Quote.WorkUnits <= 0 {
		return 0
	}
	return float64(j.Quote.PerFrame) * float64(len(j.Frames)) / j.Quote.WorkUnits
}

// dear tells whether a worker's floor, which is per work unit, is above what a job pays.
func dear(w fleet.Member, j *store.Job) bool {
	p := pays(j)
	return p > 0 && float64(w.Capabilities.Floor) > p
}
