package settle

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Kinds of outbox entries about bad-result claims.
const (
	opDispute = "dispute" // Ref: job:digest of the artist's order
	opResolve = "resolve" // Ref: the dispute's
)

const (
	// MaxDeliveries is how many deliveries of one job the contract takes, JobEscrow.MAX_DELIVERIES. Each reopening of a delivered
	// job ends in another one; one more and nothing of the job could ever be paid.
	MaxDeliveries = 16
	// keptDeliveries are those of them that artists' claims leave to reopenings by the network itself.
	keptDeliveries = 4
)

// Closed says why a delivered job can't be reopened any more, "" while it can: by its artist, or by the network. Where nothing is
// paid nothing is lost by it.
func (s *Settler) Closed(j *store.Job, byArtist bool) string {
	most := MaxDeliveries
	if byArtist {
		most -= keptDeliveries
	}
	switch {
	case s.free(j):
	case j.Deliveries >= most:
		return fmt.Sprintf("it was delivered %d times already", j.Deliveries)
	case byArtist && s.options.Clock().Sub(time.UnixMilli(j.DeliveredAt)) > s.options.Window:
		return "its dispute window is over"
	}
	return ""
}

// Dispute is an artist's signed order to hold the price of named frames.
type Dispute struct {
	Job        [32]byte
	Root       [32]byte // of the delivery
	FramesHash [32]byte
	Amount     job.Amount
	Deadline   int64 // Unix seconds
	Signature  []byte
}

type disputeBody struct {
	Job     string  `json:"job"`
	Dispute Dispute `json:"dispute"`
}

// openClaim is what the store remembers of a job's dispute until it is resolved.
type openClaim struct {
	Ref      string     `json:"ref"`
	Refunded job.Amount `json:"refunded"` // of frames that were upheld so far
}

func claimKey(jobID string) string { return "settle/claim/" + jobID }

// Dispute has, in the caller's transaction, the escrow hold what the frames of a bad-result claim cost, by the artist's own
// signature. The job is the one that was delivered.
func (s *Settler) Dispute(tx store.Tx, j *store.Job, c wire.JobClaim) error {
	if s.free(j) {
		return nil
	}
	if closed := s.Closed(j, true); closed != "" {
		return &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s can't be disputed any more: %s", j.ID, closed), Next: "accept the delivery, or talk to the network's operator"}
	}
	root, err := parseWord(j.DeliveryRoot)
	if err != nil {
		return fmt.Errorf("root of the delivery of job %s: %w", j.ID, err)
	}
	d := Dispute{Job: ChainJob(j.ID), Root: root, FramesHash: receipt.FramesHash(c.Frames, c.Reason), Deadline: c.Deadline, Signature: c.Signature,
		Amount: job.Amount(receipt.HeldFor(len(c.Frames), j.Quote, j.DeliveryPrice))}
	if d.Amount == 0 {
		return nil // nothing to hold
	}
	if c.Deadline <= s.options.Clock().Unix() {
		return &wire.Error{Code: wire.CodeBadRequest, Message: "the claim's deadline has passed", Next: "check this machine's clock and claim again"}
	}
	digest := d.Order().Digest(s.escrowDomain())
	if err := signedBy(j.Owner, digest, c.Signature); err != nil {
		return &wire.Error{Code: wire.CodeUnauthorised, Message: "the claim on job " + j.ID + " is not signed by its owner: " + err.Error(), Next: "update the client, and claim again"}
	}
	ref := j.ID + ":" + hex.EncodeToString(digest[:])
	return errors.Join(s.putClaim(tx, j.ID, openClaim{Ref: ref}), addOp(tx, opDispute, ref, disputeBody{Job: j.ID, Dispute: d}))
}

func (s *Settler) putClaim(tx store.Tx, jobID string, c openClaim) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the claim on job %s: %w", jobID, err)
	}
	return tx.SetMeta(claimKey(jobID), string(raw))
}

func (s *Settler) openClaim(tx store.Tx, jobID string) (c openClaim, err error) {
	raw, err := tx.Meta(claimKey(jobID))
	if err != nil || raw == "" {
		return c, err
	}
	if err := json.Unmarshal([]byte(raw), &c); err != nil {
		return c, fmt.Errorf("read the claim on job %s: %w", jobID, err)
	}
	return c, nil
}

// Uphold notes, in the caller's transaction, that frames which cost so much were rejected by the job's claim.
func (s *Settler) Uphold(tx store.Tx, jobID string, cost job.Amount) error {
	c, err := s.openClaim(tx, jobID)
	if err != nil || c.Ref == "" {
		return err
	}
	c.Refunded += cost
	return s.putClaim(tx, jobID, c)
}

// Resolve ends, in the caller's transaction, the job's claim on the chain, if it has one: what was upheld goes back, the
// rest is payable again.
func (s *Settler) Resolve(tx store.Tx, jobID string) error {
	c, err := s.openClaim(tx, jobID)
	if err != nil || c.Ref == "" {
		return err
	}
	return errors.Join(tx.SetMeta(claimKey(jobID), ""), addOp(tx, opResolve, c.Ref, jobBody{Job: jobID, Amount: c.Refunded}))
}

// Order is what the artist signed.
func (d Dispute) Order() receipt.BadResult {
	return receipt.BadResult{JobID: d.Job, DeliveryRoot: d.Root, FramesHash: d.FramesHash, Amount: uint64(d.Amount), Deadline: uint64(d.Deadline)}
}
