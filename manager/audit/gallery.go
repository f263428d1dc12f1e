package audit

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/proof"
)

// gallery remembers what delivered frames look like, across jobs: the last maxShown of them. It
// finds a frame that was sold before in another file format, a little brighter or shifted by a pixel, which no digest
// does. What it finds is looked at by a verifier, never more: an artist may submit the same scene twice, and two artists
// may own the same asset. Frames of one package or one artist aren't compared.
type gallery struct {
	seed maphash.Seed

	mu    sync.Mutex // guards what follows
	shown []exhibit  // a ring
	next  int
}

// exhibit is one frame.
type exhibit struct {
	print       proof.Print
	pack, owner uint64 // hashes
	frame       int
	attempt     string
}

const (
	// maxShown bounds the frames that are remembered: 6 MB, and half a millisecond to look through.
	maxShown = 1 << 16
	// printPrefix begins the hash of a fingerprint that is a print.
	printPrefix = "print/"
)

func newGallery() *gallery { return &gallery{seed: maphash.MakeSeed()} }

// hang adds a job's frames, at the cost of the oldest.
func (g *gallery) hang(pack, owner, attempt string, prints []proof.FramePrint) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range prints {
		e := exhibit{p.Print, maphash.String(g.seed, pack), maphash.String(g.seed, owner), p.Frame, attempt}
		if len(g.shown) < maxShown {
			g.shown = append(g.shown, e)
			continue
		}
		g.shown[g.next] = e
		g.next = (g.next + 1) % maxShown
	}
}

// like looks for the frame of another package and artist that looks most like a print.
func (g *gallery) like(pack, owner string, p proof.Print) (e exhibit, found bool) {
	pk, ow := maphash.String(g.seed, pack), maphash.String(g.seed, owner)
	g.mu.Lock()
	defer g.mu.Unlock()
	least := proof.AlikeBits + 1
	for i := range g.shown {
		if x := &g.shown[i]; x.pack != pk && x.owner != ow {
			if n := p.Apart(x.print); n < least {
				least, e, found = n, *x, true
			}
		}
	}
	return e, found
}

// resold tells which of an attempt's frames look like one that was delivered to somebody else, "" when none does.
func (u *Auditor) resold(s *subject, prints []proof.FramePrint) string {
	for _, p := range prints {
		if e, found := u.gallery.like(s.job.Package, s.job.Owner, p.Print); found && e.attempt != s.attempt.ID {
			return fmt.Sprintf("frame %d looks like frame %d of another artist's job, which was delivered before", p.Frame, e.frame)
		}
	}
	return ""
}

// show makes delivered frames' prints durable, in the transaction that delivers them.
func (u *Auditor) show(tx store.Tx, s *subject, prints []proof.FramePrint) error {
	now := u.options.Clock().UnixMilli()
	for _, p := range prints {
		if err := tx.AddFingerprint(store.Fingerprint{Hash: printPrefix + p.Print.String(), Job: s.job.ID, Frame: p.Frame, Attempt: s.attempt.ID, Worker: s.attempt.Worker, Time: now}); err != nil {
			return err
		}
	}
	return nil
}

// recall fills the gallery with what earlier processes and other managers delivered, the newest last.
func (u *Auditor) recall(ctx context.Context) error {
	type work struct{ pack, owner string }
	var list []store.Fingerprint
	jobs := make(map[string]work)
	err := u.options.Store.View(ctx, func(tx store.Tx) (err error) {
		clear(jobs)
		if list, err = tx.NewestFingerprints(printPrefix, maxShown); err != nil {
			return err
		}
		for _, f := range list {
			if _, ok := jobs[f.Job]; ok {
				continue
			}
			j, err := tx.Job(f.Job)
			switch {
			case err == nil:
				jobs[f.Job] = work{j.Package, j.Owner}
			case !errors.Is(err, store.ErrNotFound):
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what delivered frames look like: %w", err)
	}
	for i := len(list) - 1; i >= 0; i-- {
		f := list[i]
		p, err := proof.ParsePrint(strings.TrimPrefix(f.Hash, printPrefix))
		if w, ok := jobs[f.Job]; ok && err == nil {
			u.gallery.hang(w.pack, w.owner, f.Attempt, []proof.FramePrint{{Frame: f.Frame, Print: p}})
		}
	}
	return nil
}
