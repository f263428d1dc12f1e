package wire

import (
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// The worker's conversation. The manager offers leases when it knows that the worker has
// a free slot; the worker renews them by heartbeat.
const (
	TypeWorkerReady   Type = "worker.ready"   // WorkerReady -> OK; sent again on every change
	TypeLeaseOffer    Type = "lease.offer"    // pushed by the manager with an id: LeaseOffer -> LeaseAnswer
	TypeLeaseAnswer   Type = "lease.answer"   //
	TypeLeaseRevoke   Type = "lease.revoke"   // pushed: LeaseRevoke, no answer
	TypeLeaseRelease  Type = "lease.release"  // LeaseRelease -> OK: the owner wants the machine back
	TypeTaskProgress  Type = "task.progress"  // TaskProgress, no answer
	TypeTaskUpload    Type = "task.upload"    // TaskUpload -> BlobURLs, in the order of the files
	TypeTaskCommit    Type = "task.commit"    // TaskCommit -> TaskCommitted, once durable
	TypeTaskCommitted Type = "task.committed" //
	TypeTaskFail      Type = "task.fail"      // TaskFail -> OK
)

// WorkerReady announces what a worker can do now. Slots is how many tasks it takes at
// once; Leases those that it still holds after a reconnect.
type WorkerReady struct {
	Capabilities job.Capabilities `json:"capabilities"`
	Free         int              `json:"free"`
	Ahead        int              `json:"ahead,omitempty"` // further tasks that it would hold, to fetch their packages early; filled only when no worker with a free slot suits
	Leases       []string         `json:"leases,omitempty"`
	Paused       string           `json:"paused,omitempty"` // the reason, while the owner's rules forbid work
	Packages     []string         `json:"packages,omitempty"`
}

// LeaseOffer gives a task to a worker until the deadline.
type LeaseOffer struct {
	Lease    string      `json:"lease"` // the attempt's id
	Task     string      `json:"task"`
	Job      string      `json:"job"`
	Owner    string      `json:"owner,omitempty"` // the artist's address, for the worker owner's allow and block lists
	Attempt  int         `json:"attempt"`
	Package  string      `json:"package"`
	Manifest Signed      `json:"manifest"` // GET
	JobKey   []byte      `json:"jobKey"`   // sealed to the worker
	Recipe   job.Recipe  `json:"recipe"`
	Frames   []FrameSeed `json:"frames"`
	KeyHash  string      `json:"keyHash"` // SHA-256 of the verification key, hex
	Deadline int64       `json:"deadline"`
	Seconds  int64       `json:"seconds"` // the lease's length; a heartbeat renews it by as much
	// Kind and Border are the task's; Parts are the verified tiles that TaskAssemble joins.
	Kind   job.TaskKind `json:"kind,omitempty"`
	Border *job.Border  `json:"border,omitempty"`
	Parts  []Part       `json:"parts,omitempty"`
}

// Part is one verified tile of a still.
type Part struct {
	Border job.Border `json:"border"`
	Final  *PartFile  `json:"final,omitempty"`
	Master *PartFile  `json:"master,omitempty"`
}

// PartFile is one file of a part.
type PartFile struct {
	Get    Signed `json:"get"`
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
}

// FrameSeed is a frame and the seed that the recipe is rendered with.
type FrameSeed struct {
	Frame int   `json:"frame"`
	Seed  int32 `json:"seed"`
}

// LeaseAnswer takes or declines an offer.
type LeaseAnswer struct {
	Taken  bool   `json:"taken"`
	Reason string `json:"reason,omitempty"`
}

// LeaseRevoke ends a lease: the job was cancelled, or the lease expired.
type LeaseRevoke struct {
	Lease  string `json:"lease"`
	Reason string `json:"reason"`
}

// LeaseRelease gives a lease back.
type LeaseRelease struct {
	Lease  string `json:"lease"`
	Reason string `json:"reason"`
}

// TaskProgress is for people, and tells that a lease gets on; it may be lost.
type TaskProgress struct {
	Lease    string  `json:"lease"`
	Phase    string  `json:"phase"` // "download", "load", "render", "upload"
	Frame    int     `json:"frame"`
	Fraction float64 `json:"fraction"` // of the phase, 0 to 1
	Done     int     `json:"done"`     // frames finished
	Memory   int64   `json:"memory,omitempty"`
}

// TaskUpload asks to upload files of one lease. The manager chooses the keys.
type TaskUpload struct {
	Lease string       `json:"lease"`
	Files []UploadFile `json:"files"`
}

// UploadFile is one file of a frame.
type UploadFile struct {
	Frame  int    `json:"frame"`
	Kind   string `json:"kind"`           // "final", "master" or "extra"
	Name   string `json:"name,omitempty"` // of an extra: a safe file name, at most 128 bytes
	Ext    string `json:"ext"`            // ".png"
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
}

// TaskCommit is the worker's signed promise. Frames are in the task's order and their
// root is the receipt's.
type TaskCommit struct {
	Lease     string              `json:"lease"`
	Receipt   receipt.Receipt     `json:"receipt"`
	Signature []byte              `json:"signature"`
	Frames    []proof.FrameCommit `json:"frames"`
	Files     []UploadFile        `json:"files"`
	Stats     []FrameStats        `json:"stats"`
	// Partial says that the owner took the machine back: these frames are finished, the rest
	// of the task returns to the queue.
	Partial bool `json:"partial,omitempty"`
}

// FrameStats are the worker's own figures; nothing is paid by them.
type FrameStats struct {
	Frame      int     `json:"frame"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"`
	Memory     int64   `json:"memory"`
}

// TaskCommitted tells that the commit is durable. The verification key is public from
// now on.
type TaskCommitted struct {
	Key string `json:"key"` // hex
}

// TaskFail ends an attempt without a result.
type TaskFail struct {
	Lease string          `json:"lease"`
	Kind  job.FailureKind `json:"kind"`
	Cause string          `json:"cause"`
	Log   string          `json:"log,omitempty"` // last lines, at most 16 KiB
}
