//go:build !nogui

package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/workerapp/setup"
)

// signedIn counts how often a worker said that it is ready for work.
func (m *manager) signedIn(part string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, asked := range m.asked {
		if asked == part {
			n++
		}
	}
	return n
}

// TestWorkerModeBeginsAnew restarts a real worker, so that changed settings hold, and ends it.
func TestWorkerModeBeginsAnew(t *testing.T) {
	m := newManager(t)
	dir := filepath.Join(t.TempDir(), "worker")
	var mu sync.Mutex
	slots := 1
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var group sync.WaitGroup
	w := newWorkerMode(ctx, &group, slog.New(slog.DiscardHandler), func() (string, string, setup.Setup) {
		mu.Lock()
		defer mu.Unlock()
		s := workerDefaults()
		s.Sandbox, s.Slots, s.Ahead = "none", slots, -1
		return m.url, dir, s
	})
	told := make(chan struct{}, 1)
	w.Watch(func(state.WorkerStatus) {
		select {
		case told <- struct{}{}:
		default:
		}
	})
	until := func(what string, done func() bool) {
		t.Helper()
		limit := time.NewTimer(3 * time.Minute)
		defer limit.Stop()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for !done() {
			select {
			case <-told:
			case <-tick.C:
			case <-limit.C:
				t.Fatalf("waited in vain until %s; the status is %+v", what, w.Status())
			}
		}
	}
	w.Restart() // nothing runs: nothing happens
	w.Start()
	until("a worker signs in", func() bool { return m.signedIn(`worker free=1 paused=""`) > 0 })
	until("its devices are known", func() bool { return len(w.Status().Devices) > 0 })
	mu.Lock()
	slots = 2
	mu.Unlock()
	w.Restart()
	until("it signs in with the changed settings", func() bool { return m.signedIn(`worker free=2 paused=""`) > 0 })
	w.Pause(state.OwnerPause)
	until("it is paused", func() bool { return w.Status().State == state.WorkerPaused })
	if w.Status().Ruled() || w.running() {
		t.Error("the owner's own pause counts as a rule's")
	}
	end()
	group.Wait()
	if got := w.Status(); got.State != state.WorkerOff || len(got.Devices) == 0 {
		t.Errorf("it ended as %+v", got)
	}
}
