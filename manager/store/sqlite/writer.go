package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/group"
	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// maxGroup bounds the transactions that share one commit.
const maxGroup = 64

// Update hands fn to the writer and waits until it is durable.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.queue.Update(ctx, fn)
}

// Look runs fn between the updates, on what the writer remembers. Nobody learns of what a transaction
// before it in the same group did until that is durable.
func (s *Store) Look(ctx context.Context, fn func(store.Tx) error) error {
	if s.write == nil {
		return s.View(ctx, fn)
	}
	return s.queue.Update(ctx, fn)
}

// Commits returns how many commits there were since the start, and the updates that shared them.
func (s *Store) Commits() (commits, updates uint64) { return s.queue.Commits() }

// writer is the only goroutine that writes. Requests that wait while it commits share the
// next commit.
func (s *Store) writer() {
	defer close(s.done)
	for r := s.queue.Next(); r != nil; r = s.queue.Next() {
		s.group(s.write, r)
	}
}

// group runs what waits in one transaction. A request that fails has seldom changed anything before;
// where one has, all is undone and the others are run again, each inside its own savepoint.
func (s *Store) group(w *cached, first *group.Request) {
	begun := []*group.Request{first}
	finish := func(err error) { group.Finish(begun, err) }
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		finish(fmt.Errorf("begin a write: %w", err))
		return
	}
	if err := s.recall(w); err != nil {
		_ = w.exec("ROLLBACK") // nothing was done yet
		finish(fmt.Errorf("begin a write: %w", err))
		return
	}
	var spoilt *group.Request
	for r := first; r != nil; {
		var dirty bool
		if dirty, r.Err = s.one(w, r); dirty {
			spoilt = r
			break
		}
		if len(begun) == maxGroup {
			break
		}
		if r = s.queue.More(); r != nil {
			begun = append(begun, r)
		}
	}
	if spoilt != nil {
		if err := s.again(w, begun, spoilt); err != nil {
			finish(err)
			return
		}
	}
	if err := w.exec("COMMIT"); err != nil {
		_ = w.exec("ROLLBACK") // there may be nothing to roll back
		s.seen.Forget()
		finish(fmt.Errorf("commit: %w; check the disk that holds the database", err))
		return
	}
	s.queue.Shared(len(begun))
	finish(nil)
}

// recall keeps what was seen only while no other program has written to the file: somebody with the
// sqlite3 shell, who needn't be expected but must not do harm.
func (s *Store) recall(w *cached) error {
	var version int64
	if err := w.QueryRow(context.Background(), "PRAGMA data_version").Scan(&version); err != nil {
		return err
	}
	if version != s.version {
		s.seen.Forget()
		s.version = version
	}
	return nil
}

// again undoes a transaction that one of its requests has spoilt and runs the others anew.
func (s *Store) again(w *cached, all []*group.Request, spoilt *group.Request) error {
	s.seen.Forget()
	if err := w.exec("ROLLBACK"); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin a write: %w", err)
	}
	for _, r := range all {
		if r == spoilt {
			continue
		}
		if err := w.exec("SAVEPOINT one"); err != nil {
			r.Err = fmt.Errorf("begin a write: %w", err)
			continue
		}
		if _, r.Err = s.one(w, r); r.Err != nil {
			s.seen.Forget()
			if err := w.exec("ROLLBACK TO one"); err != nil {
				r.Err = errors.Join(r.Err, fmt.Errorf("roll back: %w", err))
			}
		}
		if err := w.exec("RELEASE one"); err != nil {
			r.Err = errors.Join(r.Err, fmt.Errorf("end a write: %w", err))
		}
	}
	return nil
}

// one runs a request. dirty says that it failed after it had begun to change something.
func (s *Store) one(w *cached, r *group.Request) (dirty bool, err error) {
	if err := r.Gone(); err != nil {
		return false, err
	}
	run := &touched{Runner: w}
	err = r.Run(rows.Writing(context.Background(), run, dialect, &s.seen).Do)
	return err != nil && run.dirty, err
}

// touched notes whether anything was changed.
type touched struct {
	rows.Runner
	dirty bool
}

func (t *touched) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	t.dirty = true
	return t.Runner.Exec(ctx, query, args...)
}
