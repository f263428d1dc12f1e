// Package chunkcache keeps stored (encrypted) chunks in a folder, bounded, least recently
// used out first, verified on every read. Several workers may share one folder.
//
// It is no store: anything in it may be gone at any time, and nothing in it is fsynced.
//
// Receives: stored chunks from a Source.
// Hands on: the same bytes to shared/pack, as its Fetcher.
package chunkcache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/zeebo/blake3"
)

// Source brings chunks that the cache lacks; a pack.Fetcher is one.
type Source interface {
	Chunk(ctx context.Context, id chunk.ID) ([]byte, error)
}

// Options configure a Cache.
type Options struct {
	Dir      string
	MaxBytes int64            // of all cached files; at least 64 MiB
	Now      func() time.Time // nil is time.Now
}

// Cache is a folder of chunks. It is safe for concurrent use, by several processes too.
type Cache struct {
	dir string
	max int64
	now func() time.Time

	hits, misses atomic.Int64
}

// MinBytes is the least that a cache may be bounded to.
const MinBytes = 64 << 20

const (
	sumSize  = 32      // BLAKE3 of the content, at the end of each file
	maxChunk = 8 << 20 // a larger file is not one of ours
	// How often a chunk's last use is written down: use within this time looks the same.
	useStep = time.Minute
	// A process that waits for another's fetch gives up after this, and fetches itself.
	patience = 2 * time.Minute
	poll     = 20 * time.Millisecond
)

var errMissing = errors.New("not in the cache")

// Open opens or makes a cache.
func Open(o Options) (*Cache, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBytes < MinBytes {
		return nil, fmt.Errorf("the chunk cache needs at least %d bytes, not %d", MinBytes, o.MaxBytes)
	}
	c := &Cache{dir: o.Dir, max: o.MaxBytes, now: o.Now}
	for _, d := range []string{c.dir, filepath.Join(c.dir, "locks"), filepath.Join(c.dir, "tmp")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make the chunk cache's folder: %w", err)
		}
	}
	return c, c.locked(context.Background(), "size", func() error {
		used, err := c.tidy(c.max)
		if err != nil {
			return err
		}
		return c.writeUsed(used)
	})
}

// Stats returns how many chunks came from the folder and how many from a Source, since Open.
func (c *Cache) Stats() (hits, misses int64) { return c.hits.Load(), c.misses.Load() }

func (c *Cache) path(id chunk.ID) string {
	s := id.String()
	return filepath.Join(c.dir, s[:2], s)
}

// locked runs f while no other process, and no other goroutine, runs under the same name.
func (c *Cache) locked(ctx context.Context, name string, f func() error) error {
	l := flock.New(filepath.Join(c.dir, "locks", name))
	if ok, err := l.TryLockContext(ctx, poll); err != nil || !ok {
		return fmt.Errorf("lock the chunk cache: %w", errors.Join(err, ctx.Err()))
	}
	defer func() { _ = l.Close() }()
	return f()
}

// Get returns a chunk from the folder; a damaged one is removed. found is false if it isn't there.
func (c *Cache) Get(id chunk.ID) (stored []byte, found bool) {
	b, err := c.read(id)
	return b, err == nil
}

func (c *Cache) read(id chunk.ID) ([]byte, error) {
	p := c.path(id)
	f, err := os.Open(p)
	if err != nil {
		return nil, errMissing
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() <= sumSize || info.Size() > maxChunk+sumSize {
		_ = os.Remove(p)
		return nil, errMissing
	}
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, errMissing
	}
	body := b[:len(b)-sumSize]
	if checksum(id, body) != [sumSize]byte(b[len(body):]) {
		_ = os.Remove(p)
		return nil, errMissing
	}
	if now := c.now(); now.Sub(info.ModTime()) > useStep {
		_ = os.Chtimes(p, now, now) // it may just have been evicted
	}
	return body, nil
}

// checksum includes the id, so that a file under a wrong name is noticed.
func checksum(id chunk.ID, body []byte) [sumSize]byte {
	h := blake3.New()
	_, _ = h.Write(id[:])
	_, _ = h.Write(body)
	return [sumSize]byte(h.Sum(nil))
}

// Put adds a chunk and makes room for it. It may fail on a full disk; the cache stays sound.
func (c *Cache) Put(ctx context.Context, id chunk.ID, stored []byte) error {
	if len(stored) == 0 || len(stored) > maxChunk {
		return fmt.Errorf("cache a chunk of %d bytes: out of bounds", len(stored))
	}
	size := int64(len(stored) + sumSize)
	name, err := c.write(id, stored)
	if err != nil {
		return fmt.Errorf("cache chunk %s: %w", id, err)
	}
	defer os.Remove(name) // does nothing once it has been renamed
	return c.locked(ctx, "size", func() error {
		if _, err := os.Stat(c.path(id)); err == nil {
			return nil
		}
		used, err := c.readUsed()
		if err != nil || used+size > c.max {
			// Room for a tenth more than needed, so that not every Put has to look for it.
			if used, err = c.tidy(c.max - size - c.max/10); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(filepath.Dir(c.path(id)), 0o700); err != nil {
			return fmt.Errorf("cache chunk %s: %w", id, err)
		}
		// The counter goes up first: killed in between, it is too high, and the next tidy mends it.
		if err := c.writeUsed(used + size); err != nil {
			return err
		}
		if err := os.Rename(name, c.path(id)); err != nil {
			return fmt.Errorf("cache chunk %s: %w", id, err)
		}
		return nil
	})
}

func (c *Cache) write(id chunk.ID, stored []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Join(c.dir, "tmp"), "chunk-*")
	if err != nil {
		return "", err
	}
	sum := checksum(id, stored)
	_, err = f.Write(stored)
	if err == nil {
		_, err = f.Write(sum[:])
	}
	now := c.now()
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Chtimes(f.Name(), now, now)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func (c *Cache) readUsed() (int64, error) {
	b, err := os.ReadFile(filepath.Join(c.dir, "locks", "used"))
	if err != nil || len(b) != 8 {
		return 0, errors.New("the chunk cache's counter is missing")
	}
	return int64(binary.LittleEndian.Uint64(b)), nil
}

func (c *Cache) writeUsed(n int64) error {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	if err := os.WriteFile(filepath.Join(c.dir, "locks", "used"), b[:], 0o600); err != nil {
		return fmt.Errorf("write the chunk cache's counter: %w", err)
	}
	return nil
}

// tidy counts what is there, removes the longest unused until at most limit bytes are left,
// and removes what killed processes left behind. The caller holds the size lock.
func (c *Cache) tidy(limit int64) (used int64, err error) {
	type file struct {
		path string
		size int64
		at   time.Time
	}
	var files []file
	err = filepath.WalkDir(c.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if d.IsDir() {
			if d.Name() == "locks" {
				return fs.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil // gone meanwhile
		}
		if strings.HasPrefix(d.Name(), "chunk-") {
			if c.now().Sub(info.ModTime()) > time.Hour {
				_ = os.Remove(p)
			}
			return nil
		}
		files = append(files, file{p, info.Size(), info.ModTime()})
		used += info.Size()
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look through the chunk cache: %w", err)
	}
	sort.Slice(files, func(i, j int) bool { return files[i].at.Before(files[j].at) })
	for _, f := range files {
		if used <= limit {
			break
		}
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("make room in the chunk cache: %w", err)
		}
		used -= f.size
	}
	return used, nil
}

// Through returns a Fetcher that asks source only for what the folder lacks, and keeps what
// source brings. Whoever asks for a chunk while it is being fetched, in this process or another, waits for it.
func (c *Cache) Through(source Source) *Fetcher {
	return &Fetcher{c: c, source: source, flights: make(map[chunk.ID]*flight)}
}

// Fetcher reads through a Cache.
type Fetcher struct {
	c      *Cache
	source Source

	// mu guards flights.
	mu      sync.Mutex
	flights map[chunk.ID]*flight
}

type flight struct {
	done   chan struct{} // closed when stored and err are set
	stored []byte
	err    error
}

// Chunk implements pack.Fetcher. The result must not be changed.
func (f *Fetcher) Chunk(ctx context.Context, id chunk.ID) ([]byte, error) {
	for {
		if b, ok := f.c.Get(id); ok {
			f.c.hits.Add(1)
			return b, nil
		}
		f.mu.Lock()
		fl, waiting := f.flights[id]
		if !waiting {
			fl = &flight{done: make(chan struct{})}
			f.flights[id] = fl
		}
		f.mu.Unlock()
		if !waiting {
			fl.stored, fl.err = f.fetch(ctx, id)
			f.mu.Lock()
			delete(f.flights, id)
			f.mu.Unlock()
			close(fl.done)
			return fl.stored, fl.err
		}
		select {
		case <-fl.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if fl.err == nil {
			return fl.stored, nil
		}
		// The other caller may only have been cancelled.
		if !errors.Is(fl.err, context.Canceled) && !errors.Is(fl.err, context.DeadlineExceeded) {
			return nil, fl.err
		}
	}
}

// fetch asks the source, unless another process just did. One lock serves 1/256 of all ids:
// a process that waits for nothing of its own costs less than a chunk that is fetched twice.
func (f *Fetcher) fetch(ctx context.Context, id chunk.ID) ([]byte, error) {
	wait, stop := context.WithTimeout(ctx, patience)
	defer stop()
	l := flock.New(filepath.Join(f.c.dir, "locks", "fetch-"+id.String()[:2]))
	if ok, err := l.TryLockContext(wait, poll); ok && err == nil {
		defer func() { _ = l.Close() }()
		if b, ok := f.c.Get(id); ok {
			f.c.hits.Add(1)
			return b, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.c.misses.Add(1)
	b, err := f.source.Chunk(ctx, id)
	if err != nil {
		return nil, err
	}
	// A cache that can't take a chunk, say on a full disk, must not stop the render.
	_ = f.c.Put(ctx, id, b)
	return b, nil
}

// Discard implements pack.Discarder.
func (f *Fetcher) Discard(_ context.Context, id chunk.ID) { _ = os.Remove(f.c.path(id)) }
