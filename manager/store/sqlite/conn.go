package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// cached is a connection that keeps its statements prepared. It uses the driver itself: most
// statements find one row by its key, and the pool's bookkeeping would cost more than they do.
// One goroutine at a time uses it.
type cached struct {
	conn  *sqlite3.SQLiteConn
	stmts map[string]*statement
}

// statement is a prepared one, with the room that its last use took.
type statement struct {
	*sqlite3.SQLiteStmt
	args []driver.NamedValue
}

var _ rows.Runner = (*cached)(nil)

// connect opens a connection to the file that the URI names.
func connect(uri string) (*cached, error) {
	conn, err := (&sqlite3.SQLiteDriver{}).Open(uri)
	if err != nil {
		return nil, err
	}
	return &cached{conn: conn.(*sqlite3.SQLiteConn), stmts: make(map[string]*statement)}, nil
}

func (c *cached) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

func (c *cached) stmt(query string) (*statement, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	p, err := c.conn.Prepare(steady(query))
	if err != nil {
		return nil, err
	}
	s := &statement{SQLiteStmt: p.(*sqlite3.SQLiteStmt)}
	c.stmts[query] = s
	return s, nil
}

// steady keeps the planner from looking at what parameters hold. Where it has looked, SQLite plans the
// query anew after every use, which costs more than most of ours do; the driver has no way to turn on
// SQLITE_DBCONFIG_ENABLE_QPSG. A unary plus changes no value, and no index is used otherwise.
func steady(query string) string {
	if !strings.HasPrefix(query, "SELECT") {
		return query
	}
	return strings.ReplaceAll(query, "?", "+?")
}

// bind puts arguments into the driver's form.
func (s *statement) bind(args []any) error {
	s.args = s.args[:0]
	for i, a := range args {
		v, err := bound(a)
		if err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return nil
}

func bound(a any) (driver.Value, error) {
	switch v := a.(type) {
	case nil, int64, float64, bool, string, []byte:
		return v, nil
	case int:
		return int64(v), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(a)
}

func (c *cached) exec(query string) error {
	_, err := c.Exec(context.Background(), query)
	return err
}

func (c *cached) Exec(ctx context.Context, query string, args ...any) (changed int64, err error) {
	s, err := c.stmt(query)
	if err != nil {
		return 0, err
	}
	if err := s.bind(args); err != nil {
		return 0, err
	}
	result, err := s.ExecContext(ctx, s.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *cached) Query(ctx context.Context, query string, args ...any) (rows.Rows, error) {
	s, err := c.stmt(query)
	if err != nil {
		return nil, err
	}
	if err := s.bind(args); err != nil {
		return nil, err
	}
	list, err := s.QueryContext(ctx, s.args)
	if err != nil {
		return nil, err
	}
	return &result{list: list, cells: make([]driver.Value, len(list.Columns()))}, nil
}

func (c *cached) QueryRow(ctx context.Context, query string, args ...any) rows.Row {
	list, err := c.Query(ctx, query, args...)
	return &first{list: list, err: err}
}

// result are the rows of a query.
type result struct {
	list  driver.Rows
	cells []driver.Value
	err   error
}

func (r *result) Next() bool {
	if r.err != nil {
		return false
	}
	r.err = r.list.Next(r.cells)
	return r.err == nil
}

func (r *result) Err() error {
	if errors.Is(r.err, io.EOF) {
		return nil
	}
	return r.err
}

func (r *result) Close() error { return r.list.Close() }

func (r *result) Scan(dest ...any) error {
	if len(dest) != len(r.cells) {
		return fmt.Errorf("%d columns into %d places", len(r.cells), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.cells[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// first is the one row of a query.
type first struct {
	list rows.Rows
	err  error
}

func (f *first) Scan(dest ...any) error {
	if f.err != nil {
		return f.err
	}
	defer f.list.Close()
	if !f.list.Next() {
		if err := f.list.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	return f.list.Scan(dest...)
}

// assign puts what SQLite says into a variable: text, bytes, numbers, and numbers as truths. The
// schema gives every column one kind, so anything else is a mistake.
func assign(dest any, v driver.Value) error {
	switch d := dest.(type) {
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *int:
		if n, ok := v.(int64); ok {
			*d = int(n)
			return nil
		}
	case *bool:
		switch n := v.(type) {
		case int64:
			*d = n != 0
			return nil
		case bool:
			*d = n
			return nil
		}
	case *float64:
		switch n := v.(type) {
		case float64:
			*d = n
			return nil
		case int64:
			*d = float64(n)
			return nil
		}
	case *[]byte:
		switch b := v.(type) {
		case nil:
			*d = nil
			return nil
		case []byte:
			*d = b
			return nil
		case string:
			*d = []byte(b)
			return nil
		}
	}
	to := reflect.ValueOf(dest)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return fmt.Errorf("%T can't be filled", dest)
	}
	to = to.Elem()
	switch n := v.(type) {
	case string:
		if to.Kind() == reflect.String {
			to.SetString(n)
			return nil
		}
	case []byte:
		if to.Kind() == reflect.String {
			to.SetString(string(n))
			return nil
		}
	case int64:
		switch {
		case to.CanInt() && !to.OverflowInt(n):
			to.SetInt(n)
			return nil
		case to.CanUint() && n >= 0 && !to.OverflowUint(uint64(n)):
			to.SetUint(uint64(n))
			return nil
		case to.CanFloat():
			to.SetFloat(float64(n))
			return nil
		}
	}
	return fmt.Errorf("%T can't be put into %T", v, dest)
}
