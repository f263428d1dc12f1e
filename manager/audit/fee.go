package audit

import (
	"errors"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// settleVerdicts records what a decision says of its verifiers and owes those of the
// majority their fee: else finding a cheat would pay less than overlooking it, and nobody would join a
// quorum. It is called in the transaction that decides. The one whose pass delivers the frames
// is paid with them.
func (u *Auditor) settleVerdicts(tx store.Tx, changes *notify.Changes, s *subject, right lifecycle.AuditState) error {
	all := append([]*store.Audit{s.audit}, s.others...)
	wrong, err := u.credit(tx, all, right)
	if err != nil {
		return err
	}
	for _, v := range wrong {
		if err := changes.Event(tx, s.job.ID, "verifier refuted", fmt.Sprintf("%s: others saw the opposite", store.NameFrames(s.frames())), v); err != nil {
			return err
		}
	}
	var agree []*store.Audit
	for _, v := range all {
		if v.State == right {
			agree = append(agree, v)
		}
	}
	if len(agree) < 2 {
		return nil // nothing to confirm, or the manager itself found the attempt wrong
	}
	found := "wrong"
	if right == lifecycle.AuditPassed {
		found = "right"
		if s.audit.Claim == 0 {
			paid := s.passer()
			agree = slices.DeleteFunc(agree, func(v *store.Audit) bool { return v == paid })
		}
	}
	return u.payVerdicts(tx, changes, s, agree, found)
}

// payVerdicts owes verifiers a fee beyond what the frames cost. The frames that are still to be
// delivered have to be paid for too, so only what the ceiling leaves beyond that is given.
func (u *Auditor) payVerdicts(tx store.Tx, changes *notify.Changes, s *subject, verdicts []*store.Audit, found string) error {
	j, err := tx.Job(s.job.ID)
	if err != nil {
		return err
	}
	now := u.options.Clock().UnixMilli()
	frames := s.frames()
	per, err := s.feePerFrame(tx)
	if err != nil {
		return err
	}
	each := per * job.Amount(len(frames))
	left := spare(j)
	var paid job.Amount
	for _, v := range verdicts {
		fee, what, text := per, "check paid", fmt.Sprintf("%s for finding %s %s, which others confirmed", each, s.name(), found)
		if left-paid < each {
			fee, what, text = 0, "check not paid", fmt.Sprintf("nothing for finding %s %s: the job's price limit leaves no room for it", s.name(), found)
		}
		added := false
		for _, f := range frames {
			err := tx.AddFee(store.Fee{Job: j.ID, Frame: f, Attempt: s.attempt.ID, Node: v.Verifier, Audit: v.ID, Amount: fee, Time: now})
			if errors.Is(err, store.ErrExists) {
				continue // for an earlier claim on the same attempt
			}
			if err != nil {
				return err
			}
			added = true
			paid += fee
		}
		if !added {
			continue
		}
		if err := changes.Event(tx, j.ID, what, text, v.Verifier); err != nil {
			return err
		}
	}
	_, err = tx.EditJob(j.ID, func(j *store.Job) { j.Spent += paid })
	return err
}

// spare is what a job's ceiling leaves once every frame that is still to be delivered is paid.
func spare(j *store.Job) job.Amount {
	left := len(j.Frames) - j.Counts.Delivered - j.Counts.Accepted
	return j.Quote.Ceiling - j.Spent - job.Amount(left)*(j.Quote.PerFrame+j.Quote.VerifyFee)
}
