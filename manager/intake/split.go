package intake

import (
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
)

const (
	// maxTaskFrames bounds a task, and maxTaskTiles the tiles of its frames, whose
	// commitments have to fit into one message.
	maxTaskFrames = 64
	maxTaskTiles  = 1 << 20
	// rounds is how many tasks each worker should get at least, so that the fast ones take
	// over from the slow ones and all end together. More would cost a verifier that shares
	// a worker's machine: a check needs its sixteen tiles however few frames the task has.
	rounds = 2
	// apartRounds is the same where somebody else verifies, so that the checks of early tasks
	// run beside the rendering of later ones and only a short one is left at the end.
	apartRounds = 3
	// amortised is what a task should take so that fetching, loading the scene and the check's
	// tiles don't count.
	amortised = 8 * time.Second
)

// Sizing is what the size of a job's tasks follows from.
type Sizing struct {
	Seconds float64 // estimate of one frame on one worker; 0 while unknown
	Least   float64 // what it takes at least
	Workers int     // that can render it now
	Apart   bool    // a verifier is there that is none of the workers
	Target  time.Duration
}

// sizing looks at who is connected.
func (in *Intake) sizing(j *store.Job) Sizing {
	nodes := in.options.Quoter.Fleet
	z := Sizing{Workers: nodes.Eligible(j.Recipe), Target: in.options.Target}
	z.Seconds, z.Least = in.options.Quoter.Seconds(j)
	workers := nodes.Members(job.RoleWorker)
	for _, v := range nodes.Members(job.RoleVerifier) {
		renders := slices.ContainsFunc(workers, func(w fleet.Member) bool { return w.Address == v.Address })
		z.Apart = z.Apart || !renders && v.Paused == "" && fleet.Lacks(v.Capabilities, j.Recipe) == ""
	}
	return z
}

// Split cuts a job into tasks of neighbouring frames: long enough that loading the scene
// doesn't count, short enough that all workers end at about the same time.
func Split(j *store.Job, z Sizing) []*job.Task {
	n := len(j.Frames)
	size := maxTaskFrames
	if z.Seconds > 0 {
		size = int(min(z.Target.Seconds()/z.Seconds, maxTaskFrames))
	}
	size = min(size, z.share(n))
	if tiles := proof.TileCount(j.Recipe.Width, j.Recipe.Height); tiles > 0 {
		size = min(size, maxTaskTiles/tiles)
	}
	size = max(size, 1)
	var tasks []*job.Task
	for i := 0; i < n; i += size {
		tasks = append(tasks, &job.Task{ID: store.NewID("t"), Job: j.ID, Index: len(tasks), State: job.TaskWaiting, Frames: j.Frames[i:min(i+size, n)]})
	}
	return tasks
}

// share is how many of n frames a task may have for each worker to get several tasks.
func (z Sizing) share(n int) int {
	workers := max(z.Workers, 1)
	if z.Apart {
		if size := max(n/(apartRounds*workers), 1); float64(size)*z.Least >= amortised.Seconds() {
			return size
		}
	}
	return n / (rounds * workers)
}
