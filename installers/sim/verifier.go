package sim

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Verdict is a verdict that a manager acknowledged as durable.
type Verdict struct {
	Audit, Attempt, Verifier string
	Pass                     bool
}

// Verifier is a simulated verifier with one slot. It looks at the world's images instead of
// downloading them.
type Verifier struct {
	node
	verdicts []Verdict // guarded by mu

	telling sync.Mutex // so that no report overtakes a later one
}

// StartVerifier connects a verifier, which works until Close or ctx ends.
func StartVerifier(ctx context.Context, w *World) (*Verifier, error) {
	n := &Verifier{}
	if err := n.init(ctx, w); err != nil {
		return nil, err
	}
	if err := n.connect(job.RoleVerifier, n.handle, func() (wire.Type, any) { return wire.TypeVerifierReady, n.ready() }); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (n *Verifier) ready() wire.VerifierReady {
	n.mu.Lock()
	defer n.mu.Unlock()
	return wire.VerifierReady{Capabilities: capabilities(), Free: max(0, 1-len(n.held)), Audits: slices.Clone(n.held)}
}

// Verdicts are the acknowledged ones so far.
func (n *Verifier) Verdicts() []Verdict {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.verdicts)
}

func (n *Verifier) handle(_ context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
	if m.Type != wire.TypeAuditOffer {
		return "", nil, nil
	}
	var o wire.AuditOffer
	if err := m.Decode(&o); err != nil {
		return "", nil, err
	}
	n.hold(o.Audit)
	n.wg.Go(func() {
		if err := n.audit(o); err != nil && n.ctx.Err() == nil {
			n.world.log().Warn("audit lost", "verifier", n.Address(), "audit", o.Audit, "err", err)
		}
		n.drop(o.Audit)
		n.telling.Lock()
		defer n.telling.Unlock()
		_ = n.request(wire.TypeVerifierReady, n.ready(), nil) // the connection's end tells as much
	})
	return wire.TypeLeaseAnswer, wire.LeaseAnswer{Taken: true}, nil
}

func (n *Verifier) audit(o wire.AuditOffer) error {
	seeds := make(map[int]int32)
	for _, f := range o.Frames {
		seeds[f.Frame] = f.Seed
	}
	policy := proof.PolicyFor(o.Recipe)
	var samples []proof.TileSample
	for _, tile := range o.Tiles {
		img, err := n.world.album.get(tile.Frame, seeds[tile.Frame])
		if err != nil {
			return err
		}
		for _, plane := range proof.Planes(img.commit, policy) {
			source := img.trees.Master
			if plane == proof.Final {
				source = img.trees.Final
			}
			s, err := proof.CropSample(tile.Frame, tile.Tile, plane, source)
			if err != nil {
				return err
			}
			samples = append(samples, s)
		}
	}
	bound := proof.SamplesDigest(samples)
	var r wire.AuditReveal
	if err := n.request(wire.TypeAuditCommit, wire.AuditCommit{Audit: o.Audit, Samples: bound}, &r); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	e := proof.Evidence{Root: r.Receipt.Root, Frames: r.Commits, Verifier: samples, WorkerClass: r.Class, VerifierClass: Class, Policy: r.Policies}
	if err := e.Key.UnmarshalText([]byte(r.Key)); err != nil {
		return err
	}
	// The reveal draws what the offer drew, and both sides' pixels are the same image's.
	for _, s := range samples {
		img, err := n.world.album.get(s.Frame, seeds[s.Frame])
		if err != nil {
			return err
		}
		tile, err := img.trees.ProveSample(s)
		if err != nil {
			return err
		}
		e.Worker = append(e.Worker, tile)
	}
	result, err := proof.Judge(e, r.Policies)
	if err != nil {
		return err
	}
	text, err := proof.EvidenceBytes(e)
	if err != nil {
		return err
	}
	evidence := proof.Digest(sha256.Sum256(text))
	if err := n.upload(wire.TypeAuditEvidence, wire.AuditEvidence{Audit: o.Audit, Size: int64(len(text)), Digest: evidence.String()}, text); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	verdict := receipt.Verdict{
		Audit: o.Audit, Attempt: r.Attempt, Verifier: n.Address(), Pass: result.Pass, Inconclusive: result.Inconclusive, Root: e.Root,
		Evidence: evidence, Samples: bound, Time: 3,
	}
	domain, err := n.domain(n.ctx)
	if err != nil {
		return err
	}
	signature, err := n.id.Sign(verdict.Digest(domain))
	if err != nil {
		return err
	}
	if err := n.request(wire.TypeAuditVerdict, wire.AuditVerdict{Audit: o.Audit, Verdict: verdict, Signature: signature, Seconds: 1}, nil); err != nil {
		return fmt.Errorf("verdict: %w", err)
	}
	for frame, seed := range seeds {
		n.world.album.drop(frame, seed)
	}
	n.mu.Lock()
	n.verdicts = append(n.verdicts, Verdict{Audit: o.Audit, Attempt: r.Attempt, Verifier: n.Address(), Pass: result.Pass})
	n.mu.Unlock()
	return nil
}
