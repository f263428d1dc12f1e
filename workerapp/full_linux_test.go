package workerapp

import (
	"context"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/heliostat-render/heliostat/shared/blob/storetest"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// large is a lease whose frames, with their masters, take about a megabyte each.
func large(m *fetchtest.Manager, lease string, frames ...int) wire.LeaseOffer {
	o := offer(m, lease, frames...)
	o.Recipe.Width, o.Recipe.Height, o.Recipe.Samples = 640, 400, 1
	return o
}

// paced renders a frame when another one's upload begins, but for the first few.
type paced struct {
	*fake.Renderer
	uploads chan struct{}
}

type pacedSession struct {
	render.Session
	uploads chan struct{}
}

func (p paced) Open(ctx context.Context, o render.Options) (render.Session, error) {
	s, err := p.Renderer.Open(ctx, o)
	return pacedSession{s, p.uploads}, err
}

func (p pacedSession) Render(ctx context.Context, r render.Request, progress func(render.Progress)) (render.Frame, error) {
	if r.Frame > 3 {
		select {
		case <-p.uploads:
		case <-ctx.Done():
		}
	}
	return p.Session.Render(ctx, r, progress)
}

// A disk that is smaller than a lease's frames renders them all, since those that are uploaded
// make room.
func TestASmallDiskRendersALongLease(t *testing.T) {
	storetest.OnSmallDisk(t, 8<<20, func(t *testing.T, disk string) {
		m, id := farm(t), newIdentity(t)
		uploads := make(chan struct{}, 100)
		m.Answer = func(msg link.Message) (wire.Type, any, error) {
			if msg.Type == wire.TypeTaskUpload {
				uploads <- struct{}{}
			}
			return "", nil, nil
		}
		m.Start()
		o := options(m, id, filepath.Join(disk, "worker"), paced{fake.New(fake.Behaviour{}), uploads})
		o.MinFree = 5 << 20
		w := start(t, o)
		fetchtest.Expect(m, wire.TypeWorkerReady, free)
		lease := large(m, "a1")
		for f := range 15 {
			lease.Frames = append(lease.Frames, wire.FrameSeed{Frame: f})
		}
		if answer := give(t, m, lease); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		check(t, m, id, lease, fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil))
		w.until(t, "done", func(s Status) bool { return s.FramesEver == 15 && s.Waiting == 0 && s.State == Idle })
	})
}

// A disk that really fills up while nothing can be uploaded ends the lease early: what is
// finished is handed in once the manager takes it, and the worker says why it takes nothing.
func TestAFullDiskHandsInWhatIsFinished(t *testing.T) {
	storetest.OnSmallDisk(t, 8<<20, func(t *testing.T, disk string) {
		m, id := farm(t), newIdentity(t)
		var open atomic.Bool
		m.Answer = func(msg link.Message) (wire.Type, any, error) {
			if msg.Type == wire.TypeTaskUpload && !open.Load() {
				return "", nil, &wire.Error{Code: wire.CodeUnavailable, Message: "later"}
			}
			return "", nil, nil
		}
		m.Start()
		o := options(m, id, filepath.Join(disk, "worker"), fake.New(fake.Behaviour{}))
		o.MinFree = 3 << 20
		w := start(t, o)
		fetchtest.Expect(m, wire.TypeWorkerReady, free)
		lease := large(m, "a1")
		for f := range 30 {
			lease.Frames = append(lease.Frames, wire.FrameSeed{Frame: f})
		}
		if answer := give(t, m, lease); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		w.until(t, "over with rendering", func(s Status) bool { return s.Waiting == 1 && len(s.Tasks) == 0 })
		open.Store(true)
		commit := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
		if !commit.Partial || len(commit.Frames) < 3 {
			t.Fatalf("partial %v, %d frames", commit.Partial, len(commit.Frames))
		}
		lease.Frames = slices.Clone(lease.Frames[:len(commit.Frames)])
		check(t, m, id, lease, commit)
		w.until(t, "ready again", func(s Status) bool { return s.Waiting == 0 && s.FramesEver == len(lease.Frames) })
	})
}
