package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// A still in tiles: each tile is a task of its own, which uploads and commits to its master only.
// Once all of a frame's tiles have passed their checks, one more task assembles them: it pastes the
// masters, denoises and composites once, and delivers the frame. All of them use one seed, so that neither noise
// nor denoising shows where the tiles meet.

// stillSeed names the seed that all parts of a still share: proof.Seed of it, the frame and attempt 0.
const stillSeed = "still"

// assemblyShare is what part of a frame's price the assembly gets; the tiles share the rest by area.
const assemblyShare = 20

// Shares divides a frame's price among its tasks, in their order: by area among the tiles, a twentieth
// and what doesn't divide for the assembly, which is the one without a border.
func Shares(tasks []*job.Task, price job.Amount) []job.Amount {
	shares := make([]job.Amount, len(tasks))
	area, assembly := int64(0), -1
	for i, t := range tasks {
		if t.Border == nil {
			assembly = i
		} else {
			area += int64(t.Border.W) * int64(t.Border.H)
		}
	}
	if assembly < 0 || area == 0 {
		return shares
	}
	left, tiles := price, price-price/assemblyShare
	for i, t := range tasks {
		if t.Border != nil {
			// In two steps, since money times pixels can exceed 64 bits.
			part := int64(t.Border.W) * int64(t.Border.H)
			shares[i] = job.Amount(int64(tiles)/area*part + int64(tiles)%area*part/area)
			left -= shares[i]
		}
	}
	shares[assembly] = left
	return shares
}

// Share is what of a frame's price one of its tasks gets: all of it where frames are whole.
func Share(tx store.Tx, t *job.Task, price job.Amount) (job.Amount, error) {
	if t.Kind == job.TaskRender {
		return price, nil
	}
	tiles, err := tilesOf(tx, t.Job, t.Frames[0])
	if err != nil {
		return 0, err
	}
	// The assembly's task isn't there before the last tile has passed.
	shares := Shares(append(tiles, &job.Task{}), price)
	if i := slices.IndexFunc(tiles, func(x *job.Task) bool { return x.ID == t.ID }); i >= 0 {
		return shares[i], nil
	}
	return shares[len(tiles)], nil
}

// Part is a verified tile as the store knows it.
type Part struct {
	Task    *job.Task
	Attempt *store.Attempt // the one that passed
	Border  job.Border
	Key     string // of its master in the object store
	Size    int64
	Digest  string
}

// Parts finds the verified masters that an assembly joins, in the order of their tasks. store.ErrLost
// means that a tile isn't verified, or not any more.
func Parts(tx store.Tx, jobID string, frame int) (refs []Part, err error) {
	tiles, err := tilesOf(tx, jobID, frame)
	if err != nil {
		return nil, err
	}
	if len(tiles) == 0 {
		return nil, fmt.Errorf("frame %d of job %s has no tiles: %w", frame, jobID, store.ErrLost)
	}
	for _, t := range tiles {
		if t.State != job.TaskDone {
			return nil, fmt.Errorf("tile %d of frame %d of job %s is %s: %w", t.Index, frame, jobID, t.State, store.ErrLost)
		}
		attempts, err := tx.Attempts(t.ID)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(attempts, func(a *store.Attempt) bool { return a.State == lifecycle.AttemptPassed && a.Commit != nil })
		if i < 0 || len(attempts[i].Commit.Files) != 1 {
			return nil, fmt.Errorf("tile %d of frame %d of job %s has no verified master: %w", t.Index, frame, jobID, store.ErrLost)
		}
		f := attempts[i].Commit.Files[0]
		refs = append(refs, Part{Task: t, Attempt: attempts[i], Border: *t.Border, Key: FrameKey(jobID, attempts[i].ID, f), Size: f.Size, Digest: f.Digest})
	}
	return refs, nil
}

// tilesOf lists the tile tasks of a frame.
func tilesOf(tx store.Tx, jobID string, frame int) ([]*job.Task, error) {
	tasks, err := tx.Tasks(jobID)
	return slices.DeleteFunc(tasks, func(t *job.Task) bool { return t.Kind != job.TaskTile || t.Frames[0] != frame }), err
}

// signParts makes the parts of an offer.
func (k *Keeper) signParts(ctx context.Context, refs []Part) ([]wire.Part, error) {
	var list []wire.Part
	for _, r := range refs {
		get, err := k.options.Blobs.SignGet(ctx, r.Key, URLLife)
		if err != nil {
			return nil, fmt.Errorf("sign a tile: %w", err)
		}
		list = append(list, wire.Part{Border: r.Border, Master: &wire.PartFile{Get: Signed(get), Size: r.Size, Digest: r.Digest}})
	}
	return list, nil
}

// tiled is what follows when a tile has passed: with the last one of its frame, the assembly waits for a worker.
func tiled(tx store.Tx, changes *notify.Changes, tile *job.Task) error {
	frame := tile.Frames[0]
	tiles, err := tilesOf(tx, tile.Job, frame)
	if err != nil {
		return err
	}
	last := 0
	for _, t := range tiles {
		if t.State != job.TaskDone {
			return nil
		}
		last = max(last, t.Index)
	}
	// The split left the index after a frame's tiles free for it.
	fresh := &job.Task{ID: store.NewID("t"), Job: tile.Job, Index: last + 1, State: job.TaskWaiting, Kind: job.TaskAssemble, Frames: []int{frame}}
	err = tx.AddTasks([]*job.Task{fresh})
	if errors.Is(err, store.ErrExists) {
		return nil // a tile was rendered again, upon a claim: its assembly is there
	}
	if err != nil {
		return err
	}
	if err := tx.MoveFrames(tile.Job, []int{frame}, job.FramePending, job.FramePending, func(f *job.Frame) { f.Task = fresh.ID }); err != nil {
		return err
	}
	changes.Job(tile.Job, frame)
	return changes.Event(tx, tile.Job, "tiles done", fmt.Sprintf("%s: all %d tiles are rendered and checked, they are joined next", store.NameFrames(tile.Frames), len(tiles)), "")
}

// checkKind tells why a commit isn't for a task of this kind; "" when it is. The worker signs with the root where its
// tile lies, or that it joined tiles, so that nobody can hold it to another region later.
func checkKind(t *job.Task, f proof.FrameCommit) string {
	switch {
	case t.Kind == job.TaskTile && (f.Border == nil || *f.Border != *t.Border):
		return fmt.Sprintf("frame %d isn't committed as the tile %d×%d at %d, %d", f.Frame, t.Border.W, t.Border.H, t.Border.X, t.Border.Y)
	case t.Kind != job.TaskTile && f.Border != nil:
		return fmt.Sprintf("frame %d is committed as a tile, and the task is no tile's", f.Frame)
	case t.Kind == job.TaskAssemble && !f.Assembled:
		return fmt.Sprintf("frame %d isn't committed as joined from tiles", f.Frame)
	case t.Kind != job.TaskAssemble && f.Assembled:
		return fmt.Sprintf("frame %d is committed as joined from tiles, and the task is to render", f.Frame)
	}
	return ""
}

// checkTile holds the commit of a tile to its lease: one frame of the border's size, and one file, its master.
func (k *Keeper) checkTile(ctx context.Context, a *store.Attempt, t *job.Task, c wire.TaskCommit) error {
	frame := c.Frames[0]
	if len(c.Files) != 1 || len(frame.Extras) > 0 {
		return bad("the commit of a tile has one file, its master, not %d", len(c.Files))
	}
	f := c.Files[0]
	switch {
	case frame.MasterDigest.String() != f.Digest || frame.FileDigest != frame.MasterDigest:
		return bad("frame %d: the tile's master has another digest than the commitment", frame.Frame)
	case frame.MasterRoot == (proof.Digest{}):
		return bad("frame %d: the tiles of the master are not committed to", frame.Frame)
	}
	return k.stored(ctx, a, []wire.UploadFile{f})
}

// commitTile records a tile's receipt: the frame stays pending until it is assembled.
func (k *Keeper) commitTile(tx store.Tx, changes *notify.Changes, a *store.Attempt, t *job.Task, c wire.TaskCommit) error {
	_, sum := believed(a, a.Frames, c.Stats, k.options.Clock().UnixMilli())
	if err := k.count(tx, a, sum, 0); err != nil {
		return err
	}
	changes.Job(a.Job, a.Frames...)
	return changes.Event(tx, a.Job, "rendered", fmt.Sprintf("%s, tile %d×%d at %d, %d: uploaded, the check comes next", store.NameFrames(a.Frames), t.Border.W, t.Border.H, t.Border.X, t.Border.Y), a.Worker)
}
