package schedule

import (
	"context"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// maxMet bounds the memory of met dependencies; it is only a short cut.
const maxMet = 1 << 16

// gate is what stands before a job's tasks.
type gate struct {
	waits string // on what it waits, for people; "" when it may start
	lost  string // why that never comes, for people; "" when it may
}

// gate looks at the jobs that have to be delivered before j. A delivery counts even where a
// claim is open on it by now.
func (s *Scheduler) gate(tx store.Tx, j *store.Job) (gate, error) {
	for _, id := range j.After {
		s.mu.Lock()
		met := s.met[id]
		s.mu.Unlock()
		if met {
			continue
		}
		first, err := tx.Job(id)
		if err != nil {
			return gate{}, err
		}
		switch {
		case first.Deliveries > 0, first.State == job.Delivered, first.State == job.Accepted, first.State == job.Settled:
			s.mu.Lock()
			if len(s.met) >= maxMet {
				clear(s.met)
			}
			s.met[id] = true
			s.mu.Unlock()
		case first.State == job.Failed, first.State == job.Cancelled:
			return gate{lost: fmt.Sprintf("job %s (%s), which has to be delivered first, is %s: %s", id, first.Name, first.State, first.Cause)}, nil
		default:
			done := first.Counts.Delivered + first.Counts.Accepted
			return gate{waits: fmt.Sprintf("it comes after job %s (%s), which is %s with %d of %d frames delivered", id, first.Name, first.State, done, len(first.Frames))}, nil
		}
	}
	return gate{}, nil
}

// suspend pauses jobs whose dependencies will never be delivered.
func (s *Scheduler) suspend(ctx context.Context, lost map[string]string) {
	for id, cause := range lost {
		if err := s.options.Leaser.Suspend(ctx, id, cause); err != nil && ctx.Err() == nil {
			s.options.Log.Error("pause a job whose dependency is lost", "job", id, "err", err)
		}
	}
}
