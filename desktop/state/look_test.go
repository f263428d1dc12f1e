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
	for s, want := range map[job.State]state.May{
		job.Rendering: {Pause: true, Cancel: true}, job.Paused: {Resume: true, Cancel: true}, job.Delivered: {Accept: true, Claim: true}, job.Settled: {}, job.Failed: {},
	} {
		if got := state.MayOf(s); got != want {
			t.Errorf("%s allows %+v", s, got)
		}
	}
}

func TestTotalWithoutTheListOfFrames(t *testing.T) {
	if got := state.Total(job.Job{Counts: job.Counts{Pending: 5, Uploaded: 2, Verified: 1, Delivered: 7, Accepted: 1, Rejected: 3}}); got != 16 {
		t.Errorf("%d frames", got)
	}
}
