package metrics

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Store counts what goes through a store. The transitions of a transaction count once it is durable.
func (m *Metrics) Store(s store.Store) store.Store { return &counted{Store: s, metrics: m} }

type counted struct {
	store.Store
	metrics *Metrics
}

func (c *counted) Update(ctx context.Context, fn func(store.Tx) error) error {
	var t *counting
	began := c.metrics.clock()
	err := c.Store.Update(ctx, func(tx store.Tx) error {
		t = &counting{Tx: tx} // afresh: fn may be run again
		return fn(t)
	})
	now := c.metrics.clock()
	if err != nil {
		if !expected(err) && ctx.Err() == nil {
			c.metrics.storeErrors.Inc()
		}
		return err
	}
	c.metrics.update.Observe(now.Sub(began).Seconds())
	for _, x := range t.moves {
		c.metrics.moves.get([2]string{x.noun, x.state}).Add(float64(x.n))
		c.metrics.note(x, now)
	}
	for _, f := range t.failed {
		c.metrics.failed(f.kind, f.declined)
	}
	return nil
}

// expected tells whether an error is the caller's, not the database's.
func expected(err error) bool {
	var refused *wire.Error
	return errors.As(err, &refused) || errors.Is(err, store.ErrLost) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists) || errors.Is(err, context.Canceled)
}

// move is one transition, or several of the same kind.
type move struct {
	noun, state, id string
	n               int
}

type failure struct {
	kind     job.FailureKind
	declined bool
}

// counting notes what a transaction moves.
type counting struct {
	store.Tx
	moves  []move
	failed []failure
}

func (t *counting) moved(noun, state, id string, n int, err error) {
	if err == nil && n > 0 {
		t.moves = append(t.moves, move{noun, state, id, n})
	}
}

func (t *counting) AddJob(j *store.Job) error {
	err := t.Tx.AddJob(j)
	t.moved("job", string(j.State), j.ID, 1, err)
	return err
}

func (t *counting) MoveJob(id string, from []job.State, to job.State, patch func(*store.Job)) (*store.Job, error) {
	j, err := t.Tx.MoveJob(id, from, to, patch)
	t.moved("job", string(to), id, 1, err)
	return j, err
}

func (t *counting) AddTasks(tasks []*job.Task) error {
	err := t.Tx.AddTasks(tasks)
	for _, task := range tasks {
		t.moved("task", string(task.State), task.ID, 1, err)
	}
	return err
}

func (t *counting) ClaimTask(id string, patch func(*job.Task)) (*job.Task, error) {
	task, err := t.Tx.ClaimTask(id, patch)
	t.moved("task", string(job.TaskLeased), id, 1, err)
	return task, err
}

func (t *counting) MoveTask(id string, from []job.TaskState, to job.TaskState, patch func(*job.Task)) (*job.Task, error) {
	task, err := t.Tx.MoveTask(id, from, to, patch)
	t.moved("task", string(to), id, 1, err)
	return task, err
}

func (t *counting) MoveFrames(jobID string, numbers []int, from, to job.FrameState, patch func(*job.Frame)) error {
	err := t.Tx.MoveFrames(jobID, numbers, from, to, patch)
	t.moved("frame", string(to), "", len(numbers), err)
	return err
}

func (t *counting) AddAttempt(a *store.Attempt) error {
	err := t.Tx.AddAttempt(a)
	t.moved("attempt", string(a.State), a.Task, 1, err)
	return err
}

func (t *counting) MoveAttempt(id string, from []lifecycle.AttemptState, to lifecycle.AttemptState, patch func(*store.Attempt)) (*store.Attempt, error) {
	a, err := t.Tx.MoveAttempt(id, from, to, patch)
	if err == nil && to == lifecycle.AttemptFailed {
		t.failed = append(t.failed, failure{a.Kind, a.Kind == job.FailYield && strings.HasPrefix(a.Cause, "declined: ")})
	}
	t.moved("attempt", string(to), id, 1, err)
	return a, err
}

func (t *counting) AddAudit(a *store.Audit) error {
	err := t.Tx.AddAudit(a)
	t.moved("audit", string(a.State), a.ID, 1, err)
	return err
}

func (t *counting) MoveAudit(id string, from []lifecycle.AuditState, to lifecycle.AuditState, patch func(*store.Audit)) (*store.Audit, error) {
	a, err := t.Tx.MoveAudit(id, from, to, patch)
	t.moved("audit", string(to), id, 1, err)
	return a, err
}

// maxWaits bounds the tasks whose waiting is clocked; those of a longer queue aren't.
const maxWaits = 1 << 14

// waits knows since when tasks wait.
type waits struct {
	mu    sync.Mutex // guards since
	since map[string]time.Time
}

// note clocks a task's way from waiting to held.
func (m *Metrics) note(x move, now time.Time) {
	if x.noun != "task" {
		if x.noun == "attempt" && x.state == string(lifecycle.AttemptHeld) {
			m.offers.Inc()
		}
		return
	}
	m.waits.mu.Lock()
	defer m.waits.mu.Unlock()
	began, known := m.waits.since[x.id]
	switch {
	case x.state != string(job.TaskWaiting):
		delete(m.waits.since, x.id)
		if known && x.state == string(job.TaskLeased) {
			m.dispatch.Observe(now.Sub(began).Seconds())
		}
	case !known && len(m.waits.since) < maxWaits:
		m.waits.since[x.id] = now
	}
}
