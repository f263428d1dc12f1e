package pack_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/chunkcache"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
)

// network does what a manager and a transfer client do together: permissions come in
// Missing, bytes travel through signed URLs.
type network struct {
	store *dir.Store
	c     *transfer.Client
	gets  int

	mu   sync.Mutex
	urls map[pack.ChunkRef]blob.Signed
}

func key(id chunk.ID) string { return "chunks/" + id.String()[:2] + "/" + id.String() }

func (n *network) Missing(ctx context.Context, refs []pack.ChunkRef) ([]pack.ChunkRef, error) {
	var out []pack.ChunkRef
	for _, r := range refs {
		if _, err := n.store.Stat(ctx, key(r.ID)); err == nil {
			continue
		} else if !errors.Is(err, blob.ErrNotFound) {
			return nil, err
		}
		u, err := n.store.SignPut(ctx, key(r.ID), r.Size, r.Digest, time.Minute)
		if err != nil {
			return nil, err
		}
		n.mu.Lock()
		n.urls[r] = u
		n.mu.Unlock()
		out = append(out, r)
	}
	return out, nil
}

func (n *network) Put(ctx context.Context, r pack.ChunkRef, stored []byte) error {
	n.mu.Lock()
	u, ok := n.urls[r]
	n.mu.Unlock()
	if !ok {
		return errors.New("put without permission")
	}
	return n.c.PutBytes(ctx, u, stored)
}

func (n *network) Chunk(ctx context.Context, id chunk.ID) ([]byte, error) {
	u, err := n.store.SignGet(ctx, key(id), time.Minute)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.gets++
	n.mu.Unlock()
	return n.c.GetBytes(ctx, u, seal.MaxStored, nil)
}

// TestArtistToWorker packages a folder, sends it through signed URLs, seals the job key to
// a worker and unpacks it there through the chunk cache, twice.
func TestArtistToWorker(t *testing.T) {
	ctx := context.Background()
	store, err := dir.Open(dir.Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(store.Handler())
	t.Cleanup(func() { srv.Close(); _ = store.Close() })
	base, _ := url.Parse(srv.URL)
	n := &network{store: store, c: &transfer.Client{Bases: []*url.URL{base}}, urls: map[pack.ChunkRef]blob.Signed{}}

	project := t.TempDir()
	files := map[string][]byte{}
	var src []pack.Source
	add := func(name string, size int) {
		b := make([]byte, size)
		rand.New(rand.NewSource(int64(size))).Read(b)
		p := filepath.Join(project, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o644); err != nil {
			t.Fatal(err)
		}
		files[name] = b
		src = append(src, pack.Source{Name: name, Path: p})
	}
	add("scene.blend", 9<<20)
	add("lib/rocks.blend", 300<<10)
	for i := range 50 {
		add(fmt.Sprintf("tex/%d.png", i), 10_000+i)
	}
	built, err := pack.Build(ctx, pack.BuildOptions{Sources: src, Main: "scene.blend", TenantKey: seal.NewTenantKey(), Sink: n})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range built.Chunks {
		if o, err := store.Stat(ctx, key(c.ID)); err != nil || o.Size != c.Size || o.Digest != c.Digest {
			t.Fatal(o, err)
		}
	}
	if err := store.Put(ctx, "manifests/"+built.ID, bytes.NewReader(built.Manifest), int64(len(built.Manifest)), sha256.Sum256(built.Manifest)); err != nil {
		t.Fatal(err)
	}

	private, public, err := seal.GenerateRecipient()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.SealJobKey(public, built.ID, built.JobKey)
	if err != nil {
		t.Fatal(err)
	}

	jobKey, err := seal.OpenJobKey(private, built.ID, sealed)
	if err != nil {
		t.Fatal(err)
	}
	u, err := store.SignGet(ctx, "manifests/"+built.ID, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	b, err := n.c.GetBytes(ctx, u, 1<<20, nil)
	if err != nil || pack.IDOf(b) != built.ID {
		t.Fatal(err)
	}
	m, err := pack.OpenManifest(b, jobKey, pack.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	cache, err := chunkcache.Open(chunkcache.Options{Dir: t.TempDir(), MaxBytes: chunkcache.MinBytes})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		out := t.TempDir()
		if err := pack.Extract(ctx, pack.ExtractOptions{Manifest: m, Dir: out, Fetch: cache.Through(n)}); err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			if got, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name))); err != nil || !bytes.Equal(got, want) {
				t.Fatal(name, err)
			}
		}
	}
	if n.gets != len(built.Chunks) {
		t.Fatalf("%d chunks were fetched, %d exist: the cache did not serve the second time", n.gets, len(built.Chunks))
	}
}
