package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

func rushed(c Candidate) Candidate {
	c.Job.Rush = 1
	return c
}

func TestRush(t *testing.T) {
	a, b := func() Candidate { return candidate("a", "A", 0, 1, 4) }, func() Candidate { return candidate("b", "B", 0, 2, 2) }
	needy := rushed(b())
	needy.Job.Needs.VRAM = 1 << 40
	for _, test := range []struct {
		name       string
		candidates []Candidate
		held       map[string]int
		want       string
	}{
		{"before everybody's", []Candidate{a(), rushed(b())}, nil, "b.0>w1 b.1>w1 a.0>w1"},
		{"whatever its owner has", []Candidate{a(), rushed(b())}, map[string]int{"B": 99}, "b.0>w1 b.1>w1 a.0>w1"},
		{"before a priority of one's own", []Candidate{rushed(candidate("a", "A", -9, 1, 1)), candidate("c", "A", 9, 1, 2)}, nil, "a.0>w1 c.0>w1 c.1>w1"},
		{"two share", []Candidate{rushed(a()), rushed(b()), candidate("c", "C", 100, 0, 9)}, nil, "a.0>w1 b.0>w1 a.1>w1"},
		{"two of one owner have priorities", []Candidate{rushed(a()), rushed(candidate("c", "A", 5, 3, 2)), candidate("d", "D", 100, 0, 9)}, nil, "c.0>w1 c.1>w1 a.0>w1"},
		{"what nobody can take holds nobody up", []Candidate{a(), needy}, nil, "a.0>w1 a.1>w1 a.2>w1"},
	} {
		if got := text(Plan(test.candidates, []fleet.Member{worker("w1", 3)}, Shares{Held: test.held}, start)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestRushProperties plans random queues. A rushed task waits only for workers that may not have it; prices and lists hold;
// jobs among which nothing is rushed are ordered as if there were no such thing; and nobody's priorities or
// deadlines change what another owner gets.
func TestRushProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 3))
	given := 0 // rushed tasks
	for round := range 400 {
		var workers []fleet.Member
		for i := range 1 + random.IntN(4) {
			w := worker(fmt.Sprint("w", i), random.IntN(3))
			w.Ahead, w.Capabilities.Floor, w.Capabilities.Bench = random.IntN(2), job.Amount(random.IntN(3)), float64(random.IntN(3))
			workers = append(workers, w)
		}
		queue := func(change func(int, *store.Job)) (list []Candidate) {
			same := rand.New(rand.NewPCG(1, uint64(round)))
			for i := range 1 + same.IntN(6) {
				c := candidate(fmt.Sprint("j", i), string(rune('A'+same.IntN(3))), 0, same.IntN(4), 1+same.IntN(4))
				c.Job.Quote = job.Quote{PerFrame: job.Amount(same.IntN(3)), WorkUnits: 1}
				if same.IntN(3) == 0 {
					c.Job.Needs.Block = []string{fmt.Sprint("w", same.IntN(4))}
				}
				c.Job.TasksWaiting = len(c.Tasks)
				if change != nil {
					change(i, c.Job)
				}
				list = append(list, c)
			}
			return list
		}
		share := Shares{Held: map[string]int{"A": random.IntN(4), "B": random.IntN(4)}}
		var flags []int64
		for range 6 {
			flags = append(flags, int64(random.IntN(3)/2))
		}
		list := queue(func(i int, j *store.Job) { j.Rush = flags[i] })
		plan := Plan(list, workers, share, start)

		left := make(map[string]*job.Task) // rushed tasks that aren't given out
		jobs := make(map[string]*store.Job)
		for _, c := range list {
			jobs[c.Job.ID] = c.Job
			for _, k := range c.Tasks {
				if c.Job.Rush > 0 {
					left[k.ID] = k
				}
			}
		}
		for _, a := range plan {
			w := workers[slices.IndexFunc(workers, func(w fleet.Member) bool { return w.Address == a.Worker })]
			if reason := Suits(w, a.Job); reason != "" {
				t.Fatalf("round %d: %s got %s, though it %s", round, a.Worker, a.Task.ID, reason)
			}
			if left[a.Task.ID] != nil {
				given++
				delete(left, a.Task.ID)
			}
		}
		for _, a := range plan {
			if a.Ahead || a.Job.Rush > 0 {
				continue
			}
			w := workers[slices.IndexFunc(workers, func(w fleet.Member) bool { return w.Address == a.Worker })]
			for _, k := range left {
				if Suits(w, jobs[k.Job]) == "" {
					t.Fatalf("round %d: %s got %s while the rushed %s waits: %s", round, a.Worker, a.Task.ID, k.ID, text(plan))
				}
			}
		}

		// All rushed is as none.
		plain := text(Plan(queue(nil), workers, share, start))
		if all := text(Plan(queue(func(_ int, j *store.Job) { j.Rush = 1 }), workers, share, start)); all != plain {
			t.Fatalf("round %d: all rushed give %q, none %q", round, all, plain)
		}
		// One's own wishes move one's own tasks only. Workers that suit everybody, since what an owner's job can't use is another's.
		for i := range workers {
			workers[i].Capabilities.Floor = 0
		}
		open := func(i int, j *store.Job) { j.Needs.Block, j.Rush = nil, flags[i] }
		counts := func(change func(*store.Job)) string {
			n := make(map[string]int)
			for _, a := range Plan(queue(func(i int, j *store.Job) { open(i, j); change(j) }), workers, share, start) {
				if !a.Ahead {
					n[fmt.Sprint(a.Job.Owner, a.Job.Rush)]++
				}
			}
			return fmt.Sprint(n)
		}
		before := counts(func(*store.Job) {})
		after := counts(func(j *store.Job) {
			if j.Owner == "A" {
				j.Priority, j.Deadline = random.IntN(201)-100, start.Unix()+int64(random.IntN(100))-50
			}
		})
		if before != after {
			t.Fatalf("round %d: with A's wishes owners get %s, without %s", round, after, before)
		}
	}
	if given < 300 {
		t.Errorf("only %d rushed tasks were given out: the queues say little", given)
	}
}

// TestHeldEarly: what a worker has taken beyond its slots waits there, if the worker could render the job at all; what it has rendered
// and not yet uploaded takes no slot.
func TestHeldEarly(t *testing.T) {
	hold := func(worker, task string, age, done, copies int) lease.Holding {
		return lease.Holding{Task: task, Worker: worker, Frames: 4, Done: done, Copies: copies, Since: start.Add(time.Duration(-age) * time.Second)}
	}
	two, other := worker("w2", 0), worker("w3", 0)
	two.Capabilities.Slots = 2
	other.Capabilities.Installs[0].Version = "2.93.0"
	held := map[string][]lease.Holding{
		"a": {hold("w1", "a1", 9, 2, 1), hold("w1", "a2", 8, 0, 1), hold("w2", "a3", 9, 0, 1), hold("w2", "a4", 8, 4, 1), hold("w3", "a5", 9, 0, 1), hold("w3", "a6", 8, 0, 1)},
		"b": {hold("w1", "b1", 7, 0, 1), hold("w1", "b2", 6, 0, 2), hold("w1", "b3", 5, 1, 1), hold("w2", "b4", 7, 0, 1), hold("w2", "b5", 6, 0, 1), hold("gone", "b6", 1, 0, 1)},
	}
	var got []string
	for _, e := range HeldEarly(held, []fleet.Member{worker("w1", 0), two, other}, candidate("j", "J", 0, 0, 1).Job) {
		got = append(got, e.Job+" "+e.Task)
	}
	if want := []string{"b b5", "b b1", "a a2"}; !slices.Equal(got, want) {
		t.Errorf("%q wait, not %q", got, want)
	}
}

// TestRushIsTold: whoever waits reads which job goes first, since when and why, and not what it is; its owner reads that it does.
func TestRushIsTold(t *testing.T) {
	s := newStage(t, 1)
	mine, theirs := storetest.Job("0xA", "1", 2), storetest.Job("0xB", "2", 4)
	theirs.Name, theirs.Created = "secret show", mine.Created+1
	for _, j := range []*store.Job{mine, theirs} {
		j.Deadline = 0
		s.update(func(tx store.Tx) error { _, err := storetest.Fill(tx, j); return err })
	}
	rush := func(since int64, reason string) {
		s.update(func(tx store.Tx) error {
			_, err := tx.EditJob(theirs.ID, func(j *store.Job) { j.Rush, j.RushReason = since, reason })
			return err
		})
	}
	const waits = "it waits for the next free worker"
	if got := s.why(mine.ID); got != waits {
		t.Errorf("nothing is rushed: %q", got)
	}
	rush(start.UnixMilli(), "dailies at noon")
	told := "an operator put it before everybody's jobs at 2023-11-14 22:13 UTC: dailies at noon"
	if got, want := s.why(mine.ID), waits+"; job "+theirs.ID+" goes first: "+told; got != want {
		t.Errorf("who waits reads %q, not %q", got, want)
	}
	if got := s.why(theirs.ID); got != waits+"; "+told {
		t.Errorf("its owner reads %q", got)
	}
	// What the rushed job can't use, or doesn't wait for, nobody waits for.
	s.update(func(tx store.Tx) error {
		_, err := tx.EditJob(theirs.ID, func(j *store.Job) { j.Needs.VRAM = 1 << 40 })
		return err
	})
	if got := s.why(mine.ID); got != waits {
		t.Errorf("a job that no worker can render goes first: %q", got)
	}
	s.update(func(tx store.Tx) error {
		_, err := tx.EditJob(theirs.ID, func(j *store.Job) { j.Needs.VRAM, j.After = 0, []string{mine.ID} })
		return err
	})
	if got := s.why(mine.ID); got != waits {
		t.Errorf("a job that comes after it goes first: %q", got)
	}
	s.update(func(tx store.Tx) error {
		_, err := tx.EditJob(theirs.ID, func(j *store.Job) { j.After = nil })
		return err
	})
	// What is read of a long queue has it at the front, and what is given out is its.
	served := s.pass()
	if len(served) != 1 || !strings.HasPrefix(s.why(mine.ID), waits) {
		t.Fatalf("%v was given out", served)
	}
	s.update(func(tx store.Tx) error {
		k, err := tx.Task(served[0])
		if err == nil && k.Job != theirs.ID {
			t.Errorf("the older job was served")
		}
		jobs, e := tx.JobsInState(job.Rendering)
		if turn := inTurn(jobs, Shares{Held: map[string]int{"0xB": 50}}); turn[0].ID != theirs.ID {
			t.Errorf("it isn't read first")
		}
		if e != nil {
			return e
		}
		return err
	})
	rush(0, "")
	if got := s.why(mine.ID); got != waits {
		t.Errorf("after it: %q", got)
	}
}
