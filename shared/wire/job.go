package wire

import "github.com/heliostat-render/heliostat/shared/job"

// The artist's conversation about jobs; studios and operators use the reading half.
const (
	TypeJobDraft    Type = "job.draft"    // JobDraft -> JobQuote
	TypeJobFund     Type = "job.fund"     // JobFund -> Job
	TypeJobCheck    Type = "job.check"    // JobDraft without package and key -> JobChecked: before anything is uploaded
	TypeJobChecked  Type = "job.checked"  //
	TypeJobList     Type = "job.list"     // JobList -> Jobs
	TypeJobShow     Type = "job.show"     // JobShow -> JobDetail
	TypeJobWatch    Type = "job.watch"    // JobWatch -> OK, then JobUpdate pushes until the connection ends
	TypeJobUpdate   Type = "job.update"   // pushed
	TypeJobCancel   Type = "job.cancel"   // JobControl -> Job
	TypeJobPause    Type = "job.pause"    // JobControl -> Job
	TypeJobResume   Type = "job.resume"   // JobControl -> Job
	TypeJobPriority Type = "job.priority" // JobPriority -> Job: live
	TypeJobRush     Type = "job.rush"     // JobRush -> Job: live, an operator's
	TypeJobRequeue  Type = "job.requeue"  // JobRequeue -> Job: undelivered frames go back to the queue
	TypeJobRelease  Type = "job.release"  // JobControl -> Job: after the scout frames, the rest
	TypeJobAccept   Type = "job.accept"   // JobAccept -> Job
	TypeJobClaim    Type = "job.claim"    // JobClaim -> Job
	TypeJobFetch    Type = "job.fetch"    // JobFetch -> JobFiles
	TypeJobQuote    Type = "job.quote"    //
	TypeJob         Type = "job.job"      //
	TypeJobs        Type = "job.jobs"     //
	TypeJobDetail   Type = "job.detail"   //
	TypeJobFiles    Type = "job.files"    //
	TypeNodeList    Type = "node.list"    // NodeList -> Nodes
	TypeNodes       Type = "node.nodes"   //
	TypeRendererAsk Type = "renderer.ask" // RendererAsk -> Renderers: what can be rendered here, for preflight
	TypeRenderers   Type = "renderer.all" //
)

// JobDraft describes a job. The job key is sealed to the manager for this package
// (seal.SealJobKey), which seals it again to each node that needs it.
type JobDraft struct {
	Request  string     `json:"request"` // the client's own unique id: the same draft sent twice makes one job
	Name     string     `json:"name"`
	Package  string     `json:"package"`
	JobKey   []byte     `json:"jobKey"`
	Recipe   job.Recipe `json:"recipe"`
	Frames   []int      `json:"frames"`
	Priority int        `json:"priority,omitempty"`
	Deadline int64      `json:"deadline,omitempty"` // Unix seconds
	MaxPrice job.Amount `json:"maxPrice,omitempty"` // refuse quotes above it; 0 for any
	Needs    job.Needs  `json:"needs"`
	After    []string   `json:"after,omitempty"` // jobs that have to be delivered first, at most 64
	Scout    bool       `json:"scout,omitempty"` // see job.Job
	// ReleaseAfter goes with Scout, at most 30 days; see job.Job.
	ReleaseAfter *int64 `json:"releaseAfter,omitempty"`
	Tiles        int    `json:"tiles,omitempty"` // see job.Job; at most 1 024
	// From takes over package and job key of another job of the same artist; Package and JobKey
	// are empty then.
	From string `json:"from,omitempty"`
}

// JobQuote answers a draft.
type JobQuote struct {
	Job   job.Job   `json:"job"`
	Quote job.Quote `json:"quote"`
	// What the artist signs to fund it (shared/receipt.Funding and Permit); empty when
	// settlement is off.
	ChainJob    string `json:"chainJob,omitempty"`    // bytes32, 0x hex
	QuoteHash   string `json:"quoteHash,omitempty"`   // bytes32, 0x hex
	PermitNonce uint64 `json:"permitNonce,omitempty"` // the token's permit nonce of the artist
	Balance     int64  `json:"balance"`               // the artist's balance in base units
}

// JobChecked answers a draft that is only looked at.
type JobChecked struct {
	Refused  *Error   `json:"refused,omitempty"`  // what its draft would be refused with, as far as can be told without its package
	Warnings []string `json:"warnings,omitempty"` // for people; it may be submitted all the same
}

// JobFund accepts a quote and pays the ceiling into escrow. The manager relays both
// signatures, so the artist needs no gas. Signatures are empty when settlement is off.
type JobFund struct {
	Job      string `json:"job"`
	Quote    string `json:"quote"`
	Deadline int64  `json:"deadline"` // Unix seconds, of both signatures
	Funding  []byte `json:"funding,omitempty"`
	Permit   []byte `json:"permit,omitempty"`
}

// JobList asks for jobs, newest first.
type JobList struct {
	All    bool   `json:"all,omitempty"`    // every owner's: studio and operator only
	Going  bool   `json:"going,omitempty"`  // only those that aren't over: neither accepted, settled, cancelled nor failed
	Before string `json:"before,omitempty"` // continue after this job
	Limit  int    `json:"limit,omitempty"`  // at most 500; 0 is 100
}

// Jobs answers JobList.
type Jobs struct {
	Jobs []job.Job `json:"jobs"`
	More bool      `json:"more,omitempty"`
}

// JobShow asks for one job. A long one comes in pages: the next begins after as many frames and
// tasks as came so far.
type JobShow struct {
	Job    string `json:"job"`
	Frames int    `json:"frames,omitempty"` // frames to leave out, in the order of their numbers
	Tasks  int    `json:"tasks,omitempty"`  // tasks to leave out, in the order of their indexes
	// Brief asks for the job, the time left and the reason for waiting alone: no list of frames, no frame, task or event.
	Brief bool `json:"brief,omitempty"`
}

// JobWatch subscribes to one job, or to all that the client may see.
type JobWatch struct {
	Job string `json:"job,omitempty"`
	All bool   `json:"all,omitempty"`
}

// JobUpdate is a change: the job without its frame list, and the frames and tasks that
// changed.
type JobUpdate struct {
	Job    job.Job     `json:"job"`
	Frames []job.Frame `json:"frames,omitempty"`
	Event  *Event      `json:"event,omitempty"`
	ETA    float64     `json:"eta,omitempty"` // seconds until the last frame; 0 while unknown
}

// Event is one line of a job's history.
type Event struct {
	Time int64  `json:"time"` // Unix milliseconds
	What string `json:"what"` // "frame rejected"
	Text string `json:"text"` // for people
	Node string `json:"node,omitempty"`
}

// JobDetail is everything about one job.
type JobDetail struct {
	Job    job.Job     `json:"job"`
	Frames []job.Frame `json:"frames"`
	Tasks  []job.Task  `json:"tasks"`
	Events []Event     `json:"events"`
	ETA    float64     `json:"eta,omitempty"`
	Why    string      `json:"why,omitempty"` // why nothing renders now
	// More says that frames or tasks are left. Pages after the first have no events, nor the job's list of frames.
	More bool `json:"more,omitempty"`
}

// JobControl names a job for cancel, pause and resume.
type JobControl struct {
	Job    string `json:"job"`
	Reason string `json:"reason,omitempty"`
}

// JobPriority changes a job's place in the queue.
type JobPriority struct {
	Job      string `json:"job"`
	Priority int    `json:"priority"` // -100 to 100
}

// JobRush puts a job before everybody's until it is done, or back into its turn.
type JobRush struct {
	Job    string `json:"job"`
	Off    bool   `json:"off,omitempty"`
	Reason string `json:"reason,omitempty"` // for those who wait meanwhile; at most 200 bytes of it are kept
}

// JobRequeue takes frames that aren't delivered yet back from whoever has them.
type JobRequeue struct {
	Job    string `json:"job"`
	Frames []int  `json:"frames"` // none for all that aren't delivered
	Reason string `json:"reason,omitempty"`
}

// JobAccept agrees to a delivery. Signature is over shared/receipt.Acceptance; empty when
// settlement is off.
type JobAccept struct {
	Job       string `json:"job"`
	Signature []byte `json:"signature,omitempty"`
}

// JobClaim disputes delivered frames inside the dispute window.
type JobClaim struct {
	Job    string `json:"job"`
	Frames []int  `json:"frames"`
	Reason string `json:"reason"`
	// Signature is the artist's over receipt.BadResult, good until Deadline (Unix seconds), where the network pays over a chain: the escrow
	// holds what the frames cost too. FramesHash and Amount follow from receipt.FramesHash and receipt.HeldFor.
	Signature []byte `json:"signature,omitempty"`
	Deadline  int64  `json:"deadline,omitempty"`
}

// JobFetch asks for delivered frames.
type JobFetch struct {
	Job    string `json:"job"`
	Frames []int  `json:"frames"`
}

// JobFiles answers JobFetch.
type JobFiles struct {
	Files []JobFile `json:"files"`
	// Acceptance is what JobAccept has to sign, once the job is delivered.
	ChainJob     string     `json:"chainJob,omitempty"`
	DeliveryRoot string     `json:"deliveryRoot,omitempty"`
	Amount       job.Amount `json:"amount,omitempty"`
}

// JobFile is one delivered file.
type JobFile struct {
	Frame  int    `json:"frame"`
	Name   string `json:"name"` // proposed file name: "0012.png"
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
	Get    Signed `json:"get"`
	Extra  bool   `json:"extra,omitempty"` // a further file of the frame: of a File Output node, or of another stereo view
}

// NodeList asks for the nodes that the client may see.
type NodeList struct{}

// Nodes answers NodeList.
type Nodes struct {
	Nodes []job.Node `json:"nodes"`
}

// RendererAsk asks what this network can render.
type RendererAsk struct{}

// Renderers answers with each install once and how many workers have it.
type Renderers struct {
	Installs []RendererCount `json:"installs"`
}

// RendererCount is one install of the network.
type RendererCount struct {
	job.Install
	Device  string `json:"device,omitempty"` // of these workers: "CPU", "GPU"; "" is not known
	Workers int    `json:"workers"`
}
