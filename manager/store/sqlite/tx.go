package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
)

// tx is one transaction, of the writer or of a reader.
type tx struct {
	ctx context.Context
	run runner
}

var _ store.Tx = (*tx)(nil)

// maxFrames bounds the frames of one job when its list is read back.
const maxFrames = 1 << 20

func (t *tx) exec(what, query string, args ...any) (int64, error) {
	result, err := t.run.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, t.fail(what, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, t.fail(what, err)
	}
	return n, nil
}

// change is an exec that has to change exactly one row.
func (t *tx) change(what, query string, args ...any) error {
	n, err := t.exec(what, query, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%s: %w", what, store.ErrLost)
	}
	return nil
}

func (t *tx) fail(what string, err error) error {
	if err == nil {
		return nil
	}
	var e sqlite3.Error
	if errors.As(err, &e) {
		switch e.ExtendedCode {
		case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey:
			return fmt.Errorf("%s: %w (%w)", what, store.ErrExists, err)
		case sqlite3.ErrConstraintTrigger:
			return fmt.Errorf("%s: %w (%w)", what, store.ErrIllegal, err)
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", what, store.ErrNotFound)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// scanner is a row or the current row of several.
type scanner interface{ Scan(dest ...any) error }

// all collects the rows of a query.
func all[T any](t *tx, what string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.run.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, t.fail(what, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, t.fail(what, err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, t.fail(what, err)
	}
	return out, nil
}

// guard checks a move against the table and the row's state.
func guard[S ~string](table lifecycle.Table[S], id string, now S, from []S, to S) error {
	for _, f := range from {
		if !table.Allows(f, to) {
			return fmt.Errorf("%s %s from %s to %s: %w", table.Noun, id, f, to, store.ErrIllegal)
		}
	}
	if !slices.Contains(from, now) {
		return fmt.Errorf("%s %s is %s: %w", table.Noun, id, now, store.ErrLost)
	}
	return nil
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

func anys[S ~string](list []S) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

func encode(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("records have only marshalable fields: %v", err))
	}
	return string(raw)
}

func decode(text string, v any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), v)
}
