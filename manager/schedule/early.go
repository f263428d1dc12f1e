package schedule

import (
	"cmp"
	"slices"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/store"
)

// Early is a task that a worker holds beside what it renders.
type Early struct {
	Job, Task string
	holding   lease.Holding
}

// HeldEarly lists, newest first, what workers that suit a job hold without rendering it yet: they render in the order in which they
// took their tasks, as many at once as they have slots. What is rendered whole waits only for its upload and takes none.
func HeldEarly(held map[string][]lease.Holding, workers []fleet.Member, j *store.Job) []Early {
	slots := make(map[string]int)
	for _, w := range workers {
		if Suits(w, j) == "" {
			slots[w.Address] = max(w.Capabilities.Slots, 1)
		}
	}
	var all, early []Early
	for id, list := range held {
		for _, h := range list {
			if h.Done < h.Frames {
				all = append(all, Early{id, h.Task, h})
			}
		}
	}
	slices.SortFunc(all, func(a, b Early) int {
		return cmp.Or(a.holding.Since.Compare(b.holding.Since), cmp.Compare(a.Task, b.Task))
	})
	for _, e := range all {
		left, suits := slots[e.holding.Worker]
		switch {
		case !suits:
		case left > 0:
			slots[e.holding.Worker]--
		case e.holding.Done == 0 && e.holding.Copies <= 1:
			early = append(early, e)
		}
	}
	slices.Reverse(early)
	return early
}
