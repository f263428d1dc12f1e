package quote

import (
	"fmt"
	"math"

	"github.com/heliostat-render/heliostat/manager/store"
)

const (
	// guess is the factor of the interval around an estimate that rests on nothing but pixels and samples.
	guess = 4.0
	// z80 is how many standard deviations of a normal distribution hold 80 % of it.
	z80 = 1.2816
	// between is how much two jobs of the same scene differ for reasons that the figures don't
	// show: other machines, other load.
	between = 0.10
	// edited is the same where the scene was changed since.
	edited = 0.40
	// newScatter is assumed of the frames of a job that kept no times: standard deviation over mean.
	newScatter = 0.3
	// maxEarlier bounds the earlier jobs that are looked at, and maxSampled the frames of each.
	maxEarlier = 200
	maxSampled = 200
	// fixedShare is assumed of a frame's cost to be the same whatever its samples.
	fixedShare = 0.1
	// apart is by what factor the work of two jobs has to differ for a line through both.
	apart = 1.5
)

// point is what an earlier job of a scene tells: work units of a frame at an amount of work.
type point struct {
	job     *store.Job
	work    float64
	units   float64
	frames  int
	scatter float64 // of the frames, standard deviation over mean
}

// estimate gives the work units of one frame, the factor of the 80 % interval around them
// and what they rest on.
func estimate(tx store.Tx, j *store.Job) (each, spread float64, basis string, err error) {
	points, same, err := history(tx, j)
	if err != nil {
		return 0, 0, "", err
	}
	r := j.Recipe
	if len(points) == 0 {
		return max(work(r)/unitSamples, frameUnits), guess, fmt.Sprintf("a rough guess from %d×%d pixels and %d samples; nothing of this scene has been rendered yet", r.Width, r.Height, samples(r)), nil
	}
	each, off := predict(points, work(r))
	n, scatter := 0, 0.0
	for _, p := range points {
		n += p.frames
		scatter += float64(p.frames) * p.scatter
	}
	scatter /= float64(n)
	drift := between
	if !same {
		drift = edited
	}
	// The error of a mean of n frames, of the mean of those to come, and what no figure shows.
	spread = 1 + z80*scatter*math.Sqrt(1/float64(n)+1/float64(len(j.Frames))) + drift + off
	basis = fmt.Sprintf("%d frames of this scene rendered before, in job %s", n, points[0].job.ID)
	if len(points) > 1 {
		basis += fmt.Sprintf(" and %d more", len(points)-1)
	}
	if !same {
		basis += "; the scene was edited since"
	}
	return max(each, frameUnits), spread, basis, nil
}

// history collects the artist's earlier jobs of the same scene, newest first: those of the very
// package where there are any, which same tells.
func history(tx store.Tx, j *store.Job) (points []point, same bool, err error) {
	earlier, err := tx.ListJobs(j.Owner, "", maxEarlier)
	if err != nil {
		return nil, false, err
	}
	r := j.Recipe
	var exact, older []point
	for _, e := range earlier {
		p := e.Recipe
		if e.RendFrames == 0 || e.Units <= 0 || p.MainFile != r.MainFile || p.Renderer != r.Renderer || p.Engine != r.Engine || p.Device != r.Device {
			continue
		}
		at := point{job: e, work: work(p), units: e.Units / float64(e.RendFrames), frames: e.RendFrames}
		if e.Package == j.Package {
			exact = append(exact, at)
		} else if len(older) == 0 { // the newest state of the scene that is known
			older = append(older, at)
		}
		if len(exact) == 8 {
			break
		}
	}
	points, same = older, len(exact) > 0
	if same {
		points = exact
	}
	for i := range points {
		if points[i].scatter, err = scattered(tx, points[i].job); err != nil {
			return nil, false, err
		}
	}
	return points, same, nil
}

// scattered is how much the render times of a job's frames differ: standard deviation over mean.
func scattered(tx store.Tx, j *store.Job) (float64, error) {
	step := max(1, len(j.Frames)/maxSampled)
	var numbers []int
	for i := 0; i < len(j.Frames); i += step {
		numbers = append(numbers, j.Frames[i])
	}
	frames, err := tx.FrameSet(j.ID, numbers)
	if err != nil {
		return 0, err
	}
	var seconds []float64
	for _, f := range frames {
		if f.Seconds > 0 {
			seconds = append(seconds, f.Seconds)
		}
	}
	if len(seconds) < 2 {
		return newScatter, nil
	}
	return scatter(seconds), nil
}

func scatter(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	mean, squares := sum/float64(len(values)), 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	if mean <= 0 || len(values) < 2 {
		return 0
	}
	return math.Sqrt(squares/float64(len(values)-1)) / mean
}

// predict gives the units of a frame at an amount of work, and how far off that may be because it
// was rendered at another. A frame costs a fixed part (synchronising, denoising, writing) and one that grows
// with pixels and samples: where jobs at two amounts are known, both follow from the weighted
// least squares line through them; where only one is, the fixed part is taken to be fixedShare of the
// heavier of the two.
func predict(points []point, w float64) (units, off float64) {
	least, most := math.Inf(1), 0.0
	var sw, sx, sy, sxx, sxy float64
	for _, p := range points {
		least, most = min(least, p.work), max(most, p.work)
		weight := float64(p.frames) / (p.units * p.units) // errors grow with the value
		sw += weight
		sx += weight * p.work
		sy += weight * p.units
		sxx += weight * p.work * p.work
		sxy += weight * p.work * p.units
	}
	// Beyond what is known, half of the logarithm of the distance is doubt.
	beyond := max(0, math.Log(w/most), math.Log(least/w))
	if det := sw*sxx - sx*sx; most > apart*least && det > 0 {
		slope := max(0, (sw*sxy-sx*sy)/det)
		fixed := (sy - slope*sx) / sw
		if fixed < 0 {
			fixed, slope = 0, sxy/sxx
		}
		return fixed + slope*w, 0.05 * beyond
	}
	mean := sy / sw
	ratio := w * sw / sx
	if ratio < 1 {
		return mean * (fixedShare + (1-fixedShare)*ratio), 0.15 * beyond
	}
	return mean / (fixedShare + (1-fixedShare)/ratio), 0.25 * beyond
}

// Narrow estimates a job anew once some of its frames are rendered, such as its scouts, whose
// render times in seconds are given: the work units of all its frames and their 80 % interval. The price
// per frame and the ceiling stay what was agreed.
func Narrow(j *store.Job, seconds []float64) (units, low, high float64) {
	if j.RendFrames == 0 || len(seconds) == 0 {
		return j.Quote.WorkUnits, j.Quote.WorkUnitsLow, j.Quote.WorkUnitsHigh
	}
	all := float64(len(j.Frames))
	units = j.Units / float64(j.RendFrames) * all
	off := newScatter
	if len(seconds) > 1 {
		off = scatter(seconds)
	}
	n := float64(len(seconds))
	spread := 1 + student80(len(seconds)-1)*off*math.Sqrt(1/n+1/all) + between/2
	return units, units / spread, units * spread
}

// student80 is the 90 % quantile of Student's t distribution, which leaves 80 % between its signs, by degrees of
// freedom.
func student80(freedom int) float64 {
	table := []float64{3.078, 3.078, 1.886, 1.638, 1.533, 1.476}
	if freedom < len(table) {
		return table[max(freedom, 0)]
	}
	return 1.44
}

// Units writes work units for people.
func Units(n float64) string {
	if n >= 100 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.3g", n)
}
