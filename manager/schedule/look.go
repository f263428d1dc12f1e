package schedule

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// read collects what the plan needs of a job.
func read(tx store.Tx, j *store.Job, tasks int) (c Candidate, err error) {
	c.Job, c.Partly = j, j.Scout && !j.Released
	if c.Tasks, err = tx.WaitingTasks(j.ID, tasks); err != nil {
		return c, err
	}
	if c.Partly { // they have the lowest indices
		c.Tasks = slices.DeleteFunc(c.Tasks, func(t *job.Task) bool { return !t.Scout })
	}
	return c, c.history(tx)
}

// history adds what went wrong so far.
func (c *Candidate) history(tx store.Tx) (err error) {
	if c.Failures, err = tx.JobFailures(c.Job.ID); err != nil {
		return err
	}
	for _, f := range c.Failures {
		switch f.Kind {
		case job.FailVerdict:
			if c.Passes == nil {
				if c.Passes, err = tx.LastPasses(c.Job.ID); err != nil {
					return err
				}
			}
		case job.FailMemory:
			n, err := tx.Node(f.Worker)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if c.Outgrown == nil {
				c.Outgrown = make(map[string]int64)
			}
			c.Outgrown[f.Task] = max(c.Outgrown[f.Task], fleet.Room(n.Capabilities, c.Job.Recipe))
		}
	}
	return nil
}

// view is one look at the queue.
type view struct {
	candidates []Candidate
	ending     []Candidate // with nothing left waiting; their tasks are the leased ones that may be copied
	share      Shares
	holdings   map[string][]lease.Holding // by job; only where stragglers are looked for
	cut        bool                       // jobs further back were not looked at
	lost       map[string]string          // jobs whose dependency is lost, and how
}

// look reads the queue for workers that could take room tasks at once, jobs in about the order in
// which they will be served, until there are enough tasks for them; all of it where whole is set.
func (s *Scheduler) look(ctx context.Context, workers []fleet.Member, room int, whole bool, holdings map[string][]lease.Holding) (v view, err error) {
	workers = slices.DeleteFunc(slices.Clone(workers), func(w fleet.Member) bool { return w.Free+w.Ahead == 0 })
	err = s.options.Store.View(ctx, func(tx store.Tx) error {
		v = view{lost: make(map[string]string), holdings: holdings}
		jobs, err := tx.JobsInState(job.Rendering)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(jobs, func(j *store.Job) bool { return j.Owner != jobs[0].Owner }) { // who is alone shares with nobody
			if v.share.Held, err = tx.HeldByOwner(); err != nil {
				return err
			}
		}
		v.share.Last = s.turns(jobs)
		enough := 2*room + 16
		for _, j := range inTurn(jobs, v.share) {
			g, err := s.gate(tx, j)
			switch {
			case err != nil:
				return err
			case g.lost != "":
				v.lost[j.ID] = g.lost
			case g.waits != "":
			case j.TasksWaiting > 0 && enough <= 0 && !whole:
				v.cut = true
			case j.TasksWaiting == 0 && len(holdings[j.ID]) == 0:
			case !slices.ContainsFunc(workers, func(w fleet.Member) bool { return Suits(w, j) == "" }):
				// Nobody who is free could take anything of it.
			case j.TasksWaiting > 0:
				// Some more than can be given out, since a worker may not want the first ones.
				c, err := read(tx, j, room+16)
				if err != nil {
					return err
				}
				if len(c.Tasks) > 0 {
					v.candidates = append(v.candidates, c)
					enough -= len(c.Tasks)
				}
			default:
				c, err := s.leased(tx, j, holdings[j.ID], workers)
				if err != nil {
					return err
				}
				if len(c.Tasks) > 0 {
					v.ending = append(v.ending, c)
				}
			}
		}
		return nil
	})
	return v, err
}

// inTurn orders jobs about as Plan serves them, without looking at their tasks: what is rushed first, then each owner's first job before
// anybody's second, an owner's own by priority and deadline, those of several owners by who was served longest ago and by age.
func inTurn(jobs []*store.Job, share Shares) []*store.Job {
	slices.SortStableFunc(jobs, func(a, b *store.Job) int {
		due := func(j *store.Job) int64 {
			if j.Deadline == 0 {
				return math.MaxInt64
			}
			return j.Deadline
		}
		return cmp.Or(Ranks(a, b), cmp.Compare(b.Priority, a.Priority), cmp.Compare(due(a), due(b)), cmp.Compare(a.Created, b.Created))
	})
	return InTurn(jobs, share, func(j *store.Job) Turn { return Turn{Owner: j.Owner, Rush: j.Rush > 0, Created: j.Created} })
}

// stragglers lists what is held, at most once a second: there is no hurry about what takes longer
// than it should.
func (s *Scheduler) stragglers() map[string][]lease.Holding {
	now := s.options.Clock()
	s.mu.Lock()
	early := now.Sub(s.copied) < time.Second
	if !early {
		s.copied = now
	}
	s.mu.Unlock()
	if early {
		return nil
	}
	held := s.options.Leaser.Held()
	s.mu.Lock()
	defer s.mu.Unlock()
	return merged(held, s.away)
}

// merged joins what the workers of this manager and those of the others hold. A task with a copy on each side
// has two leases, though each side knows of its own first; a worker that has just moved is counted once.
func merged(here, away map[string][]lease.Holding) map[string][]lease.Holding {
	if len(away) == 0 {
		return here
	}
	all := make(map[string][]lease.Holding, len(here)+len(away))
	maps.Copy(all, here)
	for id, list := range away {
		list = slices.DeleteFunc(slices.Clone(list), func(h lease.Holding) bool {
			return slices.ContainsFunc(here[id], func(own lease.Holding) bool { return own.Task == h.Task && own.Worker == h.Worker })
		})
		all[id] = slices.Concat(here[id], list)
		copies := make(map[string]int)
		for _, h := range all[id] {
			copies[h.Task]++
		}
		for i := range all[id] {
			h := &all[id][i]
			h.Copies = max(h.Copies, copies[h.Task])
		}
	}
	return all
}

// enoughPasses is after how many tasks without a fault a worker is trusted with a copy of any job.
const enoughPasses = 10

// leased reads the tasks of a job that have been out for long enough to be copied, and who of the workers may have a copy: those of
// whose frames of this job some passed, and those that have passed often.
func (s *Scheduler) leased(tx store.Tx, j *store.Job, holdings []lease.Holding, workers []fleet.Member) (c Candidate, err error) {
	c.Job = j
	now := s.options.Clock()
	for _, h := range holdings {
		if now.Sub(h.Since) < soon || h.Copies > 1 {
			continue
		}
		t, err := tx.Task(h.Task)
		if err != nil {
			return c, err
		}
		c.Tasks = append(c.Tasks, t)
	}
	if len(c.Tasks) == 0 {
		return c, nil
	}
	passes, err := tx.LastPasses(j.ID)
	if err != nil {
		return c, err
	}
	c.Proven = make(map[string]bool)
	for _, w := range workers {
		if _, c.Proven[w.Address] = passes[w.Address]; c.Proven[w.Address] {
			continue
		}
		n, err := tx.Node(w.Address)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return c, err
		}
		c.Proven[w.Address] = err == nil && n.Passes >= enoughPasses
	}
	return c, c.history(tx)
}
