package chunkcache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/pack"
)

var (
	_ pack.Fetcher   = (*Fetcher)(nil)
	_ pack.Discarder = (*Fetcher)(nil)
)

func idOf(i int) chunk.ID { return chunk.IDOf([32]byte{}, fmt.Append(nil, i)) }

// origin makes a chunk's content from its id, and counts.
type origin struct {
	size  int
	calls atomic.Int64
	err   error
	gate  chan struct{}
}

func body(id chunk.ID, n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(int64(id[0])<<8 | int64(id[1]))).Read(b)
	return b
}

func (o *origin) Chunk(ctx context.Context, id chunk.ID) ([]byte, error) {
	o.calls.Add(1)
	if o.gate != nil {
		select {
		case <-o.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if o.err != nil {
		return nil, o.err
	}
	return body(id, o.size), nil
}

func open(t testing.TB, dir string, now func() time.Time) *Cache {
	t.Helper()
	c, err := Open(Options{Dir: dir, MaxBytes: MinBytes, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func onDisk(t testing.TB, dir string) (bytes int64) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}

func TestSecondTimeFetchesNothing(t *testing.T) {
	dir, o := t.TempDir(), &origin{size: 1000}
	for round := range 2 { // the second round is another process as far as the cache can tell
		f := open(t, dir, nil).Through(o)
		for i := range 20 {
			b, err := f.Chunk(context.Background(), idOf(i))
			if err != nil || !bytes.Equal(b, body(idOf(i), 1000)) {
				t.Fatal(round, i, err)
			}
		}
		if h, m := f.c.Stats(); round == 1 && (h != 20 || m != 0) {
			t.Fatal(h, m)
		}
	}
	if o.calls.Load() != 20 {
		t.Fatal(o.calls.Load())
	}
}

func TestBoundedAndLeastRecentlyUsedGoes(t *testing.T) {
	dir := t.TempDir()
	now := time.Unix(1_800_000_000, 0)
	o := &origin{size: 2 << 20}
	f := open(t, dir, func() time.Time { return now }).Through(o)
	for i := range 60 {
		now = now.Add(2 * time.Minute)
		if _, err := f.Chunk(context.Background(), idOf(i)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Chunk(context.Background(), idOf(0)); err != nil { // stays in use
			t.Fatal(err)
		}
		if n := onDisk(t, dir); n > MinBytes+8 {
			t.Fatalf("%d bytes after %d chunks", n, i+1)
		}
	}
	if _, ok := f.c.Get(idOf(0)); !ok {
		t.Fatal("the chunk in use was evicted")
	}
	if _, ok := f.c.Get(idOf(1)); ok {
		t.Fatal("the longest unused chunk is still there")
	}
	if _, ok := f.c.Get(idOf(59)); !ok {
		t.Fatal("the newest chunk is gone")
	}
	if o.calls.Load() != 60 {
		t.Fatal(o.calls.Load())
	}
}

func TestDamageIsNoticed(t *testing.T) {
	dir, o := t.TempDir(), &origin{size: 500}
	f := open(t, dir, nil).Through(o)
	id := idOf(1)
	get := func() {
		t.Helper()
		b, err := f.Chunk(context.Background(), id)
		if err != nil || !bytes.Equal(b, body(id, 500)) {
			t.Fatal(err)
		}
	}
	get()
	p := f.c.path(id)
	good, _ := os.ReadFile(p)
	for i, bad := range [][]byte{append([]byte{good[0] ^ 1}, good[1:]...), good[:100], {}, append(bytes.Clone(good), 0)} {
		if err := os.WriteFile(p, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		get()
		if o.calls.Load() != int64(i+2) {
			t.Fatalf("damage %d went unnoticed", i)
		}
	}
	// A good chunk under another's name.
	other := f.c.path(idOf(2))
	if err := os.MkdirAll(filepath.Dir(other), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := f.c.Get(idOf(2)); ok {
		t.Fatal("a chunk passed under another's name")
	}
	f.Discard(context.Background(), id)
	get()
	if o.calls.Load() != 6 {
		t.Fatal("a discarded chunk was not fetched again")
	}
}

func TestOneFetchForManyCallers(t *testing.T) {
	o := &origin{size: 100, gate: make(chan struct{})}
	dir := t.TempDir()
	// Two caches on one folder stand for two processes: their locks are as separate.
	a, b := open(t, dir, nil).Through(o), open(t, dir, nil).Through(o)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			f := a
			if i%2 == 1 {
				f = b
			}
			if _, err := f.Chunk(context.Background(), idOf(1)); err != nil {
				t.Error(err)
			}
		})
	}
	close(o.gate)
	wg.Wait()
	if o.calls.Load() != 1 {
		t.Fatalf("%d fetches", o.calls.Load())
	}
}

func TestErrorsAndCancel(t *testing.T) {
	boom := errors.New("boom")
	o := &origin{size: 100, err: boom}
	f := open(t, t.TempDir(), nil).Through(o)
	if _, err := f.Chunk(context.Background(), idOf(1)); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	o.err, o.gate = nil, make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan error)
	go func() { _, err := f.Chunk(ctx, idOf(2)); first <- err }()
	second := make(chan error)
	go func() { _, err := f.Chunk(context.Background(), idOf(2)); second <- err }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(o.gate)
	if err := <-second; err != nil { // not dragged down by the other's cancel
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: t.TempDir(), MaxBytes: 1}); err == nil {
		t.Fatal("a cache of one byte")
	}
}

// TestSeveralProcesses runs this test binary several times on one folder.
func TestSeveralProcesses(t *testing.T) {
	dir := t.TempDir()
	var procs []*exec.Cmd
	for i := range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestHelperProcess$", "-test.v")
		cmd.Env = append(os.Environ(), "CHUNKCACHE_DIR="+dir, "CHUNKCACHE_SEED="+strconv.Itoa(i))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		procs = append(procs, cmd)
	}
	for _, p := range procs {
		if err := p.Wait(); err != nil {
			t.Error(err)
		}
	}
	if n := onDisk(t, dir); n > MinBytes+8 {
		t.Fatalf("%d bytes", n)
	}
}

// TestHelperProcess does a process's work for TestSeveralProcesses; alone it has none.
func TestHelperProcess(t *testing.T) {
	dir := os.Getenv("CHUNKCACHE_DIR")
	if dir == "" {
		return
	}
	seed, err := strconv.Atoi(os.Getenv("CHUNKCACHE_SEED"))
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, dir, nil).Through(&origin{size: 1 << 20})
	r := rand.New(rand.NewSource(int64(seed)))
	for range 150 {
		id := idOf(r.Intn(100))
		b, err := f.Chunk(context.Background(), id)
		if err != nil || !bytes.Equal(b, body(id, 1<<20)) {
			t.Fatal(err)
		}
	}
}
