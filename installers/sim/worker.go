package sim

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Commit is a task whose commit a manager acknowledged as durable.
type Commit struct {
	Lease, Job, Worker string
	Frames             []int
}

// Worker is a simulated worker with one slot.
type Worker struct {
	node
	commits []Commit // guarded by mu
	busy    bool     // guarded by mu
	// pace is World.Pace, or its own; nil doesn't wait.
	pace func(ctx context.Context)
}

// StartWorker connects a worker, which works until Close or ctx ends.
func StartWorker(ctx context.Context, w *World) (*Worker, error) { return StartPaced(ctx, w, w.Pace) }

// StartPaced connects a worker with a pace of its own, such as a slow one.
func StartPaced(ctx context.Context, w *World, pace func(ctx context.Context)) (*Worker, error) {
	n := &Worker{pace: pace}
	if err := n.init(ctx, w); err != nil {
		return nil, err
	}
	err := n.connect(job.RoleWorker, n.handle, func() (wire.Type, any) {
		n.mu.Lock()
		defer n.mu.Unlock()
		free := 1
		if n.busy {
			free = 0
		}
		return wire.TypeWorkerReady, wire.WorkerReady{Capabilities: capabilities(), Free: free, Leases: slices.Clone(n.held)}
	})
	if err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// Commits are the acknowledged ones so far.
func (n *Worker) Commits() []Commit {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.commits)
}

func (n *Worker) handle(_ context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
	switch m.Type {
	case wire.TypeLeaseOffer:
		var o wire.LeaseOffer
		if err := m.Decode(&o); err != nil {
			return "", nil, err
		}
		if n.world.Offered != nil {
			n.world.Offered(o.Job)
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.busy || n.ctx.Err() != nil {
			return wire.TypeLeaseAnswer, wire.LeaseAnswer{Reason: "busy"}, nil
		}
		n.busy = true
		n.held = append(n.held, o.Lease)
		n.wg.Go(func() { n.work(o) })
		return wire.TypeLeaseAnswer, wire.LeaseAnswer{Taken: true}, nil
	}
	return "", nil, nil
}

func (n *Worker) work(o wire.LeaseOffer) {
	err := n.task(o)
	if err != nil && n.ctx.Err() == nil {
		n.world.log().Warn("task lost", "worker", n.Address(), "lease", o.Lease, "err", err)
	}
	n.mu.Lock()
	n.busy = false
	n.held = slices.DeleteFunc(n.held, func(h string) bool { return h == o.Lease })
	n.mu.Unlock()
	_ = n.request(wire.TypeWorkerReady, wire.WorkerReady{Capabilities: capabilities(), Free: 1}, nil) // the connection's end tells as much
}

// task is what the benchmark calls a cycle: three progress updates, an upload, a commit.
func (n *Worker) task(o wire.LeaseOffer) error {
	c := wire.TaskCommit{Lease: o.Lease}
	var ask wire.TaskUpload
	var bodies [][]byte
	ask.Lease = o.Lease
	for phase, fraction := range []float64{0.1, 0.5, 0.9} {
		if n.pace != nil {
			n.pace(n.ctx)
		}
		_ = n.conn.Send(wire.TypeTaskProgress, wire.TaskProgress{Lease: o.Lease, Phase: "render", Frame: o.Frames[0].Frame, Fraction: fraction, Done: phase / 3}) // for people; it may be lost
	}
	for _, f := range o.Frames {
		img, err := n.world.album.get(f.Frame, f.Seed)
		if err != nil {
			return err
		}
		c.Frames = append(c.Frames, img.commit)
		c.Stats = append(c.Stats, wire.FrameStats{Frame: f.Frame, Seconds: 1, CPUSeconds: 1, Memory: 1 << 20})
		ask.Files = append(ask.Files,
			wire.UploadFile{Frame: f.Frame, Kind: "final", Ext: ".png", Size: int64(len(img.final)), Digest: img.commit.FileDigest.String()},
			wire.UploadFile{Frame: f.Frame, Kind: "master", Ext: ".exr", Size: int64(len(img.master)), Digest: img.commit.MasterDigest.String()})
		bodies = append(bodies, img.final, img.master)
	}
	c.Files = ask.Files
	if err := n.upload(wire.TypeTaskUpload, ask, bodies...); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	c.Receipt = receipt.Receipt{
		Attempt: o.Lease, Task: o.Task, Job: o.Job, Worker: n.Address(), Class: Class, Renderer: o.Recipe.Renderer, Version: o.Recipe.Version,
		Recipe: receipt.RecipeHash(o.Recipe), Started: 1, Finished: 2,
	}.Over(c.Frames)
	if err := c.Receipt.Key.UnmarshalText([]byte(o.KeyHash)); err != nil {
		return fmt.Errorf("the lease's key hash: %w", err)
	}
	domain, err := n.domain(n.ctx)
	if err != nil {
		return err
	}
	if c.Signature, err = n.id.Sign(c.Receipt.Digest(domain)); err != nil {
		return err
	}
	var done wire.TaskCommitted
	if err := n.request(wire.TypeTaskCommit, c, &done); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	key, err := hex.DecodeString(done.Key)
	if err != nil || len(key) != 32 || proof.KeyHash([32]byte(key)).String() != o.KeyHash {
		return fmt.Errorf("the revealed key %q doesn't have the published hash", done.Key)
	}
	ack := Commit{Lease: o.Lease, Job: o.Job, Worker: n.Address()}
	for _, f := range o.Frames {
		ack.Frames = append(ack.Frames, f.Frame)
	}
	n.mu.Lock()
	n.commits = append(n.commits, ack)
	n.mu.Unlock()
	if n.world.Done != nil {
		n.world.Done(ack)
	}
	return nil
}
