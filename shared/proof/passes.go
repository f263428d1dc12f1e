package proof

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Layout names the channels of one plane's tiles where they hold passes beside the image, as the verifier's own
// render has them.
type Layout struct {
	Plane    Plane    `json:"plane"`
	Channels []string `json:"channels"`
}

// LayoutsOf names the channels of those images that hold passes beside the image; either may be nil.
func LayoutsOf(master, final *raster.Raster) (out []Layout) {
	for plane, img := range []*raster.Raster{Master: master, Final: final} {
		if img != nil && img.Lead > 0 {
			out = append(out, Layout{Plane: Plane(plane), Channels: img.Channels})
		}
	}
	return out
}

// PassFigure is what was measured on the passes beside the image: of each the worst tile.
type PassFigure struct {
	Pass  string `json:"pass"` // with its view layer
	Plane Plane  `json:"plane"`
	Tiles int    `json:"tiles"` // that were compared
	// Data tells that it holds numbers instead of light: a depth, a normal, an index.
	Data  bool       `json:"data,omitempty"`
	Bad   int        `json:"bad"`
	Worst TileFigure `json:"worst"`
}

// passRange is one pass's channels in a tile.
type passRange struct {
	name string
	from int
	n    int
	data bool
}

// maxPassName bounds what evidence calls a channel, as OpenEXR does.
const maxPassName = 255

// checkLayouts bounds what evidence says of channels.
func (e Evidence) checkLayouts() error {
	for i, l := range e.Layouts {
		if l.Plane != Master && l.Plane != Final || slices.ContainsFunc(e.Layouts[:i], func(o Layout) bool { return o.Plane == l.Plane }) {
			return fmt.Errorf("%w: it names the channels of the %v twice, or of no plane", ErrEvidence, l.Plane)
		}
		for _, s := range e.Verifier {
			if s.Plane == l.Plane && s.Channels != len(l.Channels) {
				return fmt.Errorf("%w: it names %d channels of the %v, the verifier's tiles have %d", ErrEvidence, len(l.Channels), l.Plane, s.Channels)
			}
		}
		for _, name := range l.Channels {
			if len(name) > maxPassName {
				return fmt.Errorf("%w: a channel's name of %d bytes", ErrEvidence, len(name))
			}
		}
	}
	for _, s := range e.Verifier {
		if s.Lead > 0 && !slices.ContainsFunc(e.Layouts, func(l Layout) bool { return l.Plane == s.Plane }) {
			return fmt.Errorf("%w: it doesn't name the channels of the %v", ErrEvidence, s.Plane)
		}
	}
	return nil
}

// passes are the passes beside the image that a plane's tiles are compared in. What a denoiser or compositor made
// of the whole image can't be seen in a border; the delivered file is held to its master for it.
func (e Evidence) passes(plane Plane, lead int, p Policy) (out []passRange) {
	if lead == 0 || p.Method != MethodExact {
		return nil
	}
	at := slices.IndexFunc(e.Layouts, func(l Layout) bool { return l.Plane == plane })
	for _, r := range rangesOf(e.Layouts[at].Channels, lead) {
		if p.Likeness != LikeNone && (strings.HasPrefix(r.name, "Composite.") || strings.HasSuffix(r.name, ".Combined")) {
			continue
		}
		out = append(out, r)
	}
	return out
}

// rangesOf finds the passes among channels from one on.
func rangesOf(names []string, from int) (out []passRange) {
	for i := from; i < len(names); {
		pass, _ := raster.PassOf(names[i])
		r := passRange{name: pass, from: i}
		for ; i < len(names); i++ {
			next, channel := raster.PassOf(names[i])
			if next != pass {
				break
			}
			r.n++
			r.data = r.data || !strings.Contains("RGBA", channel)
		}
		out = append(out, r)
	}
	return out
}

// cut takes some of a tile's channels.
func (s TileSample) cut(from, n int) TileSample {
	size := s.Depth.Size()
	out := s
	out.Channels, out.Lead = n, 0
	out.Bits = make([]byte, 0, s.Rect.W*s.Rect.H*n*size)
	for p := range s.Rect.W * s.Rect.H {
		at := (p*s.Channels + from) * size
		out.Bits = append(out.Bits, s.Bits[at:at+n*size]...)
	}
	return out
}

// image takes the channels that show the image.
func (s TileSample) image() TileSample {
	if s.Lead == 0 {
		return s
	}
	return s.cut(0, s.Lead)
}

// comparePasses adds the last tile's figures to those of its passes.
func (v *Verdict) comparePasses(room *room, passes []passRange, a, b TileSample) {
	for _, r := range passes {
		i := slices.IndexFunc(v.Passes, func(f PassFigure) bool { return f.Pass == r.name && f.Plane == a.Plane })
		if i < 0 {
			i, v.Passes = len(v.Passes), append(v.Passes, PassFigure{Pass: r.name, Plane: a.Plane, Data: r.data, Worst: TileFigure{Frame: a.Frame, Tile: a.Tile, Plane: a.Plane, Correlation: 1}})
		}
		x, y := a.cut(r.from, r.n), b.cut(r.from, r.n)
		f := &v.Passes[i]
		f.Tiles++
		if bytes.Equal(x.Bits, y.Bits) {
			continue
		}
		fig := room.compareMaster(x, y, v.Policy, unmeasured)
		if r.data {
			// No light, so no noise: what isn't rounding is another number.
			fig.Bad = fig.Outliers > v.Policy.MaxData
		}
		if fig.Bad {
			f.Bad++
			v.Tiles[len(v.Tiles)-1].Pass = r.name
		}
		if fig.Outliers > f.Worst.Outliers || fig.Bad && !f.Worst.Bad {
			f.Worst = fig
		}
	}
}

// decidePasses convicts by a pass beside the image, where the image itself doesn't.
func decidePasses(v *Verdict) {
	if !v.Pass {
		return
	}
	for _, f := range v.Passes {
		if f.Bad == 0 {
			continue
		}
		w := f.Worst
		v.Pass, v.Inconclusive = false, !v.SameClass
		v.Reason = fmt.Sprintf("the pass %s of the %v differs in %d of %d tiles; in tile %d of frame %d %.1f %% of its pixels are off", f.Pass, f.Plane, f.Bad, f.Tiles, w.Tile, w.Frame, 100*w.Outliers)
		if f.Data {
			v.Reason += fmt.Sprintf(" (limit %.0f %%)", 100*v.Policy.MaxData)
		} else {
			v.Reason += fmt.Sprintf(" (limit %.0f %%), %s", 100*v.Policy.MaxOutliers, w.why(v.Policy))
		}
		if !v.SameClass {
			v.Reason += "; worker and verifier have different device classes, so a verifier of the worker's class has to decide"
		}
		return
	}
	switch n := len(v.Passes); n {
	case 0:
	case 1:
		v.Reason += "; the pass beside the image agrees"
	default:
		v.Reason += fmt.Sprintf("; %d passes beside the image agree", n)
	}
}
