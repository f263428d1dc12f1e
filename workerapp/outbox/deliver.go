package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// Manager is the connection. Request waits for a connection and sends again after a
// reconnect until ctx ends; a refusal is a *wire.Error.
type Manager interface {
	Request(ctx context.Context, typ wire.Type, body, reply any) error
}

// Store carries out a signed PUT of a file. It may retry by itself; its error means that a
// fresh URL should be tried, unless it wraps ErrUnusable.
type Store interface {
	Put(ctx context.Context, signed wire.Signed, path string, size int64) error
}

// ErrRefused wraps the manager's final refusal: the lease isn't ours any more. Nothing of
// it can be delivered.
var ErrRefused = errors.New("the manager doesn't take this lease's result")

// ErrUnusable is wrapped by a Store's error that no other try can mend: the file on this
// disk isn't what was announced.
var ErrUnusable = errors.New("the file can't be delivered")

// Deliverer uploads entries and commits them.
type Deliverer struct {
	Manager Manager
	Store   Store
	// Trouble is told each failure that will be tried again, and nil when it is over.
	Trouble func(err error)
	// Progress is told after each frame that is uploaded.
	Progress func(e *Entry, frame int)
	// Backoff is the pause after the nth failure in a row; nil doubles from half a second
	// to 30 seconds, with jitter.
	Backoff func(n int) time.Duration
}

// Deliver uploads the entry's frames while they arrive, then sends the commit, until the
// manager has acknowledged it; the acknowledgment is returned and the entry dropped. It
// returns ErrRefused when there is nobody to deliver to, and ctx's error when that ends:
// then the entry stays and a later Deliver goes on.
func (d *Deliverer) Deliver(ctx context.Context, e *Entry) (wire.TaskCommitted, error) {
	for again := 0; ; {
		records, commit, changed := e.waiting()
		for _, r := range records {
			if err := d.upload(ctx, e, r); err != nil {
				return wire.TaskCommitted{}, err
			}
			if d.Progress != nil {
				d.Progress(e, r.Frame)
			}
		}
		if len(records) > 0 {
			continue
		}
		if commit != nil {
			done, err := d.commit(ctx, e, *commit)
			if lacks(err) && again < maxAgain {
				// The network's store has lost a file since; ours is still here.
				again++
				e.forget()
				continue
			}
			return done, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return wire.TaskCommitted{}, context.Cause(ctx)
		}
	}
}

func (d *Deliverer) upload(ctx context.Context, e *Entry, r Record) error {
	return d.insist(ctx, fmt.Sprintf("upload frame %d of lease %s", r.Frame, e.ID()), func() error {
		var urls wire.BlobURLs
		if err := d.Manager.Request(ctx, wire.TypeTaskUpload, wire.TaskUpload{Lease: e.ID(), Files: r.Files}, &urls); err != nil {
			return err
		}
		if len(urls.URLs) != len(r.Files) {
			return fmt.Errorf("the manager answered %d files with %d addresses", len(r.Files), len(urls.URLs))
		}
		for i, f := range r.Files {
			if urls.URLs[i].URL == "" {
				continue // the store has it
			}
			if err := d.Store.Put(ctx, urls.URLs[i], e.Path(f), f.Size); err != nil {
				return err
			}
		}
		// On a full disk the note is lost, and a crash then costs one more upload.
		_ = e.uploaded(r.Frame)
		return nil
	})
}

func (d *Deliverer) commit(ctx context.Context, e *Entry, c wire.TaskCommit) (wire.TaskCommitted, error) {
	var done wire.TaskCommitted
	err := d.insist(ctx, "commit lease "+e.ID(), func() error {
		return d.Manager.Request(ctx, wire.TypeTaskCommit, c, &done)
	})
	if err != nil {
		return wire.TaskCommitted{}, err
	}
	return done, e.Drop()
}

// insist tries until it works, ctx ends or the manager refuses for good.
func (d *Deliverer) insist(ctx context.Context, what string, try func() error) error {
	for n := 1; ; n++ {
		err := try()
		if err == nil {
			if n > 1 && d.Trouble != nil {
				d.Trouble(nil)
			}
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if refused(err) || errors.Is(err, ErrUnusable) {
			return fmt.Errorf("%s: %w: %w", what, ErrRefused, err)
		}
		if d.Trouble != nil {
			d.Trouble(fmt.Errorf("%s: %w", what, err))
		}
		pause := backoff
		if d.Backoff != nil {
			pause = d.Backoff
		}
		timer := time.NewTimer(pause(n))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// refused tells a final no from trouble that passes.
func refused(err error) bool {
	var e *wire.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case wire.CodeBadRequest, wire.CodeUnauthorised, wire.CodeNotFound, wire.CodeConflict, wire.CodeUnsupported:
		return true
	}
	return false
}

// maxAgain is how often a commit that misses files has them uploaded again.
const maxAgain = 2

// lacks tells whether a commit was refused because something isn't there: the lease, or a file.
func lacks(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == wire.CodeNotFound
}

func backoff(n int) time.Duration {
	pause := min(500*time.Millisecond<<min(n-1, 10), 30*time.Second)
	return pause/2 + rand.N(pause/2)
}
