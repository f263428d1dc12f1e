package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
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

// paint makes the one image that a frame has under a seed: noise, as a path tracer's.
func paint(frame int, seed int32) (*image, error) {
	master := raster.New(Side, Side, []string{"R", "G", "B", "A"}, raster.F16)
	final := raster.New(Side, Side, []string{"R", "G", "B"}, raster.U8)
	state := uint64(uint32(seed))<<32 | uint64(uint32(frame))
	for y := range Side {
		for x := range Side {
			// SplitMix64, Steele, Lea, Flood 2014.
			state += 0x9e3779b97f4a7c15
			z := (state ^ state>>30) * 0xbf58476d1ce4e5b9
			z = (z ^ z>>27) * 0x94d049bb133111eb
			v := 0.3 + 0.2*float64((x+y+frame)%32)/32 + 0.2*float64(z>>40)/(1<<24)
			for c := range 3 {
				master.Set(x, y, c, v)
				final.Set(x, y, c, math.Sqrt(master.At(x, y, c)))
			}
			master.Set(x, y, 3, 1)
		}
	}
	var png, exr bytes.Buffer
	if err := raster.EncodePNG(&png, final); err != nil {
		return nil, err
	}
	if err := raster.EncodeEXR(&exr, master, false); err != nil {
		return nil, err
	}
	i := &image{final: png.Bytes(), master: exr.Bytes()}
	var err error
	if i.commit, i.trees, err = proof.CommitBytes(frame, ".png", i.final, i.master); err != nil {
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
	if a.images == nil || len(a.images) > 4096 {
		a.images = make(map[[2]int64]*image)
	}
	a.images[key] = i
	return i, nil
}

func digest(b []byte) string { d := sha256.Sum256(b); return hex.EncodeToString(d[:]) }
