package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

func TestSignals(t *testing.T) {
	url := server.Database(t)
	a, b, elsewhere := openURL(t, url), openURL(t, url), openURL(t, server.Database(t))
	defer a.Close()
	defer b.Close()
	defer elsewhere.Close()
	ctx, stop := context.WithCancel(context.Background())
	heardA, err := a.Signals(ctx)
	if err != nil {
		t.Fatal(err)
	}
	heardB, err := b.Signals(ctx)
	if err != nil {
		t.Fatal(err)
	}
	say := func(s *Store, kind string) {
		t.Helper()
		if err := s.Signal(ctx, store.Signal{From: "m", Kind: kind, Body: "☀'\x00"}); err != nil {
			t.Fatal(err)
		}
	}
	say(elsewhere, "other database")
	say(b, "own")
	say(a, "first")
	say(a, "second")
	say(b, "last")
	for _, want := range []string{"first", "second"} {
		if got := <-heardB; got != (store.Signal{From: "m", Kind: want, Body: "☀'\x00"}) {
			t.Errorf("heard %+v, want %s", got, want)
		}
	}
	for _, want := range []string{"own", "last"} {
		if got := <-heardA; got.Kind != want {
			t.Errorf("heard %+v, want %s", got, want)
		}
	}
	if err := a.Signal(ctx, store.Signal{Body: strings.Repeat("x", 8000)}); err == nil {
		t.Error("a signal that no notification takes was sent")
	}
	// A listener whose connection ends hears of the gap.
	if _, err := a.db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"); err != nil {
		t.Fatal(err)
	}
	if got := <-heardB; !got.Lost {
		t.Errorf("after the gap came %+v", got)
	}
	say(a, "after")
	if got := <-heardB; got.Kind != "after" {
		t.Errorf("heard %+v", got)
	}
	stop()
	for range heardB {
	}
}

func TestLead(t *testing.T) {
	url := server.Database(t)
	a, b := openURL(t, url), openURL(t, url)
	defer a.Close()
	defer b.Close()
	first, stop := context.WithCancel(context.Background())
	defer stop()
	leading, err := a.Lead(first, "epochs")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Lead(context.Background(), "collection"); err != nil {
		t.Fatalf("another duty: %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Lead(gone, "epochs"); err == nil {
		t.Fatal("two managers lead")
	}
	second := make(chan context.Context, 1)
	go func() {
		ctx, err := b.Lead(context.Background(), "epochs")
		if err != nil {
			t.Error(err)
		}
		second <- ctx
	}()
	stop()
	<-leading.Done()
	next := <-second
	if next.Err() != nil {
		t.Fatal("the second manager's duty has ended already")
	}
	if _, err := a.db.Exec("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"); err != nil {
		t.Fatal(err)
	}
	<-next.Done()
	if _, err := a.Lead(context.Background(), "epochs"); err != nil {
		t.Error(err)
	}
}

// TestManagersMeet has three managers change the same rows: nothing is lost, and each task has
// one winner.
func TestManagersMeet(t *testing.T) {
	url := server.Database(t)
	var stores []*Store
	for range 3 {
		s := openURL(t, url)
		defer s.Close()
		stores = append(stores, s)
	}
	j := storetest.Job("0xA", "r", 24)
	j.Quote.Ceiling = 1 << 20
	if err := stores[0].Update(context.Background(), func(tx store.Tx) error { _, err := storetest.Fill(tx, j); return err }); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	won := make(map[string]int)
	var wg sync.WaitGroup
	for i, s := range stores {
		for w := range 4 {
			wg.Go(func() {
				for range 5 {
					var got string
					err := s.Update(context.Background(), func(tx store.Tx) error {
						got = ""
						tasks, err := tx.WaitingTasks(j.ID, 1)
						if err != nil || len(tasks) == 0 {
							return err
						}
						k, err := tx.MoveTask(tasks[0].ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, nil)
						if err != nil {
							return err
						}
						got = k.ID
						if _, err := tx.EditJob(j.ID, func(j *store.Job) { j.Spent++ }); err != nil {
							return err
						}
						return tx.AddAttempt(storetest.Attempt(k, 1, fmt.Sprint(i, w)))
					})
					if err != nil && !errors.Is(err, store.ErrLost) {
						t.Error(err)
					}
					if err == nil && got != "" {
						mu.Lock()
						won[got]++
						mu.Unlock()
					}
				}
			})
		}
	}
	wg.Wait()
	if err := stores[1].View(context.Background(), func(tx store.Tx) error {
		got, err := tx.Job(j.ID)
		if err == nil && (len(won) != 12 || int(got.Spent) != 12 || got.TasksWaiting != 0) {
			t.Errorf("%d tasks were won, %d counted, %d wait", len(won), got.Spent, got.TasksWaiting)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for id, n := range won {
		if n != 1 {
			t.Errorf("task %s was won %d times", id, n)
		}
	}
}
