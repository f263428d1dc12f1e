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
	Pace func(jobID string) time.Duration
	// Draining tells whether nothing is given out any more, by nobody; nil for never.
	Draining func() bool
	Clock    func() time.Time
	Log      *slog.Logger
}

// maxRest bounds the time between two passes while there is something to plan.
const maxRest = 500 * time.Millisecond

// Scheduler is safe for concurrent use. Run has to run.
type Scheduler struct {
	options Options
	wake    chan struct{}
	wg      sync.WaitGroup

	mu       sync.Mutex        // guards what follows
	offering map[string]bool   // tasks
	busy     map[string]int    // workers with an open offer
	served   map[string]uint64 // by owner: the turn in which it was given its last task
	turn     uint64
	met      map[string]bool // jobs that were delivered, for those that come after them
	copied   time.Time       // when stragglers were looked for last
	away     map[string][]lease.Holding
}

// New makes a scheduler.
func New(o Options) *Scheduler {
	return &Scheduler{options: o, wake: make(chan struct{}, 1), offering: make(map[string]bool), busy: make(map[string]int), served: make(map[string]uint64), met: make(map[string]bool)}
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

// Pass makes one plan and starts its offers.
func (s *Scheduler) Pass(ctx context.Context) error {
	if free, early := s.options.Fleet.Room(job.RoleWorker); !free && !early {
		return nil
	}
	workers := s.options.Fleet.Members(job.RoleWorker)
	s.mu.Lock()
	room, idle := 0, 0
	free := make(map[string]int)
	for i := range workers {
		w := &workers[i]
		if n := s.busy[w.Address]; n > 0 {
			w.Free, w.Ahead = max(0, w.Free-n), max(0, w.Ahead-max(0, n-w.Free))
		}
		room += w.Free + w.Ahead
		idle += w.Free
		free[w.Address] = w.Free
	}
	s.mu.Unlock()
	if room == 0 {
		return nil
	}
	// What is at the front may be barred from whoever is free: then all of the queue is looked at.
	var v view
	holdings := s.stragglers()
	var plan []Assignment
	now := s.options.Clock()
	for _, whole := range []bool{false, true} {
		var err error
		if v, err = s.look(ctx, workers, room, whole, holdings); err != nil {
			return fmt.Errorf("read the queue: %w", err)
		}
		s.without(v)
		plan = Plan(v.candidates, workers, v.share, now)
		if !v.cut || len(plan) >= idle {
			break
		}
	}
	s.suspend(ctx, v.lost)
	for _, a := range plan {
		if !a.Ahead {
			free[a.Worker]--
		}
		s.give(ctx, a, s.options.Leaser.Offer)
	}
	var everywhere []fleet.Member
	if len(v.ending) > 0 {
		everywhere = s.options.Fleet.Everywhere(job.RoleWorker)
	}
	for _, c := range v.ending {
		for _, a := range Copies(c, v.holdings[c.Job.ID], workers, everywhere, free, now) {
			s.give(ctx, a, s.options.Leaser.Copy)
		}
	}
	return nil
}

// without takes out of a view what is being offered.
func (s *Scheduler) without(v view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, list := range [][]Candidate{v.candidates, v.ending} {
		for i := range list {
			c := &list[i]
			n := len(c.Tasks)
			c.Tasks = slices.DeleteFunc(c.Tasks, func(t *job.Task) bool { return s.offering[t.ID] })
			c.Job.TasksWaiting -= n - len(c.Tasks) // they are as good as gone
		}
	}
}

// give makes one offer, beside the others.
func (s *Scheduler) give(ctx context.Context, a Assignment, offer func(ctx context.Context, taskID, worker string) (bool, error)) {
	s.mu.Lock()
	s.offering[a.Task.ID] = true
	s.busy[a.Worker]++
	s.mu.Unlock()
	s.wg.Go(func() {
		taken, err := offer(ctx, a.Task.ID, a.Worker)
		s.mu.Lock()
		if taken {
			s.turn++
			s.served[a.Job.Owner] = s.turn
		}
		delete(s.offering, a.Task.ID)
		if s.busy[a.Worker]--; s.busy[a.Worker] <= 0 {
			delete(s.busy, a.Worker)
		}
		s.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			s.options.Log.Error("offer a task", "job", a.Job.ID, "task", a.Task.ID, "node", a.Worker, "err", err)
		}
		s.Wake()
	})
}
