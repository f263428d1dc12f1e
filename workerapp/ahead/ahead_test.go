package ahead

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/heliostat-render/heliostat/workerapp/session"
)

// kitchen fetches by writing the package's name into a file.
type kitchen struct {
	calls atomic.Int32
	hold  chan struct{} // a fetch waits for it
	fail  error
}

func (k *kitchen) fetch(ctx context.Context, p session.Package, dir string, progress func(float64)) error {
	n := k.calls.Add(1)
	progress(0.5)
	if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o600); err != nil {
		return err
	}
	if n == 1 && k.hold != nil {
		select {
		case <-k.hold:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if n == 1 && k.fail != nil {
		return k.fail
	}
	if err := os.Remove(filepath.Join(dir, "half")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "scene"), []byte(p.ID), 0o600)
}

func larder(t *testing.T, k *kitchen) (*Larder, string) {
	t.Helper()
	root := t.TempDir()
	l := New(t.Context(), filepath.Join(root, "ahead"), k.fetch)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(root, "ahead")); !errors.Is(err, os.ErrNotExist) {
			t.Error("the larder is left")
		}
	})
	target := filepath.Join(root, "w1")
	if err := os.Mkdir(target, 0o700); err != nil {
		t.Fatal(err)
	}
	return l, target
}

func taken(t *testing.T, l *Larder, pkg, target string) {
	t.Helper()
	if err := l.Fetch(t.Context(), session.Package{ID: pkg}, target, func(float64) {}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(target, "scene")); err != nil || string(text) != pkg {
		t.Fatalf("got %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(target, "half")); err == nil {
		t.Fatal("what didn't arrive whole was taken too")
	}
}

func TestAPackageThatWasBegunIsTakenWhole(t *testing.T) {
	k := &kitchen{hold: make(chan struct{})}
	l, target := larder(t, k)
	l.Begin(session.Package{ID: "p"})
	l.Begin(session.Package{ID: "p"})
	close(k.hold)
	taken(t, l, "p", target)
	if n := k.calls.Load(); n != 1 {
		t.Fatalf("it was fetched %d times", n)
	}
}

func TestAPackageThatFailedIsFetchedAgain(t *testing.T) {
	k := &kitchen{fail: errors.New("no network")}
	l, target := larder(t, k)
	l.Begin(session.Package{ID: "p"})
	taken(t, l, "p", target)
	if n := k.calls.Load(); n != 2 {
		t.Fatalf("it was fetched %d times", n)
	}
}

func TestWithoutABeginningItIsFetchedNow(t *testing.T) {
	l, target := larder(t, &kitchen{})
	taken(t, l, "p", target)
}

func TestUnwantedPackagesAreWiped(t *testing.T) {
	k := &kitchen{hold: make(chan struct{})}
	l, target := larder(t, k)
	l.Begin(session.Package{ID: "p"})
	if err := l.Keep(func(string) bool { return true }); err != nil || len(l.items) != 1 {
		t.Fatalf("a wanted package is gone: %v", err)
	}
	if err := l.Keep(func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(l.dir); len(left) != 0 {
		t.Fatalf("left: %v", left)
	}
	taken(t, l, "p", target)
}

func TestWaitingEndsWithItsTask(t *testing.T) {
	k := &kitchen{hold: make(chan struct{})}
	l, target := larder(t, k)
	l.Begin(session.Package{ID: "p"})
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("revoked")
	cancel(gone)
	if err := l.Fetch(ctx, session.Package{ID: "p"}, target, func(float64) {}); !errors.Is(err, gone) {
		t.Fatalf("got %v", err)
	}
}
