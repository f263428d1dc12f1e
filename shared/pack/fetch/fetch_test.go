package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// network is a store, a manager that signs for it and, as a Cache, a node's chunk cache.
type network struct {
	mu       sync.Mutex
	objects  map[string][]byte // by URL
	cached   map[chunk.ID][]byte
	requests int
	gets     map[string]int
	stale    map[string]bool // URLs that fail once
	expires  int64
}

func (n *network) Missing(_ context.Context, chunks []pack.ChunkRef) ([]pack.ChunkRef, error) {
	return chunks, nil
}

func (n *network) Put(_ context.Context, c pack.ChunkRef, stored []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.objects[c.ID.String()] = bytes.Clone(stored)
	return nil
}

func (n *network) Request(_ context.Context, typ wire.Type, body, reply any) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.requests++
	ask := body.(wire.BlobGet)
	if typ != wire.TypeBlobGet || ask.Lease != "lease" || len(ask.Chunks) > batch {
		return fmt.Errorf("unexpected %s: %d chunks for %q", typ, len(ask.Chunks), ask.Lease)
	}
	answer := reply.(*wire.BlobURLs)
	for _, id := range ask.Chunks {
		answer.URLs = append(answer.URLs, wire.Signed{Method: "GET", URL: id, Expires: n.expires})
	}
	return nil
}

func (n *network) get(_ context.Context, s wire.Signed, w io.Writer, max int64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gets[s.URL]++
	if n.stale[s.URL] {
		delete(n.stale, s.URL)
		return errors.New("the URL has expired")
	}
	body, ok := n.objects[s.URL]
	if !ok {
		return errors.New("404")
	}
	if int64(len(body)) > max {
		return errors.New("too large")
	}
	_, err := w.Write(body)
	return err
}

func (n *network) Has(id chunk.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cached[id] != nil
}

func (n *network) Through(up pack.Fetcher) pack.Fetcher { return through{n, up} }

type through struct {
	n  *network
	up pack.Fetcher
}

func (t through) Chunk(ctx context.Context, id chunk.ID) ([]byte, error) {
	t.n.mu.Lock()
	stored := t.n.cached[id]
	t.n.mu.Unlock()
	if stored != nil {
		return stored, nil
	}
	stored, err := t.up.Chunk(ctx, id)
	if err == nil {
		t.n.mu.Lock()
		t.n.cached[id] = stored
		t.n.mu.Unlock()
	}
	return stored, err
}

// setup packages a scene of n files of 300 kB.
func setup(t *testing.T, files int) (*network, *Fetcher, Package, map[string][]byte) {
	t.Helper()
	n := &network{objects: map[string][]byte{}, cached: map[chunk.ID][]byte{}, gets: map[string]int{}, stale: map[string]bool{},
		expires: time.Now().Add(time.Hour).Unix()}
	dir := t.TempDir()
	contents := map[string][]byte{}
	var sources []pack.Source
	random := rand.NewChaCha8([32]byte{1})
	for i := range files {
		name := fmt.Sprintf("tex/%03d.bin", i)
		body := make([]byte, 300_000)
		random.Read(body)
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		contents[name] = body
		sources = append(sources, pack.Source{Name: name, Path: path})
	}
	built, err := pack.Build(t.Context(), pack.BuildOptions{Sources: sources, Main: sources[0].Name, TenantKey: seal.NewTenantKey(), Sink: n})
	if err != nil {
		t.Fatal(err)
	}
	n.objects["manifest"] = built.Manifest
	f := New(Options{Manager: n, Get: n.get, Cache: n, Manifests: filepath.Join(t.TempDir(), "manifests")})
	p := Package{ID: built.ID, Lease: "lease", JobKey: built.JobKey, Manifest: wire.Signed{Method: "GET", URL: "manifest"}}
	return n, f, p, contents
}

func check(t *testing.T, dir string, contents map[string][]byte) {
	t.Helper()
	for name, body := range contents {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%s differs: %v", name, err)
		}
	}
}

func TestFetchTwiceTransfersOnce(t *testing.T) {
	n, f, p, contents := setup(t, 140)
	first := t.TempDir()
	if err := f.Fetch(t.Context(), p, first, nil); err != nil {
		t.Fatal(err)
	}
	check(t, first, contents)
	if most := (len(n.objects)+batch-1)/batch + 2; n.requests > most {
		t.Fatalf("%d requests for %d chunks", n.requests, len(n.objects)-1)
	}
	requests := n.requests
	second := t.TempDir()
	if err := f.Fetch(t.Context(), p, second, nil); err != nil {
		t.Fatal(err)
	}
	check(t, second, contents)
	if n.requests != requests || n.gets["manifest"] != 1 {
		t.Fatalf("fetched again: %d requests, %d manifests", n.requests-requests, n.gets["manifest"])
	}
}

func TestAnExpiredURLIsReplaced(t *testing.T) {
	n, f, p, contents := setup(t, 3)
	for url := range n.objects {
		if url != "manifest" {
			n.stale[url] = true
		}
	}
	dir := t.TempDir()
	if err := f.Fetch(t.Context(), p, dir, nil); err != nil {
		t.Fatal(err)
	}
	check(t, dir, contents)
}

func TestAForgedManifestIsRefused(t *testing.T) {
	n, f, p, _ := setup(t, 1)
	n.objects["manifest"][20] ^= 1
	if err := f.Fetch(t.Context(), p, t.TempDir(), nil); !errors.Is(err, pack.ErrManifest) {
		t.Fatal(err)
	}
	p.ID = "../../etc/passwd"
	if err := f.Fetch(t.Context(), p, t.TempDir(), nil); err == nil {
		t.Fatal("a package id that is a path was used")
	}
}

func TestAMissingChunkIsNamed(t *testing.T) {
	n, f, p, _ := setup(t, 2)
	gone := ""
	for url := range n.objects {
		if url != "manifest" {
			gone = url
			break
		}
	}
	delete(n.objects, gone)
	if err := f.Fetch(t.Context(), p, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), gone) {
		t.Fatalf("got %v", err)
	}
}

func TestOnlyTheLastManifestsAreKept(t *testing.T) {
	_, f, _, _ := setup(t, 1)
	dir := f.options.Manifests
	for i := range manifests + 5 {
		if err := f.keep(filepath.Join(dir, fmt.Sprintf("%064x", i)), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != manifests {
		t.Fatalf("%d manifests are kept, %v", len(entries), err)
	}
}
