package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// Seed is the render seed that is bound to one frame of one attempt:
// the first four bytes of HMAC-SHA256(jobKey, "heliostat/seed/1" ‖ u32 len(task) ‖ task ‖
// i32 frame ‖ u32 attempt) with the sign bit cleared. It is 0 to 2^31-1, Cycles' range.
func Seed(jobKey [32]byte, task string, frame, attempt int) int32 {
	be := binary.BigEndian
	m := hmac.New(sha256.New, jobKey[:])
	m.Write([]byte("heliostat/seed/1"))
	m.Write(be.AppendUint32(nil, uint32(len(task))))
	m.Write([]byte(task))
	m.Write(be.AppendUint32(nil, uint32(int32(frame))))
	m.Write(be.AppendUint32(nil, uint32(attempt)))
	return int32(be.Uint32(m.Sum(nil)) & 0x7fffffff)
}

// KeyHash is what is published of a verification key while the worker renders: its SHA-256.
func KeyHash(key [32]byte) Digest { return sha256.Sum256(key[:]) }
