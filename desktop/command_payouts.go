package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
)

func (c *cli) payoutsCommand() *cobra.Command {
	var all, asJSON, claim bool
	cmd := &cobra.Command{
		Use:     "payouts",
		Short:   "Show what this identity earned, or every node with --all",
		Example: "  heliostat payouts\n  heliostat payouts --all\n  heliostat payouts --claim",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			roles := []job.Role{job.RoleArtist}
			switch {
			case all && claim:
				return usagef("--claim withdraws your own payout only; leave out --all")
			case all:
				roles = append(roles, job.RoleStudio)
			case claim:
				roles = append(roles, job.RoleWorker)
			}
			manager, err := c.dialAs(cmd.Context(), c.manager, roles...)
			if err != nil {
				return err
			}
			defer manager.Close()
			symbol := manager.Welcome().Money.Symbol
			if claim {
				paid, err := manager.ClaimPayout(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(c.out, paid)
				}
				if paid.Amount == 0 {
					fmt.Fprintln(c.out, "Nothing to withdraw: frames count once their job is settled.")
					return nil
				}
				fmt.Fprintf(c.out, "%s withdrawn in %s\n", state.Money(paid.Amount, symbol), paid.Tx)
				return nil
			}
			payouts, err := manager.Payouts(cmd.Context(), all)
			if err != nil {
				return err
			}
			if asJSON {
				if payouts == nil {
					payouts = []job.Payout{}
				}
				return printJSON(c.out, payouts)
			}
			if len(payouts) == 0 {
				fmt.Fprintln(c.out, "Nothing earned yet: every verified frame counts.")
				return nil
			}
			rows := [][]string{{"NODE", "ROLE", "EARNED", "WITHDRAWN", "OPEN", "EPOCH", "LAST TRANSACTION"}}
			for _, p := range payouts {
				rows = append(rows, []string{
					p.Node, string(p.Role), state.Money(p.Cumulative, ""), state.Money(p.Claimed, ""), state.Money(p.Cumulative-p.Claimed, symbol), fmt.Sprint(p.Epoch), p.Tx,
				})
			}
			return table(c.out, rows)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every node's; needs the studio role")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	cmd.Flags().BoolVar(&claim, "claim", false, "withdraw what is settled for this identity")
	return cmd
}
