package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
)

// trusted begins the verdict of a frame that no verifier looked at.
const trusted = "trusted: "

// maxLooks is how many attempts the manager looks at itself at a time.
const maxLooks = 2

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

// exempt tells whether trust and the draw let an attempt through without a verifier.
func (u *Auditor) exempt(s *subject) bool {
	if !s.fresh() || u.options.Address == "" || u.looked(s.audit.ID) {
		return false
	}
	if s.part() {
		return false // its neighbours' seams are worth a check, and the manager looks at what joins them anyway
	}
	rate, _ := u.rate(s)
	return proof.CheckDraw(s.key(), s.attempt.Commit.Receipt.Root) >= rate
}

// letThrough delivers an exempted attempt once the manager itself has read its files: they
// are there, are the committed ones, lead to the committed tiles, were never delivered before and aren't garbage.
// What looks wrong is rejected where that is certain and otherwise given to a verifier.
func (u *Auditor) letThrough(ctx context.Context, s *subject) error {
	select {
	case u.looks <- struct{}{}:
		defer func() { <-u.looks }()
	case <-ctx.Done():
		return nil
	}
	f, err := u.look(ctx, s)
	if err != nil {
		u.saw(s, "its files can't be read now") // a verifier may have more luck
		return err
	}
	rate, trust := u.rate(s)
	changes := &notify.Changes{Now: u.options.Clock}
	var out lease.Outcome
	var doubt string
	delivered := false
	err = u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		out, doubt, delivered = lease.Outcome{}, "", false
		if f.reason == "" {
			seen, err := u.screen(tx, s)
			if err != nil {
				return err
			}
			doubt = cmp.Or(f.doubt, seen, u.resold(s, f.prints))
		}
		drop := func(cause string) error {
			_, err := tx.MoveAudit(s.audit.ID, []lifecycle.AuditState{lifecycle.AuditWaiting}, lifecycle.AuditDropped, func(v *store.Audit) {
				v.Cause, v.Ended = cause, u.options.Clock().UnixMilli()
			})
			return err
		}
		switch {
		case f.reason != "":
			if err := drop(f.reason); err != nil {
				return err
			}
			out, err = u.reject(tx, changes, s, f.reason, f.guilt)
			return err
		case doubt != "":
			return nil
		}
		cause := fmt.Sprintf("not drawn: %.4f, at a rate of %.4f for a trust of %.4f", proof.CheckDraw(s.key(), s.attempt.Commit.Receipt.Root), rate, trust)
		if err := drop(cause); err != nil {
			return err
		}
		if _, err := tx.MoveTask(s.audit.Task, []job.TaskState{job.TaskCommitted}, job.TaskVerifying, nil); err != nil {
			return err
		}
		delivered = true
		if err := u.show(tx, s, f.prints); err != nil {
			return err
		}
		return u.deliver(tx, changes, s, fmt.Sprintf(trusted+"one in %.0f tasks of this worker is checked, this one was not drawn; its files are sound", 1/rate))
	})
	if err != nil {
		return store.IgnoreLost(err)
	}
	if doubt != "" {
		u.saw(s, doubt)
		u.options.Log.Info("an attempt that was not drawn is checked all the same", append(s.named(), "node", s.attempt.Worker, "because", doubt)...)
		return nil
	}
	if delivered {
		u.gallery.hang(s.job.Package, s.job.Owner, s.attempt.ID, f.prints)
	}
	u.options.Keeper.Finish(changes, out)
	u.options.Settler.Wake()
	return nil
}

// saw notes that the manager has looked into an attempt for this audit and what made it doubt,
// "" for nothing: from now on it is the verifiers'.
func (u *Auditor) saw(s *subject, doubt string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.seen) > maxExamined {
		clear(u.seen)
	}
	u.seen[s.audit.ID] = doubt
}

// finding is what the manager itself sees in an attempt.
type finding struct {
	reason string // what is wrong for certain, "" when nothing is
	guilt  guilt
	doubt  string // what a verifier should decide
	prints []proof.FramePrint
}

// screen looks the attempt's images up among all that were delivered before, and adds them. What it
// returns is why a verifier should look, "" for nothing: an image that was there already may be a copy, and may be
// of a scene on which the seed has no say, such as one that is evenly lit. Who renders it under the attempt's own seed knows.
func (u *Auditor) screen(tx store.Tx, s *subject) (doubt string, err error) {
	now := u.options.Clock().UnixMilli()
	for _, c := range s.attempt.Commit.Frames {
		tiles := c.MasterRoot
		if tiles == (proof.Digest{}) {
			tiles = c.FinalRoot
		}
		for _, hash := range []string{"file/" + c.FileDigest.String(), "tiles/" + tiles.String()} {
			seen, err := tx.Fingerprints(hash)
			if err != nil {
				return "", err
			}
			for _, old := range seen {
				if old.Attempt != s.attempt.ID {
					doubt = fmt.Sprintf("frame %d is an image that was delivered before", c.Frame)
				}
			}
			if len(seen) >= maxSeen {
				continue // a black frame of a thousand jobs is one entry less
			}
			if err := tx.AddFingerprint(store.Fingerprint{Hash: hash, Job: s.job.ID, Frame: c.Frame, Attempt: s.attempt.ID, Worker: s.attempt.Worker, Time: now}); err != nil {
				return "", err
			}
		}
	}
	return doubt, nil
}

// maxSeen bounds the frames that are kept of one image.
const maxSeen = 8
