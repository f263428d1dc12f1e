package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"
)

var errStalled = errors.New("the transfer stood still")

// watchdog ends a transfer's context when nothing has moved for a while.
type watchdog struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	after  time.Duration
}

func (c *Client) watch(ctx context.Context) (context.Context, *watchdog) {
	w := &watchdog{after: c.Stall}
	if w.after <= 0 {
		w.after = time.Minute
	}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	// Waiting for the store's acknowledgement, which may fsync, counts double.
	w.timer = time.AfterFunc(2*w.after, func() { w.cancel(errStalled) })
	return w.ctx, w
}

func (w *watchdog) moved() { w.timer.Reset(2 * w.after) }

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain says that a transfer stalled, where that is why its context ended, and keeps the
// signed URL, which is as good as a key, out of messages.
func (w *watchdog) explain(err error) error {
	if errors.Is(context.Cause(w.ctx), errStalled) {
		return errStalled
	}
	var u *url.Error
	if errors.As(err, &u) {
		host := "the store"
		if p, perr := url.Parse(u.URL); perr == nil {
			host = p.Host
		}
		return fmt.Errorf("reach %s: %w", host, u.Err)
	}
	return err
}

// slow wraps r so that it keeps to the cap and reports movement.
func (c *Client) slow(ctx context.Context, r io.Reader, w *watchdog) io.Reader {
	return &slowReader{ctx: ctx, r: r, l: c.Limiter, w: w}
}

type slowReader struct {
	ctx context.Context
	r   io.Reader
	l   Limiter
	w   *watchdog
}

func (s *slowReader) Read(p []byte) (int, error) {
	if s.l != nil && len(p) > 0 {
		p = p[:max(min(len(p), s.l.Burst()), 1)]
	}
	n, err := s.r.Read(p)
	if n > 0 {
		s.w.moved()
		if s.l != nil {
			// A low cap makes waits long without the peer standing still.
			s.w.timer.Stop()
			if werr := s.l.WaitN(s.ctx, n); werr != nil {
				return 0, werr
			}
			s.w.moved()
		}
	}
	return n, err
}

// handle is a reader that can be taken away.
type handle struct {
	// mu guards r, and makes release wait for a Read under way.
	mu sync.Mutex
	r  io.Reader
}

func (h *handle) Read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.r == nil {
		return 0, errors.New("the request is over")
	}
	return h.r.Read(p)
}

func (h *handle) release() {
	h.mu.Lock()
	h.r = nil
	h.mu.Unlock()
}
