package link_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// manager is a real server on loopback that echoes job.show and can push.
type manager struct {
	*link.Server
	url    string
	id     *identity.Identity
	opened chan *link.Session
	beats  chan wire.Heartbeat
	calls  atomic.Int64
}

func startManager(t testing.TB, change func(*link.ServerOptions)) *manager {
	t.Helper()
	id := newIdentity(t)
	m := &manager{id: id, opened: make(chan *link.Session, 16), beats: make(chan wire.Heartbeat, 1024)}
	o := link.ServerOptions{
		Domain: "test.example", ChainID: 1337, Heartbeat: 50 * time.Millisecond,
		Welcome: func(p link.Peer) (wire.Welcome, error) {
			if p.Has(job.RoleOperator) {
				return wire.Welcome{}, &wire.Error{Code: wire.CodeUnauthorised, Message: "you are no operator"}
			}
			return wire.Welcome{Manager: id.Address(), SealKey: hex.EncodeToString(id.SealKey())}, nil
		},
		Handler: m.handle,
		OnOpen:  func(s *link.Session) { m.opened <- s },
	}
	if change != nil {
		change(&o)
	}
	m.Server = link.NewServer(o)
	server := httptest.NewServer(m.Server)
	m.url = server.URL
	t.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return m
}

func (m *manager) handle(_ context.Context, _ *link.Session, msg link.Message) (wire.Type, any, error) {
	switch msg.Type {
	case wire.TypeHeartbeat:
		var b wire.Heartbeat
		if err := msg.Decode(&b); err != nil {
			return "", nil, err
		}
		select {
		case m.beats <- b:
		default:
		}
		return "", nil, nil
	case wire.TypeJobShow:
		m.calls.Add(1)
		var show wire.JobShow
		if err := msg.Decode(&show); err != nil {
			return "", nil, err
		}
		switch show.Job {
		case "panic":
			panic("hostile")
		case "secret":
			return "", nil, errors.New("password is swordfish")
		case "missing":
			return "", nil, &wire.Error{Code: wire.CodeNotFound, Message: "no such job", Next: "list the jobs"}
		}
		return wire.TypeJobDetail, wire.JobDetail{Job: job.Job{ID: show.Job}}, nil
	}
	return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: string(msg.Type)}
}

func newIdentity(t testing.TB) *identity.Identity {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func connect(t testing.TB, url string, change func(*link.Options)) *link.Conn {
	t.Helper()
	o := link.Options{URL: url, Identity: newIdentity(t), Roles: []job.Role{job.RoleArtist}, Software: "test"}
	if change != nil {
		change(&o)
	}
	c, err := link.Keep(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestRequestsAreAnsweredAndErrorsKeepTheirCode(t *testing.T) {
	m := startManager(t, nil)
	c := connect(t, m.url, nil)
	var detail wire.JobDetail
	if err := c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{Job: "j1"}, &detail); err != nil || detail.Job.ID != "j1" {
		t.Fatalf("%v, %v", detail.Job.ID, err)
	}
	var failed *wire.Error
	err := c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{Job: "missing"}, nil)
	if !errors.As(err, &failed) || failed.Code != wire.CodeNotFound || err.Error() != "no such job; list the jobs" {
		t.Errorf("got %v", err)
	}
	err = c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{Job: "secret"}, nil)
	if !errors.As(err, &failed) || failed.Code != wire.CodeUnavailable || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("an inner error must not leave: %v", err)
	}
	err = c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{Job: "panic"}, nil)
	if !errors.As(err, &failed) || failed.Code != wire.CodeUnavailable {
		t.Errorf("a panic: %v", err)
	}
	err = c.Request(t.Context(), wire.TypeJobShow, "not an object", nil)
	if !errors.As(err, &failed) || failed.Code != wire.CodeBadRequest {
		t.Errorf("a bad body: %v", err)
	}
	err = c.Request(t.Context(), "no.such", struct{}{}, nil)
	if !errors.As(err, &failed) || failed.Code != wire.CodeUnsupported {
		t.Errorf("an unknown type: %v", err)
	}
}

func TestManagerRequestsAndPushes(t *testing.T) {
	m := startManager(t, nil)
	pushed := make(chan string, 100)
	c := connect(t, m.url, func(o *link.Options) {
		o.Handler = func(_ context.Context, _ *link.Session, msg link.Message) (wire.Type, any, error) {
			if msg.Wants {
				return wire.TypeLeaseAnswer, wire.LeaseAnswer{Taken: true}, nil
			}
			if msg.Type == wire.TypeLeaseRevoke {
				var r wire.LeaseRevoke
				if err := msg.Decode(&r); err != nil {
					return "", nil, err
				}
				pushed <- r.Lease
			}
			return "", nil, nil
		}
	})
	if _, err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := <-m.opened
	var answer wire.LeaseAnswer
	if err := s.Request(t.Context(), wire.TypeLeaseOffer, wire.LeaseOffer{}, &answer); err != nil || !answer.Taken {
		t.Errorf("%v, %v", answer, err)
	}
	for _, lease := range []string{"a", "b", "c"} {
		if err := s.Send(wire.TypeLeaseRevoke, wire.LeaseRevoke{Lease: lease}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"a", "b", "c"} {
		if got := <-pushed; got != want {
			t.Errorf("pushes out of order: %s, want %s", got, want)
		}
	}
}

func TestHeartbeatsCarryLeases(t *testing.T) {
	m := startManager(t, nil)
	connect(t, m.url, func(o *link.Options) { o.Leases = func() []string { return []string{"a1"} } })
	if b := <-m.beats; len(b.Leases) != 1 || b.Leases[0] != "a1" || b.Time == 0 {
		t.Errorf("%+v", b)
	}
}

func TestConnectionComesBackAndRequestsGoOn(t *testing.T) {
	m := startManager(t, nil)
	connects := make(chan struct{}, 16)
	c := connect(t, m.url, func(o *link.Options) {
		o.OnConnect = func(context.Context, *link.Session) error { connects <- struct{}{}; return nil }
	})
	<-connects
	first := <-m.opened
	first.Close("test")
	<-first.Done()
	if err := c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{Job: "j2"}, nil); err != nil {
		t.Fatal(err)
	}
	<-connects
	if second := <-m.opened; second.ID() == first.ID() || second.Peer().Address != first.Peer().Address {
		t.Error("the second session is not the same node's new one")
	}
}

func TestRefusalIsFinal(t *testing.T) {
	m := startManager(t, nil)
	c := connect(t, m.url, func(o *link.Options) { o.Roles = []job.Role{job.RoleOperator} })
	_, err := c.Wait(t.Context())
	if !link.Refused(err) || !strings.Contains(err.Error(), "no operator") {
		t.Errorf("got %v", err)
	}
	if err := c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{}, nil); !link.Refused(err) {
		t.Errorf("got %v", err)
	}
}

func TestUnreachableManagerIsNamed(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	c := connect(t, server.URL, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := c.Wait(ctx)
	if err == nil || !strings.Contains(err.Error(), server.URL) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{"", "127.0.0.1:7777", "ftp://x", "http://"} {
		if _, err := link.Keep(t.Context(), link.Options{URL: bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// A hello that was not signed for this very challenge must never open a session.
func TestHostileHellosAreRefused(t *testing.T) {
	m := startManager(t, nil)
	id, other := newIdentity(t), newIdentity(t)
	var old wire.Hello
	sign := func(c wire.Challenge, by *identity.Identity, address string) wire.Hello {
		sealKey := hex.EncodeToString(by.SealKey())
		text := identity.SignInText(c, address, sealKey, "")
		signature, err := by.SignText(text)
		if err != nil {
			t.Fatal(err)
		}
		return wire.Hello{Address: address, Roles: []job.Role{job.RoleWorker}, Text: text, Signature: "0x" + hex.EncodeToString(signature), SealKey: sealKey}
	}
	for name, hello := range map[string]func(wire.Challenge) any{
		"somebody else's address": func(c wire.Challenge) any { return sign(c, other, id.Address()) },
		"another nonce":           func(c wire.Challenge) any { c.Nonce = strings.Repeat("0", 32); return sign(c, id, id.Address()) },
		"another domain":          func(c wire.Challenge) any { c.Domain = "evil.example"; return sign(c, id, id.Address()) },
		"replay":                  func(wire.Challenge) any { return old },
		"a swapped seal key": func(c wire.Challenge) any {
			h := sign(c, id, id.Address())
			h.SealKey = hex.EncodeToString(other.SealKey())
			return h
		},
		"no signature": func(c wire.Challenge) any {
			h := sign(c, id, id.Address())
			h.Signature = ""
			return h
		},
		"no seal key": func(c wire.Challenge) any {
			h := sign(c, id, id.Address())
			h.SealKey = "00"
			return h
		},
		"no roles": func(c wire.Challenge) any {
			h := sign(c, id, id.Address())
			h.Roles = nil
			return h
		},
		"not an object": func(wire.Challenge) any { return []int{1} },
	} {
		t.Run(name, func(t *testing.T) {
			conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(m.url, "http")+link.Path, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			var e wire.Envelope
			if err := conn.ReadJSON(&e); err != nil {
				t.Fatal(err)
			}
			var c wire.Challenge
			if err := (link.Message{Body: e.Body}).Decode(&c); err != nil {
				t.Fatal(err)
			}
			if old.Text == "" {
				old = sign(c, id, id.Address())
				old.Text += " "
			}
			if err := conn.WriteJSON(map[string]any{"v": wire.Version, "type": wire.TypeHello, "body": hello(c)}); err != nil {
				t.Fatal(err)
			}
			if err := conn.ReadJSON(&e); err != nil {
				t.Fatal(err)
			}
			if e.Type != wire.TypeError {
				t.Errorf("answered with %s", e.Type)
			}
		})
	}
	select {
	case s := <-m.opened:
		t.Errorf("a session was opened for %s", s.Peer().Address)
	default:
	}
}

func TestSlowReaderIsDropped(t *testing.T) {
	m := startManager(t, nil)
	release := make(chan struct{})
	defer close(release)
	connect(t, m.url, func(o *link.Options) {
		o.Handler = func(ctx context.Context, _ *link.Session, msg link.Message) (wire.Type, any, error) {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return "", nil, nil
		}
	})
	s := <-m.opened
	large := wire.LeaseRevoke{Reason: strings.Repeat("x", 1<<20)}
	for s.Context().Err() == nil {
		if err := s.Send(wire.TypeLeaseRevoke, large); err != nil && !errors.Is(err, link.ErrClosed) {
			t.Fatal(err)
		}
	}
	if cause := context.Cause(s.Context()); !errors.Is(cause, link.ErrClosed) {
		t.Errorf("ended with %v", cause)
	}
}

func TestOversizedMessagesEndTheSession(t *testing.T) {
	m := startManager(t, nil)
	c := connect(t, m.url, nil)
	if _, err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{Job: strings.Repeat("x", wire.MaxMessage)}, nil); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("got %v", err)
	}
}

func TestFullServerSaysSo(t *testing.T) {
	m := startManager(t, func(o *link.ServerOptions) { o.Sessions = 1 })
	c := connect(t, m.url, nil)
	if _, err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := connect(t, m.url, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := late.Wait(ctx); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("got %v", err)
	}
}
