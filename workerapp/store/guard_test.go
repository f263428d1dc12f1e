package store

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestAManagerOutsideReachesNothingInside(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Write([]byte("of the owner's"))
	}))
	defer server.Close()
	get := func(manager string) error {
		s, err := New(manager)
		if err != nil {
			t.Fatal(err)
		}
		s.down.Wait = func(context.Context, time.Duration) error { return nil }
		var b bytes.Buffer
		return s.Get(t.Context(), wire.Signed{Method: "GET", URL: server.URL, Expires: time.Now().Add(time.Hour).Unix()}, &b, 100)
	}
	if err := get("http://192.0.2.1:7777"); !errors.Is(err, ErrInside) || asked != 0 {
		t.Errorf("a manager outside: %v, asked %d times", err, asked)
	}
	if err := get("http://127.0.0.1:1"); err != nil || asked != 1 {
		t.Errorf("a manager on this machine: %v, asked %d times", err, asked)
	}
}

func TestWhereManagersMaySendNodes(t *testing.T) {
	for _, c := range []struct {
		manager, to string
		allowed     bool
	}{
		{"8.8.8.8", "1.1.1.1", true},
		{"8.8.8.8", "2606:4700::1111", true},
		{"8.8.8.8", "127.0.0.1", false},
		{"8.8.8.8", "::1", false},
		{"8.8.8.8", "::ffff:127.0.0.1", false},
		{"8.8.8.8", "192.168.1.1", false},
		{"8.8.8.8", "10.0.0.1", false},
		{"8.8.8.8", "fd00::1", false},
		{"8.8.8.8", "100.64.0.1", false},
		{"8.8.8.8", "0.0.0.0", false},
		{"8.8.8.8", "169.254.169.254", false},
		{"10.0.0.5", "10.0.0.9", true},
		{"10.0.0.5", "192.168.7.7", true},
		{"10.0.0.5", "127.0.0.1", false},
		{"10.0.0.5", "169.254.169.254", false},
		{"127.0.0.1", "127.0.0.2", true},
		{"127.0.0.1", "10.0.0.9", true},
		{"127.0.0.1", "fe80::1", false},
		{"8.8.8.8 10.0.0.5", "10.0.0.9", true},
		{"unknown 10.0.0.5", "10.0.0.9", true},
		{"10.0.0.5 unknown", "169.254.169.254", false},
		{"8.8.8.8 10.0.0.5", "127.0.0.1", false},
	} {
		g := &guard{names: strings.Fields(c.manager), lookup: func(_ context.Context, _, name string) ([]netip.Addr, error) {
			ip, err := netip.ParseAddr(name)
			return []netip.Addr{ip}, err
		}}
		err := g.check(t.Context(), net.JoinHostPort(c.to, "80"))
		if (err == nil) != c.allowed || err != nil && !errors.Is(err, ErrInside) {
			t.Errorf("from %s to %s: %v", c.manager, c.to, err)
		}
	}
}
