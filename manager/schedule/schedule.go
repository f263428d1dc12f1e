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
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Leaser leases a task to a worker; manager/lease does it. Offer returns once the worker
// has answered.
type Leaser interface {
	Offer(ctx context.Context, taskID, worker string) (taken bool, err error)
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

// Scheduler is safe for concurrent use. Run has to run.
type Scheduler struct {
	options Options
	wake    chan struct{}
	wg      sync.WaitGroup

	mu       sync.Mutex      // guards what follows
	offering map[string]bool // tasks
	busy     map[string]int  // workers with an open offer
}

// New makes a scheduler.
func New(o Options) *Scheduler {
	return &Scheduler{options: o, wake: make(chan struct{}, 1), offering: make(map[string]bool), busy: make(map[string]int)}
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
	for {
		if err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.Error("schedule", "err", err)
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
	c.Job = j
	if c.Tasks, err = tx.WaitingTasks(j.ID, tasks); err != nil {
		return c, err
	}
	if c.Failures, err = tx.JobFailures(j.ID); err != nil {
		return c, err
	}
	if slices.ContainsFunc(c.Failures, func(f store.Failure) bool { return f.Kind == job.FailVerdict }) {
		c.Passes, err = tx.LastPasses(j.ID)
	}
	return c, err
}

// Pass makes one plan and starts its offers.
func (s *Scheduler) Pass(ctx context.Context) error {
	workers := s.options.Fleet.Members(job.RoleWorker)
	s.mu.Lock()
	free := 0
	for i := range workers {
		workers[i].Free = max(0, workers[i].Free-s.busy[workers[i].Address])
		free += workers[i].Free
	}
	s.mu.Unlock()
	if free == 0 {
		return nil
	}
	var candidates []Candidate
	var held map[string]int
	err := s.options.Store.View(ctx, func(tx store.Tx) error {
		candidates = nil
		jobs, err := tx.JobsInState(job.Rendering)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			if j.TasksWaiting == 0 {
				continue
			}
			// Some more than can be given out, since a worker may not want the first ones.
			c, err := read(tx, j, free+16)
			if err != nil {
				return err
			}
			candidates = append(candidates, c)
		}
		held, err = tx.HeldByOwner()
		return err
	})
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	s.mu.Lock()
	for i := range candidates {
		kept := candidates[i].Tasks[:0]
		for _, t := range candidates[i].Tasks {
			if !s.offering[t.ID] {
				kept = append(kept, t)
			}
		}
		candidates[i].Tasks = kept
	}
	s.mu.Unlock()
	for _, a := range Plan(candidates, workers, held, s.options.Clock()) {
		s.mu.Lock()
		s.offering[a.Task.ID] = true
		s.busy[a.Worker]++
		s.mu.Unlock()
		s.wg.Go(func() {
			_, err := s.options.Leaser.Offer(ctx, a.Task.ID, a.Worker)
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
	return nil
}
