// Package storetest is the suite that every blob.Store passes, from the interface's contract
// to signed URLs behind shared/blob/transfer, with and without injected faults.
//
// It is used by tests only.
//
// Receives: a way to open an empty Store.
// Hands on: verdicts to testing.T.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/faulty"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
)

// Harness is a store under test.
type Harness struct {
	Store blob.Store // empty
	Base  *url.URL   // what its relative URLs are resolved against
}

func (h Harness) client() *transfer.Client {
	return &transfer.Client{Bases: []*url.URL{h.Base}, Attempts: 3, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// sizes are of a small object and of a large one: a store may keep them differently.
var sizes = []int{5000, 200_000} // bytes

func content(seed int64, n int) ([]byte, [32]byte) {
	b := make([]byte, n)
	rand.New(rand.NewSource(seed)).Read(b)
	return b, sha256.Sum256(b)
}

// Run runs the suite. open is called once per test and cleans up after itself.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, Harness)
	}{
		{"PutGet", putGet}, {"Refusals", refusals}, {"Immutable", immutable}, {"ConcurrentPuts", concurrentPuts},
		{"List", list}, {"Delete", remove}, {"Keys", keys}, {"Cancel", cancel}, {"Closed", closed},
		{"SignedPut", signedPut}, {"SignedGet", signedGet}, {"Large", large}, {"Sweep", sweep}, {"Faults", faults},
	} {
		t.Run(c.name, func(t *testing.T) { c.f(t, open(t)) })
	}
	t.Run("Copy", func(t *testing.T) { copyAll(t, open(t), open(t)) })
	t.Run("Wrapped", func(t *testing.T) {
		h := open(t)
		h.Store = faulty.Wrap(h.Store)
		putGet(t, h)
	})
}

func mustPut(t *testing.T, s blob.Store, key string, data []byte) {
	t.Helper()
	if err := s.Put(context.Background(), key, bytes.NewReader(data), int64(len(data)), sha256.Sum256(data)); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func mustHave(t *testing.T, s blob.Store, key string, want []byte) {
	t.Helper()
	r, o, err := s.Get(context.Background(), key)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("get %s: %d bytes, %v", key, len(got), err)
	}
	st, err := s.Stat(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []blob.Object{o, st} {
		if o.Key != key || o.Size != int64(len(want)) || o.Digest != sha256.Sum256(want) || time.Since(o.Modified).Abs() > time.Hour {
			t.Fatalf("%s is described as %+v", key, o)
		}
	}
}

func mustNotHave(t *testing.T, s blob.Store, key string) {
	t.Helper()
	if _, err := s.Stat(context.Background(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Fatalf("stat of absent %s: %v", key, err)
	}
	if r, _, err := s.Get(context.Background(), key); !errors.Is(err, blob.ErrNotFound) {
		if err == nil {
			_ = r.Close()
		}
		t.Fatalf("get of absent %s: %v", key, err)
	}
}

func putGet(t *testing.T, h Harness) {
	mustNotHave(t, h.Store, "none/such")
	for i, n := range []int{0, 1, 4096, 1 << 20} {
		data, _ := content(int64(i), n)
		key := fmt.Sprintf("jobs/%d/frame-%04d.exr", i, n)
		mustPut(t, h.Store, key, data)
		mustHave(t, h.Store, key, data)
		mustPut(t, h.Store, key, data) // again
		mustHave(t, h.Store, key, data)
	}
	// Names that would be a file and a folder at once in a naive folder store are both fine in
	// the folder store; S3 gateways over file systems may refuse, so the suite doesn't ask.
}

func refusals(t *testing.T, h Harness) {
	ctx := context.Background()
	boom := errors.New("boom")
	for _, n := range sizes {
		data, sum := content(1, n)
		for name, c := range map[string]struct {
			r    io.Reader
			size int
			sum  [32]byte
			want error
		}{
			"digest":   {bytes.NewReader(data), n, [32]byte{1}, blob.ErrDigest},
			"short":    {bytes.NewReader(data[:n-1]), n, sum, blob.ErrSize},
			"long":     {bytes.NewReader(data), n - 1, sha256.Sum256(data[:n-1]), blob.ErrSize},
			"negative": {bytes.NewReader(nil), -1, sum, blob.ErrSize},
			"huge":     {bytes.NewReader(nil), blob.MaxObject + 1, sum, blob.ErrTooLarge},
			"broken":   {io.MultiReader(bytes.NewReader(data[:100]), iotest.ErrReader(boom)), n, sum, boom},
		} {
			if err := h.Store.Put(ctx, "x/"+name, c.r, int64(c.size), c.sum); !errors.Is(err, c.want) {
				t.Errorf("%d bytes, %s: %v", n, name, err)
			}
			mustNotHave(t, h.Store, "x/"+name)
		}
	}
}

func immutable(t *testing.T, h Harness) {
	ctx := context.Background()
	for i, n := range sizes {
		key := fmt.Sprint("k/", i)
		a, _ := content(1, n)
		mustPut(t, h.Store, key, a)
		for _, m := range sizes {
			b, sum := content(2, m)
			if err := h.Store.Put(ctx, key, bytes.NewReader(b), int64(m), sum); !errors.Is(err, blob.ErrExists) {
				t.Fatalf("%d other bytes for %d: %v", m, n, err)
			}
			signed, err := h.Store.SignPut(ctx, key, int64(m), sum, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			// Not every server says that it is other content.
			if err := h.client().PutBytes(ctx, signed, b); err != nil && !errors.Is(err, blob.ErrExists) {
				t.Fatalf("%d other bytes for %d by a URL: %v", m, n, err)
			}
			mustHave(t, h.Store, key, a)
		}
	}
}

func concurrentPuts(t *testing.T, h Harness) {
	for _, n := range sizes {
		data, sum := content(4, n)
		key := func(i int) string { return fmt.Sprintf("c/%d/%d", n, i%2) }
		var wg sync.WaitGroup
		errs := make(chan error, 16)
		for i := range 16 {
			wg.Go(func() {
				errs <- h.Store.Put(context.Background(), key(i), iotest.HalfReader(bytes.NewReader(data)), int64(n), sum)
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		mustHave(t, h.Store, key(0), data)
		mustHave(t, h.Store, key(1), data)
	}
}

func listed(t *testing.T, s blob.Store, prefix string) []string {
	t.Helper()
	out := []string{}
	if err := s.List(context.Background(), prefix, func(o blob.Object) error {
		out = append(out, o.Key)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func list(t *testing.T, h Harness) {
	all := []string{"a-b/1", "a.b/1", "a/1", "a/10", "a/2/x", "a/2y", "b/1", "b/c/d/e/f"}
	for _, k := range all {
		mustPut(t, h.Store, k, []byte(k))
	}
	for prefix, want := range map[string][]string{
		"": all, "a": all[:6], "a/": all[2:6], "a/1": all[2:4], "a/2": all[4:6], "a/2/": all[4:5], "b/c/d": all[7:], "c": {}, "a/1/": {}, "b/../a": {},
	} {
		if got := listed(t, h.Store, prefix); !slices.Equal(got, want) {
			t.Errorf("%q lists %q, want %q", prefix, got, want)
		}
	}
	stop := errors.New("stop")
	n := 0
	err := h.Store.List(context.Background(), "", func(o blob.Object) error {
		if o.Size != int64(len(o.Key)) {
			t.Errorf("%s has %d bytes", o.Key, o.Size)
		}
		if n++; n == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 3 {
		t.Errorf("stopped after %d: %v", n, err)
	}
	if err := h.Store.List(context.Background(), "A", nil); !errors.Is(err, blob.ErrKey) {
		t.Error(err)
	}
}

func remove(t *testing.T, h Harness) {
	ctx := context.Background()
	small, _ := content(5, sizes[0])
	large, _ := content(6, sizes[1])
	for _, data := range [][]byte{small, large, small, []byte("x")} { // a deleted key is free
		mustPut(t, h.Store, "d/1", data)
		mustHave(t, h.Store, "d/1", data)
		for range 2 {
			if err := h.Store.Delete(ctx, "d/1"); err != nil {
				t.Fatal(err)
			}
			mustNotHave(t, h.Store, "d/1")
		}
	}
}

func keys(t *testing.T, h Harness) {
	ctx := context.Background()
	for _, k := range []string{"", "/", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "A", "a b", "a\\b", "a\x00", "ü", "a/.hidden", "a.", "con", "x/nul.txt", strings.Repeat("a/", 128) + "a", strings.Repeat("a", 201)} {
		_, serr := h.Store.SignGet(ctx, k, time.Minute)
		_, perr := h.Store.SignPut(ctx, k, 1, [32]byte{}, time.Minute)
		_, terr := h.Store.Stat(ctx, k)
		_, _, gerr := h.Store.Get(ctx, k)
		for _, err := range []error{h.Store.Put(ctx, k, strings.NewReader(""), 0, sha256.Sum256(nil)), h.Store.Delete(ctx, k), serr, perr, terr, gerr} {
			if !errors.Is(err, blob.ErrKey) {
				t.Errorf("%q: %v", k, err)
			}
		}
	}
}

func cancel(t *testing.T, h Harness) {
	for _, n := range append(sizes, 1<<20) {
		ctx, stop := context.WithCancel(context.Background())
		data, sum := content(1, n)
		in := io.MultiReader(bytes.NewReader(data[:1000]), readFunc(func([]byte) (int, error) { stop(); return 0, nil }), bytes.NewReader(data[1000:]))
		if err := h.Store.Put(ctx, "c/x", in, int64(n), sum); !errors.Is(err, context.Canceled) {
			t.Fatal(n, err)
		}
		mustNotHave(t, h.Store, "c/x")
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func closed(t *testing.T, h Harness) {
	if err := h.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Store.Stat(context.Background(), "a"); !errors.Is(err, blob.ErrClosed) {
		t.Fatal(err)
	}
	if err := h.Store.Close(); err != nil {
		t.Fatal(err)
	}
}

func large(t *testing.T, h Harness) {
	data, sum := content(9, 40<<20) // more than one part of a multipart upload
	mustPut(t, h.Store, "l/1", data)
	s, err := h.Store.SignGet(context.Background(), "l/1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	if err := h.client().Get(context.Background(), s, hash, 1<<30, &sum); err != nil {
		t.Fatal(err)
	}
	bad := [32]byte{1}
	if err := h.Store.Put(context.Background(), "l/2", bytes.NewReader(data), int64(len(data)), bad); !errors.Is(err, blob.ErrDigest) {
		t.Fatal(err)
	}
	mustNotHave(t, h.Store, "l/2")
}

func sweep(t *testing.T, h Harness) {
	for i := range 10 {
		mustPut(t, h.Store, fmt.Sprintf("chunks/%d", i), []byte{byte(i)})
	}
	mustPut(t, h.Store, "frames/1", []byte("x"))
	keep := func(k string) (bool, error) { return k > "chunks/6", nil }
	if n, _, err := blob.Sweep(context.Background(), h.Store, "chunks/", time.Now().Add(-time.Hour), keep); err != nil || n != 0 {
		t.Fatalf("%d young objects swept, %v", n, err)
	}
	n, b, err := blob.Sweep(context.Background(), h.Store, "chunks/", time.Now().Add(time.Hour), keep)
	if err != nil || n != 7 || b != 7 {
		t.Fatal(n, b, err)
	}
	if got := listed(t, h.Store, ""); !slices.Equal(got, []string{"chunks/7", "chunks/8", "chunks/9", "frames/1"}) {
		t.Fatal(got)
	}
}

func copyAll(t *testing.T, from, to Harness) {
	for i := range 5 {
		mustPut(t, from.Store, fmt.Sprintf("a/%d", i), []byte(fmt.Sprint("content ", i)))
	}
	mustPut(t, to.Store, "a/3", []byte("content 3"))
	for _, want := range []int{4, 0} { // the second time there is nothing left to do
		n := 0
		if err := blob.Copy(context.Background(), to.Store, from.Store, "", func(_ blob.Object, copied bool) {
			if copied {
				n++
			}
		}); err != nil || n != want {
			t.Fatalf("%d copied, %v", n, err)
		}
	}
	mustHave(t, to.Store, "a/4", []byte("content 4"))
}

// faults checks that an operation which failed half-way leaves nothing behind that a
// repetition would trip over.
func faults(t *testing.T, h Harness) {
	ctx := context.Background()
	f := faulty.Wrap(h.Store)
	data, sum := content(3, 2<<20)
	put := func() error { return f.Put(ctx, "f/1", bytes.NewReader(data), int64(len(data)), sum) }
	f.Next(faulty.Put, faulty.Fault{Err: faulty.ErrInjected}, faulty.Torn(1), faulty.Torn(1<<20), faulty.Full(int64(len(data))-1))
	for i := range 4 {
		if err := put(); !errors.Is(err, faulty.ErrInjected) && !errors.Is(err, blob.ErrFull) {
			t.Fatalf("fault %d: %v", i, err)
		}
		mustNotHave(t, h.Store, "f/1")
	}
	f.Next(faulty.Put, faulty.Fault{Err: faulty.ErrInjected, After: true})
	if err := put(); !errors.Is(err, faulty.ErrInjected) {
		t.Fatal(err)
	}
	if err := put(); err != nil { // it was stored; only the answer was lost
		t.Fatal(err)
	}
	mustHave(t, f, "f/1", data)
	f.Next(faulty.Get, faulty.Torn(1000))
	r, _, err := f.Get(ctx, "f/1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	_ = r.Close()
	if !errors.Is(err, faulty.ErrInjected) || len(got) != 1000 {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	// A slow call ends with its context.
	gate := make(chan struct{})
	cctx, stop := context.WithCancel(ctx)
	f.Next(faulty.Stat, faulty.Fault{Gate: gate})
	done := make(chan error)
	go func() { _, err := f.Stat(cctx, "f/1"); done <- err }()
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	f.Next(faulty.Delete, faulty.Fault{Err: faulty.ErrInjected, After: true})
	if err := f.Delete(ctx, "f/1"); !errors.Is(err, faulty.ErrInjected) {
		t.Fatal(err)
	}
	if err := f.Delete(ctx, "f/1"); err != nil {
		t.Fatal(err)
	}
	mustNotHave(t, h.Store, "f/1")
}
