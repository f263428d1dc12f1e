package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"golang.org/x/time/rate"
)

// fixture is a real store behind a handler that a test can make worse.
type fixture struct {
	store *dir.Store
	c     *Client
	waits []time.Duration
}

func start(t *testing.T, worse func(http.Handler) http.Handler) *fixture {
	t.Helper()
	s, err := dir.Open(dir.Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(worse(s.Handler()))
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close(); _ = s.Close() })
	f := &fixture{store: s}
	f.c = &Client{Bases: []*url.URL{base}, Wait: func(ctx context.Context, d time.Duration) error {
		f.waits = append(f.waits, d)
		return ctx.Err()
	}}
	return f
}

func content(n int) ([]byte, [32]byte) {
	b := make([]byte, n)
	rand.New(rand.NewSource(1)).Read(b)
	return b, sha256.Sum256(b)
}

func (f *fixture) put(t *testing.T, key string, b []byte) blob.Signed {
	t.Helper()
	if err := f.store.Put(context.Background(), key, bytes.NewReader(b), int64(len(b)), sha256.Sum256(b)); err != nil {
		t.Fatal(err)
	}
	s, err := f.store.SignGet(context.Background(), key, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cutter lets n bytes of each answer through and then breaks the connection.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	if len(p) > c.left {
		_, _ = c.ResponseWriter.Write(p[:c.left])
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

func TestGetResumesWhereItWasCut(t *testing.T) {
	data, sum := content(1 << 20)
	var ranges []string
	f := start(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ranges = append(ranges, r.Header.Get("Range"))
			h.ServeHTTP(&cutter{w, 100_000}, r)
		})
	})
	got, err := f.c.GetBytes(context.Background(), f.put(t, "a", data), 1<<20, &sum)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if len(ranges) != 11 || ranges[0] != "" || ranges[1] != "bytes=100000-" || ranges[10] != "bytes=1000000-" {
		t.Fatal(ranges)
	}
}

// TestTheNextManagerGoesOn has the server of a relative URL die in the middle of a transfer: the next base goes on
// where it stopped, and is where later transfers begin.
func TestTheNextManagerGoesOn(t *testing.T) {
	data, sum := content(1 << 20)
	var ranges []string
	f := start(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ranges = append(ranges, r.Header.Get("Range"))
			h.ServeHTTP(w, r)
		})
	})
	asked := 0
	dying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		f.store.Handler().ServeHTTP(&cutter{w, 100_000}, r)
	}))
	defer dying.Close()
	base, err := url.Parse(dying.URL)
	if err != nil {
		t.Fatal(err)
	}
	f.c.Bases = append([]*url.URL{base, {Scheme: "http", Host: "127.0.0.1:1"}}, f.c.Bases...)
	s := f.put(t, "a", data)
	for range 2 {
		if got, err := f.c.GetBytes(context.Background(), s, 1<<20, &sum); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	if asked != 1 || len(ranges) != 2 || ranges[0] != "bytes=100000-" || ranges[1] != "" {
		t.Fatalf("the first manager was asked %d times, the last for %q", asked, ranges)
	}
}

// An upload that breaks off begins anew at the next manager, with all of its bytes.
func TestAnUploadGoesOnAtTheNextManager(t *testing.T) {
	data, sum := content(1 << 20)
	f := start(t, func(h http.Handler) http.Handler { return h })
	dying := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadFull(r.Body, make([]byte, 100_000)); err != nil {
			t.Error(err)
		}
		panic(http.ErrAbortHandler)
	}))
	defer dying.Close()
	base, err := url.Parse(dying.URL)
	if err != nil {
		t.Fatal(err)
	}
	f.c.Bases = append([]*url.URL{base}, f.c.Bases...)
	s, err := f.store.SignPut(context.Background(), "p", int64(len(data)), sum, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.c.PutBytes(context.Background(), s, data); err != nil {
		t.Fatal(err)
	}
	if o, err := f.store.Stat(context.Background(), "p"); err != nil || o.Digest != sum {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestGetFromAServerWithoutRanges(t *testing.T) {
	data, sum := content(300_000)
	n := 0
	f := start(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			n++
			h.ServeHTTP(&cutter{w, n * 90_000}, r)
		})
	})
	got, err := f.c.GetBytes(context.Background(), f.put(t, "a", data), 1<<20, &sum)
	if err != nil || !bytes.Equal(got, data) || n != 4 {
		t.Fatalf("%d bytes in %d attempts, %v", len(got), n, err)
	}
}

func TestPutIsRepeated(t *testing.T) {
	data, sum := content(2 << 20)
	n := 0
	f := start(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch n++; n {
			case 1:
				_, _ = io.CopyN(io.Discard, r.Body, 70_000)
				panic(http.ErrAbortHandler)
			case 2:
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusServiceUnavailable)
			case 3: // stored, but the answer gets lost
				h.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			default:
				h.ServeHTTP(w, r)
			}
		})
	})
	s, err := f.store.SignPut(context.Background(), "p", int64(len(data)), sum, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.c.PutBytes(context.Background(), s, data); err != nil || n != 4 {
		t.Fatalf("%d attempts, %v", n, err)
	}
	if len(f.waits) != 3 || f.waits[1] < 7*time.Second || f.waits[0] > time.Second {
		t.Fatal(f.waits)
	}
}

func TestRefusalsAreTypedAndNotRepeated(t *testing.T) {
	for _, c := range []struct {
		status int
		word   string
		body   string
		want   error
	}{
		{403, "expired", "", ErrExpired}, {403, "refused", "", ErrRefused}, {403, "", "<Message>Request has expired</Message>", ErrExpired},
		{507, "", "", blob.ErrFull}, {413, "", "", blob.ErrTooLarge}, {404, "", "", blob.ErrNotFound}, {409, "exists", "", blob.ErrExists}, {412, "", "", blob.ErrExists},
		{422, "digest", "", blob.ErrDigest}, {400, "", "<Code>BadDigest</Code>", blob.ErrDigest}, {302, "", "", ErrRefused}, {400, "", "", ErrRefused},
	} {
		n := 0
		f := start(t, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				n++
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("X-Heliostat-Error", c.word)
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
		})
		if err := f.c.PutBytes(context.Background(), blob.Signed{Method: "PUT", URL: "/blob/x"}, []byte("x")); !errors.Is(err, c.want) || n != 1 {
			t.Errorf("%d %s put: %v after %d attempts", c.status, c.word, err, n)
		}
		if err := f.c.Get(context.Background(), blob.Signed{Method: "GET", URL: "/blob/x"}, io.Discard, 10, nil); !errors.Is(err, c.want) {
			t.Errorf("%d %s get: %v", c.status, c.word, err)
		}
	}
}

// A lost answer is followed by the same PUT again, which an S3 server refuses without saying what is there.
func TestCreatedBefore(t *testing.T) {
	f := start(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") == "*" {
				w.WriteHeader(http.StatusPreconditionFailed)
			}
		})
	})
	s := blob.Signed{Method: "PUT", URL: "/blob/x", Header: map[string]string{"If-None-Match": "*"}}
	if err := f.c.PutBytes(context.Background(), s, []byte("x")); err != nil {
		t.Fatal(err)
	}
}

func TestGivesUp(t *testing.T) {
	var n atomic.Int32
	f := start(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { n.Add(1); w.WriteHeader(500) })
	})
	s := blob.Signed{Method: "GET", URL: "/blob/x?s=topsecret"}
	if err := f.c.Get(context.Background(), s, io.Discard, 10, nil); err == nil || n.Load() != 6 {
		t.Fatalf("%d attempts, %v", n.Load(), err)
	}
	f.c.Bases = []*url.URL{{Scheme: "http", Host: "127.0.0.1:1"}}
	err := f.c.Get(context.Background(), s, io.Discard, 10, nil)
	if err == nil || strings.Contains(err.Error(), "topsecret") || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Fatal(err)
	}
}

func TestStrangeURLs(t *testing.T) {
	c := &Client{}
	for _, u := range []string{"/blob/a", "file:///etc/passwd", "http://user:pw@host/a", "ftp://host/a", "://", "http://"} {
		if err := c.Get(context.Background(), blob.Signed{Method: "GET", URL: u}, io.Discard, 1, nil); err == nil {
			t.Errorf("%s was fetched", u)
		}
	}
}

func TestCancelAndStall(t *testing.T) {
	data, _ := content(1 << 20)
	stuck := make(chan struct{})
	f := start(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1048576")
			_, _ = w.Write(data[:1000])
			_ = http.NewResponseController(w).Flush()
			select {
			case <-stuck:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler)
		})
	})
	defer close(stuck)
	s := blob.Signed{Method: "GET", URL: "/blob/x"}
	ctx, cancel := context.WithCancel(context.Background())
	err := f.c.Get(ctx, s, writeFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }), 1<<20, nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	f.c.Stall, f.c.Attempts = 10*time.Millisecond, 1
	if err := f.c.Get(context.Background(), s, io.Discard, 1<<20, nil); !errors.Is(err, errStalled) {
		t.Fatal(err)
	}
}

type writeFunc func([]byte) (int, error)

func (f writeFunc) Write(p []byte) (int, error) { return f(p) }

// A round tripper without a network lets the cap be measured on synctest's clock.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBandwidthCap(t *testing.T) {
	data, sum := content(1 << 20)
	synctest.Test(t, func(t *testing.T) {
		c := &Client{
			Limiter: rate.NewLimiter(100<<10, 32<<10), Stall: time.Second,
			HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPut {
					if b, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(b, data) {
						return nil, fmt.Errorf("%d bytes came, %w", len(b), err)
					}
					return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
				}
				return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader(data)), ContentLength: int64(len(data))}, nil
			})},
		}
		for _, f := range []func() error{
			func() error { return c.PutBytes(t.Context(), blob.Signed{Method: "PUT", URL: "http://x/"}, data) },
			func() error {
				return c.Get(t.Context(), blob.Signed{Method: "GET", URL: "http://x/"}, io.Discard, 1<<20, &sum)
			},
		} {
			began := time.Now()
			if err := f(); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(began); d < 9*time.Second || d > 11*time.Second {
				t.Fatalf("1 MiB at 100 KiB/s took %v", d)
			}
		}
	})
}
