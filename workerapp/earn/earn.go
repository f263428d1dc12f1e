// Package earn watches what a node has earned and withdraws it as soon as it is settled.
//
// It is not the place for prices or for settlement (manager/settle): the manager relays a
// withdrawal to the contract, which pays only what its root proves.
//
// Receives: payouts from manager/settle.
// Hands on: withdrawals to the same, figures to workerapp and verifier.
package earn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Manager is the connection.
type Manager interface {
	Request(ctx context.Context, typ wire.Type, body, reply any) error
}

// Balance is what a node has earned since the network began, in all of its roles.
type Balance struct {
	Earned  job.Amount `json:"earned"`
	Claimed job.Amount `json:"claimed"`
	Tx      string     `json:"tx,omitempty"` // of the last withdrawal
}

// Options configure a Watch.
type Options struct {
	Manager Manager
	Address string
	Every   time.Duration   // between looks; 0 is a minute
	Kick    <-chan struct{} // look now; may be nil
	OnChain func() bool     // whether this network pays by a contract; nil is yes
	Changed func(Balance)   // told every new balance; may be nil
	Log     *slog.Logger
}

// Watch looks at once, then every so often and whenever kicked, until ctx ends, and
// withdraws what is settled. Trouble is logged and tried again at the next look.
func Watch(ctx context.Context, o Options) error {
	if o.Every <= 0 {
		o.Every = time.Minute
	}
	ticker := time.NewTicker(o.Every)
	defer ticker.Stop()
	var last Balance
	for {
		balance, err := o.look(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			o.Log.Warn("the earnings couldn't be collected", "err", err)
		case balance != last:
			last = balance
			if o.Changed != nil {
				o.Changed(balance)
			}
		}
		select {
		case <-ticker.C:
		case <-o.Kick:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (o *Options) look(ctx context.Context) (Balance, error) {
	if o.OnChain != nil && !o.OnChain() {
		b, _, err := look(ctx, o.Manager, o.Address)
		return b, err
	}
	return Collect(ctx, o.Manager, o.Address, o.Log)
}

// Collect looks once and withdraws what is settled.
func Collect(ctx context.Context, m Manager, address string, log *slog.Logger) (Balance, error) {
	b, settled, err := look(ctx, m, address)
	if err != nil || !settled || b.Claimed >= b.Earned {
		return b, err
	}
	var paid wire.PayoutPaid
	if err := m.Request(ctx, wire.TypePayoutClaim, wire.PayoutClaim{}, &paid); err != nil {
		var e *wire.Error
		if errors.As(err, &e) && e.Code == wire.CodeConflict {
			return b, nil // nothing is settled yet
		}
		return b, fmt.Errorf("withdraw: %w", err)
	}
	if paid.Amount > 0 {
		log.Info("earnings were paid", "amount", float64(paid.Amount)/float64(job.Token), "tx", paid.Tx, "total", float64(paid.Total)/float64(job.Token))
		b.Tx = paid.Tx
	}
	b.Claimed = max(b.Claimed, paid.Total)
	return b, nil
}

func look(ctx context.Context, m Manager, address string) (b Balance, settled bool, err error) {
	var all wire.Payouts
	if err := m.Request(ctx, wire.TypePayoutList, wire.PayoutList{}, &all); err != nil {
		return Balance{}, false, fmt.Errorf("ask for the earnings: %w", err)
	}
	for _, p := range all.Payouts {
		if !strings.EqualFold(p.Node, address) {
			continue
		}
		b.Earned += p.Cumulative
		b.Claimed += p.Claimed
		if p.Tx != "" {
			b.Tx = p.Tx
		}
		settled = settled || p.Epoch > 0
	}
	return b, settled, nil
}
