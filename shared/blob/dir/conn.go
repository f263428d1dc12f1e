package dir

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"

	"github.com/mattn/go-sqlite3"
)

// conn is a connection to the packed file that keeps its statements prepared. It uses the driver itself:
// the pool of database/sql would cost more than finding one object does. One goroutine at a time uses it.
type conn struct {
	sqlite *sqlite3.SQLiteConn
	stmts  map[string]*stmt
}

// stmt is a prepared statement, with the room that its last use took.
type stmt struct {
	*sqlite3.SQLiteStmt
	args  []driver.NamedValue
	cells []driver.Value
}

// connect opens a connection. SQLite's own locks are left out, since nobody shares it.
func connect(path, options string) (*conn, error) {
	uri := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "_mutex=no&_busy_timeout=10000" + options}
	c, err := (&sqlite3.SQLiteDriver{}).Open(uri.String())
	if err != nil {
		return nil, err
	}
	return &conn{sqlite: c.(*sqlite3.SQLiteConn), stmts: make(map[string]*stmt)}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.sqlite.Close())...)
}

func (c *conn) stmt(query string, args []driver.Value) (*stmt, error) {
	s, ok := c.stmts[query]
	if !ok {
		p, err := c.sqlite.Prepare(query)
		if err != nil {
			return nil, err
		}
		s = &stmt{SQLiteStmt: p.(*sqlite3.SQLiteStmt)}
		c.stmts[query] = s
	}
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s, nil
}

// exec runs a statement and returns how many rows it changed. It doesn't keep the arguments.
func (c *conn) exec(query string, args ...driver.Value) (changed int64, err error) {
	s, err := c.stmt(query, args)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(context.Background(), s.args)
	clear(s.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query calls each, if not nil, with every row; the cells are its own only until it returns.
func (c *conn) query(each func([]driver.Value) error, query string, args ...driver.Value) (err error) {
	s, err := c.stmt(query, args)
	if err != nil {
		return err
	}
	list, err := s.QueryContext(context.Background(), s.args)
	clear(s.args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	if s.cells == nil {
		s.cells = make([]driver.Value, len(list.Columns()))
	}
	defer clear(s.cells)
	for {
		switch err := list.Next(s.cells); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case each == nil:
			continue
		}
		if err := each(s.cells); err != nil {
			return err
		}
	}
}

// number runs a query of one number, such as a pragma.
func (c *conn) number(query string) (n int64, err error) {
	err = c.query(func(cells []driver.Value) error {
		var ok bool
		if n, ok = cells[0].(int64); !ok && cells[0] != nil {
			return fmt.Errorf("%s: %v is no number", query, cells[0])
		}
		return nil
	}, query)
	return n, err
}

// readers are the connections that read.
type readers struct {
	path, options string
	free          chan *conn // as many as there may be; nil ones aren't connected yet
}

func newReaders(path, options string) *readers {
	n := max(4, runtime.NumCPU())
	r := &readers{path: path, options: options + "&_query_only=on", free: make(chan *conn, n)}
	for range n {
		r.free <- nil
	}
	return r
}

// query is a read of its own. It isn't interrupted: it looks for one object or a page of them.
func (r *readers) query(ctx context.Context, each func([]driver.Value) error, query string, args ...driver.Value) error {
	return r.with(ctx, func(c *conn) error { return c.query(each, query, args...) })
}

// with waits for a connection.
func (r *readers) with(ctx context.Context, do func(*conn) error) (err error) {
	var c *conn
	select {
	case c = <-r.free:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { r.free <- c }()
	if c == nil {
		if c, err = connect(r.path, r.options); err != nil {
			return err
		}
	}
	return do(c)
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
