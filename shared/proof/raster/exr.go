package raster

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The parts of the OpenEXR file layout used here follow the public "OpenEXR File Layout"
// description: magic, version, attributes, line offset table, chunks of scanlines.
const (
	exrMagic   = 20000630
	exrVersion = 2

	exrNone = 0
	exrZIPS = 2
	exrZIP  = 3
)

// maxHeader bounds the attributes; Blender's metadata takes a few hundred bytes.
const maxHeader = 1 << 20

type exrChannel struct {
	name string
	kind uint32 // 0 uint, 1 half, 2 float
	out  int    // index in the raster, -1 when it isn't taken
	at   int    // byte offset of the channel's samples inside a scanline
}

func (c exrChannel) size() int {
	if c.kind == 1 {
		return 2
	}
	return 4
}

// DecodeEXR reads a scanline OpenEXR file with all of its half and float channels. First, as Raster.Lead counts
// them, come those that show the image: of a plain file R, G, B and A (or Y); of a multilayer one each view
// layer's noisy Combined pass, "Noisy Image" where a denoiser ran, else "Combined", in the order of the layers'
// names. Behind them come the others, by the names of their passes. Where there are more than MaxChannels, they are
// left out.
func DecodeEXR(data []byte, limits Limits) (*Raster, error) {
	return decode(data, limits, wanted{beside: every})
}

// DecodePasses is DecodeEXR, but of the channels that don't show the image it takes only those of some passes, named
// with their layer in front.
func DecodePasses(data []byte, limits Limits, passes []string) (*Raster, error) {
	return decode(data, limits, wanted{beside: func(pass string) bool { return slices.Contains(passes, pass) }})
}

// DecodeComposite takes only the channels that show the image, and of a multilayer file that holds what the
// compositor made only those.
func DecodeComposite(data []byte, limits Limits) (*Raster, error) {
	return decode(data, limits, wanted{composite: true, beside: none})
}

// DecodeStored is DecodeEXR for files that needn't show an image, as those of a File Output node with many slots: it
// takes every half and float channel, by the names of their passes. It fails where it can't take all.
func DecodeStored(data []byte, limits Limits) (*Raster, error) {
	return decode(data, limits, wanted{all: true})
}

// wanted are the channels to take of a file.
type wanted struct {
	composite bool                   // what the compositor made stands for the image, where it is there
	beside    func(pass string) bool // which passes are taken beside the image
	all       bool                   // takes all, whether they show an image or not
	guided    bool                   // what guides a denoiser shows the image too, see DecodeGuided
}

func every(string) bool { return true }

func none(string) bool { return false }

func decode(data []byte, limits Limits, want wanted) (*Raster, error) {
	e, err := openEXR(bytes.NewReader(data), int64(len(data)), limits, want)
	if err != nil {
		return nil, err
	}
	return e.All(nil)
}

type exrHeader struct {
	channels    []exrChannel
	compression byte
	x0, y0      int
	w, h        int
}

type exrReader struct {
	data []byte
	at   int
	bad  bool // read past the end
}

func (r *exrReader) take(n int) []byte {
	if n < 0 || n > len(r.data)-r.at {
		r.bad = true
		return nil
	}
	b := r.data[r.at : r.at+n]
	r.at += n
	return b
}

func (r *exrReader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// text reads a zero-terminated string.
func (r *exrReader) text() string {
	rest := r.data[r.at:]
	n := bytes.IndexByte(rest[:min(len(rest), 256)], 0)
	if n < 0 {
		r.bad = true
		return ""
	}
	r.at += n + 1
	return string(rest[:n])
}

func (r *exrReader) header() (exrHeader, error) {
	var head exrHeader
	seen := map[string]bool{}
	for {
		if r.at > maxHeader {
			return head, fmt.Errorf("%w: OpenEXR header over %d bytes", ErrFormat, maxHeader)
		}
		name := r.text()
		if r.bad {
			return head, fmt.Errorf("%w: OpenEXR header ends early", ErrFormat)
		}
		if name == "" {
			break
		}
		r.text() // the attribute's type follows from its name
		value := r.take(int(int32(r.u32())))
		if r.bad {
			return head, fmt.Errorf("%w: OpenEXR attribute %q ends early", ErrFormat, name)
		}
		if seen[name] {
			return head, fmt.Errorf("%w: OpenEXR attribute %q twice", ErrFormat, name)
		}
		seen[name] = true
		var err error
		switch name {
		case "channels":
			head.channels, err = exrChannels(value)
		case "compression":
			if len(value) != 1 {
				return head, fmt.Errorf("%w: OpenEXR compression attribute", ErrFormat)
			}
			head.compression = value[0]
		case "dataWindow":
			err = head.window(value)
		}
		if err != nil {
			return head, err
		}
	}
	for _, need := range []string{"channels", "compression", "dataWindow"} {
		if !seen[need] {
			return head, fmt.Errorf("%w: OpenEXR without %s", ErrFormat, need)
		}
	}
	return head, nil
}

func (h *exrHeader) window(value []byte) error {
	if len(value) != 16 {
		return fmt.Errorf("%w: OpenEXR data window", ErrFormat)
	}
	n := func(i int) int { return int(int32(binary.LittleEndian.Uint32(value[4*i:]))) }
	h.x0, h.y0 = n(0), n(1)
	h.w, h.h = n(2)-n(0)+1, n(3)-n(1)+1
	return nil
}

func exrChannels(value []byte) ([]exrChannel, error) {
	r := &exrReader{data: value}
	var list []exrChannel
	for {
		name := r.text()
		if r.bad {
			return nil, fmt.Errorf("%w: OpenEXR channel list ends early", ErrFormat)
		}
		if name == "" {
			return list, nil
		}
		kind := r.u32()
		r.take(4)
		xs, ys := r.u32(), r.u32()
		if r.bad || kind > 2 {
			return nil, fmt.Errorf("%w: OpenEXR channel %q", ErrFormat, name)
		}
		if xs != 1 || ys != 1 {
			return nil, fmt.Errorf("%w: subsampled OpenEXR channel %q", ErrUnsupported, name)
		}
		if len(list) == 1024 {
			return nil, fmt.Errorf("%w: over 1024 OpenEXR channels", ErrLimit)
		}
		list = append(list, exrChannel{name: name, kind: kind, out: -1})
	}
}

// choose marks the channels that are taken and returns their names in raster order; the first lead of them show
// the image.
func choose(list []exrChannel, want wanted) (names []string, lead int, err error) {
	if want.all {
		names = beside(list, nil, every)
		if len(names) != len(list) || len(names) == 0 || len(names) > MaxChannels {
			return nil, 0, fmt.Errorf("%w: OpenEXR with %d channels, of which %d are numbers", ErrUnsupported, len(list), len(names))
		}
		return names, len(names), nil
	}
	if want.guided {
		nameGuides(list)
	}
	groups := map[string]map[string]int{}
	for i, c := range list {
		prefix, base := PassOf(c.name)
		switch base {
		case "R", "G", "B", "A", "Y":
			if groups[prefix] == nil {
				groups[prefix] = map[string]int{}
			}
			groups[prefix][base] = i
		}
	}
	var prefixes []string
	if _, plain := groups[""]; plain {
		prefixes = []string{""}
	} else if _, made := groups["Composite.Combined"]; made && want.composite {
		prefixes = []string{"Composite.Combined"}
	} else {
		for prefix := range groups {
			layer, isCombined := strings.CutSuffix(prefix, ".Combined")
			if isCombined && layer == "Composite" {
				continue
			}
			_, noisy := groups[layer+".Noisy Image"]
			if (isCombined && !noisy) || strings.HasSuffix(prefix, ".Noisy Image") {
				prefixes = append(prefixes, prefix)
			}
		}
		slices.Sort(prefixes)
	}
	for _, prefix := range prefixes {
		for _, base := range []string{"R", "G", "B", "A", "Y"} {
			i, ok := groups[prefix][base]
			if !ok {
				continue
			}
			list[i].out = len(names)
			names = append(names, list[i].name)
		}
	}
	if len(names) == 0 {
		return nil, 0, fmt.Errorf("%w: OpenEXR without colour channels", ErrUnsupported)
	}
	if len(names) > MaxChannels {
		return nil, 0, fmt.Errorf("%w: over %d colour channels", ErrLimit, MaxChannels)
	}
	return beside(list, names, want.beside), len(names), nil
}

// beside marks the wanted channels that aren't taken yet and appends their names, unless they are too many.
func beside(list []exrChannel, names []string, want func(pass string) bool) []string {
	var rest []int
	for i, c := range list {
		if pass, _ := PassOf(c.name); c.out < 0 && c.kind != 0 && want(pass) {
			rest = append(rest, i)
		}
	}
	if len(names)+len(rest) > MaxChannels {
		return names
	}
	slices.SortFunc(rest, func(i, j int) int {
		a, x := PassOf(list[i].name)
		b, y := PassOf(list[j].name)
		return cmp.Or(strings.Compare(a, b), cmp.Compare(letter(x), letter(y)), strings.Compare(x, y))
	})
	for _, i := range rest {
		list[i].out = len(names)
		names = append(names, list[i].name)
	}
	return names
}

// PassOf splits a channel's name into its pass with the layer in front, and the channel's own.
func PassOf(name string) (pass, channel string) {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		return name[:dot], name[dot+1:]
	}
	return "", name
}

// letter orders the channels of a pass.
func letter(channel string) int {
	if i := strings.Index("RGBAXYZWUV", strings.ToUpper(channel)); i >= 0 && len(channel) == 1 {
		return i
	}
	return 10
}

// unzipper undoes EXR's ZIP: deflate, then a byte predictor over two interleaved halves.
type unzipper struct {
	zr   io.ReadCloser
	a, b []byte
}

func (u *unzipper) expand(packed []byte, size int) ([]byte, error) {
	src := bytes.NewReader(packed)
	if u.zr == nil {
		zr, err := zlib.NewReader(src)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		u.zr = zr
	} else if err := u.zr.(zlib.Resetter).Reset(src, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if size/maxRatio > len(packed) {
		return nil, fmt.Errorf("%w: %d bytes can't expand to %d", ErrFormat, len(packed), size)
	}
	if cap(u.a) < size {
		u.a, u.b = make([]byte, size), make([]byte, size)
	}
	a, b := u.a[:size], u.b[:size]
	if _, err := io.ReadFull(u.zr, a); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if n, err := u.zr.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrFormat, size)
	}
	for i := 1; i < size; i++ {
		a[i] += a[i-1] - 128
	}
	half := (size + 1) / 2
	for i := range b {
		if i%2 == 0 {
			b[i] = a[i/2]
		} else {
			b[i] = a[half+i/2]
		}
	}
	return b, nil
}

// EXRChannels returns the names of all channels of a file, wanted or not.
func EXRChannels(data []byte) ([]string, error) {
	head, _, err := exrHead(data)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(head.channels))
	for i, c := range head.channels {
		names[i] = c.name
	}
	return names, nil
}
