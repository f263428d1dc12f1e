package quote

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
)

const (
	// guessed begins the basis of quotes that rest on no history.
	guessed = "a rough guess"
	// calibrateEvery is how often past quotes are compared with their outcomes, and calibrateOver how
	// many of the newest jobs are looked at.
	calibrateEvery = time.Minute
	calibrateOver  = 200
	// calibrateLeast is how many outcomes say anything.
	calibrateLeast = 5
	// widest bounds what is made of them.
	widest = 10.0
)

// calibration widens intervals where those of past quotes didn't hold what they promised: by the factor, on
// a logarithmic scale, with which 80 % of the outcomes had been inside. That is split conformal
// prediction (Papadopoulos et al. 2002; Lei et al., JASA 113, 2018) with the distance in units of each quote's own interval as the score. It never narrows.
type calibration struct {
	mu     sync.Mutex // guards what follows
	until  time.Time
	factor map[bool]float64 // for guesses, and for the others
}

// of is the factor for quotes with the basis.
func (c *calibration) of(tx store.Tx, basis string, now time.Time) (float64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.factor == nil || now.After(c.until) || c.until.Sub(now) > calibrateEvery {
		jobs, err := tx.ListJobs("", "", calibrateOver)
		if err != nil {
			return 0, err
		}
		c.factor, c.until = factors(jobs), now.Add(calibrateEvery)
	}
	return c.factor[isGuess(basis)], nil
}

func isGuess(basis string) bool { return strings.HasPrefix(basis, guessed) }

func factors(jobs []*store.Job) map[bool]float64 {
	scores := make(map[bool][]float64)
	for _, j := range jobs {
		q := j.Quote
		// Part of a job may be its cheap part.
		if j.RendFrames < len(j.Frames) || j.Units <= 0 || q.WorkUnits <= 0 || q.WorkUnitsHigh <= q.WorkUnits {
			continue
		}
		took := j.Units / float64(j.RendFrames) * float64(len(j.Frames))
		kind := isGuess(q.Basis)
		// In units of what the quote's interval was before it was widened.
		scores[kind] = append(scores[kind], math.Abs(math.Log(took/q.WorkUnits))/math.Log(q.WorkUnitsHigh/q.WorkUnits)*max(q.Widened, 1))
	}
	out := map[bool]float64{true: 1, false: 1}
	for kind, list := range scores {
		if n := len(list); n >= calibrateLeast {
			slices.Sort(list)
			at := min(int(math.Ceil(0.8*float64(n+1)))-1, n-1)
			out[kind] = min(max(list[at], 1), widest)
		}
	}
	return out
}
