package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// readers are the connections for reading. Each keeps its statements prepared: a pass of the
// scheduler asks the same of every job.
type readers struct {
	db   *sql.DB
	free chan *cached // as many as there may be; nil ones aren't connected yet
}

func newReaders(db *sql.DB) *readers {
	n := max(2, runtime.NumCPU())
	db.SetMaxOpenConns(n)
	r := &readers{db: db, free: make(chan *cached, n)}
	for range n {
		r.free <- nil
	}
	return r
}

// take waits for a connection.
func (r *readers) take(ctx context.Context) (*cached, error) {
	select {
	case c := <-r.free:
		if c != nil {
			return c, nil
		}
		conn, err := r.db.Conn(ctx)
		if err != nil {
			r.free <- nil
			return nil, err
		}
		return &cached{conn: conn, stmts: make(map[string]*sql.Stmt)}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// close waits for those that are in use.
func (r *readers) close() (err error) {
	for range cap(r.free) {
		if c := <-r.free; c != nil {
			c.close()
			err = errors.Join(err, c.conn.Close())
		}
	}
	return err
}

// View runs fn on one snapshot.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	c, err := s.readers.take(ctx)
	if err != nil {
		return fmt.Errorf("begin a read: %w", err)
	}
	defer func() { s.readers.free <- c }()
	if err := c.exec("BEGIN"); err != nil {
		return fmt.Errorf("begin a read: %w", err)
	}
	defer func() {
		if err := c.exec("ROLLBACK"); err != nil {
			// Whatever state it is in, nobody else gets it.
			c.close()
			_ = c.conn.Close() // the pool makes a new one
			c = nil
		}
	}()
	return fn(rows.Reading(ctx, c, dialect))
}
