// Package retain removes what nobody needs any more: chunks and manifests of packages that were
// dropped, frames and evidence of jobs that are long over, and at last what is written of them, archives that left the depot, uploads
// that were never finished; and it looks for damaged objects. RETENTION.md says what is kept.
//
// It is not the place for what people delete on purpose (a cancelled job keeps its frames for as
// long as a settled one).
//
// Receives: references in manager/store, objects in shared/blob.
// Hands on: room.
package retain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	// margin is how old an object without a reference has to be: its reference may be about
	// to be written.
	margin = 24 * time.Hour
	// late is how long after its signature an upload may come, at most.
	late = time.Hour
	// batch is how many objects are doomed in one transaction.
	batch = 64
)

// Options configure a Keeper.
type Options struct {
	Store        store.Store
	Blobs        blob.Store
	KeepFrames   time.Duration // after a job is over; 0 for ever
	KeepPackages time.Duration // after a package's last use; 0 for ever
	KeepHistory  time.Duration // what is written of a job's frames, after it is over; 0, or with KeepFrames 0, for ever
	Every        time.Duration // between two sweeps
	Scrub        time.Duration // between two looks for damage; 0 for none
	Clock        func() time.Time
	Log          *slog.Logger
	// Swept is told what a sweep left and removed of one kind of objects, and Damaged of each damaged
	// object; nil for nobody.
	Swept   func(kind string, objects int, bytes, removed int64)
	Damaged func()
}

// Keeper sweeps. Run has to run, in one manager of those that share the stores.
type Keeper struct {
	options Options
}

// New makes a keeper.
func New(o Options) *Keeper { return &Keeper{options: o} }

// Run sweeps and scrubs until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	sweep := time.NewTicker(k.options.Every)
	defer sweep.Stop()
	var scrub <-chan time.Time
	if k.options.Scrub > 0 {
		ticker := time.NewTicker(k.options.Scrub)
		defer ticker.Stop()
		scrub = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
			if err := k.Sweep(ctx); err != nil && ctx.Err() == nil {
				k.options.Log.Error("sweep the object store", "err", err)
			}
		case <-scrub:
			if err := k.scrub(ctx); err != nil && ctx.Err() == nil {
				k.options.Log.Error("look for damaged objects", "err", err)
			}
		}
	}
}

// scrubber is a store that can look for damage: shared/blob/dir. S3 servers do that themselves.
type scrubber interface {
	Scrub(ctx context.Context, remove bool, bad func(key string, err error)) (int, error)
}

// scrub removes damaged objects: nobody could have fetched them, and chunks can be uploaded again.
func (k *Keeper) scrub(ctx context.Context) error {
	s, ok := k.options.Blobs.(scrubber)
	if !ok {
		return nil
	}
	n, err := s.Scrub(ctx, true, func(key string, err error) {
		k.options.Log.Error("a stored object is damaged and was removed: check the disk", "key", key, "err", err)
		if k.options.Damaged != nil {
			k.options.Damaged()
		}
	})
	k.options.Log.Info("objects checked for damage", "objects", n)
	return err
}

// abandoner is a store in which unfinished uploads take room: shared/blob/s3.
type abandoner interface {
	Abandon(ctx context.Context, before time.Time) (int, error)
}

// Sweep removes what can go now.
func (k *Keeper) Sweep(ctx context.Context) error {
	if err := k.finish(ctx); err != nil {
		return fmt.Errorf("finish an earlier sweep: %w", err)
	}
	if err := k.packages(ctx); err != nil {
		return fmt.Errorf("drop packages: %w", err)
	}
	for _, kind := range []struct {
		name string
		free func(tx store.Tx, keys []string) ([]string, error)
	}{
		{"chunk", k.freeChunks}, {"package", k.freeManifests}, {"frame", k.freeFrames}, {"evidence", k.freeEvidence}, {"depot", k.freeArchives},
	} {
		if err := k.kind(ctx, kind.name, kind.free); err != nil {
			return fmt.Errorf("sweep %s: %w", kind.name, err)
		}
	}
	if err := k.unaccepted(ctx); err != nil {
		return fmt.Errorf("forget what was never accepted: %w", err)
	}
	// The objects were found by these rows, so they go last.
	if err := k.history(ctx); err != nil {
		return fmt.Errorf("drop what is known of old jobs: %w", err)
	}
	if a, ok := k.options.Blobs.(abandoner); ok {
		if _, err := a.Abandon(ctx, k.options.Clock().Add(-margin)); err != nil {
			return fmt.Errorf("end unfinished uploads: %w", err)
		}
	}
	return nil
}

// finish deletes what a manager that died had doomed.
func (k *Keeper) finish(ctx context.Context) error {
	var keys []string
	if err := k.options.Store.View(ctx, func(tx store.Tx) error {
		text, err := tx.Meta(doomed)
		_, keys = parse(text)
		return err
	}); err != nil || len(keys) == 0 {
		return err
	}
	return k.remove(ctx, keys)
}

// remove deletes doomed objects and ends their doom.
func (k *Keeper) remove(ctx context.Context, keys []string) error {
	for _, key := range keys {
		if err := k.options.Blobs.Delete(ctx, key); err != nil {
			return err
		}
	}
	return k.options.Store.Update(ctx, func(tx store.Tx) error { return setDoomed(tx, nil) })
}

// packages drops those that nobody has used for long.
func (k *Keeper) packages(ctx context.Context) error {
	if k.options.KeepPackages == 0 {
		return nil
	}
	before := k.options.Clock().Add(-k.options.KeepPackages).UnixMilli()
	for {
		var idle []*store.Package
		if err := k.options.Store.View(ctx, func(tx store.Tx) (err error) { idle, err = tx.IdlePackages(before, 100); return err }); err != nil {
			return err
		}
		dropped := 0
		for _, p := range idle {
			err := k.options.Store.Update(ctx, func(tx store.Tx) error { return tx.DropPackage(p.ID, before) })
			if errors.Is(err, store.ErrLost) {
				continue // somebody has just used it
			}
			if err != nil {
				return err
			}
			dropped++
			k.options.Log.Info("package dropped", "package", p.ID, "owner", p.Owner)
		}
		if dropped == 0 || len(idle) < 100 {
			return nil
		}
	}
}

// unaccepted takes off artists' accounts what the sweep before it removed, or what was signed and never came.
func (k *Keeper) unaccepted(ctx context.Context) error {
	var owners []string
	if err := k.options.Store.View(ctx, func(tx store.Tx) (err error) { owners, err = tx.UnacceptedOwners(); return err }); err != nil {
		return err
	}
	for _, owner := range owners {
		if err := k.options.Store.Update(ctx, func(tx store.Tx) error {
			last, err := offered(tx, owner)
			if err != nil || k.options.Clock().Sub(last) < quiet {
				return err
			}
			return tx.ForgetUnaccepted(owner, k.options.Clock().Add(-margin-late).UnixMilli())
		}); err != nil {
			return err
		}
	}
	return nil
}

// part is how many tasks one transaction forgets: others wait for it.
const part = 50

// history drops what is written of the frames of jobs that were over long ago.
func (k *Keeper) history(ctx context.Context) error {
	if k.options.KeepHistory == 0 || k.options.KeepFrames == 0 {
		return nil
	}
	keep := max(k.options.KeepHistory, k.options.KeepFrames)
	now := k.options.Clock()
	for forgotten := 0; ; {
		var old []string
		if err := k.options.Store.View(ctx, func(tx store.Tx) (err error) {
			old, err = tx.OldJobs(now.Add(-keep).UnixMilli(), 100)
			return err
		}); err != nil {
			return err
		}
		if len(old) == 0 {
			if forgotten > 0 {
				k.options.Log.Info("frames, checks and events of old jobs dropped from the database", "jobs", forgotten, "after", keep)
			}
			return nil
		}
		for _, id := range old {
			for done := false; !done; {
				if err := k.options.Store.Update(ctx, func(tx store.Tx) (err error) {
					if done, err = tx.ForgetHistory(id, now.UnixMilli(), part); err != nil || !done {
						return err
					}
					text := fmt.Sprintf("frames, checks and events are kept for %s after a job is over; what it cost stays", Days(keep))
					return tx.AddEvent(id, wire.Event{Time: now.UnixMilli(), What: "history dropped", Text: text})
				}); err != nil {
					return err
				}
			}
			forgotten++
		}
	}
}

// kind sweeps the objects below one prefix. free says, in a transaction, which of some keys nobody needs.
func (k *Keeper) kind(ctx context.Context, name string, free func(store.Tx, []string) ([]string, error)) error {
	before := k.options.Clock().Add(-margin)
	var objects int
	var bytes, removed int64
	sizes := make(map[string]int64)
	var keys []string
	flush := func() error {
		if len(keys) == 0 {
			return nil
		}
		var gone []string
		if err := k.options.Store.View(ctx, func(tx store.Tx) (err error) { gone, err = free(tx, keys); return err }); err != nil {
			return err
		}
		if len(gone) > 0 {
			if err := k.options.Store.Update(ctx, func(tx store.Tx) (err error) {
				if gone, err = free(tx, keys); err != nil || len(gone) == 0 {
					return err
				}
				return setDoomed(tx, gone)
			}); err != nil {
				return err
			}
		}
		if len(gone) > 0 {
			if err := k.remove(ctx, gone); err != nil {
				return err
			}
		}
		for _, key := range gone {
			objects--
			bytes -= sizes[key]
			removed += sizes[key]
		}
		keys = keys[:0]
		clear(sizes)
		return nil
	}
	err := k.options.Blobs.List(ctx, name+"/", func(o blob.Object) error {
		objects++
		bytes += o.Size
		if !o.Modified.Before(before) {
			return nil
		}
		keys, sizes[o.Key] = append(keys, o.Key), o.Size
		if len(keys) < batch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if removed > 0 {
		k.options.Log.Info("swept", "kind", name, "bytes", removed)
	}
	if err == nil && k.options.Swept != nil {
		k.options.Swept(name, objects, bytes, removed)
	}
	return err
}

// freeChunks returns the chunks that no package of their owner lists.
func (k *Keeper) freeChunks(tx store.Tx, keys []string) (free []string, err error) {
	ids := make(map[string][]string) // by owner, as in the keys
	for _, key := range keys {
		if part := strings.Split(key, "/"); len(part) == 4 {
			ids[part[1]] = append(ids[part[1]], part[3])
		}
	}
	for owner, list := range ids {
		last, err := offered(tx, owner)
		if err != nil {
			return nil, err
		}
		if k.options.Clock().Sub(last) < quiet {
			continue
		}
		used, err := tx.ChunksInUse(common.HexToAddress(owner).Hex(), list)
		if err != nil {
			return nil, err
		}
		for _, id := range list {
			if !used[id] {
				free = append(free, fmt.Sprintf("chunk/%s/%s/%s", owner, id[:2], id))
			}
		}
	}
	return free, nil
}

func (k *Keeper) freeManifests(tx store.Tx, keys []string) (free []string, err error) {
	for _, key := range keys {
		p, err := tx.Package(strings.TrimPrefix(key, "package/"))
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		case p.Ready || k.options.Clock().Sub(time.UnixMilli(p.Created)) < margin:
			continue
		}
		free = append(free, key)
	}
	return free, nil
}

func (k *Keeper) freeFrames(tx store.Tx, keys []string) (free []string, err error) {
	over := make(map[string]bool)
	for _, key := range keys {
		part := strings.Split(key, "/")
		if len(part) < 3 {
			continue
		}
		id := part[1]
		if _, known := over[id]; !known {
			if over[id], err = k.over(tx, id); err != nil {
				return nil, err
			}
		}
		if over[id] {
			free = append(free, key)
		}
	}
	return free, nil
}

// over tells whether a job's files have been kept for long enough.
func (k *Keeper) over(tx store.Tx, jobID string) (bool, error) {
	j, err := tx.Job(jobID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return Over(j, k.options.KeepFrames, k.options.Clock()), nil
}

// Days is a time for which something is kept, as people say it.
func Days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.String()
	}
	return strconv.FormatFloat(d.Hours()/24, 'g', 4, 64) + " days"
}

// Over tells whether the files of a job have been kept for long enough.
func Over(j *store.Job, keep time.Duration, now time.Time) bool {
	if keep == 0 {
		return false
	}
	switch j.State {
	case job.Settled, job.Cancelled, job.Failed:
		end := max(j.Finished, j.DeliveredAt)
		return end > 0 && now.Sub(time.UnixMilli(end)) > keep
	}
	return false
}

// freeEvidence goes by the audit in the key: "evidence/" audit "-" digest ".json".
func (k *Keeper) freeEvidence(tx store.Tx, keys []string) (free []string, err error) {
	for _, key := range keys {
		id, _, ok := strings.Cut(strings.TrimPrefix(key, "evidence/"), "-")
		if !ok {
			continue // a conviction's, which is kept
		}
		a, err := tx.Audit(id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		over, err := k.over(tx, a.Job)
		if err != nil {
			return nil, err
		}
		if over {
			free = append(free, key)
		}
	}
	return free, nil
}

func (k *Keeper) freeArchives(tx store.Tx, keys []string) (free []string, err error) {
	archives, err := tx.Archives()
	if err != nil {
		return nil, err
	}
	listed := make(map[string]bool)
	for _, a := range archives {
		listed["depot/"+a.Digest] = true
	}
	for _, key := range keys {
		if !listed[key] {
			free = append(free, key)
		}
	}
	return free, nil
}
