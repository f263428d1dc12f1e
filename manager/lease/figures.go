package lease

import (
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// clocks is how much the clocks of two managers of one database may differ.
const clocks = 5 * time.Second

// believed is what is taken of a worker's own render times in seconds, and their sum: they price the artist's next job of the
// scene, so that a worker which exaggerates would be paid for it from then on. It can't have rendered for longer than it held
// the lease.
func believed(a *store.Attempt, frames []int, stats []wire.FrameStats, now int64) (seconds map[int]float64, sum float64) {
	seconds = make(map[int]float64)
	for _, s := range stats {
		if s.Seconds >= 1e-6 && s.Seconds < 1e7 && slices.Contains(frames, s.Frame) && seconds[s.Frame] == 0 {
			seconds[s.Frame] = s.Seconds
			sum += s.Seconds
		}
	}
	most := (time.Duration(max(now-a.Created, 0))*time.Millisecond + clocks).Seconds()
	if sum <= most {
		return seconds, sum
	}
	for f := range seconds {
		seconds[f] *= most / sum
	}
	return seconds, most
}

// count adds a worker's own figures to the job's, for estimates.
func (k *Keeper) count(tx store.Tx, a *store.Attempt, seconds float64, frames int) error {
	bench := 0.0
	if m, ok := k.options.Fleet.Member(job.RoleWorker, a.Worker); ok {
		bench = m.Capabilities.Bench
	}
	_, err := tx.EditJob(a.Job, func(j *store.Job) {
		j.Seconds += seconds
		j.Units += seconds / 60 * bench
		j.RendFrames += frames
	})
	return err
}
