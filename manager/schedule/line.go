package schedule

import (
	"cmp"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

const (
	// maxFailures is how often a worker may fail on one job before others are preferred.
	maxFailures = 2
	// maxSuspicions is how many verdicts in a row that stood alone keep a worker from the
	// whole job, not only from the tasks that they are on.
	maxSuspicions = 2
	// backoffFirst is how long a worker with such a verdict waits for its next try; it doubles
	// with each further one, up to backoffLast.
	backoffFirst = time.Minute
	backoffLast  = 24 * time.Hour
	// maxYields is how often a worker may decline or release tasks of a job before it counts
	// no more as somebody who will take them.
	maxYields = 3
	// hurryMargin is added for loading, uploads and checks, in seconds.
	hurryMargin = 60
)

// backoff is the wait after the n-th verdict in a row, n from 1.
func backoff(n int) time.Duration {
	return min(backoffFirst<<min(max(n, 1)-1, 20), backoffLast)
}

// line is one job's waiting tasks and the workers for it, best first.
//
// A worker that was convicted, by a majority or by a second verifier that agreed, gets nothing more of
// the job. One with a verdict that stood alone doesn't get that task again as long as
// anybody else could take it, and alone only after a back-off: the verdict may be a false alarm and the machine
// may be repaired, so it mustn't hang the job, but a cheat that is alone on the network is tried
// ever more rarely. Two such verdicts in a row keep it from the whole job in the same way.
// Other failures only make others come first.
type line struct {
	job       *store.Job
	tasks     []*job.Task
	workers   []string
	barred    map[[2]string]bool // task and worker
	convicted int                // workers that suit the job otherwise
	retry     time.Time          // when the first back-off ends that keeps somebody out; zero when none does
	unjoined  string             // why nobody for the job can join a still of it, where one waits for that; "" otherwise
	cramped   int64              // memory that a task didn't fit into, where everybody who may have it has less or as much; 0 for none
	urgent    bool               // it would miss its deadline without going first
	slack     float64            // seconds to spare until its deadline if everybody worked on it
	given     int                // tasks that this plan has given out
	partly    bool               // only tasks may be given out, whatever else waits: see Candidate.Partly
}

// record is what one worker did wrong on a job, or on one task of it.
type record struct {
	failures   int
	suspicions int // verdicts that stood alone
	last       int64
	yields     int
	taken      int // attempts that were taken back from it
}

func (r *record) note(f store.Failure) {
	switch f.Kind {
	case job.FailYield:
		r.yields++
	case job.FailSuperseded:
		r.taken++
	case job.FailVerdict:
		r.suspicions++
		r.last = max(r.last, f.Ended)
	default:
		r.failures++
	}
}

// until is when the worker's back-off ends, after grace verdicts that are free.
func (r *record) until(grace int) time.Time {
	return time.UnixMilli(r.last).Add(backoff(r.suspicions - grace))
}

func newLine(c *Candidate, workers []fleet.Member, now time.Time) *line {
	l := &line{job: c.Job, partly: c.Partly, tasks: slices.Clone(c.Tasks), barred: make(map[[2]string]bool)}
	convicted := make(map[string]bool)
	whole := make(map[string]*record)
	each := make(map[[2]string]*record)
	failed := make(map[string]bool) // tasks
	for _, f := range c.Failures {
		failed[f.Task] = true
		convicted[f.Worker] = convicted[f.Worker] || f.Convicted
		at := [2]string{f.Task, f.Worker}
		if each[at] == nil {
			each[at] = &record{}
		}
		each[at].note(f)
		if whole[f.Worker] == nil {
			whole[f.Worker] = &record{}
		}
		if f.Kind != job.FailVerdict || f.Ended > c.Passes[f.Worker] { // in a row: a pass ends it
			whole[f.Worker].note(f)
		}
	}

	// Who stands well comes first; the others only where nobody else would take the job.
	var fit, late []fleet.Member
	willing := 0 // of fit
	for _, w := range workers {
		if Suits(w, c.Job) != "" {
			continue
		}
		r := whole[w.Address]
		if r == nil {
			r = &record{}
		}
		switch {
		case convicted[w.Address]:
			l.convicted++
		case r.suspicions >= maxSuspicions:
			if until := r.until(maxSuspicions - 1); now.Before(until) {
				l.waits(until)
			} else {
				late = append(late, w)
			}
		case r.failures >= maxFailures:
			late = append(late, w)
		default:
			fit = append(fit, w)
			if r.yields < maxYields {
				willing++
			}
		}
	}
	if willing == 0 {
		fit = append(fit, late...)
	}
	for _, t := range l.tasks {
		if t.Kind == job.TaskAssemble {
			l.join(t.ID, fit)
		}
		if outgrown := c.Outgrown[t.ID]; outgrown > 0 || failed[t.ID] { // few, and each is held against every worker
			l.bar(t.ID, fit, each, now, outgrown)
		}
	}
	l.hurry(fit, now)
	slices.SortStableFunc(fit, func(a, b fleet.Member) int {
		return cmp.Or(cmp.Compare(a.Capabilities.Floor, b.Capabilities.Floor),
			-cmp.Compare(has(a, c.Job.Package), has(b, c.Job.Package)), -cmp.Compare(a.Capabilities.Bench, b.Capabilities.Bench))
	})
	for _, w := range fit {
		l.workers = append(l.workers, w.Address)
	}
	return l
}

// bar keeps from one task the workers that failed it, as long as there is another one for it,
// and those with a verdict against them also until their back-off is over. Where it ran out of
// memory, only workers with more get it; without any, those with as much may try again.
func (l *line) bar(task string, fit []fleet.Member, each map[[2]string]*record, now time.Time, outgrown int64) {
	room := func(w fleet.Member) int64 { return fleet.Room(w.Capabilities, l.job.Recipe) }
	if outgrown > 0 {
		larger := slices.ContainsFunc(fit, func(w fleet.Member) bool { return room(w) > outgrown })
		fits := func(w fleet.Member) bool { return room(w) > outgrown || room(w) == outgrown && !larger }
		if !slices.ContainsFunc(fit, fits) {
			l.cramped = max(l.cramped, outgrown)
		}
		for _, w := range fit {
			if !fits(w) {
				l.barred[[2]string{task, w.Address}] = true
			}
		}
	}
	willing := false
	var failed []string
	for _, w := range fit {
		if l.barred[[2]string{task, w.Address}] {
			continue
		}
		r := each[[2]string{task, w.Address}]
		switch {
		case r == nil:
			willing = true
		case r.failures > 0 || r.suspicions > 0 || r.taken > 0:
			failed = append(failed, w.Address)
		default:
			willing = willing || r.yields < maxYields
		}
	}
	for _, w := range failed {
		at := [2]string{task, w}
		r := each[at]
		early := r.suspicions > 0 && now.Before(r.until(0))
		if early {
			l.waits(r.until(0))
		}
		if willing || early {
			l.barred[at] = true
		}
	}
}

// join keeps the task that joins a still from the workers that can only render its tiles.
func (l *line) join(task string, fit []fleet.Member) {
	able, lacks := false, ""
	for _, w := range fit {
		if reason := fleet.Unjoined(w, &l.job.Job); reason != "" {
			l.barred[[2]string{task, w.Address}], lacks = true, reason
		} else {
			able = true
		}
	}
	if !able {
		l.unjoined = lacks
	}
}

// hurry looks whether the job still makes its deadline. It has to go first once there is no more
// than twice the time left that all who can render it would need together.
func (l *line) hurry(fit []fleet.Member, now time.Time) {
	if l.job.Deadline == 0 || len(fit) == 0 {
		return
	}
	slots, bench := 0, 0.0
	for _, w := range fit {
		n := max(w.Capabilities.Slots, 1)
		slots += n
		bench += float64(n) * quote.Bench(w.Capabilities)
	}
	need := quote.FrameSeconds(l.job, bench/float64(slots)) * float64(l.job.Counts.Pending) / float64(slots)
	l.slack = float64(l.job.Deadline-now.Unix()) - need
	l.urgent = l.slack < need+hurryMargin
}

func (l *line) waits(until time.Time) {
	if l.retry.IsZero() || until.Before(l.retry) {
		l.retry = until
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
			if free[w] > 0 && !l.barred[[2]string{t.ID, w}] {
				l.tasks = slices.Delete(l.tasks, i, i+1)
				return t, w, true
			}
		}
	}
	return nil, "", false
}

// shuts tells whether a worker that could render the job gets none of its waiting tasks now.
func (l *line) shuts(worker string) bool {
	return len(l.tasks) > 0 && (!slices.Contains(l.workers, worker) ||
		!slices.ContainsFunc(l.tasks, func(t *job.Task) bool { return !l.barred[[2]string{t.ID, worker}] }))
}

// open tells whether any connected worker may have any of the tasks, now or once it is free.
func (l *line) open() bool {
	free := make(map[string]int, len(l.workers))
	for _, w := range l.workers {
		free[w] = 1
	}
	tasks := l.tasks
	l.tasks = slices.Clone(tasks)
	_, _, ok := l.next(free)
	l.tasks = tasks
	return ok
}
