package proof

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Further compares one further file of a frame with the one of that name which a verifier made from the
// frame's master.
type Further struct {
	Name      string `json:"name"`
	File      Digest `json:"file"`      // SHA-256, as committed; zero where the worker has no such file
	Developed Digest `json:"developed"` // SHA-256 of the verifier's; zero where it made no such file
	// Unread names why the two weren't compared though they differ; "" otherwise.
	Unread string         `json:"unread,omitempty"`
	Figure RelationFigure `json:"figure"`
	// Both files; only where they were compared and the worker's is bad.
	FinalBytes     []byte `json:"finalBytes,omitempty"`
	DevelopedBytes []byte `json:"developedBytes,omitempty"`
}

// Made is a further file that a verifier made from a master. One without bytes is compared by its digest only.
type Made struct {
	Name   string
	Digest Digest // SHA-256
	Open   func() ([]byte, error)
}

// maxFurtherPixels bounds a further file that is looked at; its size is the scene's own choice.
const maxFurtherPixels = 1 << 26

// allBad is the figure of a file that isn't there, or can't be what it should be.
var allBad = RelationFigure{Off: 1, Flip: 1, WorstFlip: 1, Bad: true}

// RelateFurther adds to a frame's relation how its further files relate to those that the verifier made from
// its master. Get fetches the worker's, by its place in the commitment, where the two differ; it gives a
// reason instead where the file can't be had. Full says that the master holds floats. Files are kept of the first bad
// one only: it convicts alone.
// An error is get's, or says that one of the verifier's own can't be opened.
func (r *Relation) RelateFurther(c FrameCommit, p Policy, full bool, made []Made, get func(at int) (data []byte, unread string, err error)) error {
	if !p.Extras {
		return nil
	}
	convicted := r.Figure.Bad
	left := make(map[string]Made, len(made))
	for _, m := range made {
		left[m.Name] = m
	}
	for at, x := range c.Extras {
		f := Further{Name: x.Name, File: x.Digest}
		m, ok := left[x.Name]
		delete(left, x.Name)
		if !ok {
			f.Figure, convicted = allBad, true
			r.Extras = append(r.Extras, f)
			continue
		}
		f.Developed = m.Digest
		switch {
		case f.File == f.Developed:
		case m.Open == nil:
			f.Unread = "the verifier's own is too large to keep"
		case convicted:
			f.Unread = "another file of the frame is bad already"
		default:
			if err := f.relate(p, m, r.Sampled, full, func() ([]byte, string, error) { return get(at) }); err != nil {
				return fmt.Errorf("frame %d: %w", c.Frame, err)
			}
			convicted = f.Figure.Bad
		}
		r.Extras = append(r.Extras, f)
	}
	for _, m := range made {
		if _, ok := left[m.Name]; !ok {
			continue
		}
		r.Extras = append(r.Extras, Further{Name: m.Name, Developed: m.Digest, Figure: allBad})
	}
	return nil
}

// relate compares the verifier's file with the worker's.
func (f *Further) relate(p Policy, m Made, sampled, full bool, get func() ([]byte, string, error)) error {
	final, unread, err := get()
	if err != nil || unread != "" {
		f.Unread = unread
		return err
	}
	developed, err := m.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if sha256.Sum256(final) != [32]byte(f.File) {
		return fmt.Errorf("%s isn't the committed file", f.Name)
	}
	if f.Figure, f.Unread, err = p.further(f.Name, final, developed, sampled, full); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if f.Figure.Bad && max(len(final), len(developed)) > maxFurther {
		f.Figure, f.Unread = RelationFigure{}, fmt.Sprintf("it looks different, but files of over %d bytes can't be shown in evidence", maxFurther)
	}
	if f.Figure.Bad {
		f.FinalBytes, f.DevelopedBytes = final, developed
	}
	return nil
}

// maxFurther bounds one further file in evidence, in bytes.
const maxFurther = 32 << 20

// grossly is how far beyond the limit of denoised images a further file of one has to be, so that its pixels convict.
const grossly = 3

// further measures. What the verifier's file is decides what the worker's has to be. Of a file of several passes
// it is the worst.
func (p Policy) further(name string, final, developed []byte, sampled, full bool) (f RelationFigure, unread string, err error) {
	ext := strings.ToLower(path.Ext(name))
	read := func(data []byte, limits raster.Limits) (*raster.Raster, error) { return Look(ext, data, limits) }
	if ext == ".exr" && !hasComposite(developed) {
		read = raster.DecodeStored
	}
	b, err := read(developed, raster.Limits{MaxPixels: maxFurtherPixels})
	if err != nil || b == nil {
		return f, fmt.Sprintf("nothing here reads this kind of %.16s file", ext), nil
	}
	a, err := read(final, raster.Limits{W: b.W, H: b.H})
	switch {
	case errors.Is(err, raster.ErrFormat), errors.Is(err, raster.ErrLimit), errors.Is(err, raster.ErrUnsupported):
		return allBad, "", nil
	case err != nil:
		return f, "", err
	// Blender 4 writes a matte's channels as r g b a where it rendered them, and as R G B A out of a master.
	case a == nil || !slices.EqualFunc(a.Channels, b.Channels, strings.EqualFold) || a.Depth != b.Depth:
		return allBad, "", nil
	}
	like := p.furtherLikeness(ext, sampled)
	for _, r := range rangesOf(b.Channels, 0) {
		x, y := only(a, r), only(b, r)
		if bytes.Equal(x.Bits, y.Bits) {
			continue
		}
		g, err := p.relation(like, x, y)
		if err != nil {
			return f, "", err
		}
		// What only looks alike may be other numbers, beyond white or of something that is no light.
		g.Bad = g.Bad || full && like == LikeSame && g.Off > p.MaxData
		if len(b.Channels) > r.n {
			g.Pass = r.name
		}
		if g.Bad && !f.Bad || g.Bad == f.Bad && max(g.Off, g.WorstFlip) > max(f.Off, f.WorstFlip) {
			f = g
		}
	}
	if f.Bad && p.likeness(sampled) == LikeNear && (sampled || f.Flip <= grossly*p.NearMean) {
		// A pass alone, above all indirect light, is noisier than any delivered image at few samples, names of
		// objects differ along every edge, and a filter may amplify what denoising leaves: an honest node's may be
		// beyond the limits.
		why := "a filter may have amplified what denoising leaves"
		if sampled {
			why = "may hold a pass that the verifier has at few samples only"
		}
		return RelationFigure{}, fmt.Sprintf("it looks different by %.3f, but %s", f.Flip, why), nil
	}
	return f, "", nil
}

// hasComposite tells whether an OpenEXR file holds what the compositor made beside what it made it of, as the files of
// a second eye do where the frames are multilayer. Of the rest a developed file has nothing.
func hasComposite(data []byte) bool {
	names, err := raster.EXRChannels(data)
	return err == nil && slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "Composite.Combined.") })
}

// only takes a pass's channels of an image.
func only(r *raster.Raster, g passRange) *raster.Raster {
	if g.n == len(r.Channels) {
		return r
	}
	out := raster.New(r.W, r.H, r.Channels[g.from:g.from+g.n], r.Depth)
	size, n := r.Depth.Size(), len(r.Channels)
	for p := range r.W * r.H {
		copy(out.Bits[p*g.n*size:(p+1)*g.n*size], r.Bits[(p*n+g.from)*size:])
	}
	return out
}

// furtherLikeness is what holds for a further file: its own format decides whether it loses bits.
func (p Policy) furtherLikeness(ext string, sampled bool) Likeness {
	if p.likeness(sampled) == LikeNear {
		return LikeNear
	}
	return likenessOfExt(ext)
}

// checkFurther holds what evidence says of a frame's further files to the commitment, and measures again what
// it claims to be bad. There is an entry for each committed file, in order, and after them one for each that
// is missing; none at all only where the frame couldn't be made.
func (r Relation) checkFurther(c FrameCommit, p Policy, full bool) ([]Further, error) {
	if !p.Extras && len(r.Extras) > 0 {
		return nil, fmt.Errorf("%w: it compares further files where the policy doesn't", ErrEvidence)
	}
	if !p.Extras || len(r.Extras) == 0 && (len(c.Extras) == 0 || r.Unread != "") {
		return nil, nil
	}
	if len(r.Extras) < len(c.Extras) || len(r.Extras) > len(c.Extras)+MaxExtras {
		return nil, fmt.Errorf("%w: %d further files of frame %d are compared of %d", ErrEvidence, len(r.Extras), c.Frame, len(c.Extras))
	}
	out := make([]Further, len(r.Extras))
	seen := make(map[string]bool, len(r.Extras))
	for i, f := range r.Extras {
		committed := i < len(c.Extras)
		switch {
		case committed && (f.Name != c.Extras[i].Name || f.File != c.Extras[i].Digest):
			return nil, fmt.Errorf("%w: the further file %q of frame %d isn't the committed one", ErrEvidence, f.Name, c.Frame)
		case !committed && (f.File != (Digest{}) || f.Developed == (Digest{}) || seen[f.Name] || CheckExtraName(f.Name) != nil):
			return nil, fmt.Errorf("%w: %.160q can't be missing of frame %d", ErrEvidence, f.Name, c.Frame)
		}
		seen[f.Name] = true
		if err := f.again(c, p, r.Sampled, full); err != nil {
			return nil, err
		}
		out[i] = f
	}
	return out, nil
}

// again brings the figure to what the entry itself shows.
func (f *Further) again(c FrameCommit, p Policy, sampled, full bool) error {
	switch {
	case f.File == f.Developed:
		f.Figure, f.Unread = RelationFigure{}, ""
	case f.Unread != "":
		f.Figure = RelationFigure{}
	case f.File == (Digest{}), f.Developed == (Digest{}):
		f.Figure = allBad
	case f.Figure.Bad:
		if sha256.Sum256(f.FinalBytes) != [32]byte(f.File) || sha256.Sum256(f.DevelopedBytes) != [32]byte(f.Developed) {
			return fmt.Errorf("%w: the further file %q of frame %d is compared without both files", ErrEvidence, f.Name, c.Frame)
		}
		figure, unread, err := p.further(f.Name, f.FinalBytes, f.DevelopedBytes, sampled, full)
		if err != nil || unread != "" {
			return fmt.Errorf("%w: the verifier's further file %q of frame %d: %s%w", ErrEvidence, f.Name, c.Frame, unread, err)
		}
		f.Figure = figure
	}
	return nil
}

// why names what decided on a bad further file.
func (f Further) why(frame int) string {
	switch {
	case f.File == (Digest{}):
		return fmt.Sprintf("frame %d lacks the further file %q, which its master gives", frame, f.Name)
	case f.Developed == (Digest{}):
		return fmt.Sprintf("frame %d has a further file %q that its master doesn't give, or has it twice", frame, f.Name)
	}
	name := fmt.Sprintf("%q", f.Name)
	if f.Figure.Pass != "" {
		name += " (" + f.Figure.Pass + ")"
	}
	return fmt.Sprintf("the further file %s of frame %d wasn't made from its master: it looks different by %.3f, its tile %d by %.3f, with %.0f %% of a tile's pixels off",
		name, frame, f.Figure.Flip, f.Figure.Tile, f.Figure.WorstFlip, 100*f.Figure.Off)
}
