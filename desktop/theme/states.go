package theme

import (
	"fyne.io/fyne/v2"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
)

// ForLook is the colour of a frame.
func ForLook(look state.Look) fyne.ThemeColorName {
	switch look {
	case state.LookRendering:
		return Sun
	case state.LookChecking:
		return Check
	case state.LookVerified:
		return Info
	case state.LookDelivered, state.LookAccepted:
		return Good
	case state.LookAgain:
		return Bad
	}
	return Faint
}

// ForJob is the colour of a job's state.
func ForJob(s job.State) fyne.ThemeColorName {
	switch s {
	case job.Funded, job.Rendering:
		return Sun
	case job.Quoted:
		return Info
	case job.Delivered, job.Accepted, job.Settled:
		return Good
	case job.Disputed:
		return Check
	case job.Failed:
		return Bad
	}
	return Soft
}

// ForNode is the colour of a node's state.
func ForNode(s job.NodeState) fyne.ThemeColorName {
	switch s {
	case job.NodeBusy:
		return Sun
	case job.NodeIdle:
		return Good
	}
	return Faint
}

// ForWorker is the colour of this machine's worker mode.
func ForWorker(s state.WorkerState) fyne.ThemeColorName {
	switch s {
	case state.WorkerBusy, state.WorkerStarting, state.WorkerOffline:
		return Sun
	case state.WorkerIdle:
		return Good
	case state.WorkerFailed:
		return Bad
	}
	return Faint
}
