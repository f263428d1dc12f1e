package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
)

// childEnv makes the test binary write until it is killed.
const childEnv = "HELIOSTAT_SQLITE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}

func open(t testing.TB, dir string) store.Store {
	t.Helper()
	s, err := Open(context.Background(), filepath.Join(dir, "a folder with # and ?", "heliostat.db"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t testing.TB, dir string) store.Store {
		if err := os.MkdirAll(filepath.Join(dir, "a folder with # and ?"), 0o700); err != nil {
			t.Fatal(err)
		}
		return open(t, dir)
	})
}

// child acknowledges on standard output what Update said is durable.
func child(path string) {
	s, err := Open(context.Background(), path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%d", worker, i)
				if err := s.Update(context.Background(), func(tx store.Tx) error { return tx.SetMeta(key, "x") }); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println(key)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestKilledKeepsWhatItAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	acknowledged := map[string]bool{}
	for round := range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acknowledged[lines.Text()] = true
			if n == 100+50*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // it was killed
	}
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.View(context.Background(), func(tx store.Tx) error {
		for key := range acknowledged {
			if v, err := tx.Meta(key); err != nil || v != "x" {
				return fmt.Errorf("%s was acknowledged and is gone: %w", key, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(acknowledged) < 100 {
		t.Fatalf("only %d writes were acknowledged", len(acknowledged))
	}
}

// TestSQLHoldsTheTables goes around the Go guard: the database itself refuses.
func TestSQLHoldsTheTables(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(context.Background(), filepath.Join(dir, "h.db"))
	if err != nil {
		t.Fatal(err)
	}
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

func TestANewerFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec(context.Background(), "PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), path); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Fatalf("a file of a newer manager: %v", err)
	}
}

// BenchmarkLease measures what several tasks do at once.
func BenchmarkLease(b *testing.B) {
	s, err := Open(context.Background(), filepath.Join(b.TempDir(), "h.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	storetest.BenchmarkLease(b, s)
}

func TestTheFileIsItsOwners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heliostat.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.SetMeta("a", "b") }); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}
