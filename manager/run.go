package main

import (
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
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/heliostat-render/heliostat/manager/audit"
	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/gateway"
	"github.com/heliostat-render/heliostat/manager/intake"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/schedule"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/service"
)

// config is everything that serve is told.
type config struct {
	Data, Listen, Settlement, Blobs string
	BlobBytes                       int64
	Lease, Grace, Epoch             time.Duration
	Window, Target                  time.Duration
	Price, Faucet                   float64
	Studios                         []string
	ChainListen, Token              string
	Confirmations                   uint64
	Stdout                          io.Writer    `json:"-"`
	Log                             *slog.Logger `json:"-"`
}

// stopWait bounds a clean stop.
const stopWait = 10 * time.Second

// serve runs a manager until ctx ends.
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
	id, err := identity.Open(c.Data, []byte(os.Getenv("HELIOSTAT_PASSPHRASE")))
	if err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, filepath.Join(c.Data, "heliostat.db"))
	if err != nil {
		return err
	}
	closers = append(closers, db.Close)
	blobs, door, err := openBlobs(ctx, c)
	if err != nil {
		return err
	}
	closers = append(closers, blobs.Close)
	cash, err := openMoney(ctx, c, id)
	if err != nil {
		return err
	}
	closers = append(closers, cash.close)

	m := assemble(c, id, db, blobs, cash)
	if err := errors.Join(m.keeper.Adopt(ctx), m.auditor.Adopt(ctx)); err != nil {
		return err
	}
	sessions := link.NewServer(link.ServerOptions{
		Domain: listener.Addr().String(), ChainID: cash.wire.ChainID, Welcome: m.gateway.Welcome, Handler: m.gateway.Handle, OnClose: m.gateway.Closed,
		Heartbeat: min(5*time.Second, c.Lease/4), Log: c.Log,
	})
	mux := http.NewServeMux()
	mux.Handle(link.Path, sessions)
	if door != nil {
		mux.Handle("/blob/", door)
	}
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := db.View(r.Context(), func(tx store.Tx) error { _, err := tx.Meta("health"); return err }); err != nil {
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug)}

	service.Ready(c.Stdout, "address", "http://"+reachable(listener.Addr()), "id", id.Address())
	c.Log.Info("manager serves", "address", listener.Addr(), "id", id.Address(), "settlement", c.Settlement, "data", c.Data)
	return service.Run(ctx,
		service.Part{Name: "http", Run: func(ctx context.Context) error { return serveHTTP(ctx, server, listener, sessions) }},
		service.Part{Name: "notify", Run: m.hub.Run},
		service.Part{Name: "lease", Run: m.keeper.Run},
		service.Part{Name: "audit", Run: m.auditor.Run},
		service.Part{Name: "schedule", Run: m.scheduler.Run},
		service.Part{Name: "settle", Run: m.settler.Run},
	)
}

// parts are the packages of a manager, connected.
type parts struct {
	hub       *notify.Hub
	keeper    *lease.Keeper
	auditor   *audit.Auditor
	scheduler *schedule.Scheduler
	settler   *settle.Settler
	gateway   *gateway.Gateway
}

func assemble(c config, id *identity.Identity, db store.Store, blobs blob.Store, cash *money) *parts {
	p := &parts{}
	nodes := fleet.New(time.Now)
	secrets := keys{id}
	p.hub = notify.New(db, nil, c.Log)
	p.settler = settle.New(settle.Options{
		Store: db, Chain: cash.chain, Money: cash.wire, Hub: p.hub, Epoch: c.Epoch, Window: cash.disputeWindow(c.Window), Faucet: tokens(c.Faucet), Clock: time.Now, Log: c.Log,
	})
	p.keeper = lease.New(lease.Options{
		Store: db, Fleet: nodes, Hub: p.hub, Settler: p.settler, Keys: secrets, Blobs: blobs, Length: c.Lease, Grace: c.Grace, Clock: time.Now, Log: c.Log,
		Committed: func() { p.auditor.Wake() }, Freed: func() { p.scheduler.Wake() },
	})
	p.auditor = audit.New(audit.Options{
		Store: db, Fleet: nodes, Hub: p.hub, Keeper: p.keeper, Settler: p.settler, Keys: secrets, Blobs: blobs, Length: c.Lease, Grace: c.Grace, Clock: time.Now, Log: c.Log,
	})
	p.scheduler = schedule.New(schedule.Options{Store: db, Fleet: nodes, Leaser: p.keeper, Pace: p.auditor.Pace, Clock: time.Now, Log: c.Log})
	p.hub.SetETA(p.scheduler.ETA)
	quoter := &quote.Quoter{Fleet: nodes, Unit: tokens(c.Price), Clock: time.Now}
	in := intake.New(intake.Options{
		Store: db, Blobs: blobs, Hub: p.hub, Quoter: quoter, Settler: p.settler, Keeper: p.keeper, Keys: secrets, Target: c.Target, Clock: time.Now, Log: c.Log, Wake: p.scheduler.Wake,
	})
	p.gateway = gateway.New(gateway.Options{
		Store: db, Blobs: blobs, Fleet: nodes, Hub: p.hub, Intake: in, Keeper: p.keeper, Auditor: p.auditor, Scheduler: p.scheduler, Settler: p.settler,
		Address: id.Address(), SealKey: hex.EncodeToString(id.SealKey()), Studios: c.Studios, Clock: time.Now, Log: c.Log,
	})
	return p
}

// serveHTTP serves until ctx ends, then ends the sessions and lets transfers finish.
func serveHTTP(ctx context.Context, server *http.Server, listener net.Listener, sessions *link.Server) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
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
