package audit

import (
	"context"
	"errors"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// TestAScoutThatPassesAgainLetsGo: the last of a job's scouts may pass while an earlier one is being looked back on. When that
// one passes again nothing else is to come, and the rest was held back for ever.
func TestAScoutThatPassesAgainLetsGo(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{})
	for range 3 {
		r.verifier(fake.Behaviour{})
	}
	at := int64(0)
	j := storetest.Job("0xA", "scouted", 3)
	j.Quote.Ceiling, j.Recipe.Version, j.Scout, j.ReleaseAfter = 1000, fake.Version, true, &at
	var tasks []*job.Task
	r.update(func(tx store.Tx) error {
		tasks = nil
		var frames []*job.Frame
		for i, f := range j.Frames {
			tasks = append(tasks, &job.Task{ID: store.NewID("t"), Job: j.ID, Index: i, State: job.TaskWaiting, Frames: []int{f}, Scout: i < 2})
			frames = append(frames, &job.Frame{Job: j.ID, Number: f, State: job.FramePending, Task: tasks[i].ID, Price: 12})
		}
		err := errors.Join(tx.AddJob(j), tx.AddTasks(tasks), tx.AddFrames(frames))
		for _, step := range [][2]job.State{{job.Draft, job.Quoted}, {job.Quoted, job.Funded}, {job.Funded, job.Rendering}} {
			_, e := tx.MoveJob(j.ID, []job.State{step[0]}, step[1], nil)
			err = errors.Join(err, e)
		}
		return err
	})
	r.exempted(w, tasks[0], nil)
	r.update(func(tx store.Tx) error {
		set, err := tx.FrameSet(j.ID, []int{1})
		if err == nil {
			_, err = r.reopen(tx, set)
		}
		return err
	})
	last := r.render(w, tasks[1], nil)
	if err := r.letThrough(context.Background(), r.load(r.audits(last.ID)[0].ID)); err != nil {
		t.Fatal(err)
	}
	if r.state(j.ID).Released {
		t.Fatal("it is released while a scout is being checked")
	}
	r.run()
	if got := r.state(j.ID); !got.Released || !r.did(j.ID, "claim refused") {
		t.Errorf("the rest is held back: %+v", r.events(j.ID))
	}
	if taken, err := r.keeper.Offer(context.Background(), tasks[2].ID, w.address()); err != nil || !taken {
		t.Errorf("the rest isn't rendered: %v", err)
	}
}
