package lease

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// A worker states its own bench score. Real frames tell whether it is true: workers of one job
// render like frames, so stated score times time a frame comes out alike for all of them. The
// times are the manager's own, from lease to commit, so a worker can't make them up either.
const (
	// paceQuorum is how many workers of a job have to have rendered before their median says anything:
	// one liar among three can't move it.
	paceQuorum = 3
	// paceLeast is the shortest task that counts, in minutes: below it, transfers are what is measured.
	paceLeast = 2.0 / 60
	// paceWeight is how much of a new finding is believed at once.
	paceWeight = 0.25
	// paceNews is the least difference, of the logarithms, that is worth writing down.
	paceNews = 0.05
	// paceLow and paceHigh bound what is made of a stated score.
	paceLow, paceHigh = 1.0 / 64, 16
	// paceJobs bounds the jobs that are remembered.
	paceJobs = 512
)

// spent is what one worker needed for one job.
type spent struct {
	tasks  int
	units  float64 // stated score times minutes
	frames int
}

func (s *spent) each() float64 { return s.units / float64(s.frames) }

// paces lives in memory: what comes out of it is kept as store.Standing.Pace. It is safe for
// concurrent use.
type paces struct {
	mu   sync.Mutex // guards what follows
	jobs map[string]map[string]*spent
	last map[string]int64 // Unix milliseconds of each worker's last commit
}

// note takes a commit down and returns what the worker's stated score has to be multiplied with to agree
// with the others of the job; false while too little is known. A worker's first task of a job is
// left out, since fetching and loading the scene are in it.
func (p *paces) note(worker fleet.Member, a *store.Attempt, frames int, now int64) (pace float64, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jobs == nil {
		p.jobs, p.last = make(map[string]map[string]*spent), make(map[string]int64)
	}
	began := a.Created
	if worker.Capabilities.Slots <= 1 {
		began = max(began, p.last[a.Worker]) // a lease that was held ahead has waited for its turn
	}
	p.last[a.Worker] = now
	crew := p.jobs[a.Job]
	if crew == nil {
		if len(p.jobs) >= paceJobs {
			clear(p.jobs) // rare, and only forgets what hasn't become a pace yet
			clear(p.last)
		}
		crew = make(map[string]*spent)
		p.jobs[a.Job] = crew
	}
	s := crew[a.Worker]
	if s == nil {
		s = &spent{}
		crew[a.Worker] = s
	}
	s.tasks++
	minutes := float64(now-began) / 60_000
	if s.tasks == 1 || frames == 0 || minutes < paceLeast || worker.Stated <= 0 {
		return 0, false
	}
	s.units += minutes * worker.Stated
	s.frames += frames
	var each []float64
	for _, o := range crew {
		if o.frames > 0 {
			each = append(each, o.each())
		}
	}
	if len(each) < paceQuorum {
		return 0, false
	}
	slices.Sort(each)
	median := each[len(each)/2]
	if len(each)%2 == 0 {
		median = math.Sqrt(median * each[len(each)/2-1])
	}
	return median / s.each(), true
}

// measure holds a worker's stated score to the task that it has just committed. The commit
// stands whatever becomes of this: it is only for estimates.
func (k *Keeper) measure(ctx context.Context, a *store.Attempt, frames int) error {
	m, ok := k.options.Fleet.Member(job.RoleWorker, a.Worker)
	if !ok {
		return nil
	}
	pace, known := k.paces.note(m, a, frames, k.options.Clock().UnixMilli())
	believed := m.Capabilities.Bench / m.Stated // 0/0 is never known
	if !known || math.Abs(math.Log(pace/believed)) < paceNews {
		return nil
	}
	var node *store.Node
	if err := k.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		node, err = tx.PutNode(a.Worker, func(n *store.Node) { n.Standing.Pace = paced(n.Standing.Pace, pace) })
		return err
	}); err != nil {
		return fmt.Errorf("record the pace of worker %s: %w", a.Worker, err)
	}
	k.options.Fleet.Pace(a.Worker, node.Standing.Pace)
	return nil
}

// paced is a standing's pace after a finding.
func paced(old, found float64) float64 {
	if old == 0 {
		old = 1
	}
	return min(max(old*math.Pow(found/old, paceWeight), paceLow), paceHigh)
}
