package quote

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

const (
	// aGuess begins the basis of quotes that rest on no history.
	aGuess = "a rough guess"
	// calibrateEvery is how often past quotes are compared with their outcomes, and calibrateOver how
	// many of the newest jobs are looked at.
	calibrateEvery = time.Minute
	calibrateOver  = 200
	// calibrateLeast is how many outcomes say anything of quotes that rest on history.
	calibrateLeast = 5
	// widest bounds what is made of them.
	widest = 10.0

	// cyclesOff and otherOff are how far scenes are believed to scatter about a guess before anything was
	// rendered: standard deviations of the logarithm. The thirteen of unitSamples do by 0.83, and those of people do
	// by more; other engines were not measured.
	cyclesOff, otherOff = 0.9, 1.5
	// shiftWeight and offWeight are how many scenes' outcomes count as much as that belief: about where the middle
	// is, and about how far they scatter.
	shiftWeight, offWeight = 2.0, 3.0
	// farthest bounds what one outcome says, as the logarithm of what a guess is off.
	farthest = 4.0
)

// calibration holds quotes to what past jobs really took, whoever they were of.
type calibration struct {
	mu    sync.Mutex // guards what follows
	until time.Time
	known *known
}

// of is what is known now.
func (c *calibration) of(tx store.Tx, now time.Time) (*known, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || now.After(c.until) || c.until.Sub(now) > calibrateEvery {
		jobs, err := tx.ListJobs(store.JobQuery{Limit: calibrateOver})
		if err != nil {
			return nil, err
		}
		c.known, c.until = learn(jobs), now.Add(calibrateEvery)
	}
	return c.known, nil
}

// known is what outcomes say of quotes to come. It isn't changed once it is made.
type known struct {
	// factor widens, on a logarithmic scale, the intervals of quotes that rest on history, so that 80 % of the outcomes
	// had been inside. That is split conformal prediction (Papadopoulos et al. 2002; Lei et al., JASA 113, 2018) with the distance
	// in units of each quote's own interval as the score. It never narrows.
	factor float64
	// off are the logarithms of what guesses were off, or would have been, by kind of render: one a scene,
	// however often that was rendered, so that no tenant's retries outvote the others.
	off map[kind][]float64
}

// kind is what renders are comparable by.
type kind struct{ renderer, engine, device string }

func kindOf(r job.Recipe) kind { return kind{r.Renderer, r.Engine, r.Device} }

// learn compares jobs with their outcomes.
func learn(jobs []*store.Job) *known {
	type scene struct {
		kind
		owner, file string
	}
	var scores []float64
	scenes := make(map[scene][]float64)
	for _, j := range jobs {
		// Part of a job may be its cheap part.
		if j.RendFrames == 0 || j.RendFrames < len(j.Frames) || j.Units <= 0 {
			continue
		}
		each := j.Units / float64(j.RendFrames)
		s := scene{kindOf(j.Recipe), j.Owner, j.Recipe.MainFile}
		off := math.Log(each / guessed(j.Recipe))
		scenes[s] = append(scenes[s], min(max(off, -farthest), farthest))
		q := j.Quote
		if strings.HasPrefix(q.Basis, aGuess) || q.WorkUnits <= 0 || q.WorkUnitsHigh <= q.WorkUnits {
			continue
		}
		// In units of what the quote's interval was before it was widened.
		scores = append(scores, math.Abs(math.Log(each*float64(len(j.Frames))/q.WorkUnits))/math.Log(q.WorkUnitsHigh/q.WorkUnits)*max(q.Widened, 1))
	}
	k := &known{factor: 1, off: make(map[kind][]float64)}
	if n := len(scores); n >= calibrateLeast {
		slices.Sort(scores)
		at := min(int(math.Ceil(0.8*float64(n+1)))-1, n-1)
		k.factor = min(max(scores[at], 1), widest)
	}
	for s, list := range scenes {
		k.off[s.kind] = append(k.off[s.kind], mean(list))
	}
	return k
}

// scenes is how many scenes a guess for the recipe is corrected by.
func (k *known) scenes(r job.Recipe) int { return len(k.off[kindOf(r)]) }

// guess gives the work units of a frame of which nothing but the recipe is known, the factor of the 80 % interval around them, and
// how much wider, on a logarithmic scale, that is than it was before anything was rendered here. Outcomes are log-normal about a middle
// and with a scatter that are both believed only as far as scenes bear them out: the normal-inverse-gamma model
// (Gelman et al., Bayesian Data Analysis, 3.3), whose predictive deviation is taken for a normal one's.
func (k *known) guess(r job.Recipe) (each, spread, widened float64) {
	first := otherOff
	if r.Engine == "CYCLES" {
		first = cyclesOff
	}
	off := k.off[kindOf(r)]
	n, middle := float64(len(off)), mean(off)
	squares := offWeight * first * first
	for _, o := range off {
		squares += (o - middle) * (o - middle)
	}
	squares += middle * middle * n * shiftWeight / (n + shiftWeight)
	shift := middle * n / (n + shiftWeight)
	scatter := math.Sqrt(squares / (offWeight + n) * (1 + 1/(n+shiftWeight)))
	return guessed(r) * math.Exp(shift), math.Exp(z80 * scatter), scatter / (first * math.Sqrt(1+1/shiftWeight))
}

// guessed is the work units of a frame by pixels and samples alone.
func guessed(r job.Recipe) float64 { return frameUnits + work(r)/unitSamples }

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x / float64(len(list))
	}
	return sum
}
