package proof

import (
	"encoding/hex"
	"fmt"
)

// Digest is a SHA-256 digest; it reads and writes as lower-case hex.
type Digest [32]byte

func (d Digest) String() string               { return hex.EncodeToString(d[:]) }
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText accepts exactly 64 hex digits.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return fmt.Errorf("a digest has 64 hex digits, not %d characters", len(text))
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// FrameCommit is what a worker commits to for one frame.
type FrameCommit struct {
	Frame        int    `json:"frame"`
	W            int    `json:"w"` // pixels
	H            int    `json:"h"`
	FileDigest   Digest `json:"fileDigest"`   // SHA-256 of the delivered file
	MasterDigest Digest `json:"masterDigest"` // SHA-256 of the master EXR
	MasterRoot   Digest `json:"masterRoot"`   // Merkle root over the master's tiles
	FinalRoot    Digest `json:"finalRoot"`    // over the delivered image's tiles; zero where the format is lossy
	Activity     []byte `json:"activity"`     // one byte a tile: quantised log2 of the master tile's luminance variance
}
