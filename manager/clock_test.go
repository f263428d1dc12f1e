package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/service"
)

// TestClocksMayJump sets the machine's clock while a lease runs: it ends neither early nor never.
func TestClocksMayJump(t *testing.T) {
	for name, jump := range map[string]time.Duration{"a day forward": 24 * time.Hour, "a day back": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			wall, ran := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC), time.Duration(0)
			clock := service.NewClock(func() (time.Time, time.Duration) { return wall, ran })
			log, nodes := discard(), fleet.New(clock.Now)
			hub := notify.New(db, nil, log)
			k := lease.New(lease.Options{
				Store: db, Fleet: nodes, Hub: hub, Settler: settle.New(settle.Options{Store: db, Hub: hub, Clock: clock.Now, Log: log}),
				Length: time.Minute, Grace: time.Minute, Clock: clock.Now, Log: log, Committed: func() {}, Freed: func() {},
			})
			var a *store.Attempt
			if err := db.Update(t.Context(), func(tx store.Tx) error {
				tasks, err := storetest.Fill(tx, storetest.Job("0xA", "1", 2))
				if err != nil {
					return err
				}
				a = storetest.Attempt(tasks[0], 1, "0xW")
				if _, err := tx.MoveTask(tasks[0].ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, nil); err != nil {
					return err
				}
				return tx.AddAttempt(a)
			}); err != nil {
				t.Fatal(err)
			}
			if err := k.Adopt(t.Context()); err != nil {
				t.Fatal(err)
			}
			held := func() bool {
				if err := k.Expire(t.Context()); err != nil {
					t.Fatal(err)
				}
				var state lifecycle.AttemptState
				if err := db.View(t.Context(), func(tx store.Tx) error {
					now, err := tx.Attempt(a.ID)
					if err == nil {
						state = now.State
					}
					return err
				}); err != nil {
					t.Fatal(err)
				}
				return state == lifecycle.AttemptHeld
			}
			wall = wall.Add(jump)
			if !held() {
				t.Fatal("the jump ended the lease")
			}
			for range 50 {
				wall, ran = wall.Add(time.Second), ran+time.Second
				if !held() {
					t.Fatalf("the lease of a minute ended after %s", ran)
				}
			}
			for range 20 {
				wall, ran = wall.Add(time.Second), ran+time.Second
				if !held() {
					return
				}
			}
			t.Error("the lease of a minute outlives 70 seconds")
		})
	}
}
