package submit

// Phase is where a submission stands.
type Phase string

const (
	Preflight Phase = "preflight" // the scene is looked at
	Pack      Phase = "pack"      // it is packed and uploaded
	Quote     Phase = "quote"     // the manager makes a price
	Confirm   Phase = "confirm"   // the artist decides: AcceptQuote, RejectQuote
	Fund      Phase = "fund"      // the escrow is paid
	Render    Phase = "render"    // frames are rendered, checked and fetched
	Delivered Phase = "delivered" // every frame is here; the artist decides: AcceptFrames, Claim
	Accepted  Phase = "accepted"  // agreed; the job is being settled
	Settled   Phase = "settled"   // paid and refunded
	Checked   Phase = "checked"   // CheckOnly, and preflight is done
	Rejected  Phase = "rejected"  // the artist didn't take the quote
	Cancelled Phase = "cancelled" // the artist stopped it
	Failed    Phase = "failed"    // see Status.Error; Resume tries again from where it was
)

// final tells whether nothing can follow.
func (p Phase) final() bool {
	switch p {
	case Settled, Checked, Rejected, Cancelled:
		return true
	}
	return false
}

// Reached tells whether a submission that stands at p needs nothing more from this machine
// for its frames: they are all here, or they never will be.
func (p Phase) Reached() bool {
	return p.final() || p == Failed || p == Delivered || p == Accepted
}
