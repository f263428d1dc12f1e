package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/manager/store/postgres/pgtest"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
)

// storeRun runs a store command and returns what it printed.
func storeRun(args ...string) (string, error) {
	var out bytes.Buffer
	cmd := storeCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.Execute()
	return out.String(), err
}

func mustRun(t *testing.T, want string, args ...string) {
	t.Helper()
	out, err := storeRun(args...)
	if err != nil || !strings.Contains(out, want) {
		t.Fatalf("store %s: %q, %v; want %q", strings.Join(args, " "), out, err, want)
	}
}

func refused(t *testing.T, want string, args ...string) {
	t.Helper()
	out, err := storeRun(args...)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("store %s: %q, %v; want the refusal %q", strings.Join(args, " "), out, err, want)
	}
}

func openStore(t *testing.T, where string) store.Store {
	t.Helper()
	s, err := open.Open(t.Context(), where, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// contents is the digest of all that a database holds.
func contents(t *testing.T, where string) rows.Summary {
	t.Helper()
	s := openStore(t, where)
	defer s.Close()
	_, sum := storetest.Backup(t, s)
	return sum
}

// TestStoreCommands moves a database around: file to backup to file to PostgreSQL and back, and
// nothing changes on the way.
func TestStoreCommands(t *testing.T) {
	dir := t.TempDir()
	first, second, third := filepath.Join(dir, "one"), filepath.Join(dir, "two"), filepath.Join(dir, "three", "h.db")
	for _, d := range []string{first, filepath.Dir(third)} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	running := openStore(t, filepath.Join(first, "heliostat.db")) // the manager runs while it is checked and saved
	defer running.Close()
	if err := running.Update(context.Background(), func(tx store.Tx) error { _, _, err := storetest.Fixture(tx, 500); return err }); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(dir, "a.hbk")
	mustRun(t, "sound", "check", "--data", first)
	mustRun(t, "saved", "backup", "--data", first, backup)
	refused(t, "exists already", "backup", "--data", first, backup)
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v", info.Mode(), err)
	}
	mustRun(t, "restored", "restore", "--data", second, backup)
	refused(t, "name another data folder", "restore", "--data", second, backup)
	want := contents(t, filepath.Join(first, "heliostat.db"))
	if table := want.Differs(contents(t, filepath.Join(second, "heliostat.db"))); table != "" {
		t.Errorf("%s was restored as something else", table)
	}

	server := pgtest.Start(t)
	url := server.Database(t)
	mustRun(t, "copied", "migrate-to", "--data", second, url)
	refused(t, "isn't empty", "migrate-to", "--data", second, url)
	refused(t, "same database", "migrate-to", "--store", url, url)
	mustRun(t, "sound", "check", "--store", url)
	if table := want.Differs(contents(t, url)); table != "" {
		t.Errorf("%s arrived as something else", table)
	}
	mustRun(t, "copied", "migrate-to", "--store", url, third)
	if table := want.Differs(contents(t, third)); table != "" {
		t.Errorf("%s came back as something else", table)
	}
	mustRun(t, "restored", "restore", "--store", server.Database(t), backup)

	// Managers that run are noticed, where they can't be locked out.
	shared := openStore(t, url)
	if err := shared.Update(t.Context(), func(tx store.Tx) error {
		return tx.PutManager(store.Manager{ID: "m7", URL: "wss://m7", Seen: time.Now().UnixMilli()})
	}); err != nil {
		t.Fatal(err)
	}
	if err := shared.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, "wss://m7", "migrate-to", "--store", url, filepath.Join(dir, "never.db"))
	unlock, err := lockData(first)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "in use", "migrate-to", "--data", first, server.Database(t))
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// TestStoreDamage: damage is told apart by what to do next, and half a backup leaves nothing.
func TestStoreDamage(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "h.db"), filepath.Join(dir, "a.hbk")
	s := openStore(t, path)
	if err := s.Update(t.Context(), func(tx store.Tx) error { _, _, err := storetest.Fixture(tx, 50); return err }); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "saved", "backup", "--store", path, backup)
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.(*rows.Tx).Exec("damage", `UPDATE jobs SET spent = spent + 1`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := storeRun("check", "--store", path)
	if err == nil || !strings.Contains(out, "what a job has spent") || !strings.Contains(err.Error(), "restore") {
		t.Errorf("%q, %v", out, err)
	}
	refused(t, "--data or --store is missing", "check")
	refused(t, "--data", "check", "--data", filepath.Join(dir, "nowhere"))

	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"cut": whole[:len(whole)/2], "empty": nil, "other": []byte("SQLite format 3\x00")} {
		bad := filepath.Join(dir, name)
		if err := os.WriteFile(bad, data, 0o600); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(dir, name+".db")
		refused(t, name, "restore", "--store", target, bad)
		mustRun(t, "restored", "restore", "--store", target, backup) // nothing of it is in the way
	}
}

// BenchmarkStoreMoves measures backup, restore, check and both migrations of 100 000 tasks in two
// jobs, half of them rendered and paid. It runs once whatever b.N is: go test -bench StoreMoves -benchtime 1x.
func BenchmarkStoreMoves(b *testing.B) {
	dir := b.TempDir()
	path, backup := filepath.Join(dir, "h.db"), filepath.Join(dir, "a.hbk")
	log := slog.New(slog.DiscardHandler)
	s, err := open.Open(b.Context(), path, log)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Update(b.Context(), func(tx store.Tx) error { _, _, err := storetest.Fixture(tx, 100_000); return err }); err != nil {
		b.Fatal(err)
	}
	server := pgtest.Start(b)
	url := server.Database(b)
	for _, step := range []struct {
		name string
		args []string
	}{
		{"check-sqlite", []string{"check", "--store", path}},
		{"backup", []string{"backup", "--store", path, backup}},
		{"restore", []string{"restore", "--store", filepath.Join(dir, "again.db"), backup}},
		{"migrate", []string{"migrate-to", "--store", path, url}},
		{"check-postgres", []string{"check", "--store", url}},
		{"migrate-back", []string{"migrate-to", "--store", url, filepath.Join(dir, "back.db")}},
	} {
		start := time.Now()
		if out, err := storeRun(step.args...); err != nil {
			b.Fatalf("%s: %s, %v", step.name, out, err)
		}
		b.ReportMetric(time.Since(start).Seconds(), step.name+"-s")
	}
	if info, err := os.Stat(backup); err == nil {
		b.ReportMetric(float64(info.Size())/(1<<20), "backup-MiB")
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// TestCopyBesideAManager: a copy out of a folder in use says what it isn't good for, and nothing is copied into one.
func TestCopyBesideAManager(t *testing.T) {
	c := settings(t, "off")
	_, stop := startManager(t, c)
	blobs, backup := "dir:"+filepath.Join(c.Data, "blobs"), "dir:"+filepath.Join(t.TempDir(), "backup")
	copied := func(from, to string) (said string, err error) {
		var b strings.Builder
		cmd := blobsCommand()
		cmd.SetArgs([]string{"copy", "--from", from, "--to", to})
		cmd.SetOut(io.Discard)
		cmd.SetErr(&b)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		err = cmd.Execute()
		return b.String(), err
	}
	if said, err := copied(blobs, backup); err != nil || !strings.Contains(said, "a manager runs on") || !strings.Contains(said, "To move it, stop it and run this again") {
		t.Errorf("a backup beside the manager: %v, %q", err, said)
	}
	if said, err := copied(backup, blobs); !errors.Is(err, dir.ErrLocked) {
		t.Errorf("a copy into its folder: %v, %q", err, said)
	}
	stop()
	if said, err := copied(blobs, backup); err != nil || strings.Contains(said, "a manager runs on") {
		t.Errorf("a copy without it: %v, %q", err, said)
	}
}
