package stake

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/contracts/chain"
)

// Status is what `stake status --json` prints. Amounts are base units of the token, a millionth each.
type Status struct {
	Node       string `json:"node"`
	Registered bool   `json:"registered"`
	Roles      string `json:"roles,omitempty"`
	Owner      string `json:"owner,omitempty"`
	Stake      string `json:"stake"`
	Unbonding  string `json:"unbonding"`
	UnbondAt   string `json:"unbondAt,omitempty"` // RFC 3339
	Tokens     string `json:"tokens"`             // not at stake
	Wei        string `json:"wei"`                // for gas
}

func (f *flags) statusCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "status",
		Short:   "Show what is at stake for this node",
		Example: "  " + f.host.Program + " stake status --rpc https://rpc.example.org\n  " + f.host.Program + " stake status --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return f.with(c, func(s *session) error { return s.status(c.Context(), asJSON) })
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, amounts in millionths of a token")
	return c
}

func (s *session) status(ctx context.Context, asJSON bool) error {
	n, err := s.chain.Node(ctx, s.node)
	if err != nil {
		return err
	}
	tokens, err := s.chain.Balance(ctx, s.node)
	if err != nil {
		return err
	}
	coins, err := s.chain.Coins(ctx, s.node)
	if err != nil {
		return err
	}
	registered := n.Owner != (common.Address{})
	if asJSON {
		v := Status{Node: s.node.Hex(), Registered: registered, Stake: n.Stake.String(), Unbonding: n.Unbonding.String(), Tokens: tokens.String(), Wei: coins.String()}
		if registered {
			v.Roles, v.Owner = roles(n.Roles), n.Owner.Hex()
		}
		if n.Unbonding.Sign() > 0 {
			v.UnbondAt = n.UnbondAt.UTC().Format(time.RFC3339)
		}
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return fmt.Errorf("write the state: %w", err)
		}
		fmt.Fprintln(s.out, string(text))
		return nil
	}
	fmt.Fprintf(s.out, "node        %s\n", s.node)
	if registered {
		fmt.Fprintf(s.out, "registered  as %s, owner %s\n", roles(n.Roles), n.Owner)
	} else {
		fmt.Fprintf(s.out, "registered  no; %s stake AMOUNT does it\n", s.host.Program)
	}
	fmt.Fprintf(s.out, "at stake    %s\n", s.tokens(n.Stake))
	if n.Unbonding.Sign() > 0 {
		now, err := s.chain.Now(ctx)
		if err != nil {
			return err
		}
		when := "can be withdrawn"
		if now.Before(n.UnbondAt) {
			when = "can be withdrawn from " + stamp(n.UnbondAt)
		}
		fmt.Fprintf(s.out, "on its way  %s, %s\n", s.tokens(n.Unbonding), when)
	}
	fmt.Fprintf(s.out, "besides     %s, and %s coins for gas\n", s.tokens(tokens), coin(coins))
	return nil
}

// roles names what a node is registered as.
func roles(bits uint8) string {
	var names []string
	for bit, name := range map[uint8]string{chain.RoleWorker: "worker", chain.RoleVerifier: "verifier"} {
		if bits&bit != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 2 {
		return "worker and verifier"
	}
	return strings.Join(names, "")
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
