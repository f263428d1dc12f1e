package schedule

import "github.com/heliostat-render/heliostat/manager/lease"

// SetElsewhere says what the workers of other managers that share the database hold, by job. They count where
// people ask how a job is getting on, and a worker here may get a copy of what one of them is late with.
func (s *Scheduler) SetElsewhere(held map[string][]lease.Holding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = held
}

// working counts the workers, of all managers, that hold leases of a job, and the frames of them that are
// finished but not committed, as far as they are known here.
func (s *Scheduler) working(id string) (workers, frames int) {
	workers, frames = s.options.Leaser.Working(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := make(map[string]bool)
	for _, h := range s.away[id] {
		if !seen[h.Worker] {
			seen[h.Worker] = true
			workers++
		}
		frames += h.Done
	}
	return workers, frames
}
