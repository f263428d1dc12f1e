package lease

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// maxFile bounds one uploaded file, in bytes.
const maxFile = 2 << 30

func bad(format string, args ...any) error {
	return &wire.Error{Code: wire.CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// checkFile validates one announced file of a lease.
func checkFile(frames []int, r job.Recipe, kind job.TaskKind, f wire.UploadFile) error {
	if !slices.Contains(frames, f.Frame) {
		return bad("frame %d is not in this lease", f.Frame)
	}
	if f.Size <= 0 || f.Size > maxFile {
		return bad("frame %d: a file of %d bytes", f.Frame, f.Size)
	}
	if raw, err := hex.DecodeString(f.Digest); err != nil || len(raw) != 32 || hex.EncodeToString(raw) != f.Digest {
		return bad("frame %d: the digest %q is not 64 lower-case hex digits", f.Frame, f.Digest)
	}
	if kind == job.TaskTile && f.Kind != KindMaster {
		return bad("frame %d: a tile has a master only, no %q file", f.Frame, f.Kind)
	}
	switch f.Kind {
	case KindFinal:
		if !extFits(r.Format, f.Ext) {
			return bad("frame %d: a %s file is no %s", f.Frame, f.Ext, r.Format)
		}
	case KindMaster:
		if f.Ext != ".exr" {
			return bad("frame %d: the master is an .exr, not %s", f.Frame, f.Ext)
		}
	case KindExtra:
		if err := proof.CheckExtraName(f.Name); err != nil {
			return bad("frame %d: %v", f.Frame, err)
		}
		if !extraExt(f.Ext) {
			return bad("frame %d: %.40q can't be the extension of a further file", f.Frame, f.Ext)
		}
	default:
		return bad("frame %d: file kind %q is not known", f.Frame, f.Kind)
	}
	return nil
}

// Upload signs URLs for the files of a lease that the worker holds.
func (k *Keeper) Upload(ctx context.Context, worker string, u wire.TaskUpload) (wire.BlobURLs, error) {
	if len(u.Files) == 0 || len(u.Files) > wire.MaxURLs {
		return wire.BlobURLs{}, bad("%d files in one request, 1 to %d are allowed", len(u.Files), wire.MaxURLs)
	}
	of, err := k.subject(ctx, u.Lease)
	if err != nil {
		return wire.BlobURLs{}, ended(u.Lease, err)
	}
	a, t, j := of.attempt, of.task, of.job
	if a.Worker != worker {
		return wire.BlobURLs{}, &wire.Error{Code: wire.CodeUnauthorised, Message: "lease " + u.Lease + " is not this node's"}
	}
	if a.State == lifecycle.AttemptFailed {
		return wire.BlobURLs{}, ended(u.Lease, store.ErrLost)
	}
	for _, f := range u.Files {
		if err := checkFile(a.Frames, j.Recipe, t.Kind, f); err != nil {
			return wire.BlobURLs{}, err
		}
		if a.Commit != nil && !slices.Contains(a.Commit.Files, f) {
			return wire.BlobURLs{}, &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("frame %d: lease %s is committed, without this %s file", f.Frame, a.ID, f.Kind), Next: "upload what was committed, or nothing"}
		}
	}
	if a.Commit == nil {
		if err := k.afford(ctx, of, u.Files); err != nil {
			return wire.BlobURLs{}, err
		}
	}
	urls := wire.BlobURLs{URLs: make([]wire.Signed, 0, len(u.Files))}
	for _, f := range u.Files {
		signed, err := SignPut(ctx, k.options.Blobs, FrameKey(a.Job, a.ID, f), f.Size, f.Digest)
		if err != nil {
			return wire.BlobURLs{}, err
		}
		urls.URLs = append(urls.URLs, signed)
	}
	return urls, nil
}

// subject is a lease with its task and its job. One that is in memory is held still, as far as this
// manager knows; the transaction that ends it decides.
func (k *Keeper) subject(ctx context.Context, id string) (about, error) {
	k.mu.Lock()
	if h := k.held[id]; h != nil && h.about != nil {
		of := *h.about
		k.mu.Unlock()
		return of, nil
	}
	k.mu.Unlock()
	var of about
	err := k.options.Store.Look(ctx, func(tx store.Tx) (err error) {
		if of.attempt, err = tx.Attempt(id); err != nil {
			return err
		}
		if of.task, err = tx.Task(of.attempt.Task); err != nil {
			return err
		}
		of.job, err = tx.Job(of.attempt.Job)
		return err
	})
	return of, err
}

func ended(id string, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &wire.Error{Code: wire.CodeNotFound, Message: "lease " + id + " is not known"}
	case errors.Is(err, store.ErrLost):
		return &wire.Error{Code: wire.CodeConflict, Message: "lease " + id + " has ended", Next: "drop its files and take the next task"}
	}
	return err
}

// Commit takes a worker's receipt. It returns the verification key once everything is
// durable; the same commit sent again gets the same answer.
func (k *Keeper) Commit(ctx context.Context, worker string, c wire.TaskCommit) (wire.TaskCommitted, error) {
	of, err := k.subject(ctx, c.Lease)
	if err != nil {
		return wire.TaskCommitted{}, ended(c.Lease, err)
	}
	a, t, j := of.attempt, of.task, of.job
	if a.Worker != worker {
		return wire.TaskCommitted{}, &wire.Error{Code: wire.CodeUnauthorised, Message: "lease " + c.Lease + " is not this node's"}
	}
	if answer, known := again(a, c); known {
		return answer, nil
	}
	if a.State != lifecycle.AttemptHeld {
		return wire.TaskCommitted{}, ended(c.Lease, store.ErrLost)
	}
	delivered, err := k.check(ctx, j, a, t, c)
	if err != nil {
		return wire.TaskCommitted{}, err
	}
	if useless := checkPlanes(j.Recipe, t, c.Frames); useless != "" {
		// The same files again wouldn't help: somebody has to render it anew.
		if err := k.giveBack(ctx, a.ID, worker, Ending{Kind: job.FailWorker, Cause: "the commit can't be verified: " + useless}, false); err != nil {
			return wire.TaskCommitted{}, err
		}
		return wire.TaskCommitted{}, &wire.Error{Code: wire.CodeBadRequest, Message: "the commit of lease " + a.ID + " can't be verified: " + useless,
			Next: "the lease has ended; drop its files and check that the renderer writes what the recipe asks for"}
	}
	changes := &notify.Changes{Now: k.options.Clock}
	var out Outcome
	err = k.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		out, err = k.commit(tx, changes, a, c, delivered)
		return err
	})
	if errors.Is(err, errCopied) {
		if err := k.giveBack(ctx, a.ID, worker, Ending{Kind: job.FailYield, Cause: "stopped early, and " + errCopied.Error()}, false); err != nil {
			return wire.TaskCommitted{}, err
		}
		return wire.TaskCommitted{}, ended(c.Lease, store.ErrLost)
	}
	if errors.Is(err, store.ErrLost) {
		// The same commit may have come twice at the same time.
		if e := k.options.Store.View(ctx, func(tx store.Tx) (e error) { a, e = tx.Attempt(c.Lease); return e }); e != nil {
			return wire.TaskCommitted{}, e
		}
		if answer, known := again(a, c); known {
			return answer, nil
		}
	}
	if err != nil {
		return wire.TaskCommitted{}, ended(c.Lease, err)
	}
	k.drop(c.Lease, false)
	k.options.Fleet.Proved(job.RoleWorker, worker)
	k.options.Log.Info("task committed", "job", a.Job, "task", a.Task, "attempt", a.ID, "node", worker, "root", c.Receipt.Root, "frames", len(c.Frames), "partial", len(c.Frames) < len(a.Frames))
	k.tell(out)
	k.options.Hub.Publish(changes)
	k.options.Committed()
	if err := k.measure(ctx, a, len(c.Frames)); err != nil {
		k.options.Log.Warn("a worker's pace isn't kept", "job", a.Job, "task", a.Task, "node", worker, "err", err)
	}
	if len(c.Frames) < len(a.Frames) || len(out.revoke) > 0 {
		k.options.Freed()
	}
	return wire.TaskCommitted{Key: hex.EncodeToString(a.Key)}, nil
}

// again recognises a commit that was taken before.
func again(a *store.Attempt, c wire.TaskCommit) (wire.TaskCommitted, bool) {
	if a.Commit == nil || !reflect.DeepEqual(a.Commit.Receipt, c.Receipt) || !bytes.Equal(a.Commit.Signature, c.Signature) {
		return wire.TaskCommitted{}, false
	}
	return wire.TaskCommitted{Key: hex.EncodeToString(a.Key)}, true
}

// delivery is what one frame hands to the artist.
type delivery struct {
	final  wire.UploadFile
	extras []job.Extra
}

// covered tells whether a commit's frames are those of the lease, in order: all of them, or some
// where the owner took the machine back.
func covered(lease []int, c wire.TaskCommit) bool {
	if !c.Partial && len(c.Frames) != len(lease) || len(c.Frames) == 0 {
		return false
	}
	next := 0
	for _, f := range lease {
		if next < len(c.Frames) && c.Frames[next].Frame == f {
			next++
		}
	}
	return next == len(c.Frames)
}

// check holds a commit to the lease and to the store. It returns what each frame delivers.
func (k *Keeper) check(ctx context.Context, j *store.Job, a *store.Attempt, t *job.Task, c wire.TaskCommit) (map[int]delivery, error) {
	r := c.Receipt
	if r.Attempt != a.ID || r.Task != a.Task || r.Job != a.Job || r.Worker != a.Worker {
		return nil, bad("the receipt is not for lease %s", a.ID)
	}
	if err := r.Suits(j.Recipe); err != nil {
		return nil, bad("lease %s: %v", a.ID, err)
	}
	if r.Key.String() != a.KeyHash {
		return nil, bad("the receipt of lease %s names another key than was published with it", a.ID)
	}
	if len(r.Class) > 64 || len(r.Version) > 64 || len(r.Build) > 64 {
		return nil, bad("the receipt's device class, version and build have %d, %d and %d letters, at most 64 each", len(r.Class), len(r.Version), len(r.Build))
	}
	if r.Started < 0 || r.Finished < r.Started {
		return nil, bad("the receipt of lease %s ends before it begins", a.ID)
	}
	signer, err := identity.Recover(r.Digest(k.options.Settler.Domain()), c.Signature)
	if err != nil || signer != a.Worker {
		return nil, &wire.Error{Code: wire.CodeUnauthorised, Message: "the receipt of lease " + a.ID + " is not signed by its worker", Next: "check that the worker signs for the chain and contract of the manager's welcome"}
	}
	if !covered(a.Frames, c) {
		return nil, bad("the commit's %d frames are not the lease's %d, in its order", len(c.Frames), len(a.Frames))
	}
	if err := proof.CheckFrames(c.Frames); err != nil {
		return nil, bad("the commit of lease %s: %v", a.ID, err)
	}
	if err := r.Covers(c.Frames); err != nil {
		return nil, bad("the commit of lease %s: %v", a.ID, err)
	}
	extras := 0
	for _, f := range c.Frames {
		extras += len(f.Extras)
	}
	if len(c.Files) > 2*len(c.Frames)+extras || len(c.Stats) > len(c.Frames) {
		return nil, bad("the commit has %d files and %d figures for %d frames with %d further files", len(c.Files), len(c.Stats), len(c.Frames), extras)
	}
	files := make(map[string]wire.UploadFile)
	for _, f := range c.Files {
		if err := checkFile(a.Frames, j.Recipe, t.Kind, f); err != nil {
			return nil, err
		}
		files[fileID(f.Kind, f.Frame, f.Name)] = f
	}
	var uploads []wire.UploadFile
	deliveries := make(map[int]delivery)
	if t.Kind == job.TaskTile {
		deliveries[c.Frames[0].Frame] = delivery{}
		return deliveries, k.checkTile(ctx, a, t, c)
	}
	for _, frame := range c.Frames {
		final, ok := files[fileID(KindFinal, frame.Frame, "")]
		if !ok || final.Digest != frame.FileDigest.String() {
			return nil, bad("frame %d: the final file is missing or has another digest than the commitment", frame.Frame)
		}
		d := delivery{final: final}
		uploads = append(uploads, final)
		if frame.MasterRoot != (proof.Digest{}) {
			master, ok := files[fileID(KindMaster, frame.Frame, "")]
			if !ok || master.Digest != frame.MasterDigest.String() {
				return nil, bad("frame %d: the master is missing or has another digest than the commitment", frame.Frame)
			}
			uploads = append(uploads, master)
		}
		for _, x := range frame.Extras {
			f, ok := files[fileID(KindExtra, frame.Frame, x.Name)]
			if !ok || f.Digest != x.Digest.String() {
				return nil, bad("frame %d: the further file %.128q is missing or has another digest than the commitment", frame.Frame, x.Name)
			}
			uploads = append(uploads, f)
			d.extras = append(d.extras, job.Extra{Name: x.Name, Object: FrameKey(a.Job, a.ID, f), Size: f.Size, Digest: f.Digest})
		}
		deliveries[frame.Frame] = d
	}
	return deliveries, k.stored(ctx, a, uploads)
}

// fileID tells the files of a commit apart; name is an extra's.
func fileID(kind string, frame int, name string) string {
	if kind != KindExtra {
		name = ""
	}
	return fmt.Sprintf("%s %d %s", kind, frame, name)
}

// checkPlanes says what keeps a commit from ever passing its check: an image of another
// size, or without what the recipe's policy compares. "" when nothing does.
func checkPlanes(r job.Recipe, t *job.Task, frames []proof.FrameCommit) string {
	p := proof.PolicyFor(r)
	switch t.Kind {
	case job.TaskTile:
		p = p.ForBorder(*t.Border)
	case job.TaskAssemble:
		p = p.ForAssembly(r)
	}
	for _, f := range frames {
		if wrong := checkKind(t, f); wrong != "" {
			return wrong
		}
		switch {
		case p.W > 0 && f.W != p.W || p.H > 0 && f.H != p.H:
			return fmt.Sprintf("frame %d has %d×%d pixels, the recipe asks for %d×%d", f.Frame, f.W, f.H, p.W, p.H)
		case p.NeedMaster && f.MasterRoot == (proof.Digest{}):
			return fmt.Sprintf("frame %d has no master", f.Frame)
		case p.Guides && f.GuidesRoot == (proof.Digest{}):
			return fmt.Sprintf("the guides of the denoiser are not committed to in the tile of frame %d", f.Frame)
		case p.CompareFinal && f.FinalRoot == (proof.Digest{}):
			return fmt.Sprintf("the tiles of the delivered %s of frame %d are not committed to", r.Format, f.Frame)
		}
	}
	return ""
}

// stored makes sure that files are durable before they are promised to anybody.
func (k *Keeper) stored(ctx context.Context, a *store.Attempt, files []wire.UploadFile) error {
	keys := make([]string, len(files))
	for i, f := range files {
		keys[i] = FrameKey(a.Job, a.ID, f)
	}
	objects, err := blob.Stats(ctx, k.options.Blobs, keys)
	if err != nil {
		return err
	}
	for i, f := range files {
		if objects[i] == nil {
			return &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("frame %d: the %s file is not in the store", f.Frame, f.Kind), Next: "upload it and commit again"}
		}
		if !Same(*objects[i], f.Size, f.Digest) {
			return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("frame %d: the store has another %s file than the committed one", f.Frame, f.Kind), Next: "what is stored stays: give the lease up and render the task anew"}
		}
	}
	return nil
}

func (k *Keeper) commit(tx store.Tx, changes *notify.Changes, a *store.Attempt, c wire.TaskCommit, delivered map[int]delivery) (out Outcome, err error) {
	now := k.options.Clock().UnixMilli()
	frames, rest := make([]int, 0, len(c.Frames)), []int(nil)
	var seeds []int32
	for i, f := range a.Frames {
		if _, ok := delivered[f]; ok {
			frames, seeds = append(frames, f), append(seeds, a.Seeds[i])
		} else {
			rest = append(rest, f)
		}
	}
	if _, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptCommitted, func(a *store.Attempt) {
		a.Commit, a.Class, a.Frames, a.Seeds = &c, c.Receipt.Class, frames, seeds
	}); err != nil {
		return out, err
	}
	t, err := tx.MoveTask(a.Task, []job.TaskState{job.TaskLeased}, job.TaskCommitted, func(t *job.Task) { t.Frames = frames })
	if err != nil {
		return out, err
	}
	if t.Attempts > 1 {
		if out, err = k.supersede(tx, a, now, len(rest) > 0); err != nil {
			return out, err
		}
	}
	if len(rest) > 0 {
		if err := requeueRest(tx, changes, t, rest); err != nil {
			return out, err
		}
	}
	if err := tx.AddAudit(&store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: a.Task, Job: a.Job, Ordinal: 1, State: lifecycle.AuditWaiting, Created: now}); err != nil {
		return out, err
	}
	if t.Kind == job.TaskTile {
		return out, k.commitTile(tx, changes, a, t, c)
	}
	seconds, sum := believed(a, frames, c.Stats, now)
	if err := tx.MoveFrames(a.Job, frames, job.FramePending, job.FrameUploaded, func(f *job.Frame) {
		final := delivered[f.Number].final
		f.Extras = delivered[f.Number].extras
		f.Attempt, f.Worker, f.Seconds, f.Verdict, f.Verifier = a.ID, a.Worker, seconds[f.Number], "", ""
		f.Object, f.Size, f.Digest = FrameKey(a.Job, a.ID, final), final.Size, final.Digest
	}); err != nil {
		return out, err
	}
	if err := k.count(tx, a, sum, len(seconds)); err != nil {
		return out, err
	}
	changes.Job(a.Job, frames...)
	return out, changes.Event(tx, a.Job, "rendered", fmt.Sprintf("%s: uploaded, the check comes next", store.NameFrames(frames)), a.Worker)
}

// errCopied means that a copy was committed in part while the task's first lease goes on. It would end that one: whoever gets
// a straggler's copy would take the pay of its first frame, and the straggler would lose all of its frames.
var errCopied = errors.New("the task's first worker goes on with it")

// supersede ends the other leases of a task that has just been committed; part tells that some of its frames weren't.
func (k *Keeper) supersede(tx store.Tx, won *store.Attempt, now int64, part bool) (out Outcome, err error) {
	attempts, err := tx.Attempts(won.Task)
	if err != nil {
		return out, err
	}
	for _, a := range attempts {
		if a.State != lifecycle.AttemptHeld {
			continue
		}
		if part && a.Number < won.Number {
			return out, errCopied
		}
		if _, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptFailed, func(a *store.Attempt) {
			a.Kind, a.Cause, a.Ended = job.FailSuperseded, superseded, now
		}); err != nil {
			return out, err
		}
		out.revoke = append(out.revoke, revocation{job.RoleWorker, a.Worker, a.ID, superseded})
	}
	return out, nil
}

const superseded = "another worker was done with the task first"

// requeueRest makes a waiting task of the frames that a partial commit left.
func requeueRest(tx store.Tx, changes *notify.Changes, t *job.Task, rest []int) error {
	tasks, err := tx.Tasks(t.Job)
	if err != nil {
		return err
	}
	last := 0
	for _, other := range tasks {
		last = max(last, other.Index)
	}
	fresh := &job.Task{ID: store.NewID("t"), Job: t.Job, Index: last + 1, State: job.TaskWaiting, Frames: rest, Scout: t.Scout}
	if err := tx.AddTasks([]*job.Task{fresh}); err != nil {
		return err
	}
	if err := tx.MoveFrames(t.Job, rest, job.FramePending, job.FramePending, func(f *job.Frame) { f.Task = fresh.ID }); err != nil {
		return err
	}
	changes.Job(t.Job, rest...)
	return changes.Event(tx, t.Job, "returned", fmt.Sprintf("%s: the worker's owner took the machine back; another one renders them", store.NameFrames(rest)), "")
}
