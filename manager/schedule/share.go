package schedule

import (
	"cmp"
	"maps"

	"github.com/heliostat-render/heliostat/manager/store"
)

// Shares is what the owners of jobs have. Who has less comes first, and of those who have the same, who was served
// longest ago: where there are more owners than workers, all have nothing whenever a worker becomes free.
type Shares struct {
	Held map[string]int    // tasks that are leased
	Last map[string]uint64 // the turn in which an owner was given its last task; 0 is never
}

func (s Shares) clone() Shares {
	c := Shares{Held: make(map[string]int, len(s.Held)), Last: make(map[string]uint64, len(s.Last))}
	maps.Copy(c.Held, s.Held)
	maps.Copy(c.Last, s.Last)
	return c
}

// serve notes that an owner is given a task now.
func (s Shares) serve(owner string) {
	turn := uint64(0)
	for _, last := range s.Last {
		turn = max(turn, last)
	}
	s.Last[owner] = turn + 1
}

func (s Shares) compare(a, b string) int {
	return cmp.Or(cmp.Compare(s.Held[a], s.Held[b]), cmp.Compare(s.Last[a], s.Last[b]))
}

// turns are the owners' last turns. Who has no job to render any more is forgotten.
func (s *Scheduler) turns(jobs []*store.Job) map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := make(map[string]uint64)
	for _, j := range jobs {
		if turn := s.served[j.Owner]; turn > 0 {
			last[j.Owner] = turn
		}
	}
	s.served = maps.Clone(last)
	return last
}
