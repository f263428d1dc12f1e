package link_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestDrainAnswersWhatIsUnderWay(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	m := startManager(t, func(o *link.ServerOptions) {
		o.Handler = func(ctx context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
			if m.Type != wire.TypeJobShow {
				return "", nil, nil
			}
			close(begun)
			select {
			case <-finish:
				return wire.TypeOK, nil, nil
			case <-ctx.Done():
				return "", nil, ctx.Err()
			}
		}
	})
	ended := make(chan error, 16)
	c := connect(t, m.url, func(o *link.Options) { o.OnDisconnect = func(cause error) { ended <- cause } })
	answered := make(chan error, 1)
	go func() { answered <- c.Request(t.Context(), wire.TypeJobShow, wire.JobShow{Job: "j"}, nil) }()
	<-begun
	drained := make(chan struct{})
	go func() { m.Drain(t.Context(), "the manager is stopping"); close(drained) }()
	for closed := false; !closed; {
		resp, err := http.Get(m.url)
		if err != nil {
			t.Fatal(err)
		}
		closed = resp.StatusCode == http.StatusServiceUnavailable
		resp.Body.Close()
	}
	select {
	case <-drained:
		t.Fatal("drained while a request was under way")
	default:
	}
	close(finish)
	if err := <-answered; err != nil {
		t.Errorf("the request under way: %v", err)
	}
	<-drained
	if cause := <-ended; !strings.Contains(cause.Error(), "the manager is stopping") {
		t.Errorf("the node was told %v", cause)
	}
}

func TestDrainEndsInTime(t *testing.T) {
	begun := make(chan struct{})
	m := startManager(t, func(o *link.ServerOptions) {
		o.Handler = func(ctx context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
			if m.Type == wire.TypeJobShow {
				close(begun)
				<-ctx.Done()
			}
			return "", nil, ctx.Err()
		}
	})
	c := connect(t, m.url, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = c.Request(ctx, wire.TypeJobShow, wire.JobShow{}, nil) }() // ends with the test
	<-begun
	limit, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	m.Drain(limit, "now")
}

func TestLimitsFollowThePeer(t *testing.T) {
	m := startManager(t, func(o *link.ServerOptions) {
		o.PerAddress = 1
		o.Limits = func(p link.Peer) link.Limits {
			if p.Has(job.RoleStudio) {
				return link.Limits{Rate: 1000, Burst: 1000, Message: 2 << 10}
			}
			return link.DefaultLimits
		}
	})
	large := wire.JobShow{Job: strings.Repeat("x", 4<<10)}
	artist := connect(t, m.url, nil)
	if err := artist.Request(t.Context(), wire.TypeJobShow, large, nil); link.Refused(err) || errors.Is(err, link.ErrClosed) {
		t.Errorf("an artist's message: %v", err)
	}
	studio := connect(t, m.url, func(o *link.Options) { o.Roles = []job.Role{job.RoleStudio} })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := studio.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	s := <-m.opened
	if !s.Peer().Has(job.RoleStudio) {
		s = <-m.opened
	}
	_ = studio.Send(wire.TypeJobShow, large) // the session's end is the answer
	select {
	case <-s.Done():
	case <-ctx.Done():
		t.Error("a studio's message above its limit was taken")
	}
	id := newIdentity(t)
	first := connect(t, m.url, func(o *link.Options) { o.Identity = id })
	if _, err := first.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	second := connect(t, m.url, func(o *link.Options) { o.Identity = id })
	short, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	var refused *wire.Error
	if _, err := second.Wait(short); !errors.As(err, &refused) || refused.Code != wire.CodeLimit {
		t.Errorf("a second connection of one address: %v", err)
	}
}

// startTLS starts a manager behind httptest's certificate.
func startTLS(t *testing.T) *httptest.Server {
	id := newIdentity(t)
	server := httptest.NewTLSServer(link.NewServer(link.ServerOptions{
		Domain: "test.example",
		Welcome: func(link.Peer) (wire.Welcome, error) {
			return wire.Welcome{Manager: id.Address(), SealKey: hex.EncodeToString(id.SealKey())}, nil
		},
		Handler: func(context.Context, *link.Session, link.Message) (wire.Type, any, error) { return "", nil, nil },
	}))
	t.Cleanup(server.Close)
	return server
}

func TestPins(t *testing.T) {
	server := startTLS(t)
	pin := link.Pin(server.Certificate())
	address, err := link.WithPin(server.URL, pin)
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, address, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := c.Wait(ctx); err != nil {
		t.Error(err)
	}
	c.Close()
	bases, err := link.BaseURLs(address)
	if err != nil {
		t.Fatal(err)
	}
	get := func(c *http.Client, url string) error {
		resp, err := c.Get(url)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if err := get(link.HTTPClient(bases), server.URL+"/x"); err != nil {
		t.Errorf("a transfer from the pinned manager: %v", err)
	}
	bases[0].Fragment = "sha256:" + strings.Repeat("0", 64)
	if err := get(link.HTTPClient(bases), server.URL+"/x"); !errors.Is(err, link.ErrPin) {
		t.Errorf("a transfer from another manager: %v", err)
	}
	other := httptest.NewTLSServer(http.NotFoundHandler())
	defer other.Close()
	bases[0].Fragment = pin
	// The pin is the manager's alone: a store elsewhere needs a certificate that the system trusts.
	if err := get(link.HTTPClient(bases), other.URL); err == nil || errors.Is(err, link.ErrPin) {
		t.Errorf("a transfer from an untrusted store: %v", err)
	}
	for _, bad := range []string{"sha256:12", "md5:" + strings.Repeat("0", 64), strings.Repeat("0", 64)} {
		if _, err := link.WithPin(server.URL, bad); err == nil {
			t.Errorf("pin %q was taken", bad)
		}
	}
	if _, err := link.BaseURLs("http://127.0.0.1:1/#" + pin); err == nil {
		t.Error("a pin without TLS was taken")
	}
}

// TestLargeMessagesWaitForRoom has many peers send large messages at once, asked and pushed; as many are in
// hand as there is room for, however slowly they are handled, and all are in the end.
func TestLargeMessagesWaitForRoom(t *testing.T) {
	const peers, each = 3, 2
	var mu sync.Mutex
	held, most, small := 0, 0, 0
	began, goOn := make(chan struct{}, peers*each*2), make(chan struct{})
	m := startManager(t, func(o *link.ServerOptions) {
		o.Heartbeat, o.Room = 5*time.Second, 2*wire.MaxMessage
		o.Handler = func(_ context.Context, _ *link.Session, msg link.Message) (wire.Type, any, error) {
			if len(msg.Body) < 1<<20 {
				mu.Lock()
				small++
				mu.Unlock()
				return "", nil, nil
			}
			mu.Lock()
			held++
			most = max(most, held)
			mu.Unlock()
			began <- struct{}{}
			<-goOn
			mu.Lock()
			held--
			mu.Unlock()
			return "", nil, nil
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	body := map[string]string{"text": strings.Repeat("x", 1<<20)}
	var wg sync.WaitGroup
	for range peers {
		c := connect(t, m.url, nil)
		if _, err := c.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for range each {
				if err := c.Send(wire.TypeJobDraft, body); err != nil {
					t.Error(err)
				}
				wg.Go(func() {
					if err := c.Request(ctx, wire.TypeJobDraft, body, nil); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
	<-began // the room of the other may be taken by what waits for this one's turn
	quick := connect(t, m.url, nil)
	for range 8 { // whoever asks for little is served meanwhile
		if err := quick.Request(ctx, wire.TypeJobShow, wire.JobShow{Job: "j"}, nil); err != nil {
			t.Error(err)
		}
	}
	close(goOn)
	wg.Wait()
	for range 2*peers*each - 1 {
		<-began
	}
	mu.Lock()
	defer mu.Unlock()
	if most > 2 || small < 8 {
		t.Errorf("%d large messages in hand at once, %d small ones", most, small)
	}
}
