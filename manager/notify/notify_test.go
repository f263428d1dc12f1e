package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

type listener struct {
	id      string
	updates chan wire.JobUpdate
	done    chan struct{}
}

func listen(id string) *listener {
	return &listener{id: id, updates: make(chan wire.JobUpdate, 64), done: make(chan struct{})}
}

func (l *listener) ID() string            { return l.id }
func (l *listener) Done() <-chan struct{} { return l.done }
func (l *listener) Close(string)          { close(l.done) }

func (l *listener) Send(_ wire.Type, body any) error {
	l.updates <- body.(wire.JobUpdate)
	return nil
}

// counted counts what is read.
type counted struct {
	store.Store
	views atomic.Int64
}

func (c *counted) Look(ctx context.Context, fn func(store.Tx) error) error {
	c.views.Add(1)
	return c.Store.Look(ctx, fn)
}

func TestWatchersShareReadings(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	j := storetest.Job("0xA", "1", 4)
	if err := db.Update(t.Context(), func(tx store.Tx) error { _, err := storetest.Fill(tx, j); return err }); err != nil {
		t.Fatal(err)
	}
	s := &counted{Store: db}
	h := New(s, nil, slog.New(slog.DiscardHandler))
	var watchers []*listener
	for i := range 20 {
		l := listen(fmt.Sprint(i))
		if err := h.Watch(l, "0xA", j.ID, false); err != nil {
			t.Fatal(err)
		}
		watchers = append(watchers, l)
	}
	for round, cause := range []string{"first", "second"} {
		c := &Changes{Now: time.Now}
		if err := db.Update(t.Context(), func(tx store.Tx) error {
			c.Reset()
			c.Job(j.ID, 1+round)
			_, err := tx.EditJob(j.ID, func(j *store.Job) { j.Cause = cause })
			return err
		}); err != nil {
			t.Fatal(err)
		}
		h.Publish(c)
		for _, l := range watchers {
			if u := <-l.updates; u.Job.Cause != cause || len(u.Frames) != 1 || u.Frames[0].Number != 1+round {
				t.Errorf("watcher %s got %+v with the frames %v", l.id, u.Job, u.Frames)
			}
		}
		if n := s.views.Load(); n != int64(round+1) {
			t.Errorf("%d readings for %d watchers after %d changes", n, len(watchers), round+1)
		}
	}
	h.Progress(j.ID, 2, "0xW", 0.5)
	for _, l := range watchers {
		if u := <-l.updates; len(u.Frames) != 1 || u.Frames[0].Progress != 0.5 {
			t.Errorf("watcher %s got the frames %v", l.id, u.Frames)
		}
		close(l.done)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestWatchersGetDeltas(t *testing.T) {
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	mine, other := storetest.Job("0xA", "1", 4), storetest.Job("0xB", "2", 2)
	if err := db.Update(context.Background(), func(tx store.Tx) error {
		if _, err := storetest.Fill(tx, mine); err != nil {
			return err
		}
		_, err := storetest.Fill(tx, other)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	h := New(db, nil, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- h.Run(ctx) }()

	one, owner, all := listen("one"), listen("owner"), listen("all")
	for _, err := range []error{h.Watch(one, "0xA", mine.ID, false), h.Watch(owner, "0xA", "", false), h.Watch(all, "0xS", "", true)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c := &Changes{Now: time.Now}
	if err := db.Update(context.Background(), func(tx store.Tx) error {
		c.Reset()
		c.Job(other.ID)
		c.Job(mine.ID, 2)
		return c.Event(tx, mine.ID, "started", "go", "")
	}); err != nil {
		t.Fatal(err)
	}
	h.Publish(c)
	for _, l := range []*listener{one, owner} {
		u := <-l.updates
		if u.Job.ID != mine.ID || u.Job.Frames != nil || len(u.Frames) != 1 || u.Frames[0].Number != 2 || u.Event == nil || u.Event.What != "started" {
			t.Errorf("%s got %+v", l.id, u)
		}
	}
	if a, b := <-all.updates, <-all.updates; a.Job.ID == b.Job.ID {
		t.Error("a studio missed a job")
	}
	h.Progress(mine.ID, 3, "0xW", 0.5)
	u := <-one.updates
	if len(u.Frames) != 1 || u.Frames[0].Progress != 0.5 || u.Frames[0].Worker != "0xW" || u.Frames[0].State != job.FramePending {
		t.Errorf("progress came as %+v", u.Frames)
	}
	cancel()
	for _, l := range []*listener{one, owner, all} {
		close(l.done)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	select {
	case u := <-owner.updates:
		if u.Job.ID == other.ID {
			t.Error("an artist saw another artist's job")
		}
	default:
	}
}

// failing fails the first reading.
type failing struct {
	store.Store
	failed atomic.Bool
}

func (f *failing) Look(ctx context.Context, fn func(store.Tx) error) error {
	if f.failed.CompareAndSwap(false, true) {
		return errors.New("the database's primary is gone")
	}
	return f.Store.Look(ctx, fn)
}

// TestAWatcherIsNeverLeftWaiting: where an update can't be read, a failover say, the watcher's session ends, so that it comes back and
// asks. It used to stay, and to hear nothing of any job any more.
func TestAWatcherIsNeverLeftWaiting(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	j := storetest.Job("0xA", "1", 2)
	if err := db.Update(t.Context(), func(tx store.Tx) error { _, err := storetest.Fill(tx, j); return err }); err != nil {
		t.Fatal(err)
	}
	h := New(&failing{Store: db}, nil, slog.New(slog.DiscardHandler))
	l := listen("one")
	if err := h.Watch(l, "0xA", j.ID, false); err != nil {
		t.Fatal(err)
	}
	c := &Changes{Now: time.Now}
	c.Job(j.ID, 1)
	h.Publish(c)
	select {
	case <-l.done:
	case u := <-l.updates:
		t.Fatalf("it got %+v", u)
	case <-time.After(10 * time.Second):
		t.Fatal("the watcher waits for ever")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Run(ctx); err != nil {
		t.Error(err)
	}
}
