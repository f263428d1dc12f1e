package settle

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// opSlash takes the stake of a convicted worker. Ref: the offence, hex.
const opSlash = "slash"

// Slasher is a Chain on which nodes have stakes. Its calls are idempotent, as a Chain's.
type Slasher interface {
	// Slash takes up to the amount of a node's stake into the penalty pool, once for an offence.
	Slash(ctx context.Context, node string, amount job.Amount, offence [32]byte) (tx string, taken job.Amount, err error)
	// Reward pays a verifier from the penalty pool, once for an offence. ErrRefused means that the
	// verifier isn't registered or the pool is empty.
	Reward(ctx context.Context, verifier string, amount job.Amount, offence [32]byte) (tx string, err error)
}

// Slash is what a quorum's conviction orders.
type Slash struct {
	Node    string     `json:"node"`
	Of      string     `json:"of"` // the job, for its history; its other entries don't wait for this one
	Amount  job.Amount `json:"amount"`
	Offence string     `json:"offence"` // hex
	Rewards []string   `json:"rewards"` // verifiers
	Reward  job.Amount `json:"reward"`  // for each
}

// Slash orders, in the caller's transaction, that a node loses stake. A second order for the
// same offence is nothing.
func (s *Settler) Slash(tx store.Tx, o Slash) error {
	if _, ok := s.options.Chain.(Slasher); !ok {
		return nil
	}
	if err := addOp(tx, opSlash, o.Offence, o); !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}

func (s *Settler) slash(ctx context.Context, op *store.Op, changes *notify.Changes) (string, func(store.Tx) error, error) {
	chain, ok := s.options.Chain.(Slasher)
	if !ok {
		return "", nil, errors.New("this chain has no stakes")
	}
	var o Slash
	if err := json.Unmarshal(op.Body, &o); err != nil {
		return "", nil, err
	}
	raw, err := hex.DecodeString(o.Offence)
	if err != nil || len(raw) != 32 {
		return "", nil, fmt.Errorf("the offence %q is not 64 hex digits", o.Offence)
	}
	hash, taken, err := chain.Slash(ctx, o.Node, o.Amount, [32]byte(raw))
	if err != nil {
		return "", nil, fmt.Errorf("take the stake of %s: %w", o.Node, err)
	}
	rewarded := 0
	for _, v := range o.Rewards {
		_, err := chain.Reward(ctx, v, o.Reward, [32]byte(raw))
		switch {
		case err == nil:
			rewarded++
		case errors.Is(err, ErrRefused):
			s.options.Log.Warn("a verifier of a quorum gets no reward", "job", o.Of, "node", v, "err", err)
		default:
			return "", nil, fmt.Errorf("reward %s: %w", v, err)
		}
	}
	return hash, func(tx store.Tx) error {
		changes.Job(o.Of)
		return changes.Event(tx, o.Of, "slashed", fmt.Sprintf("%s of its stake are taken, %d verifiers are rewarded with %s each; transaction %s", taken, rewarded, o.Reward, hash), o.Node)
	}, nil
}
