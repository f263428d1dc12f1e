package lease

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// node makes a worker that signs and takes everything.
func (b *bench) node() (*identity.Identity, *answering) {
	b.t.Helper()
	id, err := identity.New()
	if err != nil {
		b.t.Fatal(err)
	}
	return id, b.worker(id.Address(), true)
}

// leaseOf finds the held lease of a worker.
func (b *bench) leaseOf(worker string) string {
	b.t.Helper()
	id := ""
	b.view(func(tx store.Tx) error {
		held, err := tx.AttemptsIn(lifecycle.AttemptHeld)
		for _, a := range held {
			if a.Worker == worker {
				id = a.ID
			}
		}
		return err
	})
	return id
}

func (b *bench) attempt(id string) *store.Attempt {
	b.t.Helper()
	var a *store.Attempt
	b.view(func(tx store.Tx) (err error) { a, err = tx.Attempt(id); return err })
	return a
}

func honest(*proof.FrameCommit) {}

// TestFirstCommitWins: of two workers on one task, one is paid and the other is told to stop,
// whichever of them was asked first.
func TestFirstCommitWins(t *testing.T) {
	for _, winner := range []int{0, 1} {
		b := newBench(t)
		ctx := context.Background()
		one, s1 := b.node()
		two, s2 := b.node()
		nodes, sessions := []*identity.Identity{one, two}, []*answering{s1, s2}
		b.offer(one.Address())
		if taken, err := b.Copy(ctx, b.tasks[0].ID, one.Address()); taken || err != nil {
			t.Fatalf("a worker got its own task again: %v, %v", taken, err)
		}
		if taken, err := b.Copy(ctx, b.tasks[0].ID, two.Address()); !taken || err != nil {
			t.Fatalf("the copy: %v, %v", taken, err)
		}
		three, _ := b.node()
		if taken, err := b.Copy(ctx, b.tasks[0].ID, three.Address()); taken || err != nil {
			t.Fatalf("a third lease of the task: %v, %v", taken, err)
		}
		if taken, err := b.Copy(ctx, b.tasks[1].ID, three.Address()); taken || err != nil {
			t.Fatalf("a copy of a task that nobody holds: %v, %v", taken, err)
		}
		if held := b.Held()[b.job.ID]; len(held) != 2 || held[0].Copies != 2 || held[0].Frames != 2 || s2.offers[0].Owner != b.job.Owner {
			t.Fatalf("held: %+v", held)
		}
		leases := []string{b.leaseOf(one.Address()), b.leaseOf(two.Address())}
		commits := []wire.TaskCommit{b.commit(one, leases[0], honest), b.commit(two, leases[1], honest)}
		if _, err := b.Commit(ctx, nodes[winner].Address(), commits[winner]); err != nil {
			t.Fatal(err)
		}
		lost := 1 - winner
		if a := b.attempt(leases[lost]); a.State != lifecycle.AttemptFailed || a.Kind != job.FailSuperseded {
			t.Errorf("the loser's attempt is %s, %s", a.State, a.Kind)
		}
		if !slices.Contains(sessions[lost].pushed, wire.TypeLeaseRevoke) || slices.Contains(sessions[winner].pushed, wire.TypeLeaseRevoke) {
			t.Errorf("told: %v and %v", sessions[0].pushed, sessions[1].pushed)
		}
		var e *wire.Error
		if _, err := b.Commit(ctx, nodes[lost].Address(), commits[lost]); !errors.As(err, &e) || e.Code != wire.CodeConflict {
			t.Errorf("the second commit: %v", err)
		}
		if k := b.task(); k.State != job.TaskCommitted || k.Failures != 0 || len(b.Held()[b.job.ID]) != 0 {
			t.Errorf("the task is %+v, held %v", k, b.Held()[b.job.ID])
		}
		// The same commit again, as after a crash before the answer, is answered the same.
		if _, err := b.Commit(ctx, nodes[winner].Address(), commits[winner]); err != nil {
			t.Errorf("the commit again: %v", err)
		}
		b.view(func(tx store.Tx) error {
			audits, err := tx.AuditsIn(lifecycle.AuditWaiting)
			if len(audits) != 1 {
				t.Errorf("%d audits", len(audits))
			}
			return err
		})
	}
}

// TestCopiesOutliveEachOther: when one of two fails, the task stays with the other and may be
// copied again; it returns to the queue with the last of them.
func TestCopiesOutliveEachOther(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	for _, w := range []string{"0x1", "0x2", "0x3"} {
		b.worker(w, true)
	}
	b.offer("0x1")
	for i, w := range []string{"0x2", "0x3"} {
		if taken, err := b.Copy(ctx, b.tasks[0].ID, w); !taken || err != nil {
			t.Fatalf("copy %d: %v, %v", i, taken, err)
		}
		gone := []string{"0x1", "0x2"}[i]
		if err := b.Fail(ctx, gone, wire.TaskFail{Lease: b.leaseOf(gone), Kind: job.FailWorker, Cause: "crash"}); err != nil {
			t.Fatal(err)
		}
		if k := b.task(); k.State != job.TaskLeased || k.Failures != i+1 {
			t.Fatalf("while a copy is held the task is %+v", k)
		}
	}
	if err := b.Release(ctx, "0x3", wire.LeaseRelease{Lease: b.leaseOf("0x3")}); err != nil || b.task().State != job.TaskWaiting {
		t.Fatalf("after the last one: %s, %v", b.task().State, err)
	}
}

// TestCancelWithACopy: both leases end with the job.
func TestCancelWithACopy(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	b.worker("0x1", true)
	b.worker("0x2", true)
	b.offer("0x1")
	if taken, err := b.Copy(ctx, b.tasks[0].ID, "0x2"); !taken || err != nil {
		t.Fatal(taken, err)
	}
	changes := &notify.Changes{Now: b.options.Clock}
	var out Outcome
	if err := b.db.Update(ctx, func(tx store.Tx) (err error) { out, err = b.Stop(tx, changes, b.job.ID, "cancelled"); return err }); err != nil {
		t.Fatal(err)
	}
	b.Finish(changes, out)
	if k := b.task(); k.State != job.TaskWaiting || len(b.Held()[b.job.ID]) != 0 {
		t.Errorf("the task is %s, held %v", k.State, b.Held()[b.job.ID])
	}
}

// part is the commit of only some frames of a lease.
func (b *bench) part(worker *identity.Identity, id string, keep ...int) wire.TaskCommit {
	b.t.Helper()
	c := b.commit(worker, id, honest)
	c.Partial = true
	c.Frames = slices.DeleteFunc(c.Frames, func(f proof.FrameCommit) bool { return !slices.Contains(keep, f.Frame) })
	c.Files = slices.DeleteFunc(c.Files, func(f wire.UploadFile) bool { return !slices.Contains(keep, f.Frame) })
	b.sign(worker, &c)
	return c
}

func (b *bench) sign(worker *identity.Identity, c *wire.TaskCommit) {
	b.t.Helper()
	c.Receipt = c.Receipt.Over(c.Frames)
	var err error
	if c.Signature, err = worker.Sign(c.Receipt.Digest(b.options.Settler.Domain())); err != nil {
		b.t.Fatal(err)
	}
}

// TestPartialCommit: the finished frames count, the rest goes to somebody else.
func TestPartialCommit(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	w, _ := b.node()
	lease := b.offer(w.Address())
	whole := b.part(w, lease, 2)
	whole.Partial = false
	if _, err := b.Commit(ctx, w.Address(), whole); err == nil {
		t.Fatal("half of the frames were taken as all")
	}
	if _, err := b.Commit(ctx, w.Address(), b.part(w, lease)); err == nil {
		t.Fatal("a commit of nothing was taken")
	}
	c := b.part(w, lease, 2)
	if _, err := b.Commit(ctx, w.Address(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(ctx, w.Address(), c); err != nil {
		t.Fatalf("again: %v", err)
	}
	if k := b.task(); k.State != job.TaskCommitted || !slices.Equal(k.Frames, []int{2}) {
		t.Errorf("the task is %+v", k)
	}
	if a := b.attempt(lease); a.State != lifecycle.AttemptCommitted || !slices.Equal(a.Frames, []int{2}) || len(a.Seeds) != 1 {
		t.Errorf("the attempt is %+v", a)
	}
	b.view(func(tx store.Tx) error {
		tasks, err := tx.Tasks(b.job.ID)
		if err != nil {
			return err
		}
		rest := tasks[len(tasks)-1]
		if len(tasks) != 3 || rest.State != job.TaskWaiting || !slices.Equal(rest.Frames, []int{1}) {
			t.Errorf("the rest is %+v", rest)
		}
		frames, err := tx.FrameSet(b.job.ID, []int{1, 2})
		if err != nil {
			return err
		}
		if frames[0].State != job.FramePending || frames[0].Task != rest.ID || frames[1].State != job.FrameUploaded {
			t.Errorf("the frames are %+v and %+v", frames[0], frames[1])
		}
		j, err := tx.Job(b.job.ID)
		if err == nil && (j.TasksWaiting != 2 || j.TasksOpen != 3 || j.Counts.Pending != 3 || j.Counts.Uploaded != 1) {
			t.Errorf("the job counts %+v, %d waiting, %d open", j.Counts, j.TasksWaiting, j.TasksOpen)
		}
		return err
	})
}

// TestPartOfACopy: who holds the copy of a straggler can't take the first frame's pay and end the straggler's lease with it. The
// straggler itself may stop early, which ends the copy.
func TestPartOfACopy(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	slow, _ := b.node()
	quick, s := b.node()
	b.offer(slow.Address())
	for range 2 {
		if taken, err := b.Copy(ctx, b.tasks[0].ID, quick.Address()); !taken || err != nil {
			t.Fatalf("the copy: %v, %v", taken, err)
		}
		lease := b.leaseOf(quick.Address())
		var e *wire.Error
		if _, err := b.Commit(ctx, quick.Address(), b.part(quick, lease, 1)); !errors.As(err, &e) || e.Code != wire.CodeConflict {
			t.Fatalf("a part of the copy: %v", err)
		}
		if a, k := b.attempt(lease), b.task(); a.State != lifecycle.AttemptFailed || a.Kind != job.FailYield || k.State != job.TaskLeased || k.Failures != 0 {
			t.Fatalf("the copy is %s, %s, the task %+v", a.State, a.Kind, k)
		}
	}
	if taken, err := b.Copy(ctx, b.tasks[0].ID, quick.Address()); !taken || err != nil {
		t.Fatalf("the copy: %v, %v", taken, err)
	}
	if _, err := b.Commit(ctx, slow.Address(), b.part(slow, b.leaseOf(slow.Address()), 1)); err != nil {
		t.Fatal(err)
	}
	if k := b.task(); k.State != job.TaskCommitted || !slices.Equal(k.Frames, []int{1}) || !slices.Contains(s.pushed, wire.TypeLeaseRevoke) {
		t.Errorf("the task is %+v, the copy was told %v", k, s.pushed)
	}
}

// TestFurtherFiles: named outputs beside the frame are bound to the receipt and kept with it.
func TestFurtherFiles(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	w, _ := b.node()
	lease := b.offer(w.Address())
	c := b.commit(w, lease, honest)
	body := []byte("depth")
	digest := sha256.Sum256(body)
	file := wire.UploadFile{Frame: 1, Kind: KindExtra, Name: "depth/0001.exr", Ext: ".exr", Size: int64(len(body)), Digest: hex.EncodeToString(digest[:])}
	for name, spoil := range map[string]func(*wire.UploadFile){
		"climbing":            func(f *wire.UploadFile) { f.Name = "../x.exr" },
		"absolute":            func(f *wire.UploadFile) { f.Name = "/etc/passwd" },
		"nameless":            func(f *wire.UploadFile) { f.Name = "" },
		"a strange extension": func(f *wire.UploadFile) { f.Ext = "./../x" },
	} {
		f := file
		spoil(&f)
		if _, err := b.Upload(ctx, w.Address(), wire.TaskUpload{Lease: lease, Files: []wire.UploadFile{f}}); err == nil {
			t.Errorf("%s: a URL was signed", name)
		}
	}
	if urls, err := b.Upload(ctx, w.Address(), wire.TaskUpload{Lease: lease, Files: []wire.UploadFile{file}}); err != nil || len(urls.URLs) != 1 {
		t.Fatalf("the upload: %v", err)
	}
	c.Frames[0].Extras = []proof.Extra{{Name: file.Name, Digest: proof.Digest(digest)}}
	b.sign(w, &c)
	if _, err := b.Commit(ctx, w.Address(), c); err == nil || !strings.Contains(err.Error(), "depth/0001.exr") {
		t.Fatalf("without the file: %v", err)
	}
	other := file
	other.Digest = strings.Repeat("1", 64)
	swapped := c
	swapped.Files = append(slices.Clone(c.Files), other)
	if _, err := b.Commit(ctx, w.Address(), swapped); err == nil || !strings.Contains(err.Error(), "another digest") {
		t.Fatalf("with another file of the name: %v", err)
	}
	c.Files = append(c.Files, file)
	if _, err := b.Commit(ctx, w.Address(), c); err == nil || !strings.Contains(err.Error(), "not in the store") {
		t.Fatalf("before its upload: %v", err)
	}
	key := FrameKey(b.job.ID, lease, file)
	if err := b.options.Blobs.Put(ctx, key, bytes.NewReader(body), file.Size, digest); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(ctx, w.Address(), c); err != nil {
		t.Fatal(err)
	}
	b.view(func(tx store.Tx) error {
		frames, err := tx.FrameSet(b.job.ID, []int{1, 2})
		if err == nil && (len(frames[0].Extras) != 1 || frames[0].Extras[0] != (job.Extra{Name: file.Name, Object: key, Size: file.Size, Digest: file.Digest}) || frames[1].Extras != nil) {
			t.Errorf("the further files are %+v and %+v", frames[0].Extras, frames[1].Extras)
		}
		return err
	})
}

// TestTakeBack: what a wrangler takes back is in the queue again at once, with nobody to blame.
func TestTakeBack(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	w, s := b.node()
	lease := b.offer(w.Address())
	take := func(frames ...int) error {
		changes := &notify.Changes{Now: b.options.Clock}
		var out Outcome
		err := b.db.Update(ctx, func(tx store.Tx) (err error) {
			out, err = b.TakeBack(tx, changes, b.job, frames, "stuck")
			return err
		})
		if err == nil {
			b.Finish(changes, out)
		}
		return err
	}
	if err := take(99); err == nil {
		t.Error("a frame of nobody was taken back")
	}
	if err := take(3); err != nil || b.task().State != job.TaskLeased {
		t.Errorf("a waiting frame: %v, %s", err, b.task().State)
	}
	if err := take(2); err != nil || b.task().State != job.TaskWaiting || b.task().Failures != 0 {
		t.Errorf("a leased frame: %v, %+v", err, b.task())
	}
	if a := b.attempt(lease); a.Kind != job.FailSuperseded || !slices.Contains(s.pushed, wire.TypeLeaseRevoke) {
		t.Errorf("the attempt is %s, %s; told %v", a.State, a.Kind, s.pushed)
	}
	lease = b.offer(w.Address())
	if _, err := b.Commit(ctx, w.Address(), b.commit(w, lease, honest)); err != nil {
		t.Fatal(err)
	}
	var e *wire.Error
	if err := take(1); !errors.As(err, &e) || e.Code != wire.CodeConflict || !strings.Contains(e.Message, "rendered already") {
		t.Errorf("a rendered frame: %v", err)
	}
	if err := take(1, 3); !errors.As(err, &e) || !strings.HasPrefix(e.Message, "frame 1:") {
		t.Errorf("a rendered frame and one that waits: %v", err)
	}
	if err := b.db.Update(ctx, func(tx store.Tx) error {
		return errors.Join(tx.MoveFrames(b.job.ID, []int{1}, job.FrameUploaded, job.FrameVerified, func(f *job.Frame) { f.Verdict, f.Verifier = "pass", "0xV" }), tx.MoveFrames(b.job.ID, []int{1}, job.FrameVerified, job.FrameDelivered, nil))
	}); err != nil {
		t.Fatal(err)
	}
	if err := take(1, 3); !errors.As(err, &e) || e.Message != "frame 1: delivered already" || !strings.Contains(e.Next, "heliostat job retry "+b.job.ID) {
		t.Errorf("a delivered frame and one that waits: %v", err)
	}
	if err := take(); err != nil || b.task().State != job.TaskCommitted {
		t.Errorf("everything: %v, %s", err, b.task().State)
	}
}

// TestOutOfMemory: what doesn't fit goes on where there is more, and the job ends with the reason
// where there is no more.
func TestOutOfMemory(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	sized := func(name string, memory int64) {
		b.worker(name, true)
		m, _ := b.nodes.Member(job.RoleWorker, name)
		m.Capabilities.Memory = memory
		b.nodes.Ready(fleetOf(m))
		if err := b.db.Update(ctx, func(tx store.Tx) error {
			_, err := tx.PutNode(name, func(n *store.Node) { n.Capabilities = m.Capabilities })
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	sized("0xSmall", 8<<30)
	sized("0xBig", 32<<30)
	fail := func(task int, worker string) *store.Job {
		t.Helper()
		if taken, err := b.Offer(ctx, b.tasks[task].ID, worker); !taken || err != nil {
			t.Fatalf("offer: %v, %v", taken, err)
		}
		if err := b.Fail(ctx, worker, wire.TaskFail{Lease: b.leaseOf(worker), Kind: job.FailMemory, Cause: "out of memory", Log: strings.Repeat("x", 2000) + "\nCalloc returns null"}); err != nil {
			t.Fatal(err)
		}
		var j *store.Job
		b.view(func(tx store.Tx) (err error) { j, err = tx.Job(b.job.ID); return err })
		return j
	}
	if j := fail(0, "0xSmall"); j.Needs.Memory != 0 {
		t.Errorf("after one task the job needs %+v", j.Needs)
	}
	if j := fail(1, "0xSmall"); j.Needs.Memory != 8<<30+1 {
		t.Errorf("after two tasks the job needs %+v", j.Needs)
	}
	if j := fail(0, "0xBig"); j.State != job.Rendering || j.Needs.Memory != 8<<30+1 {
		t.Errorf("after the big one the job is %s and needs %+v", j.State, j.Needs)
	}
	j := fail(0, "0xBig")
	if j.State != job.Failed || !strings.Contains(j.Cause, "failed the same way on 2 workers: out of memory; make the scene smaller and submit it again, or connect a worker with more memory and `heliostat job retry "+j.ID) {
		t.Errorf("after the big one failed twice the job is %s: %s", j.State, j.Cause)
	}
	b.view(func(tx store.Tx) error {
		events, err := tx.Events(b.job.ID, 100)
		var seen []string
		for _, e := range events {
			seen = append(seen, e.What+": "+e.Text)
		}
		all := strings.Join(seen, "\n")
		if !strings.Contains(all, "log: Calloc returns null") || !strings.Contains(all, "needs more memory: 2 tasks didn't fit into 8 GiB") {
			t.Errorf("the history is\n%s", all)
		}
		return err
	})
}

// TestSuspend: a job that renders is paused with the cause, any other stays as it is.
func TestSuspend(t *testing.T) {
	b := newBench(t)
	for range 2 {
		if err := b.Suspend(context.Background(), b.job.ID, "what it needs failed"); err != nil {
			t.Fatal(err)
		}
	}
	b.view(func(tx store.Tx) error {
		j, err := tx.Job(b.job.ID)
		if err == nil && (j.State != job.Paused || j.Cause != "what it needs failed") {
			t.Errorf("the job is %s: %q", j.State, j.Cause)
		}
		return err
	})
}

// TestScoutsAskForRelease: the last scout frame that passes tells what the job will take.
func TestScoutsAskForRelease(t *testing.T) {
	b := newBench(t)
	j := b.scoutJob()
	done := func(task *job.Task) string {
		t.Helper()
		changes := &notify.Changes{Now: b.options.Clock}
		text := ""
		if err := b.db.Update(context.Background(), func(tx store.Tx) error {
			for _, step := range [][2]job.TaskState{{job.TaskWaiting, job.TaskLeased}, {job.TaskLeased, job.TaskCommitted}, {job.TaskCommitted, job.TaskVerifying}, {job.TaskVerifying, job.TaskDone}} {
				if _, err := tx.MoveTask(task.ID, []job.TaskState{step[0]}, step[1], nil); err != nil {
					return err
				}
			}
			if err := tx.MoveFrames(j.ID, task.Frames, job.FramePending, job.FrameUploaded, func(f *job.Frame) { f.Seconds = 30 }); err != nil {
				return err
			}
			if err := b.Done(tx, changes, task.ID); err != nil {
				return err
			}
			events, err := tx.Events(j.ID, 10)
			for _, e := range events {
				text += e.What + ": " + e.Text
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return text
	}
	var tasks []*job.Task
	b.view(func(tx store.Tx) (err error) { tasks, err = tx.Tasks(j.ID); return err })
	if text := done(tasks[0]); text != "" {
		t.Errorf("after the first: %q", text)
	}
	if text := done(tasks[3]); text != "" {
		t.Errorf("after one that is no scout: %q", text)
	}
	done(tasks[1])
	if text := done(tasks[2]); !strings.Contains(text, "scouted: frames 1, 5, 10: ") || !strings.Contains(text, "job release "+j.ID) || !strings.Contains(text, "10 work units (8.") {
		t.Errorf("after the last: %q", text)
	}
}

func fleetOf(m fleet.Member) fleet.Announcement {
	return fleet.Announcement{Role: job.RoleWorker, Address: m.Address, Session: m.Session, Capabilities: m.Capabilities, Free: 1}
}

// scoutJob adds a job of ten frames whose first, middle and last go first, with three units rendered.
func (b *bench) scoutJob() *store.Job {
	b.t.Helper()
	j := &store.Job{Job: b.job.Job, Request: "scout", Key: b.job.Key}
	j.ID, j.State, j.Scout, j.Frames = store.NewID("j"), job.Draft, true, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	if err := b.db.Update(context.Background(), func(tx store.Tx) error {
		if err := tx.AddJob(j); err != nil {
			return err
		}
		for i, frames := range [][]int{{1}, {5}, {10}, {2, 3, 4}, {6, 7, 8, 9}} {
			t := &job.Task{ID: store.NewID("t"), Job: j.ID, Index: i, State: job.TaskWaiting, Frames: frames, Scout: i < 3}
			if err := tx.AddTasks([]*job.Task{t}); err != nil {
				return err
			}
			for _, f := range frames {
				if err := tx.AddFrames([]*job.Frame{{Job: j.ID, Number: f, State: job.FramePending, Task: t.ID, Price: 1}}); err != nil {
					return err
				}
			}
		}
		_, err := tx.EditJob(j.ID, func(j *store.Job) { j.Units, j.Seconds, j.RendFrames = 3, 90, 3 })
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	return j
}
