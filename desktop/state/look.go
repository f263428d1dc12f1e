package state

import (
	"slices"

	"github.com/heliostat-render/heliostat/shared/job"
)

func sortInts(numbers []int) { slices.Sort(numbers) }

// Look is how a frame appears to people: its state, and whether somebody works on it.
type Look string

const (
	LookWaiting   Look = "waiting"
	LookRendering Look = "rendering"
	LookChecking  Look = "checking"
	LookVerified  Look = "verified"
	LookDelivered Look = "delivered"
	LookAccepted  Look = "accepted"
	LookAgain     Look = "again"    // was rejected, waits for another worker
	LookDropped   Look = "given up" // its job ended without it
)

// LookOf derives a frame's look from it and its job's state: of a job that was cancelled or failed nothing is worked
// on any more.
func LookOf(s job.State, frame job.Frame) Look {
	look := alone(frame)
	if ended := s == job.Cancelled || s == job.Failed; ended && look != LookVerified && look != LookDelivered && look != LookAccepted {
		return LookDropped
	}
	return look
}

// alone is a frame's look while its job goes on.
func alone(frame job.Frame) Look {
	switch frame.State {
	case job.FrameUploaded:
		return LookChecking
	case job.FrameVerified:
		return LookVerified
	case job.FrameDelivered:
		return LookDelivered
	case job.FrameAccepted:
		return LookAccepted
	}
	// A frame that was rejected names its last worker, all done, until another takes it.
	if frame.State == job.FramePending && frame.Worker != "" && !(frame.Rejects > 0 && frame.Progress >= 1) {
		return LookRendering
	}
	if frame.Rejects > 0 || frame.State == job.FrameRejected {
		return LookAgain
	}
	return LookWaiting
}

// Final tells whether a job can't change any more.
func Final(s job.State) bool {
	switch s {
	case job.Settled, job.Cancelled, job.Failed:
		return true
	}
	return false
}

// Finished tells whether a job's frames are all there or never will be.
func Finished(s job.State) bool {
	return Final(s) || s == job.Delivered || s == job.Accepted || s == job.Disputed
}

// Done is how many of a job's frames the artist can have.
func Done(c job.Counts) int { return c.Delivered + c.Accepted }

// Total is how many frames a job has. Pushes carry a job without its list of frames, so the
// counts stand in for it.
func Total(j job.Job) int {
	if len(j.Frames) > 0 {
		return len(j.Frames)
	}
	c := j.Counts
	return c.Pending + c.Uploaded + c.Verified + c.Delivered + c.Accepted
}

// May says which actions a job's state allows. The manager decides; this only keeps
// buttons from promising what it would refuse.
type May struct{ Pause, Resume, Cancel, Accept, Claim, Release, Requeue, Again, Priority, Rush bool }

// For leaves what a person may do: everything but rushing with a job of one's own, the operator with any what needs no
// signature of its owner's, and anybody else nothing.
func (m May) For(owner, operator bool) May {
	m.Rush = m.Rush && operator
	switch {
	case owner:
		return m
	case operator:
		m.Accept, m.Claim, m.Again = false, false, false
		return m
	}
	return May{}
}

// GoesOn looks among all jobs for the last one that renders what is missing of a job, nil for none, and counts the frames
// that are missing still.
func GoesOn(rows []Row, j job.Job) (next *job.Job, left int) {
	left = Total(j) - Done(j.Counts)
	for i := range rows {
		r := &rows[i].Job
		if r.Origin != j.ID || j.ID == "" || r.Started == 0 {
			continue
		}
		if r.State == job.Cancelled || r.State == job.Failed {
			left -= Done(r.Counts)
		} else {
			left -= Total(*r)
		}
		if next == nil || r.Created > next.Created {
			next = r
		}
	}
	return next, max(left, 0)
}

// MayOf lists the actions that a job allows.
func MayOf(j job.Job) May {
	switch j.State {
	case job.Draft, job.Quoted:
		return May{Cancel: true, Priority: true}
	case job.Funded, job.Rendering:
		return May{Pause: true, Cancel: true, Requeue: true, Release: j.Scout && !j.Released, Priority: true, Rush: true}
	case job.Paused:
		return May{Resume: true, Cancel: true, Priority: true, Rush: true}
	case job.Delivered:
		return May{Accept: true, Claim: true}
	case job.Failed, job.Cancelled:
		return May{Again: Done(j.Counts) < Total(j)}
	}
	return May{}
}
