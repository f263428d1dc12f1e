package proof

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Hash is the frame's leaf under the task's root: SHA-256(0x02 ‖ i32 frame ‖ u32 w ‖ u32 h
// ‖ FileDigest ‖ MasterDigest ‖ MasterRoot ‖ FinalRoot ‖ u32 len(Activity) ‖ Activity ‖
// u32 len(Extras) ‖ of each: u32 len(name) ‖ name ‖ digest). Of a part of a still more stands in front,
// see part.
func (c FrameCommit) Hash() Digest {
	be := binary.BigEndian
	h := sha256.New()
	h.Write(c.part())
	head := be.AppendUint32([]byte{prefixFrame}, uint32(int32(c.Frame)))
	head = be.AppendUint32(head, uint32(c.W))
	head = be.AppendUint32(head, uint32(c.H))
	h.Write(head)
	for _, d := range []Digest{c.FileDigest, c.MasterDigest, c.MasterRoot, c.FinalRoot} {
		h.Write(d[:])
	}
	h.Write(be.AppendUint32(nil, uint32(len(c.Activity))))
	h.Write(c.Activity)
	h.Write(be.AppendUint32(nil, uint32(len(c.Extras))))
	for _, x := range c.Extras {
		h.Write(be.AppendUint32(nil, uint32(len(x.Name))))
		h.Write([]byte(x.Name))
		h.Write(x.Digest[:])
	}
	return Digest(h.Sum(nil))
}

// Info returns what Challenge needs of the frame.
func (c FrameCommit) Info() FrameInfo {
	return FrameInfo{Frame: c.Frame, W: c.W, H: c.H, Activity: c.Activity}
}

// Infos returns what Challenge needs of the frames.
func Infos(frames []FrameCommit) []FrameInfo {
	out := make([]FrameInfo, len(frames))
	for i, f := range frames {
		out[i] = f.Info()
	}
	return out
}

// TaskRoot is what a worker signs: the Merkle root over the frames' hashes, in the task's order.
func TaskRoot(frames []FrameCommit) Digest {
	leaves := make([]Digest, len(frames))
	for i, f := range frames {
		leaves[i] = f.Hash()
	}
	return NewTree(leaves).Root()
}

// Trees are a committed frame's images and tile trees, from which challenged tiles are shown.
type Trees struct {
	Frame                 int
	Master, Final         *raster.Raster // nil where there is none, or none that is read without loss
	Guides                *raster.Raster // of a tile that is denoised once it is joined
	masterTree, finalTree *Tree
	guidesTree            *Tree
}

// ProvenTile is a tile with its path to the frame's root of its plane.
type ProvenTile struct {
	TileSample
	Proof []Digest `json:"proof"`
}

// plane is the image and the tree of one plane.
func (t *Trees) plane(p Plane) (*raster.Raster, *Tree, error) {
	img, tree := t.Master, t.masterTree
	switch p {
	case Final:
		img, tree = t.Final, t.finalTree
	case Guides:
		img, tree = t.Guides, t.guidesTree
	}
	if img == nil {
		return nil, nil, fmt.Errorf("frame %d has no %v image", t.Frame, p)
	}
	return img, tree, nil
}

// Prove shows one tile of one plane.
func (t *Trees) Prove(plane Plane, tile int) (ProvenTile, error) {
	img, _, err := t.plane(plane)
	if err != nil {
		return ProvenTile{}, err
	}
	s, err := CropSample(t.Frame, tile, plane, img)
	if err != nil {
		return ProvenTile{}, fmt.Errorf("frame %d: %w", t.Frame, err)
	}
	return t.ProveSample(s)
}

// ProveSample is Prove of a tile that was cut out already.
func (t *Trees) ProveSample(s TileSample) (ProvenTile, error) {
	_, tree, err := t.plane(s.Plane)
	if err != nil {
		return ProvenTile{}, err
	}
	path, err := tree.Proof(s.Tile)
	if err != nil {
		return ProvenTile{}, fmt.Errorf("frame %d: %w", t.Frame, err)
	}
	return ProvenTile{TileSample: s, Proof: path}, nil
}

// ProveAll shows the challenged tiles of this frame in every plane that a policy compares,
// in the order that Judge wants; other frames' picks are passed over.
func (t *Trees) ProveAll(c FrameCommit, p Policy, picks []Pick) ([]ProvenTile, error) {
	var out []ProvenTile
	for _, pick := range picks {
		if pick.Frame != t.Frame {
			continue
		}
		for _, plane := range Planes(c, p) {
			tile, err := t.Prove(plane, pick.Tile)
			if err != nil {
				return nil, err
			}
			out = append(out, tile)
		}
	}
	return out, nil
}

// maxFile bounds a frame's file: 16384×16384 half RGBA is 2 GiB.
const maxFile = 2 << 30

// Commit makes a frame's commitment from its files. masterPath may be "" when the renderer
// has no noisy pass. The final's tiles are committed when its format is read without loss
// (PNG, and OpenEXR with none, ZIPS or ZIP compression); otherwise FinalRoot stays zero.
// The files are read whole: memory is about the size of the pixels, twice.
func Commit(frame int, finalPath, masterPath string) (FrameCommit, *Trees, error) {
	final, err := readFile(finalPath)
	if err != nil {
		return FrameCommit{}, nil, fmt.Errorf("committing frame %d: %w", frame, err)
	}
	var master []byte
	if masterPath != "" {
		if master, err = readFile(masterPath); err != nil {
			return FrameCommit{}, nil, fmt.Errorf("committing frame %d: %w", frame, err)
		}
	}
	return CommitBytes(frame, filepath.Ext(finalPath), final, master)
}

// CommitBytes is Commit on the files' contents; ext is the final's extension with its dot.
func CommitBytes(frame int, ext string, final, master []byte) (FrameCommit, *Trees, error) {
	c := FrameCommit{Frame: frame, FileDigest: sha256.Sum256(final)}
	var masterImage *raster.Raster
	var err error
	if master != nil {
		c.MasterDigest = sha256.Sum256(master)
		if masterImage, err = raster.DecodeEXR(master, raster.Limits{}); err != nil {
			return FrameCommit{}, nil, fmt.Errorf("frame %d: reading the master: %w", frame, err)
		}
	}
	finalImage, err := Decode(ext, final, raster.Limits{})
	if err != nil {
		return FrameCommit{}, nil, fmt.Errorf("frame %d: reading the delivered image: %w", frame, err)
	}
	if finalImage == nil && masterImage == nil {
		return FrameCommit{}, nil, fmt.Errorf("frame %d: a %s image without a master can't be committed to", frame, ext)
	}
	return CommitImages(c, finalImage, masterImage)
}

// CommitImages is CommitBytes for who has what the files hold: c has the frame's number and the files' digests. Either
// image may be nil, see Trees, but not both.
func CommitImages(c FrameCommit, final, master *raster.Raster) (FrameCommit, *Trees, error) {
	t := &Trees{Frame: c.Frame, Final: final, Master: master}
	var err error
	if master != nil {
		c.W, c.H = master.W, master.H
		if t.masterTree, c.Activity, err = tileTree(c.Frame, Master, master, true); err != nil {
			return FrameCommit{}, nil, err
		}
		c.MasterRoot = t.masterTree.Root()
	}
	switch {
	case final == nil:
		return c, t, nil
	case master == nil:
		c.W, c.H = final.W, final.H
	case final.W != c.W || final.H != c.H:
		return FrameCommit{}, nil, fmt.Errorf("frame %d: the delivered image has %d×%d pixels, its master %d×%d", c.Frame, final.W, final.H, c.W, c.H)
	}
	var activity []byte
	if t.finalTree, activity, err = tileTree(c.Frame, Final, final, master == nil); err != nil {
		return FrameCommit{}, nil, err
	}
	c.FinalRoot = t.finalTree.Root()
	if master == nil {
		c.Activity = activity
	}
	return c, t, nil
}

// Decode reads a delivered image whose format keeps every bit; nil without an error means
// that the format doesn't, or isn't read here.
func Decode(ext string, data []byte, limits raster.Limits) (*raster.Raster, error) {
	var r *raster.Raster
	var err error
	switch strings.ToLower(ext) {
	case ".png":
		r, err = raster.DecodePNG(data, limits)
	case ".exr":
		r, err = raster.DecodeEXR(data, limits)
	}
	if errors.Is(err, raster.ErrUnsupported) {
		return nil, nil
	}
	return r, err
}

// Look reads a delivered image for being looked at: what Decode reads, and JPEG, WebP and
// TIFF. Nil without an error means that nothing here reads it. Of an OpenEXR file with several layers it
// takes the composited one, where there is one.
func Look(ext string, data []byte, limits raster.Limits) (*raster.Raster, error) {
	ext = strings.ToLower(ext)
	var r *raster.Raster
	var err error
	switch ext {
	case ".png":
		r, err = raster.DecodePNG(data, limits)
	case ".exr":
		r, err = raster.DecodeComposite(data, limits)
	default:
		r, err = raster.DecodeShown(ext, data, limits)
	}
	if errors.Is(err, raster.ErrUnsupported) {
		return nil, nil
	}
	return r, err
}

// Extension is how the files of a recipe's format end, with the dot, in lower case.
func Extension(format string) string {
	switch format {
	case "OPEN_EXR", "OPEN_EXR_MULTILAYER":
		return ".exr"
	case "JPEG":
		return ".jpg"
	case "TIFF":
		return ".tif"
	}
	return "." + strings.ToLower(format)
}

func tileTree(frame int, plane Plane, r *raster.Raster, measure bool) (*Tree, []byte, error) {
	n := TileCount(r.W, r.H)
	if n > MaxTiles {
		return nil, nil, fmt.Errorf("frame %d has %d tiles, more than %d", frame, n, MaxTiles)
	}
	leaves := make([]Digest, n)
	var activity []byte
	room := takeRoom()
	defer room.leave()
	var cut raster.Raster // one for all tiles
	for i := range leaves {
		rect, err := TileRect(r.W, r.H, i)
		if err == nil {
			err = r.CropInto(&cut, rect)
		}
		var s TileSample
		if err == nil {
			s, err = Sample(frame, r.W, r.H, i, plane, &cut)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("frame %d: %w", frame, err)
		}
		leaves[i] = room.hash(s)
		if measure {
			activity = append(activity, byte(room.active(s.image())))
		}
	}
	return NewTree(leaves), activity, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s is over %d bytes", path, maxFile)
	}
	return data, nil
}
