package state

import (
	"image"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Link is the connection to the manager.
type Link struct {
	Manager   string // the address, or several with commas between
	At        string // that of them which the model is connected to; "" before
	Connected bool
	Problem   string // why not, and the next step; "" while connected or still trying for the first time
	Refused   bool   // a manager answered and doesn't let us in
	Address   string // the manager's own identity
	Operator  bool   // we are its operator
	Money     wire.Money
}

// Row is a job in the list.
type Row struct {
	Job job.Job
	ETA float64 // seconds until the last frame; 0 while unknown
}

// View is the job that is open.
type View struct {
	Job     job.Job
	Frames  []job.Frame // ascending
	Events  []wire.Event
	ETA     float64 // seconds; 0 while unknown
	Why     string  // why nothing renders now
	Loading bool    // nothing has arrived yet
	Problem string  // why it can't be shown
	Thumbs  map[int]image.Image
	Large   *Large // what Look asked for; nil for nothing
}

// Large is a frame's large picture, or why there is none; neither while it is under way.
type Large struct {
	Number  int
	Picture image.Image
	Problem string
}

// Offer is what rendering a job's missing frames again would cost.
type Offer struct {
	Job    string // the one that ended
	Frames int
	Quote  job.Quote
	quote  wire.JobQuote
}

// Notice is one line about what the last action came to.
type Notice struct {
	Text string
	Bad  bool
}

// Snapshot is everything that the screens show. Nothing in it may be changed.
type Snapshot struct {
	Link    Link
	Jobs    []Row // newest first
	Older   bool  // the manager has older ones, which are over; Older fetches them
	Sum     Sum   // of the jobs
	Loaded  bool  // the job list has arrived at least once
	Open    *View // nil while no job is open
	Nodes   []job.Node
	Payouts []job.Payout
	Worker  WorkerStatus
	Notice  Notice
	Offer   *Offer // a price that waits for an answer; nil for none
	Busy    string // the action that is under way; "" for none
}
