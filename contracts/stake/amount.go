package stake

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/heliostat-render/heliostat/shared/job"
)

// parseAmount reads tokens, such as 250 or 0.5, into base units.
func parseAmount(text string) (*big.Int, error) {
	bad := func(why string) error {
		return fmt.Errorf("%.40q is not an amount to stake: %s; write tokens, such as 250 or 0.5", text, why)
	}
	whole, part, dot := strings.Cut(text, ".")
	if len(text) > 40 || whole == "" && part == "" || strings.Trim(whole+part, "0123456789") != "" {
		return nil, bad("it isn't a number above zero")
	}
	if dot && len(part) > 6 {
		return nil, bad("a token has six decimals")
	}
	n, ok := new(big.Int).SetString(whole+part+strings.Repeat("0", 6-len(part)), 10)
	switch {
	case !ok || n.Sign() == 0:
		return nil, bad("it is zero")
	case !n.IsInt64():
		return nil, bad("there aren't that many")
	}
	return n, nil
}

// tokens writes base units for people.
func (s *session) tokens(n *big.Int) string {
	text := n.String() + " base units"
	if n.IsInt64() {
		text = job.Amount(n.Int64()).String()
	}
	if s.symbol != "" {
		text += " " + s.symbol
	}
	return text
}

// coin writes wei as coins with at most nine decimals, rounded up.
func coin(wei *big.Int) string {
	unit := big.NewInt(1e9)
	n := new(big.Int).Add(wei, big.NewInt(1e9-1))
	n.Div(n, unit) // billionths
	whole, rest := new(big.Int).QuoRem(n, unit, new(big.Int))
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%v.%09d", whole, rest), "0"), ".")
}
