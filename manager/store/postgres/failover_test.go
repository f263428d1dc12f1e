package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/postgres/pgtest"
)

// deed is a change that can be counted.
func deed(s *Store, subject string) error {
	return s.Update(context.Background(), func(tx store.Tx) error {
		return errors.Join(tx.AddDeed(store.Deed{What: "test", Subject: subject}), tx.SetMeta(subject, "x"))
	})
}

// deeds counts how often each was kept.
func deeds(t *testing.T, s *Store) map[string]int {
	t.Helper()
	found := make(map[string]int)
	if err := s.View(context.Background(), func(tx store.Tx) error {
		list, err := tx.Deeds(0, 1<<20)
		for _, d := range list {
			found[d.Subject]++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestFailover kills the primary under writers and promotes its synchronous standby: what was
// acknowledged is there, once, and writing goes on.
func TestFailover(t *testing.T) {
	pair := pgtest.StartPair(t)
	url := pair.Database(t)
	s, other := openURL(t, url), openURL(t, url)
	defer s.Close()
	defer other.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals, err := other.Signals(ctx)
	if err != nil {
		t.Fatal(err)
	}
	leading, err := s.Lead(ctx, "epochs")
	if err != nil {
		t.Fatal(err)
	}

	var mu sync.Mutex
	acknowledged, unknown := make(map[string]bool), 0
	const before, after = 100, 100
	reached := make(chan struct{}) // closed once the primary may fail
	var failed atomic.Bool
	var late atomic.Int64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; late.Load() < after; i++ {
				subject := fmt.Sprintf("%d-%d", w, i)
				gone := failed.Load()
				err := deed(s, subject)
				mu.Lock()
				switch {
				case err == nil:
					acknowledged[subject] = true
					if len(acknowledged) == before {
						close(reached)
					}
					if gone {
						late.Add(1)
					}
				case errors.Is(err, store.ErrUnknown):
					unknown++
				default:
					t.Errorf("%s: %v", subject, err)
				}
				mu.Unlock()
			}
		})
	}
	<-reached
	pair.Fail(t)
	failed.Store(true)
	wg.Wait()

	found := deeds(t, s)
	for subject := range acknowledged {
		if found[subject] != 1 {
			t.Errorf("%s was acknowledged and is there %d times", subject, found[subject])
		}
	}
	for subject, n := range found {
		if n != 1 {
			t.Errorf("%s was done %d times", subject, n)
		}
	}
	if extra := len(found) - len(acknowledged); extra > unknown {
		t.Errorf("%d changes were kept that nobody asked about", extra)
	}
	<-leading.Done()
	if err := context.Cause(leading); !strings.Contains(err.Error(), "epochs") {
		t.Errorf("the duty ended with: %v", err)
	}
	if _, err := other.Lead(ctx, "epochs"); err != nil {
		t.Errorf("nobody could take the duty over: %v", err)
	}
	for sig := range signals {
		if sig.Lost {
			break
		}
	}
	if err := s.Signal(ctx, store.Signal{From: "a", Kind: "again"}); err != nil {
		t.Error(err)
	}
	if sig := <-signals; sig.Kind != "again" {
		t.Errorf("heard %+v", sig)
	}
	t.Logf("%d acknowledged, %d unknown", len(acknowledged), unknown)
}

// faulty is a connection between a store and its database that breaks in commits.
type faulty struct {
	listener net.Listener
	server   string
	wg       sync.WaitGroup

	mu    sync.Mutex // guards what follows
	fault string     // of the next commit: "before", "after", "late", or "" for none
	ready chan struct{}
}

func newFaulty(t *testing.T, server string) *faulty {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{listener: l, server: server}
	f.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.wg.Go(func() { f.relay(c) })
		}
	})
	t.Cleanup(func() { l.Close(); f.wg.Wait() })
	return f
}

func (f *faulty) relay(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", f.server)
	if err != nil {
		return
	}
	defer server.Close()
	f.wg.Go(func() {
		_, _ = io.Copy(client, server) // ends when either side does
		client.Close()
	})
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		fault, ready := "", (chan struct{})(nil)
		if bytes.Equal(buffer[:n], []byte("Q\x00\x00\x00\x0bCOMMIT\x00")) {
			f.mu.Lock()
			fault, ready = f.fault, f.ready
			f.fault = ""
			f.mu.Unlock()
		}
		if fault != "" {
			client.Close() // no answer arrives
		}
		switch fault {
		case "before":
			return
		case "late":
			<-ready
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
		if fault != "" {
			_ = server.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, server) // it ends once the server is done with the commit
			return
		}
	}
}

// TestALostAnswer breaks the connection around a commit: the change is made once, whether the
// server had the commit, hadn't it, or gets it while the store already asks how it ended.
func TestALostAnswer(t *testing.T) {
	direct := server.Database(t)
	f := newFaulty(t, server.Address())
	s := openURL(t, strings.Replace(direct, server.Address(), f.listener.Addr().String(), 1))
	defer s.Close()
	watcher := openURL(t, direct)
	defer watcher.Close()
	for _, fault := range []string{"before", "after", "late"} {
		ready := make(chan struct{})
		f.mu.Lock()
		f.fault, f.ready = fault, ready
		f.mu.Unlock()
		done := make(chan error, 1)
		go func() { done <- deed(s, fault) }()
		if fault == "late" {
			asking(t, watcher)
			close(ready)
		}
		if err := <-done; err != nil {
			t.Errorf("%s: %v", fault, err)
		}
		if n := deeds(t, watcher)[fault]; n != 1 {
			t.Errorf("a commit that broke %s was made %d times", fault, n)
		}
		f.mu.Lock()
		if f.fault != "" {
			t.Errorf("%s: no commit broke", fault)
		}
		f.mu.Unlock()
	}
}

// asking waits until a session waits for another one's transaction.
func asking(t *testing.T, s *Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		var n int
		if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
}
