package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// World is what the simulated nodes of one test share.
type World struct {
	URL string // of the manager
	// Pace is called by a worker between the phases of a task, where a real one would render. nil doesn't wait.
	Pace func(ctx context.Context)
	Log  *slog.Logger // nil discards
	// Offered is told of each lease offer as it arrives; nil isn't told.
	Offered func(job string)
	// Done is told each task that a worker has seen acknowledged; nil isn't told.
	Done func(Commit)

	album album
}

func (w *World) log() *slog.Logger {
	if w.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return w.Log
}

// node is what workers and verifiers share.
type node struct {
	world    *World
	id       *identity.Identity
	conn     *link.Conn
	transfer *transfer.Client
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup

	mu   sync.Mutex // guards held
	held []string
}

// errors in a row that a node's request may get before it gives the task up.
const tries = 60

func (n *node) init(ctx context.Context, w *World) error {
	id, err := identity.New()
	if err != nil {
		return err
	}
	n.world, n.id = w, id
	n.ctx, n.cancel = context.WithCancel(ctx)
	return nil
}

func (n *node) connect(role job.Role, handler link.Handler, ready func() (wire.Type, any)) error {
	var err error
	n.conn, n.transfer, err = Dial(n.ctx, Dialling{
		URL: n.world.URL, Identity: n.id, Role: role, Handler: handler, Ready: ready,
		Leases: func() []string { n.mu.Lock(); defer n.mu.Unlock(); return slices.Clone(n.held) },
	})
	if err != nil {
		return err
	}
	if _, err := n.conn.Wait(n.ctx); err != nil {
		return fmt.Errorf("%s: %w", role, err)
	}
	return nil
}

// Address is the node's own.
func (n *node) Address() string { return n.id.Address() }

// Close ends the node and waits for what it was doing.
func (n *node) Close() {
	n.cancel()
	if n.conn != nil {
		n.conn.Close()
	}
	n.wg.Wait()
}

func (n *node) hold(id string) {
	n.mu.Lock()
	n.held = append(n.held, id)
	n.mu.Unlock()
}

func (n *node) drop(id string) {
	n.mu.Lock()
	n.held = slices.DeleteFunc(n.held, func(h string) bool { return h == id })
	n.mu.Unlock()
}

func (n *node) domain(ctx context.Context) (receipt.Domain, error) {
	w, err := n.conn.Wait(ctx)
	return receipt.Domain{ChainID: w.Money.ChainID, Contract: w.Money.Escrow}, err
}

func capabilities() job.Capabilities {
	return job.Capabilities{
		Name: "sim", Device: "CPU", Class: Class, Slots: 1, Bench: 1, Threads: 1, Memory: 1 << 34,
		Installs: []job.Install{{Renderer: Recipe.Renderer, Version: Recipe.Version, Engines: []string{Recipe.Engine}}},
	}
}

// upload puts files where the manager lets it, again while it is away.
func (n *node) upload(typ wire.Type, ask any, bodies ...[]byte) error {
	var err error
	for range tries {
		var urls wire.BlobURLs
		if err = n.conn.Request(n.ctx, typ, ask, &urls); err != nil {
			if final(err) || n.ctx.Err() != nil {
				return err
			}
			n.pause()
			continue
		}
		if len(urls.URLs) != len(bodies) {
			return fmt.Errorf("%d URLs for %d files", len(urls.URLs), len(bodies))
		}
		err = nil
		for i, b := range bodies {
			u := urls.URLs[i]
			if u.URL == "" {
				continue
			}
			if err = n.transfer.PutBytes(n.ctx, blob.Signed{Method: u.Method, URL: u.URL, Header: u.Header, Expires: time.Unix(u.Expires, 0)}, b); err != nil {
				break
			}
		}
		if err == nil || n.ctx.Err() != nil {
			return err
		}
		n.pause()
	}
	return err
}

// request sends until it is answered, as real nodes do while a manager restarts.
func (n *node) request(typ wire.Type, body, answer any) error {
	var err error
	for range tries {
		if err = n.conn.Request(n.ctx, typ, body, answer); err == nil || final(err) || n.ctx.Err() != nil {
			return err
		}
		n.pause()
	}
	return err
}

func (n *node) pause() {
	t := time.NewTimer(50 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-n.ctx.Done():
	}
}

// final tells whether asking again can't help.
func final(err error) bool {
	var refused *wire.Error
	return errors.As(err, &refused) && refused.Code != wire.CodeUnavailable && refused.Code != wire.CodeLimit
}
