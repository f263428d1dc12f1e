package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/retain"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const stranger = "0x742d35Cc6634C0532925a3b844Bc454e4438f44e"

// chunk is the n-th of a stranger's.
func chunk(n int) (wire.Chunk, []byte) {
	body := fmt.Append(nil, "sealed chunk ", n)
	id, digest := sha256.Sum256(fmt.Append(nil, n)), sha256.Sum256(body)
	return wire.Chunk{ID: hex.EncodeToString(id[:]), Size: int64(len(body)), Digest: hex.EncodeToString(digest[:])}, body
}

func (d *desk) put(key string, body []byte) {
	d.t.Helper()
	if err := d.options.Blobs.Put(d.t.Context(), key, bytes.NewReader(body), int64(len(body)), sha256.Sum256(body)); err != nil {
		d.t.Fatal(err)
	}
}

// upload offers n chunks from the first on, uploads what is asked for, and registers a package of them.
func (d *desk) upload(pkg string, first, n int) error {
	d.t.Helper()
	var list []wire.Chunk
	bodies := make(map[string][]byte)
	for i := range n {
		c, body := chunk(first + i)
		list = append(list, c)
		bodies[c.ID] = body
	}
	urls, err := d.Offer(d.t.Context(), stranger, wire.PackageOffer{Chunks: list})
	if err != nil {
		return err
	}
	for i, c := range list {
		if urls.URLs[i].URL != "" {
			d.put(lease.ChunkKey(stranger, c.ID), bodies[c.ID])
		}
	}
	manifest := []byte("manifest of " + pkg)
	digest := sha256.Sum256(manifest)
	if _, err := d.Seal(d.t.Context(), stranger, wire.PackageSeal{Package: pkg, Size: int64(len(manifest)), Digest: hex.EncodeToString(digest[:])}); err != nil {
		return err
	}
	d.put(lease.ManifestKey(pkg), manifest)
	return d.Finish(d.t.Context(), stranger, wire.PackageFinish{Package: pkg, Chunks: list, Bytes: 1, Files: 1})
}

// price asks for a quote of a package.
func (d *desk) price(pkg string) wire.JobQuote {
	d.t.Helper()
	d.n++
	draft := good()
	draft.Request, draft.Package = fmt.Sprint("u", d.n), pkg
	q, err := d.Draft(d.t.Context(), stranger, draft)
	if err != nil {
		d.t.Fatal(err)
	}
	return q
}

func (d *desk) used() (total int64) {
	d.t.Helper()
	d.update(func(tx store.Tx) (err error) { total, err = tx.Unaccepted(stranger); return err })
	return total
}

// unacceptedDesk has room for ten objects of a stranger who accepts nothing.
func unacceptedDesk(t *testing.T) *desk {
	d := newDesk(t)
	d.now = time.Now() // the blob folder's
	d.options.Unaccepted = 10*leastObject + 10*chunkRow
	return d
}

func packageID(n int) string { return strings.Repeat(fmt.Sprintf("%02x", n), 32) }

// TestWhoAcceptsNothingStoresLittle: an artist that pays for nothing can't fill the store; what is accepted doesn't count.
func TestWhoAcceptsNothingStoresLittle(t *testing.T) {
	d := unacceptedDesk(t)
	if err := d.upload(packageID(1), 0, 5); err != nil {
		t.Fatal(err)
	}
	first := d.used()
	if first != 6*leastObject+5*chunkRow {
		t.Errorf("five chunks and a manifest count %d", first)
	}
	err := d.upload(packageID(2), 100, 5)
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != wire.CodeLimit || !strings.Contains(e.Message, "2 MiB of your scenes are stored here without a quote that you accepted, this would add 2 MiB; the limit is 3 MiB") || !strings.Contains(e.Next, "heliostat job cancel") {
		t.Errorf("beyond the limit: %v", err)
	}
	if d.used() != first {
		t.Errorf("what was refused counts: %d, not %d", d.used(), first)
	}
	// What the store has, and what was signed before, is asked for again without counting again.
	if _, err := d.Offer(t.Context(), stranger, wire.PackageOffer{Chunks: []wire.Chunk{first100()}}); err != nil {
		t.Fatal(err)
	}
	once := d.used()
	if _, err := d.Offer(t.Context(), stranger, wire.PackageOffer{Chunks: []wire.Chunk{first100()}}); err != nil || d.used() != once || once != first+leastObject {
		t.Errorf("offered twice it counts %d, once %d, %v", d.used(), once, err)
	}
	// A quote that is accepted makes room, for the same artist only.
	q := d.price(packageID(1))
	if j, err := d.Fund(t.Context(), stranger, wire.JobFund{Job: q.Job.ID, Quote: q.Quote.ID}); err != nil || j.State != job.Rendering {
		t.Fatalf("accepting: %v", err)
	}
	if d.used() != leastObject {
		t.Errorf("after the acceptance %d bytes count", d.used())
	}
	// An edited scene shares chunks with what was accepted: only the new ones count.
	if err := d.upload(packageID(2), 3, 5); err != nil {
		t.Errorf("after the acceptance: %v", err)
	}
	if now := d.used(); now < 5*leastObject || now > 5*leastObject+5*chunkRow {
		t.Errorf("three new chunks, a manifest and what was only offered count %d", now)
	}
}

func first100() wire.Chunk { c, _ := chunk(100); return c }

// TestManifestsAndRowsCount: what has no new chunk still takes room, in the store and in the database.
func TestManifestsAndRowsCount(t *testing.T) {
	d := unacceptedDesk(t)
	n := 0
	for ; n < 20; n++ {
		if err := d.upload(packageID(n), 0, 2); err != nil {
			break
		}
	}
	if n < 5 || n > 8 {
		t.Errorf("%d packages of the same chunks were taken", n)
	}
	if _, err := d.Seal(t.Context(), stranger, wire.PackageSeal{Package: packageID(99), Size: maxManifest, Digest: packageID(3)}); code(err) != wire.CodeLimit {
		t.Errorf("a manifest of a gigabyte: %v", err)
	}
}

// TestCancelledDraftsMakeRoom once the sweep has removed what they kept.
func TestCancelledDraftsMakeRoom(t *testing.T) {
	d := unacceptedDesk(t)
	sweep := func() {
		t.Helper()
		if err := retain.New(retain.Options{Store: d.db, Blobs: d.options.Blobs, KeepPackages: 90 * 24 * time.Hour, Clock: func() time.Time { return d.now }, Log: d.options.Log}).Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.upload(packageID(1), 0, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Offer(t.Context(), stranger, wire.PackageOffer{Chunks: []wire.Chunk{first100()}}); err != nil { // and never uploads it
		t.Fatal(err)
	}
	one, other := d.price(packageID(1)), d.price(packageID(1))
	cancel := func(id string) {
		t.Helper()
		if _, err := d.Cancel(t.Context(), id, "not needed"); err != nil {
			t.Fatal(err)
		}
	}
	cancel(one.Job.ID)
	d.now = d.now.Add(30 * time.Hour)
	sweep()
	if now := d.used(); now < 6*leastObject || now > 6*leastObject+5*chunkRow {
		t.Errorf("another draft needs the package, and %d bytes count", now)
	}
	d.now = d.now.Add(-30 * time.Hour)
	cancel(other.Job.ID)
	sweep()
	if d.used() < 6*leastObject {
		t.Error("what lies in the store still doesn't count any more")
	}
	d.now = d.now.Add(30 * time.Hour)
	sweep()
	if d.used() != 0 {
		t.Errorf("a day after its drafts were cancelled %d bytes count", d.used())
	}
	c, _ := chunk(0)
	if _, err := d.options.Blobs.Stat(t.Context(), lease.ChunkKey(stranger, c.ID)); err == nil {
		t.Error("the chunk is there still")
	}
	if err := d.upload(packageID(2), 0, 5); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestRefusedOffersKeepNothing: who asks again and again while there is no room keeps the sweep away no longer than before.
func TestRefusedOffersKeepNothing(t *testing.T) {
	d := unacceptedDesk(t)
	d.options.Unaccepted = leastObject
	if _, err := d.Offer(t.Context(), stranger, wire.PackageOffer{Chunks: []wire.Chunk{first100()}}); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(time.Hour)
	c, _ := chunk(1)
	if _, err := d.Offer(t.Context(), stranger, wire.PackageOffer{Chunks: []wire.Chunk{c}}); code(err) != wire.CodeLimit {
		t.Errorf("without room: %v", err)
	}
	d.update(func(tx store.Tx) error {
		stale, err := retain.Stale(tx, stranger, d.now)
		if !stale {
			t.Error("the refused offer was noted")
		}
		return err
	})
}

// TestWithoutALimitNothingIsCounted: a farm without payments.
func TestWithoutALimitNothingIsCounted(t *testing.T) {
	d := unacceptedDesk(t)
	d.options.Unaccepted = 0
	for n := range 4 {
		if err := d.upload(packageID(n), 10*n, 5); err != nil {
			t.Fatal(err)
		}
	}
	if d.used() != 0 {
		t.Errorf("%d bytes count", d.used())
	}
}
