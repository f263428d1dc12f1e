package quote

import (
	"fmt"
	"math"

	"github.com/heliostat-render/heliostat/manager/store"
)

const (
	// z80 is how many standard deviations of a normal distribution hold 80 % of it.
	z80 = 1.2816
	// between is how much two jobs of the same scene differ for reasons that the figures don't
	// show: other machines, other load. What a network adds to it is learned, see calibration.go.
	between = 0.10
	// edited is the same where the scene was changed since.
	edited = 0.30
	// maxEarlier bounds the earlier jobs that are looked at, and maxSampled the frames of each.
	maxEarlier = 200
	maxSampled = 200
	// maxCompared bounds the packages that are compared with the job's: each submission has one of its own,
	// though nothing was changed.
	maxCompared = 16
	// fixedShare is assumed of a frame's cost to be the same whatever its samples.
	fixedShare = 0.1
	// leastSeconds is what a frame takes at least: far smaller numbers have no square, and a worker says what it likes.
	leastSeconds = 1e-3
	// apart is by what factor the work of two jobs has to differ for a line through both.
	apart = 1.5
)

// point is what an earlier job of a scene tells: work units of a frame at an amount of work.
type point struct {
	job     *store.Job
	work    float64
	units   float64
	frames  int
	seconds map[int]float64 // render times of some of its frames
	off     float64         // relative error of units, standard deviation
}

// estimate gives the work units of one frame, the factor of the 80 % interval around them
// and what they rest on. Without any history that is a guess, and the factor is 0.
func estimate(tx store.Tx, j *store.Job) (each, spread float64, basis string, err error) {
	points, same, err := history(tx, j)
	if err != nil {
		return 0, 0, "", err
	}
	r := j.Recipe
	if len(points) == 0 {
		return guessed(r), 0, fmt.Sprintf("%s from %d×%d pixels and %s; nothing of this scene has been rendered yet", aGuess, r.Width, r.Height, count(samples(r), "sample")), nil
	}
	n := 0
	times := make([]map[int]float64, len(points))
	for i, p := range points {
		n += p.frames
		times[i] = p.seconds
	}
	shot := profileOf(times)
	for i := range points {
		points[i].off = math.Hypot(between, shot.noise/math.Sqrt(float64(points[i].frames)))
	}
	each, off := predict(points, work(r))
	level, doubt := shot.over(j.Frames)
	drift := between
	if !same {
		drift = edited
	}
	spread = math.Exp(z80 * math.Sqrt(off*off+doubt*doubt+drift*drift))
	basis = fmt.Sprintf("%s of this scene rendered before, in job %s", count(n, "frame"), points[0].job.ID)
	if len(points) > 1 {
		basis += fmt.Sprintf(" and %d more", len(points)-1)
	}
	if !same {
		basis += "; the scene was edited since"
	}
	return max(each*level, leastUnits), spread, basis, nil
}

// history collects the artist's earlier jobs of the same scene, newest first: those of the same
// content where there are any, which same tells.
func history(tx store.Tx, j *store.Job) (points []point, same bool, err error) {
	earlier, err := tx.ListJobs(store.JobQuery{Owner: j.Owner, Limit: maxEarlier})
	if err != nil {
		return nil, false, err
	}
	r := j.Recipe
	var exact, older []point
	compared := map[string]bool{j.Package: true}
	for _, e := range earlier {
		p := e.Recipe
		if e.RendFrames == 0 || e.Units <= 0 || p.MainFile != r.MainFile || p.Renderer != r.Renderer || p.Engine != r.Engine || p.Device != r.Device {
			continue
		}
		at := point{job: e, work: work(p), units: max(e.Units/float64(e.RendFrames), leastUnits), frames: e.RendFrames}
		alike, known := compared[e.Package]
		if !known && len(compared) <= maxCompared {
			if alike, err = tx.SameChunks(e.Package, j.Package); err != nil {
				return nil, false, err
			}
			compared[e.Package] = alike
		}
		if alike {
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
		if points[i].seconds, err = timed(tx, points[i].job); err != nil {
			return nil, false, err
		}
	}
	return points, same, nil
}

// timed reads the render times of a job's frames, of some of them where it has many.
func timed(tx store.Tx, j *store.Job) (map[int]float64, error) {
	step := max(1, len(j.Frames)/maxSampled)
	var numbers []int
	for i := 0; i < len(j.Frames); i += step {
		numbers = append(numbers, j.Frames[i])
	}
	frames, err := tx.FrameSet(j.ID, numbers)
	if err != nil {
		return nil, err
	}
	seconds := make(map[int]float64, len(frames))
	for _, f := range frames {
		if f.Seconds > 0 {
			seconds[f.Number] = max(f.Seconds, leastSeconds)
		}
	}
	return seconds, nil
}

// predict gives the units of a frame at an amount of work, and their relative standard deviation.
// A frame costs a fixed part (synchronising, denoising, writing) and one that grows
// with pixels and samples: where jobs at two amounts are known, both follow from the weighted
// least squares line through them, whose error grows with the distance; where only one is, the fixed part is taken to be fixedShare of the
// heavier of the two.
func predict(points []point, w float64) (units, off float64) {
	least, most := math.Inf(1), 0.0
	var sw, sx, sy, sxx, sxy float64
	for _, p := range points {
		least, most = min(least, p.work), max(most, p.work)
		weight := 1 / (p.units * p.units * p.off * p.off) // errors grow with the value
		sw += weight
		sx += weight * p.work
		sy += weight * p.units
		sxx += weight * p.work * p.work
		sxy += weight * p.work * p.units
	}
	// Beyond what is known, a part of the logarithm of the distance is doubt.
	beyond := max(0, math.Log(w/most), math.Log(least/w))
	if det := sw*sxx - sx*sx; most > apart*least && det > 0 {
		slope := (sw*sxy - sx*sy) / det
		fixed := (sy - slope*sx) / sw
		variance := (sxx - 2*w*sx + w*w*sw) / det
		switch {
		case fixed < 0:
			fixed, slope, variance = 0, sxy/sxx, w*w/sxx
		case slope < 0:
			fixed, slope, variance = sy/sw, 0, 1/sw
		}
		units = fixed + slope*w
		return units, math.Hypot(math.Sqrt(variance)/units, 0.05*beyond)
	}
	mean := sy / sw
	off = 1 / (math.Sqrt(sw) * mean)
	ratio := w * sw / sx
	if ratio < 1 {
		return mean * (fixedShare + (1-fixedShare)*ratio), math.Hypot(off, 0.12*beyond)
	}
	return mean / (fixedShare + (1-fixedShare)/ratio), math.Hypot(off, 0.20*beyond)
}

// Narrow estimates a job anew once some of its frames are rendered, such as its scouts, whose
// render times in seconds are given by their numbers: the work units of all its frames and their 80 % interval. The price
// per frame and the ceiling stay what was agreed.
func Narrow(j *store.Job, seconds map[int]float64) (units, low, high float64) {
	if j.RendFrames == 0 || len(seconds) == 0 {
		return j.Quote.WorkUnits, j.Quote.WorkUnitsLow, j.Quote.WorkUnitsHigh
	}
	shot := profileOf([]map[int]float64{seconds})
	level, doubt := shot.over(j.Frames)
	units = j.Units / float64(j.RendFrames) * level * float64(len(j.Frames))
	spread := math.Exp(z80 * math.Sqrt(doubt*doubt+shot.noise*shot.noise/float64(len(seconds))+between*between/4))
	return units, units / spread, units * spread
}

// count writes a number of things.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Units writes work units for people.
func Units(n float64) string {
	if n >= 100 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.3g", n)
}
