package dir

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
)

const large = maxPacked + 1 // bytes

func filled(n int, text string) string { return text + strings.Repeat("·", n)[:n-len(text)] }

func mustPut(t *testing.T, s *Store, key, data string) {
	t.Helper()
	if err := put(s, key, data); err != nil {
		t.Fatal(err)
	}
}

func read(s *Store, key string) (string, error) {
	r, o, err := s.Get(context.Background(), key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err == nil && (o.Key != key || o.Size != int64(len(b))) {
		err = fmt.Errorf("%d bytes are described as %+v", len(b), o)
	}
	return string(b), err
}

func mustRead(t *testing.T, s *Store, key, want string) {
	t.Helper()
	if got, err := read(s, key); err != nil || got != want {
		t.Fatalf("%s has %d bytes instead of %d: %v", key, len(got), len(want), err)
	}
}

func isFile(s *Store, key string) bool {
	_, err := os.Stat(s.path(key))
	return err == nil
}

func TestSmallObjectsArePacked(t *testing.T) {
	s := open(t, Options{})
	for _, n := range []int{0, 1, maxPacked, maxPacked + 1} {
		key, data := fmt.Sprint("k/", n), filled(max(n, 0), "")
		mustPut(t, s, key, data)
		mustRead(t, s, key, data)
		if isFile(s, key) != (n > maxPacked) {
			t.Errorf("%d bytes are a file: %v", n, isFile(s, key))
		}
	}
	for old, data := range map[string]string{"k/1": filled(large, ""), "k/65537": "x"} { // the other kind
		if err := put(s, old, data); !errors.Is(err, blob.ErrExists) {
			t.Errorf("%s: %v", old, err)
		}
	}
	if err := filepath.WalkDir(s.root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && p != s.root && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", p, info.Mode())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// A folder of before the packed file, and one that such a manager has used again.
func TestFilesOfSmallObjectsStay(t *testing.T) {
	root := t.TempDir()
	s := open(t, Options{Root: root})
	old := func(key, data string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(s.path(key)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.path(key), append([]byte(data), trailer(int64(len(data)), sha256.Sum256([]byte(data)))...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old("a/old", "from before")
	mustRead(t, s, "a/old", "from before")
	mustPut(t, s, "a/old", "from before")
	if err := put(s, "a/old", "other"); !errors.Is(err, blob.ErrExists) {
		t.Fatal(err)
	}
	mustPut(t, s, "a/both", "packed")
	old("a/both", "as a file")
	mustRead(t, s, "a/both", "as a file")
	var listed []string
	if err := s.List(context.Background(), "a", func(o blob.Object) error {
		listed = append(listed, fmt.Sprint(o.Key, " ", o.Size))
		return nil
	}); err != nil || !slices.Equal(listed, []string{"a/both 9", "a/old 11"}) {
		t.Fatal(listed, err)
	}
	for _, key := range []string{"a/old", "a/both"} {
		if err := s.Delete(context.Background(), key); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Stat(context.Background(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Fatal(key, err)
		}
	}
}

func TestListMergesBothKinds(t *testing.T) {
	s := open(t, Options{MaxBytes: 1 << 30})
	r := rand.New(rand.NewPCG(1, 2))
	var keys []string
	small, sum := []byte("x"), sha256.Sum256([]byte("x"))
	big := bytes.Repeat(small, large)
	bigSum := sha256.Sum256(big)
	var wg sync.WaitGroup
	bytesOf := func(key string) int64 {
		if strings.HasSuffix(key, "7") {
			return large
		}
		return 1
	}
	for i := range 3 * listPage {
		key := fmt.Sprintf("%c%c%d/%d", "ab"[r.IntN(2)], "-./_"[r.IntN(4)], r.IntN(3), i) // folders that sort before and after "/"
		keys = append(keys, key)
		wg.Go(func() {
			data, digest := small, sum
			if bytesOf(key) == large {
				data, digest = big, bigSum
			}
			if err := s.Put(context.Background(), key, bytes.NewReader(data), int64(len(data)), digest); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	slices.Sort(keys)
	for _, prefix := range []string{"", "a", "a/", "b-1", "b-1/4", "zz", keys[7]} {
		var want, got []string
		for _, k := range keys {
			if strings.HasPrefix(k, prefix) {
				want = append(want, k)
			}
		}
		if err := s.List(context.Background(), prefix, func(o blob.Object) error {
			got = append(got, o.Key)
			if o.Size != bytesOf(o.Key) || o.Digest == [32]byte{} || time.Since(o.Modified).Abs() > time.Hour {
				t.Errorf("%+v", o)
			}
			return nil
		}); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q lists %d keys instead of %d: %v", prefix, len(got), len(want), err)
		}
	}
	if err := s.List(context.Background(), "", func(o blob.Object) error { return s.Delete(context.Background(), o.Key) }); err != nil {
		t.Fatal(err)
	}
	if err := s.List(context.Background(), "", func(o blob.Object) error { return errors.New(o.Key) }); err != nil {
		t.Fatal("not deleted:", err)
	}
	if n := s.used.Load(); n != 0 {
		t.Errorf("an empty store has %d bytes", n)
	}
}

func TestRangesOfSmallObjects(t *testing.T) {
	s := open(t, Options{})
	base := serve(t, s)
	mustPut(t, s, "r/1", "0123456789")
	u, err := s.SignGet(context.Background(), "r/1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest(http.MethodGet, base.String()+u.URL, nil)
	req.Header.Set("Range", "bytes=3-5")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	sum := sha256.Sum256([]byte("0123456789"))
	if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusPartialContent || string(b) != "345" ||
		resp.Header.Get("Content-Range") != "bytes 3-5/10" || resp.Header.Get("ETag") != fmt.Sprintf("%q", fmt.Sprintf("%x", sum)) {
		t.Fatal(resp.Status, string(b), resp.Header, err)
	}
}

// Senders that stand still take all buffers, and hold up nobody.
func TestSlowSendersHoldUpNobody(t *testing.T) {
	s := open(t, Options{})
	var wg sync.WaitGroup
	begun := make(chan struct{})
	var ends []*io.PipeWriter
	for i := range maxBuffers {
		r, w := io.Pipe()
		ends = append(ends, w)
		wg.Go(func() {
			if err := s.Put(context.Background(), fmt.Sprint("slow/", i), r, 2, sha256.Sum256([]byte("ab"))); err != nil {
				t.Error(err)
			}
		})
		go func() {
			_, _ = w.Write([]byte("a"))
			begun <- struct{}{}
		}()
	}
	for range maxBuffers {
		<-begun
	}
	mustPut(t, s, "slow/0", "ab") // under the very key of one
	mustRead(t, s, "slow/0", "ab")
	if !isFile(s, "slow/0") {
		t.Error("there was a buffer left")
	}
	for _, w := range ends {
		go func() {
			_, _ = w.Write([]byte("b"))
			_ = w.Close()
		}()
	}
	wg.Wait()
	mustRead(t, s, "slow/7", "ab")
	mustPut(t, s, "later", "x")
	if isFile(s, "later") {
		t.Error("the buffers didn't come back")
	}
}

// idle is a packed file whose writer does nothing by itself.
func idle(t *testing.T) *packed {
	t.Helper()
	p, err := openPacked(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.writer.close(); err != nil {
		t.Fatal(err)
	}
	p.writer.requests = make(chan *request, maxGroup)
	t.Cleanup(func() {
		if err := errors.Join(p.readers.close(), p.writer.conn.close()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *packed) queue(r *request) *request {
	r.done = make(chan struct{})
	if !r.remove {
		r.object.Size, r.object.Digest, r.object.Modified = int64(len(r.content)), sha256.Sum256(r.content), time.Now()
	}
	p.writer.requests <- r
	return r
}

// What waits shares a commit; one that fails spoils none of the others.
func TestGroup(t *testing.T) {
	p := idle(t)
	ctx := context.Background()
	commits := func() int64 {
		info, err := os.Stat(p.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	var all []*request
	for i := range 10 {
		all = append(all, p.queue(&request{object: blob.Object{Key: fmt.Sprint("k", i)}, content: []byte{byte(i)}}))
	}
	all = append(all, p.queue(&request{object: blob.Object{Key: "k3"}, remove: true}))
	before := commits()
	p.writer.group(<-p.writer.requests)
	for _, r := range all {
		<-r.done
		if r.err != nil || r.there != r.remove {
			t.Error(r.object.Key, r.there, r.err)
		}
	}
	// One commit writes each page once: far less than eleven would.
	if grown := commits() - before; grown > 8*pageSize {
		t.Errorf("eleven requests wrote %d bytes", grown)
	}
	if _, err := p.stat(ctx, "k3"); !errors.Is(err, blob.ErrNotFound) {
		t.Error(err)
	}
	other := p.queue(&request{object: blob.Object{Key: "k1"}, content: []byte("other")})
	same := p.queue(&request{object: blob.Object{Key: "k2"}, content: []byte{2}})
	fresh := p.queue(&request{object: blob.Object{Key: "k11"}, content: []byte{11}})
	p.writer.group(<-p.writer.requests)
	for r, want := range map[*request]error{other: blob.ErrExists, same: nil, fresh: nil} {
		if <-r.done; !errors.Is(r.err, want) {
			t.Error(r.object.Key, r.err)
		}
	}
	if !same.there || fresh.there {
		t.Error("what was there, and what wasn't:", same.there, fresh.there)
	}
	for i, want := range map[int][]byte{1: {1}, 2: {2}, 11: {11}} {
		if got, _, err := p.get(ctx, fmt.Sprint("k", i)); err != nil || !bytes.Equal(got, want) {
			t.Error(i, got, err)
		}
	}
}

func TestRoomOfDeletedObjectsComesBack(t *testing.T) {
	p := idle(t)
	const n = 40 << 20 / maxPacked
	content := bytes.Repeat([]byte("x"), maxPacked)
	for _, remove := range []bool{false, true} {
		for i := 0; i < n; i += maxGroup {
			for j := i; j < min(i+maxGroup, n); j++ {
				p.queue(&request{object: blob.Object{Key: fmt.Sprint("k", j)}, content: content, remove: remove})
			}
			for len(p.writer.requests) > 0 {
				p.writer.group(<-p.writer.requests)
			}
		}
	}
	size := func() int64 {
		info, err := os.Stat(p.path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	for p.writer.giveBack() {
	}
	if after := size(); before < n*maxPacked || after > keepFree+checkpointBytes || after < keepFree {
		t.Errorf("a file of %d bytes became one of %d", before, after)
	}
}

// damage changes the file where it holds the text.
func damage(t *testing.T, path, text string, change func(b []byte)) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte(text))
	if at < 0 || bytes.Count(b, []byte(text)) != 1 {
		t.Fatalf("%q is %d times in %s", text, bytes.Count(b, []byte(text)), path)
	}
	change(b[at:])
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestScrubNamesWhatRotsInThePackedFile(t *testing.T) {
	root := t.TempDir()
	s := open(t, Options{Root: root})
	for _, k := range []string{"x/good", "x/rot", "x/longer"} {
		mustPut(t, s, k, filled(100, "content of "+k))
	}
	mustPut(t, s, "x/longer", filled(100, "content of x/longer")) // again
	mustPut(t, s, "x/long", filled(40_000, "content of x/overflowing"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, packedName)
	damage(t, path, "content of x/rot", func(b []byte) { b[0] ^= 1 })
	damage(t, path, "content of x/overflowing", func(b []byte) { b[20] ^= 4 })
	s = open(t, Options{Root: root})
	bad := map[string]bool{}
	n, err := s.Scrub(context.Background(), true, func(k string, _ error) { bad[k] = true })
	if err != nil || n != 4 || len(bad) != 2 || !bad["x/rot"] || !bad["x/long"] {
		t.Fatal(n, bad, err)
	}
	mustPut(t, s, "x/rot", filled(100, "content of x/rot"))
	if n, err := s.Scrub(context.Background(), false, func(k string, err error) { t.Error(k, err) }); err != nil || n != 3 {
		t.Fatal(n, err)
	}
}

// An object that a flipped bit has given another name isn't taken for that one.
func TestScrubNoticesAnotherName(t *testing.T) {
	root := t.TempDir()
	s := open(t, Options{Root: root})
	for _, k := range []string{"x/a", "x/m", "x/named", "x/z"} {
		mustPut(t, s, k, k)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, packedName)
	damage(t, path, "x/named\x03", func(b []byte) { b[2] ^= 2 }) // "x/lamed"
	s = open(t, Options{Root: root})
	ctx := context.Background()
	if err := s.List(ctx, "", func(o blob.Object) error {
		if o.Key == "x/lamed" {
			return errors.New("it is listed")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if _, err := read(s, "x/lamed"); err == nil {
		t.Error("it is read by its new name")
	}
	var bad []string
	_, err := s.Scrub(ctx, true, func(k string, _ error) { bad = append(bad, k) })
	if !slices.Equal(bad, []string{"x/lamed"}) || !errors.Is(err, ErrPackedDamaged) || !strings.Contains(err.Error(), path) {
		t.Error(bad, err)
	}
}

// Bits flip anywhere: an object is as it was, or missed, or named as damaged; never another one unnoticed. Large
// ones don't depend on the packed file.
func TestFlippedBits(t *testing.T) {
	root := t.TempDir()
	s := open(t, Options{Root: root})
	want := map[string]string{}
	for i := range 60 {
		key := fmt.Sprint("k/", i)
		want[key] = filled(30+i*i*10, key+" ")
		mustPut(t, s, key, want[key])
	}
	mustPut(t, s, "k/large", filled(large, "large"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, packedName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	for round := range 60 {
		b := slices.Clone(whole)
		for range 1 + round%3*20 {
			at := r.IntN(len(b))
			if round%2 == 0 {
				at = at / pageSize * pageSize // where pages describe themselves
				at += r.IntN(16)
			}
			b[at] ^= 1 << r.IntN(8)
		}
		if err := errors.Join(os.WriteFile(path, b, 0o600), os.RemoveAll(path+"-wal"), os.RemoveAll(path+"-shm")); err != nil {
			t.Fatal(err)
		}
		s, err := Open(Options{Root: root})
		if err != nil {
			if found++; !strings.Contains(err.Error(), path) {
				t.Errorf("it isn't said which file can't be opened: %v", err)
			}
			continue
		}
		mustRead(t, s, "k/large", filled(large, "large"))
		bad := map[string]bool{}
		_, failed := s.Scrub(context.Background(), false, func(k string, err error) { bad[k] = true })
		if failed != nil || len(bad) > 0 {
			found++
		}
		if failed != nil && !strings.Contains(failed.Error(), path) {
			t.Errorf("it isn't said what can't be read: %v", failed)
		}
		for key, data := range want {
			got, err := read(s, key)
			if err == nil && got != data && !bad[key] && failed == nil {
				t.Errorf("round %d: %s is another object, and nobody noticed", round, key)
			}
		}
		if err := s.Close(); err != nil {
			t.Log(err) // a damaged file may not let itself be closed in order
		}
	}
	if found < 20 {
		t.Errorf("in %d of 60 rounds something was found", found)
	}
}

func TestDamagedPackedFileIsNamed(t *testing.T) {
	root := t.TempDir()
	s := open(t, Options{Root: root})
	for i := range 20 {
		mustPut(t, s, fmt.Sprint("k/", i), filled(30_000, fmt.Sprint(i)))
	}
	mustPut(t, s, "k/large", filled(large, "large"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, packedName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	helpful := func(err error) bool {
		return errors.Is(err, ErrPackedDamaged) && strings.Contains(err.Error(), path) && strings.Contains(err.Error(), "restore this file from a backup, or move it away")
	}
	for name, b := range map[string][]byte{"cut": whole[:len(whole)-100], "short": whole[:pageSize/2], "other": bytes.Repeat([]byte("no database"), 10_000)} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(Options{Root: root}); !helpful(err) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = s.Close()
			}
		}
	}
	// Every page but the first is gone: it opens, and nothing that is small can be had.
	if err := os.WriteFile(path, append(slices.Clone(whole[:pageSize]), make([]byte, len(whole)-pageSize)...), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = Open(Options{Root: root})
	if err == nil {
		ctx := context.Background()
		mustRead(t, s, "k/large", filled(large, "large"))
		_, getErr := read(s, "k/1")
		_, scrubErr := s.Scrub(ctx, true, func(string, error) {})
		for what, err := range map[string]error{
			"get": getErr, "scrub": scrubErr, "put": put(s, "k/new", "new"), "delete": s.Delete(ctx, "k/1"),
			"list": s.List(ctx, "", func(blob.Object) error { return nil }),
		} {
			if !helpful(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
		mustPut(t, s, "k/large", filled(large, "large"))
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	} else if !helpful(err) {
		t.Error(err)
	}
	// The next step works.
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, path+suffix+".away"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	s = open(t, Options{Root: root})
	mustRead(t, s, "k/large", filled(large, "large"))
	mustPut(t, s, "k/1", "new")
	// Another program's file, and a newer manager's.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"user_version = 2", "run the newer manager"}, {"application_id = 7", "another program's"}} {
		pragma, want := c[0], c[1]
		c, err := connect(path, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.query(nil, "PRAGMA "+pragma), c.close()); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{Root: root}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", pragma, err)
		}
	}
}

// What FOLDER.md tells operators to do beside a running manager.
func TestReadingBesideARunningStore(t *testing.T) {
	s := open(t, Options{})
	ctx := context.Background()
	for i := range 50 {
		mustPut(t, s, fmt.Sprint("k/", i), filled(5000, fmt.Sprint(i)))
	}
	mustPut(t, s, "k/large", filled(large, "large"))
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 50; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			key := fmt.Sprint("k/", i)
			if err := put(s, key, "x"); err != nil {
				t.Error(err)
			}
			if i%2 == 0 {
				if err := s.Delete(ctx, key); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	beside, err := Reading(s.root)
	if err != nil {
		t.Fatal(err)
	}
	_, getErr := beside.SignGet(ctx, "k/1", time.Minute)
	_, putErr := beside.SignPut(ctx, "k/1", 1, [32]byte{}, time.Minute)
	for _, err := range []error{put(beside, "k/none", "x"), beside.Delete(ctx, "k/1"), getErr, putErr} {
		if !errors.Is(err, ErrReading) {
			t.Error(err)
		}
	}
	backup := open(t, Options{})
	err = blob.Copy(ctx, backup, beside, "", nil)
	close(stop)
	<-done
	if err := errors.Join(err, beside.Close()); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		mustRead(t, backup, fmt.Sprint("k/", i), filled(5000, fmt.Sprint(i)))
	}
	mustRead(t, backup, "k/large", filled(large, "large"))
	mustRead(t, s, "k/1", filled(5000, "1"))

	// A folder of before the packed file, with nobody using it.
	root := t.TempDir()
	if _, err := Reading(root); err == nil || !strings.Contains(err.Error(), "no blob folder") {
		t.Error(err)
	}
	if err := os.Mkdir(filepath.Join(root, "objects"), 0o700); err != nil {
		t.Fatal(err)
	}
	old, err := Reading(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Stat(ctx, "k/1"); !errors.Is(err, blob.ErrNotFound) {
		t.Error(err)
	}
	if err := errors.Join(old.List(ctx, "", func(o blob.Object) error { return errors.New(o.Key) }), old.Close()); err != nil {
		t.Error(err)
	}
	if there, err := os.ReadDir(root); err != nil || len(there) != 1 {
		t.Errorf("reading has left something: %v, %v", there, err)
	}
}

// Measures Put of 30 kB from 64 goroutines, which share commits.
func BenchmarkPutSmall(b *testing.B) {
	s := open(b, Options{})
	var n atomic.Int64
	b.SetBytes(30_000)
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			key := fmt.Sprint("k/", n.Add(1))
			if err := put(s, key, filled(30_000, key)); err != nil {
				b.Error(err)
			}
		}
	})
}
