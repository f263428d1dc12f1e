// Package transfer is the client behind a signed URL, the same for every store: it puts
// and gets one object with retries, resumes what was cut off, keeps to a bandwidth cap, and turns
// refusals into typed errors.
//
// It does not know where URLs come from, nor what the bytes mean.
//
// Receives: a blob.Signed from a manager.
// Hands on: bytes to the store, or to the caller.
package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// Errors beside those of shared/blob (ErrNotFound, ErrDigest, ErrSize, ErrTooLarge, ErrExists,
// ErrFull), which are returned where they apply. None of them is worth a retry with the same URL.
var (
	ErrExpired = errors.New("the URL has expired; ask for a new one")
	ErrRefused = errors.New("the store refused the URL")
)

// Limiter caps bandwidth; *rate.Limiter of golang.org/x/time is one. One token is one byte.
type Limiter interface {
	WaitN(ctx context.Context, n int) error
	Burst() int
}

// Client transfers objects. The zero value works for absolute URLs. It is safe for concurrent use.
type Client struct {
	Bases    []*url.URL    // what relative URLs are resolved against: the managers' HTTP addresses; the next after a try that failed
	HTTP     *http.Client  // nil is a client that follows no redirects
	Limiter  Limiter       // nil is no cap
	Attempts int           // tries without progress before giving up; 0 is 6
	Stall    time.Duration // a transfer that stands still this long is tried again; 0 is a minute

	// Wait sleeps between attempts; nil is a timer. Tests replace it.
	Wait func(ctx context.Context, d time.Duration) error

	base atomic.Uint64 // how often the next base was turned to
}

var standard = &http.Client{
	Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true,
	},
	// A signed URL says where to go; a redirect could carry it elsewhere.
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (c *Client) http() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	return standard
}

// PutBytes puts body.
func (c *Client) PutBytes(ctx context.Context, s blob.Signed, body []byte) error {
	return c.Put(ctx, s, bytes.NewReader(body), int64(len(body)))
}

// Put sends the size bytes from body's current position. It returns nil only when the store has acknowledged them, or says
// of a URL that may only create that its key has content: such a server doesn't compare, and an answer that got lost
// leaves just that behind. Whoever signed the URL compares before counting on an object.
func (c *Client) Put(ctx context.Context, s blob.Signed, body io.ReadSeeker, size int64) error {
	start, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("put an object: %w", err)
	}
	err = c.retry(ctx, func(ctx context.Context, base uint64) (bool, error) {
		if _, err := body.Seek(start, io.SeekStart); err != nil {
			return false, &final{err}
		}
		ctx, watch := c.watch(ctx)
		// The transport may still read the body after Do has returned; the next attempt seeks
		// in it, so the reader is taken away from the old request first.
		in := &handle{r: c.slow(ctx, io.LimitReader(body, size), watch)}
		defer func() {
			watch.stop()
			in.release()
		}()
		var r io.Reader = in
		if size == 0 {
			r = http.NoBody
		}
		req, err := c.request(ctx, base, http.MethodPut, s, r)
		if err != nil {
			return false, &final{err}
		}
		req.ContentLength = size
		resp, err := c.http().Do(req)
		if err != nil {
			return false, watch.explain(err)
		}
		if err = check(resp); errors.Is(err, blob.ErrExists) && s.Header["If-None-Match"] == "*" {
			return false, nil
		}
		return false, err
	})
	if err != nil {
		return fmt.Errorf("put an object: %w", err)
	}
	return nil
}

// GetBytes gets an object of at most maxBytes.
func (c *Client) GetBytes(ctx context.Context, s blob.Signed, maxBytes int64, want *[32]byte) ([]byte, error) {
	var b bytes.Buffer
	if err := c.Get(ctx, s, &b, maxBytes, want); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Get writes an object to w. A transfer that is cut off goes on where it stopped. More than
// maxBytes gives blob.ErrTooLarge. If want is not nil, it is compared with the SHA-256 of what came:
// blob.ErrDigest comes only after everything was written, so w must not be trusted before Get returns nil.
func (c *Client) Get(ctx context.Context, s blob.Signed, w io.Writer, maxBytes int64, want *[32]byte) error {
	g := newGetter(c, s, w, maxBytes)
	err := c.retry(ctx, g.attempt)
	if err == nil {
		err = g.verify(want)
	}
	if err != nil {
		return fmt.Errorf("get an object: %w", err)
	}
	return nil
}

// GetFile is Get into a file that may hold the beginning of the object already, from a Get
// that was cut off, even with its process. What is there is compared with want as the rest is; where that
// fails, the object is fetched once more from its start. f stays open, and must not be trusted
// before GetFile returns nil.
func (c *Client) GetFile(ctx context.Context, s blob.Signed, f *os.File, maxBytes int64, want [32]byte) error {
	for {
		g := newGetter(c, s, f, maxBytes)
		_, err := f.Seek(0, io.SeekStart)
		if err == nil {
			err = g.resume(f)
		}
		had := g.at
		if err == nil {
			err = c.retry(ctx, g.attempt)
		}
		if err == nil {
			err = g.verify(&want)
		}
		if err == nil {
			return nil
		}
		if had == 0 || !errors.Is(err, blob.ErrDigest) && !errors.Is(err, blob.ErrTooLarge) {
			return fmt.Errorf("get an object: %w", err)
		}
		if err := f.Truncate(0); err != nil {
			return fmt.Errorf("get an object: %w", err)
		}
	}
}

// request builds a request for s at a base, whose method must be the one that the caller means.
func (c *Client) request(ctx context.Context, base uint64, method string, s blob.Signed, body io.Reader) (*http.Request, error) {
	if s.Method != method {
		return nil, fmt.Errorf("the URL is for %s, not %s: %w", s.Method, method, ErrRefused)
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, fmt.Errorf("the signed URL can't be read: %w", ErrRefused)
	}
	if !u.IsAbs() {
		if len(c.Bases) == 0 {
			return nil, errors.New("the signed URL is relative and the manager's address isn't known")
		}
		u = c.Bases[base%uint64(len(c.Bases))].ResolveReference(u)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("the signed URL is not a plain http address: %w", ErrRefused)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	for k, v := range s.Header {
		if strings.EqualFold(k, "Content-Length") {
			continue // the client sets it from the body, and the signature checks it
		}
		req.Header.Set(k, v)
	}
	return req, nil
}

// final is an error that no retry mends.
type final struct{ err error }

func (f *final) Error() string { return f.err.Error() }
func (f *final) Unwrap() error { return f.err }

// later is an error whose sender said when to come back.
type later struct {
	err   error
	after time.Duration
}

func (l *later) Error() string { return l.err.Error() }
func (l *later) Unwrap() error { return l.err }

// retry calls try until it succeeds, fails for good, or has failed too often in a row
// without progress.
func (c *Client) retry(ctx context.Context, try func(ctx context.Context, base uint64) (progress bool, err error)) error {
	limit := c.Attempts
	if limit <= 0 {
		limit = 6
	}
	wait := c.Wait
	if wait == nil {
		wait = sleep
	}
	for failed := 0; ; {
		base := c.base.Load()
		progress, err := try(ctx, base)
		if err == nil {
			return nil
		}
		if cerr := ctx.Err(); cerr != nil {
			return cerr
		}
		var f *final
		if errors.As(err, &f) {
			return f.err
		}
		c.base.CompareAndSwap(base, base+1) // unless another transfer has turned from the same one
		if progress {
			failed = 0
		}
		if failed++; failed >= limit {
			return fmt.Errorf("given up after %d attempts: %w", failed, err)
		}
		// Full jitter: managers that come back are not met by everybody at once.
		d := min(200*time.Millisecond<<(failed-1), 20*time.Second)
		d = time.Duration(rand.Int64N(int64(d))) + d/4
		var l *later
		if errors.As(err, &l) {
			d += l.after
		}
		if err := wait(ctx, d); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// check closes a response and turns what is not success into an error.
func check(resp *http.Response) error {
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	return refusal(resp, text)
}

func refusal(resp *http.Response, text []byte) error {
	word := resp.Header.Get("X-Heliostat-Error")
	says := func(s string) bool { return bytes.Contains(text, []byte(s)) }
	err := fmt.Errorf("the store answered %s", resp.Status)
	switch {
	case word == "expired" || says("Request has expired") || says("ExpiredToken"):
		return &final{ErrExpired}
	case word == "digest" || says("<Code>BadDigest") || says("ChecksumMismatch") || says("XAmzContentSHA256Mismatch"):
		return &final{blob.ErrDigest}
	case word == "size" || says("<Code>IncompleteBody"):
		return &final{blob.ErrSize}
	case word == "exists" || resp.StatusCode == http.StatusPreconditionFailed:
		return &final{blob.ErrExists}
	}
	switch resp.StatusCode {
	case http.StatusInsufficientStorage:
		return &final{blob.ErrFull}
	case http.StatusNotFound:
		return &final{blob.ErrNotFound}
	case http.StatusRequestEntityTooLarge:
		return &final{blob.ErrTooLarge}
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if n, aerr := strconv.Atoi(resp.Header.Get("Retry-After")); aerr == nil && n > 0 {
			return &later{err, time.Duration(min(n, 60)) * time.Second}
		}
		return err
	}
	return &final{fmt.Errorf("%w: %w", ErrRefused, err)}
}
