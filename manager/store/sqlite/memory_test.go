package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
)

// remembering holds what the writer remembers against the file after every update.
type remembering struct {
	*Store
	t testing.TB

	mu sync.Mutex // one update at a time, so that nobody writes while it looks
}

func (r *remembering) Update(ctx context.Context, fn func(store.Tx) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.Store.Update(ctx, fn)
	for _, differs := range r.Store.seen.Stale(context.Background(), r.Store.write, dialect) {
		r.t.Error(differs)
	}
	return err
}

// TestNothingRememberedIsStale runs the whole suite, with everything that it does to rows.
func TestNothingRememberedIsStale(t *testing.T) {
	storetest.Run(t, func(t testing.TB, dir string) store.Store {
		if err := os.MkdirAll(filepath.Join(dir, "a folder with # and ?"), 0o700); err != nil {
			t.Fatal(err)
		}
		return &remembering{Store: open(t, dir).(*Store), t: t}
	})
}

// TestAnotherProgramWrites: what somebody else changes in the file isn't taken from memory.
func TestAnotherProgramWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	meta := func(want string) {
		t.Helper()
		if err := s.Update(context.Background(), func(tx store.Tx) error {
			got, err := tx.Meta("who")
			if got != want {
				t.Errorf("the setting is %q, not %q", got, want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(context.Background(), func(tx store.Tx) error { return tx.SetMeta("who", "the manager") }); err != nil {
		t.Fatal(err)
	}
	meta("the manager")
	other, err := connect(uri(path, writing))
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := other.Exec(context.Background(), "UPDATE meta SET value = 'somebody else'"); err != nil {
		t.Fatal(err)
	}
	meta("somebody else")
}

// TestAFailedUpdateIsForgotten: what a transaction remembered that wasn't kept isn't taken for true.
func TestAFailedUpdateIsForgotten(t *testing.T) {
	s := opened(t)
	if err := s.Update(context.Background(), func(tx store.Tx) error {
		if err := tx.SetMeta("who", "nobody"); err != nil {
			return err
		}
		return store.ErrLost
	}); err == nil {
		t.Fatal("it was kept")
	}
	if err := s.Update(context.Background(), func(tx store.Tx) error {
		got, err := tx.Meta("who")
		if got != "" {
			t.Errorf("the setting is %q", got)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
