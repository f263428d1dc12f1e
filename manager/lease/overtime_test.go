package lease

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// beat lets time pass in which workers send heartbeats, and nothing else unless say does. It returns after how long each lease ended, and
// stops once all have.
func (b *bench) beat(d time.Duration, leases map[string]string, say func(worker, lease string, at time.Duration)) map[string]time.Duration {
	b.t.Helper()
	ended := make(map[string]time.Duration)
	for at := 30 * time.Second; at <= d && len(ended) < len(leases); at += 30 * time.Second {
		b.now = b.now.Add(30 * time.Second)
		for worker, id := range leases {
			if _, over := ended[worker]; over {
				continue
			}
			if len(b.Renew(worker, []string{id})) > 0 {
				ended[worker] = at
			} else if say != nil {
				say(worker, id, at)
			}
		}
		if err := b.Expire(context.Background()); err != nil {
			b.t.Fatal(err)
		}
	}
	return ended
}

// TestHeartbeatsKeepNoTask: two identities that hold a task and its copy and render nothing lose it in bounded time, and somebody else
// gets it.
func TestHeartbeatsKeepNoTask(t *testing.T) {
	b := newBench(t)
	s1, s2 := b.worker("0xA", true), b.worker("0xB", true)
	b.worker("0xC", true)
	leases := map[string]string{"0xA": b.offer("0xA")}
	if taken, err := b.Copy(t.Context(), b.tasks[0].ID, "0xB"); err != nil || !taken {
		t.Fatal(taken, err)
	}
	leases["0xB"] = b.leaseOf("0xB")
	ended := b.beat(24*time.Hour, leases, nil)
	if len(ended) != 2 || min(ended["0xA"], ended["0xB"]) < stillLeast || max(ended["0xA"], ended["0xB"]) > stillLeast+2*time.Minute {
		t.Fatalf("they held it for %v", ended)
	}
	if k := b.task(); k.State != job.TaskWaiting || !strings.Contains(k.Cause, "no progress for") {
		t.Errorf("the task is %s: %s", k.State, k.Cause)
	}
	for _, s := range []*answering{s1, s2} {
		if !slices.Contains(s.pushed, wire.TypeLeaseRevoke) {
			t.Errorf("%s was told %v", s.name, s.pushed)
		}
	}
	b.view(func(tx store.Tx) error {
		failures, err := tx.JobFailures(b.job.ID)
		if err != nil || len(failures) != 2 || failures[0].Kind != job.FailExpired || failures[1].Kind != job.FailExpired {
			t.Errorf("held against them: %+v, %v", failures, err)
		}
		return err
	})
}

// TestOvertimeNeedsSomebodyElse: a farm's only worker is let alone, as long as it is the only one that hasn't failed the task.
func TestOvertimeNeedsSomebodyElse(t *testing.T) {
	b := newBench(t)
	b.worker("0xA", true)
	leases := map[string]string{"0xA": b.offer("0xA")}
	if ended := b.beat(24*time.Hour, leases, nil); len(ended) != 0 {
		t.Fatalf("the only worker lost its lease after %v", ended)
	}
	b.worker("0xB", true)
	if ended := b.beat(2*overtimeEvery, leases, nil); len(ended) != 1 {
		t.Error("it keeps the task though another worker came")
	}
}

// TestProgressKeepsALease: a slow machine that gets on isn't disturbed, and one that says so without end is.
func TestProgressKeepsALease(t *testing.T) {
	b := newBench(t)
	b.worker("0xA", true)
	b.worker("0xB", true)
	leases := map[string]string{"0xA": b.offer("0xA")}
	on := func(worker, id string, at time.Duration) {
		b.Progress(worker, wire.TaskProgress{Lease: id, Frame: 1, Phase: "render", Fraction: float64(at) / float64(20*time.Hour)})
	}
	if ended := b.beat(wholeLeast-time.Minute, leases, on); len(ended) != 0 {
		t.Fatalf("a worker that gets on lost its lease after %v", ended)
	}
	if ended := b.beat(24*time.Hour, leases, on); len(ended) != 1 || ended["0xA"] > 3*time.Minute {
		t.Errorf("one that is ever getting on has its lease still: %v", ended)
	}
	if k := b.task(); !strings.Contains(k.Cause, "not done after 1h") {
		t.Errorf("the cause is %q", k.Cause)
	}
	// Who comes next has twice the time.
	leases = map[string]string{"0xB": b.offer("0xB")}
	b.worker("0xC", true)
	if ended := b.beat(24*time.Hour, leases, on); ended["0xB"] < 2*wholeLeast || ended["0xB"] > 2*wholeLeast+3*time.Minute {
		t.Errorf("the next one had it for %v", ended)
	}
}

// TestHugeFramesAreGivenTime: what should take hours may take many.
func TestHugeFramesAreGivenTime(t *testing.T) {
	b := newBench(t)
	if err := b.db.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.EditJob(b.job.ID, func(j *store.Job) { j.Quote.WorkUnits, j.Quote.WorkUnitsHigh = 100, 200 }) // 4 frames; 250 minutes each at 0.2, at most
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b.worker("0xA", true)
	b.worker("0xB", true)
	leases := map[string]string{"0xA": b.offer("0xA")}
	if ended := b.beat(30*time.Hour, leases, nil); len(ended) != 0 {
		t.Errorf("it lost the lease after %v", ended)
	}
	if ended := b.beat(5*time.Hour, leases, nil); len(ended) != 1 {
		t.Error("it has the lease for ever")
	}
}

// TestWhatWaitsForItsTurnIsntLate: a task that a worker holds ahead gets on only once the one before it is done.
func TestWhatWaitsForItsTurnIsntLate(t *testing.T) {
	b := newBench(t)
	b.worker("0xA", true)
	b.worker("0xB", true)
	first := b.offer("0xA")
	b.now = b.now.Add(time.Second)
	if taken, err := b.Offer(t.Context(), b.tasks[1].ID, "0xA"); err != nil || !taken {
		t.Fatal(taken, err)
	}
	var second string
	for id, h := range b.held {
		if h.task == b.tasks[1].ID {
			second = id
		}
	}
	at := 0.0
	for range int(50 * time.Minute / (30 * time.Second)) {
		at += 1.0 / 100
		b.Progress("0xA", wire.TaskProgress{Lease: first, Frame: 1, Phase: "render", Fraction: at})
		b.now = b.now.Add(30 * time.Second)
		if unknown := b.Renew("0xA", []string{first, second}); len(unknown) > 0 {
			t.Fatalf("%v ended, %s is the first and %s waits for it", unknown, first, second)
		}
		if err := b.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Release(t.Context(), "0xA", wire.LeaseRelease{Lease: first}); err != nil {
		t.Fatal(err)
	}
	if ended := b.beat(24*time.Hour, map[string]string{"0xA": second}, nil); ended["0xA"] < stillLeast-2*time.Minute || ended["0xA"] > stillLeast+2*time.Minute {
		t.Errorf("once it was its turn it was held for %v", ended)
	}
}

// TestToAndFroIsNoProgress: a worker's word counts where it is further than ever.
func TestToAndFroIsNoProgress(t *testing.T) {
	h := &hold{frames: []int{1, 2}}
	got := 0
	for n := range 10_000 {
		for _, p := range []wire.TaskProgress{
			{Frame: n % 3, Phase: "render", Fraction: float64(n%7) / 7}, {Frame: n, Phase: "load", Fraction: math.NaN()},
			{Frame: -n, Phase: "unheard of", Fraction: math.Inf(1)}, {Frame: n, Phase: "upload", Fraction: -1},
		} {
			if h.moved(p) {
				got++
			}
		}
	}
	if most := int(3 * float64(len(phases)) / leap); got > most || len(h.reached) != 3 {
		t.Errorf("it got on %d times, in %d places", got, len(h.reached))
	}
}
