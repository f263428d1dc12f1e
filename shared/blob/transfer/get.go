package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// getter carries one Get over its attempts.
type getter struct {
	c    *Client
	s    blob.Signed
	w    io.Writer
	max  int64
	at   int64 // bytes written
	h    hash.Hash
	etag string // of the first answer: an object that changes between attempts is not resumed
}

func newGetter(c *Client, s blob.Signed, w io.Writer, maxBytes int64) *getter {
	return &getter{c: c, s: s, w: w, max: maxBytes, h: sha256.New()}
}

// resume takes over what an earlier Get has left in f.
func (g *getter) resume(f io.Reader) error {
	n, err := io.Copy(g.h, io.LimitReader(f, g.max+1))
	if g.at = n; err == nil && n > g.max {
		err = blob.ErrTooLarge
	}
	return err
}

func (g *getter) verify(want *[32]byte) error {
	if want != nil && [32]byte(g.h.Sum(nil)) != *want {
		return blob.ErrDigest
	}
	return nil
}

func (g *getter) attempt(ctx context.Context, base uint64) (progress bool, err error) {
	ctx, watch := g.c.watch(ctx)
	defer watch.stop()
	req, err := g.c.request(ctx, base, http.MethodGet, g.s, nil)
	if err != nil {
		return false, &final{err}
	}
	if g.at > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", g.at))
	}
	resp, err := g.c.http().Do(req)
	if err != nil {
		return false, watch.explain(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && g.at > 0 {
		// Everything was there already; only the end had got lost.
		return false, nil
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		return false, check(resp)
	}
	if e := resp.Header.Get("ETag"); g.etag == "" {
		g.etag = e
	} else if e != g.etag {
		return false, &final{fmt.Errorf("the object changed during the transfer: %w", blob.ErrDigest)}
	}
	skip := int64(0)
	if resp.StatusCode == http.StatusOK {
		skip = g.at // a server without ranges
	} else if !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", g.at)) {
		return false, &final{fmt.Errorf("the store answered with another range than asked for: %w", ErrRefused)}
	}
	if resp.ContentLength > 0 && g.at-skip+resp.ContentLength > g.max {
		return false, &final{blob.ErrTooLarge}
	}
	before := g.at
	err = g.copy(g.c.slow(ctx, resp.Body, watch), skip)
	if err != nil {
		err = watch.explain(err)
	}
	return g.at > before, err
}

func (g *getter) copy(r io.Reader, skip int64) error {
	if _, err := io.CopyN(io.Discard, r, skip); err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if g.at+int64(n) > g.max {
				return &final{blob.ErrTooLarge}
			}
			if _, werr := g.w.Write(buf[:n]); werr != nil {
				return &final{werr}
			}
			_, _ = g.h.Write(buf[:n])
			g.at += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
