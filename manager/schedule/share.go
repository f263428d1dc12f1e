package schedule

import (
	"cmp"
	"maps"
	"slices"

	"github.com/heliostat-render/heliostat/manager/store"
)

// Shares is what the owners of jobs have. Who has less comes first, and of those who have the same, who was served
// longest ago: where there are more owners than workers, all have nothing whenever a worker becomes free.
type Shares struct {
	Held map[string]int    // tasks that are leased
	Last map[string]uint64 // the turn in which an owner was given its last task; 0 is never
}

// Turn is what decides when something that waits is served.
type Turn struct {
	Owner   string
	Rush    bool  // an operator puts it before everybody's
	Created int64 // breaks ties
}

// InTurn orders what waits about as it will be served: what is rushed first, then each owner's first before anybody's second, those of
// several owners by what they have and who was served longest ago. An owner's own stay in the
// order in which they are given, rushed ones first.
func InTurn[T any](list []T, share Shares, of func(T) Turn) []T {
	type place struct {
		of   Turn
		turn int
		what T
	}
	places := make([]place, len(list))
	for i, what := range list {
		places[i] = place{of: of(what), what: what}
	}
	tier := func(p place) int {
		if p.of.Rush {
			return 0
		}
		return 1
	}
	seen := make(map[string]int)
	for i := range places {
		p := &places[i]
		p.turn = share.Held[p.of.Owner] + seen[p.of.Owner]
		seen[p.of.Owner]++
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(tier(a), tier(b)), cmp.Compare(a.turn, b.turn), cmp.Compare(share.Last[a.of.Owner], share.Last[b.of.Owner]), cmp.Compare(a.of.Created, b.of.Created))
	})
	out := make([]T, len(places))
	for i, p := range places {
		out[i] = p.what
	}
	return out
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
