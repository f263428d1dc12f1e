package raster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// EncodeEXR writes a float raster as scanline OpenEXR, ZIP-compressed or plain. The same
// raster gives the same bytes with the same Go release. Compressed, the file is held in
// memory until its end is known.
func EncodeEXR(w io.Writer, r *Raster, compress bool) error {
	e, err := newEncoder(r.W, r.H, r.Channels, r.Depth, compress)
	if err != nil {
		return err
	}
	row := r.W * len(r.Channels) * r.Depth.Size()
	block := func(i int) ([]byte, error) {
		y := i * e.lines
		return e.block(y, r.Bits[y*row:min(y+e.lines, r.H)*row])
	}
	var chunks [][]byte
	sizes := make([]int, e.blocks())
	for i := range sizes {
		sizes[i] = 8 + row*min(e.lines, r.H-i*e.lines)
		if compress {
			chunk, err := block(i)
			if err != nil {
				return err
			}
			chunks, sizes[i] = append(chunks, chunk), len(chunk)
		}
	}
	if _, err := w.Write(e.start(sizes)); err != nil {
		return fmt.Errorf("writing an OpenEXR header: %w", err)
	}
	for i := range sizes {
		var chunk []byte
		if compress {
			chunk, chunks[i] = chunks[i], nil
		} else if chunk, err = block(i); err != nil {
			return err
		}
		if _, err := w.Write(chunk); err != nil {
			return fmt.Errorf("writing OpenEXR pixels: %w", err)
		}
	}
	return nil
}

// encoder makes the pieces of an OpenEXR file.
type encoder struct {
	w, h  int
	n     int   // channels
	order []int // of the channels in the file: by name
	depth Depth
	pack  bool
	lines int // of a block
	head  []byte
}

func newEncoder(w, h int, channels []string, depth Depth, compress bool) (*encoder, error) {
	if !depth.Float() {
		return nil, fmt.Errorf("%w: OpenEXR holds half or float samples", ErrUnsupported)
	}
	e := &encoder{w: w, h: h, n: len(channels), depth: depth, pack: compress, lines: 1, order: make([]int, len(channels))}
	for i := range e.order {
		e.order[i] = i
	}
	slices.SortFunc(e.order, func(a, b int) int { return strings.Compare(channels[a], channels[b]) })

	le := binary.LittleEndian
	attr := func(name, kind string, value []byte) {
		e.head = append(e.head, name+"\x00"+kind+"\x00"...)
		e.head = le.AppendUint32(e.head, uint32(len(value)))
		e.head = append(e.head, value...)
	}
	kind := uint32(1)
	if depth == F32 {
		kind = 2
	}
	var list []byte
	for _, i := range e.order {
		if len(channels[i]) == 0 || len(channels[i]) > 255 {
			return nil, fmt.Errorf("%w: channel name %q", ErrUnsupported, channels[i])
		}
		list = append(list, channels[i]+"\x00"...)
		for _, v := range []uint32{kind, 0, 1, 1} {
			list = le.AppendUint32(list, v)
		}
	}
	var window []byte
	for _, v := range []int{0, 0, w - 1, h - 1} {
		window = le.AppendUint32(window, uint32(int32(v)))
	}
	method := byte(exrNone)
	if compress {
		e.lines, method = 16, exrZIP
	}
	one := le.AppendUint32(nil, math.Float32bits(1))
	e.head = le.AppendUint32(e.head, exrMagic)
	version := uint32(exrVersion)
	if slices.ContainsFunc(channels, func(s string) bool { return len(s) > 31 }) {
		version |= 0x400
	}
	e.head = le.AppendUint32(e.head, version)
	attr("channels", "chlist", append(list, 0))
	attr("compression", "compression", []byte{method})
	attr("dataWindow", "box2i", window)
	attr("displayWindow", "box2i", window)
	attr("lineOrder", "lineOrder", []byte{0})
	attr("pixelAspectRatio", "float", one)
	attr("screenWindowCenter", "v2f", make([]byte, 8))
	attr("screenWindowWidth", "float", one)
	e.head = append(e.head, 0)
	return e, nil
}

func (e *encoder) blocks() int { return (e.h + e.lines - 1) / e.lines }

// first is where the first block lies in the file.
func (e *encoder) first() int64 { return int64(len(e.head) + 8*e.blocks()) }

// start gives the head and the line table for blocks of these sizes, in order.
func (e *encoder) start(sizes []int) []byte {
	out, at := slices.Clone(e.head), uint64(e.first())
	for _, n := range sizes {
		out = binary.LittleEndian.AppendUint64(out, at)
		at += uint64(n)
	}
	return out
}

// block gives the block that begins at line y; bits are its lines' samples as Raster.Bits has them.
func (e *encoder) block(y int, bits []byte) ([]byte, error) {
	raw := e.planar(bits)
	if e.pack {
		packed, err := exrDeflate(raw)
		if err != nil {
			return nil, err
		}
		if len(packed) < len(raw) {
			raw = packed
		}
	}
	chunk := binary.LittleEndian.AppendUint32(make([]byte, 0, 8+len(raw)), uint32(y))
	chunk = binary.LittleEndian.AppendUint32(chunk, uint32(len(raw)))
	return append(chunk, raw...), nil
}

// planar turns lines of interleaved big-endian samples into the file's order.
func (e *encoder) planar(bits []byte) []byte {
	size, row := e.depth.Size(), e.w*e.n*e.depth.Size()
	raw := make([]byte, 0, len(bits))
	for at := 0; at < len(bits); at += row {
		for _, c := range e.order {
			for x := range e.w {
				s := bits[at+(x*e.n+c)*size:]
				for b := size - 1; b >= 0; b-- {
					raw = append(raw, s[b])
				}
			}
		}
	}
	return raw
}

func exrDeflate(raw []byte) ([]byte, error) {
	half := (len(raw) + 1) / 2
	t := make([]byte, len(raw))
	for i, b := range raw {
		if i%2 == 0 {
			t[i/2] = b
		} else {
			t[half+i/2] = b
		}
	}
	for i := len(t) - 1; i > 0; i-- {
		t[i] += 128 - t[i-1]
	}
	var out bytes.Buffer
	zw := zlib.NewWriter(&out)
	if _, err := zw.Write(t); err != nil {
		return nil, fmt.Errorf("compressing OpenEXR pixels: %w", err)
	}
	if err := zw.Close(); err != nil {
		return nil, fmt.Errorf("compressing OpenEXR pixels: %w", err)
	}
	return out.Bytes(), nil
}
