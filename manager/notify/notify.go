// Package notify tells watching clients what changed: deltas, never dumps. Several changes
// that happen while a watcher is being served become one update, so what waits for a slow reader
// is bounded by the frames of its jobs; one that doesn't read at all is dropped by shared/link.
//
// It is not the place for history (manager/store keeps the events) or for asking (the
// gateway answers job.show from the store).
//
// Receives: changes from every package of the manager, after they are durable.
// Hands on: wire.JobUpdate to the sessions that watch.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	// pace is the time between two updates to one watcher. All watchers are served at the same moments, so that
	// those of one job share what is read for them.
	pace = 150 * time.Millisecond
	// maxReadings bounds the jobs of which the last reading is kept, and maxShared the frames of one that is.
	maxReadings, maxShared = 256, 256
	// maxEvents bounds the history lines that wait for one watcher; it can read older ones
	// with job.show.
	maxEvents = 256
	// maxBatch bounds the frames of one update, so that it stays below wire.MaxMessage.
	maxBatch = 2000
)

// Changes collects what a transaction changes. It is filled inside store.Update, whose fn may run
// twice: call Reset first.
type Changes struct {
	Now  func() time.Time
	jobs map[string]*change
}

type change struct {
	frames map[int]struct{}
	events []wire.Event
	at     uint64 // the hub's count when the last of it was published
}

// Reset forgets what was collected.
func (c *Changes) Reset() { c.jobs = nil }

func (c *Changes) of(jobID string) *change {
	if c.jobs == nil {
		c.jobs = make(map[string]*change)
	}
	if c.jobs[jobID] == nil {
		c.jobs[jobID] = &change{frames: make(map[int]struct{})}
	}
	return c.jobs[jobID]
}

// Job notes that the job changed, and these of its frames.
func (c *Changes) Job(jobID string, frames ...int) {
	at := c.of(jobID)
	for _, f := range frames {
		at.frames[f] = struct{}{}
	}
}

// Event writes a line of history and notes it.
func (c *Changes) Event(tx store.Tx, jobID, what, text, node string) error {
	if len(text) > 2048 {
		text = text[:2048]
	}
	e := wire.Event{Time: c.Now().UnixMilli(), What: what, Text: text, Node: node}
	c.of(jobID).events = append(c.of(jobID).events, e)
	return tx.AddEvent(jobID, e)
}

// Session is what a watcher is reached by.
type Session interface {
	ID() string
	Send(typ wire.Type, body any) error
	Close(reason string)
	Done() <-chan struct{}
}

// Relay hands changes on to the other managers, whose watchers want them too. It must not block.
type Relay interface {
	Changed(jobID string, frames []int, events []wire.Event)
	Progress(jobID string, frame int, worker string, fraction float64)
}

// Hub serves the watchers. Run has to run.
type Hub struct {
	store store.Store
	eta   func(*store.Job) float64
	relay Relay // nil when this manager is alone
	log   *slog.Logger
	wg    sync.WaitGroup

	mu       sync.Mutex // guards what follows
	watchers map[string]*watcher
	progress map[string]map[int]job.Frame // of frames that render now, by job
	count    uint64                       // of publications
	readings map[string]*reading          // by job
	closed   bool
}

// reading is what was last read of a job for its watchers.
type reading struct {
	mu     sync.Mutex // guards what follows; held while it is read
	since  uint64     // publications before it are in it
	job    *store.Job
	frames map[int]*job.Frame
}

// watcher is one session's subscriptions and what waits for it.
type watcher struct {
	session Session
	owner   string          // whose jobs it sees when all is not set
	all     bool            // every job of the network
	mine    bool            // all jobs of owner
	jobs    map[string]bool // single jobs
	wake    chan struct{}

	pending map[string]*change // guarded by the hub's mu
}

// New makes a hub. eta may be nil.
func New(s store.Store, eta func(*store.Job) float64, log *slog.Logger) *Hub {
	return &Hub{store: s, eta: eta, log: log, watchers: make(map[string]*watcher), progress: make(map[string]map[int]job.Frame), readings: make(map[string]*reading)}
}

// SetETA gives the estimator, for wiring that would go in a circle.
func (h *Hub) SetETA(eta func(*store.Job) float64) { h.eta = eta }

// SetRelay gives the way to the other managers, before anything is published.
func (h *Hub) SetRelay(r Relay) { h.relay = r }

// Watch subscribes a session to one job, to all jobs of the owner ("" job), or to all.
// The caller has checked that it may see them. The subscription ends with the session.
func (h *Hub) Watch(s Session, owner, jobID string, all bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return &wire.Error{Code: wire.CodeUnavailable, Message: "the manager is stopping", Next: "try again"}
	}
	w := h.watchers[s.ID()]
	if w == nil {
		w = &watcher{session: s, owner: owner, jobs: make(map[string]bool), wake: make(chan struct{}, 1), pending: make(map[string]*change)}
		h.watchers[s.ID()] = w
		h.wg.Go(func() { h.serve(w) })
	}
	switch {
	case all:
		w.all = true
	case jobID == "":
		w.mine = true
	case len(w.jobs) >= 4096:
		return &wire.Error{Code: wire.CodeLimit, Message: "this session watches 4096 jobs already", Next: "watch all of them instead"}
	default:
		w.jobs[jobID] = true
	}
	return nil
}

// Publish hands on what a finished transaction changed.
func (h *Hub) Publish(c *Changes) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, at := range c.jobs {
		h.publishLocked(id, at)
		if h.relay != nil {
			h.relay.Changed(id, slices.Sorted(maps.Keys(at.frames)), at.events)
		}
	}
}

// Relayed takes what another manager published.
func (h *Hub) Relayed(jobID string, frames []int, events []wire.Event) {
	c := &change{frames: make(map[int]struct{}, len(frames)), events: events}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range frames {
		c.frames[f] = struct{}{}
		delete(h.progress[jobID], f) // it got further, or back
	}
	if len(h.progress[jobID]) == 0 {
		delete(h.progress, jobID)
	}
	h.publishLocked(jobID, c)
}

// RelayedProgress takes another manager's report of a frame that renders.
func (h *Hub) RelayedProgress(jobID string, frame int, worker string, fraction float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.progressLocked(jobID, frame, worker, fraction)
}

// Blind ends every watcher's session, since what other managers published may have been missed:
// clients connect again and ask for the whole.
func (h *Hub) Blind() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.watchers {
		w.session.Close("this manager lost sight of the others for a moment")
	}
}

func (h *Hub) publishLocked(jobID string, c *change) {
	h.count++
	for _, w := range h.watchers {
		// Whether the job is the watcher's own is looked up when it is sent.
		if !w.all && !w.mine && !w.jobs[jobID] {
			continue
		}
		p := w.pending[jobID]
		if p == nil {
			p = &change{frames: make(map[int]struct{})}
			w.pending[jobID] = p
		}
		p.at = h.count
		maps.Copy(p.frames, c.frames)
		p.events = append(p.events, c.events...)
		if n := len(p.events); n > maxEvents {
			p.events = slices.Clone(p.events[n-maxEvents:])
		}
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Progress tells watchers how far a frame is. Nothing of it is stored.
func (h *Hub) Progress(jobID string, frame int, worker string, fraction float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.progressLocked(jobID, frame, worker, fraction)
	if h.relay != nil {
		h.relay.Progress(jobID, frame, worker, fraction)
	}
}

func (h *Hub) progressLocked(jobID string, frame int, worker string, fraction float64) {
	if h.progress[jobID] == nil {
		h.progress[jobID] = make(map[int]job.Frame)
	}
	h.progress[jobID][frame] = job.Frame{Worker: worker, Progress: fraction}
	h.publishLocked(jobID, &change{frames: map[int]struct{}{frame: {}}})
}

// Fill adds what renders now to frames that were read from the store.
func (h *Hub) Fill(frames []*job.Frame) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range frames {
		if p, ok := h.progress[f.Job][f.Number]; ok && f.State == job.FramePending {
			f.Worker, f.Progress = p.Worker, p.Progress
		}
	}
}

// Clear forgets the progress of frames whose attempt has ended.
func (h *Hub) Clear(jobID string, frames []int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range frames {
		delete(h.progress[jobID], f)
	}
	if len(h.progress[jobID]) == 0 {
		delete(h.progress, jobID)
	}
}

// serve sends one watcher its updates until its session ends.
func (h *Hub) serve(w *watcher) {
	defer func() {
		h.mu.Lock()
		delete(h.watchers, w.session.ID())
		h.mu.Unlock()
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-w.wake:
		case <-w.session.Done():
			return
		}
		h.mu.Lock()
		pending := w.pending
		w.pending = make(map[string]*change)
		h.mu.Unlock()
		for id, c := range pending {
			if err := h.send(w, id, c); err != nil {
				// It would wait for ever: what it missed, it asks for when it is back.
				h.log.Debug("a watcher got no update", "session", w.session.ID(), "job", id, "err", err)
				w.session.Close("an update couldn't be sent: connect again")
				return
			}
		}
		timer.Reset(pace - time.Duration(time.Now().UnixNano())%pace)
		select {
		case <-timer.C:
		case <-w.session.Done():
			return
		}
	}
}

// read reads a job and some of its frames, as they are after so many publications or later. Who asks at the same
// moment for the same shares it; the frames are copies.
func (h *Hub) read(id string, numbers []int, count uint64) (*store.Job, []*job.Frame, error) {
	h.mu.Lock()
	r := h.readings[id]
	if r == nil {
		if len(h.readings) >= maxReadings {
			clear(h.readings)
		}
		r = &reading{}
		h.readings[id] = r
	}
	h.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.job == nil || r.since < count || slices.ContainsFunc(numbers, func(n int) bool { return r.frames[n] == nil }) {
		h.mu.Lock()
		since := h.count
		h.mu.Unlock()
		var j *store.Job
		var frames []*job.Frame
		if err := h.store.Look(context.Background(), func(tx store.Tx) (err error) {
			if j, err = tx.Job(id); err != nil {
				return err
			}
			frames = nil
			if len(numbers) > 0 {
				frames, err = tx.FrameSet(id, numbers)
			}
			return err
		}); err != nil {
			r.job = nil
			return nil, nil, fmt.Errorf("read job %s for its watchers: %w", id, err)
		}
		r.since, r.job, r.frames = since, j, make(map[int]*job.Frame, len(frames))
		for _, f := range frames {
			r.frames[f.Number] = f
		}
	}
	frames := make([]*job.Frame, 0, len(numbers))
	for _, n := range numbers {
		if f := r.frames[n]; f != nil {
			out := *f
			frames = append(frames, &out)
		}
	}
	j := r.job
	if len(r.frames) > maxShared {
		r.job, r.frames = nil, nil
	}
	return j, frames, nil
}

func (h *Hub) send(w *watcher, id string, c *change) error {
	j, frames, err := h.read(id, slices.Sorted(maps.Keys(c.frames)), c.at)
	if err != nil {
		return err
	}
	if !w.all && !w.jobs[id] && j.Owner != w.owner {
		return nil
	}
	h.Fill(frames)
	update := wire.JobUpdate{Job: j.Job}
	update.Job.Frames = nil
	if h.eta != nil {
		update.ETA = h.eta(j)
	}
	// One event an update, as the protocol has it; the frames ride with the first.
	for first := true; first || len(frames) > 0 || len(c.events) > 0; first = false {
		n := min(len(frames), maxBatch)
		update.Frames, update.Event = nil, nil
		for _, f := range frames[:n] {
			update.Frames = append(update.Frames, *f)
		}
		frames = frames[n:]
		if len(c.events) > 0 {
			update.Event = &c.events[0]
			c.events = c.events[1:]
		}
		if err := w.session.Send(wire.TypeJobUpdate, update); err != nil {
			return err
		}
	}
	return nil
}

// Run keeps the hub open until ctx ends, then waits for the watchers' goroutines, whose
// sessions the gateway ends.
func (h *Hub) Run(ctx context.Context) error {
	<-ctx.Done()
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.wg.Wait()
	return nil
}
