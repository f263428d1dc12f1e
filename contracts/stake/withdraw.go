package stake

import (
	"context"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/contracts/chain"
)

func (f *flags) withdrawCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "withdraw [AMOUNT]",
		Short: "Take stake out: start the wait, and collect what has waited",
		Long: `Take stake out: start the wait, and collect what has waited.

Stake comes back in two steps, so that a cheat can't flee with it. The first call starts the wait for AMOUNT
tokens, or for all of them; after it, a second call sends them to the owner. A further amount
makes what is on its way wait anew.`,
		Example: "  " + f.host.Program + " stake withdraw 100 --rpc https://rpc.example.org\n  " + f.host.Program + " stake withdraw",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var amount *big.Int
			if len(args) == 1 {
				var err error
				if amount, err = parseAmount(args[0]); err != nil {
					return err
				}
			}
			return f.with(c, func(s *session) error { return s.withdraw(c.Context(), amount) })
		},
	}
}

// withdraw collects what has waited long enough, or starts the wait for an amount; nil is everything.
func (s *session) withdraw(ctx context.Context, amount *big.Int) error {
	n, err := s.chain.Node(ctx, s.node)
	if err != nil {
		return err
	}
	if n.Owner == (common.Address{}) {
		return fmt.Errorf("%s never registered, so nothing of it is at stake", s.node)
	}
	now, err := s.chain.Now(ctx)
	if err != nil {
		return err
	}
	waits := n.Unbonding.Sign() > 0 && now.Before(n.UnbondAt)
	if n.Unbonding.Sign() > 0 && !waits {
		if err := s.agree(ctx, chain.GasWithdraw, "Sends %s to %s.", s.tokens(n.Unbonding), n.Owner); err != nil {
			return err
		}
		if _, err := s.chain.Withdraw(ctx, s.node); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s went to %s\n", s.tokens(n.Unbonding), n.Owner)
		if amount == nil {
			return nil
		}
	}
	switch {
	case n.Stake.Sign() == 0 && waits:
		fmt.Fprintf(s.out, "%s can be withdrawn from %s; nothing else is at stake\n", s.tokens(n.Unbonding), stamp(n.UnbondAt))
		return nil
	case n.Stake.Sign() == 0:
		return fmt.Errorf("nothing of %s is at stake", s.node)
	case amount == nil && waits:
		return fmt.Errorf("%s can be withdrawn from %s, and another amount would make it wait anew: come back then, or say how much more to take out", s.tokens(n.Unbonding), stamp(n.UnbondAt))
	case amount == nil:
		amount = n.Stake
	case amount.Cmp(n.Stake) > 0:
		return fmt.Errorf("%s is at stake, %s can't be taken out", s.tokens(n.Stake), s.tokens(amount))
	}
	if n.Owner != s.node {
		return fmt.Errorf("only the owner %s can take the stake out: call unbond(%s, %v) of the registry with that account's wallet", n.Owner, s.node, amount)
	}
	text := fmt.Sprintf("Takes %s of %s out, after a wait.", s.tokens(amount), s.tokens(n.Stake))
	if waits {
		text += fmt.Sprintf("\n%s that are on their way wait anew.", s.tokens(n.Unbonding))
	}
	if err := s.agree(ctx, chain.GasUnbond, "%s", text); err != nil {
		return err
	}
	if _, err := s.chain.Unbond(ctx, s.node, amount); err != nil {
		return err
	}
	if n, err = s.chain.Node(ctx, s.node); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s can be withdrawn from %s: run %s stake withdraw then; until then it can still be taken for an offence\n", s.tokens(n.Unbonding), stamp(n.UnbondAt), s.host.Program)
	return nil
}
