package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
)

// memory is a Sink and Fetcher that checks what it is given.
type memory struct {
	mu      sync.Mutex
	chunks  map[chunk.ID][]byte
	puts    int
	putErr  error
	damaged map[chunk.ID]int // times to hand out damaged bytes
}

func newMemory() *memory {
	return &memory{chunks: map[chunk.ID][]byte{}, damaged: map[chunk.ID]int{}}
}

func (m *memory) Missing(_ context.Context, refs []ChunkRef) ([]ChunkRef, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []ChunkRef
	for _, r := range refs {
		if _, ok := m.chunks[r.ID]; !ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) Put(_ context.Context, c ChunkRef, stored []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.putErr != nil {
		return m.putErr
	}
	if int64(len(stored)) != c.Size || sha256.Sum256(stored) != c.Digest {
		return errors.New("a chunk that is not what its ref says")
	}
	m.puts++
	m.chunks[c.ID] = bytes.Clone(stored)
	return nil
}

func (m *memory) Chunk(_ context.Context, id chunk.ID) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.chunks[id]
	if !ok {
		return nil, fmt.Errorf("no chunk %s", id)
	}
	if m.damaged[id] > 0 {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 1
	}
	return b, nil
}

func (m *memory) Discard(_ context.Context, id chunk.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.damaged[id]--
}

// canceller is a Fetcher whose caller gives up after some chunks.
type canceller struct {
	*memory
	after  int32
	cancel func()
}

func (c *canceller) Chunk(ctx context.Context, id chunk.ID) ([]byte, error) {
	if atomic.AddInt32(&c.after, -1) == 0 {
		c.cancel()
	}
	return c.memory.Chunk(ctx, id)
}

func noise(seed int64, n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(seed)).Read(b)
	return b
}

// blendLike returns a .blend's header and one DATA block of n vertices of 20 bytes.
func blendLike(n int) []byte {
	b := []byte("BLENDER-v304")
	block := func(code string, size, count int) {
		b = append(b, code...)
		b = binary.LittleEndian.AppendUint32(b, uint32(size))
		b = binary.LittleEndian.AppendUint64(b, 0x1234)
		b = binary.LittleEndian.AppendUint32(b, 3)
		b = binary.LittleEndian.AppendUint32(b, uint32(count))
	}
	block("DATA", n*20, n)
	for i := range n {
		for k := range 3 {
			b = binary.LittleEndian.AppendUint32(b, uint32(0x3f000000+i*(k+1)*113))
		}
		b = append(b, 0, 0, 0, 0, 9, 0, 0, 0)
	}
	block("ENDB", 0, 0)
	return b
}

// scene writes files into a folder, dated well in the past, and returns them as sources.
func scene(t testing.TB, files map[string][]byte) (string, []Source) {
	t.Helper()
	dir := t.TempDir()
	var out []Source
	for name, data := range files {
		out = append(out, Source{Name: name, Path: filepath.Join(dir, filepath.FromSlash(name))})
		write(t, dir, name, data, time.Now().Add(-time.Hour))
	}
	return dir, out
}

func write(t testing.TB, dir, name string, data []byte, when time.Time) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(p, when, when); err != nil {
		t.Fatal(err)
	}
}

func standard() map[string][]byte {
	files := map[string][]byte{
		"scene.blend":        blendLike(150000),
		"lib/tree.blend":     blendLike(2000),
		"tex/wood.png":       noise(1, 5<<20),
		"tex/copy.png":       noise(1, 5<<20),
		"tex/ünïcode ☀.exr":  noise(2, 700<<10),
		"empty.txt":          nil,
		"caches/zeros.bphys": make([]byte, 9<<20),
	}
	for i := range 400 {
		files[fmt.Sprintf("small/%03d.ies", i)] = noise(int64(i), i*37%9000)
	}
	return files
}

func build(t testing.TB, o BuildOptions) *Built {
	t.Helper()
	b, err := Build(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func extract(t testing.TB, b *Built, m *memory, dir string) error {
	t.Helper()
	man, err := OpenManifest(b.Manifest, b.JobKey, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return Extract(context.Background(), ExtractOptions{Manifest: man, Dir: dir, Fetch: m})
}

func sameFiles(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s came out wrong: %v", name, err)
		}
	}
	n := 0
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			n++
		}
		return nil
	})
	if n != len(files) {
		t.Fatalf("%d files came out of %d", n, len(files))
	}
}

func TestRoundTrip(t *testing.T) {
	files := standard()
	_, src := scene(t, files)
	m := newMemory()
	var last Progress
	b := build(t, BuildOptions{Sources: src, Main: "scene.blend", TenantKey: seal.TenantKey{1}, Sink: m, Progress: func(p Progress) { last = p }})
	if b.Files != len(files) || last.FilesDone != len(files) || last.BytesDone != b.Bytes || last.BytesUploaded != b.Uploaded || last.Phase != PhaseUpload {
		t.Fatalf("%+v after %d files of %d bytes, %d uploaded", last, b.Files, b.Bytes, b.Uploaded)
	}
	if m.puts != len(b.Chunks) || IDOf(b.Manifest) != b.ID {
		t.Fatalf("%d puts for %d chunks", m.puts, len(b.Chunks))
	}
	// wood and copy are the same 5 MiB, zeros are nothing, the .blend compresses.
	if b.Uploaded > 9<<20 {
		t.Fatalf("%d bytes uploaded", b.Uploaded)
	}
	out := t.TempDir()
	if err := extract(t, b, m, out); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, out, files)
	man, _ := OpenManifest(b.Manifest, b.JobKey, Limits{})
	if man.MainPath() != "scene.blend" || man.Bytes() != b.Bytes {
		t.Fatal(man.MainPath(), man.Bytes())
	}
	for _, s := range m.chunks {
		if bytes.Contains(s, []byte("BLENDER")) {
			t.Fatal("a stored chunk is readable")
		}
	}
}

func TestSecondBuildSendsNothingAndReadsNothing(t *testing.T) {
	files := standard()
	dir, src := scene(t, files)
	m := newMemory()
	o := BuildOptions{Sources: src, Main: "scene.blend", TenantKey: seal.TenantKey{1}, Sink: m, ScanCache: filepath.Join(t.TempDir(), "a", "scan")}
	first := build(t, o)
	if first.Warning != nil || first.Reread != first.Bytes {
		t.Fatal(first.Warning, first.Reread)
	}
	second := build(t, o)
	if second.Uploaded != 0 || second.Reread != 0 {
		t.Fatalf("%d bytes uploaded, %d read", second.Uploaded, second.Reread)
	}
	if len(second.Chunks) != len(first.Chunks) || second.ID == first.ID {
		t.Fatal("the second package has other chunks, or the same job key")
	}
	o.Rehash = true
	if third := build(t, o); third.Uploaded != 0 || third.Reread != third.Bytes {
		t.Fatalf("--rehash: %d bytes uploaded, %d read", third.Uploaded, third.Reread)
	}
	o.Rehash = false

	// An edit in the middle of a texture, and one small file.
	wood := append(append(bytes.Clone(files["tex/wood.png"][:1<<20]), "an edit"...), files["tex/wood.png"][1<<20:]...)
	write(t, dir, "tex/wood.png", wood, time.Now().Add(-time.Minute))
	write(t, dir, "small/007.ies", []byte("new"), time.Now().Add(-time.Minute))
	files["tex/wood.png"], files["small/007.ies"] = wood, []byte("new")
	edit := build(t, o)
	if edit.Uploaded == 0 || edit.Uploaded > 6<<20 || edit.Reread > 12<<20 {
		t.Fatalf("%d bytes uploaded, %d read after an edit", edit.Uploaded, edit.Reread)
	}
	out := t.TempDir()
	if err := extract(t, edit, m, out); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, out, files)

	// The store lost a chunk: the cache must not hide that.
	m.mu.Lock()
	delete(m.chunks, edit.Chunks[0].ID)
	delete(m.chunks, edit.Chunks[len(edit.Chunks)-1].ID)
	m.mu.Unlock()
	if again := build(t, o); again.Uploaded == 0 {
		t.Fatal("a lost chunk was not put again")
	}
	if err := extract(t, edit, m, t.TempDir()); err != nil {
		t.Fatal(err)
	}

	// Another tenant's cache, and a damaged one, are no cache.
	o.TenantKey = seal.TenantKey{2}
	if other := build(t, o); other.Reread != other.Bytes {
		t.Fatal("a cache served another tenant")
	}
	if err := os.WriteFile(o.ScanCache, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if other := build(t, o); other.Uploaded != 0 || other.Reread != other.Bytes {
		t.Fatal("rubbish passed for a cache")
	}
}

func TestFreshFilesAreNotCached(t *testing.T) {
	dir, src := scene(t, map[string][]byte{"a.blend": noise(1, 400<<10)})
	write(t, dir, "a.blend", noise(1, 400<<10), time.Now())
	o := BuildOptions{Sources: src, Main: "a.blend", Sink: newMemory(), ScanCache: filepath.Join(t.TempDir(), "scan")}
	build(t, o)
	if b := build(t, o); b.Reread != b.Bytes {
		t.Fatal("a file that may change within its time stamp's step was cached")
	}
}

func TestBuildErrorsNameTheFile(t *testing.T) {
	dir, src := scene(t, map[string][]byte{"a.blend": []byte("x"), "t.png": []byte("y")})
	o := BuildOptions{Sources: src, Main: "a.blend", Sink: newMemory()}
	try := func(name string, o BuildOptions, is error, says ...string) {
		t.Helper()
		_, err := Build(context.Background(), o)
		if err == nil || (is != nil && !errors.Is(err, is)) {
			t.Errorf("%s: %v", name, err)
			return
		}
		for _, s := range says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %q does not say %q", name, err, s)
			}
		}
	}
	with := func(s Source) BuildOptions {
		p := o
		p.Sources = append([]Source{s}, src...)
		return p
	}
	try("missing", with(Source{"x.png", filepath.Join(dir, "x.png"), "texture"}), os.ErrNotExist, "texture "+filepath.Join(dir, "x.png"), "put it back")
	try("folder", with(Source{"d", dir, ""}), errNotRegular, dir)
	try("twice", with(Source{"t.png", filepath.Join(dir, "t.png"), ""}), ErrPath)
	try("case", with(Source{"T.PNG", filepath.Join(dir, "t.png"), ""}), ErrPath, "rename")
	try("outside", with(Source{"../t", filepath.Join(dir, "t.png"), ""}), ErrPath)
	p := o
	p.Main = "b.blend"
	try("no main", p, ErrPath, "b.blend")
	p = o
	p.Limits.TotalBytes = 1
	try("too large", p, ErrLimit)
	p = o
	boom := errors.New("boom")
	p.Sink = &memory{putErr: boom, chunks: map[chunk.ID][]byte{}}
	try("sink", p, boom)
	if os.Getuid() != 0 {
		if err := os.Chmod(filepath.Join(dir, "t.png"), 0); err != nil {
			t.Fatal(err)
		}
		try("permission", o, os.ErrPermission, "permission denied; fix its permissions")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Build(ctx, o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCancelInTheMiddle(t *testing.T) {
	_, src := scene(t, standard())
	ctx, cancel := context.WithCancel(context.Background())
	m := newMemory()
	before := runtime.NumGoroutine()
	_, err := Build(ctx, BuildOptions{Sources: src, Main: "scene.blend", Sink: m, Progress: func(p Progress) {
		if p.Phase == PhasePack {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	b := build(t, BuildOptions{Sources: src, Main: "scene.blend", Sink: m})
	ctx, cancel = context.WithCancel(context.Background())
	man, _ := OpenManifest(b.Manifest, b.JobKey, Limits{})
	dir := t.TempDir()
	err = Extract(ctx, ExtractOptions{Manifest: man, Dir: dir, Fetch: &canceller{memory: m, after: 3, cancel: cancel}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	cancel()
	if err := extract(t, b, m, dir); err != nil { // continues
		t.Fatal(err)
	}
	sameFiles(t, dir, standard())
	if after := runtime.NumGoroutine(); after > before {
		t.Fatalf("%d goroutines, %d before", after, before)
	}
}

func TestExtractDamageAndLinks(t *testing.T) {
	files := map[string][]byte{"a.blend": noise(1, 600<<10), "t/x.png": noise(2, 1000)}
	_, src := scene(t, files)
	m := newMemory()
	b := build(t, BuildOptions{Sources: src, Main: "a.blend", Sink: m})
	id := b.Chunks[0].ID

	m.damaged[id] = 1 // a cache that heals
	if err := extract(t, b, m, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	m.damaged[id] = 5 // a store that doesn't
	dir := t.TempDir()
	if err := extract(t, b, m, dir); !errors.Is(err, seal.ErrOpen) {
		t.Fatal(err)
	}
	m.damaged[id] = 0
	if _, err := os.Stat(filepath.Join(dir, "a.blend")); err == nil {
		t.Fatal("a damaged file appeared under its name")
	}

	// A link in the workspace must not lead out of it.
	outside := t.TempDir()
	dir = t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "t")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "a"), filepath.Join(dir, "a.blend")); err != nil {
		t.Fatal(err)
	}
	if err := extract(t, b, m, dir); err == nil {
		t.Fatal("unpacked through a link")
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Fatal("something was written outside the folder")
	}
	if err := os.Remove(filepath.Join(dir, "t")); err != nil {
		t.Fatal(err)
	}
	if err := extract(t, b, m, dir); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, dir, files)

	// A file digest that doesn't fit: what a node with the chunk's key could cause.
	man, _ := OpenManifest(b.Manifest, b.JobKey, Limits{})
	man.Files[0].Digest[0] ^= 1
	if err := Extract(context.Background(), ExtractOptions{Manifest: man, Dir: t.TempDir(), Fetch: m}); !errors.Is(err, ErrDigest) {
		t.Fatal(err)
	}
}

func TestFileThatGrowsWhileRead(t *testing.T) {
	dir, src := scene(t, map[string][]byte{"a.blend": noise(1, 600<<10)})
	_, err := Build(context.Background(), BuildOptions{Sources: src, Main: "a.blend", Sink: newMemory(), Progress: func(p Progress) {
		if p.Phase == PhasePack && p.BytesDone == 0 {
			write(t, dir, "a.blend", noise(1, 700<<10), time.Now())
		}
	}})
	var fe *FileError
	if !errors.Is(err, ErrChanged) || !errors.As(err, &fe) || !strings.Contains(err.Error(), "submit again") {
		t.Fatal(err)
	}
}

func TestBlendSpans(t *testing.T) {
	b := blendLike(5000)
	got := blendSpans(bytes.NewReader(b), int64(len(b)))
	if len(got) != 1 || got[0] != (span{off: 36, n: 100000, stride: 20}) {
		t.Fatal(got)
	}
	h := hintsFor(got, 1000, 50000)
	if len(h) != 1 || h[0].Off != 0 || h[0].Len != 99036 || h[0].Stride != 20 {
		t.Fatal(h)
	}
	if h := hintsFor(got, 200000, 10); h != nil {
		t.Fatal(h)
	}
}

func FuzzBlendSpans(f *testing.F) {
	f.Add(blendLike(300))
	f.Add([]byte("BLENDER17-01v0500 and then some"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var end int64
		for _, s := range blendSpans(bytes.NewReader(b), int64(len(b))) {
			if s.off < end || s.n < 1 || s.off+s.n > int64(len(b)) || s.stride < 1 || s.stride > 255 {
				t.Fatalf("%+v of %d bytes", s, len(b))
			}
			end = s.off + s.n
		}
	})
}

func FuzzScanCache(f *testing.F) {
	c := scanCache{{1}: {day: 20000, digests: [][32]byte{{2}}, chunks: []sealedChunk{{ref: ChunkRef{Size: 5}, plain: 9}}}}
	b := c.marshal(seal.TenantKey{}, time.Unix(20000*86400, 0))
	f.Add(b[:len(b)-32])
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = parseScanItems(b)
	})
}

// Measures reading, cutting, sealing and a memory Sink, then nothing but the scan; the ratio is resubmit time to first time.
func BenchmarkBuild(b *testing.B) {
	files := map[string][]byte{"scene.blend": blendLike(2 << 20), "t.png": noise(1, 16<<20)}
	for i := range 2000 {
		files[fmt.Sprintf("s/%d.txt", i)] = noise(int64(i), 3000)
	}
	_, src := scene(b, files)
	var first, second time.Duration
	var bytes int64
	for b.Loop() {
		m, dir := newMemory(), b.TempDir()
		o := BuildOptions{Sources: src, Main: "scene.blend", Sink: m, ScanCache: filepath.Join(dir, "scan")}
		t := time.Now()
		bytes = build(b, o).Bytes
		first += time.Since(t)
		t = time.Now()
		build(b, o)
		second += time.Since(t)
	}
	b.SetBytes(bytes)
	b.ReportMetric(second.Seconds()/first.Seconds(), "resubmit/first")
}
