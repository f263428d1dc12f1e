package schedule

import (
	"cmp"
	"slices"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Candidate is a job with waiting tasks, as the plan needs it.
type Candidate struct {
	Job   *store.Job
	Tasks []*job.Task // waiting, in order
	// Failures are the job's failed attempts: a worker isn't given a task that it failed,
	// nor any task of a job on which it failed twice or was convicted.
	Failures []store.Failure
}

// Assignment gives a task to a worker.
type Assignment struct {
	Job    *store.Job
	Task   *job.Task
	Worker string
}

// maxFailures is how often a worker may fail on one job before it gets no more of it.
const maxFailures = 2

// Plan decides which waiting task each free worker is offered. Jobs come by priority, then by what
// their owners already have (fair share), then by age. Of the workers that can render a job,
// the one that asks the least is taken, then one that has its package, then the fastest.
// held is how many tasks of each owner are leased. Plan changes nothing but its own copies.
func Plan(candidates []Candidate, workers []fleet.Member, held map[string]int) []Assignment {
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
			queue = append(queue, newLine(&candidates[i], workers))
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

// line is one job's waiting tasks and the workers for it, best first.
type line struct {
	job     *store.Job
	tasks   []*job.Task
	workers []string
	failed  map[[2]string]bool // task and worker
}

func newLine(c *Candidate, workers []fleet.Member) *line {
	l := &line{job: c.Job, tasks: slices.Clone(c.Tasks), failed: make(map[[2]string]bool)}
	counts := make(map[string]int)
	for _, f := range c.Failures {
		switch f.Kind {
		case job.FailYield:
			continue
		case job.FailVerdict:
			counts[f.Worker] += maxFailures
		default:
			counts[f.Worker]++
		}
		l.failed[[2]string{f.Task, f.Worker}] = true
	}
	var fit, tired []fleet.Member
	for _, w := range workers {
		if Suits(w, c.Job) != "" {
			continue
		}
		if counts[w.Address] >= maxFailures {
			tired = append(tired, w)
		} else {
			fit = append(fit, w)
		}
	}
	// Where everybody has failed on the job, everybody may try again, except those convicted:
	// limits in manager/lease end it.
	if len(fit) == 0 {
		convicted := make(map[string]bool)
		for _, f := range c.Failures {
			convicted[f.Worker] = convicted[f.Worker] || f.Kind == job.FailVerdict
		}
		for _, w := range tired {
			if !convicted[w.Address] {
				fit = append(fit, w)
			}
		}
		clear(l.failed)
	} else {
		l.forgive(fit)
	}
	slices.SortStableFunc(fit, func(a, b fleet.Member) int {
		return cmp.Or(cmp.Compare(a.Capabilities.Floor, b.Capabilities.Floor),
			-cmp.Compare(has(a, c.Job.Package), has(b, c.Job.Package)), -cmp.Compare(a.Capabilities.Bench, b.Capabilities.Bench))
	})
	for _, w := range fit {
		l.workers = append(l.workers, w.Address)
	}
	return l
}

// forgive lets a task that every fit worker has failed go to any of them again.
func (l *line) forgive(fit []fleet.Member) {
	for _, t := range l.tasks {
		all := true
		for _, w := range fit {
			all = all && l.failed[[2]string{t.ID, w.Address}]
		}
		if all {
			for _, w := range fit {
				delete(l.failed, [2]string{t.ID, w.Address})
			}
		}
	}
}

func has(w fleet.Member, pkg string) int {
	if slices.Contains(w.Packages, pkg) {
		return 1
	}
	return 0
}

// next takes the first task that a free worker can have.
func (l *line) next(free map[string]int) (*job.Task, string, bool) {
	for i, t := range l.tasks {
		for _, w := range l.workers {
			if free[w] > 0 && !l.failed[[2]string{t.ID, w}] {
				l.tasks = slices.Delete(l.tasks, i, i+1)
				return t, w, true
			}
		}
	}
	return nil, "", false
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
