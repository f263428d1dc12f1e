package link_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// gone is the address of a manager that isn't there.
func gone() string {
	server := httptest.NewServer(nil)
	server.Close()
	return server.URL
}

func wait(t *testing.T, c *link.Conn) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := c.Wait(ctx)
	return err
}

// TestTheNextManagerGoesOn has a manager die with a request in hand: the next answers it, and takes the session up.
func TestTheNextManagerGoesOn(t *testing.T) {
	asked, never := make(chan string, 1), make(chan struct{})
	defer close(never)
	dying := startManager(t, func(o *link.ServerOptions) {
		o.Handler = func(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
			if m.Type == wire.TypeJobShow {
				asked <- s.ID()
				select {
				case <-never:
				case <-ctx.Done():
				}
			}
			return "", nil, ctx.Err()
		}
	})
	other := startManager(t, nil)
	signIns := make(chan string, 16)
	c := connect(t, strings.Join([]string{gone(), dying.url, other.url}, " , "), func(o *link.Options) {
		o.OnConnect = func(_ context.Context, s *link.Session) error { signIns <- s.Welcome().Manager; return nil }
	})
	if err := wait(t, c); err != nil || c.Manager() != dying.url {
		t.Fatalf("at %s: %v", c.Manager(), err)
	}
	var detail wire.JobDetail
	answered := make(chan error, 1)
	go func() { answered <- c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{Job: "j1"}, &detail) }()
	<-asked
	if err := dying.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil || detail.Job.ID != "j1" || c.Manager() != other.url {
		t.Errorf("answered with %q, %v; at %s", detail.Job.ID, err, c.Manager())
	}
	if first, second := <-signIns, <-signIns; first != dying.id.Address() || second != other.id.Address() {
		t.Errorf("signed in at %s, then at %s", first, second)
	}
	// Once the other drops the node too, it goes round and comes back.
	(<-other.opened).Close("test")
	if err := c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{Job: "j2"}, &detail); err != nil || detail.Job.ID != "j2" || c.Manager() != other.url {
		t.Errorf("answered with %q, %v; at %s", detail.Job.ID, err, c.Manager())
	}
}

// TestRefusalsOfSeveral: one manager's refusal is final only once no other lets the node in.
func TestRefusalsOfSeveral(t *testing.T) {
	operator := func(o *link.Options) { o.Roles = []job.Role{job.RoleOperator} }
	strict, lax := startManager(t, nil), startManager(t, func(o *link.ServerOptions) {
		o.Welcome = func(p link.Peer) (wire.Welcome, error) {
			return wire.Welcome{Manager: "lax", SealKey: hex.EncodeToString(make([]byte, 32))}, nil
		}
	})
	if c := connect(t, strict.url+","+lax.url, operator); wait(t, c) != nil || c.Manager() != lax.url {
		t.Errorf("not let in by the other: %v, at %s", wait(t, c), c.Manager())
	}
	for _, list := range []string{strict.url + "," + gone(), gone() + "," + strict.url} {
		err := wait(t, connect(t, list, operator))
		if !link.Refused(err) || !strings.Contains(err.Error(), strict.url+": you are no operator") {
			t.Errorf("at %s: %v", list, err)
		}
	}
}

// TestPinsOfSeveral holds each of two managers to its own pin.
func TestPinsOfSeveral(t *testing.T) {
	a, b := startTLS(t), startTLS(t)
	right, wrong := link.Pin(a.Certificate()), "sha256:"+strings.Repeat("0", 64)
	list := a.URL + "#" + wrong + "," + b.URL
	pinned, err := link.WithPin(list, right)
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, pinned, nil)
	if err := wait(t, c); err != nil || !strings.HasPrefix(c.Manager(), b.URL) {
		t.Errorf("at %s: %v", c.Manager(), err)
	}
	c.Close()
	bases, err := link.BaseURLs(pinned)
	if err != nil {
		t.Fatal(err)
	}
	for server, want := range map[*httptest.Server]error{a: link.ErrPin, b: nil} {
		resp, err := link.HTTPClient(bases).Get(server.URL)
		if err == nil {
			resp.Body.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("a transfer from %s: %v", server.URL, err)
		}
	}
}

func TestBadAddressesAreNamed(t *testing.T) {
	many := make([]string, 17)
	for i := range many {
		many[i] = "http://10.0.0." + strconv.Itoa(i)
	}
	for list, want := range map[string]string{
		"":                              `""`,
		"http://a:1,":                   "address 2 of",
		"http://a:1,,http://b:1":        "address 2 of",
		"http://a:1,ftp://b:1":          `"ftp://b:1" can't be used: ftp isn't spoken`,
		"http://a:1,b:1":                `"b:1"`,
		"http://a:1 http://b:1":         `"http://a:1 http://b:1"`,
		"http://a:1;http://b:1":         `"http://a:1;http://b:1"`,
		"http://a:1,http://:7777":       `"http://:7777"`,
		"http://a:1,http://me:pw@b:1":   `"http://me:pw@b:1"`,
		"http://a:1,http://b:1\x00":     `"http://b:1\x00"`,
		"http://a:1,https://A:1/":       `"https://A:1/" leads to the same place as "http://a:1"`,
		"http://a:1,https://b:1/#md5:0": `"https://b:1/#md5:0": the pin`,
		"http://a:1,http://b:1/#sha256:" + strings.Repeat("0", 64): `has a pin but no TLS`,
		strings.Join(many, ","):                          "17 manager addresses",
		"http://a:1,http://" + strings.Repeat("b", 1000): "bbb",
	} {
		_, err := link.Keep(t.Context(), link.Options{URL: list})
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 1000 {
			t.Errorf("%.80q: %v", list, err)
		}
	}
}

func FuzzBaseURLs(f *testing.F) {
	f.Add("http://127.0.0.1:7777")
	f.Add("https://a.example:7777/x/#sha256:" + strings.Repeat("0", 64) + " ,wss://[::1]:1")
	f.Fuzz(func(t *testing.T, list string) {
		bases, err := link.BaseURLs(list)
		if err != nil {
			return
		}
		texts := make([]string, len(bases))
		for i, b := range bases {
			if texts[i] = b.String(); b.Scheme != "http" && b.Scheme != "https" || b.Host == "" || b.User != nil {
				t.Errorf("%q: %s", list, b)
			}
		}
		again, err := link.BaseURLs(strings.Join(texts, ","))
		if err != nil || len(again) != len(bases) {
			t.Errorf("%q is read as %q, which is read as %v, %v", list, texts, again, err)
		}
	})
}
