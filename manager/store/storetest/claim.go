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

// testLook: what was acknowledged is seen, what wasn't kept isn't.
func testLook(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "1", 3)
	var tasks []*job.Task
	update(t, s, func(tx store.Tx) (err error) { tasks, err = Fill(tx, j); return err })
	update(t, s, func(tx store.Tx) error {
		_, err := tx.ClaimTask(tasks[0].ID, func(k *job.Task) { k.Attempts++ })
		return err
	})
	gone := errors.New("gone")
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		if _, err := tx.ClaimTask(tasks[1].ID, nil); err != nil {
			return err
		}
		return gone
	}); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	if err := s.Look(t.Context(), func(tx store.Tx) error {
		for i, want := range []job.TaskState{job.TaskLeased, job.TaskWaiting} {
			k, err := tx.Task(tasks[i].ID)
			if err != nil {
				return err
			}
			if k.State != want {
				t.Errorf("task %d is %s, not %s", i, k.State, want)
			}
		}
		frames, err := tx.FrameSet(j.ID, []int{2})
		if err == nil && (len(frames) != 1 || frames[0].State != job.FramePending) {
			t.Errorf("frame 2 is %+v", frames)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Look(t.Context(), func(tx store.Tx) error { _, err := tx.Job("j"); return err }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a job that isn't there: %v", err)
	}
}
