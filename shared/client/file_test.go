package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// watched serves the stub's blobs at another address, notes the ranges that are asked for,
// and calls cut after so many bytes of an answer.
type watched struct {
	mu     sync.Mutex // guards what follows
	ranges []string
	after  int
	cut    func()
}

func (w *watched) serve(t *testing.T, s *stub) string {
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.ranges = append(w.ranges, r.Header.Get("Range"))
		w.mu.Unlock()
		s.store.Handler().ServeHTTP(&counting{ResponseWriter: answer, w: w}, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func (w *watched) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.ranges
	w.ranges = nil
	return asked
}

type counting struct {
	http.ResponseWriter
	w *watched
	n int
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n += n
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.w.cut != nil && c.n >= c.w.after {
		c.w.cut()
	}
	return n, err
}

// TestDownloadGoesOnWhereItStopped finds what a killed download leaves, whole and spoiled,
// and cuts one itself.
func TestDownloadGoesOnWhereItStopped(t *testing.T) {
	s := start(t)
	c, _ := dial(t, s)
	content := bytes.Repeat([]byte("the pixels of frame 13"), 1_200_000)
	digest := sha256.Sum256(content)
	if err := s.store.Put(t.Context(), "frame/13", bytes.NewReader(content), int64(len(content)), digest); err != nil {
		t.Fatal(err)
	}
	signed, err := s.store.SignGet(t.Context(), "frame/13", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{}
	file := wire.JobFile{Frame: 13, Size: int64(len(content)), Digest: hex.EncodeToString(digest[:]),
		Get: wire.Signed{Method: signed.Method, URL: w.serve(t, s) + signed.URL, Expires: signed.Expires.Unix()}}
	path := filepath.Join(t.TempDir(), "frame_0013.exr")
	part := filepath.Join(filepath.Dir(path), ".heliostat-"+file.Digest[:16]+"-frame_0013.exr.part")
	whole := func(what string) {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v", what, len(got), err)
		}
		if _, err := os.Stat(part); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the part stays: %v", what, err)
		}
	}
	const mib = 1 << 20
	for _, left := range []struct {
		what  string
		bytes []byte
		asked []string
	}{
		{"a beginning", content[:6*mib], []string{fmt.Sprintf("bytes=%d-", 6*mib)}},
		{"everything", content, []string{fmt.Sprintf("bytes=%d-", len(content))}},
		{"rubbish", bytes.Repeat([]byte("x"), 6*mib), []string{fmt.Sprintf("bytes=%d-", 6*mib), ""}},
		{"more than there is", append(bytes.Clone(content), 1), []string{""}},
	} {
		if err := os.WriteFile(part, left.bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.Download(t.Context(), file, path); err != nil {
			t.Fatalf("%s: %v", left.what, err)
		}
		whole(left.what)
		if asked := w.asked(); !slices.Equal(asked, left.asked) {
			t.Errorf("%s: asked for %q", left.what, asked)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.mu.Lock()
	w.after, w.cut = 18*mib, cancel
	w.mu.Unlock()
	if err := c.Download(ctx, file, path); !errors.Is(err, context.Canceled) {
		t.Fatalf("a download that was cut: %v", err)
	}
	info, err := os.Stat(part)
	if err != nil || info.Size() < 4*mib {
		t.Fatalf("the part: %+v, %v", info, err)
	}
	w.asked()
	if err := c.Download(t.Context(), file, path); err != nil {
		t.Fatal(err)
	}
	whole("cut")
	if asked := w.asked(); !slices.Equal(asked, []string{fmt.Sprintf("bytes=%d-", info.Size())}) {
		t.Errorf("after the cut, asked for %q", asked)
	}
}
