// Package schedule decides which worker is offered which task, and says in words why
// nothing of a job renders.
//
// It is not the place for the lease itself (manager/lease) or for who is connected
// (manager/fleet).
//
// Receives: waiting tasks from manager/store, free workers from manager/fleet.
// Hands on: a task and a worker to manager/lease.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Leaser leases a task to a worker; manager/lease does it. Offer returns once the worker
// has answered.
type Leaser interface {
	Offer(ctx context.Context, taskID, worker string) (taken bool, err error)
	// Copy gives a task that another worker holds to this one too.
	Copy(ctx context.Context, taskID, worker string) (taken bool, err error)
	// Held lists the leases that this manager knows by job, oldest first.
	Held() map[string][]lease.Holding
	// Suspend pauses a job that renders, with the cause.
	Suspend(ctx context.Context, jobID, cause string) error
	Working(jobID string) (workers, frames int)
}

// Options configure a Scheduler.
type Options struct {
	Store  store.Store
	Fleet  *fleet.Fleet
	Leaser Leaser
	// Pace is the mean time of one of a job's checks, 0 while unknown; nil for none.
	Pace  func(jobID string) time.Duration
	Clock func() time.Time
	Log   *slog.Logger
}

// maxRest bounds the time between two passes while there is something to plan.
const maxRest = 500 * time.Millisecond

// Scheduler is safe for concurrent use. Run has to run.
type Scheduler struct {
	options Options
	wake    chan struct{}
	wg      sync.WaitGroup

	mu       sync.Mutex      // guards what follows
	offering map[string]bool // tasks
	busy     map[string]int  // workers with an open offer
	met      map[string]bool // jobs that were delivered, for those that come after them
	copied   time.Time       // when stragglers were looked for last
}

// New makes a scheduler.
func New(o Options) *Scheduler {
	return &Scheduler{options: o, wake: make(chan struct{}, 1), offering: make(map[string]bool), busy: make(map[string]int), met: make(map[string]bool)}
}

// Wake makes Run look for work. It never blocks.
func (s *Scheduler) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run offers tasks until ctx ends.
func (s *Scheduler) Run(ctx context.Context) error {
	defer s.wg.Wait()
	changed := s.options.Fleet.Subscribe()
	ticker := time.NewTicker(2 * time.Second)
	defer ticker.Stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		began := time.Now()
		if err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.Error("schedule", "err", err)
		}
		// Where the queue is long, a pass takes as long as it lasts off: what happens in the meantime is
		// planned at once, and half of a core is left for everything else.
		rest.Reset(min(time.Since(began), maxRest))
		select {
		case <-ctx.Done():
			return nil
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-changed:
		case <-ticker.C:
		}
	}
}

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
	held       map[string]int
	holdings   map[string][]lease.Holding // by job; only where stragglers are looked for
	lost       map[string]string          // jobs whose dependency is lost, and how
}

// look reads the queue for workers that could take free tasks at once.
func (s *Scheduler) look(ctx context.Context, workers []fleet.Member, free int) (v view, err error) {
	workers = slices.DeleteFunc(slices.Clone(workers), func(w fleet.Member) bool { return w.Free+w.Ahead == 0 })
	holdings := s.stragglers()
	err = s.options.Store.View(ctx, func(tx store.Tx) error {
		v = view{lost: make(map[string]string), holdings: holdings}
		jobs, err := tx.JobsInState(job.Rendering)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			g, err := s.gate(tx, j)
			switch {
			case err != nil:
				return err
			case g.lost != "":
				v.lost[j.ID] = g.lost
			case g.waits != "":
			case !slices.ContainsFunc(workers, func(w fleet.Member) bool { return Suits(w, j) == "" }):
				// Nobody who is free could take anything of it.
			case j.TasksWaiting > 0:
				// Some more than can be given out, since a worker may not want the first ones.
				c, err := read(tx, j, free+16)
				if err != nil {
					return err
				}
				v.candidates = append(v.candidates, c)
			case len(holdings[j.ID]) > 0:
				c, err := s.leased(tx, j, holdings[j.ID])
				if err != nil {
					return err
				}
				if len(c.Tasks) > 0 {
					v.ending = append(v.ending, c)
				}
			}
		}
		v.held, err = tx.HeldByOwner()
		return err
	})
	return v, err
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
	return s.options.Leaser.Held()
}

// leased reads the tasks of a job that have been out for long enough to be copied.
func (s *Scheduler) leased(tx store.Tx, j *store.Job, holdings []lease.Holding) (c Candidate, err error) {
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
	return c, c.history(tx)
}

// Pass makes one plan and starts its offers.
func (s *Scheduler) Pass(ctx context.Context) error {
	workers := s.options.Fleet.Members(job.RoleWorker)
	s.mu.Lock()
	room := 0
	free := make(map[string]int)
	for i := range workers {
		w := &workers[i]
		if n := s.busy[w.Address]; n > 0 {
			w.Free, w.Ahead = max(0, w.Free-n), max(0, w.Ahead-max(0, n-w.Free))
		}
		room += w.Free + w.Ahead
		free[w.Address] = w.Free
	}
	s.mu.Unlock()
	if room == 0 {
		return nil
	}
	v, err := s.look(ctx, workers, room)
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	s.suspend(ctx, v.lost)
	s.mu.Lock()
	for _, list := range [][]Candidate{v.candidates, v.ending} {
		for i := range list {
			c := &list[i]
			n := len(c.Tasks)
			c.Tasks = slices.DeleteFunc(c.Tasks, func(t *job.Task) bool { return s.offering[t.ID] })
			c.Job.TasksWaiting -= n - len(c.Tasks) // they are as good as gone
		}
	}
	s.mu.Unlock()
	now := s.options.Clock()
	for _, a := range Plan(v.candidates, workers, v.held, now) {
		if !a.Ahead {
			free[a.Worker]--
		}
		s.give(ctx, a, s.options.Leaser.Offer)
	}
	for _, c := range v.ending {
		for _, a := range Copies(c, v.holdings[c.Job.ID], workers, free, now) {
			s.give(ctx, a, s.options.Leaser.Copy)
		}
	}
	return nil
}

// give makes one offer, beside the others.
func (s *Scheduler) give(ctx context.Context, a Assignment, offer func(ctx context.Context, taskID, worker string) (bool, error)) {
	s.mu.Lock()
	s.offering[a.Task.ID] = true
	s.busy[a.Worker]++
	s.mu.Unlock()
	s.wg.Go(func() {
		_, err := offer(ctx, a.Task.ID, a.Worker)
		s.mu.Lock()
		delete(s.offering, a.Task.ID)
		if s.busy[a.Worker]--; s.busy[a.Worker] <= 0 {
			delete(s.busy, a.Worker)
		}
		s.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			s.options.Log.Error("offer a task", "task", a.Task.ID, "worker", a.Worker, "err", err)
		}
		s.Wake()
	})
}
