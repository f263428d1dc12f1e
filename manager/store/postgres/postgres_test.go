package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/postgres/pgtest"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
)

// server is what the tests of this package share; those that kill one start their own.
var server *pgtest.Server

func TestMain(m *testing.M) {
	var err error
	if server, err = pgtest.New(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	server.Remove()
	os.Exit(code)
}

func quiet(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func openURL(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(context.Background(), url, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuite(t *testing.T) {
	url := server.Database(t)
	schemas := make(map[string]string) // one for each folder: they are made faster than databases
	storetest.Run(t, func(t testing.TB, dir string) store.Store {
		if schemas[dir] == "" {
			schemas[dir] = fmt.Sprintf("s%d", len(schemas))
			server.ExecURL(t, url, "CREATE SCHEMA "+schemas[dir])
		}
		return openURL(t, url+"&search_path="+schemas[dir])
	})
}

// TestManagersStartTogether: one of them makes the schema, the others find it.
func TestManagersStartTogether(t *testing.T) {
	url := server.Database(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := Open(context.Background(), url, quiet(t))
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestOlderManagersAreWaitedFor: while one that knows only the schema of before is at work, the schema stays.
func TestOlderManagersAreWaitedFor(t *testing.T) {
	url := server.Database(t)
	server.ExecURL(t, url, "CREATE TABLE heliostat_schema (version BIGINT NOT NULL)")
	for version, name := range []string{"001.sql", "002.sql", "003.sql", "004.sql"} {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		server.ExecURL(t, url, string(text))
		server.ExecURL(t, url, fmt.Sprintf("INSERT INTO heliostat_schema (version) VALUES (%d)", version+1))
	}
	server.ExecURL(t, url, "INSERT INTO managers (id, address, url, started, seen) VALUES ('old', '', 'https://a', 1, 1)")
	waits, before := 0, silent
	defer func() { silent = before }()
	silent = func(context.Context) error {
		if waits++; waits < 3 { // then it is stopped
			server.ExecURL(t, url, "UPDATE managers SET seen = seen + 1 WHERE id = 'old'")
		}
		return nil
	}
	s := openURL(t, url)
	defer s.Close()
	if waits != 3 {
		t.Errorf("%d looks at the other manager, want 3", waits)
	}
	if err := s.View(t.Context(), func(tx store.Tx) error {
		problems, err := tx.(*rows.Tx).Check()
		if len(problems) > 0 {
			t.Errorf("%v", problems)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	waits = 0
	openURL(t, url).Close()
	if waits != 0 {
		t.Error("nothing had to be brought up to date, and it waited")
	}
}

// TestSQLHoldsTheTables goes around the Go guard: the database itself refuses.
func TestSQLHoldsTheTables(t *testing.T) {
	s := openURL(t, server.Database(t))
	defer s.Close()
	j := storetest.Job("0xA", "r", 2)
	if err := s.Update(context.Background(), func(tx store.Tx) error { _, err := storetest.Fill(tx, j); return err }); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		`UPDATE jobs SET state = 'settled'`, `UPDATE jobs SET state = 'nonsense'`, `UPDATE tasks SET state = 'done'`,
		`UPDATE frames SET state = 'delivered'`, `UPDATE frames SET state = 'verified'`,
	} {
		err := s.Update(context.Background(), func(x store.Tx) error {
			_, err := x.(*rows.Tx).Exec("test", query)
			return err
		})
		if err == nil {
			t.Errorf("the database took %s", query)
		}
	}
}

func TestRefusals(t *testing.T) {
	ctx := context.Background()
	newer := server.Database(t)
	s := openURL(t, newer)
	if _, err := s.db.Exec("INSERT INTO heliostat_schema VALUES (999)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	forgetful := server.Database(t)
	for url, want := range map[string]string{
		newer: "newer",
		forgetful + "&options=-c%20synchronous_commit%3Doff":       "set it to on",
		server.URL("nowhere"):                                      "createdb nowhere",
		"postgres://u:secret@127.0.0.1:1/d?connect_timeout=1":      "can't be reached",
		"postgres://u:secret@127.0.0.1:1/d?connect_timeout=notime": "looks like",
	} {
		s, err := Open(ctx, url, quiet(t))
		if err == nil {
			s.Close()
			t.Errorf("%s was opened", url)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// BenchmarkLease is that of manager/store/sqlite, on this store.
func BenchmarkLease(b *testing.B) {
	s := openURL(b, server.Database(b))
	defer s.Close()
	storetest.BenchmarkLease(b, s)
	b.ReportMetric(float64(s.conflicts.Load())/float64(b.N), "conflicts/op")
}

// TestBackupsHoldEverything is that of manager/store/sqlite, on this store.
func TestBackupsHoldEverything(t *testing.T) {
	s := openURL(t, server.Database(t))
	defer s.Close()
	if err := s.View(context.Background(), func(tx store.Tx) error {
		have, err := tx.(*rows.Tx).Texts("columns", `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT IN ('transitions', 'earned', 'commits', 'heliostat_schema')`)
		storetest.CompareTables(t, have)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestAsksEverything: every query of the manager's passes is one that PostgreSQL takes.
func TestAsksEverything(t *testing.T) {
	s := openURL(t, server.Database(t))
	defer s.Close()
	if err := s.Update(context.Background(), func(tx store.Tx) error { _, _, err := storetest.Fixture(tx, 40); return err }); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(context.Background(), storetest.AskEverything); err != nil {
		t.Fatal(err)
	}
}
