package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// explainer is a connection that asks SQLite for the plan of whatever is asked.
type explainer struct {
	s     *Store
	plans map[string][]string
}

var _ rows.Runner = (*explainer)(nil)

func (e *explainer) note(query string, args []any) {
	if e.plans == nil {
		e.plans = make(map[string][]string)
	}
	list, err := e.s.read.Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		e.plans[query] = []string{"SCAN failed: " + err.Error()}
		return
	}
	defer list.Close()
	for list.Next() {
		var id, parent, unused int
		var line string
		if err := list.Scan(&id, &parent, &unused, &line); err != nil {
			line = "SCAN failed: " + err.Error()
		}
		e.plans[query] = append(e.plans[query], strings.TrimSpace(line))
	}
}

func (e *explainer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	e.note(query, args)
	return e.s.conn.ExecContext(ctx, query, args...)
}

func (e *explainer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	e.note(query, args)
	return e.s.conn.QueryContext(ctx, query, args...)
}

func (e *explainer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	e.note(query, args)
	return e.s.conn.QueryRowContext(ctx, query, args...)
}
