package quote

import (
	"cmp"
	"maps"
	"slices"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

const (
	// startOff is how much what a first frame takes beyond the others differs from start to start, relative standard deviation.
	startOff = 0.3
	// startLeast is from which part of a frame on a first frame's excess counts: less is as well noise.
	startLeast = priorNoise
)

// Rendered are render times of a job's frames, in seconds, by frame number. A worker's first frame of a job takes
// longer than it would later: the renderer reads textures, builds the scene and loads its kernels once.
type Rendered struct {
	seconds map[int]float64
	first   map[int]bool // of some worker
}

// RenderedOf are those of frames that say how long they took, and by which attempt of whom.
func RenderedOf(frames []*job.Frame) Rendered {
	r := Rendered{seconds: make(map[int]float64, len(frames)), first: make(map[int]bool)}
	firsts := make(map[string]*job.Frame)
	for _, f := range frames {
		if f.Seconds <= 0 {
			continue
		}
		r.seconds[f.Number] = max(f.Seconds, leastSeconds)
		if f.Worker == "" || f.Attempt == "" {
			continue
		}
		if was := firsts[f.Worker]; was == nil || cmp.Or(cmp.Compare(store.Made(f.Attempt), store.Made(was.Attempt)), cmp.Compare(f.Number, was.Number)) < 0 {
			firsts[f.Worker] = f
		}
	}
	for _, f := range firsts {
		r.first[f.Number] = true
	}
	return r
}

// start is what workers took for their first frames beyond what those take later.
type start struct {
	seconds float64 // of one start
	n       int     // starts that it is the mean of; 0 where nothing is known of it
}

// later are the render times of frames without the first ones, which say little of the rest, and what those took more. Where nothing but first
// frames is known, or they took no more, all stay.
func (r Rendered) later() (map[int]float64, start) {
	warm := maps.Clone(r.seconds)
	maps.DeleteFunc(warm, func(n int, _ float64) bool { return r.first[n] })
	if len(warm) == 0 || len(r.first) == 0 {
		return r.seconds, start{}
	}
	known := slices.Sorted(maps.Keys(warm))
	s, usual := start{n: len(r.first)}, 0.0
	for n := range r.first {
		expected := beside(known, warm, n)
		s.seconds += (r.seconds[n] - expected) / float64(s.n)
		usual += expected / float64(s.n)
	}
	if s.seconds < startLeast*usual {
		return r.seconds, start{n: s.n}
	}
	return warm, s
}

// beside is what frame n takes by those of the ascending known beside it: on a line between two, beyond them as the last.
func beside(known []int, seconds map[int]float64, n int) float64 {
	i, _ := slices.BinarySearch(known, n)
	switch {
	case i == 0:
		return seconds[known[0]]
	case i == len(known):
		return seconds[known[i-1]]
	}
	part := float64(n-known[i-1]) / float64(known[i]-known[i-1])
	return seconds[known[i-1]] + part*(seconds[known[i]]-seconds[known[i-1]])
}

func meanOf(seconds map[int]float64) (m float64) {
	for _, s := range seconds {
		m += s / float64(len(seconds))
	}
	return m
}
