package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// holder counts what a cluster asks of it.
type holder struct {
	mu      sync.Mutex // guards what follows
	adopted int
	resyncs int
	said    []string
}

var _ Holder = (*holder)(nil)

func (h *holder) AdoptOrphans(context.Context) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.adopted++
	return 0, nil
}

func (h *holder) Take(_ context.Context, node string, ids []string) ([]string, error) {
	return ids, nil
}

func (h *holder) note(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, text)
}
func (h *holder) Forget(ids []string) {
	if len(ids) > 0 {
		h.note("forget " + strings.Join(ids, ","))
	}
}
func (h *holder) Revoked(node, id, reason string) {
	h.note("revoked " + node + " " + id + " " + reason)
}
func (h *holder) Resync(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.resyncs++
	return nil
}

// bus is a store whose signals reach every listener.
type bus struct {
	store.Store
	mu   sync.Mutex // guards what follows
	ears []chan store.Signal
	away bool
}

func (b *bus) Update(ctx context.Context, fn func(store.Tx) error) error {
	b.mu.Lock()
	away := b.away
	b.mu.Unlock()
	if away {
		return errors.New("the database is away")
	}
	return b.Store.Update(ctx, fn)
}

func (b *bus) Signal(_ context.Context, s store.Signal) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.ears {
		e <- s
	}
	return nil
}

func (b *bus) Signals(ctx context.Context) (<-chan store.Signal, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := make(chan store.Signal, 1024)
	b.ears = append(b.ears, e)
	return e, nil
}

type member struct {
	*Cluster
	leases, audits *holder
	rushed         chan string
	hub            *notify.Hub
	cancel         context.CancelFunc
	done           chan error
}

func join(t *testing.T, b *bus, id string, clock func() time.Time) *member {
	m := &member{leases: &holder{}, audits: &holder{}, rushed: make(chan string, 9), done: make(chan error, 1)}
	log := slog.New(slog.DiscardHandler)
	m.hub = notify.New(b, nil, log)
	m.Cluster = New(Options{Store: b, ID: id, Hub: m.hub, Fleet: fleet.New(clock), Leases: m.leases, Audits: m.audits, Wake: func() {}, Clock: clock, Log: log,
		Room: func(_ context.Context, id string) error { m.rushed <- id; return nil }})
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(t.Context())
	go func() { m.done <- m.Run(ctx) }()
	return m
}

func (m *member) leave(t *testing.T) {
	m.cancel()
	if err := <-m.done; err != nil {
		t.Error(err)
	}
}

// beats drives look by hand, since a real database doesn't stand still in a bubble.
func TestSilentManagersAreDropped(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := &bus{Store: db}
	now := time.UnixMilli(1_000_000)
	clock := func() time.Time { return now }
	log := slog.New(slog.DiscardHandler)
	make_ := func(id string, skew time.Duration) (*Cluster, *holder) {
		h := &holder{}
		return New(Options{Store: b, ID: id, Hub: notify.New(b, nil, log), Leases: h, Audits: h, Wake: func() {}, Clock: func() time.Time { return clock().Add(skew) }, Log: log}), h
	}
	a, _ := make_("a", 0)
	// This one's clock is an hour slow: that makes it no deader.
	s, ofS := make_("s", -time.Hour)
	look := func(c *Cluster, first bool) bool {
		t.Helper()
		orphans, err := c.look(t.Context(), first)
		if err != nil && !b.away {
			t.Fatal(err)
		}
		return orphans
	}
	look(a, true)
	look(s, true)
	for range 20 {
		now = now.Add(Beat)
		if look(s, false) || look(a, false) {
			t.Fatal("a living manager was dropped")
		}
	}
	if !a.Live("s") || a.Count() != 2 || a.Live("x") {
		t.Errorf("a sees %d managers", a.Count())
	}
	// While the database is away nobody can beat: that proves nothing.
	b.away = true
	for range 20 {
		now = now.Add(Beat)
		look(a, false)
	}
	b.away = false
	now = now.Add(Beat)
	if look(a, false) {
		t.Error("a manager was dropped because the database was away")
	}
	dropped := 0
	for range 8 {
		now = now.Add(Beat)
		if look(a, false) {
			dropped++
		}
	}
	if dropped != 1 || a.Live("s") {
		t.Errorf("the silent manager was dropped %d times", dropped)
	}
	// It wakes up and finds itself dead.
	now = now.Add(Beat)
	look(s, false)
	if ofS.resyncs != 2 {
		t.Errorf("it compared its leases and audits %d times", ofS.resyncs)
	}
	look(a, false)
	if !a.Live("s") {
		t.Error("it isn't taken back")
	}
}

func TestSignalsReachTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bus{Store: quiet{}}
		a, o := join(t, b, "a", time.Now), join(t, b, "o", time.Now)
		synctest.Wait()
		a.Away(job.RoleVerifier, "0x1", "v1", "over")
		if err := a.Take(t.Context(), job.RoleWorker, "0x2", []string{"a1", "a2"}); err != nil {
			t.Fatal(err)
		}
		a.Rushed("j")
		frames := make([]int, 1000)
		for i := range frames {
			frames[i] = 2 * i // no ranges
		}
		a.out.Changed("j", frames, []wire.Event{{Text: strings.Repeat("é", 1024)}, {Text: "two"}})
		for f := range 200 {
			a.out.Progress("j", f, "0x742d35Cc6634C0532925a3b844Bc454e4438f44e", 0.5)
		}
		time.Sleep(2 * reportPace)
		synctest.Wait()
		o.audits.mu.Lock()
		o.leases.mu.Lock()
		if !slices.Equal(o.audits.said, []string{"revoked 0x1 v1 over"}) || !slices.Equal(o.leases.said, []string{"forget a1,a2"}) {
			t.Errorf("the other heard %v, %v", o.audits.said, o.leases.said)
		}
		o.leases.mu.Unlock()
		o.audits.mu.Unlock()
		filled := []*job.Frame{{Job: "j", Number: 7, State: job.FramePending}}
		if o.hub.Fill(filled); filled[0].Progress != 0.5 {
			t.Errorf("progress %+v", filled[0])
		}
		if len(o.rushed) != 1 || <-o.rushed != "j" || len(a.rushed) != 0 {
			t.Error("the other, and only it, makes room for a rushed job")
		}
		if len(a.leases.said) != 0 {
			t.Errorf("it heard itself: %v", a.leases.said)
		}
		a.leave(t)
		o.leave(t)
	})
}

// quiet is a store without rows.
type quiet struct{ store.Store }

func (quiet) Update(context.Context, func(store.Tx) error) error { return nil }

func TestSignalsFit(t *testing.T) {
	var o outbox
	o.init()
	frames := make([]int, 5000)
	for i := range frames {
		frames[i] = 1_000_000 + 2*i
	}
	o.Changed("j", frames, []wire.Event{{What: "rejected", Text: strings.Repeat("x", 2048)}})
	for f := range 500 {
		o.Progress("j", f, "0x742d35Cc6634C0532925a3b844Bc454e4438f44e", 1.0/3)
	}
	got, reports := make(map[int]bool), 0
	for _, s := range o.take(true) {
		if len(s.Body) > maxBody {
			t.Errorf("a %s of %d bytes", s.Kind, len(s.Body))
		}
		switch s.Kind {
		case kindChanged:
			var b changed
			if err := json.Unmarshal([]byte(s.Body), &b); err != nil {
				t.Fatal(err)
			}
			list, err := store.ParseFrames(b.Frames, maxAnnounce)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range list {
				got[f] = true
			}
		case kindProgress:
			var b map[string]map[int]report
			if err := json.Unmarshal([]byte(s.Body), &b); err != nil {
				t.Fatal(err)
			}
			reports += len(b["j"])
		}
	}
	if len(got) != len(frames) || reports != 500 {
		t.Errorf("%d of %d frames, %d reports", len(got), len(frames), reports)
	}
	if left := o.take(true); len(left) != 0 {
		t.Errorf("%d signals are left", len(left))
	}
}

// The page lists each kind that the code knows, and no other.
func TestPageAndCodeAgree(t *testing.T) {
	page, err := os.ReadFile("SIGNALS.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		documented[row[1]] = true
	}
	coded := map[string]bool{kindChanged: true, kindProgress: true, kindRevoke: true, kindMoved: true, kindRush: true}
	if !maps.Equal(documented, coded) {
		t.Errorf("the page has %v", slices.Sorted(maps.Keys(documented)))
	}
	c := New(Options{Hub: notify.New(nil, nil, nil), Leases: &holder{}, Audits: &holder{}, Wake: func() {}, Room: noRoom, Clock: time.Now})
	for kind := range coded {
		if err := c.take(t.Context(), store.Signal{Kind: kind, Body: "{}"}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := c.take(t.Context(), store.Signal{Kind: kind, Body: "["}); err == nil {
			t.Errorf("a broken %s was taken", kind)
		}
	}
	if err := c.take(t.Context(), store.Signal{Kind: "other"}); err == nil {
		t.Error("an unknown kind was taken")
	}
}

func noRoom(context.Context, string) error { return nil }

func FuzzSignal(f *testing.F) {
	f.Add(kindChanged, `{"job":"j","frames":"1:40,77","events":[{"what":"x"}]}`)
	f.Add(kindProgress, `{"j":{"7":["0x1",0.5]}}`)
	f.Add(kindRevoke, `{"role":"worker","node":"0x1","id":"a1","reason":"over"}`)
	f.Add(kindRush, `{"job":"j1"}`)
	f.Add(kindMoved, `{"leases":["a1"],"audits":["v1"]}`)
	c := New(Options{Hub: notify.New(nil, nil, nil), Leases: &holder{}, Audits: &holder{}, Wake: func() {}, Room: noRoom, Clock: time.Now})
	f.Fuzz(func(t *testing.T, kind, body string) {
		_ = c.take(context.Background(), store.Signal{Kind: kind, Body: body}) // must not panic
	})
}

// TestSurvey: a manager learns which nodes are connected to the others that live, and what those hold.
func TestSurvey(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.UnixMilli(1_000_000)
	log := slog.New(slog.DiscardHandler)
	nodes := fleet.New(func() time.Time { return now })
	var held map[string][]lease.Holding
	a := New(Options{Store: db, ID: "a", Hub: notify.New(db, nil, log), Fleet: nodes, Leases: &holder{}, Audits: &holder{}, Wake: func() {}, Clock: func() time.Time { return now }, Log: log,
		Held: func(h map[string][]lease.Holding) { held = h }})
	var task *job.Task
	if err := db.Update(t.Context(), func(tx store.Tx) error {
		tasks, err := storetest.Fill(tx, storetest.Job("0xA", "1", 4))
		if err != nil {
			return err
		}
		task = tasks[0]
		errs := []error{tx.PutManager(store.Manager{ID: "b", Seen: 5})}
		for address, manager := range map[string]string{"0xB1": "b", "0xB2": "b", "0xHere": "a", "0xDead": "gone", "0xOff": ""} {
			_, err := tx.PutNode(address, func(n *store.Node) {
				n.Roles, n.Manager, n.Capabilities, n.Standing.Pace = []job.Role{job.RoleWorker}, manager, job.Capabilities{Slots: 2, Bench: 4}, 0.5
			})
			errs = append(errs, err)
		}
		_, err = tx.PutNode("0xV", func(n *store.Node) { n.Roles, n.Manager = []job.Role{job.RoleVerifier}, "b" })
		errs = append(errs, err)
		for i, by := range []struct {
			task            *job.Task
			worker, manager string
		}{{task, "0xB1", "b"}, {task, "0xHere", "a"}, {tasks[1], "0xDead", "gone"}} {
			held := storetest.Attempt(by.task, i+1, by.worker)
			held.Manager, held.Copy = by.manager, by.worker == "0xHere"
			errs = append(errs, tx.AddAttempt(held))
		}
		return errors.Join(errs...)
	}); err != nil {
		t.Fatal(err)
	}
	survey := func() {
		t.Helper()
		if _, err := a.look(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		if err := a.survey(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	survey()
	workers := nodes.Everywhere(job.RoleWorker)
	slices.SortFunc(workers, func(a, b fleet.Member) int { return strings.Compare(a.Address, b.Address) })
	if len(workers) != 2 || workers[0].Address != "0xB1" || workers[0].Free != 1 || workers[1].Free != 2 || workers[1].Capabilities.Bench != 2 || workers[1].Stated != 4 {
		t.Errorf("workers elsewhere: %+v", workers)
	}
	for address, want := range map[string]job.NodeState{"0xB1": job.NodeBusy, "0xDead": job.NodeOffline} {
		if state, _ := nodes.State(job.RoleWorker, address); state != want {
			t.Errorf("%s is %s, want %s", address, state, want)
		}
	}
	if verifiers := nodes.Everywhere(job.RoleVerifier); len(verifiers) != 1 || verifiers[0].Address != "0xV" {
		t.Errorf("verifiers elsewhere: %+v", verifiers)
	}
	if list := held[task.Job]; len(list) != 1 || list[0].Worker != "0xB1" || list[0].Task != task.ID || list[0].Copies != 2 || list[0].Frames != len(task.Frames) {
		t.Errorf("held elsewhere: %+v", held)
	}
	// Once the other has gone, nothing of it counts any more.
	if err := db.Update(t.Context(), func(tx store.Tx) error { return tx.DropManager("b") }); err != nil {
		t.Fatal(err)
	}
	survey()
	if len(held) != 0 || len(nodes.Everywhere(job.RoleWorker))+len(nodes.Everywhere(job.RoleVerifier)) != 0 {
		t.Errorf("of a manager that left: %+v", held)
	}
}
