package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/heliostat-render/heliostat/manager/store"
)

const (
	// channel is what the managers of a database listen to.
	channel = "heliostat"
	// maxSignal bounds a notification as it travels, in bytes: PostgreSQL takes 7 999.
	maxSignal = 7_999
	// maxUnread bounds the signals that wait for a listener. More are dropped, and it is told so.
	maxUnread = 1024
)

// envelope is a signal as it travels. Instance is the store that sent it, which doesn't hear itself.
type envelope struct {
	Instance string `json:"i"`
	store.Signal
}

// Signal notifies the other managers. What was updated before is visible to them by then.
func (s *Store) Signal(ctx context.Context, sig store.Signal) error {
	raw, err := json.Marshal(envelope{s.instance, sig})
	if err != nil {
		return fmt.Errorf("signal %s: %w", sig.Kind, err)
	}
	if len(raw) > maxSignal {
		return fmt.Errorf("signal %s: %d bytes are more than the %d that a notification takes", sig.Kind, len(raw), maxSignal)
	}
	err = s.await(ctx, func() error {
		_, err := s.db.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, string(raw))
		return err
	})
	if err != nil {
		return fmt.Errorf("signal %s: %w", sig.Kind, err)
	}
	return nil
}

// Signals listens on a connection of its own, which it renews when it is lost.
func (s *Store) Signals(ctx context.Context) (<-chan store.Signal, error) {
	c, err := s.listen(ctx)
	if err != nil {
		return nil, fmt.Errorf("listen for other managers: %w", err)
	}
	out := make(chan store.Signal, maxUnread)
	s.wg.Go(func() {
		defer close(out)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(s.life, cancel)()
		s.relay(ctx, c, out)
	})
	return out, nil
}

func (s *Store) listen(ctx context.Context) (*pgx.Conn, error) {
	c, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return nil, err
	}
	if _, err := c.Exec(ctx, "LISTEN "+channel); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	return c, nil
}

// relay hands on what arrives until ctx ends. It never waits for the reader.
func (s *Store) relay(ctx context.Context, c *pgx.Conn, out chan<- store.Signal) {
	missed := false
	give := func(sig store.Signal) {
		if missed {
			// A reader that was told to look at everything has missed nothing.
			select {
			case out <- store.Signal{Lost: true}:
				missed = false
			default:
				return
			}
		}
		select {
		case out <- sig:
		default:
			missed = true
		}
	}
	for try := 0; ctx.Err() == nil; {
		n, err := s.next(ctx, c)
		if err == nil {
			try = 0
			var e envelope
			if json.Unmarshal([]byte(n), &e) == nil && e.Instance != s.instance {
				give(e.Signal)
			}
			continue
		}
		shut(c)
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("lost the connection on which other managers are heard; making a new one", "err", err)
		for c = nil; c == nil; try++ {
			if s.pause(ctx, try) != nil {
				return
			}
			if c, err = s.listen(ctx); err != nil {
				c = nil
			}
		}
		give(store.Signal{Lost: true})
	}
	shut(c)
}

// next waits for a notification. Now and then it makes sure that the other side is there.
func (s *Store) next(ctx context.Context, c *pgx.Conn) (string, error) {
	for {
		wait, cancel := context.WithTimeout(ctx, alive)
		n, err := c.WaitForNotification(wait)
		cancel()
		if err == nil {
			return n.Payload, nil
		}
		if ctx.Err() != nil || wait.Err() == nil || c.IsClosed() {
			return "", err
		}
		if err := probe(ctx, c); err != nil {
			return "", err
		}
	}
}
