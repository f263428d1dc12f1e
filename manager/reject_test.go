package main

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestLoneCheatIsKeptWaiting has one cheat and one verifier: its frames go back clean, it
// is left out of the job for a while, people are told until when, and an honest worker ends it.
func TestLoneCheatIsKeptWaiting(t *testing.T) {
	url, _ := startManager(t, settings(t, "off"))
	a := newArtist(t, url)
	j := a.submit(6)

	var mu sync.Mutex
	pushed := make(map[int]job.Frame) // as last told
	ctx, cancel := context.WithCancel(a.ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		if err := a.Watch(ctx, wire.JobWatch{Job: j.ID}, func(u wire.JobUpdate) {
			mu.Lock()
			defer mu.Unlock()
			for _, f := range u.Frames {
				pushed[f.Number] = f
			}
		}); err != nil && ctx.Err() == nil {
			t.Errorf("watch: %v", err)
		}
	})

	cheat := startWorker(t, url, fake.Behaviour{Samples: 4})
	startVerifier(t, url, fake.Behaviour{})
	d := poll(t, a, j.ID, func(d wire.JobDetail) bool {
		return strings.Contains(d.Why, "the next try is at") && d.Job.Counts.Uploaded == 0
	})
	rejected := 0
	for _, f := range d.Frames {
		if f.State != job.FramePending || f.Worker != "" || f.Attempt != "" || f.Progress != 0 || f.Seconds != 0 || f.Object != "" {
			t.Errorf("frame %d stays %+v", f.Number, f)
		}
		if f.Rejects > 0 {
			rejected++
			if f.Cause == "" {
				t.Errorf("frame %d was rejected without a cause", f.Number)
			}
		}
	}
	if rejected == 0 || d.Job.Counts.Pending != 6 || d.Job.Counts.Rejected != rejected || d.Job.Counts.Uploaded != 0 {
		t.Errorf("%d rejected frames, counts %+v", rejected, d.Job.Counts)
	}
	if !strings.Contains(d.Why, "the only worker") {
		t.Errorf("why: %q", d.Why)
	}
	poll(t, a, j.ID, func(wire.JobDetail) bool { // the last update may be on its way
		mu.Lock()
		defer mu.Unlock()
		told := 0
		for _, f := range pushed {
			if f.Rejects > 0 && f.State == job.FramePending && f.Worker == "" && f.Progress == 0 && f.Seconds == 0 && f.Cause != "" {
				told++
			}
		}
		return told == rejected
	})
	cancel()
	watching.Wait()

	cheat.mu.Lock()
	offers := cheat.offers
	cheat.mu.Unlock()
	startWorker(t, url, fake.Behaviour{})
	checkDelivered(t, a.await(j.ID, inState(job.Delivered)), 6, cheat.id.Address())
	cheat.mu.Lock()
	defer cheat.mu.Unlock()
	if cheat.offers != offers {
		t.Errorf("the cheat was offered %d more tasks while an honest worker was there", cheat.offers-offers)
	}
}

// poll looks at a job until ok says so.
func poll(t *testing.T, a *artist, id string, ok func(wire.JobDetail) bool) wire.JobDetail {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for {
		d, err := a.Job(a.ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if ok(d) {
			return d
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("job %s stays %s (%+v), why: %q", id, d.Job.State, d.Job.Counts, d.Why)
		}
	}
}
