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

func (w watched) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if w.l.guarded && !w.l.marked {
		if err := w.l.say("SAVEPOINT one", "SAVEPOINT"); err != nil {
			w.note(err)
			return 0, err
		}
		w.l.marked = true
	}
	n, err := pooled{w.l.conn}.Exec(ctx, query, args...)
	w.note(err)
	return n, err
}

func (w watched) Query(ctx context.Context, query string, args ...any) (rows.Rows, error) {
	r, err := w.l.conn.QueryContext(ctx, query, args...)
	w.note(err)
	if err != nil {
		return nil, err // not an interface that holds nothing
	}
	return r, nil
}

func (w watched) QueryRow(ctx context.Context, query string, args ...any) rows.Row {
	r := w.l.conn.QueryRowContext(ctx, query, args...)
	w.note(r.Err())
	return r
}

// pooled is a connection of database/sql, or a transaction on one.
type pooled struct {
	run interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
}

var _ rows.Runner = pooled{}

func (p pooled) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := p.run.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (p pooled) Query(ctx context.Context, query string, args ...any) (rows.Rows, error) {
	r, err := p.run.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (p pooled) QueryRow(ctx context.Context, query string, args ...any) rows.Row {
	return p.run.QueryRowContext(ctx, query, args...)
}
