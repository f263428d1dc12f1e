package lifecycle

// AuditState is where one verification of an attempt stands.
type AuditState string

const (
	AuditWaiting      AuditState = "waiting"      // for a verifier; manager/audit moves it on
	AuditHeld         AuditState = "held"         // a verifier renders blind until the deadline
	AuditCommitted    AuditState = "committed"    // its pixels are bound, the worker's are revealed to it
	AuditPassed       AuditState = "passed"       // final
	AuditRejected     AuditState = "rejected"     // final
	AuditInconclusive AuditState = "inconclusive" // final; another one follows, or the task is rendered again
	AuditDropped      AuditState = "dropped"      // the verifier failed or isn't needed any more; final
)

// Audits is the life of an audit.
var Audits = Table[AuditState]{
	Noun:    "audit",
	Initial: []AuditState{AuditWaiting},
	Transitions: []Transition[AuditState]{
		{AuditWaiting, AuditHeld, "manager/audit", "a verifier is offered it"},
		{AuditWaiting, AuditDropped, "manager/audit", "the job ended, trust lets the attempt through, or the manager itself has decided it"},
		{AuditHeld, AuditWaiting, "manager/audit", "declined"},
		{AuditHeld, AuditCommitted, "the verifier", "it committed to its pixels"},
		{AuditHeld, AuditDropped, "manager/audit", "the verifier failed, or its time is over"},
		{AuditCommitted, AuditPassed, "manager/audit", "the verdict was recomputed from its evidence"},
		{AuditCommitted, AuditRejected, "manager/audit", "the verdict was recomputed from its evidence"},
		{AuditCommitted, AuditInconclusive, "manager/audit", "the verdict was recomputed from its evidence"},
		{AuditCommitted, AuditDropped, "manager/audit", "the verifier failed, lied, or its time is over"},
	},
}
