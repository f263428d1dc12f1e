package rows

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"strings"
)

// ErrBackup means that a backup can't be used; the error says why.
var ErrBackup = errors.New("not a usable backup")

const (
	// backupVersion is that of BACKUP.md.
	backupVersion = 1
	// maxLine bounds one line of a backup in bytes.
	maxLine = 64 << 20
)

// header is every line that isn't a row; which fields it has says what it is.
type header struct {
	Heliostat string   `json:"heliostat,omitempty"`
	Version   int      `json:"version,omitempty"`
	Time      int64    `json:"time,omitempty"`
	Table     string   `json:"table,omitempty"`
	Columns   []string `json:"columns,omitempty"`
	End       string   `json:"end,omitempty"`
	Done      bool     `json:"done,omitempty"`
	Tables    int      `json:"tables,omitempty"`
	Rows      int64    `json:"rows"`
	Digest    string   `json:"digest,omitempty"`
}

// Summary says what a backup, or a database, holds.
type Summary struct {
	Time   int64 // Unix milliseconds of the backup
	Tables []TableSummary
	Rows   int64
	older  bool // it lacks columns
}

// TableSummary is the same of one table.
type TableSummary struct {
	Name   string
	Rows   int64
	Digest string // SHA-256 of its rows' lines, hex
}

// Differs names the first table that two summaries disagree on, "" when they agree.
func (s Summary) Differs(other Summary) string {
	if len(s.Tables) != len(other.Tables) {
		return "the number of tables"
	}
	for i, t := range s.Tables {
		if t != other.Tables[i] {
			return t.Name
		}
	}
	return ""
}

// backupWriter writes the lines of a backup.
type backupWriter struct {
	w       *bufio.Writer
	all     hash.Hash
	table   hash.Hash
	summary Summary
	now     TableSummary
}

func newBackupWriter(w io.Writer, time int64) (*backupWriter, error) {
	b := &backupWriter{w: bufio.NewWriterSize(w, 1<<20), all: sha256.New(), table: sha256.New(), summary: Summary{Time: time}}
	return b, b.line(map[string]any{"heliostat": "backup", "version": backupVersion, "time": time})
}

func (b *backupWriter) line(v any) error {
	var line bytes.Buffer
	e := json.NewEncoder(&line) // ends the line
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write a backup: %w", err)
	}
	if line.Len() > maxLine {
		return fmt.Errorf("write a backup: a row of %s has %d bytes, which no reader takes", b.now.Name, line.Len())
	}
	b.all.Write(line.Bytes())
	if _, isRow := v.([]any); isRow {
		b.table.Write(line.Bytes())
	}
	if _, err := b.w.Write(line.Bytes()); err != nil {
		return fmt.Errorf("write a backup: %w", err)
	}
	return nil
}

func (b *backupWriter) begin(t Table) error {
	b.table.Reset()
	b.now = TableSummary{Name: t.Name}
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = c.Name + ":" + string(c.Kind)
	}
	return b.line(map[string]any{"table": t.Name, "columns": columns})
}

func (b *backupWriter) row(values []any) error {
	b.now.Rows++
	return b.line(values)
}

func (b *backupWriter) end() error {
	b.now.Digest = hex.EncodeToString(b.table.Sum(nil))
	b.summary.Tables = append(b.summary.Tables, b.now)
	b.summary.Rows += b.now.Rows
	return b.line(map[string]any{"end": b.now.Name, "rows": b.now.Rows, "digest": b.now.Digest})
}

func (b *backupWriter) done() (Summary, error) {
	err := b.line(map[string]any{"done": true, "tables": len(b.summary.Tables), "rows": b.summary.Rows, "digest": hex.EncodeToString(b.all.Sum(nil))})
	if e := b.w.Flush(); err == nil && e != nil {
		err = fmt.Errorf("write a backup: %w", e)
	}
	return b.summary, err
}

// ReadBackup reads a backup, uncompressed, and hands on its rows. The columns are those that the
// backup has of the table; values are int64, float64, bool, string, []byte or nil, by their kinds.
// An error of ErrBackup may come after rows were handed on: nothing of them is to be kept then.
func ReadBackup(r io.Reader, row func(t Table, columns []Column, values []any) error) (Summary, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<16), maxLine)
	b := &backupReader{row: row, all: sha256.New(), table: sha256.New()}
	for lines.Scan() {
		if err := b.line(lines.Bytes()); err != nil {
			return b.summary, err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return b.summary, fmt.Errorf("%w: a line has more than %d bytes", ErrBackup, maxLine)
	case err != nil:
		return b.summary, fmt.Errorf("read a backup: %w", err)
	case !b.over:
		return b.summary, fmt.Errorf("%w: it is cut off", ErrBackup)
	}
	return b.summary, nil
}

// backupReader is where the reading of a backup stands.
type backupReader struct {
	row     func(Table, []Column, []any) error
	all     hash.Hash
	table   hash.Hash
	begun   bool
	inside  bool // a table
	over    bool
	now     Table
	columns []Column
	rows    int64
	summary Summary
}

func (b *backupReader) refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBackup, fmt.Sprintf(format, args...))
}

func (b *backupReader) line(line []byte) error {
	if b.over {
		return b.refuse("something follows its last line")
	}
	if len(line) == 0 {
		return b.refuse("it has an empty line")
	}
	before := b.all.Sum(nil)
	b.all.Write(line)
	b.all.Write([]byte{'\n'})
	if line[0] == '[' {
		return b.values(line)
	}
	var h header
	if err := json.Unmarshal(line, &h); err != nil {
		return b.refuse("a line is neither a row nor a heading: %v", err)
	}
	switch {
	case !b.begun:
		if h.Heliostat != "backup" {
			return b.refuse("it doesn't begin like one")
		}
		if h.Version != backupVersion {
			return b.refuse("it has version %d and this program knows %d: use the newer program", h.Version, backupVersion)
		}
		b.begun, b.summary.Time = true, h.Time
		return nil
	case h.Table != "" && !b.inside:
		return b.begin(h)
	case h.End != "" && b.inside && h.End == b.now.Name:
		digest := hex.EncodeToString(b.table.Sum(nil))
		if h.Rows != b.rows || h.Digest != digest {
			return b.refuse("table %s isn't what was written: %d of %d rows, digest %s", b.now.Name, b.rows, h.Rows, digest)
		}
		b.inside = false
		b.summary.Tables = append(b.summary.Tables, TableSummary{b.now.Name, b.rows, digest})
		b.summary.Rows += b.rows
		return nil
	case h.Done && !b.inside:
		if h.Tables != len(b.summary.Tables) || h.Tables != len(Tables) || h.Rows != b.summary.Rows || h.Digest != hex.EncodeToString(before) {
			return b.refuse("its parts aren't those that were written: %d of %d tables, %d of %d rows", len(b.summary.Tables), len(Tables), b.summary.Rows, h.Rows)
		}
		b.over = true
		return nil
	}
	return b.refuse("a line is out of place")
}

// begin takes the heading of the table that is due.
func (b *backupReader) begin(h header) error {
	due := len(b.summary.Tables)
	if due >= len(Tables) || Tables[due].Name != h.Table {
		return b.refuse("table %q is unknown, or out of order", h.Table)
	}
	b.now, b.columns, b.rows, b.inside = Tables[due], nil, 0, true
	b.table.Reset()
	known := make(map[string]Column, len(b.now.Columns))
	for _, c := range b.now.Columns {
		known[c.Name+":"+string(c.Kind)] = c
	}
	for _, text := range h.Columns {
		c, ok := known[text]
		if !ok {
			return b.refuse("table %s has column %q, which is unknown or there twice: use the newer program", h.Table, text)
		}
		delete(known, text)
		b.columns = append(b.columns, c)
	}
	b.summary.older = b.summary.older || len(known) > 0
	if len(b.columns) == 0 {
		return b.refuse("table %s has no columns", h.Table)
	}
	return nil
}

func (b *backupReader) values(line []byte) error {
	if !b.inside {
		return b.refuse("a row is outside of a table")
	}
	b.table.Write(line)
	b.table.Write([]byte{'\n'})
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var values []any
	if err := d.Decode(&values); err != nil {
		return b.refuse("row %d of table %s: %v", b.rows+1, b.now.Name, err)
	}
	if d.More() || len(values) != len(b.columns) {
		return b.refuse("row %d of table %s has %d values for %d columns", b.rows+1, b.now.Name, len(values), len(b.columns))
	}
	for i, c := range b.columns {
		v, err := valued(c.Kind, values[i])
		if err != nil {
			return b.refuse("row %d of table %s, column %s: %v", b.rows+1, b.now.Name, c.Name, err)
		}
		values[i] = v
	}
	b.rows++
	return b.row(b.now, b.columns, values)
}

// valued holds a decoded value to the kind.
func valued(kind Kind, v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		switch kind {
		case Int:
			return v.Int64()
		case Real:
			f, err := v.Float64()
			if err == nil && math.IsInf(f, 0) {
				err = errors.New("too large")
			}
			return f, err
		}
	case bool:
		if kind == Bool {
			return v, nil
		}
	case string:
		switch kind {
		case Text:
			if strings.IndexByte(v, 0) >= 0 {
				return nil, errors.New("a zero byte in a text")
			}
			return v, nil
		case Blob:
			return base64.StdEncoding.DecodeString(v)
		}
	case nil:
		if kind == Blob {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("%T is no %s", v, kind)
}
