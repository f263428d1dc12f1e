package submit

import (
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// maxEvents bounds the job's history lines that a Status carries.
const maxEvents = 20

// Status is a snapshot of a submission, as plug-ins poll it.
type Status struct {
	Key      string        `json:"key"` // names the submission for Resume
	Name     string        `json:"name"`
	Phase    Phase         `json:"phase"`
	Fraction float64       `json:"fraction"`      // of the phase, 0 to 1
	ETA      float64       `json:"eta,omitempty"` // seconds until the phase ends, 0 while unknown
	Text     string        `json:"text"`          // one line for people
	Why      string        `json:"why,omitempty"` // in phase render: why nothing renders now
	Findings []Finding     `json:"findings,omitempty"`
	Upload   Upload        `json:"upload"`
	Quote    *job.Quote    `json:"quote,omitempty"`
	Balance  job.Amount    `json:"balance,omitempty"` // the artist's, when the quote was made
	Symbol   string        `json:"symbol,omitempty"`  // of the token
	Job      *job.Job      `json:"job,omitempty"`
	Frames   []FrameStatus `json:"frames,omitempty"`
	Here     int           `json:"here"`                // frames that are in the output folder
	Last     string        `json:"lastFrame,omitempty"` // path of the frame that arrived last
	LastNo   int           `json:"lastFrameNumber,omitempty"`
	Events   []wire.Event  `json:"events,omitempty"` // the job's latest, oldest first
	Error    *Problem      `json:"error,omitempty"`
}

// Upload is how far packing and uploading are.
type Upload struct {
	Step     string `json:"step,omitempty"` // "scan", "pack", "upload"
	Files    int    `json:"files"`
	Bytes    int64  `json:"bytes"`    // of the scene
	Done     int64  `json:"done"`     // of Bytes
	Uploaded int64  `json:"uploaded"` // stored bytes sent
}

// FrameStatus is one frame as the artist sees it.
type FrameStatus struct {
	Frame    int            `json:"frame"`
	State    job.FrameState `json:"state"`
	Progress float64        `json:"progress,omitempty"`
	Worker   string         `json:"worker,omitempty"`
	Path     string         `json:"path,omitempty"`  // once it is here
	Aside    bool           `json:"aside,omitempty"` // Path is beside the wanted place, where another file is
	Rejects  int            `json:"rejects,omitempty"`
	Cause    string         `json:"cause,omitempty"`
}

// remaining estimates the seconds left from the share that is done, 0 while that is too
// small to tell.
func remaining(since time.Time, now time.Time, done float64) float64 {
	spent := now.Sub(since).Seconds()
	if done < 0.02 || done >= 1 || spent < 0.5 {
		return 0
	}
	return spent * (1 - done) / done
}
