// Package postgres is the store that several managers share: one PostgreSQL database, 15 or
// newer, and as many standbys behind it as its operator wants.
//
// It is not the place for decisions; see manager/store for the contract. The session-wide
// locks and notifications need a direct connection, not a pooler that shares sessions.
//
// Receives: transactions from the packages of the manager.
// Hands on: durable rows; signals to the other managers.
package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/group"
	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// migrations are applied in the order of their names, each once. A released one is never edited.
//
//go:embed *.sql
var migrations embed.FS

const (
	// lanes is how many transactions a manager runs at the same time at most.
	lanes = 4
	// ahead is how long a transaction runs before the next one begins beside it. Short ones are
	// better off one after the other with a shared commit: side by side they meet at their jobs'
	// rows, and with 64 callers over 16 jobs that made a third of the updates.
	ahead = 50 * time.Millisecond
	// readers bounds the connections for reading.
	readers = 8
	// patience is how long a transaction waits for a database that is away: longer than a
	// failover takes.
	patience = time.Minute
)

// Store is a store.Store over one PostgreSQL database.
type Store struct {
	config   *pgx.ConnConfig
	db       *sql.DB
	log      *slog.Logger
	instance string // tells this store's signals from the other managers'
	patience time.Duration

	queue *group.Queue
	baton chan struct{} // holds one token: of the lane that takes the next group
	turn  sync.RWMutex  // held for writing by a lane whose transaction has to be the only one
	wg    sync.WaitGroup
	// life ends when the store closes: waiting for a lost database does too.
	life context.Context
	end  context.CancelFunc

	conflicts atomic.Uint64
}

var _ store.Store = (*Store)(nil)

// Open connects to the database that the URL names and brings its schema up to date. With
// several hosts it takes the one that accepts writes. A database that acknowledges commits
// before they are durable is refused.
func Open(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	// Index scans keep what a serializable transaction has read small, and so the conflicts few.
	s, err := connect(ctx, url, "SET enable_seqscan = off", log)
	if err != nil {
		return nil, err
	}
	for _, prepare := range []func(context.Context) error{s.durable, s.alone, s.migrate} {
		if err := prepare(ctx); err != nil {
			return nil, errors.Join(s.unusable(err), s.Close())
		}
	}
	s.queue = group.New()
	for range lanes {
		s.wg.Go(s.lane)
	}
	return s, nil
}

// Reading connects for View alone. It changes nothing, and refuses a database of another version.
func Reading(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	s, err := connect(ctx, url, "", log) // whole tables are read best as they lie
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	var have int
	err = s.db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM heliostat_schema").Scan(&have)
	if code(err) == "42P01" {
		err = errors.New("no manager has used it yet")
	}
	if err == nil && have != len(names) {
		err = fmt.Errorf("its schema has version %d and this program knows %d: use the program of the managers that run on it, or start one of this version once", have, len(names))
	}
	if err != nil {
		return nil, errors.Join(s.unusable(err), s.Close())
	}
	return s, nil
}

// connect makes a store that takes no updates yet.
func connect(ctx context.Context, url, setting string, log *slog.Logger) (*Store, error) {
	config, err := configure(url, setting)
	if err != nil {
		return nil, err
	}
	s := &Store{config: config, log: log, instance: rand.Text(), patience: patience, queue: group.Closed(), baton: make(chan struct{}, 1)}
	s.baton <- struct{}{}
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	s.db = stdlib.OpenDB(*config)
	s.db.SetMaxOpenConns(lanes + readers)
	s.db.SetMaxIdleConns(lanes + readers)
	return s, nil
}

// configure reads the URL and sets what this program relies on, and the setting.
func configure(url, setting string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// pgx says what is wrong and leaves the password out.
		return nil, fmt.Errorf("the database's address: %w; it looks like postgres://user@host:5432/heliostat", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	if config.ValidateConnect == nil {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	// A host that is gone without a word is noticed within seconds, on both sides.
	dialer := &net.Dialer{Timeout: config.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}, Control: boundUnanswered}
	config.DialFunc = dialer.DialContext
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "heliostat-manager"
	}
	config.AfterConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		return c.Exec(ctx, setting+`; SET idle_in_transaction_session_timeout = '60s'; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
 SET timezone = 'UTC'; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on`).Close()
	}
	return config, nil
}

// durable refuses a server that says yes before its disk does.
func (s *Store) durable(ctx context.Context) error {
	setting := func(name string) (value string, err error) {
		if err = s.db.QueryRowContext(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			err = fmt.Errorf("read its setting %s: %w", name, err)
		}
		return value, err
	}
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		switch value, err := setting(name); {
		case err != nil:
			return err
		case value == "off":
			return fmt.Errorf("it runs with %s = off and would lose what it acknowledged in a power cut: set it to on", name)
		case value == "local" || value == "remote_write":
			standbys, err := setting("synchronous_standby_names")
			if err != nil {
				return err
			}
			if standbys != "" {
				s.log.Warn("the database acknowledges commits before its standby has them on disk: set synchronous_commit to on, or a failover may lose some", "synchronous_commit", value)
			}
		}
	}
	version, err := setting("server_version_num")
	if err == nil && version < "150000" {
		err = fmt.Errorf("it is version %s: 15 or newer is needed", version)
	}
	return err
}

// migrationLock keeps managers that start together from migrating together.
const migrationLock = 0x48454c49 // "HELI"

// silence is how long the record of a manager that lives never stands still: several beats of manager/cluster.
const silence = 6 * time.Second

// silent lets that much time pass.
var silent = func(ctx context.Context) error { return wait(ctx, silence) }

// alone waits, before the schema is brought up to date, until no manager works on it any more that knows only the older one:
// what that wrote would lack what the newer one relies on.
func (s *Store) alone(ctx context.Context) error {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return err
	}
	var have int
	err = s.db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM heliostat_schema").Scan(&have)
	if code(err) == "42P01" { // there is none yet
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have == 0 || have >= len(names) {
		return nil
	}
	before, err := s.beats(ctx)
	for err == nil && len(before) > 0 {
		if err := silent(ctx); err != nil {
			return err
		}
		after, err := s.beats(ctx)
		if err != nil {
			return err
		}
		var alive []string
		for name, seen := range after {
			if seen != before[name] {
				alive = append(alive, name)
			}
		}
		if len(alive) == 0 {
			return nil
		}
		slices.Sort(alive)
		s.log.Warn("managers of an older version work on this database: stop them, and this one goes on by itself", "managers", alive)
		before = after
	}
	return err
}

// beats returns when each manager wrote last that it lives, by its own clock.
func (s *Store) beats(ctx context.Context) (map[string]int64, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id || ' ' || url, seen FROM managers")
	if err != nil {
		return nil, fmt.Errorf("look for other managers: %w", err)
	}
	defer rows.Close()
	beats := make(map[string]int64)
	for rows.Next() {
		var name string
		var seen int64
		if err := rows.Scan(&name, &seen); err != nil {
			return nil, fmt.Errorf("look for other managers: %w", err)
		}
		beats[name] = seen
	}
	return beats, rows.Err()
}

// migrate applies what is missing. A database of a newer manager is refused.
func (s *Store) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin the migration: %w", err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for other managers' migrations: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS heliostat_schema (version BIGINT NOT NULL)"); err != nil {
		return fmt.Errorf("keep the schema's version: %w", err)
	}
	var have int
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM heliostat_schema").Scan(&have); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have > len(names) {
		return fmt.Errorf("its schema has version %d and this manager knows %d: run the newer manager", have, len(names))
	}
	if have != 0 && have < len(names) {
		s.log.Info("bringing the database up to date; a large one takes minutes, and the manager serves afterwards. Stopped meanwhile, it stays as it was", "schema", have, "to", len(names))
	}
	for i := have; i < len(names); i++ {
		text, err := migrations.ReadFile(names[i])
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("migration %s: %w", names[i], err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO heliostat_schema (version) VALUES ($1)", i+1); err != nil {
			return fmt.Errorf("write the schema's version: %w", err)
		}
	}
	if err := renew(ctx, tx); err != nil {
		return fmt.Errorf("renew the transition tables: %w", err)
	}
	return tx.Commit()
}

// renew makes the transitions those of manager/lifecycle, where they aren't already: other
// managers may be at work on them.
func renew(ctx context.Context, tx *sql.Tx) error {
	want := lifecycle.All()
	var have []lifecycle.Rule
	rows, err := tx.QueryContext(ctx, "SELECT noun, source, target FROM transitions ORDER BY noun, source, target")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r lifecycle.Rule
		if err := rows.Scan(&r.Noun, &r.From, &r.To); err != nil {
			return err
		}
		have = append(have, r)
	}
	if err := rows.Err(); err != nil || slices.Equal(have, want) {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM transitions"); err != nil {
		return err
	}
	for _, r := range want {
		if _, err := tx.ExecContext(ctx, "INSERT INTO transitions (noun, source, target) VALUES ($1, $2, $3)", r.Noun, r.From, r.To); err != nil {
			return err
		}
	}
	return nil
}

// View runs fn on one snapshot.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	var tx *sql.Tx
	err := s.await(ctx, func() (err error) {
		tx, err = s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
		return err
	})
	if err != nil {
		return fmt.Errorf("begin a read: %w", err)
	}
	defer tx.Rollback()
	return fn(rows.Reading(ctx, placed{pooled{tx}}, dialect))
}

// Look is View: what another manager did isn't remembered here.
func (s *Store) Look(ctx context.Context, fn func(store.Tx) error) error { return s.View(ctx, fn) }

// await does it again while the database is away, for as long as the store has patience.
func (s *Store) await(ctx context.Context, do func() error) error {
	deadline := time.Now().Add(s.patience)
	for try := 0; ; try++ {
		err := do()
		if err == nil || !away(err) || time.Now().After(deadline) {
			return err
		}
		if e := s.pause(ctx, try); e != nil {
			return errors.Join(err, e)
		}
	}
}

// Close waits for the queued transactions; those that wait for a lost database give up.
func (s *Store) Close() error {
	s.queue.Close()
	s.end()
	s.wg.Wait()
	return s.db.Close()
}

// Commits returns how many commits there were since the start, and the updates that shared them.
func (s *Store) Commits() (commits, updates uint64) { return s.queue.Commits() }

// name is the database for people: without the password.
func name(c *pgx.ConnConfig) string {
	hosts := []string{c.Host}
	for _, f := range c.Fallbacks {
		if !slices.Contains(hosts, f.Host) {
			hosts = append(hosts, f.Host)
		}
	}
	return "PostgreSQL database " + c.Database + " on " + strings.Join(hosts, ", ")
}

// unusable says what to do about a database that can't be reached or brought up to date.
func (s *Store) unusable(err error) error {
	what := name(s.config)
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch refused.Code {
		case "28P01", "28000":
			return fmt.Errorf("%s: %w; check user and password (PGPASSWORD, or a .pgpass file)", what, err)
		case "3D000":
			return fmt.Errorf("%s: %w; make it with: createdb %s", what, err, s.config.Database)
		case "42501":
			return fmt.Errorf("%s: %w; let its user own the database", what, err)
		}
	}
	var unreached *pgconn.ConnectError
	if errors.As(err, &unreached) {
		return fmt.Errorf("%s can't be reached: %w; check that it runs, takes writes and listens there", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
