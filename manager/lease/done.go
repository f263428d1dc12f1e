package lease

import (
	"fmt"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Done is what follows, in the caller's transaction, when a task has passed its check: the last
// scout frame asks the artist to release the rest, the last tile of a still lets it be assembled.
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
	var seconds []float64
	for _, f := range frames {
		if f.Seconds > 0 {
			seconds = append(seconds, f.Seconds)
		}
	}
	units, low, high := quote.Narrow(j, seconds)
	return changes.Event(tx, j.ID, "scouted", fmt.Sprintf("%s: rendered and checked. Look at them, then release the rest with `heliostat job release %s`. By them the whole job takes %s work units (%s to %s; the quote said %s to %s) and never costs more than %s",
		store.NameFrames(numbers), j.ID, quote.Units(units), quote.Units(low), quote.Units(high), quote.Units(j.Quote.WorkUnitsLow), quote.Units(j.Quote.WorkUnitsHigh), j.Quote.Ceiling), "")
}
