package state

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// follow keeps one Source at a time: dial, follow it until the address changes, close.
func (m *Model) follow(ctx context.Context) {
	wait := time.Second
	for ctx.Err() == nil {
		m.mu.Lock()
		manager := m.link.Manager
		m.mu.Unlock()
		source, err := m.dial(ctx, manager)
		if errors.Is(err, errRedial) {
			wait = time.Second
			continue
		}
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			m.options.Log.Warn("no manager", "address", manager, "error", err)
			m.problem(manager, err)
			select {
			case <-ctx.Done():
				return
			case <-m.redial:
				wait = time.Second
			case <-time.After(wait):
				wait = min(2*wait, 15*time.Second)
			}
			continue
		}
		wait = time.Second
		m.with(ctx, manager, source)
	}
}

var errRedial = errors.New("the address changed")

// dial gives up when the address changes meanwhile.
func (m *Model) dial(ctx context.Context, manager string) (Source, error) {
	inner, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	type result struct {
		source Source
		err    error
	}
	results := make(chan result, 1)
	go func() {
		source, err := m.options.Dial(inner, manager, func(err error) {
			if inner.Err() == nil { // else it is over
				m.problem(manager, err)
			}
		})
		results <- result{source, err}
	}()
	select {
	case r := <-results:
		return r.source, r.err
	case <-m.redial:
		stop()
		if r := <-results; r.source != nil {
			r.source.Close()
		}
		return nil, errRedial
	}
}

func (m *Model) problem(manager string, err error) {
	m.mu.Lock()
	if m.link.Manager == manager {
		var refused *wire.Error
		m.link.Connected, m.link.Problem = false, Problem(err)
		m.link.Refused = errors.As(err, &refused) && refused.Code == wire.CodeUnauthorised
	}
	m.mu.Unlock()
	m.touch()
}

// Problem writes an error for people.
func Problem(err error) string {
	var refused *wire.Error
	if errors.As(err, &refused) {
		return refused.Error()
	}
	text := err.Error()
	cause := err
	for inner := errors.Unwrap(cause); inner != nil; inner = errors.Unwrap(inner) {
		cause = inner
	}
	// A long chain of who said what ends with what is the matter: "(connection refused)".
	if head, tail, found := strings.Cut(text, " ("); found && cause != err && strings.HasSuffix(tail, cause.Error()+")") {
		return head + " (" + cause.Error() + ")"
	}
	return text
}

// with follows one Source until the address changes or the context ends.
func (m *Model) with(ctx context.Context, manager string, source Source) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	welcome := source.Welcome()
	m.mu.Lock()
	current := m.link.Manager == manager
	if current {
		m.source = source
		m.link = Link{Manager: manager, At: source.Manager(), Connected: true, Address: welcome.Manager, Operator: source.Operates(), Money: welcome.Money}
	}
	m.mu.Unlock()
	defer source.Close()
	if !current {
		return
	}
	m.thumbs.use(source)
	m.larges.use(source)
	m.touch()
	var group sync.WaitGroup
	group.Go(func() { m.watch(ctx, source) })
	group.Go(func() { m.poll(ctx, source) })
	group.Go(func() { m.attend(ctx, source) })
	group.Go(func() { m.work(ctx, source) })
	group.Go(func() { m.fetch(ctx, source) })
	select {
	case <-ctx.Done():
	case <-m.redial:
	}
	stop()
	group.Wait()
	m.thumbs.use(nil)
	m.larges.use(nil)
	m.mu.Lock()
	m.source = nil
	m.mu.Unlock()
}

func (m *Model) watch(ctx context.Context, source Source) {
	for ctx.Err() == nil {
		err := source.Watch(ctx, wire.JobWatch{All: source.Everything()}, m.apply)
		if ctx.Err() != nil {
			return
		}
		m.options.Log.Warn("watching the jobs ended", "error", err)
		if !pause(ctx, 2*time.Second) {
			return
		}
	}
}

// apply takes one push.
func (m *Model) apply(update wire.JobUpdate) {
	m.mu.Lock()
	row, known := m.jobs[update.Job.ID]
	if len(update.Job.Frames) == 0 { // pushes leave the list out; it never changes
		update.Job.Frames = row.Job.Frames
		if !known {
			signal(m.born)
		}
	}
	row.Job, row.ETA = update.Job, update.ETA
	m.jobs[update.Job.ID] = row
	m.pace.note(update.Job, time.Now())
	m.works.Note(update.Job, update.Frames)
	if m.open == update.Job.ID {
		if m.asking {
			m.missed = append(m.missed, update)
		}
		m.mergeLocked(update)
	}
	m.mu.Unlock()
	m.touch()
}

// mergeLocked brings an update into the open view.
func (m *Model) mergeLocked(update wire.JobUpdate) {
	view := m.view
	if len(update.Job.Frames) == 0 {
		update.Job.Frames = view.Job.Frames
	}
	view.Job, view.ETA = update.Job, update.ETA
	for _, frame := range update.Frames {
		at, found := slices.BinarySearchFunc(view.Frames, frame.Number, func(f job.Frame, n int) int { return cmp.Compare(f.Number, n) })
		if found {
			view.Frames[at] = frame
		} else {
			view.Frames = slices.Insert(view.Frames, at, frame)
		}
	}
	if update.Event != nil && !slices.Contains(view.Events, *update.Event) {
		view.Events = append(view.Events, *update.Event)
		if len(view.Events) > maxEvents {
			view.Events = slices.Delete(view.Events, 0, len(view.Events)-maxEvents)
		}
	}
}
