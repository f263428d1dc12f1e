package sqlite

import (
	"errors"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

// TestFreeEarningsAreMended: a database in which what was rendered for nothing counts as settled, and the settlement that asked the
// contract for it, which it never had. What was paid for stays as it is.
func TestFreeEarningsAreMended(t *testing.T) {
	s := opened(t)
	jobs := map[string]*store.Job{}
	for _, name := range []string{"free", "paid", "paid before the outbox"} {
		j := storetest.Job("0xA", name, 2)
		jobs[name] = j
		if err := s.Update(t.Context(), func(tx store.Tx) error {
			tasks, err := storetest.Fill(tx, j)
			if err != nil {
				return err
			}
			if err := tx.AddAttempt(&store.Attempt{Attempt: job.Attempt{ID: "a" + j.ID, Task: tasks[0].ID, Job: j.ID, Number: 1, Worker: "0xW"}, State: lifecycle.AttemptHeld, Key: make([]byte, 32), Frames: []int{1, 2}}); err != nil {
				return err
			}
			verdict := func(f *job.Frame) {
				f.Attempt, f.Worker, f.Verifier, f.Verdict, f.Object = "a"+j.ID, "0xW", "0xV", "v", "frame/x"
			}
			if err := errors.Join(tx.MoveFrames(j.ID, []int{1, 2}, job.FramePending, job.FrameUploaded, verdict), tx.MoveFrames(j.ID, []int{1, 2}, job.FrameUploaded, job.FrameVerified, nil),
				tx.AddEntry(store.Entry{Job: j.ID, Frame: 1, Role: job.RoleWorker, Node: "0xW", Amount: 10})); err != nil {
				return err
			}
			if _, err := tx.MoveJob(j.ID, []job.State{job.Rendering}, job.Cancelled, func(j *store.Job) {
				if name == "paid before the outbox" {
					j.Tx.Fund = "0xf"
				}
			}); err != nil {
				return err
			}
			if name == "paid" {
				if err := tx.AddOp(&store.Op{Kind: "fund", Ref: j.ID, Body: []byte("{}"), State: store.OpDone}); err != nil {
					return err
				}
			}
			return tx.SettleEntries(j.ID)
		}); err != nil {
			t.Fatal(err)
		}
	}
	mend := func(total job.Amount) (earned job.Amount, epoch error) {
		t.Helper()
		if err := s.Update(t.Context(), func(tx store.Tx) error {
			e := &store.Epoch{Number: 1, Root: "0xr", Total: total, Leaves: []store.Leaf{{Node: "0xW", Cumulative: total}}}
			return errors.Join(tx.AddEpoch(e), tx.AddOp(&store.Op{Kind: "root", Ref: "1", Body: []byte("{}")}))
		}); err != nil {
			t.Fatal(err)
		}
		text, err := migrations.ReadFile("013.sql")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Update(t.Context(), func(tx store.Tx) error {
			for statement := range strings.SplitSeq(strings.TrimSpace(string(text)), ";\n") {
				if _, err := tx.(*rows.Tx).Exec("mend", statement); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.View(t.Context(), func(tx store.Tx) error {
			list, err := tx.Earned(true)
			for _, e := range list {
				earned += e.Amount
			}
			_, epoch = tx.LastEpoch()
			_, op := tx.Op("root", "1")
			if errors.Is(op, store.ErrNotFound) != errors.Is(epoch, store.ErrNotFound) {
				t.Errorf("the epoch: %v, its order: %v", epoch, op)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return earned, epoch
	}
	if earned, epoch := mend(30); earned != 20 || !errors.Is(epoch, store.ErrNotFound) {
		t.Errorf("%d is settled of 20 that were paid for, and the settlement of 30: %v", earned, epoch)
	}
	if earned, epoch := mend(20); earned != 20 || epoch != nil {
		t.Errorf("%d is settled, and a settlement of as much: %v", earned, epoch)
	}
}
