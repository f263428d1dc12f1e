package proof

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof/flip"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Likeness is how near a delivered image must be to the one that a verifier makes from the
// committed master.
type Likeness string

const (
	// LikeNone asks for no comparison: the delivered image's own tiles are compared.
	LikeNone Likeness = ""
	// LikeSame is for view transform and compositor, whose result only rounding changes.
	LikeSame Likeness = "same"
	// LikeLossy is the same through a lossy file format.
	LikeLossy Likeness = "lossy"
	// LikeNear is for denoised frames, and compositors that use passes beside the master's:
	// both images are reduced eightfold, which takes most of the noise, and have to look alike.
	LikeNear Likeness = "near"
)

// Relation compares a whole delivered frame with what a verifier made from its master.
type Relation struct {
	Frame     int    `json:"frame"`
	File      Digest `json:"file"`      // SHA-256 of the delivered file, as committed
	Developed Digest `json:"developed"` // SHA-256 of the file that the verifier made
	// Sampled tells that the compositor uses passes that aren't in the master, which the
	// verifier rendered at few samples: the comparison is LikeNear.
	Sampled bool `json:"sampled,omitempty"`
	// Unread names why the frame couldn't be compared; "" when it was.
	Unread string         `json:"unread,omitempty"`
	Figure RelationFigure `json:"figure"`
	// Both files; only where the frame is bad, or where it was joined from tiles and they aren't the
	// same bytes. Anybody can then measure again.
	FinalBytes     []byte `json:"finalBytes,omitempty"`
	DevelopedBytes []byte `json:"developedBytes,omitempty"`
	// Extras compares the frame's further files, where the policy asks for it: those of the commitment in
	// its order, then those that the verifier made and the worker lacks. See RelateFurther.
	Extras []Further `json:"extras,omitempty"`
}

// RelationFigure is what was measured. Tiles are TileSize wide in the image that was compared.
type RelationFigure struct {
	Off       float64 `json:"off"`       // share of pixels beyond the tolerance, of the worst tile
	Flip      float64 `json:"flip"`      // mean error of the frame, see package flip
	WorstFlip float64 `json:"worstFlip"` // of the worst tile
	Tile      int     `json:"tile"`      // the worst tile
	// Pass is the one of several in the file that this is of.
	Pass string `json:"pass,omitempty"`
	Bad  bool   `json:"bad"`
}

// nearScale is how far LikeNear reduces: what a denoiser leaves and what noise is left of the
// master look alike then.
const nearScale = 8

// maxRelation bounds one file of a relation in evidence, in bytes.
const maxRelation = 96 << 20

// likeness is what holds for one frame.
func (p Policy) likeness(sampled bool) Likeness {
	if p.Eyes {
		return likenessOfExt(p.Ext)
	}
	if sampled && p.Likeness != LikeNone {
		return LikeNear
	}
	return p.Likeness
}

// Relate compares a delivered file with the one that the verifier made from the frame's
// master; ext is their extension with its dot. Files are kept only when the frame is bad. An error means that
// the verifier's own file is no good.
func Relate(c FrameCommit, p Policy, ext string, final, developed []byte, sampled bool) (Relation, error) {
	r := Relation{Frame: c.Frame, File: sha256.Sum256(final), Developed: sha256.Sum256(developed), Sampled: sampled}
	if r.File != c.FileDigest {
		return r, fmt.Errorf("frame %d: the delivered file isn't the committed one", c.Frame)
	}
	figure, unread, err := relate(c, p, ext, final, developed, sampled)
	if err != nil {
		return r, fmt.Errorf("frame %d: %w", c.Frame, err)
	}
	r.Figure, r.Unread = figure, unread
	if p.Assembled && sampled {
		r.Unread, r.Figure = "the compositor uses passes that are lost where tiles are joined", RelationFigure{}
	}
	if r.Figure.Bad || p.shows(r) {
		if max(len(final), len(developed)) > maxRelation {
			return r, fmt.Errorf("frame %d: a file of over %d bytes can't be shown in evidence", c.Frame, maxRelation)
		}
		r.FinalBytes, r.DevelopedBytes = final, developed
	}
	return r, nil
}

// shows tells whether both files have to be in evidence even where the frame is good. Of a joined still the
// verifier has nothing else to show for its work: the file that it made, which it was bound to before it
// saw the delivered one. Equal digests show that too.
func (p Policy) shows(r Relation) bool {
	return p.Assembled && r.Unread == "" && r.File != r.Developed
}

// relate measures; a delivered file that is broken is bad.
func relate(c FrameCommit, p Policy, ext string, final, developed []byte, sampled bool) (f RelationFigure, unread string, err error) {
	limits := raster.Limits{W: c.W, H: c.H}
	b, err := Look(ext, developed, limits)
	if err != nil {
		return f, "", fmt.Errorf("reading what was made from the master: %w", err)
	}
	if b == nil {
		return f, fmt.Sprintf("nothing here reads this kind of %s file", ext), nil
	}
	a, err := Look(ext, final, limits)
	switch {
	case errors.Is(err, raster.ErrFormat), errors.Is(err, raster.ErrLimit):
		return RelationFigure{Off: 1, Flip: 1, WorstFlip: 1, Bad: true}, "", nil
	case err != nil:
		return f, "", err
	}
	if a == nil || len(a.Channels) != len(b.Channels) || a.Depth != b.Depth {
		// The recipe's own format came from the verifier; the worker's is another.
		return RelationFigure{Off: 1, Flip: 1, WorstFlip: 1, Bad: true}, "", nil
	}
	f, err = p.relation(p.likeness(sampled), a, b)
	return f, "", err
}

// relation compares two images of one size.
func (p Policy) relation(like Likeness, a, b *raster.Raster) (RelationFigure, error) {
	var f RelationFigure
	if like == LikeSame {
		f.Off, f.Tile = p.worstOff(a, b)
		if f.Off == 0 {
			return f, nil
		}
	}
	scale, ppd := 1, flip.PPD
	if like == LikeNear {
		scale, ppd = nearScale, flip.PPD/nearScale
	}
	m, err := flip.Map(shown(a, scale), shown(b, scale), ppd)
	if err != nil {
		return f, err
	}
	f.Flip = flip.Mean(m)
	w, h := (a.W+scale-1)/scale, (a.H+scale-1)/scale
	for tile := range TileCount(w, h) {
		rect, err := TileRect(w, h, tile)
		if err != nil {
			return f, err
		}
		var sum float64
		for y := rect.Y; y < rect.Y+rect.H; y++ {
			for _, v := range m[y*w+rect.X : y*w+rect.X+rect.W] {
				sum += v
			}
		}
		if mean := sum / float64(rect.W*rect.H); mean > f.WorstFlip {
			f.WorstFlip = mean
			if like != LikeSame {
				f.Tile = tile
			}
		}
	}
	switch like {
	case LikeSame:
		f.Bad = f.Off > p.SameOff && f.WorstFlip > p.SameFlip
	case LikeLossy:
		f.Bad = f.WorstFlip > p.LossyFlip || f.Flip > p.LossyMean
	case LikeNear:
		f.Bad = f.WorstFlip > p.NearFlip || f.Flip > p.NearMean
	}
	return f, nil
}

// worstOff is the largest share of a tile's pixels with a sample that differs by more than
// rounding explains, and that tile.
func (p Policy) worstOff(a, b *raster.Raster) (share float64, worst int) {
	n := len(a.Channels)
	across := (a.W + TileSize - 1) / TileSize
	counts := make([]int, TileCount(a.W, a.H))
	for y := range a.H {
		for x := range a.W {
			for c := range n {
				va, vb := a.At(x, y, c), b.At(x, y, c)
				allow := p.SameTolerance
				if a.Depth.Float() {
					// Relative, as what comes out of a half float is.
					allow = max(p.SameTolerance*math.Max(math.Abs(va), math.Abs(vb)), p.Floor)
				}
				if va == vb || (math.IsNaN(va) && math.IsNaN(vb)) || math.Abs(va-vb) <= allow {
					continue
				}
				counts[y/TileSize*across+x/TileSize]++
				break
			}
		}
	}
	for tile, k := range counts {
		rect, _ := TileRect(a.W, a.H, tile) // tile is one of the image's
		if s := float64(k) / float64(rect.W*rect.H); s > share {
			share, worst = s, tile
		}
	}
	return share, worst
}

// shown gives display values, reduced by a box in light where scale is more than one.
// Linear samples get the sRGB curve; transparency shows black.
func shown(r *raster.Raster, scale int) flip.Picture {
	w, h := (r.W+scale-1)/scale, (r.H+scale-1)/scale
	p := flip.Picture{W: w, H: h, Pix: make([]float64, 3*w*h)}
	n := len(r.Channels)
	value := func(x, y, c int) float64 {
		switch {
		case n < 3:
			c = 0
		case n >= 4 && !r.Depth.Float():
			return r.At(x, y, c) * r.At(x, y, 3)
		}
		return r.At(x, y, c)
	}
	for y := range h {
		for x := range w {
			for c := range 3 {
				var sum float64
				count := 0
				for j := y * scale; j < min((y+1)*scale, r.H); j++ {
					for i := x * scale; i < min((x+1)*scale, r.W); i++ {
						v := finite(value(i, j, c))
						if !r.Depth.Float() {
							v = flip.Linear(v)
						}
						sum += min(max(v, 0), 1)
						count++
					}
				}
				v := sum / float64(count)
				if scale == 1 && !r.Depth.Float() {
					v = finite(value(x, y, c))
				} else {
					v = curve(v)
				}
				p.Pix[3*(y*w+x)+c] = v
			}
		}
	}
	return p
}

// curve is the sRGB standard's, of linear light.
func curve(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// checkDelivered holds the evidence's relations to the commitments and measures again what
// they claim to be bad. Every frame that is looked at has exactly one, in the task's order.
func (e Evidence) checkDelivered(p Policy) ([]Relation, error) {
	if p.Likeness == LikeNone && !(p.Eyes && len(e.Delivered) > 0) {
		if len(e.Delivered) > 0 {
			return nil, fmt.Errorf("%w: it compares delivered files where the policy doesn't", ErrEvidence)
		}
		return nil, nil
	}
	looked := lookedAt(e.Key, e.Root, Infos(e.Frames), p)
	if len(e.Delivered) != len(looked) {
		return nil, fmt.Errorf("%w: %d delivered files are compared of %d", ErrEvidence, len(e.Delivered), len(looked))
	}
	out := make([]Relation, len(e.Delivered))
	for i, r := range e.Delivered {
		c := frameOf(e.Frames, looked[i].Frame)
		if r.Frame != c.Frame || r.File != c.FileDigest {
			return nil, fmt.Errorf("%w: the delivered file of frame %d isn't the committed one", ErrEvidence, c.Frame)
		}
		if p.Assembled && r.Sampled && r.Unread == "" {
			return nil, fmt.Errorf("%w: frame %d was joined from tiles and is compared with an image that was sampled", ErrEvidence, c.Frame)
		}
		if r.Figure.Bad || p.shows(r) {
			if sha256.Sum256(r.FinalBytes) != [32]byte(r.File) || sha256.Sum256(r.DevelopedBytes) != [32]byte(r.Developed) {
				return nil, fmt.Errorf("%w: frame %d is compared with its master without both files", ErrEvidence, c.Frame)
			}
			again, unread, err := relate(c, p, p.Ext, r.FinalBytes, r.DevelopedBytes, r.Sampled)
			if err != nil || unread != "" {
				return nil, fmt.Errorf("%w: the verifier's image of frame %d: %s%w", ErrEvidence, c.Frame, unread, err)
			}
			r.Figure = again
		}
		var err error
		if r.Extras, err = r.checkFurther(c, p, e.full(c.Frame)); err != nil {
			return nil, err
		}
		out[i] = r
	}
	return out, nil
}

// full tells whether a frame's master holds floats, as its worker's tiles show: then nothing is rounded between
// the master and what is made of it.
func (e Evidence) full(frame int) bool {
	return slices.ContainsFunc(e.Worker, func(t ProvenTile) bool { return t.Frame == frame && t.Plane == Master && t.Depth == raster.F32 })
}

// why names the figures that decided on a bad frame.
func (r Relation) why(p Policy) string {
	f := r.Figure
	switch p.likeness(r.Sampled) {
	case LikeSame:
		return fmt.Sprintf("frame %d wasn't made from its master: in tile %d %.0f %% of the pixels are off (limit %.0f %%) and it looks different by %.3f (limit %.3f)",
			r.Frame, f.Tile, 100*f.Off, 100*p.SameOff, f.WorstFlip, p.SameFlip)
	case LikeLossy:
		return fmt.Sprintf("frame %d wasn't made from its master: it looks different by %.3f (limit %.3f), its tile %d by %.3f (limit %.3f)",
			r.Frame, f.Flip, p.LossyMean, f.Tile, f.WorstFlip, p.LossyFlip)
	}
	return fmt.Sprintf("frame %d wasn't made from its master: reduced eightfold, it looks different by %.3f (limit %.3f), its tile %d by %.3f (limit %.3f)",
		r.Frame, f.Flip, p.NearMean, f.Tile, f.WorstFlip, p.NearFlip)
}
