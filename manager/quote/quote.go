// Package quote prices a job before it runs: work units, time, price per frame and a
// ceiling. It estimates from the history of the same scene (a probe of a few frames at reduced samples is history too) where there is one, else from resolution
// and samples, and says in Quote.Basis on what the figures rest. What artist and worker get is fixed by
// the quote, never by a worker's clock.
//
// Where nothing is known of a scene, the quote is a guess by pixels and samples, as far off as guesses on this
// network really were (calibration.go).
//
// It is not the place for escrow (manager/settle) or for choosing workers (manager/schedule).
//
// Receives: draft jobs from manager/intake.
// Hands on: quotes to the artist.
package quote

import (
	"fmt"
	"math"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	// unitSamples is how many pixel samples of a middling Cycles scene the reference GPU
	// renders in a minute. Of the scene of the bench score (workerapp/bench), which defines the unit, it renders 5.6e9; of
	// thirteen others (flat shapes, glass, textures, much geometry, fog, hair) a sample cost 0.1 to 3.5 times
	// as much CPU, half of them more than 1.2 times, and what people render is heavier than what tests do.
	unitSamples = 5.6e9 / 1.5
	// frameUnits is what a frame is guessed to cost besides its samples: synchronising, writing. Those
	// scenes took 0 to 0.35 s of a core for it, 120 of which are the reference GPU, and the files come on top.
	frameUnits = 0.3 / (120 * 60)
	// leastUnits is the least that an estimate by what was rendered comes to.
	leastUnits = 1e-7
	// newBench is assumed of a worker that hasn't measured itself: two CPU cores.
	newBench = 0.2
	// starting is what a job takes besides its frames, in seconds: a worker loads the scene, the last check follows.
	starting = 5
	// margin is what the ceiling has above the price.
	margin = 1.10
	// life is how long a quote is good.
	life = time.Hour

	minFrame  job.Amount = 1000 // a thousandth of a token: below it a payout costs more than it is worth
	minVerify job.Amount = 200
)

// Quoter prices jobs. It is safe for concurrent use.
type Quoter struct {
	Fleet *fleet.Fleet
	Unit  job.Amount // market price of one work unit
	Clock func() time.Time
	// Target is how long a task is meant to take a worker: a short job is one worker's, however many there are. 0 is as long as it takes.
	Target time.Duration

	calibration calibration
}

// Quote prices the job from what the transaction shows.
func (q *Quoter) Quote(tx store.Tx, j *store.Job) (job.Quote, error) {
	bench, workers, slots := 0.0, 0, 0
	var floor job.Amount = math.MaxInt64
	for _, m := range q.Fleet.Everywhere(job.RoleWorker) {
		if fleet.Unfit(m, &j.Job) != "" {
			continue
		}
		workers++
		slots += max(m.Capabilities.Slots, 1)
		bench += benchOf(m.Capabilities)
		floor = min(floor, m.Capabilities.Floor)
	}
	each, spread, basis, err := estimate(tx, j, func(each float64) int {
		if q.Target <= 0 || slots == 0 {
			return 1
		}
		tasks := math.Ceil(each * float64(len(j.Frames)) * 60 / (bench / float64(slots)) / q.Target.Seconds())
		return int(max(min(tasks, float64(slots), float64(len(j.Frames))), 1))
	})
	if err != nil {
		return job.Quote{}, fmt.Errorf("price job %s: %w", j.ID, err)
	}
	known, err := q.calibration.of(tx, q.Clock())
	if err != nil {
		return job.Quote{}, fmt.Errorf("compare past quotes with their outcomes: %w", err)
	}
	widened := known.factor
	if spread == 0 {
		each, spread, widened = known.guess(j.Recipe)
		if n := known.scenes(j.Recipe); n > 0 {
			basis += fmt.Sprintf("; corrected by what %s really took here", count(n, "scene"))
		}
	} else {
		spread = math.Pow(spread, widened)
	}
	n := float64(len(j.Frames))
	unit := q.Unit
	if workers == 0 {
		bench, workers = newBench, 1
		basis += fmt.Sprintf("; no connected worker has %s %s with %s and what else the job asks for now, so the time assumes one of middling speed", j.Recipe.Renderer, j.Recipe.Version, j.Recipe.Engine)
	} else {
		unit = max(unit, floor)
		basis += fmt.Sprintf("; time for the %s that can render it", count(workers, "connected worker"))
	}
	if most := each * float64(unit) * n * 1.2; !(most <= math.MaxInt64/4) { // nor what isn't a number
		return job.Quote{}, &wire.Error{Code: wire.CodeLimit, Message: fmt.Sprintf("%d frames of %s work units each cost more than can be paid", len(j.Frames), Units(each)), Next: "lower samples, resolution or frames"}
	}
	perFrame := max(job.Amount(math.Ceil(each*float64(unit))), minFrame)
	verify := max(perFrame/10, minVerify)
	price := (perFrame + verify) * job.Amount(len(j.Frames))
	return job.Quote{
		ID: store.NewID("q"), Job: j.ID,
		WorkUnits: each * n, WorkUnitsLow: each * n / spread, WorkUnitsHigh: each * n * spread,
		// Workers finish together at best; the slowest task of each is waited for.
		Seconds:  starting + each*n/bench*60 + each*60/(bench/float64(workers)),
		PerFrame: perFrame, VerifyFee: verify, Price: price, Ceiling: job.Amount(math.Ceil(float64(price) * margin)),
		Basis: basis, Widened: widened, Expires: q.Clock().Add(life).Unix(),
	}, nil
}

// Bench is the score of one slot of a worker, in work units per minute; one that hasn't measured
// itself counts as two CPU cores.
func Bench(c job.Capabilities) float64 {
	if c.Bench > 0 {
		return c.Bench
	}
	return newBench
}

// benchOf is the score of the whole node.
func benchOf(c job.Capabilities) float64 { return Bench(c) * float64(max(c.Slots, 1)) }

// Seconds estimates one frame on a worker of the fleet, for the size of tasks, and the least
// that it may take: close to the estimate where the scene was rendered before, far below it
// where the quote is a guess.
func (q *Quoter) Seconds(j *store.Job) (seconds, least float64) {
	sum, n := 0.0, 0
	for _, m := range q.Fleet.Everywhere(job.RoleWorker) {
		if fleet.Unfit(m, &j.Job) == "" {
			sum += Bench(m.Capabilities)
			n++
		}
	}
	if n == 0 {
		sum, n = newBench, 1
	}
	unit := 60 / (sum / float64(n)) / float64(max(len(j.Frames), 1))
	return j.Quote.WorkUnits * unit, j.Quote.WorkUnitsLow * unit
}

// FrameSeconds is how long one of a job's frames takes a slot of the given bench score, by those
// that are rendered, before there are any by the quote; 0 while unknown.
func FrameSeconds(j *store.Job, bench float64) float64 {
	switch {
	case j.RendFrames > 0 && j.Units > 0 && bench > 0:
		return j.Units / float64(j.RendFrames) * 60 / bench
	case j.RendFrames > 0:
		return j.Seconds / float64(j.RendFrames)
	case len(j.Frames) > 0 && bench > 0:
		return j.Quote.WorkUnits / float64(len(j.Frames)) * 60 / bench
	}
	return 0
}

// FrameSecondsAtMost is FrameSeconds as far as the quote's interval goes, where nothing of the job is rendered yet.
func FrameSecondsAtMost(j *store.Job, bench float64) float64 {
	seconds := FrameSeconds(j, bench)
	if j.RendFrames == 0 && j.Quote.WorkUnits > 0 && j.Quote.WorkUnitsHigh > j.Quote.WorkUnits {
		seconds *= j.Quote.WorkUnitsHigh / j.Quote.WorkUnits
	}
	return seconds
}

// work is proportional to the rendering of one frame: pixels times samples.
func work(r job.Recipe) float64 {
	w := float64(r.Width) * float64(r.Height) * float64(samples(r))
	if r.Engine != "CYCLES" {
		w /= 10 // rasterised
	}
	return w
}

func samples(r job.Recipe) int {
	switch {
	case r.Samples > 0:
		return r.Samples
	case r.Engine == "CYCLES":
		return 128
	}
	return 64
}
