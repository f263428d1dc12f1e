package rows

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/heliostat-render/heliostat/manager/store"
)

// Progress is told how far a dump or a load is. total is 0 while it isn't known.
type Progress func(table string, done, total int64)

func (p Progress) tell(table string, done, total int64) {
	if p != nil {
		p(table, done, total)
	}
}

// progressEvery is how many rows pass between two reports.
const progressEvery = 1000

// Dump writes a backup of what the transaction sees, uncompressed; see BACKUP.md. now is its
// time in Unix milliseconds.
func (t *Tx) Dump(w io.Writer, now int64, progress Progress) (Summary, error) {
	var total, done int64
	for _, table := range Tables {
		var n int64
		if err := t.run.QueryRow(t.ctx, "SELECT count(*) FROM "+table.Name).Scan(&n); err != nil {
			return Summary{}, t.fail("count "+table.Name, err)
		}
		total += n
	}
	b, err := newBackupWriter(w, now)
	if err != nil {
		return Summary{}, err
	}
	for _, table := range Tables {
		if err := b.begin(table); err != nil {
			return Summary{}, err
		}
		if err := t.dumpTable(b, table, func() {
			if done++; done%progressEvery == 0 {
				progress.tell(table.Name, done, total)
			}
		}); err != nil {
			return Summary{}, err
		}
		if err := b.end(); err != nil {
			return Summary{}, err
		}
	}
	progress.tell("", done, total)
	return b.done()
}

func (t *Tx) dumpTable(b *backupWriter, table Table, passed func()) error {
	what := "read " + table.Name
	rows, err := t.run.Query(t.ctx, "SELECT "+table.names()+" FROM "+table.Name+" ORDER BY "+table.Order)
	if err != nil {
		return t.fail(what, err)
	}
	defer rows.Close()
	cells, values := make([]any, len(table.Columns)), make([]any, len(table.Columns))
	for i, c := range table.Columns {
		switch c.Kind {
		case Int:
			cells[i] = new(int64)
		case Real:
			cells[i] = new(float64)
		case Bool:
			cells[i] = new(bool)
		case Text:
			cells[i] = new(string)
		case Blob:
			cells[i] = new([]byte)
		}
	}
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return t.fail(what, err)
		}
		for i, cell := range cells {
			switch v := cell.(type) {
			case *int64:
				values[i] = *v
			case *float64:
				values[i] = *v
			case *bool:
				values[i] = *v
			case *string:
				values[i] = plain(*v)
			case *[]byte:
				values[i] = *v // JSON is base64, or null
			}
		}
		if err := b.row(values); err != nil {
			return err
		}
		passed()
	}
	return t.fail(what, rows.Err())
}

// Empty tells whether no table has a row.
func (t *Tx) Empty() (bool, error) {
	for _, table := range Tables {
		var some bool
		if err := t.run.QueryRow(t.ctx, "SELECT EXISTS (SELECT 1 FROM "+table.Name+")").Scan(&some); err != nil {
			return false, t.fail("look into "+table.Name, err)
		}
		if some {
			return false, nil
		}
	}
	return true, nil
}

// ErrNotEmpty means that rows are where a backup was to go.
var ErrNotEmpty = errors.New("the database isn't empty")

// Load fills the empty database with a backup, uncompressed, and holds what is there afterwards
// against it. What the triggers guard are changes; a backup brings rows that have been through
// them, so they rest meanwhile. An error means that the transaction is to be rolled back.
func (t *Tx) Load(r io.Reader, total int64, progress Progress) (Summary, error) {
	defer t.seen.Forget() // it writes rows as they are
	empty, err := t.Empty()
	if err != nil {
		return Summary{}, err
	}
	if !empty {
		return Summary{}, ErrNotEmpty
	}
	wake, err := t.dialect.Rest(t)
	if err != nil {
		return Summary{}, fmt.Errorf("put the triggers to rest: %w", err)
	}
	var done int64
	var filling Table
	var columns []Column
	var waiting [][]any
	flush := func() error {
		if len(waiting) == 0 {
			return nil
		}
		err := t.addAll("load "+filling.Name, filling.Name, Table{Columns: columns}.names(), waiting)
		waiting = waiting[:0]
		return err
	}
	read, err := ReadBackup(r, func(table Table, cs []Column, values []any) error {
		if table.Name != filling.Name || len(waiting) == batch {
			if err := flush(); err != nil {
				return err
			}
			filling, columns = table, cs
		}
		waiting = append(waiting, values)
		if done++; done%progressEvery == 0 {
			progress.tell(table.Name, done, total)
			return t.ctx.Err()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		if errors.Is(err, store.ErrExists) {
			err = fmt.Errorf("%w: two rows have one key: %w", ErrBackup, err)
		}
		return read, err
	}
	if err := wake(); err != nil {
		return read, fmt.Errorf("wake the triggers: %w", err)
	}
	if err := t.sumAll(); err != nil {
		return read, err
	}
	progress.tell("verify", done, done)
	there, err := t.Dump(io.Discard, read.Time, nil)
	if err != nil {
		return read, fmt.Errorf("verify: %w", err)
	}
	if table := read.Differs(there); table != "" && complete(read, there) {
		return read, fmt.Errorf("verify: table %s didn't come out as it went in", table)
	}
	return read, nil
}

// complete tells whether the digests have to agree: those of a backup that lacks columns can't.
func complete(read, there Summary) bool {
	for i, t := range read.Tables {
		if t.Rows != there.Tables[i].Rows {
			return true
		}
	}
	return !read.older
}

// columnsOf describes a table for BACKUP.md.
func columnsOf(t Table) string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = "`" + c.Name + ":" + string(c.Kind) + "`"
	}
	return strings.Join(list, " ")
}

// Document is the list of the tables that ends BACKUP.md.
func Document() string {
	var b strings.Builder
	b.WriteString("| table | key | columns |\n| --- | --- | --- |\n")
	for _, t := range Tables {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", t.Name, t.Order, columnsOf(t))
	}
	return b.String()
}
