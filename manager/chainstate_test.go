package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
)

// TestOnlyOneManagerKeepsTheChainsState: who hasn't seen the newest state can't replace it, and takes over by reading it.
func TestOnlyOneManagerKeepsTheChainsState(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	file := filepath.Join(t.TempDir(), "chain-1.json")
	a, b := &chainState{db: db, key: "chain/1", file: file}, &chainState{db: db, key: "chain/1", file: file}
	load := func(s *chainState, want string) {
		t.Helper()
		if raw, err := s.Load(); err != nil || string(raw) != want {
			t.Fatalf("%s, %v", raw, err)
		}
	}
	load(a, "")
	if err := os.WriteFile(file, []byte(`{"of":"before"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	load(a, `{"of":"before"}`)
	load(b, `{"of":"before"}`)
	for _, text := range []string{`{"n":1}`, `{"n":2}`} {
		if err := a.Save([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Save([]byte(`{"n":7}`)); !errors.Is(err, chain.ErrStolen) {
		t.Fatalf("a stale manager saved: %v", err)
	}
	load(b, `{"n":2}`)
	if err := b.Save([]byte(`{"n":3}`)); err != nil {
		t.Fatal(err)
	}
	if err := a.Save([]byte(`{"n":8}`)); !errors.Is(err, chain.ErrStolen) {
		t.Fatalf("the manager that was taken over from saved: %v", err)
	}
	load(a, `{"n":3}`)
}
