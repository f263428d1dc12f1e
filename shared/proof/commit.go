package proof

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/heliostat-render/heliostat/shared/job"
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
	// Border is where in the recipe's image this lies, for a tile of a still; Assembled says that the
	// master was joined from tiles, so that nothing was sampled. Neither for a whole frame.
	Border    *job.Border `json:"border,omitempty"`
	Assembled bool        `json:"assembled,omitempty"`
	// GuidesRoot is the Merkle root over the tiles of the denoiser's guides, of a tile of a still that is denoised
	// once it is joined; zero otherwise.
	GuidesRoot Digest `json:"guidesRoot,omitzero"`
	// Extras are further files of the frame. They are bound to the receipt, and compared where Policy.Extras
	// says so.
	Extras []Extra `json:"extras,omitempty"`
}

// Extra is a further output of a frame: a File Output node's, or another view's.
type Extra struct {
	Name   string `json:"name"`   // relative and slash-separated, see CheckExtraName
	Digest Digest `json:"digest"` // SHA-256 of the file
}

// Bounds on a frame's further files.
const (
	MaxExtras    = 256
	MaxExtraName = 128 // bytes
)

// CheckExtraName refuses names that aren't safe as a relative path on every system: empty
// parts, "..", control characters, backslashes, colons, and over MaxExtraName bytes.
func CheckExtraName(name string) error {
	bad := len(name) > MaxExtraName || !utf8.ValidString(name)
	for _, part := range strings.Split(name, "/") {
		if part == "" || part == "." || part == ".." || strings.HasPrefix(part, "-") || strings.TrimRight(part, ". ") != part ||
			strings.ContainsFunc(part, func(r rune) bool { return r < 0x20 || r == 0x7f || strings.ContainsRune(`\:*?"<>|`, r) }) {
			bad = true
		}
	}
	if bad {
		return fmt.Errorf("%.160q can't be the name of a further file", name)
	}
	return nil
}
