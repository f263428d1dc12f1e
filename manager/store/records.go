package store

import (
	"encoding/json"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Job is a job with what only the manager knows.
type Job struct {
	job.Job
	Request  string // the client's id of the draft
	Key      []byte // the job key, sealed to the manager's identity as it came
	MaxPrice job.Amount
	// ReleaseLeft is what is left of ReleaseAfter once the scouts are checked, in milliseconds; it is brought
	// up to date now and then.
	ReleaseLeft int64

	// Counters that the store keeps; patches don't change them.
	TasksWaiting, TasksOpen int // open: neither done nor failed

	Seconds       float64 // sum of the render times that workers reported
	Units         float64 // the same in work units, by the workers' bench scores
	RendFrames    int     // frames that Seconds and Units are of
	DeliveredAt   int64   // Unix milliseconds of the last delivery, and once it is accepted of that: its files are kept for a while from then
	Deliveries    int
	DeliveryRoot  string // 0x hex of the last delivery
	DeliveryPrice job.Amount
	Acceptance    []byte // the artist's signature
	ClaimFrames   []int  // of the open bad-result claim
	Forgotten     int64  // Unix milliseconds when ForgetHistory was done with it; 0 for not
}

// JobQuery says which jobs are listed.
type JobQuery struct {
	Owner  string // "" for all
	Before string // continue after this job; "" from the newest
	Going  bool   // only those that are neither accepted, settled, cancelled nor failed
	Limit  int
}

// Attempt is one leasing of a task.
type Attempt struct {
	job.Attempt
	State  lifecycle.AttemptState
	Frames []int
	Class  string
	Key    []byte // verification key, 32 bytes: secret until the attempt is committed
	Commit *wire.TaskCommit
	Kind   job.FailureKind
	Cause  string
	Note   string // last lines of the renderer's log
	// Convicted says that more than one verifier, or a verifier and the manager, found the
	// attempt wrong.
	Convicted bool
	Created   int64 // Unix milliseconds
	Ended     int64
	// Manager is the manager that the worker was connected to when it last renewed the lease.
	Manager string
}

// Failure is a failed attempt in short.
type Failure struct {
	Task, Worker string
	Kind         job.FailureKind
	Cause        string
	Convicted    bool  // see Attempt
	Ended        int64 // Unix milliseconds
}

// Audit is one verification of an attempt.
type Audit struct {
	ID       string
	Attempt  string
	Task     string
	Job      string
	Ordinal  int // within the attempt, from 1
	Claim    int // 0 for the check after the commit, n for the n-th bad-result claim on it
	Kind     AuditKind
	State    lifecycle.AuditState
	Verifier string
	Class    string // of the verifier's device
	Deadline int64  // Unix milliseconds; of the verifier that holds it
	Samples  string // hex digest that the verifier committed to
	Evidence string // hex digest of the evidence object
	Verdict  *wire.AuditVerdict
	Cause    string
	Created  int64
	Ended    int64
	Manager  string // that the verifier was connected to when it last was heard of
}

// PassedAudit is what is left to know of an audit that passed.
type PassedAudit struct {
	Job      string
	Deadline int64 // that its verifier was given, Unix milliseconds
	Ended    int64
}

// WaitingAudit is an audit that waits for a verifier, and whose it is.
type WaitingAudit struct {
	ID, Job, Owner string
	Rush           int64 // its job's
	Created        int64
}

// AuditKind says what an audit is for.
type AuditKind string

const (
	AuditCheck    AuditKind = ""         // of an attempt
	AuditHoneypot AuditKind = "honeypot" // of the verifier, with an attempt whose answer is known
	AuditCanary   AuditKind = "canary"   // of the job's scene, on another device class
)

// Standing is what the network has learnt about a node; manager/audit keeps it.
type Standing struct {
	Trust    float64 `json:"trust,omitempty"`    // 0 for a newcomer to 1, decaying; see manager/audit
	At       int64   `json:"at,omitempty"`       // Unix milliseconds that Trust is of
	Verdicts int     `json:"verdicts,omitempty"` // of a verifier: those that counted
	Wrong    int     `json:"wrong,omitempty"`    // of a verifier: those that others, or a honeypot, refuted
	Barred   int64   `json:"barred,omitempty"`   // Unix milliseconds until which a verifier that was refuted checks nothing
	Owner    string  `json:"owner,omitempty"`    // who runs it, as far as known: nodes of one owner don't check one another
	Slashed  int     `json:"slashed,omitempty"`  // quorums against it
	Owes     bool    `json:"owes,omitempty"`     // of a verifier: one of its next audits is a honeypot
	// Pace is of a worker: its bench score by real frames, against the one that it states; 0 is 1.
	// manager/lease keeps it.
	Pace float64 `json:"pace,omitempty"`
}

// Node is a worker or verifier.
type Node struct {
	Standing     Standing
	Address      string
	SealKey      []byte
	Roles        []job.Role
	Capabilities job.Capabilities
	Passes       int // since the last fail
	Fails        int
	Seen         int64  // Unix milliseconds
	Manager      string // that it was connected to last
}

// Package is a registered package.
type Package struct {
	ID      string
	Owner   string
	Size    int64 // of the sealed manifest
	Digest  string
	Bytes   int64 // plain bytes of the scene
	Files   int
	Ready   bool
	Created int64
	Used    int64 // Unix milliseconds of the last draft with it
}

// Unaccepted is an object that an artist has had stored before accepting a price for it: a chunk, or a
// package with its manifest and its rows.
type Unaccepted struct {
	Object string // the chunk's or the package's id
	Size   int64  // bytes
}

// Entry says that a node is owed for one frame, or for one part of a still. (Job, Frame, Part,
// Role) is unique, ever.
type Entry struct {
	Job     string
	Frame   int
	Part    int // index of the task of a tile or of the assembly; 0 for a whole frame
	Role    job.Role
	Node    string
	Amount  job.Amount
	Attempt string
	Audit   string
	Time    int64
	Settled bool // the escrow has moved it to the payouts
}

// Fee says that a verifier is owed for its verdict on one frame of an attempt that was
// rejected, since others confirmed it. The frame itself is paid for when somebody renders it right.
type Fee struct {
	Job     string
	Frame   int
	Attempt string
	Node    string // the verifier
	Audit   string
	Amount  job.Amount
	Time    int64 // Unix milliseconds
	Settled bool
}

// Earning is what one node has earned in one role.
type Earning struct {
	Node   string
	Role   job.Role
	Amount job.Amount
	Read   int // entries that were read for it: those of jobs that go on
}

// Leaf is one account of an epoch's tree.
type Leaf struct {
	Node       string     `json:"node"`
	Cumulative job.Amount `json:"cumulative"`
}

// Epoch is one settlement.
type Epoch struct {
	Number uint64
	Root   string // 0x hex
	Total  job.Amount
	Leaves []Leaf
	Tx     string // "" until it is on the chain
}

// Withdrawal is what a node has claimed so far.
type Withdrawal struct {
	Node    string
	Claimed job.Amount
	Tx      string // of the last claim
}

// OpState is where an outbox entry stands.
type OpState string

const (
	OpPending OpState = "pending"
	OpDone    OpState = "done"
	OpFailed  OpState = "failed" // for good; Error says why
)

// Op is an entry of the outbox. Kind and Ref name it; doing it twice has the effect of
// doing it once.
type Op struct {
	ID    int64
	Kind  string
	Ref   string
	Body  json.RawMessage
	State OpState
	Tries int
	Next  int64 // Unix milliseconds before which it isn't tried again
	Tx    string
	Error string
}

// Fingerprint is one rendered image that the network has paid for or looked at: nobody sells
// it twice.
type Fingerprint struct {
	Hash    string // of the pixels, hex
	Job     string
	Frame   int
	Attempt string
	Worker  string
	Time    int64
}

// Deed is a line of the trail of who changed what.
type Deed struct {
	ID      int64
	Time    int64 // Unix milliseconds
	Who     string
	What    string // "job.cancel"
	Subject string // the id of the job, node, …
	Detail  string
}

// Manager is one of the managers that share the database.
type Manager struct {
	ID      string
	Address string // of its identity
	URL     string
	Started int64 // Unix milliseconds
	Seen    int64
}

// Signal is a short message between the managers that share the database.
type Signal struct {
	From string `json:"from"`
	Kind string `json:"kind"`
	Body string `json:"body"` // at most 7 000 bytes
	// Lost says that signals before this one may have been missed: look at everything again.
	Lost bool `json:"-"`
}

// Totals is how much there is of what, for those who watch the manager.
type Totals struct {
	Jobs    map[job.State]int
	Tasks   map[job.TaskState]int        // those that are waiting and out: neither done nor failed
	Audits  map[lifecycle.AuditState]int // those that are open
	Held    int                          // attempts, copies included
	Earned  job.Amount                   // by verified frames and confirmed verdicts, of every job
	Settled job.Amount                   // the same, of jobs that are over
	Escrow  job.Amount                   // that jobs have on the chain now
}
