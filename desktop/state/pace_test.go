package state

import (
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
)

func TestPaceCountsWhatArrivesWhileWatched(t *testing.T) {
	var p pace
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	seen := func(id string, delivered int, after time.Duration) {
		now = now.Add(after)
		p.note(job.Job{ID: id, Counts: job.Counts{Delivered: delivered}}, now)
	}
	seen("a", 100, 0)
	seen("a", 101, 10*time.Second)
	if _, known := p.perHour(now); known {
		t.Fatal("ten seconds are taken for a rate")
	}
	seen("b", 7, 0) // an old job that is seen for the first time
	seen("a", 110, 50*time.Second)
	if rate, known := p.perHour(now); !known || rate != 600 {
		t.Fatalf("ten frames in a minute are %v an hour", rate)
	}
	seen("a", 109, 0) // one was rejected after all
	now = now.Add(15 * time.Minute)
	if rate, known := p.perHour(now); !known || rate != 0 {
		t.Fatalf("after a quarter of an hour without a frame: %v", rate)
	}
}

func TestJobsAddUp(t *testing.T) {
	s := SumOf([]Row{
		{Job: job.Job{State: job.Rendering, Spent: 1, Quote: job.Quote{Ceiling: 10}, Counts: job.Counts{Rejected: 2}}},
		{Job: job.Job{State: job.Failed, Spent: 2, Quote: job.Quote{Ceiling: 20}}},
		{Job: job.Job{State: job.Quoted, Quote: job.Quote{Ceiling: 1000}}},
		{Job: job.Job{State: job.Cancelled, Spent: 3, Quote: job.Quote{Ceiling: 1000}}}, // nothing more is paid
		{Job: job.Job{State: job.Settled, Spent: 5, Quote: job.Quote{Ceiling: 5}}},
	})
	if s != (Sum{Rendering: 1, Spent: 11, Ceiling: 38, Rejected: 2, Failed: 1}) {
		t.Fatalf("got %+v", s)
	}
}
