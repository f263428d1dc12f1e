package schedule

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

// TestWorkersOfOtherManagersCount: of two managers on one database, each knows what the other's workers do.
func TestWorkersOfOtherManagersCount(t *testing.T) {
	s := newStage(t, 1)
	s.nodes.Left(quiet{}.ID()) // nobody is connected here
	j := storetest.Job("0xA", "1", 8)
	s.update(func(tx store.Tx) (err error) {
		if _, err = storetest.Fill(tx, j); err != nil {
			return err
		}
		j, err = tx.EditJob(j.ID, func(j *store.Job) { j.RendFrames, j.Seconds = 4, 40 })
		return err
	})
	if got := s.why(j.ID); !strings.Contains(got, "no worker is connected") {
		t.Errorf("alone it waits because %q", got)
	}
	if eta := s.ETA(j); eta != 0 {
		t.Errorf("%.0f s are left, and nobody is there to render", eta)
	}
	away := worker("0xAway", 1)
	away.Free = 0
	s.nodes.SetElsewhere(job.RoleWorker, []fleet.Member{away})
	if got := s.why(j.ID); !strings.Contains(got, "the only worker that can render it is busy") {
		t.Errorf("with a busy worker elsewhere it waits because %q", got)
	}
	alone := s.ETA(j)
	s.SetElsewhere(map[string][]lease.Holding{j.ID: {{Task: "t1", Worker: "0xAway", Frames: 2, Copies: 1}, {Task: "t2", Worker: "0xAway", Frames: 2, Copies: 1}, {Task: "t3", Worker: "0xOther", Frames: 2, Copies: 1}}})
	if got := s.why(j.ID); got != "" {
		t.Errorf("while it renders elsewhere it waits because %q", got)
	}
	if together := s.ETA(j); alone == 0 || together >= alone*0.6 {
		t.Errorf("two workers elsewhere take %.0f s, none %.0f s", together, alone)
	}
}

// TestStragglersOfOtherManagersAreCopied: what another manager's worker is late with goes to a free one here too.
func TestStragglersOfOtherManagersAreCopied(t *testing.T) {
	s := newStage(t, 1)
	j := storetest.Job("0xA", "1", 2)
	var tasks []*job.Task
	s.update(func(tx store.Tx) (err error) {
		if tasks, err = storetest.Fill(tx, j); err != nil {
			return err
		}
		_, e := tx.MoveTask(tasks[0].ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, nil)
		_, f := tx.EditJob(j.ID, func(j *store.Job) { j.RendFrames, j.Seconds, j.Units = 4, 40, 2 })
		_, g := tx.PutNode("0xW", func(n *store.Node) { n.Passes = enoughPasses })
		return errors.Join(e, f, g)
	})
	slow := worker("0xSlow", 1)
	s.nodes.SetElsewhere(job.RoleWorker, []fleet.Member{slow})
	held := lease.Holding{Task: tasks[0].ID, Worker: "0xSlow", Frames: 2, Copies: 1, Since: start}
	for _, test := range []struct {
		after  time.Duration
		copies int
		want   []string
	}{{10 * time.Second, 1, nil}, {10 * time.Minute, 2, nil}, {20 * time.Minute, 1, []string{tasks[0].ID + ">0xW"}}} {
		s.now, s.leaser.copies, held.Copies = start.Add(test.after), nil, test.copies
		s.SetElsewhere(map[string][]lease.Holding{j.ID: {held}})
		s.pass()
		if !slices.Equal(s.leaser.copies, test.want) {
			t.Errorf("after %s, with %d leases of it, the copies are %v, want %v", test.after, test.copies, s.leaser.copies, test.want)
		}
	} // What is late here has its copy there, though the lease of each is all that its manager counts.
	here := lease.Holding{Task: tasks[0].ID, Worker: "0xLate", Frames: 2, Copies: 1, Since: start}
	s.leaser.held, s.leaser.copies, held.Copies = map[string][]lease.Holding{j.ID: {here}}, nil, 1
	s.now = start.Add(30 * time.Minute)
	s.SetElsewhere(map[string][]lease.Holding{j.ID: {held}})
	if s.pass(); len(s.leaser.copies) > 0 {
		t.Errorf("a task with a lease here and one elsewhere is copied again: %v", s.leaser.copies)
	}
	// Its worker has just come from the other manager, which said what it held before: that is one lease.
	held.Worker, s.now = here.Worker, start.Add(40*time.Minute)
	s.SetElsewhere(map[string][]lease.Holding{j.ID: {held}})
	if s.pass(); !slices.Equal(s.leaser.copies, []string{tasks[0].ID + ">0xW"}) {
		t.Errorf("a straggler that changed its manager is copied as %v", s.leaser.copies)
	}
}
