package fleet

import (
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
)

const (
	// cooldown keeps a node that declined from being asked at once again. After patience declines with
	// nothing taken in between it doubles with each further one, up to maxRest: fewer happen to any
	// node that is offered more than its slots at the same moment.
	cooldown = 5 * time.Second
	patience = 3
	maxRest  = 10 * time.Minute
	// calm is how long a node has to be steady for one of its unsteady moments to be forgotten.
	calm = 10 * time.Minute
	// hops is how often a node may come back within calm before it has to rest: a single lost
	// connection, or a worker that is started anew, is nothing.
	hops = 3
	// maxRests bounds the nodes whose unsteadiness is remembered.
	maxRests = 1 << 16
)

// rest remembers that a node declined, or came and went: the more often, the longer it gets
// nothing. It lives in memory, so that a manager's own start is held against nobody.
type rest struct {
	until    time.Time
	last     time.Time // the last unsteady moment
	declines int
	comes    int
	away     bool
}

// restLocked finds a node's rest and forgets what is long past.
func (f *Fleet) restLocked(k key) *rest {
	now := f.clock()
	r := f.rests[k]
	if r == nil {
		if len(f.rests) >= maxRests {
			clear(f.rests)
			for k := range f.entries {
				f.settleLocked(k)
			}
		}
		r = &rest{last: now}
		f.rests[k] = r
		f.settleLocked(k)
	}
	if quiet := int(now.Sub(r.last) / calm); quiet > 0 {
		r.declines, r.comes = max(0, r.declines-quiet), max(0, r.comes-quiet)
	}
	r.last = now
	return r
}

func (r *rest) wait(now time.Time, times int) {
	if until := now.Add(min(cooldown<<min(max(times, 1)-1, 20), maxRest)); until.After(r.until) {
		r.until = until
	}
}

func (f *Fleet) declinedLocked(k key) {
	r := f.restLocked(k)
	r.declines++
	r.wait(r.last, r.declines-patience+1)
}

func (f *Fleet) wentLocked(k key) {
	f.restLocked(k).away = true
}

// cameLocked notes a new session. The first that this process sees of a node counts for nothing.
func (f *Fleet) cameLocked(k key) {
	r := f.rests[k]
	if r == nil || !r.away {
		return
	}
	r = f.restLocked(k)
	r.away = false
	if r.comes++; r.comes > hops {
		r.wait(r.last, r.comes-hops)
	}
}

// resting says for people how long a node that was unsteady gets nothing, "" for one that doesn't rest, or only
// for the moment that every decline costs.
func (f *Fleet) resting(k key) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, now := f.rests[k], f.clock()
	if r == nil || !now.Before(r.until) || r.until.Sub(r.last) <= cooldown {
		return ""
	}
	return fmt.Sprintf("declined, or came and went, too often: it is asked again in %s", r.until.Sub(now).Round(time.Second))
}

// Proved notes that a node finished what it had taken: it counts as steady again.
func (f *Fleet) Proved(role job.Role, address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.rests[key{role, address}]; r != nil {
		r.declines, r.comes = 0, 0
	}
}
