package storetest

import (
	"errors"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// testClaims: a waiting task is claimed once, and only while it waits.
func testClaims(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 4)
	var tasks []*job.Task
	update(t, s, func(tx store.Tx) (err error) { tasks, err = Fill(tx, j); return err })
	update(t, s, func(tx store.Tx) error {
		k, err := tx.ClaimTask(tasks[0].ID, func(k *job.Task) { k.Attempts++ })
		if err != nil {
			return err
		}
		if k.State != job.TaskLeased || k.Attempts != 1 || k.Job != j.ID {
			t.Errorf("claimed %+v", k)
		}
		again, err := tx.Task(k.ID)
		if err == nil && (again.State != job.TaskLeased || again.Attempts != 1) {
			t.Errorf("in the same transaction it is %+v", again)
		}
		got, e := tx.Job(j.ID)
		if e == nil && got.TasksWaiting != 1 {
			t.Errorf("%d tasks wait after the claim", got.TasksWaiting)
		}
		return errors.Join(err, e)
	})
	update(t, s, func(tx store.Tx) error {
		for _, id := range []string{tasks[0].ID, store.NewID("t")} {
			if _, err := tx.ClaimTask(id, nil); !errors.Is(err, store.ErrLost) {
				t.Errorf("task %s was claimed: %v", id, err)
			}
		}
		_, err := tx.ClaimTask(tasks[1].ID, nil)
		return err
	})
	update(t, s, func(tx store.Tx) error {
		got, err := tx.Job(j.ID)
		if err == nil && (got.TasksWaiting != 0 || got.TasksOpen != 2) {
			t.Errorf("%d tasks wait and %d are open", got.TasksWaiting, got.TasksOpen)
		}
		return err
	})
}
