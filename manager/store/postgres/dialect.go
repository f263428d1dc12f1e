package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// dialect is PostgreSQL's SQL.
var dialect = &rows.Dialect{
	Ints:     `SELECT value::bigint FROM json_array_elements_text(CAST(? AS json))`,
	Texts:    `SELECT value FROM json_array_elements_text(CAST(? AS json))`,
	Claim:    ` FOR UPDATE SKIP LOCKED`,
	Classify: classify,
	Rest:     rest,
}

// rest disables the triggers for the transaction, and sets the sequences behind the rows when
// it wakes them.
func rest(t *rows.Tx) (wake func() error, err error) {
	each := func(what string) error {
		for _, table := range rows.Tables {
			if _, err := t.Exec("triggers of "+table.Name, "ALTER TABLE "+table.Name+" "+what+" TRIGGER USER"); err != nil {
				return err
			}
		}
		return nil
	}
	if err := each("DISABLE"); err != nil {
		return nil, err
	}
	return func() error {
		for _, identity := range [][2]string{{"jobs", "seq"}, {"events", "id"}, {"outbox", "id"}, {"deeds", "id"}} {
			table, column := identity[0], identity[1]
			if _, err := t.Exec("sequence of "+table, "SELECT setval(pg_get_serial_sequence('"+table+"', '"+column+"'), max("+column+")) FROM "+table+" HAVING max("+column+") IS NOT NULL"); err != nil {
				return err
			}
		}
		for _, table := range rows.Tables {
			// Its plans would rest on empty tables otherwise.
			if _, err := t.Exec("statistics of "+table.Name, "ANALYZE "+table.Name); err != nil {
				return err
			}
		}
		return each("ENABLE")
	}, nil
}

// illegal is the code that the schema's triggers raise.
const illegal = "HS001"

func classify(err error) error {
	switch code(err) {
	case "23505":
		return store.ErrExists
	case illegal:
		return store.ErrIllegal
	}
	return nil
}

// code is the SQLSTATE of what the server said, "" when it said nothing.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// conflict tells whether the transaction only has to be done again.
func conflict(err error) bool {
	switch code(err) {
	case "40001", "40P01": // serialization failure, deadlock
		return true
	}
	return false
}

// away tells whether the connection, or the server behind it, is gone or doesn't take writes now.
func away(err error) bool {
	if c := code(err); c != "" {
		// Connection trouble; shutting down, starting, recovering; no connection free; a
		// standby; idle in a transaction for too long, because this process was held up.
		return strings.HasPrefix(c, "08") || strings.HasPrefix(c, "57P0") || c == "53300" || c == "25006" || c == "25P03"
	}
	var connect *pgconn.ConnectError
	var network net.Error
	var lost *lostCommit
	return errors.As(err, &lost) || errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// places remembers queries with PostgreSQL's numbered places.
var places sync.Map // query with ? -> query with $1

// place numbers the places of a query. No query of manager/store/rows has a question mark that
// is something else.
func place(query string) string {
	if done, ok := places.Load(query); ok {
		return done.(string)
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	places.Store(query, b.String())
	return b.String()
}

// placed is a connection that takes queries with ?.
type placed struct{ rows.Runner }

func (p placed) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return p.Runner.Exec(ctx, place(query), args...)
}

func (p placed) Query(ctx context.Context, query string, args ...any) (rows.Rows, error) {
	return p.Runner.Query(ctx, place(query), args...)
}

func (p placed) QueryRow(ctx context.Context, query string, args ...any) rows.Row {
	return p.Runner.QueryRow(ctx, place(query), args...)
}
