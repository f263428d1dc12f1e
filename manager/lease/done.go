package lease

import (
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Done is what follows, in the caller's transaction, when a task has passed its check: the last
// scout frame asks the artist to release the rest or starts its release, the last tile of a still lets it be assembled.
func (k *Keeper) Done(tx store.Tx, changes *notify.Changes, taskID string) error {
	t, err := tx.Task(taskID)
	if err != nil {
		return err
	}
	if t.Kind == job.TaskTile {
		return tiled(tx, changes, t)
	}
	if !t.Scout {
		return nil
	}
	j, err := tx.Job(t.Job)
	if err != nil || !j.Scout || j.Released {
		return err
	}
	tasks, err := tx.Tasks(j.ID)
	if err != nil {
		return err
	}
	var numbers []int
	for _, s := range tasks {
		if !s.Scout {
			continue
		}
		if s.State != job.TaskDone {
			return nil
		}
		numbers = append(numbers, s.Frames...)
	}
	frames, err := tx.FrameSet(j.ID, numbers)
	if err != nil {
		return err
	}
	units, low, high := quote.Narrow(j, quote.RenderedOf(frames))
	next, err := k.scouted(tx, changes, j)
	if err != nil {
		return err
	}
	return changes.Event(tx, j.ID, "scouted", fmt.Sprintf("%s: rendered and checked. %s. By them the whole job takes %s work units (%s to %s; the quote said %s to %s) and never costs more than %s",
		store.NameFrames(numbers), next, quote.Units(units), quote.Units(low), quote.Units(high), quote.Units(j.Quote.WorkUnitsLow), quote.Units(j.Quote.WorkUnitsHigh), j.Quote.Ceiling), "")
}

// scouted begins what the artist asked for once the scouts are there, and says in words what it is.
// manager/intake counts the time down.
func (k *Keeper) scouted(tx store.Tx, changes *notify.Changes, j *store.Job) (next string, err error) {
	if j.ReleaseAfter == nil {
		return "Look at them, then release the rest with `heliostat job release " + j.ID + "`; it isn't released by itself", nil
	}
	changes.Job(j.ID)
	after := time.Duration(*j.ReleaseAfter) * time.Second
	if after == 0 {
		_, err = tx.EditJob(j.ID, func(j *store.Job) { j.Released = true })
		return "The rest is released at once, as asked for", err
	}
	at := k.options.Clock().Add(after)
	_, err = tx.EditJob(j.ID, func(j *store.Job) { j.ReleaseLeft, j.ReleaseAt = after.Milliseconds(), at.UnixMilli() })
	return fmt.Sprintf("Look at them: the rest is released by itself in %s, at %s, or now with `heliostat job release %s`; `heliostat job pause %s` stops that", after, at.UTC().Format("2006-01-02 15:04:05 UTC"), j.ID, j.ID), err
}
