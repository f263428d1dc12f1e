package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/heliostat-render/heliostat/manager/audit"
	"github.com/heliostat-render/heliostat/manager/cluster"
	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/gateway"
	"github.com/heliostat-render/heliostat/manager/intake"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/metrics"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/retain"
	"github.com/heliostat-render/heliostat/manager/schedule"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/service"
)

// config is everything that serve is told.
type config struct {
	Data, Listen, Settlement, Blobs string
	BlobBytes                       int64
	Unaccepted                      int64
	Store                           string // "" is a SQLite file in Data
	Keys                            string // folder of the identity, the certificate and the contracts' addresses; "" is Data
	TLS, TLSCert, TLSKey            string
	Admin, Metrics                  string // addresses; "" Metrics is none
	Lease, Grace, Epoch             time.Duration
	Window, Target                  time.Duration
	KeepFrames, KeepPackages        time.Duration
	KeepHistory                     time.Duration
	Sweep, Scrub                    time.Duration
	Price, Faucet                   float64
	Studios, Operators              []string
	ChainListen, Token              string
	Confirmations                   uint64
	Stdout                          io.Writer    `json:"-"`
	Log                             *slog.Logger `json:"-"`
}

func (c *config) keys() string { return cmp.Or(c.Keys, c.Data) }

func (c *config) store() string { return cmp.Or(c.Store, filepath.Join(c.Data, "heliostat.db")) }

// unaccepted is how many bytes an artist may have stored before accepting a quote; 0 for no limit. Where nobody pays, accepting
// proves nothing, and whoever may sign in is trusted.
func (c *config) unaccepted() int64 {
	if c.Unaccepted >= 0 {
		return c.Unaccepted
	}
	if c.Settlement == "off" {
		return 0
	}
	return 64 << 30
}

// stopWait bounds a clean stop.
const stopWait = 10 * time.Second

// serve runs a manager until ctx ends or it is drained.
func serve(ctx context.Context, c config) (err error) {
	// What was opened is closed in the opposite order, whatever happens in between.
	var closers []func() error
	defer func() {
		for i := len(closers) - 1; i >= 0; i-- {
			err = errors.Join(err, closers[i]())
		}
	}()

	unlock, err := lockData(c.Data)
	if err != nil {
		return err
	}
	closers = append(closers, unlock)
	listener, err := listen(c.Listen)
	if err != nil {
		return err
	}
	closers = append(closers, func() error { listener.Close(); return nil }) // the server has closed it, unless the start failed
	id, err := identity.Open(c.keys(), []byte(os.Getenv("HELIOSTAT_PASSPHRASE")))
	if err != nil {
		return err
	}
	secure, pin, err := secured(c, listener.Addr())
	if err != nil {
		return err
	}
	db, err := open.Open(ctx, c.store(), c.Log)
	if err != nil {
		return err
	}
	closers = append(closers, db.Close)
	blobs, door, err := openBlobs(ctx, c)
	if err != nil {
		return err
	}
	closers = append(closers, blobs.Close)
	cash, err := openMoney(ctx, c, id, db)
	if err != nil {
		return err
	}
	closers = append(closers, cash.close)

	scheme := "http"
	if secure != nil {
		scheme = "https"
	}
	address, err := link.WithPin(scheme+"://"+reachable(listener.Addr()), pin)
	if err != nil {
		return err
	}
	m := assemble(c, outside{id: id, db: db, blobs: blobs, cash: cash, url: address})
	if m.cluster == nil {
		if err := errors.Join(m.keeper.Adopt(ctx), m.auditor.Adopt(ctx)); err != nil {
			return err
		}
	}
	sessions := link.NewServer(link.ServerOptions{
		Domain: listener.Addr().String(), ChainID: cash.wire.ChainID, Welcome: m.gateway.Welcome, Handler: m.gateway.Handle, OnOpen: m.gateway.Opened, OnClose: m.gateway.Closed,
		Heartbeat: min(5*time.Second, c.Lease/4), Limits: gateway.Limits, PerAddress: maxPerAddress, Opening: maxOpening, Log: c.Log,
	})
	mux := http.NewServeMux()
	mux.Handle(link.Path, sessions)
	if door != nil {
		mux.Handle("/blob/", door)
	}
	mux.HandleFunc("/healthz", m.healthy)
	mux.HandleFunc("/readyz", m.ready)
	if secure != nil {
		secure.NextProtos = []string{"http/1.1"} // the websocket needs it
	}
	server := &http.Server{Handler: mux, TLSConfig: secure, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug)}

	office, err := openAdmin(c, m)
	if err != nil {
		return err
	}
	closers = append(closers, office.close)

	ready := []string{"address", address, "id", id.Address()}
	if pin != "" {
		ready = append(ready, "pin", pin)
	}
	service.Ready(c.Stdout, ready...)
	c.Log.Info("manager serves", "address", listener.Addr(), "tls", secure != nil, "id", id.Address(), "settlement", c.Settlement, "data", c.Data, "manager", m.name)
	if secure == nil && !loopback(listener.Addr()) {
		c.Log.Warn("frames and messages travel unencrypted: leave out --tls off unless something else encrypts them", "address", listener.Addr())
	}

	// The parts outlive the signal to stop for as long as draining takes.
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	work, rest := context.WithCancel(inner) // what gives work out
	defer rest()
	var giving sync.WaitGroup
	gives := func(run func(context.Context) error) func(context.Context) error {
		giving.Add(1)
		return func(ctx context.Context) error {
			err := func() error {
				defer giving.Done()
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				stop := context.AfterFunc(work, cancel)
				defer stop()
				return run(ctx)
			}()
			if err == nil {
				<-ctx.Done()
			}
			return err
		}
	}
	list := []service.Part{
		{Name: "http", Run: func(ctx context.Context) error { return serveHTTP(ctx, server, listener, sessions) }},
		{Name: "admin", Run: office.run},
		{Name: "memory", Run: spare},
		{Name: "notify", Run: m.hub.Run},
		{Name: "lease", Run: m.keeper.Run},
		{Name: "audit", Run: gives(m.auditor.Run)},
		{Name: "schedule", Run: gives(m.scheduler.Run)},
		{Name: "settle", Run: duty(db, "settle", c.Log, m.settler.Run)},
		{Name: "retain", Run: duty(db, "retain", c.Log, m.retain.Run)},
		{Name: "release", Run: duty(db, "release", c.Log, m.intake.Run)},
		{Name: "drain", Run: func(inner context.Context) error {
			select {
			case <-ctx.Done():
			case <-m.drain.asked:
			case <-inner.Done():
				return nil
			}
			m.drain.begun.Store(true)
			rest()
			giving.Wait()
			m.drain.wait(inner, ctx, m.nodes, c.Log)
			c.Log.Info("manager stops")
			quiet, cancel := context.WithTimeout(inner, stopWait/2)
			defer cancel()
			sessions.Drain(quiet, "the manager is stopping")
			return nil
		}},
	}
	if m.cluster != nil {
		list = append(list, service.Part{Name: "cluster", Run: m.cluster.Run})
	}
	return service.Run(inner, list...)
}

const (
	// maxPerAddress bounds one key's connections: a farm may run all of its workers under one.
	maxPerAddress = 1024
	// maxOpening bounds the connections that haven't signed in yet.
	maxOpening = 4096
)

// duty runs something in one of the managers that share a store, and in another one when that one
// is gone.
func duty(s store.Store, name string, log *slog.Logger, run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			lead, err := s.Lead(ctx, name)
			if err != nil {
				if ctx.Err() != nil {
					return nil
				}
				log.Error("take up a duty; trying again", "duty", name, "err", err)
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
				continue
			}
			log.Debug("this manager does a duty", "duty", name)
			if err := run(lead); err != nil {
				return err
			}
		}
		return nil
	}
}

// outside is what a manager is made of that isn't its own.
type outside struct {
	id    *identity.Identity
	db    store.Store
	blobs blob.Store
	cash  *money
	url   string
}

// parts are the packages of a manager, connected.
type parts struct {
	name      string // among the managers that share the store; "" when it is alone
	address   string
	db        store.Store
	blobs     blob.Store
	nodes     *fleet.Fleet
	hub       *notify.Hub
	keeper    *lease.Keeper
	auditor   *audit.Auditor
	scheduler *schedule.Scheduler
	settler   *settle.Settler
	intake    *intake.Intake
	gateway   *gateway.Gateway
	cluster   *cluster.Cluster // nil when it is alone
	retain    *retain.Keeper
	metrics   *metrics.Metrics
	drain     *drain
	clock     func() time.Time
}

func assemble(c config, o outside) *parts {
	clock := service.NewClock(nil).Now
	p := &parts{address: o.id.Address(), blobs: o.blobs, metrics: metrics.New(clock), drain: newDrain(clock), clock: clock}
	p.db = p.metrics.Store(o.db)
	p.nodes = fleet.New(clock)
	nodes, db, blobs, secrets := p.nodes, p.db, o.blobs, lease.Cached(keys{o.id})
	var away func(role job.Role, node, id, reason string)
	var rushed func(jobID string)
	if open.Shared(c.store()) {
		p.name = store.NewID("m")
		away = func(role job.Role, node, id, reason string) { p.cluster.Away(role, node, id, reason) }
		rushed = func(jobID string) { p.cluster.Rushed(jobID) }
	}
	p.hub = notify.New(db, nil, c.Log)
	p.settler = settle.New(settle.Options{
		Store: db, Chain: o.cash.chain, Money: o.cash.wire, Hub: p.hub, Epoch: c.Epoch, Window: o.cash.disputeWindow(c.Window), Faucet: tokens(c.Faucet), Clock: clock, Log: c.Log,
	})
	p.keeper = lease.New(lease.Options{
		Store: db, Fleet: nodes, Hub: p.hub, Settler: p.settler, Keys: secrets, Blobs: blobs, Length: c.Lease, Grace: c.Grace, Clock: clock, Log: c.Log,
		Committed: func() { p.auditor.Wake() }, Freed: func() { p.scheduler.Wake() }, Manager: p.name, Away: away,
	})
	p.auditor = audit.New(audit.Options{
		Store: db, Fleet: nodes, Hub: p.hub, Keeper: p.keeper, Settler: p.settler, Keys: secrets, Blobs: blobs, Length: c.Lease, Grace: c.Grace, Clock: clock, Log: c.Log,
		Manager: p.name, Address: p.address, Registry: o.cash.registry(), Slash: slasher(p.settler),
	})
	p.scheduler = schedule.New(schedule.Options{Store: db, Fleet: nodes, Leaser: p.keeper, Pace: p.auditor.Pace, Clock: clock, Log: c.Log,
		// Where others run, they give out what this one doesn't.
		Draining: func() bool { return p.drain.begun.Load() && (p.cluster == nil || p.cluster.Count() <= 1) }})
	p.hub.SetETA(p.scheduler.ETA)
	quoter := &quote.Quoter{Fleet: nodes, Unit: tokens(c.Price), Target: c.Target, Clock: clock}
	p.intake = intake.New(intake.Options{
		Store: db, Blobs: blobs, Hub: p.hub, Quoter: quoter, Settler: p.settler, Keeper: p.keeper, Keys: secrets, Target: c.Target, Unaccepted: c.unaccepted(), Clock: clock, Log: c.Log, Wake: p.scheduler.Wake, Rushed: rushed,
	})
	door := gateway.Options{
		Store: db, Blobs: blobs, Fleet: nodes, Hub: p.hub, Intake: p.intake, Keeper: p.keeper, Auditor: p.auditor, Scheduler: p.scheduler, Settler: p.settler,
		Address: p.address, SealKey: hex.EncodeToString(o.id.SealKey()), Studios: c.Studios, Operators: c.Operators, Clock: clock, Log: c.Log,
		Manager: p.name, Handled: p.metrics.Handled, KeepFrames: c.KeepFrames,
	}
	managers := func() int { return 1 }
	if p.name != "" {
		p.cluster = cluster.New(cluster.Options{
			Store: db, ID: p.name, Address: p.address, URL: o.url, Hub: p.hub, Fleet: nodes, Leases: p.keeper, Audits: p.auditor,
			Wake: func() { p.scheduler.Wake(); p.auditor.Wake() }, Held: p.scheduler.SetElsewhere, Room: p.intake.MakeRoom, Clock: clock, Log: c.Log,
		})
		door.Cluster, managers = p.cluster, p.cluster.Count
	}
	p.gateway = gateway.New(door)
	p.retain = retain.New(retain.Options{
		Store: db, Blobs: blobs, KeepFrames: c.KeepFrames, KeepPackages: c.KeepPackages, KeepHistory: c.KeepHistory, Every: cmp.Or(c.Sweep, time.Hour), Scrub: c.Scrub, Clock: clock, Log: c.Log,
		Swept: p.metrics.Swept, Damaged: p.metrics.Damaged,
	})
	p.metrics.Watch(metrics.Sources{Store: o.db, Fleet: nodes, Sessions: p.gateway.Sessions, Managers: managers, Draining: p.drain.begun.Load})
	return p
}

// healthy answers whether the manager works at all.
func (p *parts) healthy(w http.ResponseWriter, r *http.Request) {
	if err := p.db.View(r.Context(), func(tx store.Tx) error { _, err := tx.Meta("health"); return err }); err != nil {
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// ready answers whether a balancer may send new connections here.
func (p *parts) ready(w http.ResponseWriter, r *http.Request) {
	if p.drain.begun.Load() {
		http.Error(w, "this manager is stopping", http.StatusServiceUnavailable)
		return
	}
	p.healthy(w, r)
}

// serveHTTP serves until ctx ends, then ends the sessions and lets transfers finish.
func serveHTTP(ctx context.Context, server *http.Server, listener net.Listener, sessions *link.Server) error {
	failed := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			failed <- server.ServeTLS(listener, "", "")
			return
		}
		failed <- server.Serve(listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
	defer cancel()
	err := sessions.Close(stop)
	if e := server.Shutdown(stop); e != nil {
		err = errors.Join(err, e, server.Close())
	}
	<-failed
	return err
}

// keys opens and seals job keys with the manager's identity.
type keys struct{ id *identity.Identity }

var _ lease.Keys = keys{}

func (k keys) JobKey(pkg string, sealed []byte) (seal.JobKey, error) {
	return k.id.OpenJobKey(pkg, sealed)
}

func (k keys) SealJobKey(public []byte, pkg string, key seal.JobKey) ([]byte, error) {
	return seal.SealJobKey(public, pkg, key)
}

// lockData makes the data folder and keeps other managers out of it.
func lockData(data string) (unlock func() error, err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder %s can't be made: %w; choose another with --data, or fix its permissions", data, err)
	}
	lock := flock.New(filepath.Join(data, "manager.lock"))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("data folder %s can't be written: %w; choose another with --data, or fix its permissions", data, err)
	}
	if !ok {
		return nil, fmt.Errorf("data folder %s is in use by another manager: stop that one, or choose another with --data", data)
	}
	return lock.Close, nil
}

func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("address %s is in use by another program: stop it, or choose another port with --listen", address)
	case err != nil:
		return nil, fmt.Errorf("can't listen on %s: %w; choose another address with --listen", address, err)
	}
	return l, nil
}

// reachable is the address that a client on this machine can use.
func reachable(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
	}
	return a.String()
}
