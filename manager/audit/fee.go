package audit

import (
	"fmt"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// payFinders owes the verifiers whose verdicts against an attempt confirmed each other
// their fee: else finding a cheat would pay less than overlooking it. It is called in the transaction
// that rejects the attempt, after its frames went back to the queue. The frames still have
// to be paid for when somebody renders them right, so only what the ceiling leaves beyond that is given.
func (u *Auditor) payFinders(tx store.Tx, changes *notify.Changes, s *subject) error {
	var finders []*store.Audit
	for _, v := range append([]*store.Audit{s.audit}, s.others...) {
		if v.State == lifecycle.AuditRejected {
			finders = append(finders, v)
		}
	}
	if len(finders) < 2 {
		return nil // the manager itself found the attempt wrong: no verdict to pay
	}
	j, err := tx.Job(s.job.ID)
	if err != nil {
		return err
	}
	now := u.options.Clock().UnixMilli()
	each := j.Quote.VerifyFee * job.Amount(len(s.attempt.Frames))
	var paid job.Amount
	for _, v := range finders {
		fee, what, text := j.Quote.VerifyFee, "check paid", fmt.Sprintf("%s for finding %s wrong, which others confirmed", each, store.NameFrames(s.attempt.Frames))
		if spare(j)-paid < each {
			fee, what, text = 0, "check not paid", fmt.Sprintf("nothing for finding %s wrong: the job's price limit leaves no room for it", store.NameFrames(s.attempt.Frames))
		} else {
			paid += each
		}
		for _, f := range s.attempt.Frames {
			if err := tx.AddFee(store.Fee{Job: j.ID, Frame: f, Attempt: s.attempt.ID, Node: v.Verifier, Audit: v.ID, Amount: fee, Time: now}); err != nil {
				return err
			}
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
