// Package manager measures a real heliostat-manager process, durable SQLite and all, under
// simulated nodes on real websockets: CPU per task, dispatch, connections held, submission of
// a huge job, watching clients.
//
// Where the issue has an aim instead of a rival, the aim is the row's baseline.
//
// It is not a test: nothing fails because it was slow.
package manager

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heliostat-render/heliostat/installers/sim"
	"github.com/heliostat-render/heliostat/installers/stage"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Row prints a figure beside its baseline.
type Row func(name string, value float64, unit string, baseline float64)

const (
	workers   = 64
	verifiers = 16
	watchers  = 50
	// ahead is how many tasks workers may have committed that aren't delivered yet: a cycle ends with the
	// delivery, so commits that run ahead of the verifiers are none.
	ahead = 2 * workers
)

// Run does all of it; dir is for data, bin holds the programs.
func Run(ctx context.Context, bin, dir string, row Row) error {
	// The simulated nodes share the processors with the manager, and have memory enough.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	for _, part := range []func(context.Context, string, string, Row) error{cycles, dispatch, watching, connections} {
		if err := part(ctx, bin, dir, row); err != nil {
			return err
		}
	}
	return nil
}

// house is a manager process with simulated nodes around it.
type house struct {
	stage   *stage.Stage
	process *stage.Process
	world   *sim.World
	artist  *sim.Artist
	done    atomic.Int64 // acknowledged commits
	frames  atomic.Int64 // in them
	closers []func()

	mu        sync.Mutex     // guards what follows
	delivered map[string]int // frames that the artist was told of, by job
	news      chan struct{}  // closed and replaced with each change
}

func open(ctx context.Context, bin, dir, name string, artists int, args ...string) (*house, error) {
	dir = filepath.Join(dir, name)
	h := &house{stage: &stage.Stage{Bin: bin, Dir: dir}}
	var err error
	h.process, err = h.stage.Start(ctx, "manager", "heliostat-manager", append([]string{"serve", "--data", h.stage.Data("manager"), "--listen", "127.0.0.1:0", "--settlement", "off"}, args...)...)
	if err != nil {
		return nil, err
	}
	h.world = &sim.World{URL: h.process.Ready["address"]}
	h.world.Done = func(c sim.Commit) {
		h.done.Add(1)
		h.frames.Add(int64(len(c.Frames)))
	}
	h.world.Pace, h.news, h.delivered = h.pace, make(chan struct{}), make(map[string]int)
	if artists > 0 {
		if h.artist, err = sim.StartArtist(ctx, h.world, dir); err != nil {
			h.close()
			return nil, err
		}
		h.closers = append(h.closers, h.artist.Close)
	}
	return h, nil
}

// watch counts what is delivered, as an artist is told it, until stop. It asks for the changes
// alone: a client would read all of the job first.
func (h *house) watch(ctx context.Context) (stop func(), err error) {
	c, err := link.Keep(ctx, link.Options{
		URL: h.world.URL, Identity: h.artist.Identity(), Roles: []job.Role{job.RoleArtist}, Software: "sim",
		OnConnect: func(ctx context.Context, s *link.Session) error {
			return s.Request(ctx, wire.TypeJobWatch, wire.JobWatch{}, nil)
		},
		Handler: func(_ context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
			var u struct { // of wire.JobUpdate, what is counted
				Job struct {
					ID     string
					Counts job.Counts
				}
			}
			if m.Type != wire.TypeJobUpdate {
				return "", nil, nil
			}
			if err := m.Decode(&u); err != nil {
				return "", nil, err
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			h.delivered[u.Job.ID] = u.Job.Counts.Delivered + u.Job.Counts.Accepted
			close(h.news)
			h.news = make(chan struct{})
			return "", nil, nil
		},
	})
	if err != nil {
		return nil, err
	}
	if _, err := c.Wait(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c.Close, nil
}

// through is how many tasks, of one frame each, have been through their whole cycle.
func (h *house) through() (n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.delivered {
		n += int64(d)
	}
	return n
}

// pace holds workers back while the verifiers are behind.
func (h *house) pace(ctx context.Context) {
	if h.artist == nil {
		return
	}
	for ctx.Err() == nil {
		h.mu.Lock()
		news := h.news
		h.mu.Unlock()
		if h.frames.Load()-h.through() < ahead {
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
		}
	}
}

// staff connects workers and verifiers, and has the artist watch them.
func (h *house) staff(ctx context.Context, workers, verifiers int) error {
	stop, err := h.watch(ctx)
	if err != nil {
		return err
	}
	h.closers = append(h.closers, stop)
	for range workers {
		w, err := sim.StartWorker(ctx, h.world)
		if err != nil {
			return err
		}
		h.closers = append(h.closers, w.Close)
	}
	for range verifiers {
		v, err := sim.StartVerifier(ctx, h.world)
		if err != nil {
			return err
		}
		h.closers = append(h.closers, v.Close)
	}
	return nil
}

func (h *house) close() {
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
	if err := h.stage.Close(); err != nil {
		log.Print(err)
	}
	if err := os.RemoveAll(h.stage.Dir); err != nil {
		log.Print(err)
	}
}

// until waits for so many whole cycles.
func (h *house) until(ctx context.Context, n int64) error {
	last, at := h.through(), time.Now()
	for h.through() < n {
		if now := h.through(); now != last {
			last, at = now, time.Now()
		}
		if time.Since(at) > 2*time.Minute {
			return fmt.Errorf("no task went through for two minutes, %d of %d did; the manager's log ends:\n%s", last, n, stage.Tail(h.process.Log, 20))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-h.process.Done():
			return fmt.Errorf("the manager ended; its log ends:\n%s", stage.Tail(h.process.Log, 20))
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil
}

// cpu is what the manager's process has used so far, in seconds.
func (h *house) cpu() (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.process.PID()))
	if err != nil {
		return 0, err
	}
	// Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms; the name before may hold spaces.
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	user, err1 := strconv.ParseFloat(fields[11], 64)
	system, err2 := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100, errors.Join(err1, err2)
}

// memory is a line of the process's status in bytes: VmHWM is the peak, VmRSS now.
func (h *house) memory(line string) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.process.PID()))
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64) // the kernel writes numbers
			return kb * 1024
		}
	}
	return 0
}

func (h *house) peak(row Row, name string) { row("peak_"+name, h.memory("VmHWM")/1e6, "MB", 4096) }

// cycles measures whole task cycles on queues of several lengths.
func cycles(ctx context.Context, bin, dir string, row Row) error {
	var first float64
	for _, run := range []struct {
		queue int
		s3    bool // frames go to an S3 server, as they do in a large network: what is left is the manager's own
	}{{200, false}, {5_000, false}, {100_000, false}, {200, true}} {
		queue := run.queue
		if err := func() error {
			name := fmt.Sprintf("task_cpu_%d", queue)
			var args []string
			if run.s3 {
				name += "_s3"
				blobs, stop, err := serveS3(ctx, filepath.Join(dir, name+"_store"))
				if err != nil {
					return err
				}
				defer stop()
				args = []string{"--blobs", blobs}
			}
			log.Printf("manager: %s", name)
			h, err := open(ctx, bin, dir, name, 1, args...)
			if err != nil {
				return err
			}
			defer h.close()
			begun, fill := time.Now(), queue
			if queue <= 1000 {
				fill += ahead // those are committed and wait for their verdict
			}
			if _, err := h.artist.Submit(ctx, fill); err != nil {
				return err
			}
			if queue == 100_000 {
				row("submit_100000", time.Since(begun).Seconds(), "s", 10)
				h.peak(row, "submit_100000")
			}
			if err := h.staff(ctx, workers, verifiers); err != nil {
				return err
			}
			const warm, span = 200, 1500
			// A short queue is kept at its length by further jobs, one frame for one that is done.
			feed := func() error {
				if queue > 1000 {
					return nil
				}
				_, err := h.artist.Submit(ctx, 100)
				return err
			}
			if err := h.until(ctx, warm); err != nil {
				return err
			}
			cpu, err := h.cpu()
			if err != nil {
				return err
			}
			start, from := time.Now(), h.through()
			for at := int64(warm); at < warm+span; at += 100 {
				if err := errors.Join(feed(), h.until(ctx, at+100)); err != nil {
					return err
				}
			}
			after, err := h.cpu()
			if err != nil {
				return err
			}
			n := float64(h.through() - from)
			if h.frames.Load() != h.done.Load() {
				log.Printf("manager: tasks have %.2f frames on average", float64(h.frames.Load())/float64(h.done.Load()))
			}
			each := (after - cpu) / n * 1000
			switch {
			case first == 0:
				first = each
				row(name, each, "ms", 1) // the aim
			case run.s3:
				row(name, each, "ms", 1)
			default:
				row(name, each, "ms", first)
			}
			if queue == 5_000 {
				row("cycles_per_second", n/time.Since(start).Seconds(), "1/s", 1000)
			}
			h.peak(row, name)
			return nil
		}(); err != nil {
			return fmt.Errorf("%d queued tasks, S3 %v: %w", queue, run.s3, err)
		}
	}
	return nil
}

// dispatch measures from the artist's acceptance to the offer at a waiting worker.
func dispatch(ctx context.Context, bin, dir string, row Row) error {
	log.Print("manager: dispatch")
	h, err := open(ctx, bin, dir, "dispatch", 1)
	if err != nil {
		return err
	}
	defer h.close()
	offered := make(chan time.Time, 1)
	h.world.Offered = func(string) {
		select {
		case offered <- time.Now():
		default:
		}
	}
	if err := h.staff(ctx, workers, verifiers); err != nil {
		return err
	}
	var waits []float64
	for i := range 300 {
		_, at, err := h.artist.SubmitTimed(ctx, 1)
		if err != nil {
			return err
		}
		select {
		case t := <-offered:
			waits = append(waits, t.Sub(at).Seconds()*1000)
		case <-time.After(30 * time.Second):
			return errors.New("no worker was offered the task within 30 s")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		// One job at a time: the next begins when this one is delivered.
		if err := h.until(ctx, int64(i+1)); err != nil {
			return err
		}
	}
	row("dispatch_p50", quantile(waits, 0.50), "ms", 20)
	row("dispatch_p99", quantile(waits, 0.99), "ms", 20)
	h.peak(row, "dispatch")
	return nil
}

// watching measures what watching clients cost: the same cycles with and without them.
func watching(ctx context.Context, bin, dir string, row Row) error {
	log.Print("manager: watch_50")
	h, err := open(ctx, bin, dir, "watch", 1)
	if err != nil {
		return err
	}
	defer h.close()
	j, err := h.artist.Submit(ctx, 5_000)
	if err != nil {
		return err
	}
	if err := h.staff(ctx, 16, 8); err != nil {
		return err
	}
	const span = 600
	measure := func() (float64, error) {
		from := h.through()
		before, err := h.cpu()
		if err != nil {
			return 0, err
		}
		if err := h.until(ctx, from+span); err != nil {
			return 0, err
		}
		after, err := h.cpu()
		return after - before, err
	}
	if err := h.until(ctx, 100); err != nil {
		return err
	}
	bare, err := measure()
	if err != nil {
		return err
	}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, watchers)
	var pushed atomic.Int64
	for range watchers {
		c, err := client.Dial(ctx, client.Options{Manager: h.world.URL, Identity: h.artist.Identity(), Software: "sim"})
		if err != nil {
			return err
		}
		h.closers = append(h.closers, c.Close)
		go func() { ended <- c.Watch(watch, wire.JobWatch{Job: j.ID}, func(wire.JobUpdate) { pushed.Add(1) }) }()
	}
	watched, err := measure()
	if err != nil {
		return err
	}
	stop()
	for range watchers {
		<-ended
	}
	// A cycle has six changes: three times progress, the commit, the verdict, the delivery.
	row("watch_50", (watched-bare)/(6*span)*1000, "s", bare/(6*span)*1000)
	log.Printf("manager: the %d watchers got %d updates", watchers, pushed.Load())
	h.peak(row, "watch_50")
	return nil
}

func quantile(v []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
