package proof

import (
	"errors"
	"fmt"
)

// Evidence is everything that a verdict rests on: anybody can recompute it from this and
// the worker's signature over Root.
type Evidence struct {
	Key           Digest        `json:"key"`    // the revealed verification key
	Root          Digest        `json:"root"`   // what the worker signed
	Frames        []FrameCommit `json:"frames"` // of the whole task, in its order
	Worker        []ProvenTile  `json:"worker"`
	Verifier      []TileSample  `json:"verifier"`
	Layouts       []Layout      `json:"layouts,omitempty"` // of planes whose tiles hold passes beside the image
	WorkerClass   string        `json:"workerClass"`
	VerifierClass string        `json:"verifierClass"`
	// Delivered compares every frame's file with its master, where the policy asks for it.
	Delivered []Relation `json:"delivered,omitempty"`
	// Prints say what the delivered frames look like, see Print. They decide nothing.
	Prints []FramePrint `json:"prints,omitempty"`
	// Policy is what the verifier judged by. Whoever decides anything on the evidence holds it
	// to the recipe first.
	Policy Policy `json:"policy"`
}

// ErrEvidence means that the evidence contradicts itself or the commitment, so it says
// nothing about the worker.
var ErrEvidence = errors.New("invalid evidence")

// CheckFrames tells whether a worker's commitments are well formed: bounded, each frame
// once, one activity byte for every tile.
func CheckFrames(frames []FrameCommit) error {
	if len(frames) == 0 || len(frames) > MaxFrames {
		return fmt.Errorf("%d frames, a task has 1 to %d", len(frames), MaxFrames)
	}
	seen := map[int]bool{}
	for _, f := range frames {
		if seen[f.Frame] {
			return fmt.Errorf("frame %d twice", f.Frame)
		}
		seen[f.Frame] = true
		if f.W <= 0 || f.H <= 0 || f.W > 65535 || f.H > 65535 || TileCount(f.W, f.H) > MaxTiles {
			return fmt.Errorf("frame %d of %d×%d pixels", f.Frame, f.W, f.H)
		}
		if f.MasterRoot == (Digest{}) && f.FinalRoot == (Digest{}) {
			return fmt.Errorf("frame %d commits to no tiles", f.Frame)
		}
		if n := TileCount(f.W, f.H); len(f.Activity) != n {
			return fmt.Errorf("frame %d has %d activity bytes for %d tiles", f.Frame, len(f.Activity), n)
		}
		if err := f.checkPart(len(frames)); err != nil {
			return err
		}
		if len(f.Extras) > MaxExtras {
			return fmt.Errorf("frame %d has %d further files, at most %d", f.Frame, len(f.Extras), MaxExtras)
		}
		for _, x := range f.Extras {
			if err := CheckExtraName(x.Name); err != nil {
				return fmt.Errorf("frame %d: %w", f.Frame, err)
			}
		}
	}
	return nil
}

func (e Evidence) check() error {
	if err := CheckFrames(e.Frames); err != nil {
		return fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	if len(e.Worker) > 2*MaxPicks || len(e.Verifier) > 2*MaxPicks {
		return fmt.Errorf("%w: over %d tiles", ErrEvidence, 2*MaxPicks)
	}
	byFrame := map[int]FrameCommit{}
	for _, f := range e.Frames {
		byFrame[f.Frame] = f
	}
	if len(e.Prints) > len(e.Frames) {
		return fmt.Errorf("%w: %d prints of %d frames", ErrEvidence, len(e.Prints), len(e.Frames))
	}
	for _, p := range e.Prints {
		if _, ok := byFrame[p.Frame]; !ok {
			return fmt.Errorf("%w: a print of frame %d, which isn't in the task", ErrEvidence, p.Frame)
		}
	}
	fits := func(s *TileSample) error {
		f, ok := byFrame[s.Frame]
		if !ok {
			return fmt.Errorf("%w: a tile of frame %d, which isn't in the task", ErrEvidence, s.Frame)
		}
		if err := s.check(f.W, f.H); err != nil {
			return fmt.Errorf("%w: %w", ErrEvidence, err)
		}
		return nil
	}
	for i := range e.Worker {
		if err := fits(&e.Worker[i].TileSample); err != nil {
			return err
		}
	}
	for i := range e.Verifier {
		if err := fits(&e.Verifier[i]); err != nil {
			return err
		}
	}
	return e.checkLayouts()
}
