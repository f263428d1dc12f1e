package postgres

import (
	"context"
	"database/sql"

	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// watched is a lane's connection to a request. It keeps the first error that ends the
// transaction: the request may have wrapped or dropped it.
type watched struct{ l *writer }

var _ rows.Runner = watched{}

func (w watched) note(err error) {
	if err != nil && w.l.trouble == nil {
		w.l.trouble = err
	}
}

func (w watched) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if w.l.guarded && !w.l.marked {
		if err := w.l.say("SAVEPOINT one", "SAVEPOINT"); err != nil {
			w.note(err)
			return nil, err
		}
		w.l.marked = true
	}
	r, err := w.l.conn.ExecContext(ctx, query, args...)
	w.note(err)
	return r, err
}

func (w watched) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r, err := w.l.conn.QueryContext(ctx, query, args...)
	w.note(err)
	return r, err
}

func (w watched) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	r := w.l.conn.QueryRowContext(ctx, query, args...)
	w.note(r.Err())
	return r
}
