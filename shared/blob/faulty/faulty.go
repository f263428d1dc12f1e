// Package faulty wraps a blob.Store and makes it fail as disks and networks do, for tests.
//
// It is not for production, and adds no behaviour of its own while no fault is set.
//
// Receives: calls that a test makes on a Store.
// Hands on: the same calls, or an error.
package faulty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// ErrInjected is wrapped by every fault that isn't blob.ErrFull.
var ErrInjected = errors.New("injected fault")

// Op names a method of blob.Store.
type Op string

// The operations that can fail.
const (
	Put     Op = "put"
	Get     Op = "get"
	Stat    Op = "stat"
	Delete  Op = "delete"
	List    Op = "list"
	SignPut Op = "sign-put"
	SignGet Op = "sign-get"
)

// Fault is what happens to one call.
type Fault struct {
	Err   error // returned instead of calling, or after Bytes
	Bytes int64 // with Put and Get: let so many bytes through first (a torn transfer); 0 fails at once
	After bool  // make the call, then return Err all the same: an answer that got lost
	// Gate, if not nil, is waited for before anything else, or until the context ends: slowness
	// that a test controls.
	Gate <-chan struct{}
}

// Full is a full disk in the middle of a write.
func Full(bytes int64) Fault { return Fault{Err: blob.ErrFull, Bytes: bytes} }

// Torn is a transfer that breaks off.
func Torn(bytes int64) Fault {
	return Fault{Err: fmt.Errorf("torn after %d bytes: %w", bytes, ErrInjected), Bytes: bytes}
}

// Store passes calls to Inner, except where a fault is queued.
type Store struct {
	Inner blob.Store

	// mu guards queue and calls.
	mu    sync.Mutex
	queue map[Op][]Fault
	calls map[Op]int
}

var _ blob.Store = (*Store)(nil)

// Wrap returns a Store without faults.
func Wrap(inner blob.Store) *Store {
	return &Store{Inner: inner, queue: map[Op][]Fault{}, calls: map[Op]int{}}
}

// Next queues faults for the coming calls of op, one each.
func (s *Store) Next(op Op, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue[op] = append(s.queue[op], faults...)
}

// Calls returns how often op was called.
func (s *Store) Calls(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

// take returns the fault for this call; a zero Fault is none.
func (s *Store) take(ctx context.Context, op Op) Fault {
	s.mu.Lock()
	s.calls[op]++
	var f Fault
	if q := s.queue[op]; len(q) > 0 {
		f, s.queue[op] = q[0], q[1:]
	}
	s.mu.Unlock()
	if f.Gate != nil {
		select {
		case <-f.Gate:
		case <-ctx.Done():
			return Fault{Err: ctx.Err()}
		}
	}
	return f
}

// do makes a call that has no content.
func (s *Store) do(ctx context.Context, op Op, call func() error) error {
	f := s.take(ctx, op)
	if f.Err != nil && !f.After {
		return f.Err
	}
	if err := call(); err != nil {
		return err
	}
	return f.Err
}

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64, digest [32]byte) error {
	f := s.take(ctx, Put)
	if f.Err != nil && !f.After {
		if f.Bytes <= 0 {
			return f.Err
		}
		r = &torn{r: r, left: f.Bytes, err: f.Err}
	}
	if err := s.Inner.Put(ctx, key, r, size, digest); err != nil {
		return err
	}
	return f.Err
}

// Get implements blob.Store.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, blob.Object, error) {
	f := s.take(ctx, Get)
	if f.Err != nil && f.Bytes <= 0 {
		return nil, blob.Object{}, f.Err
	}
	rc, o, err := s.Inner.Get(ctx, key)
	if err != nil || f.Err == nil {
		return rc, o, err
	}
	return struct {
		io.Reader
		io.Closer
	}{&torn{r: rc, left: f.Bytes, err: f.Err}, rc}, o, nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (o blob.Object, err error) {
	err = s.do(ctx, Stat, func() (err error) { o, err = s.Inner.Stat(ctx, key); return err })
	return o, err
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	return s.do(ctx, Delete, func() error { return s.Inner.Delete(ctx, key) })
}

// List implements blob.Store.
func (s *Store) List(ctx context.Context, prefix string, fn func(blob.Object) error) error {
	return s.do(ctx, List, func() error { return s.Inner.List(ctx, prefix, fn) })
}

// SignPut implements blob.Store.
func (s *Store) SignPut(ctx context.Context, key string, size int64, digest [32]byte, ttl time.Duration) (u blob.Signed, err error) {
	err = s.do(ctx, SignPut, func() (err error) { u, err = s.Inner.SignPut(ctx, key, size, digest, ttl); return err })
	return u, err
}

// SignGet implements blob.Store.
func (s *Store) SignGet(ctx context.Context, key string, ttl time.Duration) (u blob.Signed, err error) {
	err = s.do(ctx, SignGet, func() (err error) { u, err = s.Inner.SignGet(ctx, key, ttl); return err })
	return u, err
}

// Close implements blob.Store; it closes Inner.
func (s *Store) Close() error { return s.Inner.Close() }

type torn struct {
	r    io.Reader
	left int64
	err  error
}

func (t *torn) Read(p []byte) (int, error) {
	if t.left <= 0 {
		return 0, t.err
	}
	n, err := t.r.Read(p[:min(int64(len(p)), t.left)])
	t.left -= int64(n)
	return n, err
}
