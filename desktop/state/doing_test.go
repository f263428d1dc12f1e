package state_test

import (
	"testing"
	"testing/synctest"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/state/example"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestWhatBusyNodesDo(t *testing.T) {
	works := make(state.Work)
	field := job.Job{ID: "j1", Name: "field", State: job.Rendering}
	has := func(number int, worker string, progress float64) job.Frame {
		return job.Frame{Number: number, State: job.FramePending, Worker: worker, Progress: progress}
	}
	works.Note(field, []job.Frame{has(1, "0xA", 1), has(2, "0xA", 0.525), has(3, "0xA", 0), has(9, "0xB", 1), has(8, "0xB", 1), has(5, "", 0)})
	busy := func(address string, roles ...job.Role) job.Node {
		return job.Node{Address: address, State: job.NodeBusy, Roles: roles}
	}
	check := func(node job.Node, want string) {
		t.Helper()
		if got := works.Doing(node); got != want {
			t.Errorf("%s does %q, want %q", node.Address, got, want)
		}
	}
	works.Note(field, []job.Frame{{Number: 3, State: job.FramePending}}) // it hasn't begun
	check(busy("0xa"), "frame 2 of field, 52 %")
	check(busy("0xB"), "frame 9 of field, 100 %")
	check(busy("0xC", job.RoleWorker), "rendering") // somebody else's job
	check(busy("0xV", job.RoleVerifier), "checking frames")
	check(job.Node{Address: "0xA", State: job.NodeIdle}, "")
	works.Note(field, []job.Frame{{Number: 9, State: job.FrameUploaded, Worker: "0xB"}, {Number: 8, State: job.FrameUploaded, Worker: "0xB"}})
	check(busy("0xB", job.RoleWorker), "rendering")
	field.State = job.Cancelled
	works.Note(field, nil)
	check(busy("0xA", job.RoleWorker), "rendering")
	if len(works) != 0 {
		t.Errorf("a job that ended is kept: %v", works)
	}
}

func TestPushesSayWhatNodesDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		settle()
		frame := example.Frames()[11]
		frame.Worker, frame.Progress, frame.State = example.Attic, 0.9, job.FramePending
		r.source.push <- wire.JobUpdate{Job: example.Jobs()[0], Frames: []job.Frame{frame}}
		settle()
		for _, n := range r.last().Nodes {
			if n.Address == example.Attic && n.Doing != "frame 12 of mirror field, 90 %" {
				t.Errorf("attic does %q", n.Doing)
			}
		}
	})
}
