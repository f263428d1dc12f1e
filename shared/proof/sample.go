package proof

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Plane says which of a frame's images a tile is from. The value is part of hashes.
type Plane uint8

const (
	Master Plane = 0 // the noisy linear Combined pass
	Final  Plane = 1 // the delivered image
	Guides Plane = 2 // what guides the denoiser of a still, of one of its tiles: see SplitGuides
)

func (p Plane) String() string {
	switch p {
	case Master:
		return "master"
	case Final:
		return "final"
	case Guides:
		return "guides"
	}
	return fmt.Sprintf("plane %d", uint8(p))
}

// TileSample is one tile's pixels with all that its hash covers.
type TileSample struct {
	Frame    int          `json:"frame"`
	Tile     int          `json:"tile"`
	Plane    Plane        `json:"plane"`
	Rect     Rect         `json:"rect"`
	Channels int          `json:"channels"`
	Lead     int          `json:"lead,omitempty"` // the first channels, which show the image; 0 is all
	Depth    raster.Depth `json:"depth"`
	Bits     []byte       `json:"bits"` // big-endian, channels interleaved, rows from the top
}

// Sample makes a tile's sample from its pixels; r must be exactly the tile of an image of
// w by h pixels, as a border render gives it.
func Sample(frame, w, h, tile int, plane Plane, r *raster.Raster) (TileSample, error) {
	rect, err := TileRect(w, h, tile)
	if err != nil {
		return TileSample{}, err
	}
	if r.W != rect.W || r.H != rect.H {
		return TileSample{}, fmt.Errorf("tile %d of %d×%d has %d×%d pixels, not %d×%d", tile, w, h, rect.W, rect.H, r.W, r.H)
	}
	return TileSample{Frame: frame, Tile: tile, Plane: plane, Rect: rect, Channels: len(r.Channels), Lead: r.Lead, Depth: r.Depth, Bits: r.Bits}, nil
}

// CropSample cuts a tile's sample out of a whole image.
func CropSample(frame, tile int, plane Plane, r *raster.Raster) (TileSample, error) {
	rect, err := TileRect(r.W, r.H, tile)
	if err != nil {
		return TileSample{}, err
	}
	c, err := r.Crop(rect)
	if err != nil {
		return TileSample{}, err
	}
	return Sample(frame, r.W, r.H, tile, plane, c)
}

// Hash is the tile's leaf: SHA-256(0x00 ‖ i32 frame ‖ u8 plane ‖ u32 tile ‖ u16 x ‖ u16 y
// ‖ u16 w ‖ u16 h ‖ u8 channels ‖ u8 depth ‖ bits), integers big-endian. Of a tile that holds passes beside the
// image the prefix is 0x05, and u8 lead stands before the bits.
func (s TileSample) Hash() Digest {
	r := takeRoom()
	defer r.leave()
	return r.hash(s)
}

// hash is the tile's Hash.
func (r *room) hash(s TileSample) Digest {
	be := binary.BigEndian
	head := append(r.text[:0], prefixTile)
	head = be.AppendUint32(head, uint32(int32(s.Frame)))
	head = append(head, byte(s.Plane))
	head = be.AppendUint32(head, uint32(s.Tile))
	for _, v := range [...]int{s.Rect.X, s.Rect.Y, s.Rect.W, s.Rect.H} {
		head = be.AppendUint16(head, uint16(v))
	}
	head = append(head, byte(s.Channels), byte(s.Depth))
	if s.Lead > 0 {
		head[0] = prefixPasses
		head = append(head, byte(s.Lead))
	}
	r.text = append(head, s.Bits...)
	return sha256.Sum256(r.text)
}

// check makes sure that the fields fit each other and an image of w by h pixels, so that
// hashing and comparing can't be misled by values that wrap.
func (s TileSample) check(w, h int) error {
	rect, err := TileRect(w, h, s.Tile)
	if err != nil {
		return err
	}
	if s.Rect != rect {
		return fmt.Errorf("tile %d of frame %d isn't at %+v", s.Tile, s.Frame, s.Rect)
	}
	if s.Plane > Guides {
		return fmt.Errorf("tile %d of frame %d: %v", s.Tile, s.Frame, s.Plane)
	}
	if s.Channels < 1 || s.Channels > raster.MaxChannels || s.Lead < 0 || s.Lead > 0 && s.Lead >= s.Channels || s.Depth.Size() == 0 {
		return fmt.Errorf("tile %d of frame %d: %d channels of depth %d", s.Tile, s.Frame, s.Channels, s.Depth)
	}
	if want := rect.W * rect.H * s.Channels * s.Depth.Size(); len(s.Bits) != want {
		return fmt.Errorf("tile %d of frame %d has %d bytes, not %d", s.Tile, s.Frame, len(s.Bits), want)
	}
	return nil
}

// SamplesDigest is what a verifier commits to before it sees the worker's pixels:
// SHA-256(0x03 ‖ u32 count ‖ hash of each sample), in the given order.
func SamplesDigest(samples []TileSample) Digest {
	r := takeRoom()
	defer r.leave()
	list := make([]byte, 0, 5+len(samples)*len(Digest{}))
	list = binary.BigEndian.AppendUint32(append(list, prefixList), uint32(len(samples)))
	for _, s := range samples {
		d := r.hash(s)
		list = append(list, d[:]...)
	}
	return sha256.Sum256(list)
}
