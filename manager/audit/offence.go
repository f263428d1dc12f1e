package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/slash"
)

// Offence is what a quorum has found a worker guilty of.
type Offence struct {
	Node    string
	Job     string
	Amount  job.Amount // to take from its stake, base units
	ID      [32]byte   // names the offence: it is punished once
	Rewards []string   // the verifiers of the quorum
	Reward  job.Amount // for each of them, from the penalty pool
}

// offencesMeta lists, as JSON, the attempts whose worker a quorum has convicted and whose
// case isn't assembled yet. It outlives a crash between the two.
const offencesMeta = "audit/offences"

// CaseKey is where the case against an attempt's worker lies in the object store.
func CaseKey(attempt, digest string) string {
	return "evidence/case-" + attempt + "-" + digest[:16] + ".json"
}

// OffenceID names the conviction of an attempt on the chain:
// SHA-256("heliostat/offence/1" ‖ the attempt's id).
func OffenceID(attempt string) [32]byte {
	return sha256.Sum256([]byte("heliostat/offence/1" + attempt))
}

func offences(tx store.Tx) (list []string, err error) {
	raw, err := tx.Meta(offencesMeta)
	if err != nil || raw == "" {
		return nil, err
	}
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		return nil, fmt.Errorf("read the open offences: %w", err)
	}
	return list, nil
}

func setOffences(tx store.Tx, list []string) error {
	raw, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode the open offences: %w", err)
	}
	return tx.SetMeta(offencesMeta, string(raw))
}

// offend notes, in the transaction that convicts the attempt's worker, that a quorum did.
func (u *Auditor) offend(tx store.Tx, changes *notify.Changes, s *subject) error {
	t := s.tally()
	if t.Fails < quorumFor {
		return nil
	}
	list, err := offences(tx)
	if err != nil {
		return err
	}
	if !slices.Contains(list, s.attempt.ID) {
		if err := setOffences(tx, append(list, s.attempt.ID)); err != nil {
			return err
		}
	}
	if _, err := tx.PutNode(s.attempt.Worker, func(n *store.Node) { n.Standing.Slashed++ }); err != nil {
		return err
	}
	return changes.Event(tx, s.job.ID, "convicted", fmt.Sprintf("%s: %d of %d verifiers agree against it", store.NameFrames(s.frames()), t.Fails, t.Fails+t.Passes), s.attempt.Worker)
}

// Pursue assembles and keeps the case of every offence that is open, and has it punished.
// What fails is tried again at a later call.
func (u *Auditor) Pursue(ctx context.Context) error {
	var list []string
	if err := u.options.Store.View(ctx, func(tx store.Tx) (err error) { list, err = offences(tx); return err }); err != nil {
		return fmt.Errorf("read the open offences: %w", err)
	}
	var errs []error
	for _, attempt := range list {
		if err := u.pursue(ctx, attempt); err != nil {
			errs = append(errs, fmt.Errorf("the case of attempt %s: %w", attempt, err))
		}
	}
	return errors.Join(errs...)
}

func (u *Auditor) pursue(ctx context.Context, attempt string) error {
	var a *store.Attempt
	var j *store.Job
	var fee job.Amount // for each frame
	var audits []*store.Audit
	if err := u.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if a, err = tx.Attempt(attempt); err != nil {
			return err
		}
		if j, err = tx.Job(a.Job); err != nil {
			return err
		}
		t, err := tx.Task(a.Task)
		if err != nil {
			return err
		}
		if fee, err = lease.Share(tx, t, j.Quote.VerifyFee); err != nil {
			return err
		}
		audits, err = tx.Audits(attempt)
		return err
	}); err != nil {
		return err
	}
	c, against, err := u.assemble(ctx, j, a, audits)
	if err != nil {
		return err
	}
	finding, err := slash.Check(c)
	if err != nil {
		return fmt.Errorf("judged again offline: %w", err)
	}
	var b bytes.Buffer
	if err := slash.Encode(&b, c); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	key := CaseKey(attempt, hex.EncodeToString(sum[:]))
	if err := u.options.Blobs.Put(ctx, key, bytes.NewReader(b.Bytes()), int64(b.Len()), sum); err != nil {
		return fmt.Errorf("keep %s: %w", key, err)
	}
	if err := u.acquaint(ctx, a.Worker); err != nil {
		return err
	}
	offence := Offence{Node: a.Worker, Job: j.ID, Amount: u.stake(a.Worker), ID: OffenceID(attempt), Rewards: against, Reward: fee * job.Amount(len(a.Commit.Frames))}
	changes := &notify.Changes{Now: u.options.Clock}
	err = u.options.Store.Update(ctx, func(tx store.Tx) error {
		changes.Reset()
		list, err := offences(tx)
		if err != nil {
			return err
		}
		i := slices.Index(list, attempt)
		if i < 0 {
			return nil // another manager was faster
		}
		if err := setOffences(tx, slices.Delete(list, i, i+1)); err != nil {
			return err
		}
		text := fmt.Sprintf("the case against the worker of %s is kept as %s; anybody can judge it again with `heliostat-verifier check`", store.NameFrames(a.Frames), key)
		if finding.Convicts && u.options.Slash != nil && offence.Amount > 0 {
			if err := u.options.Slash(tx, offence); err != nil {
				return fmt.Errorf("order the slash: %w", err)
			}
			text += fmt.Sprintf("; up to %s of its stake are taken", offence.Amount)
		}
		changes.Job(j.ID)
		return changes.Event(tx, j.ID, "case kept", text, a.Worker)
	})
	if err != nil {
		return err
	}
	u.forget(a.Worker)
	u.options.Settler.Wake()
	u.options.Hub.Publish(changes)
	u.options.Log.Warn("a worker was convicted by a quorum", "job", a.Job, "task", a.Task, "attempt", attempt, "node", a.Worker, "case", key, "convicts", finding.Convicts)
	return nil
}

// assemble collects the case of an attempt; against are the verifiers that convict.
func (u *Auditor) assemble(ctx context.Context, j *store.Job, a *store.Attempt, audits []*store.Audit) (c slash.Case, against []string, err error) {
	domain := u.options.Settler.Domain()
	c = slash.Case{
		ChainID: domain.ChainID, Contract: domain.Contract, Recipe: j.Recipe, Key: proof.Digest(a.Key),
		Receipt: a.Commit.Receipt, Signature: a.Commit.Signature,
	}
	claim := 0 // the one that convicted: its verdicts are on one challenge
	for _, v := range audits {
		if v.State == lifecycle.AuditRejected && v.Kind == store.AuditCheck {
			claim = max(claim, v.Claim)
		}
	}
	for _, v := range audits {
		if v.Kind != store.AuditCheck || v.Claim != claim || !judged(v) || v.Verdict == nil || len(c.Opinions) >= slash.MaxOpinions {
			continue
		}
		evidence, err := u.read(ctx, lease.EvidenceKey(v.ID, v.Evidence))
		if err != nil {
			return c, nil, err
		}
		c.Opinions = append(c.Opinions, slash.Opinion{Claim: claim, Verdict: v.Verdict.Verdict, Signature: v.Verdict.Signature, Evidence: evidence})
		if v.State == lifecycle.AuditRejected {
			against = append(against, v.Verifier)
		}
	}
	return c, against, nil
}
