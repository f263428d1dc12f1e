// Package group is the queue before a database's writer: updates wait in it, and those that wait
// together share a commit. Each is answered once what it changed is durable.
//
// It is not the place for transactions: manager/store/sqlite and manager/store/postgres run them,
// each in its own way.
//
// Receives: updates from the packages of the manager, by a store.
// Hands on: the same, in groups, to the store's writer.
package group

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/heliostat-render/heliostat/manager/store"
)

// Request is one update that waits for a writer.
type Request struct {
	Err error // its own; the writer sets it before Finish

	ctx  context.Context
	fn   func(store.Tx) error
	done chan struct{}
}

// Gone is why nobody waits for the update any more, nil while somebody does. A writer asks before it begins:
// afterwards the end of the context no longer stops it, since half-known outcomes are worse than a short wait.
func (r *Request) Gone() error {
	if r.ctx.Err() == nil {
		return nil
	}
	return context.Cause(r.ctx)
}

// Run does the update by do. A panic in it is its error.
func (r *Request) Run(do func(fn func(store.Tx) error) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a transaction panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return do(r.fn)
}

// Finish answers the requests: with err those that have no error of their own.
func Finish(group []*Request, err error) {
	for _, r := range group {
		if r.Err == nil {
			r.Err = err
		}
		close(r.done)
	}
}

// waiting bounds the requests that wait; those beyond wait to be queued.
const waiting = 256

// Queue is safe for concurrent use. Its zero value is not ready: see New.
type Queue struct {
	requests         chan *Request
	commits, updates atomic.Uint64

	mu     sync.RWMutex // guards closed against sends on requests
	closed bool
}

// New makes a queue that takes updates.
func New() *Queue { return &Queue{requests: make(chan *Request, waiting)} }

// Closed makes one that refuses them, for a store that only reads.
func Closed() *Queue {
	q := New()
	q.Close()
	return q
}

// Update waits until a writer has answered fn.
func (q *Queue) Update(ctx context.Context, fn func(store.Tx) error) error {
	r := &Request{ctx: ctx, fn: fn, done: make(chan struct{})}
	if err := q.enqueue(ctx, r); err != nil {
		return err
	}
	<-r.done
	return r.Err
}

func (q *Queue) enqueue(ctx context.Context, r *Request) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		return store.ErrClosed
	}
	select {
	case q.requests <- r:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Next waits for a request; nil once the queue is closed and empty.
func (q *Queue) Next() *Request { return <-q.requests }

// More takes one that waits already, nil when none does.
func (q *Queue) More() *Request {
	select {
	case r := <-q.requests:
		return r
	default:
		return nil
	}
}

// Group takes what waits, at most limit; nil once the queue is closed and empty.
func (q *Queue) Group(limit int) []*Request {
	r := q.Next()
	if r == nil {
		return nil
	}
	group := []*Request{r}
	for len(group) < limit {
		if r = q.More(); r == nil {
			break
		}
		group = append(group, r)
	}
	return group
}

// Waiting is how many requests wait.
func (q *Queue) Waiting() int { return len(q.requests) }

// Shared notes a commit that so many updates shared.
func (q *Queue) Shared(updates int) {
	q.commits.Add(1)
	q.updates.Add(uint64(updates))
}

// Commits returns how many commits there were, and the updates that shared them.
func (q *Queue) Commits() (commits, updates uint64) { return q.commits.Load(), q.updates.Load() }

// Close lets no further update in; it tells whether it was open. Those that wait are still served.
func (q *Queue) Close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.closed = true
	close(q.requests)
	return true
}
