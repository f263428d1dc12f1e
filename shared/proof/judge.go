package proof

import (
	"fmt"
	"strings"
)

// Judge decides. It is a pure function: the same evidence and policy give the same verdict
// everywhere. An error (it wraps ErrEvidence) means that the evidence itself is no good and
// nobody may be blamed by it; a verdict without Pass and not Inconclusive means that the
// worker's own commitment convicts it.
//
// The caller has checked before: the worker's signature over Root, the key against its
// published hash, and the verifier's earlier commitment against SamplesDigest(e.Verifier).
func Judge(e Evidence, p Policy) (Verdict, error) {
	v := Verdict{Policy: p, SameClass: p.comparable(e.WorkerClass, e.VerifierClass)}
	if err := e.check(); err != nil {
		return v, err
	}
	if TaskRoot(e.Frames) != e.Root {
		return v, fmt.Errorf("%w: the frames don't hash to the worker's root", ErrEvidence)
	}
	if err := p.fits(e.Frames); err != nil {
		return v, err
	}
	if reason := formReason(e.Frames, p); reason != "" {
		v.Reason = reason
		return v, nil
	}
	worker, err := e.match(p)
	if err != nil {
		return v, err
	}
	delivered, err := e.checkDelivered(p)
	if err != nil {
		return v, err
	}
	r := takeRoom()
	defer r.leave()
	for i, w := range worker {
		f := frameOf(e.Frames, w.Frame)
		image, active := w.image(), unmeasured
		if w.Plane == activityPlane(f) {
			active = r.active(image)
			found, claimed := active, f.Activity[w.Tile]
			if diff := found - int(claimed); diff > 1 || diff < -1 {
				v.Reason = fmt.Sprintf("frame %d tile %d: the worker claimed an activity of %d, its pixels have %d", w.Frame, w.Tile, claimed, found)
				return v, nil
			}
		}
		s := e.Verifier[i]
		if w.Channels != s.Channels || w.Lead != s.Lead || w.Depth != s.Depth {
			v.Reason = fmt.Sprintf("frame %d: the worker's %v has %d channels of depth %d, the recipe gives %d of depth %d",
				w.Frame, w.Plane, w.Channels, w.Depth, s.Channels, s.Depth)
			return v, nil
		}
		fig := r.compare(image, s.image(), p, active)
		v.Tiles = append(v.Tiles, fig)
		v.comparePasses(r, e.passes(s.Plane, s.Lead, p), w.TileSample, s)
		if fig.Textured {
			v.Textured++
		}
	}
	switch {
	case p.Assembled:
		v.Pass, v.Reason = true, "joined from tiles, nothing was sampled"
	case p.Method == MethodPerceptual:
		decidePerceptual(&v, len(e.Frames))
	default:
		decideExact(&v)
		decidePasses(&v)
	}
	decideDelivered(&v, delivered)
	return v, nil
}

// decideDelivered convicts by a delivered file that isn't its master's. Classes don't matter
// to it: nothing is sampled anew.
func decideDelivered(v *Verdict, delivered []Relation) {
	compared, unread := 0, ""
	further, furtherUnread := 0, ""
	for _, r := range delivered {
		r.FinalBytes, r.DevelopedBytes = nil, nil
		for i := range r.Extras { // checkDelivered's own slice
			f := &r.Extras[i]
			f.FinalBytes, f.DevelopedBytes = nil, nil
			switch {
			case f.Figure.Bad && (v.Pass || v.Inconclusive):
				v.Pass, v.Inconclusive, v.Reason = false, false, f.why(r.Frame)
			case f.Unread != "":
				furtherUnread = fmt.Sprintf("%q of frame %d: %s", f.Name, r.Frame, f.Unread)
			default:
				further++
			}
		}
		v.Delivered = append(v.Delivered, r)
		switch {
		case r.Figure.Bad && (v.Pass || v.Inconclusive):
			v.Pass, v.Inconclusive, v.Reason = false, false, r.why(v.Policy)
		case r.Unread != "" && v.Policy.Assembled:
			// Its delivered file is all that there is to check.
			v.Pass, v.Inconclusive, v.Reason = false, true, "the delivered file can't be compared with its master: "+r.Unread
		case r.Unread != "":
			unread = r.Unread
		default:
			compared++
		}
	}
	if v.Pass && compared > 0 {
		v.Reason += fmt.Sprintf("; %d delivered files follow from their masters (%s)", compared, v.Policy.likeness(false))
	}
	if v.Pass && unread != "" {
		v.Reason += "; a delivered file wasn't compared with its master: " + unread
	}
	if v.Pass && further > 0 {
		v.Reason += fmt.Sprintf("; %d further files follow from them too", further)
	}
	if v.Pass && furtherUnread != "" {
		v.Reason += "; a further file wasn't compared: " + furtherUnread
	}
}

// Picks returns the tiles that evidence for these commitments must show: none of a still that was joined
// from tiles.
func Picks(key [32]byte, frames []FrameCommit, p Policy) []Pick {
	return picks(key, TaskRoot(frames), frames, p)
}

// picks is Picks for frames whose root is known.
func picks(key [32]byte, root Digest, frames []FrameCommit, p Policy) []Pick {
	if p.Assembled {
		return nil
	}
	n := p.Tiles
	looked := lookedAt(key, root, Infos(frames), p)
	if n <= 0 && p.Every > 0 {
		n = wholePicks * DefaultPicks(len(looked))
	}
	return Challenge(key, root, looked, n)
}

// Planes returns which images of a frame are compared under a policy: those that the policy
// asks for and the frame has. Judge convicts a frame that lacks one, so for an honest frame
// they follow from the recipe alone, and a verifier knows them before it sees the commitment.
func Planes(f FrameCommit, p Policy) []Plane {
	var out []Plane
	if p.NeedMaster && f.MasterRoot != (Digest{}) {
		out = append(out, Master)
	}
	if p.CompareFinal && f.FinalRoot != (Digest{}) {
		out = append(out, Final)
	}
	if p.Guides && f.GuidesRoot != (Digest{}) {
		out = append(out, Guides)
	}
	return out
}

// formReason finds what convicts a worker before any pixel is compared.
func formReason(frames []FrameCommit, p Policy) string {
	for _, f := range frames {
		if (p.W != 0 && f.W != p.W) || (p.H != 0 && f.H != p.H) {
			return fmt.Sprintf("frame %d has %d×%d pixels, the recipe asks for %d×%d", f.Frame, f.W, f.H, p.W, p.H)
		}
		if p.NeedMaster && f.MasterRoot == (Digest{}) {
			return fmt.Sprintf("frame %d has no master image, which the recipe asks for", f.Frame)
		}
		if p.CompareFinal && f.FinalRoot == (Digest{}) {
			return fmt.Sprintf("frame %d doesn't commit to the tiles of its delivered image, whose format keeps every bit", f.Frame)
		}
		if p.Guides && f.GuidesRoot == (Digest{}) {
			return fmt.Sprintf("frame %d has no guides for the denoiser, which the recipe asks for", f.Frame)
		}
	}
	return ""
}

// match checks that both sides show exactly the challenged tiles, in the challenge's order
// with the master before the final or the guides, and that the worker's lead to its commitments, whose root is e.Root.
func (e Evidence) match(p Policy) ([]ProvenTile, error) {
	i := 0
	for _, pick := range picks(e.Key, e.Root, e.Frames, p) {
		f := frameOf(e.Frames, pick.Frame)
		for _, plane := range Planes(f, p) {
			if i >= len(e.Worker) || i >= len(e.Verifier) {
				return nil, fmt.Errorf("%w: frame %d tile %d %v is missing", ErrEvidence, pick.Frame, pick.Tile, plane)
			}
			w, s := e.Worker[i], e.Verifier[i]
			for _, t := range []TileSample{w.TileSample, s} {
				if t.Frame != pick.Frame || t.Tile != pick.Tile || t.Plane != plane {
					return nil, fmt.Errorf("%w: frame %d tile %d %v where the challenge asks for frame %d tile %d %v",
						ErrEvidence, t.Frame, t.Tile, t.Plane, pick.Frame, pick.Tile, plane)
				}
			}
			root := f.MasterRoot
			switch plane {
			case Final:
				root = f.FinalRoot
			case Guides:
				root = f.GuidesRoot
			}
			if err := VerifyProof(root, w.Hash(), w.Tile, TileCount(f.W, f.H), w.Proof); err != nil {
				return nil, fmt.Errorf("%w: frame %d tile %d %v: %w", ErrEvidence, w.Frame, w.Tile, plane, err)
			}
			i++
		}
	}
	if i != len(e.Worker) || i != len(e.Verifier) {
		return nil, fmt.Errorf("%w: %d and %d tiles where the challenge asks for %d", ErrEvidence, len(e.Worker), len(e.Verifier), i)
	}
	return e.Worker, nil
}

func frameOf(frames []FrameCommit, number int) FrameCommit {
	for _, f := range frames {
		if f.Frame == number {
			return f
		}
	}
	return FrameCommit{}
}

func activityPlane(f FrameCommit) Plane {
	if f.MasterRoot == (Digest{}) {
		return Final
	}
	return Master
}

// compare measures how far two tiles are apart; active is a's activity, or unmeasured.
func (r *room) compare(a, b TileSample, p Policy, active int) TileFigure {
	switch {
	case p.Method == MethodPerceptual:
		return r.comparePerceptual(a, b, p, active)
	case a.Plane == Guides:
		return r.compareGuides(a, b, p)
	case a.Depth.Float():
		return r.compareMaster(a, b, p, active)
	}
	return r.compareFinal(a, b, p)
}

// decideExact convicts by a single tile, or by many that are each a little off. Every reason
// carries the figures that decided and their limits.
func decideExact(v *Verdict) {
	var outliers, noise, mostOutliers, mostNoise float64
	var worst *TileFigure
	bad, guides := 0, 0
	for i := range v.Tiles {
		f := &v.Tiles[i]
		if f.Plane == Guides { // they have no noise that could make up for the others'
			guides++
		} else {
			outliers += f.Outliers
			noise += f.Noise
			mostOutliers, mostNoise = max(mostOutliers, f.Outliers), max(mostNoise, f.Noise)
		}
		if f.Bad {
			bad++
			if worst == nil || f.Outliers*f.Noise > worst.Outliers*worst.Noise {
				worst = f
			}
		}
	}
	p := v.Policy
	n := float64(max(len(v.Tiles)-guides, 1))
	outliers, noise = outliers/n, noise/n
	switch {
	case worst != nil:
		v.Reason = fmt.Sprintf("%d of %d tiles differ; the worst is tile %d of frame %d (%v): %.1f %% of its pixels are off (limit %.0f %%), %s",
			bad, len(v.Tiles), worst.Tile, worst.Frame, worst.Plane, 100*worst.Outliers, 100*p.MaxOutliers, worst.why(p))
	case outliers > p.MaxMeanOutliers && noise > p.MaxMeanNoise:
		v.Reason = fmt.Sprintf("%.1f %% of all checked pixels are off (limit %.0f %%) and the noise differs by %.3f of itself on average (limit %.2f)",
			100*outliers, 100*p.MaxMeanOutliers, noise, p.MaxMeanNoise)
	default:
		v.Pass = true
		v.Reason = fmt.Sprintf("%d tiles agree, %d of them textured; at most %.1f %% of a tile's pixels are off and its noise by %.3f of itself",
			len(v.Tiles)-guides, v.Textured, 100*mostOutliers, mostNoise)
		if guides > 0 {
			v.Reason += fmt.Sprintf("; so do the denoiser's guides in %d", guides)
		}
		if v.Textured == 0 {
			v.Inconclusive = true
			v.Reason = fmt.Sprintf("%d tiles agree, but none carries noise that would show how it was rendered", len(v.Tiles)-guides)
		}
		return
	}
	if !v.SameClass {
		v.Inconclusive = true
		v.Reason += "; worker and verifier have different device classes, so a verifier of the worker's class has to decide"
	}
}

// why names the figures beside the outliers that made a tile bad.
func (f TileFigure) why(p Policy) string {
	var list []string
	if f.Noise > p.MaxNoise {
		list = append(list, fmt.Sprintf("its noise differs by %.2f of itself (limit %.2f)", f.Noise, p.MaxNoise))
	}
	if f.Textured && f.Correlation < p.MinCorrelation {
		list = append(list, fmt.Sprintf("noise correlation %.2f (at least %.2f)", f.Correlation, p.MinCorrelation))
	}
	if f.Bias > p.MaxBias {
		list = append(list, fmt.Sprintf("its light differs by %.1f %% (limit %.0f %%)", 100*f.Bias, 100*p.MaxBias))
	}
	if len(list) == 0 {
		list = append(list, fmt.Sprintf("the largest difference is %.1f of 255", 255*f.MaxDiff))
	}
	return strings.Join(list, ", ")
}
