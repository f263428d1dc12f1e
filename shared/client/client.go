// Package client is the Go SDK of the network for those who want frames: the bridge, the
// desktop app and the commands all use it. It speaks shared/wire over a connection that
// comes back by itself, signs what has to be signed, and moves bytes by signed URLs.
//
// It is not the place for how a submission proceeds (plugins/submit) or for what screens
// show (desktop/state).
//
// Receives: packages and job descriptions from plugins/submit.
// Hands on: messages to a manager, frames to its caller.
package client

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// DefaultManager is where `heliostat farm start` serves.
const DefaultManager = "http://127.0.0.1:7777"

// Options configure a client.
type Options struct {
	Manager  string // http(s) address, or several with commas between; "" is DefaultManager; each maybe with a pin, see link.WithPin
	Pin      string // of the certificate of managers without one in Manager, "sha256:…"; "" for the system's trust
	Identity *identity.Identity
	Roles    []job.Role // nil is artist
	Software string
	Log      *slog.Logger
	Timeout  time.Duration // for the first sign-in; 0 is 10 s
	Upload   int64         // bytes per second, 0 for no cap
	// Trouble is told, while Dial and later while the connection is lost, why a try failed, as Dial's error says it; more are made. nil for nobody.
	Trouble func(error)
}

// Client is one signed-in client. Its methods are safe for concurrent use. Requests wait
// for a lost connection to come back until their context ends.
type Client struct {
	options  Options
	conn     *link.Conn
	welcome  wire.Welcome
	transfer *transfer.Client
	watches  watches
}

// Dial signs in. The error says what to do when no manager answers.
func Dial(ctx context.Context, o Options) (*Client, error) {
	if o.Manager == "" {
		o.Manager = DefaultManager
	}
	if o.Roles == nil {
		o.Roles = []job.Role{job.RoleArtist}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	manager, err := link.WithPin(o.Manager, o.Pin)
	if err != nil {
		return nil, err
	}
	o.Manager = manager
	bases, err := link.BaseURLs(o.Manager)
	if err != nil {
		return nil, err
	}
	c := &Client{options: o, transfer: &transfer.Client{Bases: bases, HTTP: link.HTTPClient(bases)}}
	if o.Upload > 0 {
		c.transfer.Limiter = rate.NewLimiter(rate.Limit(o.Upload), int(max(o.Upload/4, 16<<10)))
	}
	c.watches.init()
	unreached := func(err error) error { return link.Unreached(o.Manager, "heliostat farm start", err) }
	c.conn, err = link.Keep(context.WithoutCancel(ctx), link.Options{
		URL: o.Manager, Identity: o.Identity, Roles: o.Roles, Software: o.Software, Log: o.Log,
		Handler: c.watches.handle, OnConnect: c.watches.resume, OnFailed: func(err error) {
			if o.Trouble != nil {
				o.Trouble(unreached(err))
			}
		},
	})
	if err != nil {
		return nil, err
	}
	first, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if c.welcome, err = c.conn.Wait(first); err != nil {
		c.conn.Close()
		if link.Refused(err) {
			return nil, err
		}
		return nil, unreached(err)
	}
	return c, nil
}

// Close ends the connection.
func (c *Client) Close() { c.conn.Close() }

// Welcome is what the manager said at the first sign-in.
func (c *Client) Welcome() wire.Welcome { return c.welcome }

// Address is the client's own address.
func (c *Client) Address() string { return c.options.Identity.Address() }

// Manager is the address of the manager that the client is connected to, of those in Options.Manager, or was last.
func (c *Client) Manager() string { return c.conn.Manager() }

// Connected tells whether the connection is up now.
func (c *Client) Connected() bool { return c.conn.Connected() }
