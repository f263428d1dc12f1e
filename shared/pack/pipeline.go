package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/zeebo/blake3"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

const (
	memoryBudget = 24 << 20 // plaintext bytes between reading and having been put
	batchBytes   = 8 << 20  // plaintext bytes that are asked for together
	batchChunks  = 64
)

// A batch must fill from what the budget lets through, or reading and asking would wait for each other.
var _ [memoryBudget - batchBytes - 2*chunk.Max]struct{}

var emptyDigest = blake3.Sum256(nil)

type answer int

const (
	unasked answer = iota
	present
	absent
)

// chunkState is what this build knows about a chunk.
type chunkState struct {
	sealedChunk
	answer answer
	taken  bool // a job for it is under way or done
}

// builder carries one Build.
type builder struct {
	o        BuildOptions
	entries  []entry
	streams  []stream
	results  []*scanned // by stream
	progress *progress
	sealer   *seal.Sealer
	uploaded atomic.Int64
	reread   int64 // written by the reader alone

	// mu guards known while the pipeline runs.
	mu    sync.Mutex
	known map[chunk.ID]*chunkState
}

// job is one chunk on its way. Whoever drops it gives its bytes back to the budget.
type job struct {
	id     *chunk.ID // where the reader wants the id
	plain  []byte
	hints  []seal.Hint
	ref    ChunkRef
	stored []byte // nil when the ref comes from the scan cache
}

// drop ends a job, stored or known to be: its bytes are garbage from here, and others may be read.
func (b *builder) drop(j *job, budget *semaphore.Weighted) {
	n := int64(len(j.plain))
	j.plain, j.stored = nil, nil
	b.progress.add(0, n)
	budget.Release(n)
}

// run reads all streams that nothing is known about: one goroutine reads and cuts, some name
// and seal, one asks the Sink in batches, some put.
func (b *builder) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	budget := semaphore.NewWeighted(memoryBudget)
	cutter, err := chunk.NewCutter(chunk.CutKey(b.o.TenantKey))
	if err != nil {
		return err
	}
	cut, ready := make(chan *job), make(chan *job, batchChunks)
	ids := make([][]*chunk.ID, len(b.streams))
	g.Go(func() error {
		defer close(cut)
		for i := range b.streams {
			if b.results[i] != nil {
				continue
			}
			r := &streamReader{b: b, s: &b.streams[i], cutter: cutter, out: cut, budget: budget}
			digests, err := r.read(ctx)
			if err != nil {
				return err
			}
			b.results[i] = &scanned{digests: digests}
			ids[i] = r.ids
			b.reread += b.streams[i].size
			b.progress.add(len(b.streams[i].entries), 0)
		}
		b.progress.phase(PhaseUpload)
		return nil
	})
	var sealing sync.WaitGroup
	for range b.o.Parallel {
		sealing.Add(1)
		g.Go(func() error {
			defer sealing.Done()
			for j := range cut {
				if err := b.name(ctx, j, ready, budget); err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		sealing.Wait()
		close(ready)
		return nil
	})
	g.Go(func() error { return b.deliver(ctx, ready, budget) })
	if err := g.Wait(); err != nil {
		return err
	}
	for i, list := range ids {
		for _, id := range list {
			b.results[i].chunks = append(b.results[i].chunks, b.known[*id].sealedChunk)
		}
	}
	return nil
}

// name gives a chunk its id, and seals it if it is new.
func (b *builder) name(ctx context.Context, j *job, ready chan<- *job, budget *semaphore.Weighted) error {
	id := b.sealer.ID(j.plain)
	*j.id = id
	b.mu.Lock()
	k := b.known[id]
	isNew := k == nil
	if isNew {
		k = &chunkState{sealedChunk: sealedChunk{plain: len(j.plain)}}
		b.known[id] = k
	}
	skip := k.taken || k.answer == present
	k.taken = true
	cached := !isNew && k.answer == unasked
	j.ref = k.ref
	b.mu.Unlock()
	if skip {
		b.drop(j, budget)
		return nil
	}
	if !cached {
		if err := b.seal(j); err != nil {
			return err
		}
	}
	select {
	case ready <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *builder) seal(j *job) error {
	stored, err := b.sealer.Seal(*j.id, j.plain, j.hints)
	if err != nil {
		return fmt.Errorf("seal a chunk: %w", err)
	}
	j.stored, j.ref = stored, refOf(*j.id, stored)
	b.mu.Lock()
	b.known[*j.id].ref = j.ref
	b.mu.Unlock()
	return nil
}

// deliver asks for batches of chunks and puts what is missing.
func (b *builder) deliver(ctx context.Context, ready <-chan *job, budget *semaphore.Weighted) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(b.o.Parallel)
	var batch []*job
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		refs := make([]ChunkRef, len(batch))
		for i, j := range batch {
			refs[i] = j.ref
		}
		missing, err := b.o.Sink.Missing(ctx, refs)
		if err != nil {
			return fmt.Errorf("ask which chunks are missing: %w", err)
		}
		wanted := make(map[chunk.ID]bool, len(missing))
		for _, c := range missing {
			wanted[c.ID] = true
		}
		for _, j := range batch {
			if !wanted[j.ref.ID] {
				b.drop(j, budget)
				continue
			}
			g.Go(func() error {
				defer b.drop(j, budget)
				return b.put(ctx, j)
			})
		}
		batch, size = nil, 0
		return nil
	}
	err := func() error {
		for j := range ready {
			batch = append(batch, j)
			size += len(j.plain)
			if size >= batchBytes || len(batch) >= batchChunks {
				if err := flush(); err != nil {
					return err
				}
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return flush()
	}()
	if werr := g.Wait(); werr != nil {
		return werr // the cause; err may only say that the context ended
	}
	return err
}

func (b *builder) put(ctx context.Context, j *job) error {
	if j.stored == nil {
		asked := j.ref
		if err := b.seal(j); err != nil {
			return err
		}
		if j.ref != asked {
			// The same content was sealed in another file once, with other hints. Permission to put
			// is bound to the digest, so it has to be asked for again.
			missing, err := b.o.Sink.Missing(ctx, []ChunkRef{j.ref})
			if err != nil {
				return fmt.Errorf("ask which chunks are missing: %w", err)
			}
			if len(missing) == 0 {
				return nil
			}
		}
	}
	if err := b.o.Sink.Put(ctx, j.ref, j.stored); err != nil {
		return fmt.Errorf("store chunk %s: %w", j.ref.ID, err)
	}
	b.uploaded.Add(int64(len(j.stored)))
	b.progress.uploaded(int64(len(j.stored)))
	return nil
}

// streamReader reads one stream and sends its chunks.
type streamReader struct {
	b      *builder
	s      *stream
	cutter *chunk.Cutter // shared by all streams, which are read in turn
	out    chan<- *job
	budget *semaphore.Weighted
	ids    []*chunk.ID
}

// send hands a chunk on; it owns plain from here.
func (r *streamReader) send(ctx context.Context, plain []byte, hints []seal.Hint) error {
	j := &job{id: new(chunk.ID), plain: plain, hints: hints}
	r.ids = append(r.ids, j.id)
	select {
	case r.out <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *streamReader) read(ctx context.Context) ([][32]byte, error) {
	if r.s.large {
		e := &r.b.entries[r.s.entries[0]]
		d, err := r.readLarge(ctx, e)
		if err != nil {
			return nil, wrapFile(ctx, e, err)
		}
		return [][32]byte{d}, nil
	}
	return r.readBundle(ctx)
}

func wrapFile(ctx context.Context, e *entry, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fileError(e.src, err)
}

func (r *streamReader) readLarge(ctx context.Context, e *entry) ([32]byte, error) {
	var digest [32]byte
	f, err := os.Open(e.src.Path)
	if err != nil {
		return digest, err
	}
	defer f.Close()
	spans := blendSpans(f, e.size)
	h := blake3.New()
	var n int64
	// One byte more than announced is enough to see that the file grew.
	all := io.TeeReader(io.LimitReader(f, e.size+1), h)
	cut := func(part io.Reader) error {
		begin := n
		return r.cutter.Cut(part, func(off int64, data []byte) error {
			if n += int64(len(data)); n > e.size {
				return ErrChanged
			}
			if err := r.budget.Acquire(ctx, int64(len(data))); err != nil {
				return err
			}
			return r.send(ctx, bytes.Clone(data), hintsFor(spans, begin+off, len(data)))
		})
	}
	for _, at := range arrayBorders(spans) {
		if err := cut(io.LimitReader(all, at-n)); err != nil {
			return digest, err
		}
	}
	if err := cut(all); err != nil {
		return digest, err
	}
	if err := unchanged(f, e, n); err != nil {
		return digest, err
	}
	h.Sum(digest[:0])
	return digest, nil
}

func (r *streamReader) readBundle(ctx context.Context) ([][32]byte, error) {
	if err := r.budget.Acquire(ctx, r.s.size); err != nil {
		return nil, err
	}
	data := make([]byte, 0, r.s.size)
	var digests [][32]byte
	var hints []seal.Hint
	for _, i := range r.s.entries {
		e := &r.b.entries[i]
		at := len(data)
		var err error
		if data, err = appendFile(data, e); err != nil {
			return nil, wrapFile(ctx, e, err)
		}
		body := data[at:]
		digests = append(digests, blake3.Sum256(body))
		for _, s := range blendSpans(bytes.NewReader(body), e.size) {
			hints = append(hints, seal.Hint{Off: at + int(s.off), Len: int(s.n), Stride: s.stride})
		}
	}
	return digests, r.send(ctx, data, hints)
}

// appendFile reads exactly the bytes that the scan announced.
func appendFile(dst []byte, e *entry) ([]byte, error) {
	f, err := os.Open(e.src.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	at := len(dst)
	dst = dst[:at+int(e.size)]
	n, err := io.ReadFull(f, dst[at:])
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, ErrChanged
	}
	if err != nil {
		return nil, err
	}
	return dst, unchanged(f, e, int64(n))
}

func unchanged(f *os.File, e *entry, n int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if n != e.size || info.Size() != e.size || !info.ModTime().Equal(e.mtime) {
		return ErrChanged
	}
	return nil
}
