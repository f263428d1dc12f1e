package workerapp

import (
	"context"
	"fmt"

	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/pack/fetch"
	"github.com/heliostat-render/heliostat/workerapp/ahead"
	"github.com/heliostat-render/heliostat/workerapp/session"
)

// countLocked counts the tasks of a stage; mu is held.
func (e *Engine) countLocked(s stage) int {
	n := 0
	for _, t := range e.order {
		if t.stage == s {
			n++
		}
	}
	return n
}

// jammedLocked counts the leases that are rendered and wait to be delivered, once they are so many
// that the line, or the network's store, surely is slower than the renderer: more of them would only keep
// their frames from workers who could deliver. 0 before; mu is held.
func (e *Engine) jammedLocked() int {
	n := e.countLocked(delivering)
	if n == 0 || n <= 2*e.options.Slots+2 { // the number of slots is known once there are tasks
		return 0
	}
	return n
}

func jam(n int) string {
	return fmt.Sprintf("%d finished tasks wait to be uploaded; no new one is taken until then", n)
}

// nextLocked gives free slots to the tasks that wait longest; mu is held.
func (e *Engine) nextLocked() {
	free := e.options.Slots - e.countLocked(rendering)
	for _, t := range e.order {
		if free <= 0 {
			return
		}
		if t.stage == queued {
			t.stage = rendering
			free--
			close(t.turn)
		}
	}
}

// bringLocked starts to fetch a waiting task's package, unless a task before it leaves the
// scene behind; mu is held.
func (e *Engine) bringLocked(t *task) {
	offer := t.entry.Lease().Offer
	for _, other := range e.order {
		if other != t && other.stage != delivering && other.entry.Lease().Offer.Package == offer.Package {
			return
		}
	}
	for _, pkg := range e.pool.Packages() {
		if pkg == offer.Package {
			return
		}
	}
	key, err := e.options.Identity.OpenJobKey(offer.Package, offer.JobKey)
	if err != nil {
		return // its turn says so
	}
	e.larder.Begin(session.Package{ID: offer.Package, Lease: offer.Lease, Manifest: offer.Manifest, JobKey: key})
}

// tidy wipes packages that were fetched for tasks that are gone.
func (e *Engine) tidy() {
	e.mu.Lock()
	wanted := map[string]bool{}
	for _, t := range e.order {
		if t.stage != delivering {
			wanted[t.entry.Lease().Offer.Package] = true
		}
	}
	e.mu.Unlock()
	if err := e.larder.Keep(func(pkg string) bool { return wanted[pkg] }); err != nil {
		e.options.Log.Error("a scene that was fetched ahead can't be wiped", "err", err)
	}
}

func fetchWith(f *fetch.Fetcher) ahead.Fetch {
	return func(ctx context.Context, p session.Package, dir string, progress func(float64)) error {
		return f.Fetch(ctx, fetch.Package{ID: p.ID, Lease: p.Lease, Manifest: p.Manifest, JobKey: p.JobKey}, dir, func(at pack.Progress) {
			if at.BytesTotal > 0 {
				progress(float64(at.BytesDone) / float64(at.BytesTotal))
			}
		})
	}
}
