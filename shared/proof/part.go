package proof

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// ErrWhole means that a recipe's stills can't be rendered in tiles.
var ErrWhole = errors.New("this still has to be rendered whole")

// Tileable tells why stills of a recipe can't be rendered in tiles and joined without a trace;
// nil when they can. The error wraps ErrWhole.
func Tileable(r job.Recipe) error {
	why := ""
	p := PolicyFor(r)
	switch {
	case p.Method != MethodExact:
		why = "a region of " + r.Engine + " depends on what lies around it, so its tiles wouldn't meet without seams"
	case r.Format == "OPEN_EXR_MULTILAYER":
		why = "a multilayer file holds passes that are lost where tiles are joined; deliver OPEN_EXR or another format"
	case !lossless(r) && !slices.Contains([]string{"JPEG", "TIFF", "WEBP"}, r.Format):
		why = fmt.Sprintf("a %s file that was made from tiles can't be read for its check; deliver PNG, or OPEN_EXR with the codec ZIP", r.Format)
	}
	if why == "" {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrWhole, why)
}

// CheckBorder refuses a border that isn't a tile of a recipe's image: outside of it, or off the proof's
// grid, on which tiles meet.
func CheckBorder(r job.Recipe, b job.Border) error {
	if b.W <= 0 || b.H <= 0 || b.X < 0 || b.Y < 0 || b.X > r.Width-b.W || b.Y > r.Height-b.H {
		return fmt.Errorf("the border %+v isn't inside an image of %d×%d pixels", b, r.Width, r.Height)
	}
	if b.X%TileSize != 0 || b.Y%TileSize != 0 || b.W%TileSize != 0 && b.X+b.W != r.Width || b.H%TileSize != 0 && b.Y+b.H != r.Height {
		return fmt.Errorf("the border %+v isn't on the grid of %d pixels", b, TileSize)
	}
	return nil
}

// ForBorder is the policy for one tile of a still: its master is compared, with the guides of the denoiser where
// one comes later, and nothing else, since nothing else was made. p is the recipe's.
func (p Policy) ForBorder(b job.Border) Policy {
	p.Border = &b
	p.W, p.H, p.NeedMaster, p.CompareFinal = b.W, b.H, true, false
	p.Guides = p.Likeness == LikeNear // it is denoised, once it is joined
	p.Likeness, p.Ext, p.Extras, p.Eyes = LikeNone, "", false, false
	return p
}

// ForAssembly is the policy for a still that was joined from tiles: nothing was sampled, so no tile is rendered
// again; the delivered file is held to what the verifier develops from the master. p is the recipe's.
func (p Policy) ForAssembly(r job.Recipe) Policy {
	p.Assembled, p.NeedMaster, p.CompareFinal = true, true, false
	p.Likeness, p.Ext, p.Extras, p.Eyes = likenessOf(r), Extension(r.Format), true, false
	return p
}

// PolicyOf is the policy for what a worker committed to: whole frames, one tile, or a joined still.
func PolicyOf(r job.Recipe, frames []FrameCommit) Policy {
	p := PolicyFor(r)
	if len(frames) != 1 {
		return p
	}
	switch f := frames[0]; {
	case f.Border != nil:
		return p.ForBorder(*f.Border)
	case f.Assembled:
		return p.ForAssembly(r)
	}
	return p
}

// fits refuses commitments that a policy isn't for: evidence on them says nothing of the worker.
func (p Policy) fits(frames []FrameCommit) error {
	for _, f := range frames {
		switch {
		case (f.Border == nil) != (p.Border == nil) || f.Border != nil && *f.Border != *p.Border:
			return fmt.Errorf("%w: frame %d is committed as the region %v, the policy is for %v", ErrEvidence, f.Frame, f.Border, p.Border)
		case f.Assembled != p.Assembled:
			return fmt.Errorf("%w: frame %d is committed as joined from tiles: %v, the policy is for %v", ErrEvidence, f.Frame, f.Assembled, p.Assembled)
		}
	}
	return nil
}

// part returns the head of the hash of a commitment that is no whole frame's: 0x04 ‖ u8 kind (1 for a tile, 2 for a
// joined still, 3 for a tile with guides) ‖ u32 x ‖ u32 y ‖ u32 w ‖ u32 h of the tile's border ‖ of kind 3 GuidesRoot.
func (c FrameCommit) part() []byte {
	be := binary.BigEndian
	switch {
	case c.Border != nil:
		head := []byte{prefixPart, 1}
		if c.GuidesRoot != (Digest{}) {
			head[1] = 3
		}
		for _, v := range []int{c.Border.X, c.Border.Y, c.Border.W, c.Border.H} {
			head = be.AppendUint32(head, uint32(v))
		}
		if c.GuidesRoot != (Digest{}) {
			head = append(head, c.GuidesRoot[:]...)
		}
		return head
	case c.Assembled:
		return append([]byte{prefixPart, 2}, make([]byte, 16)...)
	}
	return nil
}

// checkPart holds what makes a commitment a part's to its own size.
func (c FrameCommit) checkPart(frames int) error {
	if c.Border == nil && c.GuidesRoot != (Digest{}) {
		return fmt.Errorf("frame %d isn't a tile, and has guides", c.Frame)
	}
	if c.Border == nil && !c.Assembled {
		return nil
	}
	if frames != 1 {
		return fmt.Errorf("frame %d is a part of a still, in a task of %d frames", c.Frame, frames)
	}
	if c.Border == nil {
		return nil
	}
	b := *c.Border
	if c.Assembled || b.W != c.W || b.H != c.H || b.X < 0 || b.Y < 0 || b.X > 65535-b.W || b.Y > 65535-b.H {
		return fmt.Errorf("frame %d: an image of %d×%d pixels can't be the border %+v", c.Frame, c.W, c.H, b)
	}
	if c.FileDigest != c.MasterDigest || c.FinalRoot != (Digest{}) || len(c.Extras) > 0 {
		return fmt.Errorf("frame %d: a tile has no file but its master", c.Frame)
	}
	return nil
}

// Channels of each view layer in the master of a tile that is denoised once it is joined: R G B A of the noisy
// pass, then R G B of the albedo and X Y Z of the normal.
const (
	noisyChannels = 4
	guideChannels = 6
)

// SplitGuides parts the master of a tile that is denoised once it is joined into the noisy passes of its view layers
// and what guides the denoiser. It goes by the channels' places: their names may be a stranger's.
func SplitGuides(img *raster.Raster) (master, guides *raster.Raster, err error) {
	const n = noisyChannels + guideChannels
	if len(img.Channels) == 0 || len(img.Channels)%n != 0 {
		return nil, nil, fmt.Errorf("a master of %d channels has no guides for a denoiser, which take %d of each layer", len(img.Channels), n)
	}
	var noisy, rest []int
	for i := range img.Channels {
		if i%n < noisyChannels {
			noisy = append(noisy, i)
		} else {
			rest = append(rest, i)
		}
	}
	return img.Take(noisy), img.Take(rest), nil
}

// CommitTile makes the commitment of one tile of a still from its only file, the master of the
// border's size; guided says that the still is denoised once it is joined.
func CommitTile(frame int, b job.Border, master []byte, guided bool) (FrameCommit, *Trees, error) {
	digest := Digest(sha256.Sum256(master))
	c := FrameCommit{Frame: frame, W: b.W, H: b.H, FileDigest: digest, MasterDigest: digest, Border: &b}
	t := &Trees{Frame: frame}
	var err error
	if t.Master, err = raster.DecodeEXR(master, raster.Limits{W: b.W, H: b.H}); err != nil {
		return FrameCommit{}, nil, fmt.Errorf("frame %d: reading the tile: %w", frame, err)
	}
	if guided {
		if t.Master, t.Guides, err = SplitGuides(t.Master); err != nil {
			return FrameCommit{}, nil, fmt.Errorf("frame %d: %w", frame, err)
		}
		if t.guidesTree, _, err = tileTree(frame, Guides, t.Guides, false); err != nil {
			return FrameCommit{}, nil, err
		}
		c.GuidesRoot = t.guidesTree.Root()
	}
	if t.masterTree, c.Activity, err = tileTree(frame, Master, t.Master, true); err != nil {
		return FrameCommit{}, nil, err
	}
	c.MasterRoot = t.masterTree.Root()
	return c, t, nil
}

// Recommit makes the commitment c again from the files' contents, whichever kind it is: what comes out has c's
// hash only if the files lead to it. ext is the final's extension with its dot; extras are taken over. final may be nil
// for a tile.
func Recommit(c FrameCommit, ext string, final, master []byte) (got FrameCommit, t *Trees, err error) {
	if c.Border != nil {
		return CommitTile(c.Frame, *c.Border, master, c.GuidesRoot != (Digest{}))
	}
	if got, t, err = CommitBytes(c.Frame, ext, final, master); err == nil {
		got.Extras, got.Assembled = c.Extras, c.Assembled
	}
	return got, t, err
}

// Bound is what a verifier commits to before it sees the worker's pixels: its samples, or, of a
// joined still, the SHA-256 of the file that it made from the master.
func Bound(e Evidence) Digest {
	if e.Policy.Assembled {
		if len(e.Delivered) != 1 {
			return Digest{}
		}
		return e.Delivered[0].Developed
	}
	return SamplesDigest(e.Verifier)
}
