package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// watchQueue is how many updates may wait for a watcher's callback. A slower watcher gets
// a fresh start instead of a longer queue.
const watchQueue = 256

// watches hands pushed updates to the callbacks of Watch.
type watches struct {
	mu  sync.Mutex // guards set
	set map[*watch]struct{}
}

type watch struct {
	query   wire.JobWatch
	updates chan wire.JobUpdate
	restart chan struct{}       // one place: subscribe again and start from a full update
	going   map[string]struct{} // of every job: those that weren't over when they were last heard of
}

func (w *watches) init() { w.set = make(map[*watch]struct{}) }

func (w *watches) handle(_ context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
	if m.Type != wire.TypeJobUpdate {
		if !m.Wants {
			return "", nil, nil
		}
		return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("%s is not known here", m.Type)}
	}
	var u wire.JobUpdate
	if err := m.Decode(&u); err != nil {
		return "", nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for watch := range w.set {
		if !watch.query.All && watch.query.Job != "" && watch.query.Job != u.Job.ID {
			continue
		}
		select {
		case watch.updates <- u:
		default:
			watch.again()
		}
	}
	return "", nil, nil
}

// resume runs after each sign-in: what is watched has to be subscribed again.
func (w *watches) resume(context.Context, *link.Session) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for watch := range w.set {
		watch.again()
	}
	return nil
}

func (w *watch) again() {
	select {
	case w.restart <- struct{}{}:
	default:
	}
}

// Watch calls update with every change of the watched jobs until ctx ends, first with a
// full update of each, frames included. Where every job is watched, of which there may be any number, those that are over come without frames, and
// only the newest of them. After a lost connection, whichever manager is next, or when update was too
// slow, it starts again with full updates. update is called from one goroutine.
func (c *Client) Watch(ctx context.Context, query wire.JobWatch, update func(wire.JobUpdate)) error {
	w := &watch{query: query, updates: make(chan wire.JobUpdate, watchQueue), restart: make(chan struct{}, 1), going: make(map[string]struct{})}
	tell := update
	update = func(u wire.JobUpdate) {
		if w.going[u.Job.ID] = struct{}{}; u.Job.State.Over() {
			delete(w.going, u.Job.ID)
		}
		tell(u)
	}
	c.watches.mu.Lock()
	c.watches.set[w] = struct{}{}
	c.watches.mu.Unlock()
	defer func() {
		c.watches.mu.Lock()
		delete(c.watches.set, w)
		c.watches.mu.Unlock()
	}()
	w.again()
	for {
		select {
		case u := <-w.updates:
			update(u)
		case <-w.restart:
			// What was pushed before is older than the full updates; after them it would set frames back.
			for before := len(w.updates); before > 0; before-- {
				update(<-w.updates)
			}
			if err := c.conn.Request(ctx, wire.TypeJobWatch, query, nil); err != nil {
				return watchEnd(ctx, fmt.Errorf("watch: %w", err))
			}
			if err := c.full(ctx, w, update); err != nil {
				return watchEnd(ctx, fmt.Errorf("watch: %w", err))
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func watchEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, link.ErrClosed) {
		return nil
	}
	return err
}

// full reports the watched jobs as they are. The subscription is older, so nothing
// falls between.
func (c *Client) full(ctx context.Context, w *watch, update func(wire.JobUpdate)) error {
	ids := []string{w.query.Job}
	if w.query.Job == "" {
		newest, _, err := c.Jobs(ctx, wire.JobList{All: w.query.All})
		if err != nil {
			return err
		}
		going, err := c.Going(ctx, w.query.All)
		if err != nil {
			return err
		}
		ids = ids[:0]
		for _, j := range slices.Backward(going) {
			ids = append(ids, j.ID)
			delete(w.going, j.ID)
		}
		for _, j := range slices.Backward(newest) {
			if j.State.Over() {
				update(wire.JobUpdate{Job: j})
			}
		}
		// What is over since, and not among the newest.
		ids = append(ids, slices.Sorted(maps.Keys(w.going))...)
	}
	for _, id := range ids {
		detail, err := c.Job(ctx, id)
		if err != nil {
			return err
		}
		update(wire.JobUpdate{Job: detail.Job, Frames: detail.Frames, ETA: detail.ETA})
	}
	return nil
}
