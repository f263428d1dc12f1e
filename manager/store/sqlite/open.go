// Package sqlite is the store of a single manager: one file, WAL, synchronous=FULL, one
// writer that groups concurrent transactions into one commit.
//
// It is not the place for decisions; see manager/store for the contract.
//
// Receives: transactions from the packages of the manager.
// Hands on: durable rows.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strconv"

	"github.com/mattn/go-sqlite3" // the driver, and its error codes

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/group"
	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// migrations are applied in the order of their names, each once. A released one is never edited.
//
//go:embed *.sql
var migrations embed.FS

// Store is a store.Store over one SQLite file.
type Store struct {
	write   *cached // nil where only View is wanted
	readers *readers

	queue *group.Queue
	done  chan struct{}

	// What the writer goroutine alone uses: what its transactions have seen, and the version of the file,
	// by other programs' changes, that this is of.
	seen    rows.Memory
	version int64
}

var _ store.Store = (*Store)(nil)

// uri names the file to the driver.
func uri(path, options string) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options}).String()
}

// Reading opens the file for View alone. It changes nothing, works beside a running manager, and
// refuses a file of another version.
func Reading(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("database %s: %w; name the manager's data folder with --data", path, err)
	}
	// Not mode=ro: the last program that leaves a file in WAL mode has to be able to tidy up.
	s := &Store{readers: newReaders(uri(path, single+"&_query_only=on&_busy_timeout=10000")), queue: group.Closed()}
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return nil, err
	}
	var have int
	c, err := s.readers.take(ctx)
	if err == nil {
		err = c.QueryRow(ctx, "PRAGMA user_version").Scan(&have)
		s.readers.free <- c
	}
	if err == nil && have != len(names) {
		err = fmt.Errorf("its schema has version %d and this program knows %d: use the program of the manager that runs on it, or start this version's manager once", have, len(names))
	}
	if err != nil {
		return nil, errors.Join(unusable(path, err), s.readers.close())
	}
	return s, nil
}

// Integrity asks SQLite itself whether the file is sound, and says what isn't.
func (s *Store) Integrity(ctx context.Context) ([]string, error) {
	var found []string
	err := s.View(ctx, func(tx store.Tx) error {
		t := tx.(*rows.Tx)
		said, err := t.Texts("check the file", `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 20`)
		if err != nil {
			return err
		}
		broken, err := t.Texts("check the references", `SELECT "table" || ' refers to a row of ' || parent || ' that is missing' FROM pragma_foreign_key_check LIMIT 20`)
		found = append(said, broken...)
		return err
	})
	return found, err
}

// Open opens the file, makes it when it is missing, and brings its schema up to date.
func Open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	// It holds what nobody else on this machine may know yet: keys of checks to come. SQLite would make it
	// readable for all; its log takes the file's mode.
	if f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		f.Close() // nothing was written
	}
	if err := migrate(ctx, path); err != nil {
		return nil, unusable(path, err)
	}
	s := &Store{queue: group.New(), done: make(chan struct{}), readers: newReaders(uri(path, single+"&mode=ro&_query_only=on&_busy_timeout=10000"))}
	if s.write, err = connect(uri(path, writing)); err != nil {
		return nil, unusable(path, err)
	}
	// Pages that many commits change are copied into the file once: at 16 MiB of log instead of at 4.
	if err := s.write.exec("PRAGMA wal_autocheckpoint = 4096"); err != nil {
		return nil, errors.Join(unusable(path, err), s.write.close())
	}
	go s.writer()
	return s, nil
}

// single leaves SQLite's own locks out: a connection is used by one goroutine at a time.
const single = "_mutex=no"

// writing are the options of the connection that writes.
const writing = single + "&_journal_mode=WAL&_synchronous=FULL&_cache_size=-32768&_foreign_keys=on&_busy_timeout=10000&_txlock=immediate"

// Behind returns the version of the schema that the file at path has, 0 for none, and the one that Open brings it to.
func Behind(ctx context.Context, path string) (have, want int, err error) {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return 0, 0, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, len(names), nil
	}
	if path, err = filepath.Abs(path); err != nil {
		return 0, 0, fmt.Errorf("database %s: %w", path, err)
	}
	c, err := connect(uri(path, single+"&_query_only=on&_busy_timeout=10000"))
	if err != nil {
		return 0, 0, unusable(path, err)
	}
	err = c.QueryRow(ctx, "PRAGMA user_version").Scan(&have)
	if err = errors.Join(err, c.close()); err != nil {
		return 0, 0, unusable(path, err)
	}
	return have, len(names), nil
}

// migrate applies what is missing. A file from a newer manager is refused.
func migrate(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite3", uri(path, writing))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return err
	}
	sort.Strings(names)
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have > len(names) {
		return fmt.Errorf("its schema has version %d and this manager knows %d: run the newer manager", have, len(names))
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin the migration: %w", err)
	}
	defer tx.Rollback()
	for i := have; i < len(names); i++ {
		text, err := migrations.ReadFile(names[i])
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("migration %s: %w", names[i], err)
		}
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(len(names))); err != nil {
		return fmt.Errorf("write the schema's version: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM transitions"); err != nil {
		return fmt.Errorf("renew the transition tables: %w", err)
	}
	for _, r := range lifecycle.All() {
		if _, err := tx.ExecContext(ctx, "INSERT INTO transitions (noun, source, target) VALUES (?, ?, ?)", r.Noun, r.From, r.To); err != nil {
			return fmt.Errorf("renew the transition tables: %w", err)
		}
	}
	return tx.Commit()
}

// Close waits for the queued transactions.
func (s *Store) Close() error {
	if s.write == nil {
		return s.readers.close()
	}
	if !s.queue.Close() {
		return nil
	}
	<-s.done
	return errors.Join(s.readers.close(), s.write.close())
}

// unusable says what to do about a database that can't be opened or brought up to date.
func unusable(path string, err error) error {
	var failed sqlite3.Error
	if errors.As(err, &failed) {
		switch failed.Code {
		case sqlite3.ErrFull:
			return fmt.Errorf("database %s: %w; free some space on its disk, or choose another data folder", path, err)
		case sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrReadonly:
			return fmt.Errorf("open database %s: %w; check that the folder is writable", path, err)
		}
	}
	return fmt.Errorf("database %s: %w", path, err)
}
