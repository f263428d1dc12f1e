package lifecycle

// AttemptState is where one leasing of a task stands.
type AttemptState string

const (
	AttemptHeld      AttemptState = "held"      // a worker renders it until the deadline; manager/lease moves it on
	AttemptCommitted AttemptState = "committed" // its receipt is durable, its verification key public; manager/audit moves it on
	AttemptPassed    AttemptState = "passed"    // its frames are payable
	AttemptFailed    AttemptState = "failed"    // without a payable result, with kind and cause; final
)

// Attempts is the life of an attempt.
var Attempts = Table[AttemptState]{
	Noun:    "attempt",
	Initial: []AttemptState{AttemptHeld},
	Transitions: []Transition[AttemptState]{
		{AttemptHeld, AttemptCommitted, "manager/lease", "the worker's receipt is durable"},
		{AttemptHeld, AttemptFailed, "manager/lease", "declined, released, failed, expired or revoked, or another copy was committed first"},
		{AttemptCommitted, AttemptPassed, "manager/audit", "the verdict is for it"},
		{AttemptCommitted, AttemptFailed, "manager/audit", "the verdict is against it"},
		{AttemptPassed, AttemptFailed, "manager/audit", "a bad-result claim is upheld"},
	},
}
