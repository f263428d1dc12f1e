package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"sync"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Side is the width and height of a simulated frame in pixels: sixteen tiles of the proof's
// grid, as few as a verdict needs.
const Side = 64

// Recipe is what simulated jobs ask for: judged as Cycles' frames are, and estimated to
// take so long that every task is one frame.
var Recipe = job.Recipe{
	Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", MainFile: "scene.blend", Width: Side, Height: Side, Samples: 1 << 24,
	Device: "CPU", Format: "PNG", ColorDepth: "8",
}

// Class is the kernel class of every simulated device.
const Class = "cpu/sim"

// image is a painted frame and what a worker promises about it.
type image struct {
	final, master []byte
	commit        proof.FrameCommit
	trees         *proof.Trees
}

// A frame's pixel is grey: one of levels of noise on one of steps of a slope. With so few, the delivered file's
// bytes have little in them, and are small without being looked through for what repeats.
const (
	levels = 256
	steps  = 32
)

// paints are what a pixel of each step and level is in the master, a half, and in the delivered image.
var paints = sync.OnceValue(func() (p struct {
	half  [steps * levels]uint16
	shown [steps * levels]uint8
}) {
	for i := range p.half {
		p.half[i] = raster.FloatToHalf(float32(0.3 + 0.04*float64(i/levels)/steps + 0.04*float64(i%levels)/levels))
		p.shown[i] = uint8(math.Round(255 * math.Sqrt(raster.Widen(p.half[i]))))
	}
	return p
})

// paint makes the one image that a frame has under a seed: noise, as a path tracer's.
func paint(frame int, seed int32) (*image, error) {
	master := raster.New(Side, Side, []string{"R", "G", "B", "A"}, raster.F16)
	final := raster.New(Side, Side, []string{"R", "G", "B"}, raster.U8)
	p := paints()
	state := uint64(uint32(seed))<<32 | uint64(uint32(frame))
	var noise uint64
	for i := range Side * Side {
		if i%8 == 0 {
			// SplitMix64, Steele, Lea, Flood 2014.
			state += 0x9e3779b97f4a7c15
			noise = (state ^ state>>30) * 0xbf58476d1ce4e5b9
			noise = (noise ^ noise>>27) * 0x94d049bb133111eb
			noise ^= noise >> 31
		}
		at := (i/Side+i%Side+frame)%steps*levels + int(noise>>(i%8*8)&0xff)
		half, grey := uint64(p.half[at]), p.shown[at]
		binary.BigEndian.PutUint64(master.Bits[8*i:], half<<48|half<<32|half<<16|0x3c00) // opaque
		copy(final.Bits[3*i:], []byte{grey, grey, grey})
	}
	i := &image{final: encodePNG(final)}
	var err error
	if i.master, err = encodeEXR(master); err != nil {
		return nil, err
	}
	i.commit = proof.FrameCommit{Frame: frame, FileDigest: sha256.Sum256(i.final), MasterDigest: sha256.Sum256(i.master)}
	if i.commit, i.trees, err = proof.CommitImages(i.commit, final, master); err != nil {
		return nil, fmt.Errorf("commit to frame %d: %w", frame, err)
	}
	return i, nil
}

// album keeps the images that workers painted until a verifier has looked at them, so that
// the simulation doesn't paint each twice. Its zero value is ready.
type album struct {
	mu     sync.Mutex // guards images
	images map[[2]int64]*image
}

func (a *album) get(frame int, seed int32) (*image, error) {
	key := [2]int64{int64(frame), int64(seed)}
	a.mu.Lock()
	i := a.images[key]
	a.mu.Unlock()
	if i != nil {
		return i, nil
	}
	i, err := paint(frame, seed)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.images == nil || len(a.images) > 1024 {
		a.images = make(map[[2]int64]*image)
	}
	a.images[key] = i
	return i, nil
}

// drop forgets an image that was looked at.
func (a *album) drop(frame int, seed int32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.images, [2]int64{int64(frame), int64(seed)})
}
