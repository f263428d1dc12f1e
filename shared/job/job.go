package job

// State is where a job stands. manager/lifecycle holds the transitions.
type State string

const (
	Draft     State = "draft"     // described, not priced; manager/quote moves it on
	Quoted    State = "quoted"    // priced; the artist moves it on
	Funded    State = "funded"    // escrow holds the ceiling; manager/intake splits it
	Rendering State = "rendering" // tasks are out; manager/audit moves it on
	Delivered State = "delivered" // every frame is verified and handed over; the artist moves it on
	Accepted  State = "accepted"  // the artist, or the end of the dispute window, agreed; manager/settle moves it on
	Settled   State = "settled"   // paid and refunded; final
	Paused    State = "paused"    // no new leases; the artist moves it on
	Disputed  State = "disputed"  // a bad-result claim is open; manager/audit moves it on
	Cancelled State = "cancelled" // stopped by the artist; verified frames are paid, the rest refunded; final
	Failed    State = "failed"    // the scene's fault, with the cause; refunded; final
)

// Over tells whether nothing is rendered, checked or disputed any more.
func (s State) Over() bool {
	return s == Accepted || s == Settled || s == Cancelled || s == Failed
}

// Job is a package, a recipe, some frames, a price ceiling and a deadline.
type Job struct {
	ID       string `json:"id"` // "j" and 26 base-32 letters
	Owner    string `json:"owner"`
	Name     string `json:"name"`
	State    State  `json:"state"`
	Cause    string `json:"cause,omitempty"` // why it failed, was cancelled or disputed
	Package  string `json:"package"`
	Origin   string `json:"origin,omitempty"` // the job that it was drafted from, to render frames of it again; "" for none
	Recipe   Recipe `json:"recipe"`
	Frames   []int  `json:"frames"` // ascending, no duplicates
	Priority int    `json:"priority"`
	Deadline int64  `json:"deadline,omitempty"` // Unix seconds; 0 for none
	// Rush is since when it goes before everybody's jobs, in Unix milliseconds, 0 where it doesn't: an operator says so.
	// RushReason are the operator's words for those who wait meanwhile.
	Rush       int64  `json:"rush,omitempty"`
	RushReason string `json:"rushReason,omitempty"`
	Quote      Quote  `json:"quote"`
	Needs      Needs  `json:"needs"`
	// After are jobs that have to be delivered before this one starts.
	After []string `json:"after,omitempty"`
	// Scout renders the first, the middle and the last frame before the others are released;
	// Released says that they are.
	Scout    bool `json:"scout,omitempty"`
	Released bool `json:"released,omitempty"`
	// ReleaseAfter is how many seconds after the scouts passed their check the others are released
	// without a word of the artist, at least 0; nil is never.
	ReleaseAfter *int64 `json:"releaseAfter,omitempty"`
	// ReleaseAt is when that will be, in Unix milliseconds; 0 before the scouts are checked. It
	// moves on while the job is paused or no manager runs: only the time counts in which the scouts can be looked at.
	ReleaseAt int64 `json:"releaseAt,omitempty"`
	// Tiles is into about how many parts a still is split; 0 and 1 keep frames whole.
	Tiles    int   `json:"tiles,omitempty"`
	Created  int64 `json:"created"` // Unix milliseconds, as all that follow
	Started  int64 `json:"started,omitempty"`
	Finished int64 `json:"finished,omitempty"`

	Counts Counts `json:"counts"`
	Spent  Amount `json:"spent"`  // payable for verified frames so far
	Escrow Amount `json:"escrow"` // held for it on the chain now; 0 again once spent and refunded
	Refund Amount `json:"refund"` // returned to the artist
	Tx     Txs    `json:"tx"`
}

// Txs are the chain transactions of a job, "" while they haven't happened.
type Txs struct {
	Fund    string `json:"fund,omitempty"`
	Deliver string `json:"deliver,omitempty"`
	Settle  string `json:"settle,omitempty"`
	Refund  string `json:"refund,omitempty"`
}

// Counts says how many of a job's frames are in each state.
type Counts struct {
	Pending   int `json:"pending"`
	Uploaded  int `json:"uploaded"`
	Verified  int `json:"verified"`
	Delivered int `json:"delivered"`
	Accepted  int `json:"accepted"`
	Rejected  int `json:"rejected"` // rejections ever, not frames that are rejected now
}

// FrameState is where one frame stands.
type FrameState string

const (
	FramePending   FrameState = "pending"   // not rendered, or its result was refused; a worker moves it on
	FrameUploaded  FrameState = "uploaded"  // committed; manager/audit moves it on
	FrameVerified  FrameState = "verified"  // passed; manager/audit hands it to the artist
	FrameDelivered FrameState = "delivered" // the artist can fetch it; the artist moves it on
	FrameAccepted  FrameState = "accepted"  // final
	FrameRejected  FrameState = "rejected"  // failed its check; returns to pending at once, with the cause in the history
)

// Frame is the unit of delivery and payment.
type Frame struct {
	Job      string     `json:"job"`
	Number   int        `json:"number"`
	State    FrameState `json:"state"`
	Task     string     `json:"task"`
	Attempt  string     `json:"attempt,omitempty"`
	Worker   string     `json:"worker,omitempty"`
	Object   string     `json:"object,omitempty"` // blob key of the delivered file
	Size     int64      `json:"size,omitempty"`
	Digest   string     `json:"digest,omitempty"` // SHA-256, hex
	Verdict  string     `json:"verdict,omitempty"`
	Verifier string     `json:"verifier,omitempty"`
	Price    Amount     `json:"price"`
	Seconds  float64    `json:"seconds,omitempty"`  // render time
	Progress float64    `json:"progress,omitempty"` // 0 to 1 while it renders
	Rejects  int        `json:"rejects,omitempty"`
	Cause    string     `json:"cause,omitempty"` // of the last rejection
	Extras   []Extra    `json:"extras,omitempty"`
}

// Extra is a further file of a frame: of a File Output node, or of another stereo view.
type Extra struct {
	Name   string `json:"name"`   // safe relative file name
	Object string `json:"object"` // blob key
	Size   int64  `json:"size"`
	Digest string `json:"digest"` // SHA-256, hex
}
