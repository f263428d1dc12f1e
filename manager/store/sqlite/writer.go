package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// maxGroup bounds the transactions that share one commit.
const maxGroup = 64

// request is one Update that waits for the writer.
type request struct {
	ctx  context.Context
	fn   func(store.Tx) error
	err  error
	done chan struct{}
}

// Update hands fn to the writer and waits until it is durable. Once the writer has begun
// it, the end of ctx no longer stops it: half-known outcomes are worse than a short wait.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	r := &request{ctx: ctx, fn: fn, done: make(chan struct{})}
	if err := s.enqueue(ctx, r); err != nil {
		return err
	}
	<-r.done
	return r.err
}

// Commits returns how many commits there were since the start, and the updates that shared them.
func (s *Store) Commits() (commits, updates uint64) { return s.commits.Load(), s.updates.Load() }

func (s *Store) enqueue(ctx context.Context, r *request) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	select {
	case s.queue <- r:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// writer is the only goroutine that writes. Requests that wait while it commits share the
// next commit.
func (s *Store) writer() {
	defer close(s.done)
	for r := range s.queue {
		s.group(s.write, r)
	}
}

// group runs what waits in one transaction. A request that fails has seldom changed anything before;
// where one has, all is undone and the others are run again, each inside its own savepoint.
func (s *Store) group(w *cached, first *request) {
	begun := []*request{first}
	finish := func(err error) {
		for _, r := range begun {
			if r.err == nil {
				r.err = err
			}
			close(r.done)
		}
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		finish(fmt.Errorf("begin a write: %w", err))
		return
	}
	var spoilt *request
	for r := first; r != nil; {
		var dirty bool
		if dirty, r.err = s.one(w, r); dirty {
			spoilt = r
			break
		}
		if r = s.waiting(len(begun)); r != nil {
			begun = append(begun, r)
		}
	}
	if spoilt != nil {
		if err := s.again(w, begun, spoilt); err != nil {
			finish(err)
			return
		}
	}
	if err := w.exec("COMMIT"); err != nil {
		_ = w.exec("ROLLBACK") // there may be nothing to roll back
		finish(fmt.Errorf("commit: %w; check the disk that holds the database", err))
		return
	}
	s.commits.Add(1)
	s.updates.Add(uint64(len(begun)))
	finish(nil)
}

// waiting takes a request that waits, nil when there is none or the group is full.
func (s *Store) waiting(have int) *request {
	if have >= maxGroup {
		return nil
	}
	select {
	case r := <-s.queue: // nil once it is closed
		return r
	default:
		return nil
	}
}

// again undoes a transaction that one of its requests has spoilt and runs the others anew.
func (s *Store) again(w *cached, group []*request, spoilt *request) error {
	if err := w.exec("ROLLBACK"); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin a write: %w", err)
	}
	for _, r := range group {
		if r == spoilt {
			continue
		}
		if err := w.exec("SAVEPOINT one"); err != nil {
			r.err = fmt.Errorf("begin a write: %w", err)
			continue
		}
		if _, r.err = s.one(w, r); r.err != nil {
			if err := w.exec("ROLLBACK TO one"); err != nil {
				r.err = errors.Join(r.err, fmt.Errorf("roll back: %w", err))
			}
		}
		if err := w.exec("RELEASE one"); err != nil {
			r.err = errors.Join(r.err, fmt.Errorf("end a write: %w", err))
		}
	}
	return nil
}

// one runs a request. dirty says that it failed after it had begun to change something.
func (s *Store) one(w *cached, r *request) (dirty bool, err error) {
	if r.ctx.Err() != nil {
		return false, context.Cause(r.ctx)
	}
	run := &touched{Runner: w}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a transaction panicked: %v\n%s", p, debug.Stack())
		}
		dirty = err != nil && run.dirty
	}()
	return false, rows.Writing(context.Background(), run, dialect).Do(r.fn)
}

// touched notes whether anything was changed.
type touched struct {
	rows.Runner
	dirty bool
}

func (t *touched) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	t.dirty = true
	return t.Runner.Exec(ctx, query, args...)
}
