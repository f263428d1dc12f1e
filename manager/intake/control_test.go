package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const artist = "0xA"

type plainKeys struct{}

func (plainKeys) JobKey(string, []byte) (seal.JobKey, error)             { return seal.JobKey{1}, nil }
func (plainKeys) SealJobKey([]byte, string, seal.JobKey) ([]byte, error) { return []byte{1}, nil }

// taking is a worker's session that takes every offer.
type taking struct{ fleet.Session }

func (taking) ID() string                { return "s" }
func (taking) Send(wire.Type, any) error { return nil }
func (taking) Request(_ context.Context, _ wire.Type, _, reply any) error {
	reply.(*wire.LeaseAnswer).Taken = true
	return nil
}

// desk is an intake over a real store, with settlement off.
type desk struct {
	*Intake
	t      *testing.T
	db     store.Store
	keeper *lease.Keeper
	now    time.Time
	n      int
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, now: time.Unix(1_700_000_000, 0)}
	clock := func() time.Time { return d.now }
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := dir.Open(dir.Options{Root: filepath.Join(t.TempDir(), "blobs")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(); blobs.Close() })
	d.db = db
	log := slog.New(slog.DiscardHandler)
	nodes := fleet.New(clock)
	nodes.Ready(fleet.Announcement{Role: job.RoleWorker, Address: "0xW", Session: taking{}, Free: 9, Capabilities: job.Capabilities{
		Slots: 9, Bench: 1, Installs: []job.Install{{Renderer: "blender", Version: "3.4.1"}}}})
	hub := notify.New(db, nil, log)
	settler := settle.New(settle.Options{Store: db, Hub: hub, Clock: clock, Log: log})
	d.keeper = lease.New(lease.Options{
		Store: db, Fleet: nodes, Hub: hub, Settler: settler, Keys: plainKeys{}, Blobs: blobs, Length: time.Minute, Clock: clock, Log: log, Committed: func() {}, Freed: func() {},
	})
	d.Intake = New(Options{
		Store: db, Blobs: blobs, Hub: hub, Quoter: &quote.Quoter{Fleet: nodes, Unit: job.Token, Clock: clock}, Settler: settler, Keeper: d.keeper, Keys: plainKeys{},
		Target: time.Minute, Clock: clock, Log: log, Wake: func() {},
	})
	d.update(func(tx store.Tx) error {
		p := &store.Package{ID: good().Package, Owner: artist, Size: 1, Digest: strings.Repeat("0", 64), Created: d.now.UnixMilli()}
		return errors.Join(tx.PutPackage(p), tx.FinishPackage(p.ID, 1, 1))
	})
	return d
}

func (d *desk) update(fn func(tx store.Tx) error) {
	d.t.Helper()
	if err := d.db.Update(context.Background(), fn); err != nil {
		d.t.Fatal(err)
	}
}

// started drafts and funds a job.
func (d *desk) started(change func(*wire.JobDraft)) *store.Job {
	d.t.Helper()
	d.n++
	draft := good()
	draft.Request, draft.Frames = fmt.Sprint("r", d.n), frames(8)
	change(&draft)
	q, err := d.Draft(context.Background(), artist, draft)
	if err != nil {
		d.t.Fatal(err)
	}
	j, err := d.Fund(context.Background(), artist, wire.JobFund{Job: q.Job.ID, Quote: q.Quote.ID})
	if err != nil || j.State != job.Rendering {
		d.t.Fatalf("funded: %v, %v", j, err)
	}
	return j
}

func (d *desk) tasks(id string) (tasks []*job.Task) {
	d.t.Helper()
	if err := d.db.View(context.Background(), func(tx store.Tx) (err error) { tasks, err = tx.Tasks(id); return err }); err != nil {
		d.t.Fatal(err)
	}
	return tasks
}

func code(err error) wire.Code {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return wire.Code(fmt.Sprint(err))
}

func TestWantsAreKept(t *testing.T) {
	d := newDesk(t)
	first := d.started(func(*wire.JobDraft) {})
	needs := job.Needs{VRAM: 1, Memory: 2, Class: "c", Region: "r", Tags: []string{"t"}, Block: []string{"0x" + strings.Repeat("a", 40)}}
	draft := good()
	draft.Frames, draft.Needs, draft.After, draft.Scout = frames(8), needs, []string{first.ID}, true
	q, err := d.Draft(t.Context(), artist, draft)
	if err != nil || q.Job.Needs.VRAM != 1 || !slices.Equal(q.Job.After, draft.After) || !q.Job.Scout || !slices.Equal(q.Job.Needs.Tags, needs.Tags) {
		t.Errorf("the job is %+v, %v", q.Job, err)
	}
	for name, test := range map[string]struct {
		change func(*wire.JobDraft)
		code   wire.Code
	}{
		"somebody else's job": {func(d *wire.JobDraft) { d.After = []string{"jnobody"} }, wire.CodeNotFound},
		"tiles of EEVEE":      {func(d *wire.JobDraft) { d.Tiles, d.Frames, d.Recipe.Engine = 4, []int{1}, "BLENDER_EEVEE" }, wire.CodeUnsupported},
		"tiles of a film":     {func(d *wire.JobDraft) { d.Tiles, d.Frames = 1000, frames(100) }, wire.CodeLimit},
	} {
		draft := good()
		draft.Request = name
		test.change(&draft)
		if _, err := d.Draft(t.Context(), artist, draft); code(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.Cancel(t.Context(), first.ID, "no"); err != nil {
		t.Fatal(err)
	}
	draft.Request = "late"
	if _, err := d.Draft(t.Context(), artist, draft); code(err) != wire.CodeConflict {
		t.Errorf("after a cancelled job: %v", err)
	}
}

func TestPriority(t *testing.T) {
	d := newDesk(t)
	j := d.started(func(*wire.JobDraft) {})
	for range 2 {
		if got, err := d.Priority(t.Context(), j.ID, 7); err != nil || got.Priority != 7 {
			t.Errorf("%v, %v", got, err)
		}
	}
	if _, err := d.Priority(t.Context(), j.ID, 101); code(err) != wire.CodeBadRequest {
		t.Errorf("101: %v", err)
	}
	if _, err := d.Cancel(t.Context(), j.ID, "no"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Priority(t.Context(), j.ID, 1); code(err) != wire.CodeConflict {
		t.Errorf("of a cancelled job: %v", err)
	}
}

// TestRush: said again it changes nothing but the reason, it ends as easily, and each change is in the job's history.
func TestRush(t *testing.T) {
	d := newDesk(t)
	j := d.started(func(*wire.JobDraft) {})
	since := d.now.UnixMilli()
	for _, step := range []struct {
		on           bool
		reason, kept string
		rush         int64
	}{{true, " dailies ", "dailies", since}, {true, "dailies", "dailies", since}, {true, "client is here", "client is here", since}, {false, "seen", "", 0}, {false, "", "", 0}} {
		if got, err := d.Rush(t.Context(), j.ID, step.on, step.reason); err != nil || got.Rush != step.rush || got.RushReason != step.kept {
			t.Errorf("%+v: %+v, %v", step, got, err)
		}
		d.now = d.now.Add(time.Minute)
	}
	var said []string
	d.update(func(tx store.Tx) error {
		events, err := tx.Events(j.ID, 100)
		for _, e := range events {
			if e.What == "rush" {
				said = append(said, e.Text)
			}
		}
		return err
	})
	if want := []string{"before everybody's jobs, by an operator: dailies", "before everybody's jobs, by an operator: client is here", "in its turn again: seen"}; !slices.Equal(said, want) {
		t.Errorf("the history says %q", said)
	}
	if got, err := d.Rush(t.Context(), j.ID, true, strings.Repeat("é", 150)); err != nil || got.RushReason != strings.Repeat("é", 100) {
		t.Errorf("%q, %v", got.RushReason, err)
	}
	if _, err := d.Cancel(t.Context(), j.ID, "no"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Rush(t.Context(), j.ID, true, "x"); code(err) != wire.CodeConflict {
		t.Errorf("of a cancelled job: %v", err)
	}
	if again, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "again", From: j.ID}); err != nil || again.Job.Rush != 0 {
		t.Errorf("its artist's new job from it is rushed: %+v, %v", again.Job, err)
	}
}

// TestRushTakesWhatNobodyHasBegun: a busy worker's next task goes back to the queue, as many of them as the rushed job has tasks to give
// instead; what it renders, and what else is rushed, stays.
func TestRushTakesWhatNobodyHasBegun(t *testing.T) {
	d := newDesk(t)
	many := func(w *wire.JobDraft) { w.Frames = frames(40) }
	others, first, rushed := d.started(many), d.started(many), d.started(func(w *wire.JobDraft) { w.Frames = frames(2) })
	if _, err := d.Rush(t.Context(), first.ID, true, ""); err != nil {
		t.Fatal(err)
	}
	offer := func(id string, i int) *job.Task {
		t.Helper()
		k := d.tasks(id)[i]
		d.now = d.now.Add(time.Second)
		if taken, err := d.keeper.Offer(t.Context(), k.ID, "0xW"); err != nil || !taken {
			t.Fatal(taken, err)
		}
		return k
	}
	renders := offer(others.ID, 0)
	waits := []*job.Task{offer(others.ID, 1), offer(others.ID, 2), offer(others.ID, 3)}
	second := offer(first.ID, 0)
	c := job.Capabilities{Slots: 1, Bench: 1, Installs: []job.Install{{Renderer: "blender", Version: "3.4.1"}}}
	d.options.Quoter.Fleet.Ready(fleet.Announcement{Role: job.RoleWorker, Address: "0xW", Session: taking{}, Seq: 2, Capabilities: c})
	n := len(d.tasks(rushed.ID))
	if n != 2 {
		t.Fatalf("the rushed job has %d tasks; this is about fewer than wait", n)
	}
	if _, err := d.Rush(t.Context(), rushed.ID, true, "dailies"); err != nil {
		t.Fatal(err)
	}
	held := make(map[string]bool)
	for _, list := range d.keeper.Held() {
		for _, h := range list {
			held[h.Task] = true
		}
	}
	if !held[renders.ID] || !held[second.ID] || !held[waits[0].ID] || held[waits[1].ID] || held[waits[2].ID] {
		t.Errorf("held are %v", held)
	}
	if k := d.tasks(others.ID)[3]; k.State != job.TaskWaiting || k.Failures != 0 {
		t.Errorf("a task that was taken back is %+v", k)
	}
}

func TestRelease(t *testing.T) {
	d := newDesk(t)
	plain, scouted := d.started(func(*wire.JobDraft) {}), d.started(func(d *wire.JobDraft) { d.Scout = true })
	if tasks := d.tasks(scouted.ID); !tasks[2].Scout || tasks[3].Scout {
		t.Errorf("the tasks are %+v", tasks)
	}
	if _, err := d.Release(t.Context(), plain.ID, ""); code(err) != wire.CodeConflict {
		t.Errorf("a job without scouts: %v", err)
	}
	for range 2 {
		if j, err := d.Release(t.Context(), scouted.ID, "fine"); err != nil || !j.Released {
			t.Errorf("%v, %v", j, err)
		}
	}
	// Too short for scouts: there would be nothing to hold back.
	if j := d.started(func(d *wire.JobDraft) { d.Scout, d.Frames = true, frames(3) }); j.Scout {
		t.Error("a job of three frames holds some back")
	}
}

func TestRequeue(t *testing.T) {
	d := newDesk(t)
	j := d.started(func(*wire.JobDraft) {})
	task := d.tasks(j.ID)[0]
	if taken, err := d.keeper.Offer(t.Context(), task.ID, "0xW"); err != nil || !taken {
		t.Fatal(taken, err)
	}
	if _, err := d.Requeue(t.Context(), j.ID, task.Frames[:1], "it hangs"); err != nil {
		t.Fatal(err)
	}
	if got := d.tasks(j.ID)[0]; got.State != job.TaskWaiting || got.Failures != 0 || len(d.keeper.Held()[j.ID]) != 0 {
		t.Errorf("the task is %+v", got)
	}
	if _, err := d.Cancel(t.Context(), j.ID, "no"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Requeue(t.Context(), j.ID, nil, ""); code(err) != wire.CodeConflict {
		t.Errorf("of a cancelled job: %v", err)
	}
}

// TestRetry renders what is missing of a job with the same package and key.
func TestRetry(t *testing.T) {
	d := newDesk(t)
	j := d.started(func(d *wire.JobDraft) { d.Needs.Tags = []string{"x"} })
	if _, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "early", From: j.ID}); code(err) != wire.CodeConflict {
		t.Errorf("while it renders: %v", err)
	}
	if _, err := d.Cancel(t.Context(), j.ID, "no"); err != nil {
		t.Fatal(err)
	}
	q, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "again", From: j.ID})
	if err != nil || q.Job.Package != j.Package || q.Job.Recipe.MainFile != j.Recipe.MainFile || !slices.Equal(q.Job.Frames, j.Frames) || q.Job.Name != j.Name || !slices.Equal(q.Job.Needs.Tags, []string{"x"}) {
		t.Fatalf("the retry is %+v, %v", q.Job, err)
	}
	same, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "again", From: j.ID})
	if err != nil || same.Job.ID != q.Job.ID {
		t.Errorf("sent again: %v, %v", same.Job.ID, err)
	}
	// Once it is paid, what it brings is not missing any more; what it leaves is.
	funded, err := d.Fund(t.Context(), artist, wire.JobFund{Job: q.Job.ID, Quote: q.Quote.ID})
	if err != nil || funded.Origin != j.ID {
		t.Fatalf("%+v, %v", funded, err)
	}
	if _, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "twice", From: j.ID}); code(err) != wire.CodeConflict || !strings.Contains(err.Error(), "renders already, as job "+q.Job.ID) {
		t.Errorf("what is missing would be paid twice: %v", err)
	}
	finer := j.Recipe
	finer.Samples *= 2
	if other, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "finer", From: j.ID, Recipe: finer}); err != nil || len(other.Job.Frames) != len(q.Job.Frames) {
		t.Errorf("another recipe's: %+v, %v", other.Job, err)
	}
	if _, err := d.Cancel(t.Context(), q.Job.ID, "no"); err != nil {
		t.Fatal(err)
	}
	if left, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "left", From: j.ID}); err != nil || len(left.Job.Frames) != len(q.Job.Frames) {
		t.Errorf("what a cancelled one left: %+v, %v", left.Job, err)
	}
	if some, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "some", From: j.ID, Frames: []int{2, 3}}); err != nil || !slices.Equal(some.Job.Frames, []int{2, 3}) {
		t.Errorf("some frames: %v, %v", some.Job.Frames, err)
	}
	if _, err := d.Draft(t.Context(), "0xB", wire.JobDraft{Request: "again", From: j.ID}); code(err) != wire.CodeNotFound {
		t.Errorf("somebody else's: %v", err)
	}
	if _, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "both", From: j.ID, Package: j.Package}); code(err) != wire.CodeBadRequest {
		t.Errorf("with a package: %v", err)
	}
	// Long after, nobody knows what is missing.
	if err := d.db.Update(t.Context(), func(tx store.Tx) error {
		done, err := tx.ForgetHistory(j.ID, 1, 1000)
		if !done {
			t.Error("something is left")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "late", From: j.ID}); code(err) != wire.CodeConflict || !strings.Contains(err.Error(), "long over") {
		t.Errorf("of a job whose frames are forgotten: %v", err)
	}
	if some, err := d.Draft(t.Context(), artist, wire.JobDraft{Request: "some late", From: j.ID, Frames: []int{2, 3}}); err != nil || !slices.Equal(some.Job.Frames, []int{2, 3}) {
		t.Errorf("some frames of it: %v, %v", some.Job.Frames, err)
	}
}

// TestResumeWithoutWhatFailed: a job that was paused because the one before it failed goes on without it.
func TestResumeWithoutWhatFailed(t *testing.T) {
	d := newDesk(t)
	first := d.started(func(*wire.JobDraft) {})
	other := d.started(func(*wire.JobDraft) {})
	j := d.started(func(d *wire.JobDraft) { d.After = []string{first.ID, other.ID} })
	if _, err := d.Cancel(t.Context(), first.ID, "no"); err != nil {
		t.Fatal(err)
	}
	if err := d.keeper.Suspend(t.Context(), j.ID, "what comes first was cancelled"); err != nil {
		t.Fatal(err)
	}
	got, err := d.Resume(t.Context(), j.ID, "never mind")
	if err != nil || got.State != job.Rendering || got.Cause != "" || !slices.Equal(got.After, []string{other.ID}) {
		t.Errorf("resumed: %+v, %v", got, err)
	}
	if got, err = d.Own(t.Context(), artist, j.ID, false); err != nil || !slices.Equal(got.After, []string{other.ID}) {
		t.Errorf("stored: %+v, %v", got, err)
	}
}
