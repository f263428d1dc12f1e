package job

import (
	"fmt"
	"strings"
)

// Amount is money in base units of the network's token: 1e-6 of a token, the six decimals
// of the token contract. Signed so that differences are exact; balances are never negative.
type Amount int64

// Token is one whole token in base units.
const Token Amount = 1_000_000

// String writes whole tokens with as many decimals as are needed: "1.25".
func (a Amount) String() string {
	sign, n := "", uint64(a)
	if a < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%s%d.%06d", sign, n/uint64(Token), n%uint64(Token))
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// Quote is the manager's offer for a draft job. The artist's acceptance makes Ceiling the
// most that the job can ever cost; escrow enforces it.
type Quote struct {
	ID            string  `json:"id"`
	Job           string  `json:"job"`
	WorkUnits     float64 `json:"workUnits"`     // minutes on the reference GPU, all frames
	WorkUnitsLow  float64 `json:"workUnitsLow"`  // 80 % interval
	WorkUnitsHigh float64 `json:"workUnitsHigh"` //
	// Widened is by what factor, on a logarithmic scale, the interval was widened because those of past quotes
	// held less often than they promised; 1 for not at all. That of a guess is narrowed too, where past guesses were closer.
	Widened   float64 `json:"widened,omitempty"`
	Seconds   float64 `json:"seconds"`   // estimated wall time until the last frame
	PerFrame  Amount  `json:"perFrame"`  // paid to the worker for each verified frame
	VerifyFee Amount  `json:"verifyFee"` // paid to verifiers for each verified frame
	Price     Amount  `json:"price"`     // expected total
	Ceiling   Amount  `json:"ceiling"`   // enforced total
	Basis     string  `json:"basis"`     // what the estimate rests on, for people
	Expires   int64   `json:"expires"`   // Unix seconds
}

// Payout is what one node has earned since the network began.
type Payout struct {
	Node       string `json:"node"` // 0x address
	Role       Role   `json:"role"`
	Cumulative Amount `json:"cumulative"`
	Claimed    Amount `json:"claimed"`
	Epoch      uint64 `json:"epoch"`        // the last settlement that contains it; 0 for none
	Tx         string `json:"tx,omitempty"` // the transaction of the last claim
}
