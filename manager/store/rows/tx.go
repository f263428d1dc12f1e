// Package rows is store.Tx in SQL: the statements, and the way between records and columns,
// that SQLite and PostgreSQL have in common. What differs between them is a Dialect.
//
// It is not the place for opening databases, for commits or for retries: manager/store/sqlite
// and manager/store/postgres do that.
//
// Receives: a connection that is inside a transaction.
// Hands on: a store.Tx over it; dumps of every table, which either database loads.
package rows

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
)

// Runner is the connection of a transaction. Queries have ? for their parameters.
type Runner interface {
	// Exec returns how many rows it changed.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// QueryRow is for one row at most; without one, Scan returns sql.ErrNoRows.
	QueryRow(ctx context.Context, query string, args ...any) Row
}

// Row is one row; *sql.Row is one.
type Row interface{ Scan(dest ...any) error }

// Rows are the rows of a query; *sql.Rows are.
type Rows interface {
	Row
	Next() bool
	Err() error
	Close() error
}

// Dialect is where the databases differ.
type Dialect struct {
	// Ints and Texts are queries of the elements of a JSON array that is their one parameter.
	Ints, Texts string
	// Claim ends a query whose rows this transaction is about to change, so that it passes
	// over what others are changing.
	Claim string
	// Rest keeps the triggers from being asked in this transaction, until wake.
	Rest func(t *Tx) (wake func() error, err error)
	// Classify turns a refusal by a constraint into store.ErrExists, by a trigger into
	// store.ErrIllegal, and everything else into nil.
	Classify func(error) error
}

// Tx is one transaction.
type Tx struct {
	ctx     context.Context
	run     Runner
	dialect *Dialect
	writes  bool

	seen  *Memory
	odd   bool             // a text was stored otherwise than it was given
	owing map[string]*debt // by job
}

var _ store.Tx = (*Tx)(nil)

// Reading makes a Tx that only reads.
func Reading(ctx context.Context, run Runner, d *Dialect) *Tx {
	return &Tx{ctx: ctx, run: run, dialect: d, seen: new(Memory)}
}

// Writing makes a Tx that changes rows too. seen is what is remembered of the transactions before; whoever
// undoes this one, or knows that somebody else has written, has to have it forgotten.
func Writing(ctx context.Context, run Runner, d *Dialect, seen *Memory) *Tx {
	return &Tx{ctx: ctx, run: run, dialect: d, writes: true, seen: seen}
}

// Do runs fn on the transaction and writes what was put off until its end.
func (t *Tx) Do(fn func(store.Tx) error) error {
	if err := fn(t); err != nil {
		return err
	}
	if err := t.settle(); err != nil {
		return err
	}
	if t.odd {
		t.seen.Forget()
	}
	return nil
}

// maxFrames bounds the frames of one job when its list is read back.
const maxFrames = 1 << 20

// batch is how many rows one INSERT takes at most.
const batch = 100

// Exec runs a statement and returns how many rows it changed; what says what was being done.
func (t *Tx) Exec(what, query string, args ...any) (int64, error) {
	for i, a := range args {
		if text, ok := a.(string); ok {
			if as := plain(text); as != text {
				t.odd, args[i] = true, as
			}
		}
	}
	n, err := t.run.Exec(t.ctx, query, args...)
	if err != nil {
		return 0, t.fail(what, err)
	}
	return n, nil
}

// plain is the text as every database takes it: PostgreSQL has no zero bytes and no broken
// UTF-8, and what a node reports about its failure may hold either.
func plain(text string) string {
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// change is an exec that has to change exactly one row.
func (t *Tx) change(what, query string, args ...any) error {
	n, err := t.Exec(what, query, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%s: %w", what, store.ErrLost)
	}
	return nil
}

// add inserts a row; ErrExists says that one with its key is there. The refusal is no error of
// the database, so that a transaction can go on after it.
func (t *Tx) add(what, table, columns string, args ...any) error {
	return t.addAll(what, table, columns, [][]any{args})
}

// addAll inserts rows that are all new.
func (t *Tx) addAll(what, table, columns string, rows [][]any) error {
	for some := range slices.Chunk(rows, batch) {
		width := len(some[0])
		args := make([]any, 0, len(some)*width)
		for _, row := range some {
			args = append(args, row...)
		}
		values := strings.TrimSuffix(strings.Repeat("("+marks(width)+"),", len(some)), ",")
		n, err := t.Exec(what, "INSERT INTO "+table+" ("+columns+") VALUES "+values+" ON CONFLICT DO NOTHING", args...)
		if err != nil {
			return err
		}
		if n != int64(len(some)) {
			return fmt.Errorf("%s: %w", what, store.ErrExists)
		}
	}
	return nil
}

func (t *Tx) fail(what string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", what, store.ErrNotFound)
	}
	if class := t.dialect.Classify(err); class != nil {
		return fmt.Errorf("%s: %w (%w)", what, class, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// claim is what ends a query for rows that are about to be changed.
func (t *Tx) claim() string {
	if t.writes {
		return t.dialect.Claim
	}
	return ""
}

// scanner is a row or the current row of several.
type scanner = Row

// all collects the rows of a query.
func all[T any](t *Tx, what string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.run.Query(t.ctx, query, args...)
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

// Texts returns the one text column of a query.
func (t *Tx) Texts(what, query string, args ...any) ([]string, error) {
	return all(t, what, func(row scanner) (string, error) {
		var text string
		return text, row.Scan(&text)
	}, query, args...)
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
	if text == "" || text == "{}" || text == "null" {
		return nil // v is new
	}
	return json.Unmarshal([]byte(text), v)
}
