package submit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
)

// errCancelled is the cause of a submission's context after Cancel.
var errCancelled = errors.New("cancelled by the artist")

// Submission is one scene on its way. Its methods return at once and are safe for
// concurrent use; State tells what came of them.
type Submission struct {
	agent     *Agent
	cancelRun context.CancelFunc // ends the work on this machine; set by launch
	quoted    chan bool          // the artist's answer to the quote; one place
	accept    chan struct{}      // AcceptFrames; one place
	wake      chan struct{}      // follow has something to look at; one place
	done      chan struct{}      // closed when run has returned

	saving sync.Mutex // held while the record is written; taken before mu

	mu      sync.Mutex // guards what follows
	record  *record
	status  Status
	frames  map[int]*FrameStatus
	digests map[int]string // of delivered frames, as the manager names them
	since   time.Time      // when the phase began
	reason  string         // of Cancel
	stop    context.CancelCauseFunc
	changed chan struct{}
	over    bool
}

func newSubmission(a *Agent, r *record) *Submission {
	if r.Written == nil {
		r.Written = make(map[string]string)
	}
	s := &Submission{
		agent: a, record: r, quoted: make(chan bool, 1), accept: make(chan struct{}, 1), wake: make(chan struct{}, 1), done: make(chan struct{}),
		frames: make(map[int]*FrameStatus), digests: make(map[int]string), since: time.Now(), changed: make(chan struct{}),
		status: Status{Key: r.Key, Name: r.Scene.Name, Phase: r.Phase, Findings: r.Scene.Findings},
	}
	if !r.Phase.final() {
		// The phases are gone through again, as far as the record doesn't spare them.
		s.status.Phase, s.status.Text = Preflight, "beginning"
		if r.Funded {
			s.status.Phase = Render
		}
	}
	for _, n := range r.Scene.Frames {
		s.frames[n] = &FrameStatus{Frame: n, State: job.FramePending}
	}
	return s
}

// Key names the submission for Agent.Resume.
func (s *Submission) Key() string { return s.record.Key }

// Done is closed when nothing more happens: the submission is settled, has ended
// otherwise, or its agent was closed.
func (s *Submission) Done() <-chan struct{} { return s.done }

// Changed returns a channel that is closed at the next change of State.
func (s *Submission) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Wait returns the first State for which until holds, or the last one with an error when
// ctx ends or the submission is over before.
func (s *Submission) Wait(ctx context.Context, until func(Status) bool) (Status, error) {
	for {
		changed := s.Changed()
		now := s.State()
		if until(now) {
			return now, nil
		}
		select {
		case <-changed:
		case <-s.done:
			if now = s.State(); until(now) {
				return now, nil
			}
			if now.Error != nil {
				return now, now.Error
			}
			return now, problem("", "the submission ended as %s", now.Phase)
		case <-ctx.Done():
			return now, context.Cause(ctx)
		}
	}
}

// State is how the submission stands now.
func (s *Submission) State() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.status
	now.Findings = slices.Clone(now.Findings)
	now.Events = slices.Clone(now.Events)
	now.Frames = make([]FrameStatus, 0, len(s.frames))
	for _, n := range s.record.Scene.Frames {
		if f := s.frames[n]; f != nil {
			now.Frames = append(now.Frames, *f)
		}
	}
	if now.Quote != nil {
		quote := *now.Quote
		now.Quote = &quote
	}
	if now.Job != nil {
		copied := *now.Job
		now.Job = &copied
	}
	return now
}

// AcceptQuote agrees to the price of Status.Quote.
func (s *Submission) AcceptQuote() error { return s.answer(true) }

// RejectQuote ends the submission before anything is paid.
func (s *Submission) RejectQuote() error { return s.answer(false) }

func (s *Submission) answer(yes bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Phase != Confirm {
		return problem("wait for the quote", "there is no quote to answer: the submission stands at %s", s.status.Phase)
	}
	select {
	case s.quoted <- yes:
	default: // answered already
	}
	return nil
}

// AcceptFrames agrees to the delivery, so that the job is settled at once.
func (s *Submission) AcceptFrames() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Phase != Delivered {
		return problem("wait until every frame is here", "there is no delivery to accept: the submission stands at %s", s.status.Phase)
	}
	select {
	case s.accept <- struct{}{}:
	default:
	}
	return nil
}

// Cancel stops the submission and its job: verified frames are paid, the rest is refunded.
func (s *Submission) Cancel(reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch p := s.status.Phase; {
	case p == Delivered || p == Accepted:
		return problem("accept the frames, or claim the bad ones", "every frame is delivered already")
	case s.over || s.stop == nil:
		return problem("", "there is nothing to cancel: the submission stands at %s", p)
	}
	s.reason = reason
	s.stop(errCancelled)
	return nil
}

// Claim disputes delivered frames. Unlike the others it waits for the manager's answer.
func (s *Submission) Claim(ctx context.Context, frames []int, reason string) error {
	s.mu.Lock()
	id := s.record.Job
	s.mu.Unlock()
	if id == "" {
		return problem("wait until frames are delivered", "there is no job to claim frames of")
	}
	c, err := s.agent.connection(ctx)
	if err != nil {
		return err
	}
	if _, err := c.Claim(ctx, id, frames, reason); err != nil {
		return problemOf("claim frames", err)
	}
	return nil
}

func (s *Submission) matches(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record.Key == key || (key != "" && s.record.Job == key)
}

func (s *Submission) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// set changes the status and tells those who wait.
func (s *Submission) set(change func(*Status)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setLocked(change)
}

func (s *Submission) setLocked(change func(*Status)) {
	change(&s.status)
	close(s.changed)
	s.changed = make(chan struct{})
}

// note changes the record and makes it durable.
func (s *Submission) note(change func(*record)) error {
	// Not under mu: State must answer while a slow disk syncs.
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.Lock()
	change(s.record)
	raw, err := json.Marshal(s.record)
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("write the submission: %w", err)
	}
	return writeRecord(s.agent.options.DataDir, s.record.Key, raw)
}

// enter begins a phase: on disk first, then for those who look.
func (s *Submission) enter(p Phase, format string, args ...any) error {
	if err := s.note(func(r *record) { r.Phase = p }); err != nil {
		return problemOf("remember the submission", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = time.Now()
	s.setLocked(func(now *Status) {
		now.Phase, now.Fraction, now.ETA, now.Error, now.Why = p, 0, 0, nil, ""
		now.Text = fmt.Sprintf(format, args...)
	})
	s.agent.log.Info("submission", "key", s.record.Key, "job", s.record.Job, "phase", p)
	return nil
}

// fail shows the error. The record keeps its phase, so Resume goes on from there.
func (s *Submission) fail(p *Problem) {
	s.set(func(now *Status) { now.Phase, now.Error, now.Text, now.ETA, now.Why = Failed, p, p.Error(), 0, "" })
	s.agent.log.Info("submission failed", "key", s.record.Key, "err", p)
}

func (s *Submission) finish() {
	s.mu.Lock()
	s.over = true
	s.setLocked(func(*Status) {})
	s.mu.Unlock()
	close(s.done)
}
