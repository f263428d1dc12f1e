// Package fetch brings a package to a node: the sealed manifest and the chunks that the
// node's cache lacks, by signed URLs that the manager gives in batches, and unpacks them
// into a folder. Workers and verifiers use the same code.
//
// It is not the place for the package format (shared/pack), for the transfer behind a URL
// (shared/blob/transfer) or for the cache (shared/blob/chunkcache).
//
// Receives: a package id with its job key, from a lease or an audit.
// Hands on: the scene's files, to shared/render/warm.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	// batch is how many URLs are asked for at a time.
	batch = 128
	// manifests is how many sealed manifests are kept.
	manifests = 64
	// margin is how long a URL must still be good to be used.
	margin = 20 * time.Second
	// maxChunk bounds a stored chunk, in bytes (FORMAT.md, section 5).
	maxChunk = 4<<20 + 1024
)

// Manager is the connection. A refusal is a *wire.Error.
type Manager interface {
	Request(ctx context.Context, typ wire.Type, body, reply any) error
}

// Cache keeps stored chunks on disk.
type Cache interface {
	// Through returns a fetcher that answers from the cache and fills it from upstream.
	Through(upstream pack.Fetcher) pack.Fetcher
	// Has tells whether a chunk is there now.
	Has(id chunk.ID) bool
}

// Options configure a Fetcher.
type Options struct {
	Manager Manager
	Cache   Cache // nil fetches every chunk
	// Get carries out a signed GET, with its own retries, and fails beyond max bytes.
	Get       func(ctx context.Context, signed wire.Signed, w io.Writer, max int64) error
	Manifests string // folder that keeps sealed manifests; "" keeps none
	Limits    pack.Limits
	Parallel  int
}

// Fetcher fetches packages; it may be used from many goroutines.
type Fetcher struct{ options Options }

// New makes a Fetcher.
func New(o Options) *Fetcher { return &Fetcher{options: o} }

// Package names a package and what gives the right to it: exactly one of Lease and Audit.
type Package struct {
	ID       string // hex
	Lease    string
	Audit    string
	Manifest wire.Signed
	JobKey   seal.JobKey
}

// Fetch unpacks the package into dir. Progress may be nil.
func (f *Fetcher) Fetch(ctx context.Context, p Package, dir string, progress func(pack.Progress)) error {
	sealed, err := f.manifest(ctx, p)
	if err != nil {
		return fmt.Errorf("fetch the manifest: %w", err)
	}
	m, err := pack.OpenManifest(sealed, p.JobKey, f.options.Limits)
	if err != nil {
		return fmt.Errorf("open package %.12s: %w", p.ID, err)
	}
	var from pack.Fetcher = &source{fetcher: f, pkg: p, order: ids(m), urls: map[chunk.ID]wire.Signed{}, here: map[chunk.ID]bool{}}
	if f.options.Cache != nil {
		from = f.options.Cache.Through(from)
	}
	err = pack.Extract(ctx, pack.ExtractOptions{
		Manifest: m, Dir: dir, Fetch: from,
		Parallel: f.options.Parallel, Limits: f.options.Limits, Progress: progress,
	})
	if err != nil {
		return fmt.Errorf("unpack package %.12s: %w", p.ID, err)
	}
	return nil
}

var packageID = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (f *Fetcher) manifest(ctx context.Context, p Package) ([]byte, error) {
	if !packageID.MatchString(p.ID) {
		return nil, fmt.Errorf("%q is no package id", p.ID)
	}
	file := ""
	if f.options.Manifests != "" {
		file = filepath.Join(f.options.Manifests, p.ID)
		if sealed, err := os.ReadFile(file); err == nil && pack.IDOf(sealed) == p.ID {
			now := time.Now()
			os.Chtimes(file, now, now)
			return sealed, nil
		}
	}
	limit := f.options.Limits.ManifestBytes
	if limit <= 0 {
		limit = 512 << 20
	}
	var b bytes.Buffer
	if err := f.options.Get(ctx, p.Manifest, &b, limit); err != nil {
		return nil, err
	}
	if pack.IDOf(b.Bytes()) != p.ID {
		return nil, fmt.Errorf("%w: it doesn't belong to package %.12s", pack.ErrManifest, p.ID)
	}
	if file != "" {
		if err := f.keep(file, b.Bytes()); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// keep stores a sealed manifest and forgets the oldest ones.
func (f *Fetcher) keep(file string, sealed []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("keep the manifest: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(file), "part-*")
	if err != nil {
		return fmt.Errorf("keep the manifest: %w", err)
	}
	_, err = part.Write(sealed)
	if err := errors.Join(err, part.Close()); err != nil {
		os.Remove(part.Name())
		return fmt.Errorf("keep the manifest: %w", err)
	}
	if err := os.Rename(part.Name(), file); err != nil {
		return fmt.Errorf("keep the manifest: %w", err)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) <= manifests {
		return nil
	}
	var infos []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range infos[:max(0, len(infos)-manifests)] {
		os.Remove(filepath.Join(filepath.Dir(file), info.Name()))
	}
	return nil
}

func ids(m *pack.Manifest) []chunk.ID {
	list := make([]chunk.ID, len(m.Chunks))
	for i := range m.Chunks {
		list[i] = m.Chunks[i].ID
	}
	return list
}

// source brings chunks from the store.
type source struct {
	fetcher *Fetcher
	pkg     Package
	order   []chunk.ID

	mu   sync.Mutex // guards urls; held while a batch is asked for, so that one batch serves all who wait
	urls map[chunk.ID]wire.Signed
	here map[chunk.ID]bool // guarded by mu; seen in the cache
}

var _ pack.Fetcher = (*source)(nil)

// Chunk downloads one stored chunk. A URL that fails is replaced once: it may have expired.
func (s *source) Chunk(ctx context.Context, id chunk.ID) ([]byte, error) {
	var failed error
	for range 2 {
		signed, err := s.url(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("ask for chunk %s: %w", id, err)
		}
		var b bytes.Buffer
		err = s.fetcher.options.Get(ctx, signed, &b, maxChunk)
		if err == nil {
			return b.Bytes(), nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		failed = fmt.Errorf("fetch chunk %s: %w", id, err)
		s.mu.Lock()
		delete(s.urls, id)
		s.mu.Unlock()
	}
	return nil, failed
}

func (s *source) url(ctx context.Context, id chunk.ID) (wire.Signed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, ok := s.urls[id]; ok && good(u) {
		return u, nil
	}
	wanted := s.nextLocked(id)
	ask := wire.BlobGet{Lease: s.pkg.Lease, Audit: s.pkg.Audit}
	for _, w := range wanted {
		ask.Chunks = append(ask.Chunks, w.String())
	}
	var answer wire.BlobURLs
	if err := s.fetcher.options.Manager.Request(ctx, wire.TypeBlobGet, ask, &answer); err != nil {
		return wire.Signed{}, err
	}
	if len(answer.URLs) != len(wanted) {
		return wire.Signed{}, fmt.Errorf("the manager answered %d chunks with %d addresses", len(wanted), len(answer.URLs))
	}
	for i, w := range wanted {
		s.urls[w] = answer.URLs[i]
	}
	if s.urls[id].URL == "" {
		return wire.Signed{}, errors.New("the store doesn't have it")
	}
	return s.urls[id], nil
}

// nextLocked is the batch that begins with id: it and those after it that have no URL and
// aren't in the cache.
func (s *source) nextLocked(id chunk.ID) []chunk.ID {
	wanted := []chunk.ID{id}
	from := slices.Index(s.order, id)
	for _, next := range s.order[from+1:] {
		if len(wanted) == batch {
			break
		}
		if u, ok := s.urls[next]; ok && good(u) {
			continue
		}
		if c := s.fetcher.options.Cache; s.here[next] || c != nil && c.Has(next) {
			s.here[next] = true
			continue
		}
		wanted = append(wanted, next)
	}
	return wanted
}

func good(u wire.Signed) bool {
	return u.Expires == 0 || time.Until(time.Unix(u.Expires, 0)) > margin
}
