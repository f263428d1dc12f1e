package notify

import (
	"context"
	"log/slog"
	"path/filepath"
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
