package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// readers are the connections for reading. Each keeps its statements prepared: a pass of the
// scheduler asks the same of every job.
type readers struct {
	uri  string
	free chan *cached // as many as there may be; nil ones aren't connected yet
}

func newReaders(uri string) *readers {
	n := max(2, runtime.NumCPU())
	r := &readers{uri: uri, free: make(chan *cached, n)}
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
		c, err := connect(r.uri)
		if err != nil {
			r.free <- nil
			return nil, err
		}
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// close waits for those that are in use.
func (r *readers) close() (err error) {
	for range cap(r.free) {
		if c := <-r.free; c != nil {
			err = errors.Join(err, c.close())
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
			_ = c.close() // another one is opened
			c = nil
		}
	}()
	return fn(rows.Reading(ctx, patient{c}, dialect))
}

// patient lets each statement of a read come to its end and looks at the context before it begins:
// the driver would start a goroutine for each to be able to interrupt it.
type patient struct{ c *cached }

var _ rows.Runner = patient{}

func (p patient) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return p.c.Exec(context.Background(), query, args...)
}

func (p patient) Query(ctx context.Context, query string, args ...any) (rows.Rows, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return p.c.Query(context.Background(), query, args...)
}

func (p patient) QueryRow(ctx context.Context, query string, args ...any) rows.Row {
	if ctx.Err() != nil {
		return &first{err: context.Cause(ctx)}
	}
	return p.c.QueryRow(context.Background(), query, args...)
}
