package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

// with changes a worker's capabilities.
func with(m fleet.Member, change func(*job.Capabilities)) fleet.Member {
	change(&m.Capabilities)
	return m
}

func TestPlanKeepsNeeds(t *testing.T) {
	small := with(worker("w1", 1), func(c *job.Capabilities) { c.VRAM, c.Memory = 8<<30, 16<<30 })
	big := with(worker("w2", 1), func(c *job.Capabilities) { c.VRAM, c.Memory, c.Region, c.Tags = 24<<30, 64<<30, "eu", []string{"a"} })
	needs := func(n job.Needs) []Candidate {
		c := candidate("a", "A", 0, 1, 2)
		c.Job.Needs = n
		return []Candidate{c}
	}
	memory := func(task, worker string) store.Failure {
		return store.Failure{Task: task, Worker: worker, Kind: job.FailMemory}
	}
	outgrown := candidate("a", "A", 0, 1, 2)
	outgrown.Failures = []store.Failure{memory("a.0", "w1")}
	outgrown.Outgrown = map[string]int64{"a.0": 16 << 30}
	taken := candidate("a", "A", 0, 1, 1)
	taken.Failures = []store.Failure{{Task: "a.0", Worker: "w1", Kind: job.FailSuperseded}}
	for _, test := range []struct {
		name       string
		candidates []Candidate
		workers    []fleet.Member
		want       string
	}{
		{"nothing asked", needs(job.Needs{}), []fleet.Member{small, big}, "a.0>w1 a.1>w2"},
		{"GPU memory", needs(job.Needs{VRAM: 12 << 30}), []fleet.Member{small, big}, "a.0>w2"},
		{"memory", needs(job.Needs{Memory: 32 << 30}), []fleet.Member{small, big}, "a.0>w2"},
		{"region", needs(job.Needs{Region: "eu"}), []fleet.Member{small, big}, "a.0>w2"},
		{"tags", needs(job.Needs{Tags: []string{"a"}}), []fleet.Member{small, big}, "a.0>w2"},
		{"allowed", needs(job.Needs{Allow: []string{"w1"}}), []fleet.Member{small, big}, "a.0>w1"},
		{"blocked", needs(job.Needs{Block: []string{"w1"}}), []fleet.Member{small, big}, "a.0>w2"},
		{"nobody", needs(job.Needs{Class: "cpu/avx512"}), []fleet.Member{small, big}, ""},
		{"what didn't fit goes where there is more", []Candidate{outgrown}, []fleet.Member{small, big}, "a.0>w2 a.1>w1"},
		{"and waits for that", []Candidate{outgrown}, []fleet.Member{small, with(big, func(*job.Capabilities) {})}, "a.0>w2 a.1>w1"},
		{"or tries again where there is as much", []Candidate{outgrown}, []fleet.Member{small}, "a.0>w1"},
		{"but not where there is less", []Candidate{outgrown}, []fleet.Member{with(small, func(c *job.Capabilities) { c.Memory = 1 << 30 })}, "a.1>w1"},
		{"what was taken back goes to another", []Candidate{taken}, []fleet.Member{small, big}, "a.0>w2"},
		{"if there is one", []Candidate{taken}, []fleet.Member{small}, "a.0>w1"},
	} {
		if got := text(Plan(test.candidates, test.workers, Shares{}, start)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	busy := big
	busy.Free = 0
	if got := text(Plan([]Candidate{outgrown}, []fleet.Member{small, busy}, Shares{}, start)); got != "a.1>w1" {
		t.Errorf("while the bigger one is busy: %q", got)
	}
}

// TestJoiningTakesADenoiser: of a denoised still, tiles go to anybody and the task that joins them to whoever can denoise
// it; while nobody can, the job says so.
func TestJoiningTakesADenoiser(t *testing.T) {
	poor, rich := worker("w1", 2), with(worker("w2", 2), func(c *job.Capabilities) { c.Floor = 9 })
	rich.Capabilities.Installs = []job.Install{{Renderer: "blender", Version: "3.4.1", Engines: []string{"CYCLES"}, Denoisers: []string{"OPENIMAGEDENOISE"}}}
	c := candidate("a", "A", 0, 1, 2)
	c.Job.Recipe.Denoise, c.Job.Tiles = true, 2
	c.Tasks[0].Kind, c.Tasks[1].Kind = job.TaskAssemble, job.TaskTile
	if got := text(Plan([]Candidate{c}, []fleet.Member{poor, rich}, Shares{}, start)); got != "a.0>w2 a.1>w1" {
		t.Errorf("%q", got)
	}
	if got := text(Plan([]Candidate{c}, []fleet.Member{poor}, Shares{}, start)); got != "a.1>w1" {
		t.Errorf("without a denoiser: %q", got)
	}

	s := newStage(t, 1)
	j := storetest.Job("0xA", "r", 1)
	j.Recipe.Denoise, j.Tiles, j.Deadline = true, 2, 0
	s.update(func(tx store.Tx) error {
		join := &job.Task{ID: store.NewID("t"), Job: j.ID, State: job.TaskWaiting, Kind: job.TaskAssemble, Frames: []int{1}}
		if err := errors.Join(tx.AddJob(j), tx.AddTasks([]*job.Task{join})); err != nil {
			return err
		}
		for _, step := range [][2]job.State{{job.Draft, job.Quoted}, {job.Quoted, job.Funded}, {job.Funded, job.Rendering}} {
			if _, err := tx.MoveJob(j.ID, []job.State{step[0]}, step[1], nil); err != nil {
				return err
			}
		}
		return nil
	})
	if got := s.pass(); len(got) != 0 {
		t.Errorf("offered: %v", got)
	}
	if got := s.why(j.ID); !strings.Contains(got, "can join them: one has no OpenImageDenoise to denoise joined tiles with, in its blender 3.4.1") || !strings.Contains(got, "connect one that can") {
		t.Errorf("why: %q", got)
	}
}

// TestDeadlines: among an owner's jobs of one priority, what would be late goes first, the tightest before the others.
// Nobody gets before others by a deadline: one that can't be met is as easily written as a high priority.
func TestDeadlines(t *testing.T) {
	due := func(id, owner string, created int, seconds float64, in time.Duration) Candidate {
		c := candidate(id, owner, 0, created, 4)
		c.Job.Frames = []int{1, 2, 3, 4}
		c.Job.Counts.Pending, c.Job.RendFrames, c.Job.Seconds = 4, 1, seconds
		if in != 0 {
			c.Job.Deadline = start.Add(in).Unix()
		}
		return c
	}
	one := []fleet.Member{worker("w1", 2)}
	for _, test := range []struct {
		name       string
		candidates []Candidate
		want       string
	}{
		{"time enough", []Candidate{due("a", "A", 1, 60, 0), due("b", "A", 2, 60, 2*time.Hour)}, "a.0>w1 a.1>w1"},
		{"tight", []Candidate{due("a", "A", 1, 60, 0), due("b", "A", 2, 60, 8*time.Minute)}, "b.0>w1 b.1>w1"},
		{"the tighter", []Candidate{due("a", "A", 1, 60, 8*time.Minute), due("b", "A", 2, 60, 5*time.Minute)}, "b.0>w1 b.1>w1"},
		{"more work makes it tight", []Candidate{due("a", "A", 1, 60, 20*time.Minute), due("b", "A", 2, 240, 20*time.Minute)}, "b.0>w1 b.1>w1"},
		{"past it", []Candidate{due("a", "A", 1, 60, 0), due("b", "A", 2, 60, -time.Hour)}, "b.0>w1 b.1>w1"},
		{"another's", []Candidate{due("a", "A", 1, 60, 0), due("b", "B", 2, 60, 5*time.Minute)}, "a.0>w1 b.0>w1"},
		{"another's past it", []Candidate{due("a", "A", 1, 60, 0), due("b", "B", 2, 60, -time.Hour), due("c", "B", 3, 60, 0)}, "a.0>w1 b.0>w1"},
	} {
		if got := text(Plan(test.candidates, one, Shares{}, start)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	late := due("b", "A", 2, 600, time.Minute)
	ranked := due("a", "A", 1, 60, 0)
	ranked.Job.Priority = 1
	if got := text(Plan([]Candidate{late, ranked}, one, Shares{}, start)); got != "a.0>w1 a.1>w1" {
		t.Errorf("priority comes before the deadline: %q", got)
	}
}

// TestAhead: busy workers get tasks early only where enough are left for everybody.
func TestAhead(t *testing.T) {
	busy := func(name string) fleet.Member {
		m := worker(name, 0)
		m.Ahead = 1
		return m
	}
	for _, test := range []struct {
		name    string
		waiting int
		workers []fleet.Member
		want    string
	}{
		{"many left", 9, []fleet.Member{busy("w1"), busy("w2")}, "a.0>w1 a.1>w2"},
		{"one more than workers", 3, []fleet.Member{busy("w1"), busy("w2")}, "a.0>w1"},
		{"the end of the job", 2, []fleet.Member{busy("w1"), busy("w2")}, ""},
		{"a free one first", 9, []fleet.Member{busy("w1"), worker("w2", 1)}, "a.0>w2 a.1>w1"},
		{"one that wants none", 9, []fleet.Member{worker("w1", 0)}, ""},
	} {
		c := candidate("a", "A", 0, 1, test.waiting)
		c.Job.TasksWaiting = test.waiting
		plan := Plan([]Candidate{c}, test.workers, Shares{}, start)
		if got := text(plan); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		for _, a := range plan {
			i := slices.IndexFunc(test.workers, func(w fleet.Member) bool { return w.Address == a.Worker })
			if a.Ahead != (test.workers[i].Free == 0) {
				t.Errorf("%s: %+v", test.name, a)
			}
		}
	}
}

// TestAheadLeavesRoom: tasks that wait for whoever is free first aren't overtaken by later jobs' tasks that are
// held early, or nobody would ever be free for them.
func TestAheadLeavesRoom(t *testing.T) {
	var busy []fleet.Member
	for _, name := range []string{"w1", "w2", "w3"} {
		m := worker(name, 0)
		m.Ahead = 1
		busy = append(busy, m)
	}
	for _, test := range []struct {
		name    string
		waiting int // of the small job
		held    map[string]int
		want    string
	}{
		{"nothing of the small one", 0, map[string]int{"A": 3}, "a.0>w1 a.1>w2 a.2>w3"},
		{"one", 1, map[string]int{"A": 3}, "a.0>w2 a.1>w3"},
		{"as many as workers", 3, map[string]int{"A": 3}, ""},
		{"one more", 4, map[string]int{"A": 3}, "b.0>w1"},
		{"its owner has more already", 3, map[string]int{"A": 3, "B": 4}, "a.0>w1 a.1>w2 a.2>w3"},
	} {
		long, small := candidate("a", "A", 0, 1, 9), candidate("b", "B", 0, 2, test.waiting)
		long.Job.TasksWaiting, small.Job.TasksWaiting = 9, test.waiting
		if got := text(Plan([]Candidate{long, small}, busy, Shares{Held: test.held}, start)); got != test.want {
			t.Errorf("%s: %q, not %q", test.name, got, test.want)
		}
	}
}

func TestCopies(t *testing.T) {
	c := candidate("a", "A", 0, 1, 1)
	c.Tasks[0].State = job.TaskLeased
	c.Job.RendFrames, c.Job.Seconds = 10, 100 // ten seconds a frame
	hold := func(worker string, frames, done, copies int, ago time.Duration) []lease.Holding {
		return []lease.Holding{{Task: "a.0", Worker: worker, Frames: frames, Done: done, Copies: copies, Since: start.Add(-ago)}}
	}
	free := []fleet.Member{worker("w1", 0), worker("w2", 1)}
	for _, test := range []struct {
		name    string
		held    []lease.Holding
		workers []fleet.Member
		want    string
	}{
		{"in time", hold("w1", 4, 0, 1, 60*time.Second), free, ""},
		{"far too long", hold("w1", 4, 0, 1, 70*time.Second), free, "a.0>w2"},
		{"nearly done", hold("w1", 4, 3, 1, 70*time.Second), free, ""},
		{"slow, and much is left", hold("w1", 4, 1, 1, 90*time.Second), free, "a.0>w2"},
		{"a copy already", hold("w1", 4, 0, 2, 70*time.Second), free, ""},
		{"nobody else", hold("w1", 4, 0, 1, 70*time.Second), []fleet.Member{worker("w1", 1)}, ""},
		{"its worker is gone", hold("w9", 4, 0, 1, 70*time.Second), free, "a.0>w2"},
		{"a stranger", hold("w1", 4, 0, 1, 70*time.Second), free, ""},
		{"a moment", hold("w1", 1, 0, 1, 19*time.Second), free, ""},
	} {
		room := make(map[string]int)
		for _, w := range test.workers {
			room[w.Address] = w.Free
		}
		c.Proven = map[string]bool{"w1": true, "w2": test.name != "a stranger"}
		if got := text(Copies(c, test.held, test.workers, test.workers, room, start)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if test.want != "" && room["w2"] != 0 {
			t.Errorf("%s: the copy took no slot", test.name)
		}
	}
	c.Job.RendFrames = 0
	if got := Copies(c, hold("w1", 4, 0, 1, time.Hour), free, free, map[string]int{"w2": 1}, start); got != nil {
		t.Errorf("with nothing rendered: %v", got)
	}
}

// recording leases whatever it is told to and remembers it.
type recording struct {
	idle
	mu     sync.Mutex // guards what follows
	offers []string
	copies []string
	paused []string
	held   map[string][]lease.Holding
}

func (r *recording) Offer(_ context.Context, task, worker string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offers = append(r.offers, task)
	return true, nil
}

func (r *recording) Copy(_ context.Context, task, worker string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.copies = append(r.copies, task+">"+worker)
	return true, nil
}

func (r *recording) Held() map[string][]lease.Holding { return r.held }

func (r *recording) Suspend(_ context.Context, id, cause string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = append(r.paused, id+": "+cause)
	return nil
}

// stage is a scheduler over a real store.
type stage struct {
	*Scheduler
	t      *testing.T
	db     store.Store
	nodes  *fleet.Fleet
	leaser *recording
	now    time.Time
}

func newStage(t *testing.T, slots int) *stage {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := &stage{t: t, db: db, leaser: &recording{}, now: start}
	clock := func() time.Time { return s.now }
	s.nodes = fleet.New(clock)
	c := worker("0xW", 1).Capabilities
	c.Slots = slots
	s.nodes.Ready(fleet.Announcement{Role: job.RoleWorker, Address: "0xW", Session: quiet{}, Free: slots, Capabilities: c})
	s.Scheduler = New(Options{Store: db, Fleet: s.nodes, Leaser: s.leaser, Clock: clock, Log: slog.New(slog.DiscardHandler)})
	return s
}

func (s *stage) update(fn func(tx store.Tx) error) {
	s.t.Helper()
	if err := s.db.Update(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// pass makes one plan and returns what was offered, once all offers have ended.
func (s *stage) pass() []string {
	s.t.Helper()
	s.leaser.offers = nil
	if err := s.Pass(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.wg.Wait()
	return s.leaser.offers
}

func (s *stage) job(id string) (j *store.Job) {
	s.t.Helper()
	if err := s.db.View(s.t.Context(), func(tx store.Tx) (err error) { j, err = tx.Job(id); return err }); err != nil {
		s.t.Fatal(err)
	}
	return j
}

func (s *stage) why(id string) string {
	s.t.Helper()
	return s.Why(s.job(id))
}

func TestDependencies(t *testing.T) {
	s := newStage(t, 8)
	first, second := storetest.Job("0xA", "1", 2), storetest.Job("0xA", "2", 2)
	second.After = []string{first.ID}
	var tasks []*job.Task
	s.update(func(tx store.Tx) error {
		a, err := storetest.Fill(tx, first)
		b, e := storetest.Fill(tx, second)
		tasks = append(a, b...)
		return errors.Join(err, e)
	})
	if got := s.pass(); len(got) != 1 || got[0] != tasks[0].ID {
		t.Errorf("before the first is delivered %v is offered", got)
	}
	if got := s.why(second.ID); !strings.Contains(got, "it comes after job "+first.ID+" (shot 7), which is rendering with 0 of 2 frames delivered") {
		t.Errorf("it waits because %q", got)
	}
	s.update(func(tx store.Tx) error {
		_, err := tx.MoveJob(first.ID, []job.State{job.Rendering}, job.Delivered, func(j *store.Job) { j.Deliveries = 1 })
		return err
	})
	if got := s.pass(); len(got) != 1 || got[0] != tasks[1].ID {
		t.Errorf("after the first is delivered %v is offered", got)
	}
	// A claim on it later doesn't take the start back.
	s.update(func(tx store.Tx) error {
		_, err := tx.MoveJob(first.ID, []job.State{job.Delivered}, job.Disputed, nil)
		return err
	})
	if got := s.pass(); len(got) != 1 {
		t.Errorf("while the first is disputed %v is offered", got)
	}
}

func TestLostDependency(t *testing.T) {
	s := newStage(t, 8)
	first, second := storetest.Job("0xA", "1", 2), storetest.Job("0xA", "2", 2)
	second.After = []string{first.ID}
	s.update(func(tx store.Tx) error {
		_, err := storetest.Fill(tx, first)
		_, e := storetest.Fill(tx, second)
		_, f := tx.MoveJob(first.ID, []job.State{job.Rendering}, job.Cancelled, func(j *store.Job) { j.Cause = "not wanted" })
		return errors.Join(err, e, f)
	})
	if got := s.pass(); len(got) != 0 {
		t.Errorf("%v is offered", got)
	}
	want := second.ID + ": job " + first.ID + " (shot 7), which has to be delivered first, is cancelled: not wanted"
	if !slices.Equal(s.leaser.paused, []string{want}) {
		t.Errorf("paused: %v, want %s", s.leaser.paused, want)
	}
}

func TestScoutsHoldTheRestBack(t *testing.T) {
	s := newStage(t, 8)
	j := storetest.Job("0xA", "1", 6)
	j.Scout = true
	var tasks []*job.Task
	s.update(func(tx store.Tx) (err error) {
		if tasks, err = storetest.Fill(tx, j); err != nil {
			return err
		}
		_, err = tx.MoveTask(tasks[0].ID, []job.TaskState{job.TaskWaiting}, job.TaskWaiting, func(t *job.Task) { t.Scout = true })
		return err
	})
	if got := s.pass(); len(got) != 1 || got[0] != tasks[0].ID {
		t.Errorf("before the release %v is offered", got)
	}
	move := func(states ...job.TaskState) {
		s.update(func(tx store.Tx) error {
			for i, from := range states[:len(states)-1] {
				if _, err := tx.MoveTask(tasks[0].ID, []job.TaskState{from}, states[i+1], nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	frames := func(from, to job.FrameState) {
		s.update(func(tx store.Tx) error {
			return tx.MoveFrames(j.ID, tasks[0].Frames, from, to, func(f *job.Frame) { f.Verdict, f.Verifier, f.Object = "pass", "0xV", "frame/o" })
		})
	}
	move(job.TaskWaiting, job.TaskLeased, job.TaskCommitted)
	frames(job.FramePending, job.FrameUploaded)
	if got, want := s.why(j.ID), "its scout frames are rendered, and the rest waits for them, but no verifier with blender 3.4.1 is connected; start heliostat-verifier"; got != want {
		t.Errorf("with the scouts rendered it waits because %q, not %q", got, want)
	}
	shown := s.job(j.ID)
	shown.RendFrames, shown.Seconds = 2, 20
	if eta := s.ETA(shown); eta != 0 {
		t.Errorf("%.0f s are left, and nobody is there to check", eta)
	}
	s.nodes.Ready(fleet.Announcement{Role: job.RoleVerifier, Address: "0xV", Session: quiet{}, Free: 1, Capabilities: worker("0xV", 1).Capabilities})
	if s.ETA(shown) == 0 {
		t.Error("nobody knows how long it takes, and a verifier is there")
	}
	if got, want := s.why(j.ID), "its scout frames are rendered, and the rest waits for them; the checks are not finished"; got != want {
		t.Errorf("with the scouts rendered it waits because %q, not %q", got, want)
	}
	move(job.TaskCommitted, job.TaskVerifying, job.TaskDone)
	frames(job.FrameUploaded, job.FrameVerified)
	if got := s.pass(); len(got) != 0 {
		t.Errorf("with the scouts done %v is offered", got)
	}
	if got := s.why(j.ID); !strings.Contains(got, "heliostat job release "+j.ID) {
		t.Errorf("it waits because %q", got)
	}
	if got := s.why(j.ID); !strings.Contains(got, "it isn't released by itself") {
		t.Errorf("it waits because %q", got)
	}
	s.update(func(tx store.Tx) error {
		_, err := tx.EditJob(j.ID, func(j *store.Job) { j.ReleaseAt = s.now.Add(time.Hour).UnixMilli() })
		return err
	})
	if got := s.why(j.ID); !strings.Contains(got, "by itself at ") || !strings.HasSuffix(got, ", in 1h0m0s") {
		t.Errorf("it waits because %q", got)
	}
	s.update(func(tx store.Tx) error {
		_, err := tx.EditJob(j.ID, func(j *store.Job) { j.Released = true })
		return err
	})
	if got := s.pass(); len(got) != 2 {
		t.Errorf("after the release %v is offered", got)
	}
}

// TestStragglersAreCopied drives the scheduler itself.
func TestStragglersAreCopied(t *testing.T) {
	s := newStage(t, 1)
	j := storetest.Job("0xA", "1", 2)
	var tasks []*job.Task
	s.update(func(tx store.Tx) (err error) {
		if tasks, err = storetest.Fill(tx, j); err != nil {
			return err
		}
		_, e := tx.MoveTask(tasks[0].ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, nil)
		_, f := tx.EditJob(j.ID, func(j *store.Job) { j.RendFrames, j.Seconds = 4, 40 })
		return errors.Join(e, f)
	})
	s.leaser.held = map[string][]lease.Holding{j.ID: {{Task: tasks[0].ID, Worker: "0xSlow", Frames: 2, Copies: 1, Since: start}}}
	for _, test := range []struct {
		after  time.Duration
		passes int // of the free worker, of other jobs
		want   int
	}{{30 * time.Second, enoughPasses, 0}, {60 * time.Second, 0, 0}, {70 * time.Second, enoughPasses - 1, 0}, {80 * time.Second, enoughPasses, 1}} {
		s.update(func(tx store.Tx) error {
			_, err := tx.PutNode("0xW", func(n *store.Node) { n.Passes = test.passes })
			return err
		})
		s.now, s.leaser.copies = start.Add(test.after), nil
		s.pass()
		if len(s.leaser.copies) != test.want {
			t.Errorf("after %s, to a worker that passed %d times, it was copied: %v", test.after, test.passes, s.leaser.copies)
		}
	}
}

// TestRestIsTold: a job whose only worker declined says when it is asked again.
func TestRestIsTold(t *testing.T) {
	s := newStage(t, 1)
	j := storetest.Job("0xA", "1", 2)
	s.update(func(tx store.Tx) error { _, err := storetest.Fill(tx, j); return err })
	for range 6 {
		s.nodes.Drop(job.RoleWorker, "0xW", "a", true)
	}
	if got := s.pass(); len(got) != 0 {
		t.Errorf("%v is offered", got)
	}
	if got := s.why(j.ID); !strings.Contains(got, "asked again in 40s") {
		t.Errorf("it waits because %q", got)
	}
	s.now = s.now.Add(40 * time.Second)
	if got := s.pass(); len(got) != 1 {
		t.Errorf("after its rest %v is offered", got)
	}
}

// TestWhyNamesTheNextStep: whoever reads why nothing renders learns the figures and what would help.
func TestWhyNamesTheNextStep(t *testing.T) {
	s := newStage(t, 1)
	j := storetest.Job("0xA", "1", 2)
	j.Needs.Memory, j.Deadline, j.Priority = 8<<30+1, 0, 0
	j.Quote.PerFrame, j.Quote.WorkUnits = 50_000, float64(len(j.Frames))/2
	s.update(func(tx store.Tx) error { _, err := storetest.Fill(tx, j); return err })
	n := uint64(0)
	set := func(address, paused string, free int, floor job.Amount, memory int64) {
		c := worker(address, 1).Capabilities
		c.Slots, c.Floor, c.Memory = 1, floor, memory
		n++
		s.nodes.Ready(fleet.Announcement{Role: job.RoleWorker, Address: address, Session: quiet{}, Seq: n, Free: free, Paused: paused, Capabilities: c})
	}
	says := func(want string) {
		t.Helper()
		if got := s.why(j.ID); got != want {
			t.Errorf("it waits because %q, not %q", got, want)
		}
	}
	set("0xW", "", 1, 0, 8<<30)
	says("the only connected worker can't render it: it has 8 GiB of memory, the job needs more; connect one that can")
	set("0xW", "", 1, 250_000, 16<<30)
	says("the only connected worker can't render it: it asks for at least 0.25 a work unit, the job pays 0.1; " +
		"connect a cheaper one, or cancel the job and submit it again: a new quote counts what is asked now")
	set("0xV", "outside its hours", 1, 0, 4<<30)
	says("none of the 2 connected workers can render it: one has 4 GiB of memory, the job needs 8 GiB; one asks for at least 0.25 a work unit, the job pays 0.1; " +
		"connect a cheaper one, or cancel the job and submit it again: a new quote counts what is asked now")
	set("0xV", "outside its hours", 1, 0, 16<<30)
	says("none of the 2 connected workers can render it: one is paused: outside its hours; one asks for at least 0.25 a work unit, the job pays 0.1; " +
		"it goes on once a worker that can is no longer paused, or another one is connected")
	set("0xW", "", 0, 0, 16<<30)
	says("the only worker that can render it is busy")
	set("0xV", "", 1, 0, 16<<30)
	says("it waits for the next free worker")
	s.update(func(tx store.Tx) error {
		tasks, err := tx.Tasks(j.ID)
		if err != nil {
			return err
		}
		for i := range maxFailures {
			a := storetest.Attempt(tasks[0], i+1, "0xV")
			if err := tx.AddAttempt(a); err != nil {
				return err
			}
			if _, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptFailed, func(a *store.Attempt) { a.Kind = job.FailWorker }); err != nil {
				return err
			}
		}
		return nil
	})
	says("the only worker that can render it is busy; one that failed on it is left out as long as others are there")
	// Another job of the same owner goes first.
	first := storetest.Job("0xA", "2", 2)
	first.Deadline, first.Priority, first.Name = start.Add(-time.Hour).Unix(), 3, "shot 12"
	s.update(func(tx store.Tx) error { _, err := storetest.Fill(tx, first); return err })
	says("the only worker that can render it is busy; one that failed on it is left out as long as others are there" +
		"; job " + first.ID + " (shot 12) of the same owner goes first: its priority is 3, not 0")
	j = first
	says("it waits for the next free worker" +
		"; it has missed its deadline, 2023-11-14 21:13 UTC, and so goes first among its owner's jobs of its priority, not before others'")
	s.options.Draining = func() bool { return true }
	says("the manager is about to stop and gives nothing out any more; it goes on once a manager is back")
}

// TestOwnersTakeTurns: with one worker nobody holds anything when it becomes free, and the oldest job would have it
// until its end.
func TestOwnersTakeTurns(t *testing.T) {
	s := newStage(t, 1)
	owners := make(map[string]string) // by task
	s.update(func(tx store.Tx) error {
		for i, owner := range []string{"0xA", "0xB", "0xC"} {
			j := storetest.Job(owner, "1", 60)
			j.Created = int64(i)
			tasks, err := storetest.Fill(tx, j)
			if err != nil {
				return err
			}
			for _, k := range tasks {
				owners[k.ID] = owner
			}
		}
		return nil
	})
	served := ""
	for range 7 {
		for _, task := range s.pass() {
			served += owners[task][2:]
		}
	}
	if served != "ABCABCA" {
		t.Errorf("tasks were given out as %s", served)
	}
}

// TestLongQueue: of many jobs only the first are read, every owner's in turn, and all of them when
// those can't use the worker that is free.
func TestLongQueue(t *testing.T) {
	s := newStage(t, 1)
	var last *job.Task
	s.update(func(tx store.Tx) error {
		for i := range 60 {
			j := storetest.Job("0xA", fmt.Sprint(i), 2)
			j.Created, j.Deadline = int64(i), 0
			tasks, err := storetest.Fill(tx, j)
			if err != nil {
				return err
			}
			last = tasks[0]
		}
		return nil
	})
	workers := s.nodes.Members(job.RoleWorker)
	v, err := s.look(t.Context(), workers, 1, false, nil)
	if err != nil || !v.cut || len(v.candidates) != 18 || v.candidates[0].Job.Request != "0" {
		t.Errorf("%d jobs were read, cut %v, %v", len(v.candidates), v.cut, err)
	}
	var other *job.Task
	s.update(func(tx store.Tx) error {
		j := storetest.Job("0xB", "late", 2)
		j.Created, j.Deadline = 99, 0
		tasks, err := storetest.Fill(tx, j)
		other = tasks[0]
		return err
	})
	if v, err = s.look(t.Context(), workers, 1, false, nil); err != nil || v.candidates[1].Job.Owner != "0xB" {
		t.Errorf("the second owner's job is not among the first, %v", err)
	}
	// Priority and deadline bring nobody's job before another's that is older.
	jobs := []*store.Job{{Job: job.Job{ID: "old", Owner: "0xA", Created: 1}}, {Job: job.Job{ID: "plain", Owner: "0xC", Created: 2}},
		{Job: job.Job{ID: "high", Owner: "0xC", Created: 3, Priority: 9}}, {Job: job.Job{ID: "late", Owner: "0xD", Created: 4, Deadline: 1}}}
	var order []string
	for _, j := range inTurn(jobs, Shares{}) {
		order = append(order, j.ID)
	}
	if want := []string{"old", "high", "late", "plain"}; !slices.Equal(order, want) {
		t.Errorf("jobs are read as %q, want %q", order, want)
	}
	// Convicted on every job but the last of the first owner.
	s.update(func(tx store.Tx) error {
		jobs, err := tx.JobsInState(job.Rendering)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			if j.ID == last.Job {
				continue
			}
			tasks, err := tx.Tasks(j.ID)
			if err != nil {
				return err
			}
			a := storetest.Attempt(tasks[0], 1, "0xW")
			if err := tx.AddAttempt(a); err != nil {
				return err
			}
			if _, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptFailed, func(a *store.Attempt) { a.Kind, a.Convicted = job.FailVerdict, true }); err != nil {
				return err
			}
		}
		return nil
	})
	if got := s.pass(); len(got) != 1 || got[0] != last.ID {
		t.Errorf("%v is offered, not %s (nor %s)", got, last.ID, other.ID)
	}
}
