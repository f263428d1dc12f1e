package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// A still in tiles is checked in parts. Each tile is an attempt of its own, checked like a frame of its
// border's size; that moves no frame. What joins them was sampled by nobody: the manager itself holds its
// master to the verified tiles, bit for bit, and a verifier makes the delivered file from it, blind. All of them
// are paid when the frame is verified.

// border is the tile that the attempt is of; nil for a whole frame.
func (s *subject) border() *job.Border { return s.attempt.Commit.Frames[0].Border }

// joined tells whether the attempt joined a still from its tiles.
func (s *subject) joined() bool { return s.attempt.Commit.Frames[0].Assembled }

// part tells whether the attempt made less than whole frames, or more of others' work than its own.
func (s *subject) part() bool { return s.border() != nil || s.joined() }

// kind is the kind of the attempt's task.
func (s *subject) kind() job.TaskKind {
	switch {
	case s.border() != nil:
		return job.TaskTile
	case s.joined():
		return job.TaskAssemble
	}
	return job.TaskRender
}

// name is what people read of the attempt.
func (s *subject) name() string {
	name := store.NameFrames(s.frames())
	switch b := s.border(); {
	case b != nil:
		return fmt.Sprintf("%s, tile %d×%d at %d, %d", name, b.W, b.H, b.X, b.Y)
	case s.joined():
		return name + ", joined from tiles"
	}
	return name
}

// loadParts reads the verified tiles that a joined still should be made of. There are none while one of
// them is checked or rendered again.
func (s *subject) loadParts(tx store.Tx) (err error) {
	if !s.joined() {
		return nil
	}
	if s.parts, err = lease.Parts(tx, s.job.ID, s.attempt.Frames[0]); errors.Is(err, store.ErrLost) {
		return nil
	}
	return err
}

// outdated tells whether a tile was rendered anew after the still was joined, so that it shows what
// doesn't count any more. Nobody is to blame for that.
func (s *subject) outdated() bool {
	for _, p := range s.parts {
		if p.Attempt.Created > s.attempt.Created {
			return true
		}
	}
	return false
}

// compareParts holds a joined still's master to the verified tiles.
func (u *Auditor) compareParts(ctx context.Context, s *subject) (f finding, err error) {
	if s.outdated() {
		return finding{reason: "its tiles were rendered again"}, nil
	}
	if len(s.parts) == 0 {
		return f, fmt.Errorf("the tiles of audit %s: %w", s.audit.ID, store.ErrLost)
	}
	dir, err := os.MkdirTemp("", "heliostat-joined-")
	if err != nil {
		return f, fmt.Errorf("make room for the tiles of a still: %w", err)
	}
	defer os.RemoveAll(dir)
	frame := s.attempt.Commit.Frames[0]
	var whole *raster.EXR
	for _, file := range s.attempt.Commit.Files {
		if file.Kind != lease.KindMaster {
			continue
		}
		path := filepath.Join(dir, "master.exr")
		if err := u.spool(ctx, lease.FrameKey(s.attempt.Job, s.attempt.ID, file), file.Size, file.Digest, path); err != nil {
			return f, err
		}
		if whole, err = raster.OpenEXRFile(path, raster.Limits{W: frame.W, H: frame.H}); err != nil {
			return finding{reason: fmt.Sprintf("the joined master can't be read: %v", err), guilt: convicted}, nil
		}
		defer whole.Close()
	}
	if whole == nil {
		return finding{reason: "there is no joined master", guilt: convicted}, nil
	}
	placed := make([]raster.Placed, len(s.parts))
	for i, p := range s.parts {
		placed[i] = raster.Placed{Rect: raster.Rect(p.Border), Open: func() (*raster.EXR, error) {
			path := filepath.Join(dir, fmt.Sprintf("%d.exr", i))
			if err := u.spool(ctx, p.Key, p.Size, p.Digest, path); err != nil {
				return nil, err
			}
			return raster.OpenEXRFile(path, raster.Limits{W: p.Border.W, H: p.Border.H})
		}}
	}
	err = raster.Same(whole, placed, func(float64) error { return ctx.Err() })
	if errors.Is(err, raster.ErrDiffers) {
		return finding{reason: fmt.Sprintf("it isn't made of the verified tiles: %v", err), guilt: convicted}, nil
	}
	if err != nil {
		return f, fmt.Errorf("hold a joined still to its tiles: %w", err)
	}
	return f, nil
}

// spool copies an object that has to be the committed one into a file.
func (u *Auditor) spool(ctx context.Context, key string, size int64, digest, path string) error {
	r, object, err := u.options.Blobs.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", key, err)
	}
	defer r.Close()
	if !lease.Same(object, size, digest) {
		return fmt.Errorf("fetch %s: %w: it isn't what was committed", key, blob.ErrNotFound)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("keep %s: %w", key, err)
	}
	_, err = io.Copy(file, io.LimitReader(r, size))
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("keep %s: %w", key, err)
	}
	return nil
}

// debt is what one attempt's verified work is owed.
type debt struct {
	part     int // see store.Entry
	attempt  *store.Attempt
	by       string // the verifier, "" where trust let it through
	carried  string // the audit that carries it
	pay, fee job.Amount
}

// debts are what each frame of a delivery costs: the attempt's own work, and of a joined still that of its
// tiles too, which share the price by area.
func (u *Auditor) debts(tx store.Tx, s *subject) ([]debt, error) {
	q := s.job.Quote
	own := debt{attempt: s.attempt, carried: s.audit.ID, pay: q.PerFrame}
	if v := s.passer(); v != nil {
		own.by, own.carried, own.fee = v.Verifier, v.ID, q.VerifyFee
	}
	if !s.joined() {
		return []debt{own}, nil
	}
	if len(s.parts) == 0 {
		return nil, fmt.Errorf("the tiles of audit %s: %w", s.audit.ID, store.ErrLost)
	}
	tasks := make([]*job.Task, len(s.parts), len(s.parts)+1)
	for i, p := range s.parts {
		tasks[i] = p.Task
	}
	mine, err := tx.Task(s.audit.Task)
	if err != nil {
		return nil, err
	}
	tasks = append(tasks, mine)
	pays, fees := lease.Shares(tasks, q.PerFrame), lease.Shares(tasks, q.VerifyFee)
	own.part, own.pay = mine.Index, pays[len(s.parts)]
	own.fee = min(own.fee, fees[len(s.parts)])
	list := []debt{own}
	for i, p := range s.parts {
		audits, err := tx.Audits(p.Attempt.ID)
		if err != nil {
			return nil, err
		}
		d := debt{part: p.Task.Index, attempt: p.Attempt, pay: pays[i]}
		for _, v := range audits {
			if v.Kind == store.AuditCheck && v.State == lifecycle.AuditPassed {
				d.by, d.carried, d.fee = v.Verifier, v.ID, fees[i]
				break
			}
		}
		list = append(list, d)
	}
	return list, nil
}

// pay enters what a delivery costs into the ledger, once for each frame, and returns the sum.
func (u *Auditor) pay(tx store.Tx, s *subject, frames []int) (sum job.Amount, err error) {
	list, err := u.debts(tx, s)
	if err != nil {
		return 0, err
	}
	now := u.options.Clock().UnixMilli()
	for _, f := range frames {
		for _, d := range list {
			e := store.Entry{Job: s.job.ID, Frame: f, Part: d.part, Role: job.RoleWorker, Node: d.attempt.Worker, Amount: d.pay, Attempt: d.attempt.ID, Audit: d.carried, Time: now}
			if err := tx.AddEntry(e); err != nil {
				return 0, err
			}
			sum += d.pay
			if d.by == "" {
				continue // nobody checked, nobody is paid for it
			}
			e.Role, e.Node, e.Amount = job.RoleVerifier, d.by, d.fee
			if err := tx.AddEntry(e); err != nil {
				return 0, err
			}
			sum += d.fee
		}
	}
	return sum, nil
}

// feePerFrame is what one verdict on the attempt earns for each of its frames.
func (s *subject) feePerFrame(tx store.Tx) (job.Amount, error) {
	if !s.part() {
		return s.job.Quote.VerifyFee, nil
	}
	t, err := tx.Task(s.audit.Task)
	if err != nil {
		return 0, err
	}
	return lease.Share(tx, t, s.job.Quote.VerifyFee)
}

// refuseFrames takes back, in the transaction that rejects the attempt, the frames that show it.
func (u *Auditor) refuseFrames(tx store.Tx, s *subject, reason string) error {
	was := job.FrameUploaded
	if s.audit.Claim > 0 {
		was = job.FrameDelivered
	}
	frames := s.frames()
	if s.part() {
		set, err := tx.FrameSet(s.job.ID, frames)
		if err != nil {
			return err
		}
		// A tile isn't in any frame yet, or another part of the still was refused first.
		if len(set) != 1 || set[0].State != was || s.border() != nil && s.audit.Claim == 0 {
			return nil
		}
	}
	if err := tx.MoveFrames(s.job.ID, frames, was, job.FrameRejected, func(f *job.Frame) { f.Rejects++; f.Cause = reason }); err != nil {
		return err
	}
	return tx.MoveFrames(s.job.ID, frames, job.FrameRejected, job.FramePending, func(f *job.Frame) {
		f.Attempt, f.Worker, f.Object, f.Size, f.Digest, f.Verdict, f.Verifier, f.Seconds = "", "", "", 0, "", "", "", 0
	})
}
