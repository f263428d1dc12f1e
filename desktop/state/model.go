package state

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	publishEvery = 500 * time.Millisecond // a screen that changes oftener can't be read, and costs CPU
	nodesEvery   = 3 * time.Second
	payoutsEvery = 10 * time.Second
	detailEvery  = 10 * time.Second // refreshes the reason why nothing renders, which no push carries
	askTimeout   = 20 * time.Second
	maxEvents    = 500
)

// Options are what a Model is made of.
type Options struct {
	Dial    Dial
	Manager string // the address to begin with
	Cache   string // folder for thumbnails; "" shows none
	Worker  Worker // nil where this machine can't render
	Log     *slog.Logger
}

// Model follows a manager and this machine's worker. All methods but Run return at once
// and may be called from any goroutine.
type Model struct {
	options Options
	changed chan struct{} // one waiting signal is enough: it stands for all
	redial  chan struct{}
	actions chan action
	thumbs  *thumbs

	mu      sync.Mutex // guards what follows
	link    Link
	source  Source // nil while there is none
	jobs    map[string]Row
	loaded  bool
	open    string
	view    *View
	missed  []wire.JobUpdate // of the open job, while its detail is under way
	asking  bool             // its detail is under way
	nodes   []job.Node
	payouts []job.Payout
	worker  WorkerStatus
	notice  Notice
	busy    string
	poke    chan struct{} // asks the poller for the open job's detail
}

type action struct {
	name string
	done string
	do   func(context.Context, Source) error
}

// New makes a Model; Run brings it to life.
func New(options Options) *Model {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	m := &Model{
		options: options,
		changed: make(chan struct{}, 1),
		redial:  make(chan struct{}, 1),
		actions: make(chan action, 16),
		poke:    make(chan struct{}, 1),
		jobs:    make(map[string]Row),
		link:    Link{Manager: options.Manager},
		worker:  WorkerStatus{State: WorkerOff},
	}
	m.thumbs = newThumbs(options.Cache, m.touch, options.Log)
	if options.Worker != nil {
		m.worker = options.Worker.Status()
	}
	return m
}

// Run follows the manager until the context ends and calls publish, from one goroutine,
// with a Snapshot after every change, at most twice a second. It has stopped everything
// that it started when it returns.
func (m *Model) Run(ctx context.Context, publish func(Snapshot)) {
	var group sync.WaitGroup
	group.Go(func() { m.follow(ctx) })
	group.Go(func() { m.thumbs.run(ctx) })
	if m.options.Worker != nil {
		m.options.Worker.Watch(func(status WorkerStatus) {
			m.mu.Lock()
			m.worker = status
			m.mu.Unlock()
			m.touch()
		})
	}
	m.touch()
	m.publish(ctx, publish)
	group.Wait()
}

// publish coalesces changes.
func (m *Model) publish(ctx context.Context, publish func(Snapshot)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.changed:
		}
		publish(m.Snapshot())
		if !pause(ctx, publishEvery) {
			return
		}
	}
}

// pause waits; false when the context ended first.
func pause(ctx context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func (m *Model) touch() { signal(m.changed) }

// Snapshot is what the screens show now.
func (m *Model) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Snapshot{
		Link: m.link, Loaded: m.loaded, Nodes: m.nodes, Payouts: m.payouts,
		Worker: m.worker, Notice: m.notice, Busy: m.busy,
	}
	s.Jobs = slices.SortedFunc(maps.Values(m.jobs), func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Job.Created, a.Job.Created), cmp.Compare(a.Job.ID, b.Job.ID))
	})
	if m.view != nil {
		view := *m.view
		view.Frames = slices.Clone(view.Frames)
		view.Events = slices.Clone(view.Events)
		view.Thumbs = m.thumbs.of(view.Job.ID)
		s.Open = &view
	}
	return s
}

// SetManager leaves the present manager for another.
func (m *Model) SetManager(address string) {
	m.mu.Lock()
	m.link = Link{Manager: address}
	m.forgetLocked()
	m.mu.Unlock()
	signal(m.redial)
	m.touch()
}

// Retry dials at once instead of after the present wait.
func (m *Model) Retry() { signal(m.redial) }

func (m *Model) forgetLocked() {
	m.jobs = make(map[string]Row)
	m.loaded = false
	m.nodes, m.payouts = nil, nil
	m.open, m.view, m.missed, m.asking = "", nil, nil, false
}

// Open chooses the job whose frames are kept; "" closes it.
func (m *Model) Open(id string) {
	m.mu.Lock()
	if id == m.open {
		m.mu.Unlock()
		return
	}
	m.open, m.missed, m.asking = id, nil, false
	m.view = nil
	if id != "" {
		m.view = &View{Job: m.jobs[id].Job, ETA: m.jobs[id].ETA, Loading: true}
		m.view.Job.ID = id
	}
	m.mu.Unlock()
	signal(m.poke)
	m.touch()
}

// Thumb asks for the picture of a delivered frame; it arrives in a later Snapshot.
func (m *Model) Thumb(frame job.Frame) {
	if look := LookOf(frame); look == LookDelivered || look == LookAccepted {
		m.thumbs.want(frame)
	}
}

// Cancel, Pause, Resume, Accept and Claim ask the manager; the Snapshot's Notice tells
// what came of it.
func (m *Model) Cancel(id string) {
	m.act("Cancelling", "The job is cancelled; verified frames are paid, the rest is refunded.", func(ctx context.Context, s Source) error {
		_, err := s.Cancel(ctx, id, "cancelled in the desktop app")
		return err
	})
}

// Pause lets a job have no new leases.
func (m *Model) Pause(id string) {
	m.act("Pausing", "The job is paused: running tasks finish, no new ones start.", func(ctx context.Context, s Source) error {
		_, err := s.Pause(ctx, id, "paused in the desktop app")
		return err
	})
}

// Resume ends a pause.
func (m *Model) Resume(id string) {
	m.act("Resuming", "The job goes on.", func(ctx context.Context, s Source) error {
		_, err := s.Resume(ctx, id, "")
		return err
	})
}

// Accept agrees to a delivery.
func (m *Model) Accept(id string) {
	m.act("Accepting", "The frames are accepted; their workers will be paid.", func(ctx context.Context, s Source) error {
		_, err := s.Accept(ctx, id)
		return err
	})
}

// Claim disputes frames.
func (m *Model) Claim(id string, frames []int, reason string) {
	m.act("Disputing", "The claim is filed: the frames are checked again and their payment waits.", func(ctx context.Context, s Source) error {
		_, err := s.Claim(ctx, id, frames, reason)
		return err
	})
}

// ClaimPayout withdraws what is settled for this identity.
func (m *Model) ClaimPayout() {
	m.act("Withdrawing", "", func(ctx context.Context, s Source) error {
		paid, err := s.ClaimPayout(ctx)
		if err != nil {
			return err
		}
		symbol := s.Welcome().Money.Symbol
		if paid.Amount == 0 {
			m.tell(Notice{Text: "There is nothing to withdraw yet: frames count once their job is settled."})
		} else {
			m.tell(Notice{Text: Money(paid.Amount, symbol) + " withdrawn in transaction " + Short(paid.Tx) + "."})
		}
		return nil
	})
}

// Dismiss removes the notice.
func (m *Model) Dismiss() { m.tell(Notice{}) }

// Tell shows a notice of the caller's.
func (m *Model) Tell(notice Notice) { m.tell(notice) }

func (m *Model) tell(notice Notice) {
	m.mu.Lock()
	m.notice = notice
	m.mu.Unlock()
	m.touch()
}

// StartWorker and PauseWorker drive this machine's worker mode.
func (m *Model) StartWorker() {
	if m.options.Worker != nil {
		m.options.Worker.Start()
	}
}

// PauseWorker gives the machine back to its owner now.
func (m *Model) PauseWorker() {
	if m.options.Worker != nil {
		m.options.Worker.Pause("paused by its owner")
	}
}

func (m *Model) act(name, done string, do func(context.Context, Source) error) {
	m.mu.Lock()
	ready := m.source != nil
	m.mu.Unlock()
	if !ready {
		m.tell(Notice{Text: "No manager is connected; try again once it is.", Bad: true})
		return
	}
	select {
	case m.actions <- action{name, done, do}:
	default:
		m.tell(Notice{Text: "Earlier actions are still under way; wait for them.", Bad: true})
	}
}

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
			m.problem(manager, Problem(err))
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
		source, err := m.options.Dial(inner, manager)
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

func (m *Model) problem(manager, text string) {
	m.mu.Lock()
	if m.link.Manager == manager {
		m.link.Connected, m.link.Problem = false, text
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
	return err.Error()
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
		m.link = Link{Manager: manager, Connected: true, Address: welcome.Manager, Money: welcome.Money}
	}
	m.mu.Unlock()
	defer source.Close()
	if !current {
		return
	}
	m.thumbs.use(source)
	m.touch()
	var group sync.WaitGroup
	group.Go(func() { m.watch(ctx, source) })
	group.Go(func() { m.poll(ctx, source) })
	group.Go(func() { m.work(ctx, source) })
	select {
	case <-ctx.Done():
	case <-m.redial:
	}
	stop()
	group.Wait()
	m.thumbs.use(nil)
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
	row := m.jobs[update.Job.ID]
	row.Job, row.ETA = update.Job, update.ETA
	m.jobs[update.Job.ID] = row
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

// poll asks for what isn't pushed.
func (m *Model) poll(ctx context.Context, source Source) {
	nodes, payouts, detail := time.NewTicker(nodesEvery), time.NewTicker(payoutsEvery), time.NewTicker(detailEvery)
	defer nodes.Stop()
	defer payouts.Stop()
	defer detail.Stop()
	m.pollJobs(ctx, source)
	m.pollNodes(ctx, source)
	m.pollPayouts(ctx, source)
	m.pollDetail(ctx, source)
	for {
		select {
		case <-ctx.Done():
			return
		case <-nodes.C:
			m.pollNodes(ctx, source)
		case <-payouts.C:
			m.pollPayouts(ctx, source)
		case <-detail.C:
			m.pollDetail(ctx, source)
		case <-m.poke:
			m.pollDetail(ctx, source)
		}
		m.mu.Lock()
		before := m.link.Connected
		m.link.Connected = source.Connected()
		if after := m.link.Connected; after != before {
			m.link.Problem = ""
			if !after {
				m.link.Problem = "The connection is lost; trying again. Jobs go on without it."
			}
			m.touch()
		}
		m.mu.Unlock()
	}
}

func (m *Model) ask(ctx context.Context, what string, do func(context.Context) error) {
	inner, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	if err := do(inner); err != nil && ctx.Err() == nil {
		m.options.Log.Warn("asking the manager failed", "for", what, "error", err)
	}
}

func (m *Model) pollJobs(ctx context.Context, source Source) {
	m.ask(ctx, "jobs", func(ctx context.Context) error {
		jobs, _, err := source.Jobs(ctx, wire.JobList{All: source.Everything()})
		if err != nil {
			return err
		}
		m.mu.Lock()
		for _, one := range jobs {
			if _, known := m.jobs[one.ID]; !known { // a push is newer than the list
				m.jobs[one.ID] = Row{Job: one}
			}
		}
		m.loaded = true
		m.mu.Unlock()
		m.touch()
		return nil
	})
}

func (m *Model) pollNodes(ctx context.Context, source Source) {
	m.ask(ctx, "nodes", func(ctx context.Context) error {
		nodes, err := source.Nodes(ctx)
		if err != nil {
			return err
		}
		nodes = slices.Clone(nodes)
		rank := map[job.NodeState]int{job.NodeBusy: 0, job.NodeIdle: 1, job.NodePaused: 2, job.NodeOffline: 3}
		slices.SortStableFunc(nodes, func(a, b job.Node) int {
			return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), cmp.Compare(a.Capabilities.Name, b.Capabilities.Name), cmp.Compare(a.Address, b.Address))
		})
		m.mu.Lock()
		m.nodes = nodes
		m.mu.Unlock()
		m.touch()
		return nil
	})
}

func (m *Model) pollPayouts(ctx context.Context, source Source) {
	m.ask(ctx, "payouts", func(ctx context.Context) error {
		payouts, err := source.Payouts(ctx, source.Everything())
		if err != nil {
			return err
		}
		m.mu.Lock()
		m.payouts = slices.Clone(payouts)
		m.mu.Unlock()
		m.touch()
		return nil
	})
}

// pollDetail fetches the open job. Pushes that arrive meanwhile may be newer than the
// answer, so they are applied again on top of it.
func (m *Model) pollDetail(ctx context.Context, source Source) {
	m.mu.Lock()
	id := m.open
	m.asking, m.missed = id != "", nil
	m.mu.Unlock()
	if id == "" {
		return
	}
	inner, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	detail, err := source.Job(inner, id)
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.touch()
	defer m.mu.Unlock()
	if m.open != id {
		return
	}
	m.asking = false
	m.view.Loading = false
	if err != nil {
		m.view.Problem = Problem(err)
		return
	}
	slices.SortFunc(detail.Frames, func(a, b job.Frame) int { return cmp.Compare(a.Number, b.Number) })
	if len(detail.Events) > maxEvents {
		detail.Events = detail.Events[len(detail.Events)-maxEvents:]
	}
	*m.view = View{Job: detail.Job, Frames: detail.Frames, Events: detail.Events, ETA: detail.ETA, Why: detail.Why}
	for _, update := range m.missed {
		m.mergeLocked(update)
	}
	m.missed = nil
}

// work carries out actions one after the other.
func (m *Model) work(ctx context.Context, source Source) {
	for {
		select {
		case <-ctx.Done():
			return
		case next := <-m.actions:
			m.setBusy(next.name)
			inner, stop := context.WithTimeout(ctx, 2*time.Minute) // a payout waits for its block
			err := next.do(inner, source)
			stop()
			m.setBusy("")
			if err != nil {
				m.options.Log.Warn("an action failed", "action", next.name, "error", err)
				m.tell(Notice{Text: next.name + " failed: " + Problem(err), Bad: true})
			} else if next.done != "" {
				m.tell(Notice{Text: next.done})
			}
			signal(m.poke)
		}
	}
}

func (m *Model) setBusy(name string) {
	m.mu.Lock()
	m.busy = name
	m.mu.Unlock()
	m.touch()
}
