package wire

import (
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// The verifier's conversation: it renders the challenged tiles blind and commits to their
// pixels before it sees the worker's.
const (
	TypeVerifierReady Type = "verifier.ready" // VerifierReady -> OK
	TypeAuditOffer    Type = "audit.offer"    // pushed with an id: AuditOffer -> LeaseAnswer
	TypeAuditProgress Type = "audit.progress" // AuditProgress, no answer
	TypeAuditCommit   Type = "audit.commit"   // AuditCommit -> AuditReveal, once durable
	TypeAuditReveal   Type = "audit.reveal"   //
	TypeAuditEvidence Type = "audit.evidence" // AuditEvidence -> BlobURLs with one entry
	TypeAuditVerdict  Type = "audit.verdict"  // AuditVerdict -> OK, once durable
	TypeAuditFail     Type = "audit.fail"     // AuditFail -> OK
	TypeAuditRevoke   Type = "audit.revoke"   // pushed: LeaseRevoke with the audit's id
)

// VerifierReady announces a verifier.
type VerifierReady struct {
	Capabilities job.Capabilities `json:"capabilities"`
	Free         int              `json:"free"`
	Audits       []string         `json:"audits,omitempty"` // still held after a reconnect
}

// AuditOffer is a challenge. It says nothing of the worker or its pixels.
type AuditOffer struct {
	Audit    string     `json:"audit"`
	Job      string     `json:"job"`
	Package  string     `json:"package"`
	Manifest Signed     `json:"manifest"`
	JobKey   []byte     `json:"jobKey"` // sealed to the verifier
	Recipe   job.Recipe `json:"recipe"`
	// Version and Build are which of its installs the verifier is to use, where the recipe takes several releases.
	Version string      `json:"version,omitempty"`
	Build   string      `json:"build,omitempty"`
	Frames  []FrameSeed `json:"frames"` // those with tiles below
	Tiles   []Tile      `json:"tiles"`
	// Kind is the task's. Of TaskTile every tile below lies in Border, whose own grid numbers them.
	// TaskAssemble has one frame and no tiles: its Master is joined from verified tiles, and the verifier
	// makes the delivered file from it before it sees the worker's.
	Kind     job.TaskKind `json:"kind,omitempty"`
	Border   *job.Border  `json:"border,omitempty"`
	Master   *PartFile    `json:"master,omitempty"`
	Deadline int64        `json:"deadline"` // Unix milliseconds
}

// Tile is a challenged region of a frame, in pixels from the image's top left.
type Tile struct {
	Frame int `json:"frame"`
	Tile  int `json:"tile"` // row-major index of the 16×16 grid, of the border where the offer has one
	X     int `json:"x"`
	Y     int `json:"y"`
	W     int `json:"w"`
	H     int `json:"h"`
}

// AuditProgress is for people; it may be lost.
type AuditProgress struct {
	Audit    string  `json:"audit"`
	Fraction float64 `json:"fraction"`
}

// AuditCommit binds the verifier to its pixels.
type AuditCommit struct {
	Audit   string       `json:"audit"`
	Samples proof.Digest `json:"samples"` // proof.Bound: what the verdict's evidence has to show
}

// MaxRevealedExtras bounds the further files whose URLs one AuditReveal gives, so that it fits into a message.
const MaxRevealedExtras = 1024

// AuditReveal shows the worker's side. Finals and Masters are GETs of whole files, in the
// order of Frames.
type AuditReveal struct {
	Attempt string `json:"attempt"`
	Worker  string `json:"worker"`
	Class   string `json:"class"` // receipt.Class of the worker's render
	Key     string `json:"key"`   // what the tiles were drawn with, hex
	// AttemptKey is the verification key whose hash the receipt names, hex; Key is the same, or where a
	// bad-result claim asks, slash.ClaimKey of it.
	AttemptKey string              `json:"attemptKey"`
	Claim      int                 `json:"claim,omitempty"`
	Receipt    receipt.Receipt     `json:"receipt"`
	Sign       []byte              `json:"signature"`
	Commits    []proof.FrameCommit `json:"commits"` // of every frame of the task
	Frames     []int               `json:"frames"`  // the challenged ones
	Finals     []Signed            `json:"finals"`
	Masters    []Signed            `json:"masters"`
	// Extras are the further files of each of Frames, in the order of its commitment, where the policy
	// compares them. A list may be shorter, at most MaxRevealedExtras of all are given.
	Extras   [][]Signed   `json:"extras,omitempty"`
	Policies proof.Policy `json:"policy"`
}

// AuditEvidence asks to upload the evidence, as shared/proof/PROTOCOL.md writes it.
type AuditEvidence struct {
	Audit  string `json:"audit"`
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
}

// AuditVerdict is the signed judgement; the manager recomputes it from the evidence.
type AuditVerdict struct {
	Audit     string          `json:"audit"`
	Verdict   receipt.Verdict `json:"verdict"`
	Signature []byte          `json:"signature"`
	// Result are the figures that the manager recomputed, as it keeps them; verifiers leave it out.
	Result  proof.Verdict `json:"result,omitzero"`
	Seconds float64       `json:"seconds"` // rendering time of the tiles
}

// AuditFail gives an audit back.
type AuditFail struct {
	Audit string `json:"audit"`
	// Fault is "verifier" when this verifier couldn't render, "missing" when the worker's
	// files can't be fetched or don't have the committed digest.
	Fault string `json:"fault"`
	Cause string `json:"cause"`
}
