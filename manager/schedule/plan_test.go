package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

var recipe = job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Device: "CPU"}

func worker(name string, free int) fleet.Member {
	return fleet.Member{Address: name, Free: free, Capabilities: job.Capabilities{Device: "CPU", Installs: []job.Install{{Renderer: "blender", Version: "3.4.1", Engines: []string{"CYCLES"}}}}}
}

func candidate(id, owner string, priority, created, tasks int) Candidate {
	c := Candidate{Job: &store.Job{Job: job.Job{ID: id, Owner: owner, Priority: priority, Created: int64(created), Recipe: recipe, State: job.Rendering, Frames: []int{1}}}}
	for i := range tasks {
		c.Tasks = append(c.Tasks, &job.Task{ID: fmt.Sprintf("%s.%d", id, i), Job: id})
	}
	return c
}

func text(plan []Assignment) string {
	var b strings.Builder
	for _, a := range plan {
		fmt.Fprintf(&b, "%s>%s ", a.Task.ID, a.Worker)
	}
	return strings.TrimSpace(b.String())
}

var start = time.Unix(1_700_000_000, 0)

func TestPlan(t *testing.T) {
	old := worker("w1", 1)
	old.Capabilities.Installs[0].Version = "2.93.0"
	warm := worker("w2", 1)
	warm.Packages = []string{"p"}
	fast := worker("w3", 1)
	fast.Capabilities.Bench = 9
	cheap := worker("w1", 1)
	dear := worker("w2", 1)
	dear.Capabilities.Floor = 5
	priced := candidate("a", "A", 0, 1, 1)
	priced.Job.Quote = job.Quote{PerFrame: 10, WorkUnits: 1}
	packaged := candidate("a", "A", 0, 1, 1)
	packaged.Job.Package = "p"
	failed := candidate("a", "A", 0, 1, 2)
	failed.Failures = []store.Failure{{Task: "a.0", Worker: "w1", Kind: job.FailWorker}}
	convicted := candidate("a", "A", 0, 1, 2)
	convicted.Failures = []store.Failure{{Task: "a.1", Worker: "w1", Kind: job.FailVerdict, Convicted: true}}
	lonely := candidate("a", "A", 0, 1, 1)
	lonely.Failures = []store.Failure{{Task: "a.0", Worker: "w1", Kind: job.FailScene}}
	yielded := candidate("a", "A", 0, 1, 1)
	yielded.Failures = []store.Failure{{Task: "a.0", Worker: "w1", Kind: job.FailYield}, {Task: "a.0", Worker: "w1", Kind: job.FailYield}}

	for _, test := range []struct {
		name       string
		candidates []Candidate
		workers    []fleet.Member
		held       map[string]int
		want       string
	}{
		{"nothing", nil, []fleet.Member{worker("w1", 1)}, nil, ""},
		{"first come", []Candidate{candidate("b", "A", 0, 2, 2), candidate("a", "A", 0, 1, 1)}, []fleet.Member{worker("w1", 2)}, nil, "a.0>w1 b.0>w1"},
		{"priority", []Candidate{candidate("a", "A", 0, 1, 2), candidate("b", "A", 5, 2, 2)}, []fleet.Member{worker("w1", 3)}, nil, "b.0>w1 b.1>w1 a.0>w1"},
		{"priority is among one's own", []Candidate{candidate("a", "A", 0, 1, 2), candidate("b", "B", 5, 2, 2), candidate("c", "B", 9, 3, 1)}, []fleet.Member{worker("w1", 4)}, nil, "a.0>w1 c.0>w1 a.1>w1 b.0>w1"},
		{"fair share", []Candidate{candidate("a", "A", 0, 1, 4), candidate("b", "B", 0, 2, 4)}, []fleet.Member{worker("w1", 4)}, nil, "a.0>w1 b.0>w1 a.1>w1 b.1>w1"},
		{"who has much waits", []Candidate{candidate("a", "A", 0, 1, 4), candidate("b", "B", 0, 2, 4)}, []fleet.Member{worker("w1", 2)}, map[string]int{"A": 5}, "b.0>w1 b.1>w1"},
		{"requirements", []Candidate{candidate("a", "A", 0, 1, 2)}, []fleet.Member{old, worker("w2", 1)}, nil, "a.0>w2"},
		{"warm before cold", []Candidate{packaged}, []fleet.Member{worker("w1", 1), warm}, nil, "a.0>w2"},
		{"fast before slow", []Candidate{candidate("a", "A", 0, 1, 1)}, []fleet.Member{worker("w1", 1), fast}, nil, "a.0>w3"},
		{"cheap before dear", []Candidate{priced}, []fleet.Member{dear, cheap}, nil, "a.0>w1"},
		{"another after a failure", []Candidate{failed}, []fleet.Member{worker("w1", 1), worker("w2", 1)}, nil, "a.0>w2 a.1>w1"},
		{"convicted gets nothing of the job", []Candidate{convicted}, []fleet.Member{worker("w1", 2), worker("w2", 1)}, nil, "a.0>w2"},
		{"convicted gets nothing even alone", []Candidate{convicted}, []fleet.Member{worker("w1", 2)}, nil, ""},
		{"the only worker may try again", []Candidate{lonely}, []fleet.Member{worker("w1", 1)}, nil, "a.0>w1"},
		{"yielding is no failure", []Candidate{yielded}, []fleet.Member{worker("w1", 1), worker("w2", 1)}, nil, "a.0>w1"},
	} {
		if got := text(Plan(test.candidates, test.workers, Shares{Held: test.held}, start)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestFloorIsKept(t *testing.T) {
	j := candidate("a", "A", 0, 1, 1).Job
	j.Frames = []int{1, 2}
	j.Quote = job.Quote{PerFrame: 10, WorkUnits: 4} // pays 5 a unit
	w := worker("w", 1)
	for floor, want := range map[job.Amount]bool{5: true, 6: false} {
		w.Capabilities.Floor = floor
		if (Suits(w, j) == "") != want {
			t.Errorf("a floor of %d: %q", floor, Suits(w, j))
		}
	}
}

// TestBackoff is what becomes of a worker against which only one verifier spoke.
func TestBackoff(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	fail := func(task, worker string, ago time.Duration) store.Failure {
		return store.Failure{Task: task, Worker: worker, Kind: job.FailVerdict, Ended: now.Add(-ago).UnixMilli()}
	}
	yield := store.Failure{Task: "a.0", Worker: "w2", Kind: job.FailYield}
	alone := []fleet.Member{worker("w1", 2)}
	two := []fleet.Member{worker("w1", 2), worker("w2", 1)}
	busy := []fleet.Member{worker("w1", 2), worker("w2", 0)}
	const m = time.Minute
	for _, test := range []struct {
		name     string
		workers  []fleet.Member
		failures []store.Failure
		passed   time.Duration // ago, of w1; 0 for never
		want     string
		retry    time.Duration // from now, 0 for none
	}{
		{"alone, too early", alone, []store.Failure{fail("a.0", "w1", m-time.Second)}, 0, "a.1>w1", time.Second},
		{"alone, after a minute", alone, []store.Failure{fail("a.0", "w1", m)}, 0, "a.0>w1 a.1>w1", 0},
		{"alone, twice on the task, too early", alone, []store.Failure{fail("a.0", "w1", 9*m), fail("a.0", "w1", m)}, 5 * m, "a.1>w1", m},
		{"alone, twice on the task", alone, []store.Failure{fail("a.0", "w1", 9*m), fail("a.0", "w1", 2*m)}, 5 * m, "a.0>w1 a.1>w1", 0},
		{"two tasks in a row, too early", alone, []store.Failure{fail("a.0", "w1", 2*m), fail("a.1", "w1", m-time.Second)}, 0, "", time.Second},
		{"two tasks in a row", alone, []store.Failure{fail("a.0", "w1", 2*m), fail("a.1", "w1", m)}, 0, "a.0>w1 a.1>w1", 0},
		{"three in a row, too early", alone, []store.Failure{fail("a.8", "w1", 9*m), fail("a.0", "w1", 5*m), fail("a.1", "w1", m)}, 0, "", m},
		{"a pass in between", alone, []store.Failure{fail("a.8", "w1", 9*m), fail("a.9", "w1", 2*m)}, 3 * m, "a.0>w1 a.1>w1", 0},
		{"another takes the task", two, []store.Failure{fail("a.0", "w1", 9*m)}, 0, "a.0>w2 a.1>w1", 0},
		{"another will take the task", busy, []store.Failure{fail("a.0", "w1", 9*m)}, 0, "a.1>w1", 0},
		{"another will take all", busy, []store.Failure{fail("a.0", "w1", 9*m), fail("a.1", "w1", 9*m)}, 0, "", 0},
		{"another who never takes any", busy, []store.Failure{fail("a.0", "w1", 9*m), yield, yield, yield}, 0, "a.0>w1 a.1>w1", 0},
		{"both", two, []store.Failure{fail("a.0", "w1", m), fail("a.0", "w2", 0)}, 0, "a.0>w1 a.1>w1", m},
	} {
		c := candidate("a", "A", 0, 1, 2)
		c.Failures = test.failures
		if test.passed > 0 {
			c.Passes = map[string]int64{"w1": now.Add(-test.passed).UnixMilli()}
		}
		if got := text(Plan([]Candidate{c}, test.workers, Shares{}, now)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		l := newLine(&c, test.workers, now)
		if test.retry == 0 && !l.retry.IsZero() || test.retry > 0 && !l.retry.Equal(now.Add(test.retry)) {
			t.Errorf("%s: the next try is at %v, want in %s", test.name, l.retry, test.retry)
		}
		if l.open() != (test.want != "" || len(test.workers) > 1) {
			t.Errorf("%s: open is %v", test.name, l.open())
		}
	}
	// The wait grows without bound on the tries, and never beyond a day.
	for n, want := range map[int]time.Duration{1: m, 2: 2 * m, 3: 4 * m, 11: 1024 * m, 12: 24 * time.Hour, 1 << 40: 24 * time.Hour} {
		if got := backoff(n); got != want {
			t.Errorf("after %d: %s, want %s", n, got, want)
		}
	}
}

type idle struct{}

func (idle) Offer(context.Context, string, string) (bool, error) { return false, nil }
func (idle) Copy(context.Context, string, string) (bool, error)  { return false, nil }
func (idle) Held() map[string][]lease.Holding                    { return nil }
func (idle) Suspend(context.Context, string, string) error       { return nil }
func (idle) Working(string) (int, int)                           { return 0, 0 }

// TestWhyNamesTheNextTry looks at a job whose only worker failed its check.
func TestWhyNamesTheNextTry(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	j := storetest.Job("0xA", "r", 2)
	fail := func(number int, convicted bool) {
		t.Helper()
		if err := db.Update(t.Context(), func(tx store.Tx) error {
			tasks, err := tx.Tasks(j.ID)
			if err != nil {
				return err
			}
			a := storetest.Attempt(tasks[0], number, "0xW")
			if err := tx.AddAttempt(a); err != nil {
				return err
			}
			_, err = tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptFailed, func(a *store.Attempt) {
				a.Kind, a.Convicted, a.Ended = job.FailVerdict, convicted, now.UnixMilli()
			})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Update(t.Context(), func(tx store.Tx) error { _, err := storetest.Fill(tx, j); return err }); err != nil {
		t.Fatal(err)
	}
	nodes := fleet.New(clock)
	nodes.Ready(fleet.Announcement{Role: job.RoleWorker, Address: "0xW", Session: quiet{}, Free: 1, Capabilities: worker("0xW", 1).Capabilities})
	s := New(Options{Store: db, Fleet: nodes, Leaser: idle{}, Clock: clock, Log: slog.New(slog.DiscardHandler)})
	why := func() string {
		var shown *store.Job
		if err := db.View(t.Context(), func(tx store.Tx) (err error) { shown, err = tx.Job(j.ID); return err }); err != nil {
			t.Fatal(err)
		}
		return s.Why(shown)
	}
	fail(1, false)
	now = now.Add(20 * time.Second)
	if got := why(); !strings.Contains(got, "only worker") || !strings.Contains(got, "the next try is at 12:01:00 UTC, in 40s") {
		t.Errorf("after a lone verdict: %q", got)
	}
	now = now.Add(40 * time.Second)
	if got := why(); !strings.Contains(got, "waits for the next free worker") {
		t.Errorf("after the back-off: %q", got)
	}
	if err := db.Update(t.Context(), func(tx store.Tx) error {
		tasks, err := tx.Tasks(j.ID)
		if err != nil {
			return err
		}
		_, err = tx.MoveTask(tasks[0].ID, []job.TaskState{job.TaskWaiting}, job.TaskWaiting, func(t *job.Task) { t.Cause = "the renderer hung" })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := why(); !strings.Contains(got, "frames 1-2 failed before: the renderer hung") {
		t.Errorf("after a failure: %q", got)
	}
	fail(2, true)
	if got := why(); !strings.Contains(got, "a second opinion confirmed it: connect another worker") {
		t.Errorf("after a conviction: %q", got)
	}
}

type quiet struct{}

func (quiet) ID() string                                         { return "s" }
func (quiet) Request(context.Context, wire.Type, any, any) error { return nil }
func (quiet) Send(wire.Type, any) error                          { return nil }
func (quiet) Close(string)                                       {}
func (quiet) Done() <-chan struct{}                              { return nil }
