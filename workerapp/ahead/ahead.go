// Package ahead brings the packages of tasks that wait for their turn: while one task
// renders, the next one's scene is downloaded and unpacked, so that its turn begins with
// loading.
//
// It is not the place for the download itself (shared/pack/fetch) or for deciding which
// task is next (workerapp).
//
// Receives: the packages of waiting leases, from workerapp.
// Hands on: unpacked scenes, to workerapp/session through its Fetch.
package ahead

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/workerapp/session"
)

// Fetch puts a package's files into an existing, empty folder.
type Fetch func(ctx context.Context, p session.Package, dir string, progress func(fraction float64)) error

// errUnwanted ends a download whose task is gone.
var errUnwanted = errors.New("no task waits for the package any more")

// Larder holds scenes that nobody renders yet. Its methods may be called from many
// goroutines.
type Larder struct {
	dir    string
	fetch  Fetch
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	items  map[string]*item // guarded by mu, by package
	serial int              // guarded by mu
	wait   sync.WaitGroup
}

type item struct {
	dir    string
	cancel context.CancelCauseFunc
	done   chan struct{} // closed after err is set
	err    error

	mu       sync.Mutex
	fraction float64 // guarded by mu
}

// New makes a larder in dir, a folder of its own on the disk that scenes are rendered on.
// It fetches until ctx ends.
func New(ctx context.Context, dir string, fetch Fetch) *Larder {
	l := &Larder{dir: dir, fetch: fetch, items: map[string]*item{}}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	return l
}

// Begin starts to bring a package, unless it is here or coming.
func (l *Larder) Begin(p session.Package) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.items[p.ID] != nil || l.ctx.Err() != nil {
		return
	}
	l.serial++
	ctx, cancel := context.WithCancelCause(l.ctx)
	i := &item{dir: filepath.Join(l.dir, strconv.Itoa(l.serial)), cancel: cancel, done: make(chan struct{})}
	l.items[p.ID] = i
	l.wait.Go(func() {
		defer close(i.done)
		if i.err = os.MkdirAll(i.dir, 0o700); i.err == nil {
			i.err = l.fetch(ctx, p, i.dir, i.progressed)
		}
	})
}

func (i *item) progressed(fraction float64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fraction = fraction
}

// discard ends the download and wipes what it brought.
func (i *item) discard() error {
	i.cancel(errUnwanted)
	<-i.done
	return warm.Wipe(i.dir)
}

// Fetch puts the package's files into dir, which exists and is empty: from here when it
// was begun, from the network otherwise.
func (l *Larder) Fetch(ctx context.Context, p session.Package, dir string, progress func(fraction float64)) error {
	l.mu.Lock()
	i := l.items[p.ID]
	delete(l.items, p.ID)
	l.mu.Unlock()
	if i == nil {
		return l.fetch(ctx, p, dir, progress)
	}
	defer i.cancel(nil)
	i.mu.Lock()
	fraction := i.fraction
	i.mu.Unlock()
	progress(fraction)
	select {
	case <-i.done:
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), i.discard())
	}
	if i.err != nil { // its own try tells why
		if err := warm.Wipe(i.dir); err != nil {
			return fmt.Errorf("wipe a scene that didn't arrive: %w", err)
		}
		return l.fetch(ctx, p, dir, progress)
	}
	if err := os.Remove(dir); err != nil {
		return fmt.Errorf("take the scene that was fetched ahead: %w", err)
	}
	if err := os.Rename(i.dir, dir); err != nil {
		return fmt.Errorf("take the scene that was fetched ahead: %w", err)
	}
	progress(1)
	return nil
}

// Keep wipes every package that wanted doesn't name.
func (l *Larder) Keep(wanted func(pkg string) bool) error {
	l.mu.Lock()
	var gone []*item
	for pkg, i := range l.items {
		if !wanted(pkg) {
			gone = append(gone, i)
			delete(l.items, pkg)
		}
	}
	l.mu.Unlock()
	var failed []error
	for _, i := range gone {
		failed = append(failed, i.discard())
	}
	return errors.Join(failed...)
}

// Close ends every download and wipes everything.
func (l *Larder) Close() error {
	l.cancel(errUnwanted)
	err := l.Keep(func(string) bool { return false })
	l.wait.Wait()
	return errors.Join(err, warm.Wipe(l.dir))
}
