package sqlite

import (
	"context"
	"database/sql"
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
// next commit, each inside its own savepoint.
func (s *Store) writer() {
	defer close(s.done)
	w := &cached{conn: s.conn, stmts: make(map[string]*sql.Stmt)}
	defer w.close()
	for r := range s.queue {
		s.group(w, r)
	}
}

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
	first.err = s.one(w, first)
	for len(begun) < maxGroup {
		var r *request
		select {
		case r = <-s.queue:
		default:
		}
		if r == nil {
			break
		}
		begun = append(begun, r)
		r.err = s.one(w, r)
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

// one runs a request inside a savepoint.
func (s *Store) one(w *cached, r *request) (err error) {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if err := w.exec("SAVEPOINT one"); err != nil {
		return fmt.Errorf("begin a write: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a transaction panicked: %v\n%s", p, debug.Stack())
		}
		if err != nil {
			if undo := w.exec("ROLLBACK TO one"); undo != nil {
				err = errors.Join(err, fmt.Errorf("roll back: %w", undo))
			}
		}
		if release := w.exec("RELEASE one"); release != nil {
			err = errors.Join(err, fmt.Errorf("end a write: %w", release))
		}
	}()
	return r.fn(rows.Writing(context.Background(), w, dialect))
}

// cached keeps the writer's statements prepared.
type cached struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

var _ rows.Runner = (*cached)(nil)

func (c *cached) close() {
	for _, s := range c.stmts {
		s.Close()
	}
}

func (c *cached) stmt(query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s
	return s, nil
}

func (c *cached) exec(query string) error {
	_, err := c.ExecContext(context.Background(), query)
	return err
}

func (c *cached) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := c.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (c *cached) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := c.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (c *cached) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := c.stmt(query)
	if err != nil {
		// An impossible query reports the error through Scan, as database/sql does.
		return c.conn.QueryRowContext(ctx, query, args...)
	}
	return s.QueryRowContext(ctx, args...)
}
