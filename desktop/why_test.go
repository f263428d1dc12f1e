package main

import (
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestWhy: whoever asks is answered in words, in every state, whether or not the manager has something to say.
func TestWhy(t *testing.T) {
	frames := func(n int) (list []job.Frame) {
		for range n {
			list = append(list, job.Frame{State: job.FramePending, Worker: "0xW", Progress: 0.5})
		}
		return append(list, job.Frame{State: job.FramePending})
	}
	for want, d := range map[string]wire.JobDetail{
		"it waits":                               {Job: job.Job{State: job.Rendering}, Why: "it waits"},
		"it renders: 1 frame is in the works":    {Job: job.Job{State: job.Rendering}, Frames: frames(1)},
		"it renders: 2 frames are in the works":  {Job: job.Job{State: job.Rendering}, Frames: frames(2)},
		"begins with them":                       {Job: job.Job{State: job.Rendering}, Frames: frames(0)},
		"then `heliostat accept j1`":             {Job: job.Job{ID: "j1", State: job.Delivered}},
		"the job is failed: the scene is broken": {Job: job.Job{State: job.Failed, Cause: "the scene is broken"}},
		"the job is settled":                     {Job: job.Job{State: job.Settled}},
	} {
		if got := why(d); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q, not %q", d.Job.State, got, want)
		}
	}
}
