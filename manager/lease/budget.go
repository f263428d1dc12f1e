package lease

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Whoever holds a lease may upload what its task can need and no more: names cost nothing, and a store that is full takes
// nobody's frames. What counts is what was signed, since a signed upload of one size can put that and nothing else.

const (
	// planeBytes is the room of one plane of a picture in a pixel: four channels of 32 bits, as if nothing compressed them.
	planeBytes = 16
	// framePlanes are those of a delivered picture and of its master with a denoiser's guides.
	framePlanes = 4
	// eyePlanes are those of further files without a compositor: the other eyes of a stereo scene.
	eyePlanes = 8
	// nodePlanes are those that a compositor's File Output nodes may write.
	nodePlanes = 32
	// layerPlanes are the passes of one view layer in a multilayer file; where the recipe doesn't name the layers
	// there are taken to be layersUnnamed.
	layerPlanes, layersUnnamed = 32, 4
	// frameRoom is for what isn't pixels: previews, metadata, small pictures' headers.
	frameRoom = 16 << 20
	// rounds is how often a task may be uploaded under one lease: a worker that crashed renders again, with other bytes.
	rounds = 2
)

// Budget is how much may be uploaded under a lease or an audit.
type Budget struct {
	Bytes   int64
	Objects int
}

// budgetOf is what frames of a task can need.
func budgetOf(r job.Recipe, t *job.Task, frames int) Budget {
	w, h, planes, files := r.Width, r.Height, framePlanes, 2+proof.MaxExtras
	switch {
	case t.Kind == job.TaskTile:
		w, h, files = t.Border.W, t.Border.H, 1
	case r.Compositing:
		planes += nodePlanes
	default:
		planes += eyePlanes
	}
	if t.Kind != job.TaskTile && r.Format == "OPEN_EXR_MULTILAYER" {
		layers := len(r.ViewLayers)
		if layers == 0 {
			layers = layersUnnamed
		}
		planes += layerPlanes * layers
	}
	frame := frameRoom + int64(w)*int64(h)*planeBytes*int64(planes)
	return Budget{Bytes: rounds * frame * int64(frames), Objects: rounds * files * frames}
}

// Accounts holds what was signed under leases, or audits, to their budgets. It lives in memory: what another process signed counts once
// it was uploaded. It is safe for concurrent use.
type Accounts struct {
	blobs blob.Store
	clock func() time.Time

	mu   sync.Mutex // guards what follows
	of   map[string]*account
	look time.Time // when idle ones were last given up
}

type account struct {
	// guarded by Accounts.mu
	used   time.Time
	listed bool // sizes holds what other processes signed, as far as it was uploaded

	mu    sync.Mutex // guards what follows
	sizes map[string]int64
	bytes int64
}

// Upload is one object that is to be signed.
type Upload struct {
	What string // for people
	Key  string
	Size int64
}

// NewAccounts makes accounts of what lies in a store.
func NewAccounts(blobs blob.Store, clock func() time.Time) *Accounts {
	return &Accounts{blobs: blobs, clock: clock, of: make(map[string]*account)}
}

// End gives up the account of what has ended: nothing is signed for it any more.
func (s *Accounts) End(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, id)
}

// Part is for what another manager has from now on. What was signed here stays known for as long as that is good, or whoever went to and
// fro between two managers would have a new budget each time.
func (s *Accounts) Part(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if acc := s.of[id]; acc != nil {
		acc.listed = false
	}
}

// open finds an account, and tells whether the store has to be asked what is there.
func (s *Accounts) open(id string, own time.Time) (acc *account, ask bool) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.look).Abs() > URLLife {
		s.look = now
		for id, acc := range s.of {
			if now.Sub(acc.used) > URLLife { // it has uploaded what it did
				delete(s.of, id)
			}
		}
	}
	if acc = s.of[id]; acc == nil {
		// One that began here a moment ago can't have been given up, nor been elsewhere.
		acc = &account{sizes: make(map[string]int64), listed: !own.IsZero() && now.Sub(own) < URLLife}
		s.of[id] = acc
	}
	ask = !acc.listed
	acc.listed, acc.used = true, now
	return acc, ask
}

// Spend counts objects that are to be signed under id, all of them or none; refuse makes the error for the first that is too much. own is
// when id began in this process and zero where it didn't; prefix is what all of its keys begin with.
func (s *Accounts) Spend(ctx context.Context, id, prefix string, own time.Time, most Budget, uploads []Upload, refuse func(u Upload, spent Budget) error) error {
	acc, ask := s.open(id, own)
	acc.mu.Lock()
	defer acc.mu.Unlock()
	if ask {
		err := s.blobs.List(ctx, prefix, func(o blob.Object) error {
			acc.put(o.Key, o.Size)
			return nil
		})
		if err != nil {
			s.Part(id)
			return fmt.Errorf("look what was uploaded under %s: %w", id, err)
		}
	}
	spent := Budget{acc.bytes, len(acc.sizes)}
	asked := make(map[string]int64, len(uploads))
	for _, u := range uploads {
		size, known := asked[u.Key]
		if !known {
			size, known = acc.sizes[u.Key]
		}
		next := Budget{spent.Bytes + max(u.Size-size, 0), spent.Objects}
		if !known {
			next.Objects++
		}
		if next.Bytes > most.Bytes || next.Objects > most.Objects {
			return refuse(u, spent)
		}
		spent, asked[u.Key] = next, max(size, u.Size)
	}
	for key, size := range asked {
		acc.put(key, size)
	}
	return nil
}

// put notes an object. A key names one content by the first digits of its digest, and only one can ever be there: the
// largest that was announced counts.
func (acc *account) put(key string, size int64) {
	if old, known := acc.sizes[key]; !known || size > old {
		acc.sizes[key] = size
		acc.bytes += size - old
	}
}

// afford counts files that are to be signed under a lease.
func (k *Keeper) afford(ctx context.Context, of about, files []wire.UploadFile) error {
	a := of.attempt
	uploads := make([]Upload, len(files))
	for i, f := range files {
		name := f.Kind + " file"
		if f.Kind == KindExtra {
			name = fmt.Sprintf("further file %.128q", f.Name)
		}
		uploads[i] = Upload{What: fmt.Sprintf("frame %d: the %s", f.Frame, name), Key: FrameKey(a.Job, a.ID, f), Size: f.Size}
	}
	var own time.Time
	k.mu.Lock()
	if h := k.held[a.ID]; h != nil && h.about != nil {
		own = h.created
	}
	k.mu.Unlock()
	most := budgetOf(of.job.Recipe, of.task, len(a.Frames))
	return k.accounts.Spend(ctx, a.ID, fmt.Sprintf("frame/%s/%s-", a.Job, a.ID), own, most, uploads, func(u Upload, spent Budget) error {
		return &wire.Error{Code: wire.CodeBadRequest, Next: "render what the recipe says and nothing else; lower its resolution where that is too much",
			Message: fmt.Sprintf("%s of %s is beyond what lease %s may upload: %s in %d files at most, and %s in %d were announced already",
				u.What, fleet.Size(u.Size), a.ID, fleet.Size(most.Bytes), most.Objects, fleet.Size(spent.Bytes), spent.Objects)}
	})
}

// part forgets a lease that another manager has now.
func (k *Keeper) part(id string) {
	k.accounts.Part(id)
	k.forget(id, false)
}
