// Package storetest is the suite that every store.Store passes.
//
// It is not the place for tests of one implementation.
//
// Receives: an opener of an implementation.
// Hands on: failures.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Open opens the store that lives in dir, new or not.
type Open func(t testing.TB, dir string) store.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	tests := []struct {
		name string
		fn   func(*testing.T, Open)
	}{
		{"RoundTrip", testRoundTrip},
		{"DraftOnce", testDraftOnce},
		{"FailedUpdateLeavesNothing", testRollback},
		{"LookSeesWhatIsKept", testLook},
		{"OneWinner", testOneWinner},
		{"Claims", testClaims},
		{"LifecycleHolds", testLifecycle},
		{"CountsAreTrue", testCounts},
		{"PaidOnce", testPaidOnce},
		{"Earned", testEarned},
		{"History", testHistory},
		{"FeesForConfirmedVerdicts", testFees},
		{"Listing", testListing},
		{"Outbox", testOutbox},
		{"Packages", testPackages},
		{"Unaccepted", testUnaccepted},
		{"Epochs", testEpochs},
		{"Wishes", testWishes},
		{"Tiles", testTiles},
		{"Copies", testCopies},
		{"Adoption", testAdoption},
		{"AuditsAdopted", testAuditsAdopted},
		{"AuditsInTurn", testAuditsInTurn},
		{"Retention", testRetention},
		{"Totals", testTotals},
		{"Parts", testParts},
		{"Backup", testBackup},
		{"Check", testCheck},
		{"Standing", testStanding},
		{"Managers", testManagers},
		{"Trail", testTrail},
		{"Depot", testDepot},
		{"Fingerprints", testFingerprints},
		{"Extras", testExtras},
		{"HostileText", testHostileText},
		{"GoesOnAfterARefusal", testGoesOn},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.fn(t, open) })
	}
}

// Job makes a quoted job's record with frames 1 to n.
func Job(owner, request string, n int) *store.Job {
	j := &store.Job{Job: job.Job{
		ID: store.NewID("j"), Owner: owner, Name: "shot 7", State: job.Draft, Package: "p",
		Recipe:   job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Width: 64, Height: 36, Samples: 4, Device: "CPU", Format: "PNG", MainFile: "a.blend"},
		Priority: 3, Deadline: 99, Created: 1234,
		Quote: job.Quote{PerFrame: 10, VerifyFee: 2, Price: job.Amount(12 * n), Ceiling: job.Amount(14 * n)},
	}, Request: request, Key: []byte("sealed"), MaxPrice: 500}
	for f := range n {
		j.Frames = append(j.Frames, f+1)
	}
	return j
}

// Fill adds the job with one task of two frames after the other, in rendering.
func Fill(tx store.Tx, j *store.Job) ([]*job.Task, error) {
	if err := tx.AddJob(j); err != nil {
		return nil, err
	}
	var tasks []*job.Task
	var frames []*job.Frame
	for i := 0; i < len(j.Frames); i += 2 {
		k := &job.Task{ID: store.NewID("t"), Job: j.ID, Index: i / 2, State: job.TaskWaiting, Frames: j.Frames[i:min(i+2, len(j.Frames))]}
		tasks = append(tasks, k)
		for _, f := range k.Frames {
			frames = append(frames, &job.Frame{Job: j.ID, Number: f, State: job.FramePending, Task: k.ID, Price: 12})
		}
	}
	if err := errors.Join(tx.AddTasks(tasks), tx.AddFrames(frames)); err != nil {
		return nil, err
	}
	for _, step := range [][2]job.State{{job.Draft, job.Quoted}, {job.Quoted, job.Funded}, {job.Funded, job.Rendering}} {
		if _, err := tx.MoveJob(j.ID, []job.State{step[0]}, step[1], nil); err != nil {
			return nil, err
		}
	}
	return tasks, nil
}

// Attempt makes a held attempt's record.
func Attempt(k *job.Task, number int, worker string) *store.Attempt {
	a := &store.Attempt{
		Attempt: job.Attempt{ID: store.NewID("a"), Task: k.ID, Job: k.Job, Number: number, Worker: worker, KeyHash: "h", Deadline: 5},
		State:   lifecycle.AttemptHeld, Frames: k.Frames, Key: make([]byte, 32), Created: int64(number), Class: "c",
	}
	for range k.Frames {
		a.Seeds = append(a.Seeds, 7)
	}
	return a
}

func update(t testing.TB, s store.Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s store.Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func testRoundTrip(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	j := Job("0xA", "r1", 5)
	var task *job.Task
	attempt := &store.Attempt{}
	commit := &wire.TaskCommit{Lease: "a1", Signature: []byte{1, 2}, Files: []wire.UploadFile{{Frame: 1, Kind: "final", Ext: ".png", Size: 9, Digest: "d"}}}
	audit := &store.Audit{ID: store.NewID("v"), State: lifecycle.AuditWaiting, Ordinal: 1, Created: 8}
	update(t, s, func(tx store.Tx) error {
		tasks, err := Fill(tx, j)
		if err != nil {
			return err
		}
		task = tasks[0]
		attempt = Attempt(task, 1, "0xW")
		audit.Attempt, audit.Task, audit.Job = attempt.ID, task.ID, j.ID
		if err := tx.AddAttempt(attempt); err != nil {
			return err
		}
		if _, err := tx.MoveAttempt(attempt.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptCommitted, func(a *store.Attempt) {
			a.Commit, a.Class = commit, "cpu/avx2"
		}); err != nil {
			return err
		}
		_, err = tx.EditJob(j.ID, func(j *store.Job) {
			j.Tx.Fund, j.Acceptance, j.Escrow, j.ClaimFrames = "0x1", []byte{9}, 70, []int{2, 3}
		})
		return errors.Join(err, tx.AddAudit(audit), tx.AddEvent(j.ID, wire.Event{Time: 1, What: "a", Text: "b", Node: "c"}))
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	defer s.Close()
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Job(j.ID)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(got.Recipe, j.Recipe) || !reflect.DeepEqual(got.Frames, j.Frames) || got.State != job.Rendering || got.Quote != j.Quote || got.Request != "r1" ||
			string(got.Key) != "sealed" || got.Tx.Fund != "0x1" || len(got.Acceptance) != 1 || got.Escrow != 70 || !reflect.DeepEqual(got.ClaimFrames, []int{2, 3}) || got.Priority != 3 || got.Deadline != 99 {
			t.Errorf("the job came back as %+v", got)
		}
		if got.TasksWaiting != 3 || got.TasksOpen != 3 || got.Counts.Pending != 5 {
			t.Errorf("counts %+v, %d waiting, %d open", got.Counts, got.TasksWaiting, got.TasksOpen)
		}
		a, err := tx.Attempt(attempt.ID)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(a.Commit, commit) || a.Class != "cpu/avx2" || !reflect.DeepEqual(a.Seeds, attempt.Seeds) || !reflect.DeepEqual(a.Frames, task.Frames) {
			t.Errorf("the attempt came back as %+v", a)
		}
		audits, err := tx.AuditsIn(lifecycle.AuditWaiting, lifecycle.AuditHeld)
		if err != nil {
			return err
		}
		if len(audits) != 1 || !reflect.DeepEqual(audits[0], audit) {
			t.Errorf("audits %+v", audits)
		}
		events, err := tx.Events(j.ID, 10)
		if len(events) != 1 || events[0].Text != "b" {
			t.Errorf("events %+v", events)
		}
		if _, missing := tx.Job("jnone"); !errors.Is(missing, store.ErrNotFound) {
			t.Errorf("a missing job: %v", missing)
		}
		return err
	})
}

func testDraftOnce(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	update(t, s, func(tx store.Tx) error { return tx.AddJob(Job("0xA", "same", 1)) })
	err := s.Update(context.Background(), func(tx store.Tx) error { return tx.AddJob(Job("0xA", "same", 1)) })
	if !errors.Is(err, store.ErrExists) {
		t.Fatalf("the second draft: %v", err)
	}
	update(t, s, func(tx store.Tx) error { return tx.AddJob(Job("0xB", "same", 1)) })
}

func testRollback(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 2)
	boom := errors.New("boom")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx store.Tx) error {
				if i%2 == 0 {
					return tx.SetMeta(fmt.Sprint(i), "x")
				}
				return errors.Join(tx.SetMeta(fmt.Sprint(i), "x"), tx.AddEvent(j.ID, wire.Event{}), boom)
			})
			if (i%2 == 1) != errors.Is(err, boom) {
				t.Errorf("update %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	view(t, s, func(tx store.Tx) error {
		for i := range 8 {
			v, err := tx.Meta(fmt.Sprint(i))
			if err != nil {
				return err
			}
			if (v == "x") != (i%2 == 0) {
				t.Errorf("setting %d is %q", i, v)
			}
		}
		return nil
	})
}

func testOneWinner(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 2)
	var task *job.Task
	update(t, s, func(tx store.Tx) error {
		tasks, err := Fill(tx, j)
		task = tasks[0]
		return err
	})
	var won, lost atomic.Int64
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx store.Tx) error {
				if _, err := tx.MoveTask(task.ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, nil); err != nil {
					return err
				}
				return tx.AddAttempt(Attempt(task, i+1, fmt.Sprint("0x", i)))
			})
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, store.ErrLost):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 31 {
		t.Fatalf("%d won, %d lost", won.Load(), lost.Load())
	}
}

func verify(tx store.Tx, j *store.Job, frames []int) error {
	if err := tx.MoveFrames(j.ID, frames, job.FramePending, job.FrameUploaded, func(f *job.Frame) { f.Worker, f.Object, f.Attempt = "0xW", "frame/x", "a" }); err != nil {
		return err
	}
	return tx.MoveFrames(j.ID, frames, job.FrameUploaded, job.FrameVerified, func(f *job.Frame) { f.Verdict, f.Verifier = "pass", "0xV" })
}

func testCounts(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 6)
	update(t, s, func(tx store.Tx) error {
		tasks, err := Fill(tx, j)
		if err != nil {
			return err
		}
		for _, step := range [][2]job.TaskState{{job.TaskWaiting, job.TaskLeased}, {job.TaskLeased, job.TaskCommitted}, {job.TaskCommitted, job.TaskVerifying}, {job.TaskVerifying, job.TaskDone}} {
			if _, err := tx.MoveTask(tasks[0].ID, []job.TaskState{step[0]}, step[1], func(k *job.Task) { k.Attempts = 1 }); err != nil {
				return err
			}
		}
		if err := verify(tx, j, []int{1, 2}); err != nil {
			return err
		}
		if err := tx.MoveFrames(j.ID, []int{1}, job.FrameVerified, job.FrameDelivered, nil); err != nil {
			return err
		}
		if err := tx.MoveFrames(j.ID, []int{3}, job.FramePending, job.FrameUploaded, nil); err != nil {
			return err
		}
		return errors.Join(tx.MoveFrames(j.ID, []int{3}, job.FrameUploaded, job.FrameRejected, func(f *job.Frame) { f.Rejects++; f.Cause = "noise" }),
			tx.MoveFrames(j.ID, []int{3}, job.FrameRejected, job.FramePending, nil))
	})
	// All or none.
	err := s.Update(context.Background(), func(tx store.Tx) error {
		return tx.MoveFrames(j.ID, []int{4, 1}, job.FramePending, job.FrameUploaded, nil)
	})
	if !errors.Is(err, store.ErrLost) {
		t.Errorf("moving frames of which one is elsewhere: %v", err)
	}
	// A frame can't be verified by its own worker.
	err = s.Update(context.Background(), func(tx store.Tx) error {
		if err := tx.MoveFrames(j.ID, []int{5}, job.FramePending, job.FrameUploaded, func(f *job.Frame) { f.Worker, f.Object = "0xW", "o" }); err != nil {
			return err
		}
		return tx.MoveFrames(j.ID, []int{5}, job.FrameUploaded, job.FrameVerified, func(f *job.Frame) { f.Verdict, f.Verifier = "pass", "0xW" })
	})
	if err == nil {
		t.Error("a worker verified its own frame")
	}
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Job(j.ID)
		if err != nil {
			return err
		}
		if got.Counts != (job.Counts{Pending: 4, Verified: 1, Delivered: 1, Rejected: 1}) || got.TasksWaiting != 2 || got.TasksOpen != 2 {
			t.Errorf("counts %+v, %d waiting, %d open", got.Counts, got.TasksWaiting, got.TasksOpen)
		}
		set, err := tx.FrameSet(j.ID, []int{3, 1})
		if err != nil {
			return err
		}
		if len(set) != 2 || set[0].Number != 1 || set[1].Rejects != 1 || set[1].Cause != "noise" || set[1].State != job.FramePending {
			t.Errorf("frames %+v", set)
		}
		return nil
	})
}

func testListing(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	var ids []string
	for i := range 7 {
		j := Job([]string{"0xA", "0xB"}[i%2], fmt.Sprint(i), 1)
		ids = append(ids, j.ID)
		update(t, s, func(tx store.Tx) error { return tx.AddJob(j) })
	}
	view(t, s, func(tx store.Tx) error {
		list, err := tx.ListJobs(store.JobQuery{Owner: "0xA", Limit: 2})
		if err != nil {
			return err
		}
		if len(list) != 2 || list[0].ID != ids[6] || list[1].ID != ids[4] {
			t.Errorf("the first page is wrong: %v", list)
		}
		if list, err = tx.ListJobs(store.JobQuery{Owner: "0xA", Before: ids[4], Limit: 9}); err != nil {
			return err
		}
		if len(list) != 2 || list[0].ID != ids[2] {
			t.Errorf("the second page is wrong: %v", list)
		}
		list, err = tx.ListJobs(store.JobQuery{Limit: 100})
		if len(list) != 7 {
			t.Errorf("%d of 7 jobs", len(list))
		}
		return err
	})
	update(t, s, func(tx store.Tx) error {
		_, e1 := tx.MoveJob(ids[6], []job.State{job.Draft}, job.Cancelled, nil)
		_, e2 := tx.MoveJob(ids[1], []job.State{job.Draft}, job.Cancelled, nil)
		return errors.Join(e1, e2)
	})
	view(t, s, func(tx store.Tx) error {
		for owner, want := range map[string][]string{"": {ids[5], ids[4], ids[3], ids[2], ids[0]}, "0xA": {ids[4], ids[2], ids[0]}} {
			list, err := tx.ListJobs(store.JobQuery{Owner: owner, Going: true, Limit: 9})
			if err != nil {
				return err
			}
			var got []string
			for _, j := range list {
				got = append(got, j.ID)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("going of %q: %v, want %v", owner, got, want)
			}
		}
		return nil
	})
}

func testOutbox(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	add := func(ref string) error {
		return s.Update(context.Background(), func(tx store.Tx) error {
			return tx.AddOp(&store.Op{Kind: "fund", Ref: ref, Body: []byte(`{"a":1}`)})
		})
	}
	if err := errors.Join(add("1"), add("2")); err != nil {
		t.Fatal(err)
	}
	if err := add("1"); !errors.Is(err, store.ErrExists) {
		t.Errorf("an entry twice: %v", err)
	}
	update(t, s, func(tx store.Tx) error {
		ops, err := tx.PendingOps()
		if err != nil {
			return err
		}
		if len(ops) != 2 || ops[0].Ref != "1" || string(ops[1].Body) != `{"a":1}` {
			t.Errorf("pending %+v", ops)
		}
		_, err = tx.EditOp(ops[0].ID, func(o *store.Op) { o.State, o.Tx = store.OpDone, "0x1" })
		return err
	})
	view(t, s, func(tx store.Tx) error {
		ops, err := tx.PendingOps()
		if len(ops) != 1 || ops[0].Ref != "2" {
			t.Errorf("pending %+v", ops)
		}
		done, err2 := tx.Op("fund", "1")
		if err2 == nil && (done.State != store.OpDone || done.Tx != "0x1") {
			t.Errorf("done %+v", done)
		}
		return errors.Join(err, err2)
	})
}

func testPackages(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	chunks := []wire.Chunk{{ID: "c1", Size: 5, Digest: "d1"}, {ID: "c2", Size: 6, Digest: "d2"}}
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutPackage(&store.Package{ID: "p", Owner: "0xA", Size: 3, Digest: "x", Created: 1}), tx.AddChunks("p", chunks), tx.AddChunks("p", chunks[:1]), tx.FinishPackage("p", 77, 2))
	})
	view(t, s, func(tx store.Tx) error {
		p, err := tx.Package("p")
		if err != nil {
			return err
		}
		if !p.Ready || p.Bytes != 77 || p.Files != 2 || p.Owner != "0xA" {
			t.Errorf("package %+v", p)
		}
		found, err := tx.Chunks("p", []string{"c2", "c9"})
		if len(found) != 1 || found["c2"] != chunks[1] {
			t.Errorf("chunks %+v", found)
		}
		n, err2 := tx.ChunkCount("p")
		if n != 2 {
			t.Errorf("%d chunks", n)
		}
		return errors.Join(err, err2)
	})
	// Each submission makes a package of its own; what it is of may be the same.
	others := map[string]struct {
		bytes  int64
		chunks []wire.Chunk
		same   bool
	}{
		"again": {77, chunks, true}, "painted": {77, append(chunks[:1:1], wire.Chunk{ID: "c3", Size: 6, Digest: "d3"}), false},
		"grown": {78, append(chunks[:2:2], wire.Chunk{ID: "c3", Size: 1, Digest: "d3"}), false}, "more of the same": {88, chunks, false}, "less": {77, chunks[:1], false},
	}
	update(t, s, func(tx store.Tx) (err error) {
		for id, o := range others {
			err = errors.Join(err, tx.PutPackage(&store.Package{ID: id, Owner: "0xA", Size: 3, Digest: "x", Created: 1}), tx.AddChunks(id, o.chunks), tx.FinishPackage(id, o.bytes, 2))
		}
		return errors.Join(err, tx.PutPackage(&store.Package{ID: "underway", Owner: "0xA", Size: 3, Digest: "x", Created: 1}), tx.AddChunks("underway", chunks))
	})
	view(t, s, func(tx store.Tx) error {
		for id, o := range others {
			one, err := tx.SameChunks("p", id)
			two, err2 := tx.SameChunks(id, "p")
			if err != nil || err2 != nil || one != o.same || two != o.same {
				t.Errorf("%q is the same as p: %v and %v, want %v; %v, %v", id, one, two, o.same, err, err2)
			}
		}
		for _, id := range []string{"underway", "nowhere"} {
			if same, err := tx.SameChunks("p", id); err != nil || same {
				t.Errorf("%q is the same as p: %v, %v", id, same, err)
			}
		}
		return nil
	})
}
