package fleet

import (
	"context"
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
	f.Drop(job.RoleWorker, "0xW", "a2", true)
	if free() != 0 {
		t.Fatal("a node that declined is asked again at once")
	}
	now = now.Add(cooldown)
	f.Restore(job.RoleWorker, "0xW")
	if free() != 2 {
		t.Fatalf("after the cooldown: %d", free())
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
		{job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Device: "GPU"}, "GPU"},
		{job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", BuildHash: "x"}, "another build"},
	} {
		got := Lacks(c, test.recipe)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.recipe, got, test.want)
		}
	}
}
