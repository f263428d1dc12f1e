package submit

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	// probeFrames is how many frames a probe renders: the first, the middle and the last.
	probeFrames = 3
	// probeLeast is the least of a scene's samples that is worth reducing.
	probeLeast = 32
	// probeWait bounds the wait for the probe; without it the quote is a rougher one.
	probeWait = 5 * time.Minute
	// probePrice is the most that a probe is paid where the artist names no limit.
	probePrice = 10 * job.Token
)

// probeParts are what of the samples the two jobs of a probe render. From two the manager tells what
// a frame costs at any from what grows with its samples.
var probeParts = []int{16, 4}

// probe has a few frames rendered at reduced samples before the price is asked for, so that the
// quote rests on this scene. They are small jobs of their own, at their own small price, which count as
// history of the scene. Whatever goes wrong with them only makes the quote rougher.
func (s *Submission) probe(ctx context.Context, c *client.Client, built *pack.Built) error {
	scene := s.record.Scene
	n := len(scene.Frames)
	if !scene.Probe || n <= probeFrames || scene.Recipe.Samples < probeLeast {
		return nil
	}
	if err := s.enter(Quote, "rendering %d frames at reduced samples, for a better quote", probeFrames); err != nil {
		return err
	}
	frames := []int{scene.Frames[0], scene.Frames[n/2], scene.Frames[n-1]}
	waited, stop := context.WithTimeout(ctx, probeWait)
	defer stop()
	var jobs []string
	var spent job.Amount
	for _, part := range probeParts {
		recipe := scene.Recipe
		recipe.Samples = max(1, recipe.Samples/part)
		quote, err := c.Draft(waited, client.DraftRequest{
			Request: fmt.Sprintf("%s-probe-%d", s.record.Key, part), Name: "probe of " + scene.Name, Built: built, Recipe: recipe, Frames: frames,
			Priority: scene.Priority, MaxPrice: scene.MaxPrice, Needs: scene.Needs,
		})
		if err == nil {
			left := cmp.Or(scene.MaxPrice, probePrice) - spent
			err = within(quote, max(left, 1)) // nobody is asked before a probe is paid
		}
		if err == nil && quote.Job.State == job.Quoted {
			_, err = c.Fund(waited, quote)
		}
		if err != nil {
			s.unprobed(ctx, c, nil, err)
			break
		}
		jobs, spent = append(jobs, quote.Job.ID), spent+quote.Quote.Ceiling
	}
	for _, id := range jobs {
		if err := delivered(waited, c, id); err != nil {
			s.unprobed(ctx, c, jobs, err)
			break
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.set(func(now *Status) {
		now.Text = fmt.Sprintf("the probe cost at most %s %s", spent, c.Welcome().Money.Symbol)
	})
	return nil
}

// unprobed goes on without a probe; its jobs needn't be rendered any more.
func (s *Submission) unprobed(ctx context.Context, c *client.Client, jobs []string, err error) {
	s.agent.log.Info("the quote does without a probe", "err", err)
	for _, id := range jobs {
		if _, err := c.Cancel(ctx, id, "the probe took too long"); err != nil {
			s.agent.log.Info("a job of the probe goes on", "job", id, "err", err)
		}
	}
}

// delivered waits for a job's frames and accepts them, so that their workers are paid.
func delivered(ctx context.Context, c *client.Client, id string) error {
	watch, stop := context.WithCancel(ctx)
	defer stop()
	var last job.Job
	err := c.Watch(watch, wire.JobWatch{Job: id}, func(u wire.JobUpdate) {
		last = u.Job
		switch last.State {
		case job.Delivered, job.Accepted, job.Settled, job.Cancelled, job.Failed:
			stop()
		}
	})
	switch last.State {
	case job.Delivered:
		_, err = c.Accept(ctx, id)
		return err
	case job.Accepted, job.Settled:
		return nil
	case job.Cancelled, job.Failed:
		return fmt.Errorf("job %s is %s: %s", id, last.State, last.Cause)
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}
