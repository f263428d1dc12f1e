// Package wire holds the messages of the network's protocol: one file per conversation,
// plain structs with JSON tags, no behaviour beyond the envelope's bounds. PROTOCOL.md
// beside it is the specification; a test keeps the two together.
//
// It is not the place for sessions (shared/link) or for what a message causes
// (manager/gateway and its siblings).
//
// Receives: nothing; both ends import it.
// Hands on: typed messages to shared/link.
package wire

import "encoding/json"

// Version is the protocol's version, the envelope's v. Fields are added, never reused;
// unknown fields are ignored, unknown types are answered with an error.
const Version = 1

// MaxMessage bounds one message, in bytes.
const MaxMessage = 4 << 20

// Type names a message: "conversation.verb".
type Type string

// Envelope is one websocket text message.
type Envelope struct {
	V    int             `json:"v"`
	ID   uint64          `json:"id,omitempty"` // the sender's number, where it wants an answer
	Re   uint64          `json:"re,omitempty"` // the ID that this answers
	Type Type            `json:"type"`
	Body json.RawMessage `json:"body,omitempty"`
}

// TypeError answers a request that failed; TypeOK one that has nothing else to say.
const (
	TypeError Type = "error"
	TypeOK    Type = "ok"
)

// Code tells programs what failed.
type Code string

const (
	CodeBadRequest   Code = "bad_request"  // the message is malformed or out of bounds; sending it again won't help
	CodeUnauthorised Code = "unauthorised" // wrong key, role or owner
	CodeNotFound     Code = "not_found"    // no such job, task, lease, …
	CodeConflict     Code = "conflict"     // the thing is in another state; the race was lost
	CodeLimit        Code = "limit"        // too much or too often
	CodeUnavailable  Code = "unavailable"  // the manager can't now; try again later
	CodeFull         Code = "full"         // the store's disk is full
	CodeUnsupported  Code = "unsupported"  // unknown type, or a version that isn't spoken
)

// Error is the body of TypeError. Message states the problem and Next the next step, both
// for people.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Next    string `json:"next,omitempty"`
}

// Error makes an answer usable as a Go error.
func (e *Error) Error() string {
	if e.Next == "" {
		return e.Message
	}
	return e.Message + "; " + e.Next
}
