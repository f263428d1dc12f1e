package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
)

const (
	// paceOver is how many of the newest audits that passed say how long a job's take, and paceEvery how often they are read while anybody
	// wants to know.
	paceOver  = 512
	paceEvery = 5 * time.Second
)

// paces are how long the audits of jobs take. They are read from the store, so that all managers on it say the same, also after a start.
type paces struct {
	mean  map[string]time.Duration // by job
	asked bool                     // since it was read
	read  time.Time
}

// Pace is the mean time from giving one of the job's audits to a verifier to its verdict, by the newest that passed;
// 0 while unknown. It reads nothing itself: Run does, soon after the first question.
func (u *Auditor) Pace(jobID string) time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.paces.asked = true
	return u.paces.mean[jobID]
}

// repace reads the paces anew where somebody has asked for one and that was a while ago.
func (u *Auditor) repace(ctx context.Context) error {
	now := u.options.Clock()
	u.mu.Lock()
	due := u.paces.asked && now.Sub(u.paces.read).Abs() >= paceEvery
	u.mu.Unlock()
	if !due {
		return nil
	}
	var passed []store.PassedAudit
	if err := u.options.Store.View(ctx, func(tx store.Tx) (err error) {
		passed, err = tx.PassedAudits(paceOver)
		return err
	}); err != nil {
		return fmt.Errorf("read the newest audits: %w", err)
	}
	sums, counts := make(map[string]time.Duration), make(map[string]time.Duration)
	for _, a := range passed {
		// It was given a whole lease before its first deadline. A later one, of an audit that another manager adopted, says nothing.
		if took := time.Duration(a.Ended-a.Deadline)*time.Millisecond + u.options.Length; a.Deadline > 0 && took > 0 {
			sums[a.Job] += took
			counts[a.Job]++
		}
	}
	for id := range sums {
		sums[id] /= counts[id]
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.paces = paces{mean: sums, read: now}
	return nil
}
