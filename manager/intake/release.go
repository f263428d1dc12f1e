package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

const (
	// countEvery is how often the time to a release is counted down: it may come so much late.
	countEvery = 2 * time.Second
	// saveEvery is how often it is written down: a restart makes it come at most so much later.
	saveEvery = time.Minute
	// drift is how far off the time may be that people are told.
	drift = 10 * time.Second
)

// countdown is the time to one job's release. It counts what this manager has seen pass: neither a clock
// that was set while no manager ran, nor the time in which nobody could look at the scouts, shortens it.
type countdown struct {
	left        time.Duration
	seen, saved time.Time
}

// Run releases what follows scout frames by itself, until ctx ends. One manager of those that share a store runs it.
func (in *Intake) Run(ctx context.Context) error {
	counts := make(map[string]*countdown)
	ticker := time.NewTicker(countEvery)
	defer ticker.Stop()
	for {
		if err := in.count(ctx, counts); err != nil && ctx.Err() == nil {
			in.options.Log.Error("count down to the release of scouted jobs", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// count takes the time since its last call off and releases what is due.
func (in *Intake) count(ctx context.Context, counts map[string]*countdown) error {
	var jobs []*store.Job
	if err := in.options.Store.View(ctx, func(tx store.Tx) (err error) { jobs, err = tx.JobsInState(job.Rendering); return err }); err != nil {
		return err
	}
	now := in.options.Clock()
	held := make(map[string]bool)
	for _, j := range jobs {
		if j.ReleaseAt == 0 || j.Released {
			continue
		}
		held[j.ID] = true
		c := counts[j.ID]
		if c == nil {
			c = &countdown{left: time.Duration(j.ReleaseLeft) * time.Millisecond, seen: now, saved: now}
			counts[j.ID] = c
		}
		c.left -= now.Sub(c.seen)
		c.seen = now
		off := now.Add(c.left).Sub(time.UnixMilli(j.ReleaseAt)).Abs()
		if c.left > 0 && off <= drift && now.Sub(c.saved) < saveEvery {
			continue
		}
		if err := in.counted(ctx, j.ID, c, now); err != nil {
			return fmt.Errorf("release the rest of job %s: %w", j.ID, err)
		}
	}
	for id := range counts {
		if !held[id] {
			delete(counts, id)
		}
	}
	return nil
}

// counted writes a countdown down, or what follows at its end.
func (in *Intake) counted(ctx context.Context, id string, c *countdown, now time.Time) error {
	_, err := in.change(ctx, id, func(tx store.Tx, changes *notify.Changes, j *store.Job) (*store.Job, error) {
		switch {
		case j.Released || j.State != job.Rendering || j.ReleaseAfter == nil: // meanwhile
			return j, nil
		case c.left <= 0:
			return released(tx, changes, id, fmt.Sprintf("by itself, %s after the scout frames were checked", time.Duration(*j.ReleaseAfter)*time.Second))
		}
		return tx.EditJob(id, func(j *store.Job) { j.ReleaseLeft, j.ReleaseAt = c.left.Milliseconds(), now.Add(c.left).UnixMilli() })
	})
	if err != nil {
		return err
	}
	c.saved = now
	if c.left <= 0 {
		in.options.Log.Info("the rest of a job is released by itself", "job", id)
		in.options.Wake()
	}
	return nil
}

// released lets the rest of a job go, and writes it into its history.
func released(tx store.Tx, changes *notify.Changes, id, text string) (*store.Job, error) {
	j, err := tx.EditJob(id, func(j *store.Job) { j.Released, j.ReleaseLeft, j.ReleaseAt = true, 0, 0 })
	if err != nil {
		return nil, err
	}
	return j, changes.Event(tx, id, "released", text, "")
}
