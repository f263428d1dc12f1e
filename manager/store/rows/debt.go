package rows

import (
	"maps"
	"slices"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// debt is what a transaction has to add to the counters of a job. It is added once, at the end of
// the transaction or with the next change of the job, not for each task and frame that moves.
type debt struct {
	waiting, open int // tasks
	frames        map[job.FrameState]int
	rejections    int
}

// counters are the columns that count a job's frames, in the order of their states; a rejected
// frame is counted by n_rejections only, which never falls.
var counters = []struct {
	state  job.FrameState
	column string
}{
	{job.FramePending, "n_pending"}, {job.FrameUploaded, "n_uploaded"}, {job.FrameVerified, "n_verified"},
	{job.FrameDelivered, "n_delivered"}, {job.FrameAccepted, "n_accepted"},
}

func (t *Tx) debt(jobID string) *debt {
	if t.owing == nil {
		t.owing = make(map[string]*debt)
	}
	if t.owing[jobID] == nil {
		t.owing[jobID] = &debt{frames: make(map[job.FrameState]int)}
	}
	return t.owing[jobID]
}

func (t *Tx) countTasks(jobID string, waiting, open int) {
	if waiting == 0 && open == 0 {
		return
	}
	c := t.debt(jobID)
	c.waiting += waiting
	c.open += open
}

func (t *Tx) countFrames(jobID string, from, to job.FrameState, n int) {
	c := t.debt(jobID)
	c.frames[from] -= n
	c.frames[to] += n
	if to == job.FrameRejected {
		c.rejections += n
	}
}

// add puts what is owed into a record that was read from the table.
func (c *debt) add(j *store.Job) {
	if c == nil {
		return
	}
	j.TasksWaiting += c.waiting
	j.TasksOpen += c.open
	j.Counts.Pending += c.frames[job.FramePending]
	j.Counts.Uploaded += c.frames[job.FrameUploaded]
	j.Counts.Verified += c.frames[job.FrameVerified]
	j.Counts.Delivered += c.frames[job.FrameDelivered]
	j.Counts.Accepted += c.frames[job.FrameAccepted]
	j.Counts.Rejected += c.rejections
}

// sets is the part of an UPDATE that adds it.
func (c *debt) sets() (set string, args []any) {
	if c == nil {
		return "", nil
	}
	put := func(column string, n int) {
		if n != 0 {
			set += ", " + column + " = " + column + " + ?"
			args = append(args, n)
		}
	}
	put("tasks_waiting", c.waiting)
	put("tasks_open", c.open)
	for _, f := range counters {
		put(f.column, c.frames[f.state])
	}
	put("n_rejections", c.rejections)
	return set, args
}

// settle adds everything that is owed.
func (t *Tx) settle() error {
	for _, id := range slices.Sorted(maps.Keys(t.owing)) {
		set, args := t.owing[id].sets()
		if set != "" {
			if err := t.change("count tasks and frames of job "+id, `UPDATE jobs SET `+set[2:]+` WHERE id = ?`, append(args, id)...); err != nil {
				return err
			}
		}
		if j := t.seen.jobs[id]; j != nil {
			t.owing[id].add(j)
		}
		delete(t.owing, id)
	}
	return nil
}
