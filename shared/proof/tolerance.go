package proof

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/heliostat-render/heliostat/shared/job"
)

// Tolerance is how far two honest renders may be apart by an engine whose samples don't follow from a
// seed. The numbers are measured: twice the worst of honest nodes, see PROTOCOL.md and the benchmark `limits`.
type Tolerance struct {
	Mean float64 // mean difference of a blurred tile, in display values, above which it is bad
	Off  float64 // share of a tile's pixels that are off, above which it is bad; 1 asks for none
	Bad  float64 // share of tiles that may be bad
	Tile float64 // mean difference that no tile may exceed
	// Every is how many frames there are to one that is rendered again, where a check takes whole frames; 0 where
	// regions of every frame can be rendered alone.
	Every int
}

// enginePovray is an engine that renders a region of a frame as it is in the whole frame, but for what depends on
// the order of rendering (radiosity).
const enginePovray = "POVRAY"

// everyFrames is one in how many frames engines render again that can't render a region alone.
const everyFrames = 4

// ToleranceOf gives a recipe's tolerance, for engines that MethodPerceptual is for.
func ToleranceOf(r job.Recipe) Tolerance {
	switch r.Engine {
	case enginePovray:
		return Tolerance{Mean: 2.5 / 255, Off: 0.75, Bad: 0.03, Tile: 6.0 / 255}
	case "BLENDER_EEVEE":
		return Tolerance{Mean: 1.8 / 255, Off: 0.25, Bad: 0.03, Tile: 6.0 / 255, Every: everyFrames}
	case "BLENDER_WORKBENCH":
		return Tolerance{Mean: 1.0 / 255, Off: 0.2, Bad: 0.03, Tile: 4.0 / 255, Every: everyFrames}
	}
	return Tolerance{Mean: 3.0 / 255, Off: 1, Bad: 0.1, Tile: 12.0 / 255, Every: everyFrames}
}

// Checkable tells why nobody could check a recipe's frames, nil where they can be: other renderers than Blender have no
// noisy pass, so their delivered image has to keep every bit.
func Checkable(r job.Recipe) error {
	if r.Renderer == "blender" || lossless(r) {
		return nil
	}
	switch r.Format {
	case "OPEN_EXR", "OPEN_EXR_MULTILAYER":
		return fmt.Errorf("OpenEXR frames of %s can only be checked with a codec that keeps every bit, not %q: ask for ZIP, ZIPS or NONE", r.Renderer, cmp.Or(r.ExrCodec, "the scene's own"))
	}
	return fmt.Errorf("%s frames of %s can't be checked, because the format doesn't keep every bit: deliver PNG, or OpenEXR with a ZIP codec, and convert the frames afterwards", r.Format, r.Renderer)
}

// lookedAt draws the frames of a task that a check renders again: all, or one in Every, at least one,
// by HMAC-SHA256(key, "heliostat/frames-draw/1" ‖ root ‖ i32 frame): those with the least first eight bytes, in the task's order.
func lookedAt(key [32]byte, root Digest, frames []FrameInfo, p Policy) []FrameInfo {
	if p.Every <= 1 || len(frames) < 2 {
		return frames
	}
	draw := func(f FrameInfo) uint64 {
		m := hmac.New(sha256.New, key[:])
		m.Write([]byte("heliostat/frames-draw/1"))
		m.Write(root[:])
		m.Write(binary.BigEndian.AppendUint32(nil, uint32(int32(f.Frame))))
		return binary.BigEndian.Uint64(m.Sum(nil))
	}
	draws := make([]uint64, len(frames))
	for i, f := range frames {
		draws[i] = draw(f)
	}
	limit := slices.Sorted(slices.Values(draws))[int(math.Ceil(float64(len(frames))/float64(p.Every)))-1]
	var out []FrameInfo
	for i, f := range frames {
		if draws[i] <= limit {
			out = append(out, f)
		}
	}
	return out
}

// wholePicks is how many times as many tiles are compared where whole frames are rendered for it anyway.
const wholePicks = 4

// crossClass is how many times as wide the limits are that convict across device classes. Between the limits and
// those a verifier of the worker's class has to decide.
const crossClass = 3

// decidePerceptual decides by figures that no seed makes comparable. The reason names the engine, its tolerance
// and how much was rendered again.
func decidePerceptual(v *Verdict, frames int) {
	p := v.Policy
	var worst, most TileFigure
	looked := make(map[int]bool)
	for _, f := range v.Tiles {
		looked[f.Frame] = true
		if f.MeanDiff >= worst.MeanDiff {
			worst = f
		}
		if f.Outliers >= most.Outliers {
			most = f
		}
	}
	bad, beyond := p.beyond(v.Tiles, 1)
	how := fmt.Sprintf("compared perceptually, because %s doesn't sample reproducibly: limits %.1f of 255 in a tile, and in %.0f %% of the tiles %.1f of 255 or %.0f %% of the pixels off; %s",
		p.Engine, 255*p.PerceptualTile, 100*p.PerceptualBad, 255*p.PerceptualMean, 100*cmp.Or(p.PerceptualOff, 1), again(p, len(looked), frames))
	if !beyond {
		v.Pass = true
		v.Reason = fmt.Sprintf("%d tiles look the same, at most %.1f of 255 apart on average and %.0f %% of a tile's pixels off (%s)", len(v.Tiles), 255*worst.MeanDiff, 100*most.Outliers, how)
		return
	}
	v.Reason = fmt.Sprintf("%d of %d tiles look different; the worst is tile %d of frame %d, by %.1f of 255 on average, and %.0f %% of the pixels of tile %d of frame %d are off (%s)",
		bad, len(v.Tiles), worst.Tile, worst.Frame, 255*worst.MeanDiff, 100*most.Outliers, most.Tile, most.Frame, how)
	if _, far := p.beyond(v.Tiles, crossClass); !v.SameClass && !far {
		v.Inconclusive = true
		v.Reason += "; worker and verifier have different device classes, so a verifier of the worker's class has to decide"
	}
}

// beyond counts the tiles that exceed a multiple of the limits, and tells whether they are too many or one too
// far off.
func (p Policy) beyond(tiles []TileFigure, times float64) (bad int, beyond bool) {
	for _, f := range tiles {
		if f.MeanDiff > times*p.PerceptualMean || p.PerceptualOff > 0 && f.Outliers > times*p.PerceptualOff {
			bad++
		}
		beyond = beyond || f.MeanDiff > times*p.PerceptualTile
	}
	return bad, beyond || float64(bad) > min(times*p.PerceptualBad, 0.5)*float64(len(tiles))
}

// again says how much of a task was rendered again.
func again(p Policy, looked, frames int) string {
	switch {
	case p.Every == 0:
		return "a reduced re-render: only these tiles"
	case looked < frames:
		return fmt.Sprintf("a reduced re-render: %d of %d frames, whole", looked, frames)
	}
	return "a full re-render"
}
