package lease

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// maxFile bounds one uploaded file, in bytes.
const maxFile = 2 << 30

func bad(format string, args ...any) error {
	return &wire.Error{Code: wire.CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// checkFile validates one announced file of a lease.
func checkFile(frames []int, r job.Recipe, f wire.UploadFile) error {
	if !slices.Contains(frames, f.Frame) {
		return bad("frame %d is not in this lease", f.Frame)
	}
	if f.Size <= 0 || f.Size > maxFile {
		return bad("frame %d: a file of %d bytes", f.Frame, f.Size)
	}
	if raw, err := hex.DecodeString(f.Digest); err != nil || len(raw) != 32 || hex.EncodeToString(raw) != f.Digest {
		return bad("frame %d: the digest %q is not 64 lower-case hex digits", f.Frame, f.Digest)
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
	var a *store.Attempt
	var j *store.Job
	err := k.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if a, err = tx.Attempt(u.Lease); err != nil {
			return err
		}
		j, err = tx.Job(a.Job)
		return err
	})
	if err != nil {
		return wire.BlobURLs{}, ended(u.Lease, err)
	}
	if a.Worker != worker {
		return wire.BlobURLs{}, &wire.Error{Code: wire.CodeUnauthorised, Message: "lease " + u.Lease + " is not this node's"}
	}
	if a.State == lifecycle.AttemptFailed {
		return wire.BlobURLs{}, ended(u.Lease, store.ErrLost)
	}
	urls := wire.BlobURLs{URLs: make([]wire.Signed, 0, len(u.Files))}
	for _, f := range u.Files {
		if err := checkFile(a.Frames, j.Recipe, f); err != nil {
			return wire.BlobURLs{}, err
		}
		signed, err := SignPut(ctx, k.options.Blobs, FrameKey(a.Job, a.ID, f), f.Size, f.Digest)
		if err != nil {
			return wire.BlobURLs{}, err
		}
		urls.URLs = append(urls.URLs, signed)
	}
	return urls, nil
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
	var a *store.Attempt
	var j *store.Job
	err := k.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if a, err = tx.Attempt(c.Lease); err != nil {
			return err
		}
		j, err = tx.Job(a.Job)
		return err
	})
	if err != nil {
		return wire.TaskCommitted{}, ended(c.Lease, err)
	}
	if a.Worker != worker {
		return wire.TaskCommitted{}, &wire.Error{Code: wire.CodeUnauthorised, Message: "lease " + c.Lease + " is not this node's"}
	}
	if answer, known := again(a, c); known {
		return answer, nil
	}
	if a.State != lifecycle.AttemptHeld {
		return wire.TaskCommitted{}, ended(c.Lease, store.ErrLost)
	}
	finals, err := k.check(ctx, j, a, c)
	if err != nil {
		return wire.TaskCommitted{}, err
	}
	if useless := checkPlanes(j.Recipe, c.Frames); useless != "" {
		// The same files again wouldn't help: somebody has to render it anew.
		if err := k.giveBack(ctx, a.ID, worker, Ending{Kind: job.FailWorker, Cause: "the commit can't be verified: " + useless}, false); err != nil {
			return wire.TaskCommitted{}, err
		}
		return wire.TaskCommitted{}, &wire.Error{Code: wire.CodeBadRequest, Message: "the commit of lease " + a.ID + " can't be verified: " + useless,
			Next: "the lease has ended; drop its files and check that the renderer writes what the recipe asks for"}
	}
	changes := &notify.Changes{Now: k.options.Clock}
	err = k.options.Store.Update(ctx, func(tx store.Tx) error {
		changes.Reset()
		return k.commit(tx, changes, a, c, finals)
	})
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
	k.options.Log.Info("task committed", "job", a.Job, "task", a.Task, "lease", a.ID, "worker", worker, "root", c.Receipt.Root)
	k.options.Hub.Publish(changes)
	k.options.Committed()
	return wire.TaskCommitted{Key: hex.EncodeToString(a.Key)}, nil
}

// again recognises a commit that was taken before.
func again(a *store.Attempt, c wire.TaskCommit) (wire.TaskCommitted, bool) {
	if a.Commit == nil || a.Commit.Receipt != c.Receipt || !bytes.Equal(a.Commit.Signature, c.Signature) {
		return wire.TaskCommitted{}, false
	}
	return wire.TaskCommitted{Key: hex.EncodeToString(a.Key)}, true
}

// check holds a commit to the lease and to the store. It returns each frame's final file.
func (k *Keeper) check(ctx context.Context, j *store.Job, a *store.Attempt, c wire.TaskCommit) (map[int]wire.UploadFile, error) {
	r := c.Receipt
	if r.Attempt != a.ID || r.Task != a.Task || r.Job != a.Job || r.Worker != a.Worker {
		return nil, bad("the receipt is not for lease %s", a.ID)
	}
	if r.Recipe != receipt.RecipeHash(j.Recipe) {
		return nil, bad("the receipt of lease %s is for another recipe", a.ID)
	}
	if len(r.Class) > 64 {
		return nil, bad("the receipt's device class has %d letters", len(r.Class))
	}
	if r.Started < 0 || r.Finished < r.Started {
		return nil, bad("the receipt of lease %s ends before it begins", a.ID)
	}
	signer, err := identity.Recover(r.Digest(k.options.Settler.Domain()), c.Signature)
	if err != nil || signer != a.Worker {
		return nil, &wire.Error{Code: wire.CodeUnauthorised, Message: "the receipt of lease " + a.ID + " is not signed by its worker", Next: "check that the worker signs for the chain and contract of the manager's welcome"}
	}
	if len(c.Frames) != len(a.Frames) {
		return nil, bad("the commit has %d frames, the lease %d", len(c.Frames), len(a.Frames))
	}
	if err := proof.CheckFrames(c.Frames); err != nil {
		return nil, bad("the commit of lease %s: %v", a.ID, err)
	}
	if proof.TaskRoot(c.Frames) != r.Root {
		return nil, bad("the commit's frames don't hash to the receipt's root")
	}
	if len(c.Files) > 2*len(a.Frames) || len(c.Stats) > len(a.Frames) {
		return nil, bad("the commit has %d files and %d figures for %d frames", len(c.Files), len(c.Stats), len(a.Frames))
	}
	files := make(map[string]wire.UploadFile)
	for _, f := range c.Files {
		if err := checkFile(a.Frames, j.Recipe, f); err != nil {
			return nil, err
		}
		files[fmt.Sprint(f.Kind, f.Frame)] = f
	}
	finals := make(map[int]wire.UploadFile)
	for i, frame := range c.Frames {
		if frame.Frame != a.Frames[i] {
			return nil, bad("the commit's frames are not in the lease's order")
		}
		final, ok := files[fmt.Sprint(KindFinal, frame.Frame)]
		if !ok || final.Digest != frame.FileDigest.String() {
			return nil, bad("frame %d: the final file is missing or has another digest than the commitment", frame.Frame)
		}
		finals[frame.Frame] = final
		uploads := []wire.UploadFile{final}
		if frame.MasterRoot != (proof.Digest{}) {
			master, ok := files[fmt.Sprint(KindMaster, frame.Frame)]
			if !ok || master.Digest != frame.MasterDigest.String() {
				return nil, bad("frame %d: the master is missing or has another digest than the commitment", frame.Frame)
			}
			uploads = append(uploads, master)
		}
		for _, f := range uploads {
			if err := k.stored(ctx, a, f); err != nil {
				return nil, err
			}
		}
	}
	return finals, nil
}

// checkPlanes says what keeps a commit from ever passing its check: an image of another
// size, or without what the recipe's policy compares. "" when nothing does.
func checkPlanes(r job.Recipe, frames []proof.FrameCommit) string {
	p := proof.PolicyFor(r)
	for _, f := range frames {
		switch {
		case p.W > 0 && f.W != p.W || p.H > 0 && f.H != p.H:
			return fmt.Sprintf("frame %d has %d×%d pixels, the recipe asks for %d×%d", f.Frame, f.W, f.H, p.W, p.H)
		case p.NeedMaster && f.MasterRoot == (proof.Digest{}):
			return fmt.Sprintf("frame %d has no master", f.Frame)
		case p.CompareFinal && f.FinalRoot == (proof.Digest{}):
			return fmt.Sprintf("the tiles of the delivered %s of frame %d are not committed to", r.Format, f.Frame)
		}
	}
	return ""
}

// stored makes sure that a file is durable before it is promised to anybody.
func (k *Keeper) stored(ctx context.Context, a *store.Attempt, f wire.UploadFile) error {
	key := FrameKey(a.Job, a.ID, f)
	object, err := k.options.Blobs.Stat(ctx, key)
	if errors.Is(err, blob.ErrNotFound) {
		return &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("frame %d: the %s file is not in the store", f.Frame, f.Kind), Next: "upload it and commit again"}
	}
	if err != nil {
		return fmt.Errorf("look up %s: %w", key, err)
	}
	if !Same(object, f.Size, f.Digest) {
		return &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("frame %d: the store has another %s file than the committed one", f.Frame, f.Kind), Next: "upload it again and commit again"}
	}
	return nil
}

func (k *Keeper) commit(tx store.Tx, changes *notify.Changes, a *store.Attempt, c wire.TaskCommit, finals map[int]wire.UploadFile) error {
	now := k.options.Clock().UnixMilli()
	if _, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptCommitted, func(a *store.Attempt) {
		a.Commit, a.Class = &c, c.Receipt.Class
	}); err != nil {
		return err
	}
	if _, err := tx.MoveTask(a.Task, []job.TaskState{job.TaskLeased}, job.TaskCommitted, nil); err != nil {
		return err
	}
	seconds := make(map[int]float64)
	var sum float64
	for _, s := range c.Stats {
		if s.Seconds > 0 && s.Seconds < 1e7 {
			seconds[s.Frame] = s.Seconds
			sum += s.Seconds
		}
	}
	if err := tx.MoveFrames(a.Job, a.Frames, job.FramePending, job.FrameUploaded, func(f *job.Frame) {
		final := finals[f.Number]
		f.Attempt, f.Worker, f.Seconds, f.Verdict, f.Verifier = a.ID, a.Worker, seconds[f.Number], "", ""
		f.Object, f.Size, f.Digest = FrameKey(a.Job, a.ID, final), final.Size, final.Digest
	}); err != nil {
		return err
	}
	bench := 0.0
	if m, ok := k.options.Fleet.Member(job.RoleWorker, a.Worker); ok {
		bench = m.Capabilities.Bench
	}
	if _, err := tx.EditJob(a.Job, func(j *store.Job) {
		j.Seconds += sum
		j.Units += sum / 60 * bench
		j.RendFrames += len(seconds)
	}); err != nil {
		return err
	}
	if err := tx.AddAudit(&store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: a.Task, Job: a.Job, Ordinal: 1, State: lifecycle.AuditWaiting, Created: now}); err != nil {
		return err
	}
	changes.Job(a.Job, a.Frames...)
	return changes.Event(tx, a.Job, "rendered", fmt.Sprintf("%s: uploaded, the check comes next", store.NameFrames(a.Frames)), a.Worker)
}
