package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
)

// TestOlderFilesAreBroughtUpToDate fills a file of the schema that was before the checks were rewritten.
func TestOlderFilesAreBroughtUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	old, err := connect(uri(path, writing))
	if err != nil {
		t.Fatal(err)
	}
	// 008, 009 and 011 are for filling it, since today's code writes their columns; they go again below.
	for _, name := range []string{"001.sql", "002.sql", "003.sql", "004.sql", "005.sql", "008.sql", "009.sql", "011.sql"} {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := old.conn.Exec(string(text), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.exec("PRAGMA user_version = 5"); err != nil {
		t.Fatal(err)
	}
	for _, r := range lifecycle.All() {
		if _, err := old.Exec(t.Context(), "INSERT INTO transitions (noun, source, target) VALUES (?, ?, ?)", r.Noun, r.From, r.To); err != nil {
			t.Fatal(err)
		}
	}
	var j *store.Job
	if err := rows.Writing(t.Context(), old, dialect, new(rows.Memory)).Do(func(tx store.Tx) (err error) { j, _, err = storetest.Fixture(tx, 40); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := old.conn.Exec("ALTER TABLE jobs DROP COLUMN rush; ALTER TABLE jobs DROP COLUMN rush_reason; ALTER TABLE jobs DROP COLUMN origin; ALTER TABLE jobs DROP COLUMN forgotten; DROP INDEX fees_attempt; DROP INDEX fees_audit; DROP TABLE earned; DROP INDEX jobs_escrow; CREATE INDEX fees_node ON fees (node, settled, amount)", nil); err != nil {
		t.Fatal(err)
	}
	if err := old.close(); err != nil {
		t.Fatal(err)
	}

	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if found, err := s.Integrity(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	if err := s.View(t.Context(), func(tx store.Tx) error {
		problems, err := tx.(*rows.Tx).Check()
		if len(problems) > 0 {
			t.Errorf("%v", problems)
		}
		if err != nil {
			return err
		}
		frames, err := tx.Frames(j.ID)
		if len(frames) != 40 {
			t.Errorf("%d frames of 40 are there", len(frames))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, text := range texts(t, s, `SELECT sql FROM sqlite_master WHERE type = 'table' AND name IN ('jobs','tasks','frames','attempts','audits')`) {
		if regexp.MustCompile(`IN \([^)]*,[^)]*,`).MatchString(text) {
			t.Errorf("a list of three or more is left in\n%s", text)
		}
	}
	if left := texts(t, s, `SELECT name FROM sqlite_master WHERE name = 'ledger_node'`); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// TestTheChecksStand: without the triggers, which would refuse it before, each table's checks refuse what no
// record may be.
func TestTheChecksStand(t *testing.T) {
	s := opened(t)
	if err := s.Update(t.Context(), func(tx store.Tx) error { _, _, err := storetest.Fixture(tx, 40); return err }); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{
		"jobs SET state = 'nonsense'", "tasks SET state = 'nonsense'", "frames SET state = 'nonsense'", "attempts SET state = 'nonsense'", "audits SET state = 'nonsense'",
		"tasks SET kind = 'nonsense'", "audits SET kind = 'nonsense'",
		"frames SET state = 'verified', verdict = ''", "frames SET state = 'delivered', verifier = ''", "frames SET state = 'accepted', verifier = worker",
		"audits SET state = 'passed', verdict = ''", "audits SET state = 'rejected', verifier = ''", "audits SET state = 'inconclusive', verdict = ''",
		"attempts SET state = 'committed', receipt = ''", "jobs SET spent = ceiling + 1",
	} {
		err := s.Update(context.Background(), func(tx store.Tx) error {
			if _, err := rest(tx.(*rows.Tx)); err != nil {
				return err
			}
			n, err := tx.(*rows.Tx).Exec("test", "UPDATE "+change)
			if err == nil && n == 0 {
				return fmt.Errorf("there is nothing to change")
			}
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "CHECK constraint failed") {
			t.Errorf("%s: %v", change, err)
		}
	}
}
