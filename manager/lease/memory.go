package lease

import (
	"fmt"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// A scene that didn't fit into a worker's memory is tried again only where there is more: the
// task at once (manager/schedule), and the whole job once two of its tasks failed so, or every small
// card of the network would try each of its tasks.

// tooSmall is how many of a job's tasks have to run out of memory before all of them need more.
const tooSmall = 2

// roomOf is the memory of the worker that an attempt was with, by the announcement that it sent last.
func roomOf(tx store.Tx, worker string, r job.Recipe) int64 {
	n, err := tx.Node(worker)
	if err != nil {
		return 0 // it never said
	}
	return fleet.Room(n.Capabilities, r)
}

// learn raises the job's need once several of its tasks didn't fit and a bigger worker is here.
// task and worker are of the failure that has just been recorded.
func (k *Keeper) learn(tx store.Tx, changes *notify.Changes, j *store.Job) error {
	failures, err := tx.JobFailures(j.ID)
	if err != nil {
		return err
	}
	tasks := make(map[string]bool)
	var most int64
	for _, f := range failures {
		if f.Kind == job.FailMemory {
			tasks[f.Task] = true
			most = max(most, roomOf(tx, f.Worker, j.Recipe))
		}
	}
	if len(tasks) < tooSmall || most == 0 || k.larger(j, most) == 0 {
		return nil
	}
	raised := false
	if _, err := tx.EditJob(j.ID, func(j *store.Job) {
		need := &j.Needs.Memory
		if j.Recipe.Device == "GPU" {
			need = &j.Needs.VRAM
		}
		if raised = *need <= most; raised {
			*need = most + 1
		}
	}); err != nil || !raised {
		return err
	}
	return changes.Event(tx, j.ID, "needs more memory", fmt.Sprintf("%d tasks didn't fit into %s: only workers with more get the rest", len(tasks), fleet.Size(most)), "")
}

// larger counts the workers that can render the job and have more room.
func (k *Keeper) larger(j *store.Job, room int64) int {
	n := 0
	for _, m := range k.options.Fleet.Eligible(&j.Job) {
		if fleet.Room(m.Capabilities, j.Recipe) > room {
			n++
		}
	}
	return n
}

// outgrown tells whether a task that ran out of memory has nowhere left to go: it failed twice on
// the largest worker there is.
func (k *Keeper) outgrown(tx store.Tx, j *store.Job, attempts []*store.Attempt) bool {
	var most int64
	onMost := 0
	for _, a := range attempts {
		if a.Kind != job.FailMemory {
			continue
		}
		switch room := roomOf(tx, a.Worker, j.Recipe); {
		case room > most:
			most, onMost = room, 1
		case room == most:
			onMost++
		}
	}
	return onMost >= 2 && k.larger(j, most) == 0
}
