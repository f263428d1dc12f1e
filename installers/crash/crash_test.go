package crash

import (
	"context"
	"flag"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/installers/sim"
	"github.com/heliostat-render/heliostat/installers/stage"
	"github.com/heliostat-render/heliostat/manager/store/postgres/pgtest"
	"github.com/heliostat-render/heliostat/shared/blob/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

var (
	kills = flag.Int("kills", 200, "how often the manager is killed, on each kind of database")
	seed  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments; printed, so that a run can be repeated roughly")
)

const (
	workers   = 6
	verifiers = 4
	jobFrames = 60
	// deep is how many frames are kept waiting, so that there is always something to lose.
	deep = 90
	// patience bounds every wait; it is generous, since the machine may be busy.
	patience = 3 * time.Minute
)

func TestKilledManagersKeepTheirWord(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "heliostat-manager"), "github.com/heliostat-render/heliostat/manager")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the manager: %v\n%s", err, out)
	}
	s3 := storetest.StartS3(t)
	t.Setenv("HELIOSTAT_S3_ACCESS_KEY", s3.AccessKey)
	t.Setenv("HELIOSTAT_S3_SECRET_KEY", s3.SecretKey)
	blobs := "s3://" + strings.TrimPrefix(s3.Endpoint, "http://") + "/frames?insecure=1&create=1"
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		rampage(t, bin, dir, filepath.Join(dir, "heliostat.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		database := pgtest.Start(t).Database(t)
		rampage(t, bin, t.TempDir(), database, "--blobs", blobs)
	})
}

// run is one rampage.
type run struct {
	t       *testing.T
	ctx     context.Context
	stage   *stage.Stage
	args    []string
	process *stage.Process
	world   *sim.World
	artist  *sim.Artist
	random  *rand.Rand
	workers []*sim.Worker
	judges  []*sim.Verifier
	jobs    []job.Job
}

func rampage(t *testing.T, bin, dir, database string, more ...string) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	t.Logf("%d kills, seed %d", *kills, *seed)
	r := &run{t: t, ctx: ctx, stage: &stage.Stage{Bin: bin, Dir: dir}, random: rand.New(rand.NewPCG(*seed, uint64(len(database))))}
	listen := freePort(t)
	r.args = append([]string{"serve", "--data", r.stage.Data("manager"), "--listen", listen, "--settlement", "off", "--store", database, "--lease", "30s", "--log", "json"}, more...)
	r.start()
	r.world = &sim.World{URL: "http://" + listen, Pace: r.pace}
	if testing.Verbose() {
		r.world.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	var err error
	if r.artist, err = sim.StartArtist(ctx, r.world, dir); err != nil {
		t.Fatal(err)
	}
	defer r.artist.Close()
	for range workers {
		w, err := sim.StartWorker(ctx, r.world)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		r.workers = append(r.workers, w)
	}
	// One takes so long that its tasks are copied to others at a job's end; either of the two may be first.
	slow, err := sim.StartPaced(ctx, r.world, r.crawl)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	r.workers = append(r.workers, slow)
	for range verifiers {
		v, err := sim.StartVerifier(ctx, r.world)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		r.judges = append(r.judges, v)
	}
	r.submit()
	for n := range *kills {
		// Wherever it is by then: signing in, offering, committing, judging, delivering.
		r.wait(time.Duration(20+r.random.IntN(500)) * time.Millisecond)
		if n%8 == 7 {
			r.feed()
		}
		if !r.process.Alive() {
			t.Fatalf("the manager ended by itself before kill %d; its log ends:\n%s", n+1, stage.Tail(r.process.Log, 20))
		}
		r.process.Kill()
		r.start()
	}
	// Kills that met no work would show nothing: it went on between them.
	done := 0
	for _, w := range r.workers {
		done += len(w.Commits())
	}
	if done < *kills {
		t.Errorf("only %d commits were acknowledged between %d kills", done, *kills)
	}
	r.finish()
	if err := r.stage.Close(); err != nil {
		t.Error(err)
	}
	r.check(database)
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (r *run) start() {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	var err error
	if r.process, err = r.stage.Start(ctx, "manager", "heliostat-manager", r.args...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *run) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
		r.t.Fatal(context.Cause(r.ctx))
	}
}

// pace is what a simulated frame takes: some milliseconds, so that kills meet every phase.
func (r *run) pace(ctx context.Context) {
	timer := time.NewTimer(time.Duration(rand.IntN(12)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// crawl is the same of a worker that takes about as long as a task may before it is copied.
func (r *run) crawl(ctx context.Context) {
	timer := time.NewTimer(time.Duration(6500+rand.IntN(4500)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// submit adds a job; a manager that dies meanwhile is no reason to lose it.
func (r *run) submit() {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	j, err := r.artist.Submit(ctx, jobFrames)
	if err != nil {
		r.t.Fatalf("submit: %v", err)
	}
	r.jobs = append(r.jobs, j)
}

// feed keeps the queue deep.
func (r *run) feed() {
	frames := len(r.jobs) * jobFrames
	for _, w := range r.workers {
		for _, c := range w.Commits() {
			frames -= len(c.Frames)
		}
	}
	for ; frames < deep; frames += jobFrames {
		r.submit()
	}
}

// finish waits until every job is delivered.
func (r *run) finish() {
	for i := range r.jobs {
		last, since := job.Counts{}, time.Now()
		for {
			d, err := r.artist.Job(r.ctx, r.jobs[i].ID)
			if err != nil {
				r.t.Fatal(err)
			}
			r.jobs[i] = d.Job
			if d.Job.State == job.Delivered {
				break
			}
			if d.Job.Counts != last {
				last, since = d.Job.Counts, time.Now()
			}
			if time.Since(since) > patience {
				for _, e := range d.Events[max(0, len(d.Events)-20):] {
					r.t.Logf("%s: %s %s", e.What, e.Text, e.Node)
				}
				r.t.Fatalf("job %s stays %s (%+v), why: %q; the manager's log ends:\n%s", d.Job.ID, d.Job.State, d.Job.Counts, d.Why, stage.Tail(r.process.Log, 10))
			}
			r.wait(100 * time.Millisecond)
		}
	}
	r.t.Logf("%d jobs, %d frames", len(r.jobs), len(r.jobs)*jobFrames)
}
