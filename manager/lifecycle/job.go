package lifecycle

import "github.com/heliostat-render/heliostat/shared/job"

// Jobs is the life of a job.
var Jobs = Table[job.State]{
	Noun:    "job",
	Initial: []job.State{job.Draft},
	Transitions: []Transition[job.State]{
		{job.Draft, job.Quoted, "manager/intake", "manager/quote has priced it"},
		{job.Draft, job.Cancelled, "the artist", "it isn't wanted"},
		{job.Quoted, job.Funded, "manager/settle", "the ceiling is in escrow, or settlement is off"},
		{job.Quoted, job.Cancelled, "the artist", "the quote is refused"},
		{job.Funded, job.Rendering, "manager/intake", "it is split into tasks, in the same step"},
		{job.Funded, job.Cancelled, "the artist", "before the split"},
		{job.Rendering, job.Delivered, "manager/audit", "the last frame passed"},
		{job.Rendering, job.Paused, "the artist, or manager/lease", "no new leases from now on; or a job that has to come first is lost"},
		{job.Rendering, job.Cancelled, "the artist", "verified frames are paid, the rest is refunded"},
		{job.Rendering, job.Failed, "manager/lease", "a task failed the same way on several workers"},
		{job.Paused, job.Rendering, "the artist", "resumed"},
		{job.Paused, job.Delivered, "manager/audit", "what was out when it was paused was all that was missing"},
		{job.Paused, job.Cancelled, "the artist", ""},
		{job.Paused, job.Failed, "manager/lease", "a task that was out failed for the last time"},
		{job.Delivered, job.Accepted, "the artist, or manager/settle", "agreed, or the dispute window is over"},
		{job.Delivered, job.Disputed, "the artist", "a bad-result claim"},
		{job.Disputed, job.Delivered, "manager/audit", "the claim is refused"},
		{job.Disputed, job.Rendering, "manager/audit", "the claim is upheld: the frames are rendered again"},
		{job.Accepted, job.Settled, "manager/settle", "paid into the payouts and the rest refunded"},
	},
}
