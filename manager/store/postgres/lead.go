package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// alive is how often a connection that only waits is asked whether it is still there.
const alive = 2 * time.Second

// Lead takes the duty's lock on a connection of its own and watches that connection: the lock
// is the server's as long as the session lives.
func (s *Store) Lead(ctx context.Context, duty string) (context.Context, error) {
	key := dutyKey(duty)
	for try := 0; ; try++ {
		c, err := s.take(ctx, key)
		if err == nil {
			return s.hold(ctx, c, duty), nil
		}
		if ctx.Err() != nil || !away(err) && code(err) != "57014" {
			return nil, fmt.Errorf("take over %s: %w", duty, err)
		}
		if e := s.pause(ctx, try); e != nil {
			return nil, fmt.Errorf("take over %s: %w", duty, errors.Join(e, err))
		}
	}
}

// dutyKey is the number of the duty's lock.
func dutyKey(duty string) int64 {
	sum := sha256.Sum256([]byte("heliostat duty " + duty))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// take waits for the lock. It asks again and again instead of waiting inside the server, so that
// a server which is gone is noticed.
func (s *Store) take(ctx context.Context, key int64) (*pgx.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	c, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return nil, err
	}
	for {
		var mine bool
		ask, done := context.WithTimeout(ctx, 2*alive)
		err := c.QueryRow(ask, "SELECT pg_try_advisory_lock($1)", key).Scan(&mine)
		done()
		if err == nil && mine {
			return c, nil
		}
		if err == nil {
			err = wait(ctx, alive/8)
		}
		if err != nil {
			shut(c)
			return nil, err
		}
	}
}

// hold returns a context that ends with ctx, with the store, or with the connection.
func (s *Store) hold(ctx context.Context, c *pgx.Conn, duty string) context.Context {
	leading, lose := context.WithCancelCause(ctx)
	s.wg.Go(func() {
		defer shut(c)
		defer context.AfterFunc(s.life, func() { lose(context.Canceled) })()
		for {
			quiet, cancel := context.WithTimeout(leading, alive)
			_, err := c.WaitForNotification(quiet) // nothing is listened to: it returns when the connection is lost
			cancel()
			if leading.Err() != nil {
				lose(context.Cause(leading))
				return
			}
			if err != nil && !c.IsClosed() {
				err = probe(leading, c)
			}
			if err != nil {
				s.log.Warn("lost the database, and with it the duty", "duty", duty, "err", err)
				lose(fmt.Errorf("the database connection that held %s is lost: %w", duty, err))
				return
			}
		}
	})
	return leading
}

// probe asks a connection whether it is still there and its server still takes writes.
func probe(ctx context.Context, c *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, alive)
	defer cancel()
	var standby bool
	if err := c.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&standby); err != nil {
		return err
	}
	if standby {
		return errors.New("the server is a standby now")
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// shut closes a connection without waiting long for the other side.
func shut(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx) // it may be lost
}
