package wire

import "github.com/heliostat-render/heliostat/shared/job"

// What a node has earned, and its withdrawal.
const (
	TypePayoutList  Type = "payout.list"  // PayoutList -> Payouts
	TypePayouts     Type = "payout.all"   //
	TypePayoutClaim Type = "payout.claim" // PayoutClaim -> PayoutPaid: the manager relays the claim to the contract
	TypePayoutPaid  Type = "payout.paid"  //
)

// PayoutList asks for the client's own payouts; All for every node's (studio, operator).
type PayoutList struct {
	All bool `json:"all,omitempty"`
}

// Payouts answers PayoutList.
type Payouts struct {
	Payouts []job.Payout `json:"payouts"`
}

// PayoutClaim withdraws everything that is settled for the node.
type PayoutClaim struct{}

// PayoutPaid is a withdrawal that is on the chain.
type PayoutPaid struct {
	Amount job.Amount `json:"amount"` // by this claim; 0 when there was nothing to claim
	Tx     string     `json:"tx"`
	Total  job.Amount `json:"total"` // claimed ever
}
