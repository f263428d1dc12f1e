package sim

import (
	"context"
	"net/http"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Dialling is how a simulated node connects.
type Dialling struct {
	URL      string // of the manager
	Identity *identity.Identity
	Role     job.Role
	Handler  link.Handler
	Ready    func() (wire.Type, any) // what it announces with each connection
	Leases   func() []string         // what it holds, for heartbeats
}

// Dial begins to connect a node and to keep it connected, until ctx ends or the connection is closed, and
// returns at once, with what the node moves files by: offers may come as soon as the connection is there, so both have to be kept
// before it is waited for. It is also for tests that bring nodes of their own.
func Dial(ctx context.Context, d Dialling) (*link.Conn, *transfer.Client, error) {
	bases, err := link.BaseURLs(d.URL)
	if err != nil {
		return nil, nil, err
	}
	conn, err := link.Keep(ctx, link.Options{
		URL: d.URL, Identity: d.Identity, Roles: []job.Role{d.Role}, Software: "sim", Handler: d.Handler, Leases: d.Leases,
		OnConnect: func(ctx context.Context, s *link.Session) error {
			typ, body := d.Ready()
			return s.Request(ctx, typ, body, nil)
		},
	})
	if err != nil {
		return nil, nil, err
	}
	client := link.HTTPClient(bases)
	if client == nil {
		client = plain
	}
	return conn, &transfer.Client{Bases: bases, HTTP: client}, nil
}

// plain is what nodes move files by where nothing is pinned. Each keeps its connection as a node on a machine of its
// own does, so there may be as many as nodes, and writes a simulated file at once.
var plain = &http.Client{Transport: &http.Transport{
	MaxIdleConnsPerHost: 1 << 16, IdleConnTimeout: 90 * time.Second, WriteBufferSize: 64 << 10, DisableCompression: true,
}}
