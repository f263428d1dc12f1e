package state

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	publishEvery = 500 * time.Millisecond // a screen that changes oftener can't be read, and costs CPU
	nodesEvery   = 3 * time.Second
	payoutsEvery = 10 * time.Second
	linkEvery    = time.Second
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
	// Fetch brings a job's delivered frames to where they belong on this machine, and returns that folder. told is
	// called before each file, with how many frames came before it and how many there are.
	Fetch func(ctx context.Context, source Source, detail wire.JobDetail, told func(done, all int)) (folder string, err error)
	Show  func(folder string) error // in the desktop's file manager
	Log   *slog.Logger
}

// Model follows a manager and this machine's worker. All methods but Run return at once
// and may be called from any goroutine.
type Model struct {
	options Options
	changed chan struct{} // one waiting signal is enough: it stands for all
	redial  chan struct{}
	actions chan action
	wanted  chan string // a job whose frames are to be fetched
	thumbs  *thumbs
	larges  *thumbs

	mu      sync.Mutex // guards what follows
	link    Link
	source  Source // nil while there is none
	jobs    map[string]Row
	loaded  bool
	oldest  string // the last job of the list as far as it was fetched, page by page; "" before the first page
	older   bool   // it goes on
	open    string
	view    *View
	looked  job.Frame        // of the open job, shown large; zero for none
	missed  []wire.JobUpdate // of the open job, while its detail is under way
	asking  bool             // its detail is under way
	nodes   []job.Node
	payouts []job.Payout
	worker  WorkerStatus
	notice  Notice
	busy    string
	saving  string // how far fetching frames is; "" while none are fetched
	offer   *Offer
	pace    pace
	works   Work
	poke    chan struct{} // asks the poller for the open job's detail
	born    chan struct{} // asks it for the list: a job that isn't on it was pushed
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
		wanted:  make(chan string, 1),
		poke:    make(chan struct{}, 1),
		born:    make(chan struct{}, 1),
		jobs:    make(map[string]Row),
		works:   make(Work),
		link:    Link{Manager: options.Manager},
		worker:  WorkerStatus{State: WorkerOff},
	}
	large := options.Cache
	if large != "" {
		large = filepath.Join(large, "large")
	}
	m.thumbs = newThumbs(options.Cache, smallPictures, m.touch, options.Log)
	m.larges = newThumbs(large, largePictures, m.touch, options.Log)
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
	group.Go(func() { m.larges.run(ctx) })
	if m.options.Worker != nil {
		m.options.Worker.Watch(func(status WorkerStatus) {
			m.mu.Lock()
			m.worker = status
			m.mu.Unlock()
			m.touch()
		})
		status := m.options.Worker.Status() // what was told before anybody watched
		m.mu.Lock()
		m.worker = status
		m.mu.Unlock()
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
		Link: m.link, Loaded: m.loaded, Older: m.older, Nodes: m.nodes, Payouts: m.payouts,
		Worker: m.worker, Notice: m.notice, Busy: cmp.Or(m.busy, m.saving), Offer: m.offer,
	}
	s.Jobs = slices.SortedFunc(maps.Values(m.jobs), func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Job.Created, a.Job.Created), cmp.Compare(a.Job.ID, b.Job.ID))
	})
	s.Nodes = slices.Clone(s.Nodes)
	for i, node := range s.Nodes {
		s.Nodes[i].Doing = m.works.Doing(node)
	}
	s.Payouts = withMine(s.Payouts, s.Worker)
	s.Sum = SumOf(s.Jobs)
	s.Sum.PerHour, s.Sum.Paced = m.pace.perHour(time.Now())
	if m.view != nil {
		view := *m.view
		view.Frames = slices.Clone(view.Frames)
		view.Events = slices.Clone(view.Events)
		view.Thumbs = m.thumbs.of(view.Job.ID)
		if key, ok := keyOf(m.looked); ok && m.looked.Job == view.Job.ID {
			view.Large = &Large{Number: m.looked.Number}
			view.Large.Picture, view.Large.Problem = m.larges.at(key)
		}
		s.Open = &view
	}
	return s
}

// withMine adds what this machine's worker earned where the manager doesn't list it: it tells an artist only of the
// artist's own key.
func withMine(listed []job.Payout, w WorkerStatus) []job.Payout {
	if w.Earned == 0 || w.Address == "" || slices.ContainsFunc(listed, func(p job.Payout) bool { return strings.EqualFold(p.Node, w.Address) }) {
		return listed
	}
	mine := job.Payout{Node: w.Address, Role: job.RoleWorker, Cumulative: w.Earned, Claimed: w.Claimed, Tx: w.LastTx}
	return append([]job.Payout{mine}, listed...)
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
	m.loaded, m.oldest, m.older = false, "", false
	m.nodes, m.payouts = nil, nil
	m.open, m.view, m.missed, m.asking, m.offer = "", nil, nil, false, nil
	m.pace = pace{}
	m.works = make(Work)
}

// Open chooses the job whose frames are kept; "" closes it.
func (m *Model) Open(id string) {
	m.mu.Lock()
	if id == m.open {
		m.mu.Unlock()
		return
	}
	m.open, m.missed, m.asking, m.offer = id, nil, false, nil
	m.view = nil
	if id != "" {
		m.view = &View{Job: m.jobs[id].Job, ETA: m.jobs[id].ETA, Loading: true}
		m.view.Job.ID = id
	}
	m.mu.Unlock()
	signal(m.poke)
	m.touch()
}

// Look asks for the large picture of a delivered frame, and fetches those of its neighbours after it; it arrives in a later
// Snapshot's View. The zero Frame ends it.
func (m *Model) Look(frame job.Frame, neighbours ...job.Frame) {
	m.mu.Lock()
	m.looked = frame
	m.mu.Unlock()
	for _, n := range neighbours {
		m.larges.want(n)
	}
	m.larges.want(frame) // the newest wish is the first
	m.touch()
}

// Thumb asks for the picture of a delivered frame; it arrives in a later Snapshot.
func (m *Model) Thumb(frame job.Frame) {
	if frame.State == job.FrameDelivered || frame.State == job.FrameAccepted {
		m.thumbs.want(frame)
	}
}
