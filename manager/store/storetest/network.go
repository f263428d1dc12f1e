package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// testWishes: what an artist asks of a job comes back, and what may change does.
func testWishes(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 2)
	j.Needs = job.Needs{VRAM: 8 << 30, Memory: 1 << 34, Class: "gpu/optix", Region: "eu", Tags: []string{"a"}, Allow: []string{"0x1"}, Block: []string{"0x2"}}
	j.After, j.Scout, j.Tiles, j.ReleaseAfter = []string{"jbefore"}, true, 4, new(int64)
	before := Job("0xA", "before", 2)
	j.Origin = before.ID
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.AddJob(before), tx.AddJob(j)) })
	check := func(want store.Job) {
		t.Helper()
		view(t, s, func(tx store.Tx) error {
			list, err := tx.JobsFrom(before.ID)
			if err != nil || len(list) != 1 {
				t.Fatalf("%d jobs come from the first, %v", len(list), err)
			}
			got := list[0]
			if err == nil && (!reflect.DeepEqual(got.Needs, want.Needs) || !reflect.DeepEqual(got.After, want.After) || got.Scout != want.Scout || got.Released != want.Released || got.Tiles != want.Tiles ||
				!reflect.DeepEqual(got.ReleaseAfter, want.ReleaseAfter) || got.ReleaseLeft != want.ReleaseLeft || got.ReleaseAt != want.ReleaseAt || got.Priority != want.Priority || got.Rush != want.Rush || got.RushReason != want.RushReason || got.ID != want.ID || got.Origin != want.Origin) {
				t.Errorf("the job came back as %+v", got)
			}
			return err
		})
	}
	check(*j)
	j.Needs.VRAM, j.Released, j.Priority, j.After, j.ReleaseLeft, j.ReleaseAt, j.Rush, j.RushReason = 16<<30, true, 77, nil, 5, 6, 1<<40, "dailies at noon"
	update(t, s, func(tx store.Tx) error {
		_, err := tx.EditJob(j.ID, func(e *store.Job) {
			e.Needs.VRAM, e.Released, e.Priority, e.After, e.ReleaseLeft, e.ReleaseAt, e.Rush, e.RushReason = 16<<30, true, 77, nil, 5, 6, 1<<40, "dailies at noon"
			e.Tiles, e.Scout, e.ReleaseAfter, e.Origin = 9, false, nil, "" // fixed
		})
		return err
	})
	check(*j)
}

func testTiles(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 4)
	tile := &job.Task{ID: store.NewID("t"), Job: j.ID, Index: 0, State: job.TaskWaiting, Frames: []int{1}, Kind: job.TaskTile, Border: &job.Border{X: 1, Y: 2, W: 3, H: 4}}
	whole := &job.Task{ID: store.NewID("t"), Job: j.ID, Index: 1, State: job.TaskWaiting, Frames: []int{1, 2, 3, 4}, Scout: true}
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.AddJob(j), tx.AddTasks([]*job.Task{tile, whole})) })
	// A task that was partly committed keeps those frames and gives the rest to a new one.
	rest := &job.Task{ID: store.NewID("t"), Job: j.ID, Index: 2, State: job.TaskWaiting, Frames: []int{3, 4}}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.MoveTask(whole.ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, func(k *job.Task) { k.Frames, k.Scout = []int{1, 2}, false })
		return errors.Join(err, tx.AddTasks([]*job.Task{rest}))
	})
	whole.Frames, whole.Scout, whole.State = []int{1, 2}, false, job.TaskLeased
	view(t, s, func(tx store.Tx) error {
		tasks, err := tx.Tasks(j.ID)
		if err == nil && !reflect.DeepEqual(tasks, []*job.Task{tile, whole, rest}) {
			t.Errorf("tasks %+v %+v %+v", *tasks[0], *tasks[1], *tasks[2])
		}
		waiting, e := tx.WaitingTasks(j.ID, 1)
		if e == nil && !reflect.DeepEqual(waiting, []*job.Task{tile}) {
			t.Errorf("waiting %+v", waiting)
		}
		got, e2 := tx.Job(j.ID)
		if e2 == nil && (got.TasksWaiting != 2 || got.TasksOpen != 3) {
			t.Errorf("%d waiting, %d open", got.TasksWaiting, got.TasksOpen)
		}
		return errors.Join(err, e, e2)
	})
}

// testCopies: at most one copy beside the first attempt, and one commit wins.
func testCopies(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 2)
	var first, second *store.Attempt
	update(t, s, func(tx store.Tx) error {
		tasks, err := Fill(tx, j)
		if err != nil {
			return err
		}
		first, second = Attempt(tasks[0], 1, "0xW"), Attempt(tasks[0], 2, "0xX")
		second.Copy, second.Manager = true, "m2"
		return errors.Join(tx.AddAttempt(first), tx.AddAttempt(second))
	})
	for _, third := range []bool{false, true} {
		a := *first
		a.ID, a.Number, a.Copy = store.NewID("a"), 3, third
		if err := s.Update(context.Background(), func(tx store.Tx) error { return tx.AddAttempt(&a) }); !errors.Is(err, store.ErrExists) {
			t.Errorf("a third attempt (copy %v): %v", third, err)
		}
	}
	commit := func(a *store.Attempt) error {
		return s.Update(context.Background(), func(tx store.Tx) error {
			_, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptCommitted, func(a *store.Attempt) {
				a.Commit = &wire.TaskCommit{Lease: a.ID}
				a.Frames, a.Seeds = a.Frames[:1], a.Seeds[:1]
			})
			return err
		})
	}
	if err := commit(second); err != nil {
		t.Fatal(err)
	}
	if err := commit(first); err == nil {
		t.Error("two commits of one task")
	}
	view(t, s, func(tx store.Tx) error {
		a, err := tx.Attempt(second.ID)
		if err == nil && (!a.Copy || a.Manager != "m2" || len(a.Frames) != 1 || len(a.Seeds) != 1) {
			t.Errorf("the copy came back as %+v", a)
		}
		return err
	})
}

func testAdoption(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 6)
	var held []*store.Attempt
	update(t, s, func(tx store.Tx) error {
		tasks, err := Fill(tx, j)
		if err != nil {
			return err
		}
		for i, manager := range []string{"alive", "dead", "never"} {
			a := Attempt(tasks[i], 1, "0xW")
			a.Manager, a.Created, a.Deadline = manager, int64(i), int64(10*i)
			held = append(held, a)
			if err := tx.AddAttempt(a); err != nil {
				return err
			}
		}
		return errors.Join(tx.PutManager(store.Manager{ID: "alive", Seen: 100}), tx.PutManager(store.Manager{ID: "dead", Seen: 49}))
	})
	update(t, s, func(tx store.Tx) error {
		got, err := tx.AdoptAttempts(50, "alive", 15)
		if err == nil && (len(got) != 2 || got[0].ID != held[1].ID || got[0].Deadline != 15 || got[1].ID != held[2].ID || got[1].Deadline != 20 || got[0].Manager != "alive") {
			t.Errorf("adopted %+v", got)
		}
		return err
	})
	update(t, s, func(tx store.Tx) error {
		again, err := tx.AdoptAttempts(50, "alive", 99)
		if len(again) != 0 {
			t.Errorf("adopted twice: %+v", again)
		}
		return err
	})
}

func testParts(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 2)
	update(t, s, func(tx store.Tx) error {
		if _, err := Fill(tx, j); err != nil {
			return err
		}
		if err := verify(tx, j, []int{1}); err != nil {
			return err
		}
		for part := range 3 {
			if err := tx.AddEntry(store.Entry{Job: j.ID, Frame: 1, Part: part, Role: job.RoleWorker, Node: fmt.Sprint("0x", part), Amount: 3}); err != nil {
				return err
			}
		}
		return nil
	})
	if err := s.Update(context.Background(), func(tx store.Tx) error {
		return tx.AddEntry(store.Entry{Job: j.ID, Frame: 1, Part: 2, Role: job.RoleWorker, Node: "0xZ", Amount: 3})
	}); !errors.Is(err, store.ErrExists) {
		t.Errorf("a part paid twice: %v", err)
	}
	update(t, s, func(tx store.Tx) error {
		entries, err := tx.Entries(j.ID)
		if err == nil && (len(entries) != 3 || entries[2].Part != 2 || entries[2].Node != "0x2") {
			t.Errorf("entries %+v", entries)
		}
		sum, e := tx.VoidEntries(j.ID, []int{1}, "claim")
		if sum != 9 {
			t.Errorf("voided %d", sum)
		}
		return errors.Join(err, e)
	})
}

func testStanding(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	want := store.Node{
		Address: "0xN", SealKey: []byte{1}, Roles: []job.Role{job.RoleWorker}, Passes: 3, Fails: 1, Seen: 5,
		Capabilities: job.Capabilities{Name: "n", VRAM: 9, Region: "eu", Tags: []string{"x"}},
		Standing:     store.Standing{Trust: 0.25, At: 7, Verdicts: 3, Wrong: 1, Owner: "o", Slashed: 2},
	}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.PutNode("0xN", func(n *store.Node) { *n = want })
		return err
	})
	view(t, s, func(tx store.Tx) error {
		nodes, err := tx.Nodes()
		if err == nil && (len(nodes) != 1 || !reflect.DeepEqual(*nodes[0], want)) {
			t.Errorf("nodes %+v", nodes)
		}
		return err
	})
}

func testManagers(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	a, b := store.Manager{ID: "a", Address: "0x1", URL: "wss://a", Started: 2, Seen: 9}, store.Manager{ID: "b", Address: "0x2", URL: "wss://b", Started: 1, Seen: 3}
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.PutManager(a), tx.PutManager(b)) })
	back := a
	back.Seen = 4 // clocks may jump: what was seen stays seen
	update(t, s, func(tx store.Tx) error { return tx.PutManager(back) })
	view(t, s, func(tx store.Tx) error {
		list, err := tx.Managers()
		if err == nil && !reflect.DeepEqual(list, []store.Manager{b, a}) {
			t.Errorf("managers %+v", list)
		}
		return err
	})
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.DropManager("a"), tx.DropManager("a"), tx.DropManager("b"))
	})
	view(t, s, func(tx store.Tx) error {
		list, err := tx.Managers()
		if len(list) != 0 {
			t.Errorf("managers %+v", list)
		}
		return err
	})
}

func testTrail(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	for i := range 5 {
		update(t, s, func(tx store.Tx) error {
			return tx.AddDeed(store.Deed{Time: int64(i), Who: "0xA", What: "job.cancel", Subject: fmt.Sprint(i), Detail: "d"})
		})
	}
	view(t, s, func(tx store.Tx) error {
		newest, err := tx.Deeds(0, 2)
		if err != nil || len(newest) != 2 || newest[0].Subject != "4" || newest[1].Subject != "3" {
			t.Fatalf("the newest deeds %+v, %v", newest, err)
		}
		older, err := tx.Deeds(newest[1].ID, 10)
		if err == nil && (len(older) != 3 || older[0].Subject != "2" || older[0].Who != "0xA" || older[0].What != "job.cancel" || older[0].Detail != "d" || older[0].Time != 2) {
			t.Errorf("older deeds %+v", older)
		}
		return err
	})
}

func testDepot(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	a := wire.Archive{Digest: "d1", Renderer: "blender", Version: "3.4.1", OS: "linux", Arch: "amd64", Name: "a.tar", Size: 5, Root: "r", Executable: "blender"}
	b := a
	b.Digest, b.Version = "d0", "3.4.0"
	renamed := a
	renamed.Name, renamed.Size = "b.tar", 7 // the digest says how big it is
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutArchive(a), tx.PutArchive(b), tx.PutArchive(renamed))
	})
	renamed.Size = 5
	view(t, s, func(tx store.Tx) error {
		list, err := tx.Archives()
		if err == nil && !reflect.DeepEqual(list, []wire.Archive{b, renamed}) {
			t.Errorf("archives %+v", list)
		}
		return err
	})
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.DropArchive("d0"), tx.DropArchive("d9")) })
	view(t, s, func(tx store.Tx) error {
		list, err := tx.Archives()
		if len(list) != 1 {
			t.Errorf("archives %+v", list)
		}
		return err
	})
}

func testFingerprints(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	f := store.Fingerprint{Hash: "h", Job: "j", Frame: 3, Attempt: "a", Worker: "0xW", Time: 8}
	other := store.Fingerprint{Hash: "h", Job: "j2", Frame: 1, Attempt: "b", Worker: "0xX", Time: 9}
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.AddFingerprint(f), tx.AddFingerprint(f), tx.AddFingerprint(other), tx.AddFingerprint(store.Fingerprint{Hash: "i", Attempt: "a"}))
	})
	view(t, s, func(tx store.Tx) error {
		list, err := tx.Fingerprints("h")
		if err == nil && !reflect.DeepEqual(list, []store.Fingerprint{f, other}) {
			t.Errorf("fingerprints %+v", list)
		}
		return err
	})
	old, young := store.Fingerprint{Hash: "look/b", Attempt: "a", Time: 1}, store.Fingerprint{Hash: "look/a", Attempt: "a", Time: 2}
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.AddFingerprint(old), tx.AddFingerprint(young), tx.AddFingerprint(store.Fingerprint{Hash: "look0", Attempt: "a"}), tx.AddFingerprint(store.Fingerprint{Hash: "look", Attempt: "a"}))
	})
	view(t, s, func(tx store.Tx) error {
		list, err := tx.NewestFingerprints("look/", 9)
		if err == nil && !reflect.DeepEqual(list, []store.Fingerprint{young, old}) {
			t.Errorf("fingerprints by prefix %+v", list)
		}
		one, err2 := tx.NewestFingerprints("look/", 1)
		if err2 == nil && !reflect.DeepEqual(one, []store.Fingerprint{young}) {
			t.Errorf("the newest fingerprint is %+v", one)
		}
		return errors.Join(err, err2)
	})
}

func testExtras(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 2)
	want := []job.Extra{{Name: "depth/1.exr", Object: "o", Size: 3, Digest: "d"}}
	update(t, s, func(tx store.Tx) error {
		if _, err := Fill(tx, j); err != nil {
			return err
		}
		return tx.MoveFrames(j.ID, []int{2}, job.FramePending, job.FrameUploaded, func(f *job.Frame) { f.Extras, f.Seconds = want, 1.5 })
	})
	view(t, s, func(tx store.Tx) error {
		frames, err := tx.Frames(j.ID)
		if err == nil && (len(frames) != 2 || frames[0].Extras != nil || !reflect.DeepEqual(frames[1].Extras, want) || frames[1].Seconds != 1.5) {
			t.Errorf("frames %+v", frames)
		}
		return err
	})
}

// testHostileText: what nodes report is stored, whatever bytes are in it.
func testHostileText(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 2)
	j.Name = "a'; DROP TABLE jobs; -- \x00 \xff ☀"
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.AddJob(j), tx.AddEvent(j.ID, wire.Event{Text: strings.Repeat("\x00\xc3", 9)}))
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Job(j.ID)
		if err == nil && got.Name != "a'; DROP TABLE jobs; -- \uFFFD \uFFFD ☀" {
			t.Errorf("the name came back as %q", got.Name)
		}
		_, e := tx.Events(j.ID, 1)
		return errors.Join(err, e)
	})
}

// testGoesOn: a row that exists, or that another had first, is an answer, after which the
// transaction goes on.
func testGoesOn(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	j := Job("0xA", "r", 2)
	update(t, s, func(tx store.Tx) error {
		if err := tx.AddJob(j); err != nil {
			return err
		}
		if err := tx.AddJob(j); !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("the second job: %w", err)
		}
		if _, err := tx.MoveJob(j.ID, []job.State{job.Quoted}, job.Funded, nil); !errors.Is(err, store.ErrLost) {
			return fmt.Errorf("a lost move: %w", err)
		}
		return tx.SetMeta("after", "x")
	})
	view(t, s, func(tx store.Tx) error {
		v, err := tx.Meta("after")
		if v != "x" {
			t.Errorf("what followed is %q", v)
		}
		return err
	})
}
