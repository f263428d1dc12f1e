package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/retain"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	maxChunk    = 16 << 20 // stored bytes; plain chunks have at most 4 MiB
	maxManifest = 1 << 30
	maxPart     = 16384 // chunks of one package.finish
	maxChunks   = 1 << 22
)

func checkChunk(c wire.Chunk) error {
	if !isHex(c.ID, 32) || !isHex(c.Digest, 32) || c.Size <= 0 || c.Size > maxChunk {
		return bad("chunk %q of %d bytes is not well formed", wire.Trim(c.ID, 80), c.Size)
	}
	return nil
}

// Offer tells which of an artist's chunks the store lacks, by signing an upload for each.
func (in *Intake) Offer(ctx context.Context, owner string, o wire.PackageOffer) (wire.BlobURLs, error) {
	if len(o.Chunks) == 0 || len(o.Chunks) > wire.MaxURLs {
		return wire.BlobURLs{}, bad("%d chunks in one offer, 1 to %d are allowed", len(o.Chunks), wire.MaxURLs)
	}
	if err := in.spare(ctx, owner); err != nil {
		return wire.BlobURLs{}, err
	}
	if err := in.noteOffer(ctx, owner); err != nil {
		return wire.BlobURLs{}, err
	}
	keys := make([]string, len(o.Chunks))
	for i, c := range o.Chunks {
		if err := checkChunk(c); err != nil {
			return wire.BlobURLs{}, err
		}
		keys[i] = lease.ChunkKey(owner, c.ID)
	}
	there, err := blob.Stats(ctx, in.options.Blobs, keys)
	if err != nil {
		return wire.BlobURLs{}, err
	}
	// A chunk that is there with other stored bytes was sealed by another version of the software; its id is keyed over
	// the plain bytes, so it is the same chunk.
	var lacks []store.Unaccepted
	for i, c := range o.Chunks {
		if there[i] == nil {
			lacks = append(lacks, store.Unaccepted{Object: c.ID, Size: max(c.Size, leastObject)})
		}
	}
	if in.options.Unaccepted > 0 && len(lacks) > 0 {
		if err := in.options.Store.Update(ctx, func(tx store.Tx) error { return in.charge(tx, owner, lacks...) }); err != nil {
			return wire.BlobURLs{}, err
		}
	}
	urls := wire.BlobURLs{URLs: make([]wire.Signed, len(o.Chunks))}
	for i, c := range o.Chunks {
		if there[i] != nil {
			continue
		}
		if urls.URLs[i], err = lease.SignPut(ctx, in.options.Blobs, keys[i], c.Size, c.Digest); err != nil {
			return wire.BlobURLs{}, err
		}
	}
	return urls, nil
}

// noteOffer keeps the sweep away from the owner's chunks for a while: what the store has now, it
// has to have when the package is finished.
func (in *Intake) noteOffer(ctx context.Context, owner string) error {
	now := in.options.Clock()
	stale := false
	err := in.options.Store.View(ctx, func(tx store.Tx) (err error) { stale, err = retain.Stale(tx, owner, now); return err })
	if err == nil && stale {
		err = in.options.Store.Update(ctx, func(tx store.Tx) error { return retain.Note(tx, owner, now) })
	}
	if err != nil {
		return fmt.Errorf("note the offer of %s: %w", owner, err)
	}
	return nil
}

// Seal announces a manifest and signs its upload.
func (in *Intake) Seal(ctx context.Context, owner string, p wire.PackageSeal) (wire.BlobURLs, error) {
	if !isHex(p.Package, 32) || !isHex(p.Digest, 32) || p.Size <= 0 || p.Size > maxManifest {
		return wire.BlobURLs{}, bad("package %q with a manifest of %d bytes is not well formed", wire.Trim(p.Package, 80), p.Size)
	}
	err := in.options.Store.Update(ctx, func(tx store.Tx) error {
		known, err := tx.Package(p.Package)
		if err == nil && (known.Owner != owner || known.Ready && known.Digest != p.Digest) {
			return &wire.Error{Code: wire.CodeConflict, Message: "package " + p.Package + " is registered otherwise"}
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err != nil || !known.Ready {
			if err := in.charge(tx, owner, store.Unaccepted{Object: p.Package, Size: max(p.Size, leastObject)}); err != nil {
				return err
			}
		}
		return tx.PutPackage(&store.Package{ID: p.Package, Owner: owner, Size: p.Size, Digest: p.Digest, Created: in.options.Clock().UnixMilli()})
	})
	if err != nil {
		return wire.BlobURLs{}, err
	}
	key := lease.ManifestKey(p.Package)
	_, err = in.options.Blobs.Stat(ctx, key)
	if err == nil {
		return wire.BlobURLs{URLs: make([]wire.Signed, 1)}, nil
	}
	if !errors.Is(err, blob.ErrNotFound) {
		return wire.BlobURLs{}, fmt.Errorf("look up %s: %w", key, err)
	}
	signed, err := lease.SignPut(ctx, in.options.Blobs, key, p.Size, p.Digest)
	return wire.BlobURLs{URLs: []wire.Signed{signed}}, err
}

// Finish registers a package, in parts. Once it returns for the last part, all of the
// package is durable.
func (in *Intake) Finish(ctx context.Context, owner string, f wire.PackageFinish) error {
	if len(f.Chunks) > maxPart || f.Bytes < 0 || f.Files < 0 {
		return bad("package.finish with %d chunks, %d bytes and %d files is not well formed", len(f.Chunks), f.Bytes, f.Files)
	}
	for {
		err := in.finish(ctx, owner, f)
		if !errors.Is(err, retain.ErrSwept) {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// finish is one try; retain.ErrSwept asks for another.
func (in *Intake) finish(ctx context.Context, owner string, f wire.PackageFinish) error {
	var p *store.Package
	var seen string
	err := in.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if seen, err = retain.Seen(tx); err != nil {
			return err
		}
		p, err = tx.Package(f.Package)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && p.Owner != owner {
		return &wire.Error{Code: wire.CodeNotFound, Message: "package " + wire.Trim(f.Package, 80) + " is not announced", Next: "send package.seal first"}
	}
	if err != nil {
		return err
	}
	keys := []string{lease.ManifestKey(f.Package)}
	for _, c := range f.Chunks {
		if err := checkChunk(c); err != nil {
			return err
		}
		keys = append(keys, lease.ChunkKey(owner, c.ID))
	}
	there, err := blob.Stats(ctx, in.options.Blobs, keys)
	if err != nil {
		return err
	}
	for i, c := range f.Chunks {
		if there[i+1] == nil {
			return absent("chunk " + c.ID)
		}
	}
	if manifest := there[0]; !f.More {
		if manifest == nil {
			return absent("the manifest")
		}
		if !lease.Same(*manifest, p.Size, p.Digest) {
			return &wire.Error{Code: wire.CodeConflict, Message: "the store has another manifest for package " + f.Package}
		}
	}
	return in.options.Store.Update(ctx, func(tx store.Tx) error {
		n, err := tx.ChunkCount(f.Package)
		if err != nil {
			return err
		}
		if n+len(f.Chunks) > maxChunks {
			return &wire.Error{Code: wire.CodeLimit, Message: fmt.Sprintf("a package of more than %d chunks", maxChunks)}
		}
		if p.Ready {
			return nil
		}
		if err := retain.Claim(tx, seen, keys); err != nil {
			return err
		}
		if err := tx.AddChunks(f.Package, f.Chunks); err != nil {
			return err
		}
		if err := in.charge(tx, owner, store.Unaccepted{Object: f.Package, Size: max(p.Size, leastObject) + int64(n+len(f.Chunks))*chunkRow}); err != nil {
			return err
		}
		if f.More {
			return nil
		}
		err = tx.FinishPackage(f.Package, f.Bytes, f.Files)
		if errors.Is(err, store.ErrLost) {
			return &wire.Error{Code: wire.CodeConflict, Message: "package " + f.Package + " was idle for so long that it was collected", Next: "seal, upload and finish it again"}
		}
		return err
	})
}

func absent(what string) error {
	return &wire.Error{Code: wire.CodeConflict, Message: what + " is not in the store", Next: "upload it and finish the package again"}
}

// Chunks signs downloads of chunks of the package behind a job.
func (in *Intake) Chunks(ctx context.Context, jobID string, ids []string) (wire.BlobURLs, error) {
	if len(ids) == 0 || len(ids) > wire.MaxURLs {
		return wire.BlobURLs{}, bad("%d chunks in one request, 1 to %d are allowed", len(ids), wire.MaxURLs)
	}
	var j *store.Job
	var known map[string]wire.Chunk
	err := in.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if j, err = tx.Job(jobID); err != nil {
			return err
		}
		known, err = tx.Chunks(j.Package, ids)
		return err
	})
	if err != nil {
		return wire.BlobURLs{}, err
	}
	urls := wire.BlobURLs{URLs: make([]wire.Signed, len(ids))}
	for i, id := range ids {
		if _, ok := known[id]; !ok {
			return wire.BlobURLs{}, &wire.Error{Code: wire.CodeNotFound, Message: "chunk " + wire.Trim(id, 80) + " is not in the package of this task"}
		}
		signed, err := in.options.Blobs.SignGet(ctx, lease.ChunkKey(j.Owner, id), lease.URLLife)
		if err != nil {
			return wire.BlobURLs{}, fmt.Errorf("sign chunk %s: %w", id, err)
		}
		urls.URLs[i] = lease.Signed(signed)
	}
	return urls, nil
}
