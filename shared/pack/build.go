package pack

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"time"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
)

// Build packages files: it cuts them into chunks, seals and puts those that the Sink is
// missing, and returns the sealed manifest, which the caller stores. Memory stays under 256 MiB whatever
// the scene's size. It returns when everything is stored, or at the first error, with every
// goroutine ended. A file that can't be read gives a *FileError, a name that can't be packaged ErrPath.
func Build(ctx context.Context, o BuildOptions) (*Built, error) {
	if o.Sink == nil {
		return nil, errors.New("package a scene: no Sink was given")
	}
	if o.Parallel <= 0 {
		o.Parallel = min(max(runtime.GOMAXPROCS(0), 2), 8)
	}
	started := time.Now()
	p := newProgress(o.Progress)
	entries, err := scan(ctx, o, p)
	if err != nil {
		return nil, err
	}
	b := &builder{
		o: o, entries: entries, streams: planStreams(entries), progress: p,
		sealer: seal.NewSealer(o.TenantKey), known: make(map[chunk.ID]*chunkState),
	}
	b.results = make([]*scanned, len(b.streams))
	cache := loadScanCache(o.ScanCache, o.TenantKey)
	if !o.Rehash {
		b.recall(cache)
	}
	if err := b.askKnown(ctx); err != nil {
		return nil, err
	}
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	built, err := b.finish()
	if err != nil {
		return nil, err
	}
	if o.ScanCache != "" {
		b.remember(cache, started)
		if err := cache.save(o.ScanCache, o.TenantKey, started); err != nil {
			// The package is complete; only the next submit gets slower.
			built.Warning = err
		}
	}
	p.done(PhaseUpload)
	return built, nil
}

// scan checks and measures every source, without reading any.
func scan(ctx context.Context, o BuildOptions, p *progress) ([]entry, error) {
	limits := o.Limits.withDefaults()
	if len(o.Sources) > limits.Files {
		return nil, fmt.Errorf("the scene has %d files, at most %d are allowed: %w", len(o.Sources), limits.Files, ErrLimit)
	}
	srcs := append([]Source(nil), o.Sources...)
	sort.Slice(srcs, func(i, j int) bool { return srcs[i].Name < srcs[j].Name })
	p.begin(PhaseScan, len(srcs), 0)
	set := newPathSet(len(srcs))
	entries := make([]entry, 0, len(srcs))
	var total int64
	hasMain := false
	for i, s := range srcs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := CheckPath(s.Name); err != nil {
			return nil, fmt.Errorf("can't package %s: %w; rename it", s.Path, err)
		}
		if i > 0 && srcs[i-1].Name == s.Name {
			return nil, fmt.Errorf("can't package %s: another file is already packaged as %q: %w", s.Path, s.Name, ErrPath)
		}
		if err := set.add(s.Name); err != nil {
			return nil, fmt.Errorf("can't package %s: %w; rename one of them", s.Path, err)
		}
		abs, err := filepath.Abs(s.Path)
		if err != nil {
			return nil, fileError(s, err)
		}
		s.Path = abs
		info, err := os.Stat(abs)
		if err == nil && !info.Mode().IsRegular() {
			err = errNotRegular
		}
		if err != nil {
			return nil, fileError(s, err)
		}
		if info.Size() > limits.FileBytes || info.Size() > limits.TotalBytes-total {
			return nil, fmt.Errorf("%s has %d bytes: %w", s.Path, info.Size(), ErrLimit)
		}
		total += info.Size()
		hasMain = hasMain || s.Name == o.Main
		entries = append(entries, entry{src: s, size: info.Size(), mtime: info.ModTime(), exec: executable(info)})
		p.file(0)
	}
	if !hasMain {
		return nil, fmt.Errorf("the main file %q is not among the scene's files: %w", o.Main, ErrPath)
	}
	p.begin(PhasePack, len(entries), total)
	return entries, nil
}

func executable(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o111 != 0
}

// recall takes over what the cache knows about streams that haven't changed.
func (b *builder) recall(cache scanCache) {
	for i := range b.streams {
		s := &b.streams[i]
		c, ok := cache[s.cacheKey(b.entries)]
		if !ok || !c.valid(s) {
			continue
		}
		b.results[i] = c
	}
	// Chunks of other versions of these files need not be sealed again either.
	for _, c := range cache {
		for _, k := range c.chunks {
			b.known[k.ref.ID] = &chunkState{sealedChunk: k}
		}
	}
}

// remember adds this build's streams to the cache.
func (b *builder) remember(cache scanCache, started time.Time) {
	today := started.Unix() / 86400
	for i := range b.streams {
		s := &b.streams[i]
		if r := b.results[i]; r != nil && s.settled(b.entries, started) {
			r.day = today
			cache[s.cacheKey(b.entries)] = r
		}
	}
}

const askBatch = 1000

// askKnown finds out which chunks of recalled streams the Sink has; a stream that lacks one is read again.
func (b *builder) askKnown(ctx context.Context) error {
	var refs []ChunkRef
	queued := make(map[chunk.ID]bool)
	for _, r := range b.results {
		if r == nil {
			continue
		}
		for _, c := range r.chunks {
			if !queued[c.ref.ID] {
				queued[c.ref.ID] = true
				refs = append(refs, c.ref)
			}
		}
	}
	for len(refs) > 0 {
		batch := refs[:min(askBatch, len(refs))]
		refs = refs[len(batch):]
		missing, err := b.o.Sink.Missing(ctx, batch)
		if err != nil {
			return fmt.Errorf("ask which chunks are missing: %w", err)
		}
		for _, c := range batch {
			b.known[c.ID].answer = present
		}
		for _, c := range missing {
			if k := b.known[c.ID]; k != nil {
				k.answer = absent
			}
		}
	}
	for i, r := range b.results {
		if r == nil {
			continue
		}
		for _, c := range r.chunks {
			if b.known[c.ref.ID].answer == absent {
				b.results[i] = nil
				break
			}
		}
		if b.results[i] != nil {
			b.progress.add(len(b.streams[i].entries), b.streams[i].size)
		}
	}
	return nil
}

// finish writes the manifest.
func (b *builder) finish() (*Built, error) {
	m := &Manifest{Files: make([]File, len(b.entries))}
	out := &Built{JobKey: seal.NewJobKey(), Files: len(b.entries), Uploaded: b.uploaded.Load(), Reread: b.reread}
	for i := range b.entries {
		e := &b.entries[i]
		m.Files[i] = File{Path: e.src.Name, Exec: e.exec, Size: e.size, Digest: emptyDigest}
		if e.src.Name == b.o.Main {
			m.Main = i
		}
		out.Bytes += e.size
	}
	index := make(map[chunk.ID]int)
	number := func(c sealedChunk) int {
		i, ok := index[c.ref.ID]
		if !ok {
			i = len(m.Chunks)
			index[c.ref.ID] = i
			m.Chunks = append(m.Chunks, Chunk{ID: c.ref.ID, Key: b.sealer.Key(c.ref.ID), Plain: c.plain, Stored: int(c.ref.Size)})
			out.Chunks = append(out.Chunks, c.ref)
		}
		return i
	}
	for i := range b.streams {
		s, r := &b.streams[i], b.results[i]
		if s.large {
			f := &m.Files[s.entries[0]]
			f.Digest = r.digests[0]
			f.Parts = make([]Part, len(r.chunks))
			for j, c := range r.chunks {
				f.Parts[j] = Part{Chunk: number(c), Len: c.plain}
			}
			continue
		}
		n, offset := number(r.chunks[0]), 0
		for j, e := range s.entries {
			f := &m.Files[e]
			f.Digest = r.digests[j]
			f.Parts = []Part{{Chunk: n, Offset: offset, Len: int(f.Size)}}
			offset += int(f.Size)
		}
	}
	if err := m.Check(b.o.Limits); err != nil {
		return nil, fmt.Errorf("the package would be refused: %w", err)
	}
	var err error
	if out.Manifest, err = m.Seal(out.JobKey); err != nil {
		return nil, err
	}
	if limit := b.o.Limits.withDefaults().ManifestBytes; int64(len(out.Manifest)) > limit {
		return nil, fmt.Errorf("the manifest has %d bytes: %w", len(out.Manifest), ErrLimit)
	}
	out.ID = IDOf(out.Manifest)
	return out, nil
}

func refOf(id chunk.ID, stored []byte) ChunkRef {
	return ChunkRef{ID: id, Size: int64(len(stored)), Digest: sha256.Sum256(stored)}
}
