package lease

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// still adds a job of one frame in two tiles.
func (b *bench) still() []*job.Task {
	b.t.Helper()
	j := &store.Job{Job: b.job.Job, Request: "still", Key: b.job.Key}
	j.ID, j.State, j.Tiles, j.Frames = store.NewID("j"), job.Draft, 2, []int{1}
	var tasks []*job.Task
	for i, border := range []job.Border{{W: 32, H: 36}, {X: 32, W: 32, H: 36}} {
		tasks = append(tasks, &job.Task{ID: store.NewID("t"), Job: j.ID, Index: i, State: job.TaskWaiting, Kind: job.TaskTile, Border: &border, Frames: []int{1}})
	}
	if err := b.db.Update(context.Background(), func(tx store.Tx) error {
		if err := tx.AddJob(j); err != nil {
			return err
		}
		if err := tx.AddTasks(tasks); err != nil {
			return err
		}
		if err := tx.AddFrames([]*job.Frame{{Job: j.ID, Number: 1, State: job.FramePending, Task: tasks[0].ID, Price: 12}}); err != nil {
			return err
		}
		for _, step := range [][2]job.State{{job.Draft, job.Quoted}, {job.Quoted, job.Funded}, {job.Funded, job.Rendering}} {
			if _, err := tx.MoveJob(j.ID, []job.State{step[0]}, step[1], nil); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.t.Fatal(err)
	}
	b.job, b.tasks = j, tasks
	return tasks
}

// tile is the commit of one tile, with its master in the store.
func (b *bench) tile(worker *identity.Identity, id string, border job.Border) wire.TaskCommit {
	b.t.Helper()
	a := b.attempt(id)
	body := []byte("master of " + id)
	digest := sha256.Sum256(body)
	file := wire.UploadFile{Frame: 1, Kind: KindMaster, Ext: ".exr", Size: int64(len(body)), Digest: hex.EncodeToString(digest[:])}
	if err := b.options.Blobs.Put(context.Background(), FrameKey(a.Job, a.ID, file), bytes.NewReader(body), file.Size, digest); err != nil {
		b.t.Fatal(err)
	}
	c := wire.TaskCommit{Lease: id, Files: []wire.UploadFile{file}, Frames: []proof.FrameCommit{{
		Frame: 1, W: border.W, H: border.H, Border: &border, FileDigest: proof.Digest(digest), MasterDigest: proof.Digest(digest), MasterRoot: proof.Digest{1},
		Activity: make([]byte, proof.TileCount(border.W, border.H)),
	}}, Stats: []wire.FrameStats{{Frame: 1, Seconds: 2}}}
	c.Receipt = receipt.Receipt{Attempt: id, Task: a.Task, Job: a.Job, Worker: worker.Address(), Renderer: b.job.Recipe.Renderer, Version: b.job.Recipe.Version,
		Recipe: receipt.RecipeHash(b.job.Recipe), Key: proof.KeyHash([32]byte(a.Key)), Started: 1, Finished: 2}
	b.sign(worker, &c)
	return c
}

// pass moves a committed task to its end, as manager/audit does.
func (b *bench) pass(task, attempt string) {
	b.t.Helper()
	changes := &notify.Changes{Now: b.options.Clock}
	if err := b.db.Update(context.Background(), func(tx store.Tx) error {
		if _, err := tx.MoveAttempt(attempt, []lifecycle.AttemptState{lifecycle.AttemptCommitted}, lifecycle.AttemptPassed, nil); err != nil {
			return err
		}
		for _, step := range [][2]job.TaskState{{job.TaskCommitted, job.TaskVerifying}, {job.TaskVerifying, job.TaskDone}} {
			if _, err := tx.MoveTask(task, []job.TaskState{step[0]}, step[1], nil); err != nil {
				return err
			}
		}
		return b.Done(tx, changes, task)
	}); err != nil {
		b.t.Fatal(err)
	}
}

// TestKinds: a commit says what it is of, so that nobody can hold it to something else.
func TestKinds(t *testing.T) {
	border := job.Border{X: 16, W: 16, H: 16}
	render, tile, joined := &job.Task{}, &job.Task{Kind: job.TaskTile, Border: &border}, &job.Task{Kind: job.TaskAssemble}
	whole, part, elsewhere, assembled := proof.FrameCommit{}, proof.FrameCommit{Border: &border}, proof.FrameCommit{Border: &job.Border{W: 16, H: 16}}, proof.FrameCommit{Assembled: true}
	for _, k := range []*job.Task{render, tile, joined} {
		for i, f := range []proof.FrameCommit{whole, part, assembled, elsewhere} {
			right := k == render && i == 0 || k == tile && i == 1 || k == joined && i == 2
			if why := checkKind(k, f); (why == "") != right {
				t.Errorf("a task %q and commitment %d: %q", k.Kind, i, why)
			}
		}
	}
}

// TestStillInTiles follows a still through the manager: tiles with one seed, then the assembly with
// the verified masters.
func TestStillInTiles(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	w, s := b.node()
	tiles := b.still()
	for i, tile := range tiles {
		if taken, err := b.Offer(ctx, tile.ID, w.Address()); !taken || err != nil {
			t.Fatal(taken, err)
		}
		offer := s.offers[i]
		if offer.Kind != job.TaskTile || offer.Border == nil || *offer.Border != *tile.Border || offer.Frames[0].Seed != s.offers[0].Frames[0].Seed {
			t.Errorf("the offer is %+v", offer)
		}
		id := b.leaseOf(w.Address())
		final := wire.UploadFile{Frame: 1, Kind: KindFinal, Ext: ".png", Size: 1, Digest: strings.Repeat("0", 64)}
		if _, err := b.Upload(ctx, w.Address(), wire.TaskUpload{Lease: id, Files: []wire.UploadFile{final}}); err == nil {
			t.Error("a final of a tile was taken")
		}
		c := b.tile(w, id, *tile.Border)
		if i == 1 {
			// A first try of the wrong size is the worker's failure, and costs it the lease.
			spoilt := b.tile(w, id, job.Border{W: 64, H: 36})
			if _, err := b.Commit(ctx, w.Address(), spoilt); err == nil || !strings.Contains(err.Error(), "isn't committed as the tile 32×36 at 32, 0") {
				t.Errorf("a tile of another size: %v", err)
			}
			if taken, err := b.Offer(ctx, tile.ID, w.Address()); !taken || err != nil {
				t.Fatal(taken, err)
			}
			if s.offers[2].Frames[0].Seed != offer.Frames[0].Seed {
				t.Error("the second attempt has another seed")
			}
			id = b.leaseOf(w.Address())
			c = b.tile(w, id, *tile.Border)
		}
		if _, err := b.Commit(ctx, w.Address(), c); err != nil {
			t.Fatal(err)
		}
		b.pass(tile.ID, id)
		b.view(func(tx store.Tx) error {
			tasks, err := tx.Tasks(b.job.ID)
			if len(tasks) != 2+i {
				t.Errorf("after tile %d there are %d tasks", i+1, len(tasks))
			}
			return err
		})
	}
	var assembly *job.Task
	b.view(func(tx store.Tx) error {
		tasks, err := tx.Tasks(b.job.ID)
		if err != nil {
			return err
		}
		assembly = tasks[len(tasks)-1]
		j, err := tx.Job(b.job.ID)
		if err != nil {
			return err
		}
		frames, err := tx.Frames(b.job.ID)
		if len(tasks) != 3 || assembly.Kind != job.TaskAssemble || assembly.Index != 2 || assembly.State != job.TaskWaiting || frames[0].Task != assembly.ID || frames[0].State != job.FramePending || j.Seconds != 4 || j.RendFrames != 0 {
			t.Errorf("the assembly is %+v, the frame %+v, %v seconds of %d frames", assembly, frames[0], j.Seconds, j.RendFrames)
		}
		return err
	})
	if taken, err := b.Offer(ctx, assembly.ID, w.Address()); !taken || err != nil {
		t.Fatal(taken, err)
	}
	offer := s.offers[len(s.offers)-1]
	if len(offer.Parts) != 2 || offer.Parts[1].Border != *tiles[1].Border || offer.Parts[0].Master == nil || offer.Parts[0].Master.Get.URL == "" || offer.Parts[0].Master.Digest == offer.Parts[1].Master.Digest || offer.Frames[0].Seed != s.offers[0].Frames[0].Seed {
		t.Errorf("the assembly's offer is %+v", offer)
	}
	id := b.leaseOf(w.Address())
	c := b.commit(w, id, honest)
	c.Frames[0].Assembled = true
	b.sign(w, &c)
	if _, err := b.Commit(ctx, w.Address(), c); err != nil {
		t.Fatal(err)
	}
	b.view(func(tx store.Tx) error {
		frames, err := tx.Frames(b.job.ID)
		if err == nil && (frames[0].State != job.FrameUploaded || frames[0].Attempt != id) {
			t.Errorf("the frame is %+v", frames[0])
		}
		audits, e := tx.AuditsIn(lifecycle.AuditWaiting)
		if !slices.ContainsFunc(audits, func(v *store.Audit) bool { return v.Attempt == id }) {
			t.Errorf("the assembly isn't checked: %v", audits)
		}
		return e
	})
	// A tile that is checked again, upon a claim, makes no second assembly.
	if err := b.db.Update(ctx, func(tx store.Tx) error { return b.Done(tx, &notify.Changes{Now: b.options.Clock}, tiles[0].ID) }); err != nil {
		t.Errorf("done again: %v", err)
	}
}
