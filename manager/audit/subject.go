package audit

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/slash"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// subject is everything that one audit is about.
type subject struct {
	audit   *store.Audit
	attempt *store.Attempt
	job     *store.Job
	others  []*store.Audit // of the same attempt, claim and kind, without audit
	earlier []string       // verifiers that judged the attempt for another reason
	worker  store.Standing
	pairs   []proof.Pair // device classes that agree on the job, see probe.go
	parts   []lease.Part // of a still that was joined: its verified tiles; nil while one of them isn't
}

func load(tx store.Tx, id string) (*subject, error) {
	v, err := tx.Audit(id)
	if err != nil {
		return nil, err
	}
	return loadAudit(tx, v)
}

func loadAudit(tx store.Tx, v *store.Audit) (*subject, error) {
	s := &subject{audit: v}
	var err error
	if s.attempt, err = tx.Attempt(v.Attempt); err != nil {
		return nil, err
	}
	if s.attempt.Commit == nil {
		return nil, fmt.Errorf("audit %s is of an attempt without a commit", v.ID)
	}
	if s.job, err = tx.Job(v.Job); err != nil {
		return nil, err
	}
	worker, err := tx.Node(s.attempt.Worker)
	switch {
	case err == nil:
		s.worker = worker.Standing
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	if s.pairs, err = pairs(tx, v.Job); err != nil {
		return nil, err
	}
	if err := s.loadParts(tx); err != nil {
		return nil, err
	}
	all, err := tx.Audits(s.attempt.ID)
	for _, o := range all {
		switch {
		case o.ID == v.ID:
		case o.Claim == v.Claim && o.Kind == v.Kind:
			s.others = append(s.others, o)
		case judged(o):
			s.earlier = append(s.earlier, o.Verifier)
		}
	}
	return s, err
}

// now is the subject with its audit as it is now.
func (s *subject) now(v *store.Audit) *subject {
	of := *s
	of.audit = v
	return &of
}

// frames are those that the worker committed to: all of the attempt's, or fewer where it
// stopped early.
func (s *subject) frames() []int {
	list := make([]int, len(s.attempt.Commit.Frames))
	for i, f := range s.attempt.Commit.Frames {
		list[i] = f.Frame
	}
	return list
}

// class is what the attempt was rendered with, as verdicts tell renders apart.
func (s *subject) class() string {
	r := s.attempt.Commit.Receipt
	return receipt.Class(s.job.Recipe, s.attempt.Class, r.Version, r.Build)
}

// install is what a verifier would render the attempt's tiles with, and classOf its class then.
func (s *subject) install(m fleet.Member) job.Install {
	r := s.attempt.Commit.Receipt
	return fleet.Likest(m.Capabilities, s.job.Recipe, fleet.Checks(s.kind()), r.Version, r.Build)
}

func (s *subject) classOf(m fleet.Member) string {
	i := s.install(m)
	return receipt.Class(s.job.Recipe, m.Capabilities.Class, i.Version, i.BuildHash)
}

// fresh tells whether nobody has looked at the attempt yet.
func (s *subject) fresh() bool {
	return s.audit.Claim == 0 && s.audit.Kind == store.AuditCheck && s.audit.Ordinal == 1
}

// probe tells whether the audit decides nothing about the attempt.
func (s *subject) probe() bool { return s.audit.Kind != store.AuditCheck }

// key is what the challenge is drawn with: the attempt's verification key, and for claims
// one derived from it, so that other tiles are looked at.
func (s *subject) key() [32]byte {
	return slash.ClaimKey(proof.Digest(s.attempt.Key), s.audit.Claim)
}

// claimTiles is how many tiles a bad-result claim looks at, at most: every one of most
// tasks, where an ordinary check looks at one in fifteen or less.
const claimTiles = 1024

func (s *subject) policy() proof.Policy {
	p := proof.PolicyOf(s.job.Recipe, s.attempt.Commit.Frames)
	p.Pairs = s.pairs
	if s.audit.Claim > 0 && !s.joined() {
		tiles := 0
		for _, f := range s.attempt.Commit.Frames {
			tiles += proof.TileCount(f.W, f.H)
		}
		p.Tiles, p.Every = min(tiles, claimTiles), 0 // of every frame
	}
	return p
}

// pairs reads what the job's canaries have shown.
func pairs(tx store.Tx, jobID string) (list []proof.Pair, err error) {
	raw, err := tx.Meta(pairsKey(jobID))
	if err != nil || raw == "" {
		return nil, err
	}
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		return nil, fmt.Errorf("read the class pairs of job %s: %w", jobID, err)
	}
	return list, nil
}

func pairsKey(jobID string) string { return "audit/pairs/" + jobID }
