package fleet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
)

func TestMisses(t *testing.T) {
	const w = "0xaBc0000000000000000000000000000000000001"
	c := job.Capabilities{VRAM: 8 << 30, Memory: 16 << 30, Class: "cpu/avx2", Region: "eu-north", Tags: []string{"farm-a", "ssd"}}
	for _, test := range []struct {
		needs job.Needs
		want  string
	}{
		{job.Needs{}, ""},
		{job.Needs{VRAM: 8 << 30, Memory: 16 << 30, Class: "cpu/avx2", Region: "eu-north", Tags: []string{"ssd"}, Allow: []string{strings.ToLower(w)}}, ""},
		{job.Needs{VRAM: 8<<30 + 1}, "has 8 GiB of GPU memory, the job needs more"},
		{job.Needs{Memory: 24 << 30}, "has 16 GiB of memory, the job needs 24 GiB"},
		{job.Needs{Class: "cpu/avx512"}, "device class"},
		{job.Needs{Region: "us"}, `in region "eu-north", the job asks for "us"`},
		{job.Needs{Tags: []string{"ssd", "fast"}}, `no tag "fast"`},
		{job.Needs{Allow: []string{"0x1"}}, "allowed"},
		{job.Needs{Block: []string{strings.ToUpper(w)}}, "blocked"},
	} {
		if got := Misses(w, c, test.needs); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.needs, got, test.want)
		}
	}
	if got := Misses(w, job.Capabilities{}, job.Needs{VRAM: 1}); !strings.Contains(got, "an unknown amount") {
		t.Errorf("a worker that says nothing: %q", got)
	}
}

// TestFlappingNodesRest: who declines or comes and goes again and again is asked ever more
// rarely, and at once again after it has finished something.
func TestFlappingNodesRest(t *testing.T) {
	now := time.Unix(100, 0)
	f := New(func() time.Time { return now })
	n := 0
	come := func() {
		n++
		f.Ready(Announcement{Role: job.RoleWorker, Address: "0xW", Session: &fakeSession{id: fmt.Sprint(n)}, Capabilities: job.Capabilities{Slots: 1}, Free: 1})
	}
	rest := func() time.Duration {
		m, _ := f.Member(job.RoleWorker, "0xW")
		if (m.Free == 0) != m.Rests.After(now) {
			t.Fatalf("%d are free, it rests until %v", m.Free, m.Rests)
		}
		left := max(0, m.Rests.Sub(now))
		says := ""
		if left > cooldown {
			says = "declined, or came and went, too often: it is asked again in " + left.String()
		}
		if state, reason := f.State(job.RoleWorker, "0xW"); reason != says || (state == job.NodePaused) != (says != "") {
			t.Errorf("with %s to rest it is %s: %q", left, state, reason)
		}
		return left
	}
	come()
	for i, want := range []time.Duration{0, 0, 0, 5, 10, 20} {
		f.Left(fmt.Sprint(n))
		now = now.Add(30 * time.Second)
		come()
		if got := rest(); got != want*time.Second {
			t.Errorf("after %d returns it rests %s, want %ds", i+1, got, want)
		}
	}
	now = now.Add(time.Minute)
	for _, want := range []time.Duration{5, 5, 5, 10, 20, 40} {
		f.Drop(job.RoleWorker, "0xW", "a", true)
		if got := rest(); got != want*time.Second {
			t.Errorf("it rests %s, want %ds", got, want)
		}
		now = now.Add(want * time.Second)
	}
	f.Proved(job.RoleWorker, "0xW")
	f.Drop(job.RoleWorker, "0xW", "a", true)
	if got := rest(); got != 5*time.Second {
		t.Errorf("after it proved itself it rests %s", got)
	}
	for range 40 {
		f.Drop(job.RoleWorker, "0xW", "a", true)
	}
	if got := rest(); got != maxRest {
		t.Errorf("it rests %s", got)
	}
	now = now.Add(24 * time.Hour)
	f.Drop(job.RoleWorker, "0xW", "a", true)
	if got := rest(); got != 5*time.Second {
		t.Errorf("a day later it rests %s", got)
	}
}

func TestAheadSlots(t *testing.T) {
	f := New(time.Now)
	ready := func(free, ahead int, leases ...string) {
		f.Ready(Announcement{Role: job.RoleWorker, Address: "0xW", Session: &fakeSession{id: "1"}, Capabilities: job.Capabilities{Slots: 1}, Free: free, Ahead: ahead, Leases: leases})
	}
	want := func(when string, free, ahead int) {
		t.Helper()
		if m, _ := f.Member(job.RoleWorker, "0xW"); m.Free != free || m.Ahead != ahead {
			t.Errorf("%s: %d free and %d ahead, want %d and %d", when, m.Free, m.Ahead, free, ahead)
		}
	}
	ready(1, 1)
	want("idle", 1, 1)
	f.Hold(job.RoleWorker, "0xW", "a1")
	want("one is offered", 0, 1)
	ready(0, 1, "a1")
	want("it renders", 0, 1)
	f.Hold(job.RoleWorker, "0xW", "a2")
	want("one is held early", 0, 0)
	ready(0, 0, "a1", "a2")
	want("and reported", 0, 0)
	f.Drop(job.RoleWorker, "0xW", "a1", false)
	want("the first is done, before the report", 0, 0)
	ready(0, 1, "a2")
	want("after it", 0, 1)
	ready(0, 99, "a2")
	want("a greedy one", 0, 1)
}
