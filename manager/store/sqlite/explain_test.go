package sqlite

import (
	"context"
	"strings"

	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// explainer is a connection that asks SQLite for the plan of whatever is asked.
type explainer struct {
	s     *Store
	plans map[string][]string
	built map[string]int // temporary tables that one change builds
}

var _ rows.Runner = (*explainer)(nil)

func (e *explainer) note(query string, args []any) {
	if e.plans == nil {
		e.plans, e.built = make(map[string][]string), make(map[string]int)
	}
	c, err := e.s.readers.take(context.Background())
	if err != nil {
		e.plans[query] = []string{"SCAN failed: " + err.Error()}
		return
	}
	defer func() { e.s.readers.free <- c }()
	list, err := c.Query(context.Background(), "EXPLAIN QUERY PLAN "+query, args...)
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
	if strings.HasPrefix(query, "UPDATE") || strings.HasPrefix(query, "INSERT") {
		e.built[query] = e.tables(e.s.write, query, args) // where nothing is written, no check is looked at
	}
}

// tables counts the temporary tables in the program of a change, 1 << 10 where it isn't known.
func (e *explainer) tables(c *cached, query string, args []any) (n int) {
	list, err := c.Query(context.Background(), "EXPLAIN "+query, args...)
	if err != nil {
		return 1 << 10
	}
	defer list.Close()
	for list.Next() {
		if list.(*result).cells[1] == "OpenEphemeral" { // the opcode
			n++
		}
	}
	if list.Err() != nil {
		return 1 << 10
	}
	return n
}

func (e *explainer) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	e.note(query, args)
	return e.s.write.Exec(ctx, query, args...)
}

func (e *explainer) Query(ctx context.Context, query string, args ...any) (rows.Rows, error) {
	e.note(query, args)
	return e.s.write.Query(ctx, query, args...)
}

func (e *explainer) QueryRow(ctx context.Context, query string, args ...any) rows.Row {
	e.note(query, args)
	return e.s.write.QueryRow(ctx, query, args...)
}
