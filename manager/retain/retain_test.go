package retain_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/intake"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/retain"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const owner = "0x742d35Cc6634C0532925a3b844Bc454e4438f44e"

type rig struct {
	t     *testing.T
	db    store.Store
	blobs *dir.Store
	swept map[string]int64 // removed bytes by kind
}

func start(t *testing.T) *rig {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	blobs, err := dir.Open(dir.Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	return &rig{t: t, db: db, blobs: blobs, swept: make(map[string]int64)}
}

func (r *rig) keeper(after, keepFrames, keepPackages time.Duration, edits ...func(*retain.Options)) *retain.Keeper {
	options := retain.Options{
		Store: r.db, Blobs: r.blobs, KeepFrames: keepFrames, KeepPackages: keepPackages, Every: time.Hour, Clock: func() time.Time { return time.Now().Add(after) },
		Log: slog.New(slog.DiscardHandler), Swept: func(kind string, _ int, _, removed int64) { r.swept[kind] += removed },
	}
	for _, edit := range edits {
		edit(&options)
	}
	return retain.New(options)
}

func put(t testing.TB, s blob.Store, key string) {
	t.Helper()
	body := []byte(key)
	if err := s.Put(context.Background(), key, bytes.NewReader(body), int64(len(body)), sha256.Sum256(body)); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) there(key string) bool {
	_, err := r.blobs.Stat(context.Background(), key)
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		r.t.Fatal(err)
	}
	return err == nil
}

func (r *rig) view(fn func(tx store.Tx) error) {
	r.t.Helper()
	if err := r.db.View(context.Background(), fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) update(fn func(tx store.Tx) error) {
	r.t.Helper()
	if err := r.db.Update(r.t.Context(), fn); err != nil {
		r.t.Fatal(err)
	}
}

const day = 24 * time.Hour

func TestWhatNobodyNeedsGoes(t *testing.T) {
	r := start(t)
	live, over := storetest.Job(owner, "live", 2), storetest.Job(owner, "over", 2)
	used, unused := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	archive := strings.Repeat("ef", 32)
	r.update(func(tx store.Tx) error {
		for _, j := range []*store.Job{live, over} {
			if _, err := storetest.Fill(tx, j); err != nil {
				return err
			}
		}
		if _, err := tx.MoveJob(over.ID, []job.State{job.Rendering}, job.Cancelled, func(j *store.Job) { j.Finished = time.Now().UnixMilli() }); err != nil {
			return err
		}
		return errors.Join(
			tx.PutPackage(&store.Package{ID: used, Owner: owner, Size: 1, Digest: used, Created: time.Now().UnixMilli()}),
			tx.AddChunks(used, []wire.Chunk{{ID: used, Size: 1, Digest: used}}), tx.FinishPackage(used, 1, 1),
			tx.PutArchive(wire.Archive{Digest: archive, Renderer: "blender", Version: "1", OS: "linux", Arch: "amd64", Name: "x.zip", Size: 1, Executable: "x"}),
		)
	})
	keep := map[string]bool{
		lease.ChunkKey(owner, used):            true,
		lease.ChunkKey(owner, unused):          false,
		lease.ManifestKey(used):                true,
		lease.ManifestKey(unused):              false,
		"frame/" + live.ID + "/a1/1-final.png": true,
		"frame/" + over.ID + "/a1/1-final.png": false,
		"frame/jnosuchjob/a1/1-final.png":      false,
		"evidence/case-a1-0123.json":           true,
		"evidence/vnosuchaudit-0123.json":      true,
		"depot/" + archive:                     true,
		"depot/" + unused:                      false,
		"somebody/elses":                       true,
	}
	for key := range keep {
		put(t, r.blobs, key)
	}
	check := func(when string, want func(keep bool) bool) {
		t.Helper()
		for key, k := range keep {
			if r.there(key) != want(k) {
				t.Errorf("%s: %s is there: %v", when, key, r.there(key))
			}
		}
	}
	if err := r.keeper(time.Hour, 10*day, 30*day).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("fresh objects", func(bool) bool { return true })
	if err := r.keeper(11*day, 0, 0).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !r.there("frame/" + over.ID + "/a1/1-final.png") {
		t.Error("--keep-frames 0 removed frames")
	}
	if err := r.keeper(11*day, 10*day, 30*day).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("after eleven days", func(k bool) bool { return k })
	if r.swept["chunk"] == 0 || r.swept["frame"] == 0 {
		t.Errorf("swept %v", r.swept)
	}
	// An idle package goes with its chunks.
	if err := r.keeper(40*day, 10*day, 30*day).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.there(lease.ChunkKey(owner, used)) || r.there(lease.ManifestKey(used)) {
		t.Error("an idle package is still there")
	}
	if !r.there("frame/" + live.ID + "/a1/1-final.png") {
		t.Error("a live job lost a frame")
	}
}

// TestHistoryIsDropped: long after a job was over only what it cost is left of it, and its evidence's file went before the row that
// names it.
func TestHistoryIsDropped(t *testing.T) {
	r := start(t)
	var over, live *store.Job
	r.update(func(tx store.Tx) (err error) {
		if over, live, err = storetest.Fixture(tx, 10); err != nil {
			return err
		}
		_, err = tx.MoveJob(over.ID, []job.State{job.Accepted}, job.Settled, func(j *store.Job) { j.DeliveredAt = time.Now().UnixMilli() })
		return err
	})
	var evidence []string
	r.view(func(tx store.Tx) error {
		tasks, err := tx.Tasks(over.ID)
		for _, k := range tasks {
			attempts, e := tx.Attempts(k.ID)
			if err = errors.Join(err, e); err != nil {
				return err
			}
			audits, e := tx.Audits(attempts[0].ID)
			evidence = append(evidence, "evidence/"+audits[0].ID+"-0123.json")
			err = errors.Join(err, e)
		}
		return err
	})
	for _, key := range evidence {
		put(t, r.blobs, key)
	}
	check := func(when string, dropped bool) {
		t.Helper()
		r.view(func(tx store.Tx) error {
			gone, e1 := tx.Frames(over.ID)
			kept, e2 := tx.Frames(live.ID)
			events, e3 := tx.Events(over.ID, 10)
			owed, e4 := tx.Entries(over.ID)
			said := len(events) == 1 && events[0].What == "history dropped" && strings.Contains(events[0].Text, "kept for 20 days after")
			if (len(gone) == 0) != dropped || said != dropped || len(kept) != 10 || len(owed) == 0 {
				t.Errorf("%s: %d frames of the job that is over, %d of the other, %d events, %d entries", when, len(gone), len(kept), len(events), len(owed))
			}
			return errors.Join(e1, e2, e3, e4)
		})
	}
	for _, step := range []struct {
		name                   string
		after, frames, history int // days
		dropped                bool
	}{
		{"a week after", 7, 5, 20, false},
		{"kept for ever", 30, 5, 0, false},
		{"its frames kept for ever", 30, 0, 20, false},
		{"its frames kept for longer", 30, 40, 20, false},
		{"a month after", 30, 5, 20, true},
		{"and again", 31, 5, 20, true},
	} {
		k := r.keeper(time.Duration(step.after)*day, time.Duration(step.frames)*day, 0, func(o *retain.Options) { o.KeepHistory = time.Duration(step.history) * day })
		if err := k.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(step.name, step.dropped)
	}
	for _, key := range evidence {
		if r.there(key) {
			t.Errorf("%s is left, and nothing knows of it", key)
		}
	}
}

func TestDeadSweepIsFinished(t *testing.T) {
	r := start(t)
	key := lease.ChunkKey(owner, strings.Repeat("ab", 32))
	put(t, r.blobs, key)
	var seen string
	r.update(func(tx store.Tx) (err error) {
		if seen, err = retain.Seen(tx); err != nil {
			return err
		}
		return tx.SetMeta("doomed", "7 "+key) // as a manager left it that was killed
	})
	r.update(func(tx store.Tx) error {
		if err := retain.Claim(tx, seen, []string{key}); !errors.Is(err, retain.ErrSwept) {
			t.Errorf("claimed over a sweep: %v", err)
		}
		var refused *wire.Error
		if err := retain.Claim(tx, "7 "+key, []string{key}); !errors.As(err, &refused) || refused.Code != wire.CodeConflict {
			t.Errorf("claimed a doomed chunk: %v", err)
		}
		return retain.Claim(tx, "7 "+key, []string{"chunk/other"})
	})
	if err := r.keeper(0, 0, 0).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.there(key) {
		t.Error("the doomed object is still there")
	}
}

// TestSweepsRaceWithUploads has artists submit packages of shared chunks while every object counts as
// old enough and the sweep runs without pause: a package that was finished has all of its chunks.
func TestSweepsRaceWithUploads(t *testing.T) {
	r := start(t)
	log := slog.New(slog.DiscardHandler)
	const age = 48 * time.Hour
	in := intake.New(intake.Options{
		Store: r.db, Blobs: r.blobs, Settler: settle.New(settle.Options{Store: r.db, Log: log}), Clock: func() time.Time { return time.Now().Add(age) }, Log: log,
	})
	// For the sweep the offers were long ago, and packages are idle at once.
	sweeper := r.keeper(age+7*time.Hour, time.Hour, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	var sweeps, artists sync.WaitGroup
	sweeps.Go(func() {
		for ctx.Err() == nil {
			if err := sweeper.Sweep(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("sweep: %v", err)
				return
			}
		}
	})
	pool := make([]wire.Chunk, 12)
	for i := range pool {
		id := sha256.Sum256(fmt.Append(nil, "chunk", i))
		key := lease.ChunkKey(owner, hex.EncodeToString(id[:]))
		digest := sha256.Sum256([]byte(key))
		pool[i] = wire.Chunk{ID: hex.EncodeToString(id[:]), Size: int64(len(key)), Digest: hex.EncodeToString(digest[:])}
	}
	finished, refused := 0, 0
	var mu sync.Mutex
	for a := range 3 {
		artists.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(a)))
			for n := range 40 {
				chunks := []wire.Chunk{pool[random.IntN(len(pool))], pool[random.IntN(len(pool))]}
				id := sha256.Sum256(fmt.Append(nil, "package", a, n))
				p := hex.EncodeToString(id[:])
				for {
					err := submit(t, in, r.blobs, p, chunks)
					var e *wire.Error
					if errors.As(err, &e) && e.Code == wire.CodeConflict {
						mu.Lock()
						refused++
						mu.Unlock()
						continue
					}
					if err != nil {
						t.Errorf("submit: %v", err)
						return
					}
					break
				}
				// Dropped meanwhile it needs nothing.
				if ready(t, r.db, p) {
					var missing []string
					for _, c := range chunks {
						if !r.there(lease.ChunkKey(owner, c.ID)) {
							missing = append(missing, c.ID)
						}
					}
					if len(missing) > 0 && ready(t, r.db, p) {
						t.Errorf("package %s lacks %v", p, missing)
						return
					}
				}
				mu.Lock()
				finished++
				mu.Unlock()
			}
		})
	}
	artists.Wait()
	cancel()
	sweeps.Wait()
	t.Logf("%d packages finished, %d refused and sent again", finished, refused)
}

func ready(t *testing.T, db store.Store, id string) bool {
	var p *store.Package
	if err := db.View(context.Background(), func(tx store.Tx) (err error) { p, err = tx.Package(id); return err }); err != nil {
		t.Error(err)
		return false
	}
	return p.Ready
}

// submit does what a client does.
func submit(t *testing.T, in *intake.Intake, blobs blob.Store, id string, chunks []wire.Chunk) error {
	ctx := context.Background()
	urls, err := in.Offer(ctx, owner, wire.PackageOffer{Chunks: chunks})
	if err != nil {
		return err
	}
	for i, u := range urls.URLs {
		if u.URL != "" {
			put(t, blobs, lease.ChunkKey(owner, chunks[i].ID))
		}
	}
	key := lease.ManifestKey(id)
	digest := sha256.Sum256([]byte(key))
	if _, err := in.Seal(ctx, owner, wire.PackageSeal{Package: id, Size: int64(len(key)), Digest: hex.EncodeToString(digest[:])}); err != nil {
		return err
	}
	put(t, blobs, key)
	return in.Finish(ctx, owner, wire.PackageFinish{Package: id, Chunks: chunks, Bytes: 1, Files: 1})
}
