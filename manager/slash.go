package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/manager/audit"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

var _ settle.Slasher = (*contracts)(nil)

func (c *contracts) Slash(ctx context.Context, node string, a job.Amount, offence [32]byte) (string, job.Amount, error) {
	tx, taken, err := c.chain.Slash(ctx, common.HexToAddress(node), amount(a), offence)
	if err != nil {
		return "", 0, sortError(err)
	}
	sum, err := fromBig(taken)
	return hash(tx), sum, err
}

func (c *contracts) Reward(ctx context.Context, verifier string, a job.Amount, offence [32]byte) (string, error) {
	reason := sha256.Sum256(append(offence[:], verifier...))
	tx, err := c.chain.Reward(ctx, common.HexToAddress(verifier), amount(a), reason)
	if errors.Is(err, chain.ErrUnknownNode) || errors.Is(err, chain.ErrNotEnough) {
		return "", fmt.Errorf("%w: %w", settle.ErrRefused, err)
	}
	return hash(tx), sortError(err)
}

// registry looks nodes up for manager/audit; nil where nothing is staked.
func (m *money) registry() func(context.Context, string) (audit.Registration, error) {
	c, ok := m.chain.(*contracts)
	if !ok {
		return nil
	}
	return func(ctx context.Context, node string) (audit.Registration, error) {
		n, err := c.chain.Node(ctx, common.HexToAddress(node))
		if err != nil || n.Owner == (common.Address{}) {
			return audit.Registration{}, err
		}
		stake, err := fromBig(n.Stake)
		if err != nil {
			return audit.Registration{}, err
		}
		leaving, err := fromBig(n.Unbonding)
		return audit.Registration{Owner: n.Owner.Hex(), Stake: stake + leaving}, err
	}
}

// slasher orders what a quorum decides; nil where nothing is staked.
func slasher(s *settle.Settler) func(store.Tx, audit.Offence) error {
	if s.Off() {
		return nil
	}
	return func(tx store.Tx, o audit.Offence) error {
		return s.Slash(tx, settle.Slash{Node: o.Node, Of: o.Job, Amount: o.Amount, Offence: hex.EncodeToString(o.ID[:]), Rewards: o.Rewards, Reward: o.Reward})
	}
}
