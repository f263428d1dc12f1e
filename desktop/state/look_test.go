package state_test

import (
	"testing"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
)

func TestLookOf(t *testing.T) {
	for want, frame := range map[state.Look]job.Frame{
		state.LookWaiting:   {State: job.FramePending},
		state.LookRendering: {State: job.FramePending, Worker: "0x1", Rejects: 1, Progress: 0.3},
		state.LookAgain:     {State: job.FramePending, Worker: "0x1", Rejects: 1, Progress: 1},
		state.LookChecking:  {State: job.FrameUploaded, Worker: "0x1"},
		state.LookVerified:  {State: job.FrameVerified},
		state.LookDelivered: {State: job.FrameDelivered},
		state.LookAccepted:  {State: job.FrameAccepted},
	} {
		if got := state.LookOf(job.Rendering, frame); got != want {
			t.Errorf("%+v looks %s, want %s", frame, got, want)
		}
		// Nothing is waited for in a job that has ended.
		ended := want
		switch want {
		case state.LookWaiting, state.LookRendering, state.LookAgain, state.LookChecking:
			ended = state.LookDropped
		}
		for s, want := range map[job.State]state.Look{job.Rendering: want, job.Paused: want, job.Cancelled: ended, job.Failed: ended} {
			if got := state.LookOf(s, frame); got != want {
				t.Errorf("in a job that is %s %+v looks %s, want %s", s, frame, got, want)
			}
		}
	}
}

func TestWhatAJobAllows(t *testing.T) {
	some := job.Counts{Pending: 2, Delivered: 3}
	for _, c := range []struct {
		j    job.Job
		want state.May
	}{
		{job.Job{State: job.Rendering}, state.May{Pause: true, Cancel: true, Requeue: true, Priority: true, Rush: true}},
		{job.Job{State: job.Quoted}, state.May{Cancel: true, Priority: true}},
		{job.Job{State: job.Rendering, Scout: true}, state.May{Pause: true, Cancel: true, Requeue: true, Release: true, Priority: true, Rush: true}},
		{job.Job{State: job.Rendering, Scout: true, Released: true}, state.May{Pause: true, Cancel: true, Requeue: true, Priority: true, Rush: true}},
		{job.Job{State: job.Paused}, state.May{Resume: true, Cancel: true, Priority: true, Rush: true}},
		{job.Job{State: job.Delivered}, state.May{Accept: true, Claim: true}},
		{job.Job{State: job.Settled}, state.May{}},
		{job.Job{State: job.Failed, Counts: some}, state.May{Again: true}},
		{job.Job{State: job.Cancelled, Counts: some}, state.May{Again: true}},
		{job.Job{State: job.Cancelled, Counts: job.Counts{Delivered: 5}}, state.May{}},
	} {
		if got := state.MayOf(c.j); got != c.want {
			t.Errorf("%+v allows %+v", c.j, got)
		}
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	all := state.May{Pause: true, Cancel: true, Accept: true, Claim: true, Again: true, Priority: true, Rush: true}
	for _, c := range []struct {
		owner, operator bool
		want            state.May
	}{
		{false, false, state.May{}},
		{true, false, state.May{Pause: true, Cancel: true, Accept: true, Claim: true, Again: true, Priority: true}},
		{false, true, state.May{Pause: true, Cancel: true, Priority: true, Rush: true}},
		{true, true, all},
	} {
		if got := all.For(c.owner, c.operator); got != c.want {
			t.Errorf("the owner %v, the operator %v: %+v", c.owner, c.operator, got)
		}
	}
}

// TestAJobGoesOn: what a later job brings isn't missing, whether it is there yet or not; what it left when it ended is.
func TestAJobGoesOn(t *testing.T) {
	old := job.Job{ID: "j", State: job.Failed, Counts: job.Counts{Pending: 6, Delivered: 4}}
	from := func(id string, s job.State, started int64, c job.Counts) state.Row {
		return state.Row{Job: job.Job{ID: id, Origin: "j", State: s, Started: started, Created: started, Counts: c}}
	}
	for _, c := range []struct {
		name string
		rows []state.Row
		next string
		left int
	}{
		{"alone", []state.Row{{Job: old}, {Job: job.Job{ID: "other"}}}, "", 6},
		{"a quote that nobody took", []state.Row{from("a", job.Cancelled, 0, job.Counts{})}, "", 6},
		{"renders", []state.Row{from("a", job.Rendering, 1, job.Counts{Pending: 6})}, "a", 0},
		{"some of it", []state.Row{from("a", job.Rendering, 1, job.Counts{Pending: 2})}, "a", 4},
		{"failed in turn", []state.Row{from("a", job.Failed, 1, job.Counts{Pending: 5, Delivered: 1})}, "a", 5},
		{"and was taken up", []state.Row{from("b", job.Settled, 2, job.Counts{Accepted: 5}), from("a", job.Failed, 1, job.Counts{Pending: 5, Delivered: 1})}, "b", 0},
	} {
		next, left := state.GoesOn(c.rows, old)
		id := ""
		if next != nil {
			id = next.ID
		}
		if id != c.next || left != c.left {
			t.Errorf("%s: it goes on in %q, %d are left", c.name, id, left)
		}
	}
}

func TestTotalWithoutTheListOfFrames(t *testing.T) {
	if got := state.Total(job.Job{Counts: job.Counts{Pending: 5, Uploaded: 2, Verified: 1, Delivered: 7, Accepted: 1, Rejected: 3}}); got != 16 {
		t.Errorf("%d frames", got)
	}
}
