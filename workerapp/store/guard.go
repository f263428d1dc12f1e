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

// client goes to the manager, and to whatever store a manager's URLs name: a stranger's word. From outside a
// manager could so have its nodes knock at their owners' own machines; it can't, unless it stands
// inside as well.
func client(base *url.URL) *http.Client {
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
	g := &guard{host: base.Host, name: base.Hostname(), lookup: net.DefaultResolver.LookupNetIP}
	g.free = transport(dialer(nil))
	g.held = transport(dialer(func(ctx context.Context, _, address string, _ syscall.RawConn) error { return g.check(ctx, address) }))
	g.held.Proxy = nil
	g.own = http.RoundTripper(g.free)
	if pinned := link.HTTPClient(base); pinned != nil {
		g.own = pinned.Transport
	}
	return &http.Client{
		Transport: g,
		// A signed URL says where to go; a redirect could carry it elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard sends requests to the manager's own host freely, to others only where check lets it.
type guard struct {
	host, name string
	own        http.RoundTripper
	free       *http.Transport // through a proxy, which dials by itself
	held       *http.Transport
	lookup     func(ctx context.Context, network, host string) ([]netip.Addr, error)
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == g.host {
		return g.own.RoundTrip(r)
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
	managers, err := g.lookup(ctx, "ip", g.name)
	if err != nil {
		return fmt.Errorf("look up the manager %s: %w", g.name, err)
	}
	for _, m := range managers {
		m = m.Unmap()
		if m.IsLoopback() || inside(m) && !ip.IsLoopback() {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", ErrInside, ip)
}

// shared is where providers put their customers behind one address.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// inside tells whether an address means something only near this machine.
func inside(ip netip.Addr) bool {
	return !ip.IsGlobalUnicast() || ip.IsPrivate() || shared.Contains(ip)
}
