package submit

import (
	"context"
	"fmt"
	"sync"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// follow watches the funded job, fetches its frames as they are delivered, and stays until
// the job is settled.
func (s *Submission) follow(ctx context.Context) error {
	c, err := s.agent.connection(ctx)
	if err != nil {
		return err
	}
	s.set(func(now *Status) { now.Symbol = c.Welcome().Money.Symbol })
	if err := s.enter(Render, "waiting for workers"); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	watched := make(chan error, 1)
	var ended sync.WaitGroup
	ended.Go(func() {
		defer s.recovered()
		watched <- c.Watch(ctx, wire.JobWatch{Job: s.record.Job}, s.update)
	})
	ended.Go(func() {
		defer s.recovered()
		c.Waits(ctx, s.record.Job, s.waits)
	})
	err = s.attend(ctx, c, watched)
	stop()
	ended.Wait()
	return err
}

// attend reacts to what update noted, until the job is over.
func (s *Submission) attend(ctx context.Context, c *client.Client, watched <-chan error) error {
	for {
		wanted, state, cause := s.look()
		if len(wanted) > 0 {
			if err := s.fetch(ctx, c, wanted); err != nil {
				return err
			}
			continue
		}
		over, err := s.advance(ctx, c, state, cause)
		if over || err != nil {
			return err
		}
		select {
		case <-s.wake:
		case <-s.accept:
			if err := s.acceptJob(ctx, c); err != nil {
				return err
			}
		case err := <-watched:
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return problemOf("watch the job", err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// waits notes why nothing renders now. It is called by client.Waits.
func (s *Submission) waits(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Phase == Render && s.status.Why != why {
		s.setLocked(func(now *Status) { now.Why = why })
	}
}

// advance moves the phase to where the job stands; true says that nothing can follow.
func (s *Submission) advance(ctx context.Context, c *client.Client, state job.State, cause string) (over bool, err error) {
	s.mu.Lock()
	phase, here, total := s.status.Phase, s.status.Here, len(s.record.Scene.Frames)
	s.mu.Unlock()
	switch state {
	case job.Cancelled:
		return true, s.enter(Cancelled, "the job was cancelled: %s", orNone(cause))
	case job.Failed:
		return true, problem("fix the scene and submit it again", "the job failed: %s", orNone(cause))
	case job.Disputed:
		if phase != Render {
			return false, s.enter(Render, "a claim is being decided")
		}
		return false, nil
	}
	if here < total {
		return false, nil
	}
	switch state {
	case job.Delivered:
		if phase == Render {
			if err := s.enter(Delivered, "%d of %d frames are here", here, total); err != nil {
				return false, err
			}
			if s.record.Scene.AcceptFrames {
				return false, s.acceptJob(ctx, c)
			}
		}
	case job.Accepted:
		if phase != Accepted {
			return false, s.enter(Accepted, "accepted; the job is being settled")
		}
	case job.Settled:
		return true, s.enter(Settled, "%d frames delivered and settled", here)
	}
	return false, nil
}

func (s *Submission) acceptJob(ctx context.Context, c *client.Client) error {
	accepted, err := c.Accept(ctx, s.record.Job)
	if err != nil {
		return problemOf("accept the frames", err)
	}
	s.set(func(now *Status) { now.Job = &accepted })
	s.poke()
	return nil
}

// update notes a change of the job. It is called by client.Watch.
func (s *Submission) update(u wire.JobUpdate) {
	s.mu.Lock()
	for _, f := range u.Frames {
		mine := s.frames[f.Number]
		if mine == nil {
			continue // not one of ours
		}
		mine.State, mine.Progress, mine.Worker, mine.Rejects, mine.Cause = f.State, f.Progress, f.Worker, f.Rejects, f.Cause
		if f.State == job.FrameDelivered || f.State == job.FrameAccepted {
			s.digests[f.Number] = f.Digest
		} else {
			delete(s.digests, f.Number)
		}
	}
	s.setLocked(func(now *Status) {
		j := u.Job
		now.Job, now.Why = &j, ""
		if u.Event != nil {
			now.Events = append(now.Events, *u.Event)
			now.Events = now.Events[max(0, len(now.Events)-maxEvents):]
		}
		if now.Phase == Render {
			now.ETA = u.ETA
			s.progressLocked(now)
		}
	})
	s.mu.Unlock()
	s.poke()
}

// progressLocked words how far the frames are.
func (s *Submission) progressLocked(now *Status) {
	share, busy, checked := 0.0, 0, 0
	for _, f := range s.frames {
		switch {
		case f.Path != "":
			share++
		case f.State == job.FramePending:
			share += 0.9 * min(max(f.Progress, 0), 1)
			if f.Progress > 0 {
				busy++
			}
		default:
			share += 0.9
			if f.State == job.FrameUploaded {
				checked++
			}
		}
	}
	total := len(s.frames)
	if total > 0 {
		now.Fraction = share / float64(total)
	}
	now.Text = fmt.Sprintf("%d of %d frames are here", now.Here, total)
	if busy > 0 {
		now.Text += fmt.Sprintf(", %d in work", busy)
	}
	if checked > 0 {
		now.Text += fmt.Sprintf(", %d being verified", checked)
	}
}

// poke makes attend look again.
func (s *Submission) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// look returns the delivered frames that aren't here yet, and the job's state.
func (s *Submission) look() (wanted []int, state job.State, cause string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	here := 0
	for _, n := range s.record.Scene.Frames {
		f := s.frames[n]
		digest, delivered := s.digests[n]
		if !delivered {
			continue
		}
		if f.Path == "" {
			f.Path, f.Aside = s.writtenLocked(n, digest)
		}
		if f.Path == "" || s.record.Written[f.Path] != digest {
			wanted = append(wanted, n)
			continue
		}
		here++
	}
	s.status.Here = here
	if s.status.Job != nil {
		state, cause = s.status.Job.State, s.status.Job.Cause
	}
	return wanted, state, cause
}

func orNone(cause string) string {
	if cause == "" {
		return "no cause was given"
	}
	return cause
}
