package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// tries is how often a step that depends on the store is begun anew, with fresh URLs.
const tries = 5

// carry brings one audit to its end: judged, given back, or kept for the next start.
func (v *Verifier) carry(ctx context.Context, a *inHand, state State) {
	log := v.options.Log.With("audit", a.audit)
	defer signal(v.again)
	defer func() {
		v.mu.Lock()
		v.order = slices.DeleteFunc(v.order, func(x *inHand) bool { return x == a })
		v.mu.Unlock()
	}()
	defer a.end(nil)
	committed, err := v.audit(ctx, &state)
	if err == nil {
		v.drop(a.audit)
		return
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errRevoked), refused(err):
		log.Info("the audit is over", "err", errors.Join(cause, err))
		v.drop(a.audit)
		return
	case ctx.Err() != nil && committed:
		// The manager may have shown the worker's side: only this node can go on.
		log.Info("the audit waits for the next start")
		return
	}
	fail := wire.AuditFail{Audit: a.audit, Fault: faultVerifier, Cause: clip(err.Error(), 1<<10)}
	var f *fault
	switch {
	case errors.As(err, &f):
		fail.Fault = f.who
	case ctx.Err() != nil:
		fail.Cause = errStopping.Error()
	}
	log.Warn("the audit is given back", "fault", fail.Fault, "cause", fail.Cause)
	say, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if err := v.conn.Request(say, wire.TypeAuditFail, fail, nil); err != nil {
		log.Info("the manager wasn't told; the audit expires by itself", "err", err)
	}
	v.drop(a.audit)
}

func (v *Verifier) drop(audit string) {
	if err := v.shelf.drop(audit); err != nil {
		v.options.Log.Error("an audit can't be cleared", "err", err)
	}
}

// audit renders, commits, compares and tells; committed says whether the manager may know
// the pixels.
func (v *Verifier) audit(ctx context.Context, state *State) (committed bool, err error) {
	log := v.options.Log.With("audit", state.Offer.Audit)
	if !state.ready() {
		if state.joined() {
			err = v.prepare(ctx, state)
		} else {
			err = v.render(ctx, state)
		}
		if err != nil {
			return false, err
		}
		if err := v.shelf.save(*state); err != nil {
			return false, err
		}
	}
	commit := wire.AuditCommit{Audit: state.Offer.Audit, Samples: state.bound()}
	for n := 1; ; n++ {
		// Asked again, the manager gives the same answer with fresh URLs. From the first
		// time on it may have bound us, whether we hear of it or not.
		var reveal wire.AuditReveal
		if err := v.conn.Request(ctx, wire.TypeAuditCommit, commit, &reveal); err != nil {
			if again := v.pause(ctx, n, err); again {
				continue
			}
			return true, err
		}
		verdict, err := v.judge(ctx, state, reveal, commit.Samples)
		if err == nil {
			log.Info("the audit is judged", "pass", verdict.Pass, "inconclusive", verdict.Inconclusive, "reason", verdict.Reason)
			return true, nil
		}
		if again := v.pause(ctx, n, err); !again {
			return true, err
		}
		log.Info("a step of the audit is tried again", "err", err)
	}
}

// pause waits before a further try and tells whether there is one.
func (v *Verifier) pause(ctx context.Context, n int, err error) bool {
	var f *fault
	if ctx.Err() != nil || n >= tries || refused(err) || errors.As(err, &f) {
		return false
	}
	pause := min(500*time.Millisecond<<min(n-1, 10), 30*time.Second)
	pause = pause/2 + rand.N(pause/2)
	if v.options.Backoff != nil {
		pause = v.options.Backoff(n)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refused tells a final no of the manager from trouble that passes.
func refused(err error) bool {
	var e *wire.Error
	if !errors.As(err, &e) {
		return link.Refused(err)
	}
	switch e.Code {
	case wire.CodeBadRequest, wire.CodeUnauthorised, wire.CodeNotFound, wire.CodeConflict, wire.CodeUnsupported:
		return true
	}
	return false
}

func (v *Verifier) judge(ctx context.Context, state *State, reveal wire.AuditReveal, samples proof.Digest) (proof.Verdict, error) {
	evidence, err := v.evidence(ctx, state, reveal)
	if err != nil {
		return proof.Verdict{}, err
	}
	result, err := proof.Judge(evidence, reveal.Policies)
	if err != nil {
		return proof.Verdict{}, fmt.Errorf("judge: %w", err)
	}
	var b bytes.Buffer
	if err := proof.EncodeEvidence(&b, evidence); err != nil {
		return proof.Verdict{}, err
	}
	digest := sha256.Sum256(b.Bytes())
	ask := wire.AuditEvidence{Audit: state.Offer.Audit, Size: int64(b.Len()), Digest: hex.EncodeToString(digest[:])}
	var urls wire.BlobURLs
	if err := v.conn.Request(ctx, wire.TypeAuditEvidence, ask, &urls); err != nil {
		return proof.Verdict{}, fmt.Errorf("ask to upload the evidence: %w", err)
	}
	if len(urls.URLs) != 1 {
		return proof.Verdict{}, fmt.Errorf("the manager answered one evidence with %d addresses", len(urls.URLs))
	}
	if urls.URLs[0].URL != "" {
		if err := v.options.Store.PutBytes(ctx, urls.URLs[0], b.Bytes()); err != nil {
			return proof.Verdict{}, fmt.Errorf("upload the evidence: %w", err)
		}
	}
	signed := receipt.Verdict{
		Audit:        state.Offer.Audit,
		Attempt:      reveal.Attempt,
		Verifier:     v.options.Identity.Address(),
		Pass:         result.Pass,
		Inconclusive: result.Inconclusive,
		Root:         reveal.Receipt.Root,
		Evidence:     digest,
		Samples:      samples,
		Time:         time.Now().UnixMilli(),
	}
	signature, err := v.options.Identity.Sign(signed.Digest(receipt.Domain{ChainID: state.Money.ChainID, Contract: state.Money.Escrow}))
	if err != nil {
		return proof.Verdict{}, fmt.Errorf("sign the verdict: %w", err)
	}
	v.tell(state.Offer.Audit)
	told := wire.AuditVerdict{Audit: state.Offer.Audit, Verdict: signed, Signature: signature, Seconds: state.Seconds}
	if err := v.conn.Request(ctx, wire.TypeAuditVerdict, told, nil); err != nil {
		return proof.Verdict{}, fmt.Errorf("tell the verdict: %w", err)
	}
	return result, nil
}

// class is what an offer is rendered with here, as verdicts tell renders apart.
func (v *Verifier) class(o wire.AuditOffer) string {
	found, err := v.choose(o)
	if err != nil {
		return ""
	}
	kernel := found.Install.Class
	if v.options.Class != nil {
		kernel = v.options.Class(found.Install)
	}
	return receipt.Class(o.Recipe, kernel, found.Install.Version, found.Install.BuildHash)
}

// choose picks the install that the offer names, or that the recipe asks for.
func (v *Verifier) choose(o wire.AuditOffer) (warm.Found, error) {
	r := o.Recipe
	if o.Version != "" {
		if !render.Suits(r, o.Version) {
			return warm.Found{}, fmt.Errorf("the offer names %s %s, which the recipe doesn't take", r.Renderer, o.Version)
		}
		r.Version, r.BuildHash, r.AnyPatch = o.Version, o.Build, false
	}
	kind := o.Kind
	if kind == job.TaskAssemble {
		kind = job.TaskTile // what was joined is looked at from so far that it needn't be denoised for that
	}
	return warm.Choose(v.options.Found, r, kind)
}

func clip(text string, n int) string {
	if len(text) > n {
		return text[:n]
	}
	return text
}
