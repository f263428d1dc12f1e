package intake

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// from fills a draft from an earlier job of the same artist: its package and job key, and, where
// the draft doesn't say otherwise, its recipe, its name, what it needs and the frames of it that were never delivered.
func (in *Intake) from(ctx context.Context, owner string, d *wire.JobDraft) error {
	if d.Package != "" || d.JobKey != nil {
		return bad("a draft from another job takes over its package and job key; leave them out")
	}
	j, err := in.Own(ctx, owner, d.From, false)
	if err != nil {
		return err
	}
	d.Package, d.JobKey = j.Package, j.Key
	if d.Recipe.Renderer == "" {
		d.Recipe = j.Recipe
	}
	if d.Name == "" {
		d.Name = j.Name
	}
	if d.Tiles == 0 {
		d.Tiles = j.Tiles
	}
	if d.Needs.VRAM == 0 && d.Needs.Memory == 0 && d.Needs.Class == "" && d.Needs.Region == "" && d.Needs.Tags == nil && d.Needs.Allow == nil && d.Needs.Block == nil {
		d.Needs = j.Needs
	}
	if len(d.Frames) > 0 {
		return nil
	}
	switch j.State {
	case job.Funded, job.Rendering, job.Paused: // what is missing would be rendered, and paid, twice
		return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is %s: what is missing of it is still to come", j.ID, j.State), Next: "wait for it, cancel it first, or name the frames to render again, with --frames"}
	}
	if j.Forgotten != 0 {
		return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is so long over that it isn't known any more which frames are missing", j.ID), Next: "name the frames to render again, with --frames"}
	}
	var again *store.Job
	d.Frames, again, err = in.undelivered(ctx, j, d)
	if err == nil && len(d.Frames) == 0 && again != nil {
		return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("what is missing of job %s renders already, as job %s", j.ID, again.ID), Next: "follow that one, or name the frames to render again, with --frames"}
	}
	if err == nil && len(d.Frames) == 0 {
		return &wire.Error{Code: wire.CodeConflict, Message: "every frame of job " + j.ID + " is delivered", Next: "name the frames to render again, with --frames"}
	}
	return err
}

// undelivered lists the frames of a job that its artist doesn't have and that no job from it brings, and the last of those.
// One that was made for the same draft doesn't count: the draft was sent again.
func (in *Intake) undelivered(ctx context.Context, j *store.Job, d *wire.JobDraft) (missing []int, again *store.Job, err error) {
	err = in.options.Store.View(ctx, func(tx store.Tx) error {
		there, err := have(tx, j.ID)
		if err != nil {
			return err
		}
		later, err := tx.JobsFrom(j.ID)
		if err != nil {
			return err
		}
		missing, again = nil, nil
		for _, l := range later {
			if l.Request == d.Request || !reflect.DeepEqual(l.Recipe, d.Recipe) {
				continue
			}
			brings := l.Frames
			switch l.State {
			case job.Draft, job.Quoted:
				continue
			case job.Cancelled, job.Failed:
				if brings, err = have(tx, l.ID); err != nil {
					return err
				}
			}
			if len(brings) > 0 {
				there, again = append(there, brings...), l
			}
		}
		slices.Sort(there)
		for _, n := range j.Frames {
			if _, has := slices.BinarySearch(there, n); !has {
				missing = append(missing, n)
			}
		}
		return nil
	})
	return missing, again, err
}

// have lists the frames of a job that its artist has.
func have(tx store.Tx, id string) (numbers []int, err error) {
	frames, err := tx.Frames(id)
	for _, f := range frames {
		if f.State == job.FrameDelivered || f.State == job.FrameAccepted {
			numbers = append(numbers, f.Number)
		}
	}
	return numbers, err
}

// known holds a draft's dependencies to jobs of the same artist that may still be delivered.
func known(tx store.Tx, owner string, after []string) error {
	for _, id := range after {
		j, err := tx.Job(id)
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && j.Owner != owner:
			return &wire.Error{Code: wire.CodeNotFound, Message: "job " + id + ", which should come first, is not known", Next: "list your jobs with `heliostat jobs`"}
		case err != nil:
			return err
		case j.State == job.Failed || j.State == job.Cancelled:
			return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s, which should come first, is %s", id, j.State), Next: "leave it out, or retry it with `heliostat job retry " + id + "`"}
		}
	}
	return nil
}
