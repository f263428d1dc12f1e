package fleet

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

type fakeSession struct {
	id     string
	closed string
}

func (s *fakeSession) ID() string                                         { return s.id }
func (s *fakeSession) Request(context.Context, wire.Type, any, any) error { return nil }
func (s *fakeSession) Send(wire.Type, any) error                          { return nil }
func (s *fakeSession) Close(reason string)                                { s.closed = reason }
func (s *fakeSession) Done() <-chan struct{}                              { return nil }

func TestCapacity(t *testing.T) {
	now := time.Unix(100, 0)
	f := New(func() time.Time { return now })
	s := &fakeSession{id: "1"}
	free := func() int {
		m, _ := f.Member(job.RoleWorker, "0xW")
		return m.Free
	}
	ready := func(n int) bool {
		return f.Ready(Announcement{Role: job.RoleWorker, Address: "0xW", Session: s, Capabilities: job.Capabilities{Slots: 2}, Free: n})
	}
	if !ready(2) || ready(2) || free() != 2 {
		t.Fatalf("two free slots, got %d", free())
	}
	f.Hold(job.RoleWorker, "0xW", "a1")
	if free() != 1 {
		t.Fatalf("after one lease: %d", free())
	}
	// A report that was sent before the offer arrived doesn't free the slot.
	if ready(2); free() != 1 {
		t.Fatalf("after a stale report: %d", free())
	}
	f.Drop(job.RoleWorker, "0xW", "a1", false)
	if ready(2); free() != 2 {
		t.Fatalf("after the lease: %d", free())
	}
	f.Hold(job.RoleWorker, "0xW", "a2")
	f.Drop(job.RoleWorker, "0xW", "a2", true) // declined
	if free() != 0 {
		t.Fatal("a node that declined is asked again at once")
	}
	now = now.Add(cooldown)
	if free() != 2 {
		t.Fatalf("after the cooldown: %d", free())
	}
}

// A manager that starts again knows the leases before their nodes are back: what a node then
// reports and what is held must count every slot once.
func TestCapacityAfterARestart(t *testing.T) {
	f := New(time.Now)
	s := &fakeSession{id: "1"}
	free := func() int {
		m, _ := f.Member(job.RoleWorker, "0xW")
		return m.Free
	}
	ready := func(slots, n int, leases ...string) {
		f.Ready(Announcement{Role: job.RoleWorker, Address: "0xW", Session: s, Capabilities: job.Capabilities{Slots: slots}, Free: n, Leases: leases})
	}
	f.Hold(job.RoleWorker, "0xW", "a1") // adopted
	if ready(1, 0, "a1"); free() != 0 {
		t.Fatalf("a busy node of one slot has %d free", free())
	}
	f.Drop(job.RoleWorker, "0xW", "a1", false) // committed, but the node hasn't even got the answer
	if free() != 0 {
		t.Fatalf("after the commit, before the node says so, %d are free", free())
	}
	if ready(1, 1); free() != 1 {
		t.Fatalf("a free node of one slot has %d free", free())
	}
	f.Hold(job.RoleWorker, "0xW", "a2") // an offer
	if free() != 0 {
		t.Fatalf("while it is asked %d are free", free())
	}
	f.Drop(job.RoleWorker, "0xW", "a2", false)
	if ready(1, 1); free() != 1 {
		t.Fatalf("after the offer's end and a report %d are free", free())
	}
	// A lease whose renderer is done, but whose commit isn't acknowledged, still counts.
	f.Hold(job.RoleWorker, "0xW", "a3")
	if ready(1, 1, "a3"); free() != 0 {
		t.Fatalf("before its commit is acknowledged %d are free", free())
	}
	f.Drop(job.RoleWorker, "0xW", "a3", false)
	if free() != 1 {
		t.Fatalf("once it is acknowledged %d are free, which the node has said already", free())
	}
	// One that only the node knows doesn't make room.
	if ready(2, 0, "a3", "a4"); free() != 0 {
		t.Fatalf("with two leases that ended for the manager %d are free", free())
	}
	if ready(2, 2); free() != 2 {
		t.Fatalf("once it has dropped them %d are free", free())
	}
}

func TestNewestSessionWins(t *testing.T) {
	f := New(time.Now)
	old, young := &fakeSession{id: "1"}, &fakeSession{id: "2"}
	f.Ready(Announcement{Role: job.RoleWorker, Address: "0xW", Session: old, Free: 1})
	if !f.Ready(Announcement{Role: job.RoleWorker, Address: "0xW", Session: young, Free: 1}) || old.closed == "" {
		t.Fatal("the older session stays")
	}
	if len(f.Left("1")) != 0 {
		t.Fatal("the end of the older session took the younger one along")
	}
	if len(f.Left("2")) != 1 || len(f.Members(job.RoleWorker)) != 0 {
		t.Fatal("the node stays though its session ended")
	}
}

func TestLacks(t *testing.T) {
	c := job.Capabilities{Device: "CPU", Installs: []job.Install{{Renderer: "blender", Version: "3.4.1", Engines: []string{"CYCLES"}}}}
	for _, test := range []struct {
		recipe job.Recipe
		want   string
	}{
		{job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Device: "CPU"}, ""},
		{job.Recipe{Renderer: "blender", Version: "4.2.0", Engine: "CYCLES"}, "no blender 4.2.0"},
		{job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "BLENDER_EEVEE"}, "no BLENDER_EEVEE"},
		{job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Denoise: true}, "no denoiser"},
		{job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Compositing: true, DenoiseNode: true}, "no OpenImageDenoise for the compositor"},
		{job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Device: "GPU"}, "GPU"},
		{job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", BuildHash: "x"}, "another build"},
	} {
		got := Lacks(c, test.recipe, job.TaskRender)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.recipe, got, test.want)
		}
	}
}

// TestWhoDenoises: tiles of a denoised still take no denoiser, joining them takes OpenImageDenoise, and no check of a part
// takes any.
func TestWhoDenoises(t *testing.T) {
	j := &job.Job{Recipe: job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Denoise: true}, Tiles: 4}
	for _, test := range []struct {
		denoisers            []string
		whole, tile, joining string
	}{
		{nil, "no denoiser", "", "no OpenImageDenoise"},
		{[]string{"OPTIX"}, "", "", "no OpenImageDenoise"},
		{[]string{"OPENIMAGEDENOISE"}, "", "", ""},
	} {
		c := job.Capabilities{Installs: []job.Install{{Renderer: "blender", Version: "3.4.1", Denoisers: test.denoisers}}}
		m := Member{Capabilities: c}
		for what, got := range map[string][2]string{
			"whole": {Lacks(c, j.Recipe, job.TaskRender), test.whole}, "a tile": {Unfit(m, j), test.tile}, "joining": {Unjoined(m, j), test.joining},
		} {
			if (got[0] == "") != (got[1] == "") || !strings.Contains(got[0], got[1]) {
				t.Errorf("%v, %s: %q, want %q", test.denoisers, what, got[0], got[1])
			}
		}
		if !Verifies(c, j) || Likest(c, j.Recipe, Checks(job.TaskAssemble), "3.4.1", "").Renderer == "" {
			t.Errorf("%v: parts can't be checked", test.denoisers)
		}
		// A Denoise node of the compositor takes it everywhere: without, the noise would go on as the picture.
		node := &job.Job{Recipe: j.Recipe, Tiles: j.Tiles}
		node.Recipe.DenoiseNode = true
		has := slices.Contains(test.denoisers, "OPENIMAGEDENOISE")
		if Verifies(c, node) != has || (Unfit(m, node) == "") != has || (Unjoined(m, node) == "") != has {
			t.Errorf("%v, with a Denoise node: %q, %q", test.denoisers, Unfit(m, node), Unjoined(m, node))
		}
	}
}

// TestReportsOvertakeOneAnother: requests of one session are handled side by side, and the report
// that was sent last is the one that counts.
func TestReportsOvertakeOneAnother(t *testing.T) {
	f := New(time.Now)
	s := &fakeSession{id: "1"}
	report := func(seq uint64, free int) {
		f.Ready(Announcement{Role: job.RoleVerifier, Address: "0xV", Session: s, Seq: seq, Capabilities: job.Capabilities{Slots: 1}, Free: free})
	}
	report(1, 1)
	report(3, 1)
	report(2, 0) // it still had an audit when it sent this
	if m, _ := f.Member(job.RoleVerifier, "0xV"); m.Free != 1 {
		t.Errorf("the verifier has %d free slots by a report that it has taken back", m.Free)
	}
}
