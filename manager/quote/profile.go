package quote

import (
	"maps"
	"math"
	"slices"
)

const (
	// priorNoise is assumed of frames of which too little is known: how much one differs from what its
	// neighbours let expect, relative standard deviation. It counts as much as priorWeight frames.
	priorNoise  = 0.15
	priorWeight = 2
)

// profile is how the cost of a frame goes over a shot, by those that were rendered: relative to their
// mean, and between them along straight lines.
type profile struct {
	at    []int
	level []float64
	noise float64 // of one frame about the lines through its neighbours, relative standard deviation
	swing float64 // of all frames about their mean
}

// profileOf makes a profile of the render times of several jobs, each by frame number.
func profileOf(jobs []map[int]float64) profile {
	sums := make(map[int][2]float64)
	for _, seconds := range jobs {
		mean := 0.0
		for _, s := range seconds {
			mean += s / float64(len(seconds))
		}
		for n, s := range seconds {
			sum := sums[n]
			sums[n] = [2]float64{sum[0] + s/mean, sum[1] + 1}
		}
	}
	p := profile{at: slices.Sorted(maps.Keys(sums))}
	for _, n := range p.at {
		p.level = append(p.level, sums[n][0]/sums[n][1])
	}
	squares, weight := priorNoise*priorNoise*priorWeight, float64(priorWeight)
	for i, level := range p.level {
		p.swing += (level - 1) * (level - 1) / float64(len(p.level))
		if i == 0 || i == len(p.at)-1 {
			continue
		}
		part := float64(p.at[i]-p.at[i-1]) / float64(p.at[i+1]-p.at[i-1])
		off := level - (p.level[i-1] + part*(p.level[i+1]-p.level[i-1]))
		// Its neighbours are as noisy as it is.
		squares += off * off / (1 + part*part + (1-part)*(1-part))
		weight++
	}
	p.noise, p.swing = math.Sqrt(squares/weight), math.Sqrt(p.swing)
	return p
}

// over is the mean level of some frames, and the relative standard deviation of that.
func (p profile) over(frames []int) (level, off float64) {
	if len(p.at) == 0 || len(frames) == 0 {
		return 1, p.noise / math.Sqrt(float64(max(len(frames), 1)))
	}
	sum, outside, known := 0.0, 0, 0
	for _, n := range frames {
		i, exact := slices.BinarySearch(p.at, n)
		switch {
		case exact:
			sum += p.level[i]
			known++
		case i == 0:
			sum += p.level[0]
			outside++
		case i == len(p.at):
			sum += p.level[i-1]
			outside++
		default:
			part := float64(n-p.at[i-1]) / float64(p.at[i]-p.at[i-1])
			sum += p.level[i-1] + part*(p.level[i]-p.level[i-1])
		}
	}
	n := float64(len(frames))
	level = sum / n
	// Frames between the same two known ones are off together, those beyond the last known one all together.
	between := p.noise * (1 - float64(known+outside)/n) / math.Sqrt(float64(max(len(p.at)-1, 1)))
	beyond := p.swing * float64(outside) / n
	each := p.noise / math.Sqrt(n)
	return level, math.Sqrt(between*between + beyond*beyond + each*each)
}
