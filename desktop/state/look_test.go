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
		{job.Job{State: job.Rendering}, state.May{Pause: true, Cancel: true, Requeue: true}},
		{job.Job{State: job.Rendering, Scout: true}, state.May{Pause: true, Cancel: true, Requeue: true, Release: true}},
		{job.Job{State: job.Rendering, Scout: true, Released: true}, state.May{Pause: true, Cancel: true, Requeue: true}},
		{job.Job{State: job.Paused}, state.May{Resume: true, Cancel: true}},
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

func TestTotalWithoutTheListOfFrames(t *testing.T) {
	if got := state.Total(job.Job{Counts: job.Counts{Pending: 5, Uploaded: 2, Verified: 1, Delivered: 7, Accepted: 1, Rejected: 3}}); got != 16 {
		t.Errorf("%d frames", got)
	}
}
