package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// maxEvidence bounds one evidence object, in bytes: two sides of at most a few thousand
// tiles, and a delivered file that isn't its master's.
const maxEvidence = proof.MaxEvidence

// maxEvidences is how many one audit may have: a verifier that crashed after its upload writes it anew.
const maxEvidences = 4

func bad(format string, args ...any) error {
	return &wire.Error{Code: wire.CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

func ended(id string, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &wire.Error{Code: wire.CodeNotFound, Message: "audit " + id + " is not known"}
	case errors.Is(err, store.ErrLost):
		return &wire.Error{Code: wire.CodeConflict, Message: "audit " + id + " has ended", Next: "drop it and take the next one"}
	}
	return err
}

// subject reads an audit that the verifier holds or held.
func (u *Auditor) subject(ctx context.Context, id, verifier string) (*subject, error) {
	var s *subject
	if err := u.options.Store.Look(ctx, func(tx store.Tx) (err error) { s, err = load(tx, id); return err }); err != nil {
		return nil, ended(id, err)
	}
	if s.audit.Verifier != verifier {
		return nil, &wire.Error{Code: wire.CodeUnauthorised, Message: "audit " + id + " is not this node's"}
	}
	return s, nil
}

// committed is subject, from memory where the verifier is known to be bound to its pixels.
func (u *Auditor) committed(ctx context.Context, id, verifier string) (*subject, error) {
	if s := u.inHand(id, verifier, lifecycle.AuditCommitted); s != nil {
		return s, nil
	}
	return u.subject(ctx, id, verifier)
}

// Commit binds the verifier to its pixels, durably, and then shows the worker's side.
// Asked again with the same pixels it shows it again; other pixels are refused.
func (u *Auditor) Commit(ctx context.Context, verifier string, c wire.AuditCommit) (wire.AuditReveal, error) {
	if c.Samples == (proof.Digest{}) {
		return wire.AuditReveal{}, bad("audit %s: the digest of the samples is missing", c.Audit)
	}
	if s := u.inHand(c.Audit, verifier, lifecycle.AuditHeld); s != nil {
		err := u.bind(ctx, s, c)
		if err == nil {
			return u.reveal(ctx, s)
		}
		if !errors.Is(err, store.ErrLost) {
			return wire.AuditReveal{}, ended(c.Audit, err)
		}
	}
	s, err := u.subject(ctx, c.Audit, verifier)
	if err != nil {
		return wire.AuditReveal{}, err
	}
	switch s.audit.State {
	case lifecycle.AuditHeld:
		if err := u.bind(ctx, s, c); err != nil {
			return wire.AuditReveal{}, ended(c.Audit, err)
		}
	case lifecycle.AuditCommitted:
		if s.audit.Samples != c.Samples.String() {
			return wire.AuditReveal{}, &wire.Error{Code: wire.CodeConflict, Message: "audit " + c.Audit + " is bound to other pixels already"}
		}
	default:
		return wire.AuditReveal{}, ended(c.Audit, store.ErrLost)
	}
	return u.reveal(ctx, s)
}

// bind makes what the verifier commits to durable.
func (u *Auditor) bind(ctx context.Context, s *subject, c wire.AuditCommit) error {
	var v *store.Audit
	err := u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		if err := still(tx, s.audit); err != nil {
			return err
		}
		v, err = tx.MoveAudit(c.Audit, []lifecycle.AuditState{lifecycle.AuditHeld}, lifecycle.AuditCommitted, func(v *store.Audit) { v.Samples = c.Samples.String() })
		return err
	})
	if err != nil {
		return err
	}
	u.know(c.Audit, s.now(v))
	return nil
}

// still makes sure in a transaction that an audit that was read before is its verifier's still, bound to the same
// pixels; else it is lost.
func still(tx store.Tx, was *store.Audit) error {
	v, err := tx.Audit(was.ID)
	if err == nil && (v.Verifier != was.Verifier || v.Samples != was.Samples) {
		err = fmt.Errorf("audit %s is another verifier's: %w", was.ID, store.ErrLost)
	}
	return err
}

func (u *Auditor) reveal(ctx context.Context, s *subject) (wire.AuditReveal, error) {
	key := s.key()
	commit := s.attempt.Commit
	r := wire.AuditReveal{
		Attempt: s.attempt.ID, Worker: s.attempt.Worker, Class: s.class(), Key: hex.EncodeToString(key[:]),
		AttemptKey: hex.EncodeToString(s.attempt.Key), Claim: s.audit.Claim, Receipt: commit.Receipt, Sign: commit.Signature, Commits: commit.Frames, Policies: s.policy(),
	}
	files := make(map[string]wire.UploadFile)
	for _, f := range commit.Files {
		kind := f.Kind
		if kind == lease.KindExtra {
			kind = f.Name + "/" + kind
		}
		files[fmt.Sprint(kind, f.Frame)] = f
	}
	sign := func(kind string, frame int) (wire.Signed, error) {
		f, ok := files[fmt.Sprint(kind, frame)]
		if !ok {
			return wire.Signed{}, nil // an engine without a master
		}
		signed, err := u.options.Blobs.SignGet(ctx, lease.FrameKey(s.attempt.Job, s.attempt.ID, f), lease.URLLife)
		if err != nil {
			return wire.Signed{}, fmt.Errorf("sign frame %d of audit %s: %w", frame, s.audit.ID, err)
		}
		return lease.Signed(signed), nil
	}
	var shown []int
	shownExtras := 0
	if s.joined() {
		shown = s.frames() // nothing of it is drawn
	}
	for _, p := range proof.Picks(key, commit.Frames, s.policy()) {
		if len(shown) == 0 || shown[len(shown)-1] != p.Frame { // picks come sorted by frame
			shown = append(shown, p.Frame)
		}
	}
	for _, frame := range shown {
		final, err := sign(lease.KindFinal, frame)
		if err != nil {
			return r, err
		}
		master, err := sign(lease.KindMaster, frame)
		if err != nil {
			return r, err
		}
		r.Frames, r.Finals, r.Masters = append(r.Frames, frame), append(r.Finals, final), append(r.Masters, master)
		if !r.Policies.Extras {
			continue
		}
		var further []wire.Signed
		for _, c := range commit.Frames {
			if c.Frame != frame {
				continue
			}
			for _, x := range c.Extras[:min(len(c.Extras), wire.MaxRevealedExtras-shownExtras)] {
				signed, err := sign(x.Name+"/"+lease.KindExtra, frame)
				if err != nil {
					return r, err
				}
				further = append(further, signed)
			}
		}
		shownExtras += len(further)
		r.Extras = append(r.Extras, further)
	}
	return r, nil
}

// Evidence signs the upload of a verdict's evidence.
func (u *Auditor) Evidence(ctx context.Context, verifier string, e wire.AuditEvidence) (wire.BlobURLs, error) {
	s, err := u.committed(ctx, e.Audit, verifier)
	if err != nil {
		return wire.BlobURLs{}, err
	}
	if s.audit.State != lifecycle.AuditCommitted {
		return wire.BlobURLs{}, ended(e.Audit, store.ErrLost)
	}
	if e.Size <= 0 || e.Size > maxEvidence {
		return wire.BlobURLs{}, bad("evidence of %d bytes, at most %d are taken", e.Size, maxEvidence)
	}
	key := lease.EvidenceKey(e.Audit, e.Digest)
	most := lease.Budget{Bytes: maxEvidences * maxEvidence, Objects: maxEvidences}
	if err := u.accounts.Spend(ctx, e.Audit, "evidence/"+e.Audit+"-", u.began(e.Audit), most, []lease.Upload{{Key: key, Size: e.Size}}, func(lease.Upload, lease.Budget) error {
		return bad("audit %s has evidence under %d digests already", e.Audit, maxEvidences)
	}); err != nil {
		return wire.BlobURLs{}, err
	}
	signed, err := lease.SignPut(ctx, u.options.Blobs, key, e.Size, e.Digest)
	if err != nil {
		return wire.BlobURLs{}, err
	}
	return wire.BlobURLs{URLs: []wire.Signed{signed}}, nil
}

// errLied means that a verdict isn't what its own evidence gives.
var errLied = errors.New("the verdict doesn't follow from its evidence")

// Verdict takes a verifier's judgement once it is recomputed, and acts on it. Sent again
// it is acknowledged again.
func (u *Auditor) Verdict(ctx context.Context, verifier string, c wire.AuditVerdict) error {
	s, err := u.committed(ctx, c.Audit, verifier)
	if err != nil {
		return err
	}
	if s.audit.Verdict != nil && bytes.Equal(s.audit.Verdict.Signature, c.Signature) && s.audit.State != lifecycle.AuditDropped {
		return nil
	}
	if s.audit.State != lifecycle.AuditCommitted {
		return ended(c.Audit, store.ErrLost)
	}
	v := c.Verdict
	if v.Audit != c.Audit || v.Attempt != s.attempt.ID || v.Verifier != verifier || v.Root != s.attempt.Commit.Receipt.Root || v.Samples.String() != s.audit.Samples {
		return bad("the verdict is not on audit %s", c.Audit)
	}
	if signer, err := identity.Recover(v.Digest(u.options.Settler.Domain()), c.Signature); err != nil || signer != verifier {
		return &wire.Error{Code: wire.CodeUnauthorised, Message: "the verdict on audit " + c.Audit + " is not signed by its verifier", Next: "check that the verifier signs for the chain and contract of the manager's welcome"}
	}
	result, evidence, err := u.recompute(ctx, s, c)
	switch {
	case errors.Is(err, errLied):
		if e := u.lied(ctx, s, err.Error()); e != nil {
			return e
		}
		return bad("audit %s: %v", c.Audit, err)
	case err != nil:
		return err
	}
	// The figures that are kept are the recomputed ones; tile by tile they are kept only where they are the case
	// against somebody, the evidence has the others.
	c.Result = result
	if result.Pass {
		c.Result.Tiles = nil
	}
	keep := func(store.Tx) error { return nil }
	if s.audit.Kind == store.AuditCanary {
		if keep, err = u.calibrate(ctx, s, evidence, c.Verdict.Evidence.String()); err != nil {
			return err
		}
	}
	changes := &notify.Changes{Now: u.options.Clock}
	var out lease.Outcome
	var taught lesson
	err = u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		taught = lesson{}
		if err := still(tx, s.audit); err != nil {
			return err
		}
		if out, err = u.record(tx, changes, c); err != nil {
			return err
		}
		if !s.probe() {
			if taught, err = u.learn(tx, s, result.Pass); err != nil {
				return err
			}
		}
		if result.Pass && s.fresh() {
			if err := u.show(tx, s, evidence.Prints); err != nil {
				return err
			}
		}
		return keep(tx)
	})
	if err != nil {
		return ended(c.Audit, err)
	}
	u.learnt(s, taught)
	if s.audit.Kind == store.AuditCanary {
		u.relearn(s.job.ID)
	}
	if result.Pass && s.fresh() {
		u.gallery.hang(s.job.Package, s.job.Owner, s.attempt.ID, evidence.Prints)
	}
	u.drop(c.Audit, false)
	u.options.Log.Info("verdict", append(s.named(), "node", verifier, "worker", s.attempt.Worker,
		"pass", result.Pass, "inconclusive", result.Inconclusive, "reason", result.Reason)...)
	u.options.Keeper.Finish(changes, out)
	u.options.Settler.Wake()
	u.Wake()
	return nil
}

// recompute judges the evidence itself.
func (u *Auditor) recompute(ctx context.Context, s *subject, c wire.AuditVerdict) (proof.Verdict, proof.Evidence, error) {
	digest := c.Verdict.Evidence.String()
	r, object, err := u.options.Blobs.Get(ctx, lease.EvidenceKey(c.Audit, digest))
	if errors.Is(err, blob.ErrNotFound) {
		return proof.Verdict{}, proof.Evidence{}, &wire.Error{Code: wire.CodeNotFound, Message: "the evidence of audit " + c.Audit + " is not in the store", Next: "upload it and send the verdict again"}
	}
	if err != nil {
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("fetch the evidence of audit %s: %w", c.Audit, err)
	}
	defer r.Close()
	if object.Size > maxEvidence {
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("%w: it has %d bytes", errLied, object.Size)
	}
	var b bytes.Buffer
	b.Grow(int(max(object.Size, 0)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(r, maxEvidence+1)); err != nil {
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("fetch the evidence of audit %s: %w", c.Audit, err)
	}
	raw := b.Bytes()
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != digest {
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("the evidence of audit %s is damaged in the store", c.Audit)
	}
	e, err := proof.ParseEvidence(raw)
	if err != nil {
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("%w: %w", errLied, err)
	}
	key := s.key()
	switch {
	case e.Key != proof.Digest(key) || e.Root != s.attempt.Commit.Receipt.Root:
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("%w: it is about another attempt", errLied)
	case e.WorkerClass != s.class() || e.VerifierClass != s.audit.Class:
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("%w: it names the device classes %q and %q instead of %q and %q", errLied, e.WorkerClass, e.VerifierClass, s.class(), s.audit.Class)
	case proof.Bound(e).String() != s.audit.Samples:
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("%w: the verifier's pixels are not those that it committed to", errLied)
	}
	policy := s.policy()
	shown := e.Policy // may be of before the job's last canary
	if shown.Version == 0 {
		shown = policy
	}
	result, err := proof.Judge(e, shown)
	if err != nil {
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("%w: %w", errLied, err)
	}
	if result.Pass != c.Verdict.Pass || result.Inconclusive != c.Verdict.Inconclusive {
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("%w: it gives pass %v, inconclusive %v (%s)", errLied, result.Pass, result.Inconclusive, result.Reason)
	}
	if reflect.DeepEqual(shown, policy) {
		return result, e, nil
	}
	if result, err = proof.Judge(e, policy); err != nil {
		return proof.Verdict{}, proof.Evidence{}, fmt.Errorf("%w: %w", errLied, err)
	}
	return result, e, nil
}

// record stores the verdict and acts on it, in one transaction.
func (u *Auditor) record(tx store.Tx, changes *notify.Changes, c wire.AuditVerdict) (lease.Outcome, error) {
	now := u.options.Clock().UnixMilli()
	to := lifecycle.AuditRejected
	switch {
	case c.Result.Pass:
		// An inconclusive pass means that nothing on the tiles could differ: they agree.
		to = lifecycle.AuditPassed
	case c.Result.Inconclusive:
		to = lifecycle.AuditInconclusive
	}
	if _, err := tx.MoveAudit(c.Audit, []lifecycle.AuditState{lifecycle.AuditCommitted}, to, func(v *store.Audit) {
		v.Verdict, v.Evidence, v.Cause, v.Ended = &c, c.Verdict.Evidence.String(), c.Result.Reason, now
	}); err != nil {
		return lease.Outcome{}, err
	}
	s, err := load(tx, c.Audit)
	if err != nil {
		return lease.Outcome{}, err
	}
	if s.probe() {
		return lease.Outcome{}, u.concludeProbe(tx, changes, s)
	}
	reason := c.Result.Reason
	if len(reason) > 512 {
		reason = reason[:512]
	}
	return u.conclude(tx, changes, s, reason)
}

// lied takes the audit from a verifier whose verdict isn't what its evidence gives, and
// counts it against it.
func (u *Auditor) lied(ctx context.Context, s *subject, cause string) error {
	now := u.options.Clock()
	err := u.options.Store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.PutNode(s.audit.Verifier, func(n *store.Node) { refuted(n, now) })
		return err
	})
	if err != nil {
		return fmt.Errorf("record a wrong verdict: %w", err)
	}
	u.forget(s.audit.Verifier)
	return u.replace(ctx, s.audit.ID, s.audit.Verifier, cause)
}

// Fail gives an audit back: because this verifier couldn't, or because the worker's files
// are missing or damaged, which is looked up before it is believed.
func (u *Auditor) Fail(ctx context.Context, verifier string, f wire.AuditFail) error {
	if len(f.Cause) > 1024 {
		f.Cause = f.Cause[:1024]
	}
	s, err := u.subject(ctx, f.Audit, verifier)
	if err != nil {
		return err
	}
	if s.audit.State != lifecycle.AuditHeld && s.audit.State != lifecycle.AuditCommitted {
		return nil
	}
	if f.Fault != "missing" {
		return u.replace(ctx, f.Audit, verifier, "the verifier could not render the tiles: "+f.Cause)
	}
	found, err := u.look(ctx, s)
	if err != nil {
		return err
	}
	if found.reason == "" || s.probe() {
		return u.replace(ctx, f.Audit, verifier, "the verifier could not fetch files that are there: "+f.Cause)
	}
	changes := &notify.Changes{Now: u.options.Clock}
	var out lease.Outcome
	now := u.options.Clock().UnixMilli()
	err = u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		if _, err := tx.MoveAudit(f.Audit, []lifecycle.AuditState{lifecycle.AuditHeld, lifecycle.AuditCommitted}, lifecycle.AuditDropped, func(v *store.Audit) { v.Cause, v.Ended = found.reason, now }); err != nil {
			return err
		}
		out, err = u.reject(tx, changes, s, found.reason, found.guilt)
		return err
	})
	if store.IgnoreLost(err) != nil {
		return err
	}
	u.drop(f.Audit, false)
	if err != nil {
		return nil
	}
	u.options.Keeper.Finish(changes, out)
	return nil
}

// strand decides, by the verdicts that there are, an attempt for whose further opinion
// nobody is there.
func (u *Auditor) strand(ctx context.Context, s *subject) error {
	changes := &notify.Changes{Now: u.options.Clock}
	var out lease.Outcome
	now := u.options.Clock().UnixMilli()
	err := u.options.Store.Update(ctx, func(tx store.Tx) error {
		changes.Reset()
		if _, err := tx.MoveAudit(s.audit.ID, []lifecycle.AuditState{lifecycle.AuditWaiting}, lifecycle.AuditDropped, func(v *store.Audit) { v.Cause, v.Ended = "no further verifier came", now }); err != nil {
			return err
		}
		fresh, err := load(tx, s.audit.ID)
		if err != nil {
			return err
		}
		if _, err := tx.MoveTask(s.audit.Task, []job.TaskState{job.TaskCommitted}, job.TaskVerifying, nil); err != nil {
			return err
		}
		out, err = u.decide(tx, changes, fresh, "no further verifier of this device class came", false)
		return err
	})
	if err != nil {
		return store.IgnoreLost(err)
	}
	u.options.Keeper.Finish(changes, out)
	u.options.Settler.Wake()
	return nil
}
