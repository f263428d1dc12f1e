package lease

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// further is the n-th further file of a frame, of a size.
func further(n int, size int64) wire.UploadFile {
	digest := sha256.Sum256(fmt.Append(nil, n))
	return wire.UploadFile{Frame: 1, Kind: KindExtra, Name: fmt.Sprintf("pass%d.exr", n), Ext: ".exr", Size: size, Digest: hex.EncodeToString(digest[:])}
}

// announce asks to upload files and returns the refusal, nil for none.
func (b *bench) announce(worker, lease string, files ...wire.UploadFile) *wire.Error {
	b.t.Helper()
	urls, err := b.Upload(context.Background(), worker, wire.TaskUpload{Lease: lease, Files: files})
	var e *wire.Error
	if err != nil && !errors.As(err, &e) || err == nil && len(urls.URLs) != len(files) {
		b.t.Fatalf("%d URLs for %d files, %v", len(urls.URLs), len(files), err)
	}
	return e
}

// fill announces further files of a size until one is refused, and returns the bytes that were signed.
func (b *bench) fill(worker, lease string, from int, size int64) (signed int64, e *wire.Error) {
	b.t.Helper()
	for n := from; n < from+10_000; n++ {
		if e = b.announce(worker, lease, further(n, size)); e != nil {
			return signed, e
		}
		signed += size
	}
	b.t.Fatalf("%d bytes were signed for a lease of small frames", signed)
	return 0, nil
}

// TestALeaseHasABudget: whoever holds a lease can't fill the store with what nobody asked for.
func TestALeaseHasABudget(t *testing.T) {
	b := newBench(t)
	b.worker("0xW", true)
	id := b.offer("0xW")
	most := budgetOf(b.job.Recipe, b.tasks[0], 2)
	const each = 8 << 20
	signed, e := b.fill("0xW", id, 0, each)
	if signed > most.Bytes || signed < most.Bytes-each {
		t.Errorf("%d bytes were signed, the budget is %d", signed, most.Bytes)
	}
	if e.Code != wire.CodeBadRequest || !strings.Contains(e.Message, `"pass`) || !strings.Contains(e.Message, "66 MiB in 1032 files at most, and 64 MiB in 8") {
		t.Errorf("the refusal is %s: %s", e.Code, e.Message)
	}
	if e := b.announce("0xW", id, further(0, each), further(1, each)); e != nil {
		t.Errorf("what was announced before: %v", e)
	}
	if e := b.announce("0xW", id, further(99_999, 1), further(99_998, each)); e == nil {
		t.Error("two files were signed, the second beyond the budget")
	}
	if e := b.announce("0xW", id, further(99_999, most.Bytes-signed)); e != nil {
		t.Errorf("what is left of the budget after a refusal of both: %v", e)
	}
}

// TestABudgetCountsObjects: empty names fill a store too.
func TestABudgetCountsObjects(t *testing.T) {
	b := newBench(t)
	b.worker("0xW", true)
	id := b.offer("0xW")
	signed, e := b.fill("0xW", id, 0, 1)
	if most := budgetOf(b.job.Recipe, b.tasks[0], 2); signed != int64(most.Objects) {
		t.Errorf("%d files were signed, %d are the most: %v", signed, most.Objects, e)
	}
}

// TestABudgetCountsTheLargest: a key has the first digits of the digest only, so that one byte announced for it mustn't pay for all that
// may be uploaded there.
func TestABudgetCountsTheLargest(t *testing.T) {
	b := newBench(t)
	b.worker("0xW", true)
	id := b.offer("0xW")
	most := budgetOf(b.job.Recipe, b.tasks[0], 2)

	for n := range 10_000 {
		large := further(n, 8<<20)
		small := large
		small.Size, small.Digest = 1, large.Digest[:16]+strings.Repeat("0", 48)
		if b.announce("0xW", id, small) != nil || b.announce("0xW", id, large) != nil {
			if signed := int64(n) * 8 << 20; signed > most.Bytes {
				t.Errorf("%d bytes were signed, the budget is %d", signed, most.Bytes)
			}
			return
		}
	}
	t.Fatal("what is announced under another digest isn't counted")
}

// TestABudgetOutlivesTheManager: what was uploaded counts though another process signed it, and going to and fro between two
// managers makes no new budget.
func TestABudgetOutlivesTheManager(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	b.worker("0xW", true)
	id := b.offer("0xW")
	body := bytes.Repeat([]byte("x"), 8<<20)
	digest := sha256.Sum256(body)
	file := wire.UploadFile{Frame: 1, Kind: KindExtra, Name: "z.exr", Ext: ".exr", Size: int64(len(body)), Digest: hex.EncodeToString(digest[:])}
	if err := b.options.Blobs.Put(ctx, FrameKey(b.job.ID, id, file), bytes.NewReader(body), file.Size, digest); err != nil {
		t.Fatal(err)
	}
	b.Keeper = New(b.options)
	if err := b.Adopt(ctx); err != nil {
		t.Fatal(err)
	}
	most := budgetOf(b.job.Recipe, b.tasks[0], 2)
	signed, _ := b.fill("0xW", id, 0, 8<<20)
	if signed+file.Size > most.Bytes {
		t.Errorf("%d bytes were signed beside %d in the store, the budget is %d", signed, file.Size, most.Bytes)
	}
	b.Forget([]string{id}) // another manager has it
	if e := b.announce("0xW", id, further(50_000, 8<<20)); e == nil {
		t.Error("signed anew once the lease was at another manager")
	}
	b.view(func(tx store.Tx) error {
		a, err := tx.Attempt(id)
		b.keep([]*store.Attempt{a})
		return err
	})
	if e := b.announce("0xW", id, further(50_000, 8<<20)); e == nil {
		t.Error("signed anew once the lease was back")
	}
	b.Forget([]string{id})
	b.now = b.now.Add(URLLife + time.Second)
	b.worker("0xW2", true)
	if taken, err := b.Offer(ctx, b.tasks[1].ID, "0xW2"); err != nil || !taken {
		t.Fatal(taken, err)
	}
	another := further(0, 1)
	another.Frame = 3
	if e := b.announce("0xW2", b.leaseOf("0xW2"), another); e != nil || len(b.accounts.of) != 1 {
		t.Errorf("%d accounts: those of leases that are elsewhere are kept for ever, %v", len(b.accounts.of), e)
	}
}

// TestABudgetCountsWhatCameElsewhere: a lease that was at another manager for a while comes back with what was uploaded there.
func TestABudgetCountsWhatCameElsewhere(t *testing.T) {
	b := newBench(t)
	b.worker("0xW", true)
	id := b.offer("0xW")
	if e := b.announce("0xW", id, further(0, 8<<20)); e != nil {
		t.Fatal(e)
	}
	b.Forget([]string{id})
	body := bytes.Repeat([]byte("y"), 8<<20)
	digest := sha256.Sum256(body)
	file := wire.UploadFile{Frame: 2, Kind: KindExtra, Name: "z.exr", Ext: ".exr", Size: int64(len(body)), Digest: hex.EncodeToString(digest[:])}
	if err := b.options.Blobs.Put(t.Context(), FrameKey(b.job.ID, id, file), bytes.NewReader(body), file.Size, digest); err != nil {
		t.Fatal(err)
	}
	b.view(func(tx store.Tx) error {
		a, err := tx.Attempt(id)
		b.keep([]*store.Attempt{a})
		return err
	})
	most := budgetOf(b.job.Recipe, b.tasks[0], 2)
	if signed, _ := b.fill("0xW", id, 1, 8<<20); signed+(16<<20) > most.Bytes {
		t.Errorf("%d bytes were signed beside 8 MiB from here and 8 MiB from there, the budget is %d", signed, most.Bytes)
	}
}

// TestNothingIsUploadedAfterTheCommit but what it names, for whoever hasn't heard the answer.
func TestNothingIsUploadedAfterTheCommit(t *testing.T) {
	b := newBench(t)
	w, _ := b.node()
	id := b.offer(w.Address())
	c := b.commit(w, id, honest)
	if _, err := b.Commit(context.Background(), w.Address(), c); err != nil {
		t.Fatal(err)
	}
	if e := b.announce(w.Address(), id, c.Files...); e != nil {
		t.Errorf("the commit's own files: %v", e)
	}
	if e := b.announce(w.Address(), id, further(0, 1)); e == nil || e.Code != wire.CodeConflict {
		t.Errorf("another file after the commit: %v", e)
	}
}

// TestBudgetsAreGenerous: what a heavy honest frame takes uncompressed, twice, fits.
func TestBudgetsAreGenerous(t *testing.T) {
	const w, h = 1920, 1080
	picture := int64(w * h * 16)
	for name, c := range map[string]struct {
		recipe job.Recipe
		need   int64
	}{
		"a PNG with its master and guides":            {job.Recipe{Width: w, Height: h, Format: "PNG"}, w*h*8 + w*h*20},
		"two layers of 25 passes":                     {job.Recipe{Width: w, Height: h, Format: "OPEN_EXR_MULTILAYER", ViewLayers: []string{"a", "b"}}, 51 * picture},
		"twenty outputs of the compositor":            {job.Recipe{Width: w, Height: h, Format: "OPEN_EXR", Compositing: true}, 23 * picture},
		"a stereo pair with a layer that has no name": {job.Recipe{Width: w, Height: h, Format: "OPEN_EXR_MULTILAYER"}, 60 * picture},
	} {
		if most := budgetOf(c.recipe, &job.Task{}, 1); most.Bytes < 2*c.need {
			t.Errorf("%s: %d bytes twice, the budget is %d", name, c.need, most.Bytes)
		}
	}
	tile := budgetOf(job.Recipe{Width: w, Height: h, Format: "PNG"}, &job.Task{Kind: job.TaskTile, Border: &job.Border{W: 64, H: 64}}, 1)
	if tile.Objects != 2 || tile.Bytes > 2*(frameRoom+64*64*16*4) {
		t.Errorf("a tile may upload %+v", tile)
	}
}
