package workerapp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/heliostat-render/heliostat/shared/blob/chunkcache"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack/fetch"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/ahead"
	"github.com/heliostat-render/heliostat/workerapp/appetite"
	"github.com/heliostat-render/heliostat/workerapp/earn"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
	"github.com/heliostat-render/heliostat/workerapp/session"
	"github.com/heliostat-render/heliostat/workerapp/workspace"
)

const (
	diskEvery     = 15 * time.Second
	devicesEvery  = 5 * time.Second
	statusEvery   = 100 * time.Millisecond
	progressEvery = 500 * time.Millisecond
	// goodbye bounds what a worker that stops still says to the manager.
	goodbye = 2 * time.Second
	// maxResumes is how often a lease that a crash interrupted is taken up again: it may
	// be what kills the worker.
	maxResumes = 3
	// burst is what may be sent at once when bandwidth is limited, in bytes.
	burst = 256 << 10
)

// ErrNoRenderer means that nothing that can render is installed.
var ErrNoRenderer = errors.New("no renderer was found")

// Engine is one worker. Make it with New, start it with Run; every other method may be
// called from any goroutine, also before and after Run.
type Engine struct {
	options Options
	gate    rules.Gate
	down    *rate.Limiter // bytes a second
	up      *rate.Limiter
	news    chan struct{} // wakes the watchers
	again   chan struct{} // wakes the announcer
	kick    chan struct{} // wakes the earnings
	lost    chan struct{} // the connection ended
	wired   chan struct{} // closed when the connection may be used

	// Set once by Run, before the parts start.
	space   *workspace.Space
	box     *outbox.Box
	pool    *warm.Pool
	found   []warm.Found
	device  choice
	runner  *session.Runner
	deliver *outbox.Deliverer
	larder  *ahead.Larder
	keeper  *rules.Keeper
	needs   *appetite.Store
	tasks   sync.WaitGroup
	work    context.Context // ends when Run has to stop

	mu           sync.Mutex
	running      bool                 // guarded by mu, as all that follow
	ready        bool                 // signed in once
	holds        bool                 // the data folder is, or was, this engine's
	ended        bool                 //
	conn         *link.Conn           //
	capabilities job.Capabilities     //
	order        []*task              // by age
	devices      []Device             // as last read
	balance      earn.Balance         //
	money        wire.Money           //
	tally        tally                //
	trouble      string               //
	failed       *Failed              //
	watchers     map[int]func(Status) //
	watcher      int                  // the last watcher's number
}

// New checks the options and makes an engine; nothing starts before Run.
func New(o Options) (*Engine, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	if _, err := link.BaseURLs(o.Manager); err != nil {
		return nil, err
	}
	if o.Name == "" {
		if o.Name, _ = os.Hostname(); o.Name == "" {
			o.Name = "worker"
		}
	}
	return &Engine{
		options:  o,
		down:     rate.NewLimiter(rate.Inf, burst),
		up:       rate.NewLimiter(rate.Inf, burst),
		news:     make(chan struct{}, 1),
		again:    make(chan struct{}, 1),
		kick:     make(chan struct{}, 1),
		lost:     make(chan struct{}, 1),
		wired:    make(chan struct{}),
		watchers: map[int]func(Status){},
	}, nil
}

// Run works until ctx ends: then renderers are killed, leases in hand go back to the
// manager and finished frames stay in the outbox for the next Run. It returns an error
// that names the next step when it can't start, and when the manager refuses the key.
func (e *Engine) Run(ctx context.Context) (err error) {
	e.mu.Lock()
	if e.running || e.ended {
		e.mu.Unlock()
		return errors.New("an engine runs once")
	}
	e.running = true
	e.mu.Unlock()
	shown, stopShowing := context.WithCancel(context.WithoutCancel(ctx))
	var shower sync.WaitGroup
	shower.Go(func() { e.show(shown) })
	defer func() {
		e.mu.Lock()
		e.running, e.ready, e.ended = false, false, true
		e.mu.Unlock()
		stopShowing()
		shower.Wait()
	}()
	e.changed()
	if err := e.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	return e.serve(ctx)
}

// open takes the data folder and finds out what this machine can do.
func (e *Engine) open(ctx context.Context) (err error) {
	o := &e.options
	if e.space, err = workspace.Open(o.DataDir); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			e.space.Close()
		}
	}()
	e.mu.Lock()
	e.holds = true
	e.mu.Unlock()
	if o.FreeBytes != nil {
		e.space.SetFree(o.FreeBytes)
	}
	e.settle(ctx)
	if e.box, err = outbox.Open(e.space.Outbox()); err != nil {
		return err
	}
	e.found, err = warm.Find(ctx, o.Renderers)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		o.Log.Warn("a renderer can't be probed", "err", err)
	}
	switch {
	case len(e.found) > 0:
	case o.FromDepot != nil:
		o.Log.Info("no renderer is installed; the network's depot is asked for one")
	default:
		return errors.Join(fmt.Errorf("%w on this machine: install Blender (apt install blender), name one with --blender, or take the network's with --depot", ErrNoRenderer), err)
	}
	devices, err := gpu.List(ctx, o.GPUs...)
	if err != nil {
		if len(devices) == 0 {
			return err
		}
		o.Log.Warn("a device can't be read", "err", err)
	}
	if e.device, err = choose(o.Device, o.Boards, devices, e.found); err != nil {
		return err
	}
	if o.Slots == 0 {
		o.Slots = max(1, len(e.device.ids()))
	}
	e.needs = appetite.Open(filepath.Join(e.space.Dir(), "needs.json"))
	score, err := e.score(ctx)
	if err != nil {
		return fmt.Errorf("measure this machine: %w", err)
	}
	// What is announced is of the machine whatever it renders on: a GPU's memory is VRAM.
	memory, limit := devices[0].Memory, o.MemoryLimit
	if limit == 0 {
		limit = max(memory, leastMemory)
	}
	box := o.Sandbox
	if o.Priority == rules.Low {
		box = sandbox.Low(box)
	}
	e.pool, err = warm.New(warm.Options{
		Root:        e.space.Scratch(),
		Seats:       o.Slots,
		Sandbox:     box,
		Threads:     o.Threads,
		Device:      e.device.backend,
		DeviceIDs:   e.device.ids(),
		MemoryLimit: limit,
		Idle:        o.Idle,
		Patience:    o.HangLimit,
		Busy:        e.busy,
		Log:         o.Log,
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tally = loadTally(e.space.Dir())
	e.capabilities = job.Capabilities{
		Name:     clip(o.Name),
		Installs: warm.Installs(e.found),
		Device:   e.device.kind,
		Hardware: clip(e.device.first().Name),
		Class:    e.class(),
		Threads:  o.threads(),
		Memory:   min(memory, limit),
		Slots:    o.Slots,
		Bench:    score,
		Floor:    floor(e.keeper.Rules()),
		VRAM:     e.vram(),
		Region:   clip(o.Region),
		Tags:     o.Tags,
	}
	return nil
}

// class is the kernel class that this worker announces; "" as long as it has no renderer.
func (e *Engine) class() string {
	if len(e.found) == 0 {
		return ""
	}
	return e.device.class(e.found[0].Install)
}

func (e *Engine) close() error {
	return errors.Join(e.pool.Close(), e.space.Close())
}

// serve connects and runs every part until ctx ends or one of them fails.
func (e *Engine) serve(ctx context.Context) error {
	o := &e.options
	objects, err := e.objects()
	if err != nil {
		return err
	}
	chunks, err := chunkcache.Open(chunkcache.Options{Dir: e.space.Cache(), MaxBytes: o.CacheBytes})
	if err != nil {
		return err
	}
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	e.work = work
	// The connection outlives ctx for a moment, so that leases can be given back.
	conn, err := link.Keep(context.WithoutCancel(ctx), link.Options{
		URL:          o.Manager,
		Identity:     o.Identity,
		Roles:        []job.Role{job.RoleWorker},
		Software:     o.Software,
		Handler:      e.handle,
		OnConnect:    e.connected,
		OnDisconnect: e.disconnected,
		Leases:       e.leases,
		Log:          o.Log,
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	fetcher := fetch.New(fetch.Options{
		Manager: conn, Cache: fetch.Chunks(chunks), Get: objects.Get,
		Manifests: filepath.Join(e.space.Dir(), "manifests"),
	})
	larder := ahead.New(work, filepath.Join(e.space.Scratch(), "ahead"), fetchWith(fetcher))
	defer func() {
		if err := larder.Close(); err != nil {
			o.Log.Error("scenes that were fetched ahead can't be wiped", "err", err)
		}
	}()
	e.mu.Lock()
	e.conn, e.larder = conn, larder
	e.runner = &session.Runner{
		Pool: e.pool, Identity: o.Identity, Found: e.found, Class: e.device.class,
		Fetch: larder.Fetch, Object: objects.GetFile, Scratch: filepath.Join(e.space.Scratch(), "stills"), Free: e.space.Free,
	}
	e.deliver = &outbox.Deliverer{
		Manager: conn, Store: objects, Backoff: o.Backoff,
		Trouble: e.troubled, Progress: e.uploaded,
	}
	e.mu.Unlock()
	e.keeper.Boards = e.boards
	e.limit(e.keeper.Rules())
	e.checkDisk()
	e.takeUp()
	close(e.wired)
	err = service.Run(work,
		service.Part{Name: "connection", Run: e.keepSignedIn},
		service.Part{Name: "announcements", Run: e.announce},
		service.Part{Name: "owner's rules", Run: e.obey},
		service.Part{Name: "disk", Run: e.watchDisk},
		service.Part{Name: "the owner's machine", Run: e.watchOwner},
		service.Part{Name: "devices", Run: e.watchDevices},
		service.Part{Name: "depot", Run: e.runDepot},
		service.Part{Name: "earnings", Run: e.watchEarnings},
	)
	stop(errStopping)
	e.tasks.Wait()
	return err
}

// keepSignedIn waits for the first sign-in and fails when the manager refuses the key,
// then or later.
func (e *Engine) keepSignedIn(ctx context.Context) error {
	first := ctx
	if e.options.ConnectTimeout > 0 {
		var cancel context.CancelFunc
		first, cancel = context.WithTimeout(ctx, e.options.ConnectTimeout)
		defer cancel()
	}
	_, err := e.conn.Wait(first)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case link.Refused(err):
		return fmt.Errorf("the manager at %s refuses this worker: %w", e.options.Manager, err)
	case err != nil:
		return link.Unreached(e.options.Manager, "heliostat-manager serve", err)
	}
	e.mu.Lock()
	e.ready = true
	e.mu.Unlock()
	e.changed()
	if e.options.OnReady != nil {
		e.options.OnReady(e.conn.Manager())
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-e.lost:
		}
		if _, err := e.conn.Wait(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("the manager at %s refuses this worker: %w", e.options.Manager, err)
		}
	}
}

func (e *Engine) disconnected(error) {
	select {
	case e.lost <- struct{}{}:
	default:
	}
	e.changed()
}

// connected runs after every sign-in, before anything else is said.
func (e *Engine) connected(ctx context.Context, s *link.Session) error {
	select {
	case <-e.wired:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	e.mu.Lock()
	e.money = s.Welcome().Money
	e.mu.Unlock()
	if err := s.Request(ctx, wire.TypeWorkerReady, e.readiness(), nil); err != nil {
		return err
	}
	e.changed()
	return nil
}

// obey enforces the owner's rules.
func (e *Engine) obey(ctx context.Context) error {
	for {
		verdict, changed := e.gate.Changed()
		e.tell()
		if verdict.Paused {
			e.stopTasks(verdict)
		}
		if verdict.Paused && verdict.Mode == rules.Now {
			e.release()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// release ends every renderer that no task uses: the owner wants the memory back.
func (e *Engine) release() {
	if err := e.pool.Drop(); err != nil {
		e.options.Log.Error("a workspace can't be wiped", "err", err)
	}
}

// watchDisk closes the gate while the disk is nearly full.
func (e *Engine) watchDisk(ctx context.Context) error {
	ticker := time.NewTicker(diskEvery)
	defer ticker.Stop()
	for {
		e.checkDisk()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// checkDisk measures the room left and tells the gate.
func (e *Engine) checkDisk() {
	free, err := e.space.Free()
	least := int64(e.keeper.Rules().Limits.MinFree)
	switch {
	case err != nil:
		e.gate.Pause("disk", rules.Finish, err.Error())
	case free < least:
		if freed := e.box.Shed(); freed > 0 {
			e.options.Log.Info("uploaded frames make room on the disk", "bytes", freed)
		}
		e.gate.Pause("disk", rules.Finish, fmt.Sprintf("the disk of %s is full: %d MB are left, %d MB are needed; make room or choose another folder with --data",
			e.space.Dir(), free>>20, least>>20))
	default:
		e.gate.Resume("disk")
	}
}

func (e *Engine) watchEarnings(ctx context.Context) error {
	return earn.Watch(ctx, earn.Options{
		Manager: e.conn,
		Address: e.options.Identity.Address(),
		Every:   e.options.ClaimEvery,
		Kick:    e.kick,
		OnChain: func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.money.Settlement != "" && e.money.Settlement != "off"
		},
		Changed: func(b earn.Balance) {
			e.mu.Lock()
			e.balance = b
			e.mu.Unlock()
			e.changed()
		},
		Log: e.options.Log,
	})
}

// show calls the watchers, at most every statusEvery, until ctx ends, then once more.
func (e *Engine) show(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ended := false; !ended; {
		select {
		case <-e.news:
		case <-ctx.Done():
			ended = true
		}
		if !ended {
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			timer.Reset(statusEvery)
		}
		e.mu.Lock()
		status := e.statusLocked()
		var call []func(Status)
		for _, f := range e.watchers {
			call = append(call, f)
		}
		e.mu.Unlock()
		for _, f := range call {
			f(status)
		}
	}
}
