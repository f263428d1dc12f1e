package intake

import (
	"math"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
)

const (
	// maxTaskFrames bounds a task, and maxTaskTiles the tiles of its frames, whose
	// commitments have to fit into one message.
	maxTaskFrames = 64
	maxTaskTiles  = 1 << 20
	// rounds is how many tasks each worker gets at least, so that the fast ones take
	// over from the slow ones and all end together. More would cost a verifier that shares
	// a worker's machine: a check needs its sixteen tiles however few frames the task has.
	rounds = 2
	// apartRounds is the same where somebody else verifies, so that the checks of early tasks
	// run beside the rendering of later ones and only a short one is left at the end.
	apartRounds = 3
	// amortised is what a task should take so that fetching, loading the scene and the check's
	// tiles don't count.
	amortised = 8 * time.Second
	// smallest is the least share of a worker's part of a job that a task gets at its end.
	smallest = 1.0 / 8
	// slowest is the least share of the network's speed, times the number of workers, that is
	// considered: a worker that is slower still doesn't make everybody's tasks small, it is
	// overtaken by a copy.
	slowest = 1.0 / 4
	// scouts is how many frames are looked at before a job is released.
	scouts = 3
)

// Sizing is what the size of a job's tasks follows from.
type Sizing struct {
	Seconds float64 // estimate of one frame on one worker; 0 while unknown
	Least   float64 // what it takes at least
	Workers int     // slots that can render it now
	Slowest float64 // the slowest slot's share of the speed of all, 0 for equal ones
	Apart   bool    // a verifier is there that is none of the workers
	Target  time.Duration
}

// sizing looks at who is connected.
func (in *Intake) sizing(j *store.Job) Sizing {
	nodes := in.options.Quoter.Fleet
	z := Sizing{Target: in.options.Target}
	z.Seconds, z.Least = in.options.Quoter.Seconds(j)
	speed, least := 0.0, 0.0
	for _, w := range nodes.Eligible(&j.Job) {
		n, bench := max(w.Capabilities.Slots, 1), quote.Bench(w.Capabilities)
		z.Workers += n
		speed += float64(n) * bench
		if least == 0 || bench < least {
			least = bench
		}
	}
	if speed > 0 {
		z.Slowest = least / speed
	}
	workers := nodes.Everywhere(job.RoleWorker)
	for _, v := range nodes.Everywhere(job.RoleVerifier) {
		renders := slices.ContainsFunc(workers, func(w fleet.Member) bool { return w.Address == v.Address })
		z.Apart = z.Apart || !renders && v.Paused == "" && fleet.Verifies(v.Capabilities, &j.Job)
	}
	return z
}

// Split cuts a job into tasks of neighbouring frames: long enough that loading the scene
// doesn't count, short enough that all workers end at about the same time, and the scout frames
// before them, each by itself.
func Split(j *store.Job, z Sizing) []*job.Task {
	if j.Tiles > 1 {
		return splitStills(j)
	}
	var tasks []*job.Task
	add := func(frames []int, scout bool) {
		tasks = append(tasks, &job.Task{ID: store.NewID("t"), Job: j.ID, Index: len(tasks), State: job.TaskWaiting, Frames: frames, Scout: scout})
	}
	frames := j.Frames
	if j.Scout && len(frames) > scouts {
		n := len(frames)
		for _, i := range []int{0, n / 2, n - 1} {
			add(frames[i:i+1:i+1], true)
		}
		frames = append(slices.Clone(frames[1:n/2]), frames[n/2+1:n-1]...)
	}
	most := maxTaskFrames
	if z.Seconds > 0 {
		most = int(min(z.Target.Seconds()/z.Seconds, maxTaskFrames))
	}
	if tiles := proof.TileCount(j.Recipe.Width, j.Recipe.Height); tiles > 0 {
		most = min(most, maxTaskTiles/tiles)
	}
	for _, size := range z.sizes(len(frames), max(most, 1)) {
		add(frames[:size:size], false)
		frames = frames[size:]
	}
	return tasks
}

// sizes cuts n frames into tasks of at most so many. Each batch of as many tasks as there are
// workers takes the same share of what is left, so that the tasks shrink towards the end and a slow
// worker's last one is short: Hummel, Schonberg and Flynn's factoring (CACM 35(8), 1992), with the
// share reckoned for the slowest worker.
func (z Sizing) sizes(n, most int) []int {
	workers := max(z.Workers, 1)
	part := float64(n) / float64(workers) // of one worker, if all were alike
	share, least := z.shares(part)
	var sizes []int
	for left := n; left > 0; {
		size := min(max(int(float64(left)*share), least, 1), most)
		if workers == 1 {
			size = min(max(int(float64(n)*share), 1), most) // nobody to wait for
		}
		for range workers {
			if left == 0 {
				break
			}
			take := min(size, left)
			sizes = append(sizes, take)
			left -= take
		}
	}
	return sizes
}

// shares gives what of the remaining frames a task gets, and the least size of a task.
func (z Sizing) shares(part float64) (share float64, least int) {
	workers := float64(max(z.Workers, 1))
	slow := 1 / workers
	if z.Slowest > 0 {
		slow = min(slow, max(z.Slowest, slowest/workers))
	}
	share = slow / rounds
	if z.Apart && math.Floor(part*workers*slow/apartRounds)*z.Least >= amortised.Seconds() {
		share = slow / apartRounds
	}
	least = int(part * smallest)
	if z.Least > 0 {
		least = max(least, int(math.Ceil(amortised.Seconds()/z.Least)))
	} else {
		least = int(part * workers * share) // nothing is known of the frames: don't go below the first size
	}
	return share, min(least, int(part*workers*share))
}
