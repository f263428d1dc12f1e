package dir

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/mattn/go-sqlite3"
)

// Bounds of what shares one commit.
const (
	maxGroup      = 64
	maxGroupBytes = 2 << 20
)

// vacuumPages is how many pages are given back at a time, while nobody waits; keepFree is how many
// bytes stay for the next objects, beside a quarter of the file.
const (
	vacuumPages = 128
	keepFree    = 4 << 20
)

// writer is the goroutine that changes the packed file. Requests that wait while it commits share the next commit.
type writer struct {
	conn     *conn
	requests chan *request
	done     chan struct{}
	room     *reserve

	// Only run uses these.
	next  int64 // id of the next content
	freed bool  // pages may be free that the file needn't keep
}

// request is one object to be stored, or deleted.
type request struct {
	object  blob.Object
	content []byte
	remove  bool

	there bool  // it was stored already, or was there to be deleted
	err   error // why it isn't done
	done  chan struct{}
}

func newWriter(c *conn, room *reserve) (*writer, error) {
	last, err := c.number("SELECT max(id) FROM contents")
	if err != nil {
		return nil, err
	}
	return &writer{
		conn: c, requests: make(chan *request, maxGroup), done: make(chan struct{}), room: room,
		next: last + 1, freed: true,
	}, nil
}

// do waits until the request is durable. Once it is queued the end of ctx doesn't stop it: half-known outcomes
// are worse than a short wait.
func (w *writer) do(ctx context.Context, r *request) error {
	r.done = make(chan struct{})
	select {
	case w.requests <- r:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	<-r.done
	return r.err
}

// close waits for what is queued. Nobody calls do any more.
func (w *writer) close() error {
	close(w.requests)
	<-w.done
	return nil
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case r, ok := <-w.requests:
			if !ok {
				return
			}
			w.group(r)
			continue
		default:
		}
		if w.giveBack() {
			continue
		}
		r, ok := <-w.requests
		if !ok {
			return
		}
		w.group(r)
	}
}

// group does what waits in one transaction, and answers. Where one of them fails, all is undone and each is
// done again alone.
func (w *writer) group(first *request) {
	for w.room.released && w.giveBack() {
	}
	var all []*request
	bytes := 0
	err := w.begin()
	for r := first; r != nil; r = w.more(len(all), bytes) {
		all = append(all, r)
		bytes += len(r.content)
		if err == nil {
			err = w.one(r)
		}
	}
	if err = w.end(err); err != nil {
		for _, r := range all {
			r.err = w.alone(r)
		}
	}
	for _, r := range all {
		close(r.done)
	}
}

// more takes a request that waits already, as long as there is room in the group.
func (w *writer) more(n, bytes int) *request {
	if n >= maxGroup || bytes >= maxGroupBytes {
		return nil
	}
	select {
	case r := <-w.requests: // nil once the channel is closed
		return r
	default:
		return nil
	}
}

func (w *writer) begin() error {
	_, err := w.conn.exec("BEGIN IMMEDIATE")
	return err
}

// end commits, or undoes what err has spoilt.
func (w *writer) end(err error) error {
	if err == nil {
		if _, err = w.conn.exec("COMMIT"); err == nil {
			return nil
		}
	}
	_, _ = w.conn.exec("ROLLBACK") // there may be nothing to roll back
	return err
}

// transact does one thing in a transaction of its own.
func (w *writer) transact(do func() error) error {
	err := w.begin()
	if err == nil {
		err = do()
	}
	return w.end(err)
}

// alone does one request in a transaction of its own, and the more for a deletion: it has to be possible on a
// full disk, and where the content can't be freed because it is damaged.
func (w *writer) alone(r *request) error {
	err := w.transact(func() error { return w.one(r) })
	if !r.remove {
		return err
	}
	if isFull(err) && w.room.release() {
		if err = w.conn.query(nil, "PRAGMA wal_checkpoint(TRUNCATE)"); err == nil {
			err = w.transact(func() error { return w.one(r) })
		}
	}
	var failed sqlite3.Error
	if errors.As(err, &failed) && failed.Code == sqlite3.ErrCorrupt {
		r.there = false
		err = w.transact(func() error { return w.forget(r, func(int64) error { return nil }) })
	}
	return err
}

func isFull(err error) bool {
	var failed sqlite3.Error
	return errors.As(err, &failed) && (failed.Code == sqlite3.ErrFull || errors.Is(full(failed.SystemErrno), blob.ErrFull))
}

// one does a request in the transaction that has begun.
func (w *writer) one(r *request) error {
	r.there = false // whatever an attempt has found that was undone
	if r.remove {
		return w.forget(r, func(id int64) error {
			_, err := w.conn.exec("DELETE FROM contents WHERE id = +?", id)
			return err
		})
	}
	if err := w.room.hold(); err != nil {
		return err
	}
	o := r.object
	id := w.next
	modified := o.Modified.UnixNano()
	added, err := w.conn.exec("INSERT INTO names (key, id, size, modified, digest, mark) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		o.Key, id, o.Size, modified, o.Digest[:], markOf(o.Key, id, o.Size, modified, o.Digest[:]))
	if err != nil {
		return err
	}
	if added == 0 {
		return w.same(r)
	}
	w.next++ // an id that is rolled back stays unused
	_, err = w.conn.exec("INSERT INTO contents (id, content) VALUES (?, ?)", id, r.content)
	return err
}

// same holds what is stored under the key against the request.
func (w *writer) same(r *request) (err error) {
	var there blob.Object
	err = w.conn.query(func(cells []driver.Value) error {
		there, err = described(cells)
		return err
	}, nameColumns+" FROM names WHERE key = +?", r.object.Key)
	switch {
	case err != nil:
		return err
	case there.Size != r.object.Size || there.Digest != r.object.Digest:
		return fmt.Errorf("put %s: %w", r.object.Key, blob.ErrExists)
	}
	r.there = true
	return nil
}

// forget deletes an object's name, and its content by free.
func (w *writer) forget(r *request, free func(id int64) error) error {
	var id int64
	err := w.conn.query(func(cells []driver.Value) error {
		id, r.there = cells[0].(int64)
		r.object.Size, _ = cells[1].(int64)
		return nil
	}, "DELETE FROM names WHERE key = +? RETURNING id, size", r.object.Key)
	if err != nil || !r.there {
		return err
	}
	w.freed = true
	return free(id)
}

// giveBack shortens the file by some pages, if more are free than it should keep, and says whether to go on.
func (w *writer) giveBack() (more bool) {
	if !w.freed {
		return false
	}
	free, err := w.conn.number("PRAGMA freelist_count")
	if err == nil {
		var all int64
		all, err = w.conn.number("PRAGMA page_count")
		if keep := max(keepFree/pageSize, all/4); err == nil && free > 0 && (free > keep || w.room.released) {
			step := min(vacuumPages, max(free-keep, 1))
			if w.room.released {
				step = vacuumPages
			}
			err = w.conn.query(nil, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", step))
			more = err == nil
		}
	}
	if !more {
		// The file itself gets shorter now. What fails here is tried again after the next deletion.
		w.freed = false
		_ = w.conn.query(nil, "PRAGMA wal_checkpoint(PASSIVE)")
		if w.room.released {
			_ = w.conn.query(nil, "PRAGMA wal_checkpoint(TRUNCATE)")
			_ = w.room.hold()
		}
	}
	return more
}
