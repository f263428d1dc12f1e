package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
)

func opened(t testing.TB) *Store {
	t.Helper()
	s, err := Open(context.Background(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func texts(t testing.TB, s *Store, query string, args ...any) (list []string) {
	t.Helper()
	if err := s.View(context.Background(), func(tx store.Tx) (err error) {
		list, err = tx.(*rows.Tx).Texts("test", query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestBackupsHoldEverything: a column that a migration adds has to be in rows.Tables, or no
// backup has it.
func TestBackupsHoldEverything(t *testing.T) {
	s := opened(t)
	storetest.CompareTables(t, texts(t, s, `SELECT m.name || '.' || p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT IN ('transitions', 'earned')`))
}

// explained has asked SQLite how it does everything that a store asks.
func explained(t *testing.T) *explainer {
	t.Helper()
	s := opened(t)
	// Some rows, so that the planner has a reason.
	if err := s.Update(context.Background(), func(tx store.Tx) error { _, _, err := storetest.Fixture(tx, 40); return err }); err != nil {
		t.Fatal(err)
	}
	asked := &explainer{s: s}
	if err := storetest.AskEverything(rows.Writing(context.Background(), asked, dialect, new(rows.Memory))); err != nil {
		t.Fatal(err)
	}
	return asked
}

// TestNothingIsScanned: what is asked at every step or pass finds its rows by an index, however
// many there are.
func TestNothingIsScanned(t *testing.T) {
	asked := explained(t)
	if len(asked.plans) < 25 {
		t.Errorf("only %d queries were looked at", len(asked.plans))
	}
	for query, plan := range asked.plans {
		for _, line := range plan {
			switch {
			case !strings.HasPrefix(line, "SCAN"), strings.Contains(line, "json_each"), strings.Contains(line, "CONSTANT ROW"), line == "SCAN newest":
				continue // not a table
			case strings.HasPrefix(line, "SCAN outbox USING INDEX outbox_pending"), strings.Contains(line, "INDEX tasks_out"):
				continue // of what the index is of
			case strings.Contains(query, "DESC LIMIT") && !strings.Contains(line, "INDEX"):
				continue // from the newest row, for as many as are asked for
			case strings.HasSuffix(query, "FROM jobs GROUP BY state") && strings.Contains(line, "COVERING INDEX jobs_state"):
				continue // the totals: one entry of an index a job, and asked by people and their monitoring
			case line == "SCAN earned", line == "SCAN owed", line == "SCAN jobs USING INDEX jobs_escrow", line == "SCAN jobs USING COVERING INDEX jobs_escrow":
				continue // a few rows a node, and what was found of them; what the index is of
			}
			t.Errorf("%s\n  %s", query, strings.Join(plan, "\n  "))
			break
		}
	}
}

// TestChangesBuildNoTables: SQLite builds a temporary B-tree for every list of three or more in an index's
// condition or a trigger's, at each change of a row, and that costs more than the change.
func TestChangesBuildNoTables(t *testing.T) {
	asked := explained(t)
	if len(asked.built) < 10 {
		t.Errorf("only %d changes were looked at", len(asked.built))
	}
	for query, n := range asked.built {
		if n > 0 && !strings.Contains(query, "json_each") { // those are given a list, and change many rows
			t.Errorf("%s\n  builds %d tables", query, n)
		}
	}
}

// TestIntegrity: a file that was damaged behind SQLite's back is noticed.
func TestIntegrity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(context.Background(), func(tx store.Tx) error { _, _, err := storetest.Fixture(tx, 200); return err }); err != nil {
		t.Fatal(err)
	}
	if said, err := s.Integrity(context.Background()); err != nil || len(said) != 0 {
		t.Fatalf("a sound file: %v, %v", said, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Every second page of the later half: whatever lies on them, some are in use.
	const page = 4096
	for at := len(raw) / 2 / page * page; at+page <= len(raw); at += 2 * page {
		clear(raw[at : at+page])
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged, err := Reading(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer damaged.Close()
	if said, err := damaged.Integrity(context.Background()); err == nil && len(said) == 0 {
		t.Error("zeroed pages weren't noticed")
	}
}
