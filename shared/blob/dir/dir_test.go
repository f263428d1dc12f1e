package dir

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/storetest"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
)

// open opens a store that remembers nothing: what a test puts it reads from the disk.
func open(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Root == "" {
		o.Root = t.TempDir()
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.recent.max = 0
	return s
}

func serve(t testing.TB, s *Store) *url.URL {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(Prefix, s.Handler())
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestWhoOnlyLooksKeepsNobodyOut opens a folder again and again while others look whether it is in use.
func TestWhoOnlyLooksKeepsNobodyOut(t *testing.T) {
	root := t.TempDir()
	open(t, Options{Root: root}).Close()
	ctx, cancel := context.WithCancel(t.Context())
	var lookers sync.WaitGroup
	for range 2 {
		lookers.Go(func() {
			for ctx.Err() == nil {
				if _, err := InUse(root); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 50 {
		s := open(t, Options{Root: root})
		if used, err := InUse(root); !used || err != nil {
			t.Errorf("an open folder is in use: %v, %v", used, err)
		}
		if _, err := Open(Options{Root: root}); !errors.Is(err, ErrLocked) {
			t.Errorf("opened twice: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	lookers.Wait()
}

func TestSuite(t *testing.T) {
	for name, max := range map[string]int{"from the disk": 0, "from memory": maxRecent} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Harness {
				s := open(t, Options{MaxBytes: 1 << 30})
				s.recent.max = max
				return storetest.Harness{Store: s, Base: serve(t, s)}
			})
		})
	}
}

func put(s *Store, key, data string) error {
	return s.Put(context.Background(), key, strings.NewReader(data), int64(len(data)), sha256.Sum256([]byte(data)))
}

func TestFileAndFolderOfOneName(t *testing.T) {
	s := open(t, Options{})
	for _, k := range []string{"a", "a/b", "a/b/c", "a.b"} {
		if err := put(s, k, k); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	if err := s.List(context.Background(), "a", func(o blob.Object) error { got = append(got, o.Key); return nil }); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, " ") != "a a.b a/b a/b/c" {
		t.Fatal(got)
	}
}

func TestSurvivesReopening(t *testing.T) {
	root := t.TempDir()
	s := open(t, Options{Root: root})
	if err := put(s, "a/b", "content"); err != nil {
		t.Fatal(err)
	}
	u, _ := s.SignGet(context.Background(), "a/b", time.Hour)
	if _, err := Open(Options{Root: root}); !errors.Is(err, ErrLocked) {
		t.Fatalf("a second store on the folder: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// What a kill in the middle of a Put leaves.
	if err := os.WriteFile(filepath.Join(root, "tmp", "put-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Root: root})
	if left, _ := os.ReadDir(filepath.Join(root, "tmp")); len(left) > 0 {
		t.Fatal("unfinished files are kept")
	}
	c := &transfer.Client{Bases: []*url.URL{serve(t, s)}}
	if got, err := c.GetBytes(context.Background(), u, 100, nil); err != nil || string(got) != "content" {
		t.Fatalf("a URL from before: %q, %v", got, err)
	}
}

func TestScrubFindsRot(t *testing.T) {
	root := t.TempDir()
	s := open(t, Options{Root: root})
	content := strings.Repeat("some content", maxPacked/10)
	for _, k := range []string{"x/good", "x/rot", "x/cut"} {
		if err := put(s, k, content+k); err != nil {
			t.Fatal(err)
		}
	}
	rot := s.path("x/rot")
	b, _ := os.ReadFile(rot)
	b[3] ^= 1
	if err := os.WriteFile(rot, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.path("x/cut"), 20); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(context.Background(), "x/cut"); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	bad := map[string]bool{}
	n, err := s.Scrub(context.Background(), true, func(k string, _ error) { bad[k] = true })
	if err != nil || n != 3 || len(bad) != 2 || !bad["x/rot"] || !bad["x/cut"] {
		t.Fatal(n, bad, err)
	}
	if err := put(s, "x/rot", content+"x/rot"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Scrub(context.Background(), false, func(k string, err error) { t.Error(k, err) }); err != nil || n != 2 {
		t.Fatal(n, err)
	}
}

func TestFullStore(t *testing.T) {
	root := t.TempDir()
	s := open(t, Options{Root: root, MaxBytes: 10})
	if err := put(s, "a", "12345678"); err != nil {
		t.Fatal(err)
	}
	if err := put(s, "b", "123"); !errors.Is(err, blob.ErrFull) {
		t.Fatal(err)
	}
	c := &transfer.Client{Bases: []*url.URL{serve(t, s)}}
	u, err := s.SignPut(context.Background(), "b", 3, sha256.Sum256([]byte("123")), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.PutBytes(context.Background(), u, []byte("123")); !errors.Is(err, blob.ErrFull) {
		t.Fatal(err)
	}
	_ = s.Close()
	s = open(t, Options{Root: root, MaxBytes: 10}) // it remembers
	if err := put(s, "b", "123"); !errors.Is(err, blob.ErrFull) {
		t.Fatal(err)
	}
	if err := s.Delete(context.Background(), "a"); err != nil {
		t.Fatal(err)
	}
	for range 5 { // failures give their room back
		_ = s.Put(context.Background(), "c", strings.NewReader("xy"), 9, [32]byte{})
	}
	if err := put(s, "b", "1234567890"); err != nil {
		t.Fatal(err)
	}
}

func TestURLsExpireAndSecretsDiffer(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := open(t, Options{Now: func() time.Time { return now }})
	base := serve(t, s)
	c := &transfer.Client{Bases: []*url.URL{base}}
	if err := put(s, "a", "x"); err != nil {
		t.Fatal(err)
	}
	u, _ := s.SignGet(context.Background(), "a", time.Minute)
	if strings.Contains(u.URL, "://") || !u.Expires.Equal(now.Add(time.Minute)) {
		t.Fatalf("%+v", u)
	}
	now = now.Add(59 * time.Second)
	if _, err := c.GetBytes(context.Background(), u, 10, nil); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	if _, err := c.GetBytes(context.Background(), u, 10, nil); !errors.Is(err, transfer.ErrExpired) {
		t.Fatal(err)
	}
	other := open(t, Options{BaseURL: "https://example.org/x/"})
	u, _ = other.SignGet(context.Background(), "a", time.Hour)
	if !strings.HasPrefix(u.URL, "https://example.org/x/blob/a?") {
		t.Fatal(u.URL)
	}
	u.URL = strings.TrimPrefix(u.URL, "https://example.org/x")
	if _, err := c.GetBytes(context.Background(), u, 10, nil); !errors.Is(err, transfer.ErrRefused) {
		t.Fatal(err)
	}
	for _, m := range []string{"POST", "DELETE", "OPTIONS", "PATCH"} {
		req, _ := http.NewRequest(m, base.String()+u.URL, nil)
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusForbidden {
			t.Fatal(m, resp.Status, err)
		}
		_ = resp.Body.Close()
	}
}

func FuzzSignedURL(f *testing.F) {
	s := open(f, Options{Now: func() time.Time { return time.Unix(1000, 0) }, Secret: bytes.Repeat([]byte{1}, 32)})
	good := map[string]bool{}
	for _, u := range []func() (blob.Signed, error){
		func() (blob.Signed, error) { return s.SignGet(context.Background(), "a/b", time.Hour) },
		func() (blob.Signed, error) {
			return s.SignPut(context.Background(), "a/b", 5, [32]byte{1}, time.Hour)
		},
	} {
		v, err := u()
		if err != nil {
			f.Fatal(err)
		}
		path, query, _ := strings.Cut(v.URL, "?")
		good[v.Method+path] = true
		f.Add(v.Method, path, query)
	}
	f.Fuzz(func(t *testing.T, method, path, query string) {
		c, err := s.verify(method, path, query)
		if err == nil && (!good[c.method+path] || c.key != "a/b") {
			t.Fatalf("%s %s?%s was accepted", method, path, query)
		}
	})
}

func FuzzKey(f *testing.F) {
	for _, k := range []string{"a/b", "..", "a/../b", "con", "a//", ""} {
		f.Add(k)
	}
	f.Fuzz(func(t *testing.T, k string) {
		if blob.CheckKey(k) != nil {
			return
		}
		s := Store{root: "/r"}
		if p := s.path(k); !strings.HasPrefix(p, "/r/objects/") || filepath.Clean(p) != p || strings.Contains(p, "..") && !strings.Contains(k, "..") {
			t.Fatalf("%q becomes %q", k, p)
		}
	})
}

// Measures Put with fsync, 1 MiB each.
func BenchmarkPut(b *testing.B) {
	s := open(b, Options{})
	data := make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	for i := 0; b.Loop(); i++ {
		data[0], data[1], data[2] = byte(i), byte(i>>8), byte(i>>16)
		if err := put(s, "k/"+strings.Repeat("x", i%100+1)+strings.Repeat("y", i/100%100), string(data)); err != nil && !errors.Is(err, blob.ErrExists) {
			b.Fatal(err)
		}
	}
}
