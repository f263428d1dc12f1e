package lifecycle

import "github.com/heliostat-render/heliostat/shared/job"

// Frames is the life of a frame.
var Frames = Table[job.FrameState]{
	Noun:    "frame",
	Initial: []job.FrameState{job.FramePending},
	Transitions: []Transition[job.FrameState]{
		{job.FramePending, job.FrameUploaded, "manager/lease", "its task is committed"},
		{job.FrameUploaded, job.FrameVerified, "manager/audit", "passed"},
		{job.FrameUploaded, job.FrameRejected, "manager/audit", "failed its check"},
		{job.FrameRejected, job.FramePending, "manager/audit", "at once; the cause stays in the history"},
		{job.FrameVerified, job.FrameDelivered, "manager/audit", "the artist can fetch it"},
		{job.FrameDelivered, job.FrameAccepted, "the artist, or manager/settle", "with its job"},
		{job.FrameDelivered, job.FrameRejected, "manager/audit", "a bad-result claim is upheld"},
	},
}
