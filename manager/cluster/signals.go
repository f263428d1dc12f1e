package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Kinds of signals.
const (
	kindChanged  = "changed"
	kindProgress = "progress"
	kindRevoke   = "revoke"
	kindMoved    = "moved"
	kindRush     = "rush"
)

const (
	maxBody     = 7000 // bytes of one signal
	maxFrames   = 400  // of one signal, so that it stays below
	maxReports  = 60   // of progress in one signal
	maxEvents   = 64   // of one job that wait to be sent; older ones are dropped, the history has them
	maxSignals  = 4096 // that wait to be sent; more are dropped
	sendPace    = 30 * time.Millisecond
	reportPace  = 500 * time.Millisecond
	maxAnnounce = 1 << 20 // frame numbers of one signal that are believed
)

type changed struct {
	Job    string       `json:"job"`
	Frames string       `json:"frames,omitempty"`
	Events []wire.Event `json:"events,omitempty"`
}

type revoke struct {
	Role   job.Role `json:"role"`
	Node   string   `json:"node"`
	ID     string   `json:"id"`
	Reason string   `json:"reason"`
}

type moved struct {
	Leases []string `json:"leases,omitempty"`
	Audits []string `json:"audits,omitempty"`
}

type rush struct {
	Job string `json:"job"`
}

// report is one frame that renders, as [worker, fraction].
type report struct {
	worker   string
	fraction float64
}

func (r report) MarshalJSON() ([]byte, error) { return json.Marshal([]any{r.worker, r.fraction}) }

func (r *report) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(raw, &[]any{&r.worker, &r.fraction})
}

// outbox collects what the others are to be told, so that many changes become few signals.
type outbox struct {
	wake chan struct{}

	mu       sync.Mutex // guards what follows
	changes  map[string]*pending
	progress map[string]map[int]report
	signals  []store.Signal
}

type pending struct {
	frames map[int]struct{}
	events []wire.Event
}

func (o *outbox) init() {
	o.wake = make(chan struct{}, 1)
	o.changes, o.progress = make(map[string]*pending), make(map[string]map[int]report)
}

func (o *outbox) wakeUp() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Changed implements notify.Relay.
func (o *outbox) Changed(jobID string, frames []int, events []wire.Event) {
	o.mu.Lock()
	p := o.changes[jobID]
	if p == nil {
		p = &pending{frames: make(map[int]struct{})}
		o.changes[jobID] = p
	}
	for _, f := range frames {
		p.frames[f] = struct{}{}
		delete(o.progress[jobID], f)
	}
	p.events = append(p.events, events...)
	if n := len(p.events); n > maxEvents {
		p.events = slices.Clone(p.events[n-maxEvents:])
	}
	o.mu.Unlock()
	o.wakeUp()
}

// Progress implements notify.Relay.
func (o *outbox) Progress(jobID string, frame int, worker string, fraction float64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.progress[jobID] == nil {
		o.progress[jobID] = make(map[int]report)
	}
	o.progress[jobID][frame] = report{worker, fraction}
}

func (o *outbox) send(kind string, body any) {
	raw, err := json.Marshal(body)
	if err != nil || len(raw) > maxBody {
		return // a node holds few leases; nothing depends on a signal
	}
	o.mu.Lock()
	if len(o.signals) < maxSignals {
		o.signals = append(o.signals, store.Signal{Kind: kind, Body: string(raw)})
	}
	o.mu.Unlock()
	o.wakeUp()
}

// take empties the outbox into signals.
func (o *outbox) take(reports bool) []store.Signal {
	o.mu.Lock()
	signals, changes, progress := o.signals, o.changes, o.progress
	o.signals, o.changes = nil, make(map[string]*pending)
	if reports {
		o.progress = make(map[string]map[int]report)
	} else {
		progress = nil
	}
	o.mu.Unlock()
	add := func(kind string, body any) {
		if raw, err := json.Marshal(body); err == nil && len(raw) <= maxBody {
			signals = append(signals, store.Signal{Kind: kind, Body: string(raw)})
		}
	}
	for id, p := range changes {
		frames := slices.Sorted(maps.Keys(p.frames))
		for first := true; first || len(frames) > 0 || len(p.events) > 0; first = false {
			n, e := min(len(frames), maxFrames), min(len(p.events), 1)
			add(kindChanged, changed{Job: id, Frames: store.FormatFrames(frames[:n]), Events: p.events[:e]})
			frames, p.events = frames[n:], p.events[e:]
		}
	}
	for id, frames := range progress {
		part := make(map[int]report)
		for f, r := range frames {
			if part[f] = r; len(part) == maxReports {
				add(kindProgress, map[string]map[int]report{id: part})
				part = make(map[int]report)
			}
		}
		if len(part) > 0 {
			add(kindProgress, map[string]map[int]report{id: part})
		}
	}
	return signals
}

// send signals what the outbox collects, until ctx ends.
func (c *Cluster) send(ctx context.Context) error {
	reports := time.NewTicker(reportPace)
	defer reports.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		due := false
		select {
		case <-ctx.Done():
			return nil
		case <-c.out.wake:
		case <-reports.C:
			due = true
		}
		for _, s := range c.out.take(due) {
			s.From = c.options.ID
			if err := c.options.Store.Signal(ctx, s); err != nil {
				if ctx.Err() == nil {
					c.options.Log.Warn("signal to the other managers", "kind", s.Kind, "err", err)
				}
				break
			}
		}
		pause.Reset(sendPace)
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
	}
}

// receive does what the others say, until ctx ends.
func (c *Cluster) receive(ctx context.Context, signals <-chan store.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s, ok := <-signals:
			if !ok {
				<-ctx.Done()
				return nil
			}
			if s.Lost {
				c.options.Log.Warn("signals of other managers may have been missed")
				c.options.Hub.Blind()
				c.options.Wake()
				continue
			}
			if s.From == c.options.ID {
				continue
			}
			if err := c.take(ctx, s); err != nil {
				c.options.Log.Warn("a signal can't be read", "from", s.From, "kind", s.Kind, "err", err)
			}
		}
	}
}

func (c *Cluster) take(ctx context.Context, s store.Signal) error {
	switch s.Kind {
	case kindChanged:
		var b changed
		if err := json.Unmarshal([]byte(s.Body), &b); err != nil {
			return err
		}
		frames, err := store.ParseFrames(b.Frames, maxAnnounce)
		if err != nil {
			return err
		}
		c.options.Hub.Relayed(b.Job, frames, b.Events)
		c.options.Wake()
	case kindProgress:
		var b map[string]map[int]report
		if err := json.Unmarshal([]byte(s.Body), &b); err != nil {
			return err
		}
		for id, frames := range b {
			for f, r := range frames {
				c.options.Hub.RelayedProgress(id, f, r.worker, r.fraction)
			}
		}
	case kindRevoke:
		var b revoke
		if err := json.Unmarshal([]byte(s.Body), &b); err != nil {
			return err
		}
		if b.Role == job.RoleVerifier {
			c.options.Audits.Revoked(b.Node, b.ID, b.Reason)
		} else {
			c.options.Leases.Revoked(b.Node, b.ID, b.Reason)
		}
	case kindMoved:
		var b moved
		if err := json.Unmarshal([]byte(s.Body), &b); err != nil {
			return err
		}
		c.options.Leases.Forget(b.Leases)
		c.options.Audits.Forget(b.Audits)
	case kindRush:
		var b rush
		if err := json.Unmarshal([]byte(s.Body), &b); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, Silence) // the other signals wait meanwhile
		defer cancel()
		if err := c.options.Room(ctx, b.Job); err != nil && ctx.Err() == nil {
			c.options.Log.Warn("make room for a rushed job", "job", b.Job, "err", err)
		}
	default:
		return fmt.Errorf("kind %q is not known", s.Kind)
	}
	return nil
}
