package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/heliostat-render/heliostat/shared/link"
)

// ErrInside means that a manager sent this node to an address of its owner's own network.
var ErrInside = errors.New("the manager sends this node to an address inside its own network, which is refused")

// client goes to the managers, and to whatever store a manager's URLs name: a stranger's word. From outside a
// manager could so have its nodes knock at their owners' own machines; it can't, unless it stands
// inside as well, or another of its network does, which the owner named beside it.
func client(managers []*url.URL) *http.Client {
	dialer := func(control func(context.Context, string, string, syscall.RawConn) error) *net.Dialer {
		return &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second, ControlContext: control}
	}
	transport := func(d *net.Dialer) *http.Transport {
		return &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: d.DialContext,
			TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: 2 * time.Minute, ExpectContinueTimeout: time.Second, IdleConnTimeout: 90 * time.Second,
			MaxIdleConns: 64, MaxIdleConnsPerHost: 16, ForceAttemptHTTP2: true, DisableCompression: true,
		}
	}
	g := &guard{own: make(map[string]http.RoundTripper), lookup: net.DefaultResolver.LookupNetIP}
	g.free = transport(dialer(nil))
	g.held = transport(dialer(func(ctx context.Context, _, address string, _ syscall.RawConn) error { return g.check(ctx, address) }))
	g.held.Proxy = nil
	own := http.RoundTripper(g.free)
	if pinned := link.HTTPClient(managers); pinned != nil {
		own = pinned.Transport
	}
	for _, base := range managers {
		g.own[base.Host] = own
		g.names = append(g.names, base.Hostname())
	}
	return &http.Client{
		Transport: g,
		// A signed URL says where to go; a redirect could carry it elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard sends requests to the managers' own hosts freely, to others only where check lets it.
type guard struct {
	own    map[string]http.RoundTripper // by a manager's host
	names  []string                     // of the managers
	free   *http.Transport              // through a proxy, which dials by itself
	held   *http.Transport
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if own := g.own[r.URL.Host]; own != nil {
		return own.RoundTrip(r)
	}
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, err
	}
	if proxy == nil {
		return g.held.RoundTrip(r)
	}
	if ip, err := netip.ParseAddr(r.URL.Hostname()); err == nil {
		if err := g.allow(r.Context(), ip); err != nil {
			return nil, err
		}
	}
	return g.free.RoundTrip(r)
}

// check is asked about the address that is really dialled, whatever a name server said before.
func (g *guard) check(ctx context.Context, address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	return g.allow(ctx, at.Addr())
}

func (g *guard) allow(ctx context.Context, ip netip.Addr) error {
	ip = ip.Unmap()
	switch {
	case !inside(ip):
		return nil
	case ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified():
		// Where clouds keep a machine's own keys; no store stands there.
		return fmt.Errorf("%w: %s", ErrInside, ip)
	}
	unknown := fmt.Errorf("%w: %s", ErrInside, ip)
	for _, name := range g.names {
		managers, err := g.lookup(ctx, "ip", name)
		if err != nil {
			unknown = fmt.Errorf("look up the manager %s: %w", name, err) // that is worth another try
		}
		for _, m := range managers {
			m = m.Unmap()
			if m.IsLoopback() || inside(m) && !ip.IsLoopback() {
				return nil
			}
		}
	}
	return unknown
}

// shared is where providers put their customers behind one address.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// inside tells whether an address means something only near this machine.
func inside(ip netip.Addr) bool {
	return !ip.IsGlobalUnicast() || ip.IsPrivate() || shared.Contains(ip)
}
