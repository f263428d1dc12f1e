package postgres

import (
	"context"
	crand "crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/group"
	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// maxGroup bounds the transactions that share one commit: PostgreSQL keeps track of so many
// savepoints without spilling.
const maxGroup = 32

// kept is how long the outcome of a commit can be asked for.
const kept = time.Hour

// Update hands fn to a lane and waits until it is durable. Transactions are serializable: fn is
// done again when another manager's was in its way, and after a failover.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.queue.Update(ctx, fn)
}

// lane writes with a connection of its own. What waits when it begins shares its commit, each
// request inside its own savepoint. Nothing joins later: it would not see what was acknowledged
// since the transaction's snapshot.
func (s *Store) lane() {
	l := &writer{s: s}
	defer l.drop()
	for {
		<-s.baton
		waited := s.queue.Group(maxGroup)
		pass := sync.OnceFunc(func() { s.baton <- struct{}{} })
		if waited == nil {
			pass()
			return
		}
		overdue := time.AfterFunc(ahead, pass)
		l.serve(waited)
		overdue.Stop()
		pass()
	}
}

// writer is a lane's connection.
type writer struct {
	s    *Store
	conn *sql.Conn
	// trouble is the first error of the connection or the server inside the present transaction,
	// whatever the request made of it.
	trouble error
	guarded bool      // the present request shares its transaction
	marked  bool      // and has set its savepoint
	cleaned time.Time // when old outcomes were last removed
}

// serve brings the group to an end.
func (l *writer) serve(all []*group.Request) {
	s := l.s
	deadline := time.Now().Add(s.patience)
	alone := false
	for try := 0; ; try++ {
		// Whoever doesn't wait any more needn't be served.
		all = slices.DeleteFunc(all, func(r *group.Request) bool {
			err := r.Gone()
			if err != nil {
				r.Err = err
				group.Finish([]*group.Request{r}, nil)
			}
			return err != nil
		})
		if len(all) == 0 {
			return
		}
		err := l.attempt(all, alone)
		if err == nil {
			s.queue.Shared(len(all))
			group.Finish(all, nil)
			return
		}
		var spoiler *spoilt
		switch {
		case errors.As(err, &spoiler):
			group.Finish([]*group.Request{spoiler.by}, nil) // with its own error
			all = slices.DeleteFunc(all, func(r *group.Request) bool { return r == spoiler.by })
			continue
		case errors.Is(err, store.ErrUnknown):
			group.Finish(all, err)
			return
		case conflict(err):
			// The next try is this process's only transaction, so that only another manager's
			// can be in its way.
			s.conflicts.Add(1)
			alone = true
		case away(err):
			l.drop()
		default:
			group.Finish(all, err)
			return
		}
		if time.Now().After(deadline) {
			group.Finish(all, err)
			return
		}
		if e := s.pause(s.life, try); e != nil {
			group.Finish(all, errors.Join(store.ErrClosed, err))
			return
		}
	}
}

// pause waits before the next try: from a millisecond to half a second, and never as long as
// another manager that was in the way.
func (s *Store) pause(ctx context.Context, try int) error {
	limit := time.Millisecond << min(try, 9)
	return wait(ctx, limit/2+rand.N(limit))
}

// attempt runs the group in one transaction. An error says that nothing was kept, unless it is
// ErrUnknown; nil that all is durable, and what each request's own err says.
func (l *writer) attempt(all []*group.Request, alone bool) error {
	s := l.s
	if alone {
		s.turn.Lock()
		defer s.turn.Unlock()
	} else {
		s.turn.RLock()
		defer s.turn.RUnlock()
	}
	if err := l.connect(); err != nil {
		return fmt.Errorf("begin a write: %w", err)
	}
	id := crand.Text()
	// The outcome is written first and becomes visible with the rest.
	begin := fmt.Sprintf("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE; INSERT INTO commits (id, time) VALUES ('%s', %d)", id, time.Now().UnixMilli())
	if err := l.say(begin, ""); err != nil {
		l.drop() // it may be inside the transaction
		return fmt.Errorf("begin a write: %w", err)
	}
	for _, r := range all {
		r.Err = nil
		if err := l.one(r, len(all) > 1); err != nil {
			l.rollback()
			return err
		}
	}
	if len(all) == 1 && all[0].Err != nil {
		l.rollback()
		return nil
	}
	err := l.say("COMMIT", "COMMIT")
	if err == nil {
		return nil
	}
	if certain(err) {
		l.rollback()
		return fmt.Errorf("commit: %w", err)
	}
	l.drop()
	return l.resolve(id, err)
}

// certain tells whether a commit that returned the error certainly kept nothing: the server
// refused it, and didn't end the connection while the commit waited for its standby.
func certain(err error) bool {
	var e *pgconn.PgError
	return errors.Is(err, errRolledBack) || errors.As(err, &e) && e.SeverityUnlocalized == "ERROR"
}

// errRolledBack is what a commit of a transaction that had failed before comes to.
var errRolledBack = errors.New("the transaction had failed and was rolled back")

// resolve finds out how a commit ended whose answer got lost. Asking writes the same row: that
// waits for the lost transaction while it still runs, keeps it from committing afterwards, and,
// as it is a commit itself, is answered only once everything before it is as durable as it.
func (l *writer) resolve(id string, cause error) error {
	s := l.s
	s.log.Warn("the database went away in the middle of a commit; asking how it ended", "err", cause)
	ctx, cancel := context.WithTimeout(s.life, s.patience)
	defer cancel()
	var abandoned bool
	err := s.await(ctx, func() error {
		return s.db.QueryRowContext(ctx, `INSERT INTO commits (id, time, abandoned) VALUES ($1, $2, TRUE) ON CONFLICT (id) DO UPDATE SET time = excluded.time RETURNING abandoned`,
			id, time.Now().UnixMilli()).Scan(&abandoned)
	})
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", store.ErrUnknown, errors.Join(cause, err))
	case abandoned:
		s.log.Info("the commit was not kept; doing it again")
		return fmt.Errorf("commit: %w", &lostCommit{cause})
	default:
		s.log.Info("the commit was kept")
		return nil
	}
}

// lostCommit is a commit that certainly wasn't kept, because the connection broke.
type lostCommit struct{ cause error }

func (e *lostCommit) Error() string { return e.cause.Error() }

// one runs a request, which in a group sets a savepoint before its first change. The error is
// one that ends the whole transaction; the request's own is left in it.
func (l *writer) one(r *group.Request, guarded bool) error {
	if r.Err = r.Gone(); r.Err != nil {
		return nil
	}
	l.trouble, l.guarded, l.marked = nil, guarded, false
	r.Err = r.Run(rows.Writing(context.Background(), placed{watched{l}}, dialect, new(rows.Memory)).Do)
	for _, err := range []error{l.trouble, r.Err} {
		if err != nil && (conflict(err) || away(err)) {
			return err
		}
	}
	if r.Err == nil && l.trouble != nil {
		// The request has looked past an error after which the server keeps nothing of it.
		r.Err = l.trouble
	}
	switch {
	case r.Err == nil || !guarded:
		return nil
	case l.marked:
		if err := l.say("ROLLBACK TO SAVEPOINT one", "ROLLBACK"); err != nil {
			return fmt.Errorf("undo a write: %w", err)
		}
		return nil
	case l.trouble != nil:
		// It has changed nothing, and yet spoilt the transaction for the others of the group.
		return &spoilt{r}
	}
	return nil
}

// spoilt is the end of a transaction by one of its requests, which the others go on without.
type spoilt struct{ by *group.Request }

func (e *spoilt) Error() string { return e.by.Err.Error() }

// connect takes a connection unless the lane has one.
func (l *writer) connect() error {
	if l.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(l.s.life, 10*time.Second)
	defer cancel()
	conn, err := l.s.db.Conn(ctx)
	if err != nil {
		return err
	}
	l.conn = conn
	l.clean(ctx)
	return nil
}

// clean removes outcomes that nobody will ask for any more.
func (l *writer) clean(ctx context.Context) {
	if time.Since(l.cleaned) < kept/4 {
		return
	}
	l.cleaned = time.Now()
	if _, err := l.conn.ExecContext(ctx, "DELETE FROM commits WHERE time < $1", time.Now().Add(-kept).UnixMilli()); err != nil {
		l.s.log.Debug("old outcomes of commits stay for now", "err", err)
	}
}

// drop closes the connection, and with it whatever transaction it is in.
func (l *writer) drop() {
	if l.conn == nil {
		return
	}
	_ = l.conn.Raw(func(c any) error { // not back into the pool
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return c.(*stdlib.Conn).Conn().Close(ctx)
	})
	_ = l.conn.Close() // it is lost anyway
	l.conn = nil
}

// rollback leaves the transaction; a connection that can't is dropped.
func (l *writer) rollback() {
	if l.conn == nil {
		return
	}
	if err := l.say("ROLLBACK", ""); err != nil {
		l.drop()
	}
}

// say sends statements without parameters and checks what the server answers to the last.
func (l *writer) say(query, want string) error {
	var got string
	err := l.conn.Raw(func(c any) error {
		tag, err := c.(*stdlib.Conn).Conn().Exec(context.Background(), query)
		got = tag.String()
		return err
	})
	if err == nil && want != "" && got != want {
		return fmt.Errorf("%s: %w", query, errRolledBack)
	}
	return err
}
