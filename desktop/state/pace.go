package state

import (
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
)

const (
	paceOver  = 10 * time.Minute // what a rate is taken over
	paceLeast = 30 * time.Second // before that a rate says nothing
)

// Pace counts delivered frames as they arrive.
type pace struct {
	done  map[string]int // by job, as last seen
	since time.Time      // when counting began
	at    []time.Time    // of each delivered frame within paceOver
}

// note takes a job as it is now. The first look at a job counts nothing.
func (p *pace) note(j job.Job, now time.Time) {
	if p.done == nil {
		p.done, p.since = make(map[string]int), now
	}
	done := Done(j.Counts)
	before, known := p.done[j.ID]
	p.done[j.ID] = done
	for range done - before {
		if known {
			p.at = append(p.at, now)
		}
	}
}

// perHour is the rate of the last minutes, in frames an hour; false while too little is known.
func (p *pace) perHour(now time.Time) (float64, bool) {
	watched := min(now.Sub(p.since), paceOver)
	for len(p.at) > 0 && now.Sub(p.at[0]) > paceOver {
		p.at = p.at[1:]
	}
	if p.done == nil || watched < paceLeast {
		return 0, false
	}
	return float64(len(p.at)) / watched.Hours(), true
}

// Sum is what all jobs together came to.
type Sum struct {
	Rendering int // jobs
	Spent     job.Amount
	Ceiling   job.Amount // of the jobs that were funded
	Rejected  int        // frames
	Failed    int        // jobs
	PerHour   float64    // delivered frames; 0 while unknown
	Paced     bool       // PerHour is known
}

// SumOf adds up jobs.
func SumOf(rows []Row) Sum {
	var s Sum
	for _, row := range rows {
		j := row.Job
		switch j.State {
		case job.Rendering, job.Funded:
			s.Rendering++
		case job.Failed:
			s.Failed++
		case job.Draft, job.Quoted, job.Cancelled: // won't cost more than they have
			s.Spent += j.Spent
			s.Ceiling += j.Spent
			continue
		}
		s.Spent += j.Spent
		s.Ceiling += j.Quote.Ceiling
		s.Rejected += j.Counts.Rejected
	}
	return s
}
