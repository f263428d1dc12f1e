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
// raster gives the same bytes with the same Go release.
func EncodeEXR(w io.Writer, r *Raster, compress bool) error {
	if !r.Depth.Float() {
		return fmt.Errorf("%w: OpenEXR holds half or float samples", ErrUnsupported)
	}
	order := make([]int, len(r.Channels))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(r.Channels[a], r.Channels[b]) })

	le := binary.LittleEndian
	var head []byte
	attr := func(name, kind string, value []byte) {
		head = append(head, name+"\x00"+kind+"\x00"...)
		head = le.AppendUint32(head, uint32(len(value)))
		head = append(head, value...)
	}
	kind := uint32(1)
	if r.Depth == F32 {
		kind = 2
	}
	var list []byte
	for _, i := range order {
		if len(r.Channels[i]) == 0 || len(r.Channels[i]) > 255 {
			return fmt.Errorf("%w: channel name %q", ErrUnsupported, r.Channels[i])
		}
		list = append(list, r.Channels[i]+"\x00"...)
		for _, v := range []uint32{kind, 0, 1, 1} {
			list = le.AppendUint32(list, v)
		}
	}
	var window []byte
	for _, v := range []int{0, 0, r.W - 1, r.H - 1} {
		window = le.AppendUint32(window, uint32(int32(v)))
	}
	lines, method := 1, byte(exrNone)
	if compress {
		lines, method = 16, exrZIP
	}
	one := le.AppendUint32(nil, math.Float32bits(1))
	head = le.AppendUint32(head, exrMagic)
	version := uint32(exrVersion)
	if slices.ContainsFunc(r.Channels, func(s string) bool { return len(s) > 31 }) {
		version |= 0x400
	}
	head = le.AppendUint32(head, version)
	attr("channels", "chlist", append(list, 0))
	attr("compression", "compression", []byte{method})
	attr("dataWindow", "box2i", window)
	attr("displayWindow", "box2i", window)
	attr("lineOrder", "lineOrder", []byte{0})
	attr("pixelAspectRatio", "float", one)
	attr("screenWindowCenter", "v2f", make([]byte, 8))
	attr("screenWindowWidth", "float", one)
	head = append(head, 0)

	blocks := (r.H + lines - 1) / lines
	chunks := make([][]byte, blocks)
	for i := range chunks {
		y := i * lines
		raw := r.planar(order, y, min(lines, r.H-y))
		if compress {
			packed, err := exrDeflate(raw)
			if err != nil {
				return err
			}
			if len(packed) < len(raw) {
				raw = packed
			}
		}
		chunk := le.AppendUint32(nil, uint32(y))
		chunk = le.AppendUint32(chunk, uint32(len(raw)))
		chunks[i] = append(chunk, raw...)
	}
	at := uint64(len(head) + 8*blocks)
	for _, c := range chunks {
		head = le.AppendUint64(head, at)
		at += uint64(len(c))
	}
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("writing an OpenEXR header: %w", err)
	}
	for _, c := range chunks {
		if _, err := w.Write(c); err != nil {
			return fmt.Errorf("writing OpenEXR pixels: %w", err)
		}
	}
	return nil
}

// planar is the reverse of putLine for some rows.
func (r *Raster) planar(order []int, y, rows int) []byte {
	size, n := r.Depth.Size(), len(r.Channels)
	raw := make([]byte, 0, rows*r.W*n*size)
	for row := y; row < y+rows; row++ {
		for _, c := range order {
			for x := range r.W {
				s := r.Bits[((row*r.W+x)*n+c)*size:]
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
