// Package polygon is the lossless filter that makes geometry compress: arrays of floats,
// indices and weights are delta-coded and byte-shuffled, segment by segment, where a trial shows
// that it pays. Section 6 of shared/pack/FORMAT.md specifies the bytes.
//
// It does not compress by itself; shared/seal runs zstd on what comes out.
//
// Receives: the plaintext of a chunk from shared/seal.
// Hands on: the filtered form, for zstd.
package polygon

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// kind is how a segment is coded; the values are part of the format.
type kind byte

const (
	raw     kind = 0
	shuffle kind = 1
	delta8  kind = 2
	delta16 kind = 3
	delta32 kind = 4
	delta64 kind = 5
)

// width returns the bytes of an element, 1 for kinds that don't care.
func (k kind) width() int {
	if k < delta8 {
		return 1
	}
	return 1 << (k - delta8)
}

// MaxTable bounds the bytes that the table adds to the plaintext.
const MaxTable = 64 << 10

const (
	maxSegments = 4096
	maxStride   = 255
)

// ErrCorrupt is wrapped by every error of Decode.
var ErrCorrupt = errors.New("the polygon filter's data is damaged")

type segment struct {
	n      int
	kind   kind
	stride int
}

// Decode undoes Encode. size is the plaintext's length in bytes; enc must describe exactly
// that many. dst is reused when it is large enough.
func Decode(dst, enc []byte, size int) ([]byte, error) {
	segs, data, err := parseTable(enc, size)
	if err != nil {
		return nil, err
	}
	if cap(dst) < size {
		dst = make([]byte, size)
	}
	dst = dst[:size]
	at := 0
	for _, s := range segs {
		backward(dst[at:at+s.n], data[at:at+s.n], s.kind, s.stride)
		at += s.n
	}
	return dst, nil
}

func parseTable(enc []byte, size int) ([]segment, []byte, error) {
	count, rest, ok := uvarint(enc)
	if !ok || count < 1 || count > maxSegments || count > uint64(len(rest))/3 {
		return nil, nil, fmt.Errorf("segment count: %w", ErrCorrupt)
	}
	segs := make([]segment, 0, count)
	total := 0
	for i := range count {
		n, r, ok := uvarint(rest)
		if !ok || len(r) < 2 || n < 1 || n > uint64(size-total) {
			return nil, nil, fmt.Errorf("segment %d: length: %w", i, ErrCorrupt)
		}
		s := segment{n: int(n), kind: kind(r[0]), stride: int(r[1])}
		rest = r[2:]
		switch {
		case s.kind > delta64:
			return nil, nil, fmt.Errorf("segment %d: kind %d: %w", i, s.kind, ErrCorrupt)
		case s.kind == raw && s.stride != 0,
			s.kind != raw && (s.stride == 0 || s.stride%s.kind.width() != 0):
			return nil, nil, fmt.Errorf("segment %d: stride %d: %w", i, s.stride, ErrCorrupt)
		}
		total += s.n
		segs = append(segs, s)
	}
	if total != size || len(rest) != size {
		return nil, nil, fmt.Errorf("%d bytes in segments, %d of data, %d expected: %w", total, len(rest), size, ErrCorrupt)
	}
	return segs, rest, nil
}

// uvarint reads the shortest form only, so that equal tables are equal bytes.
func uvarint(b []byte) (uint64, []byte, bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 || (n > 1 && b[n-1] == 0) {
		return 0, nil, false
	}
	return v, b[n:], true
}

func appendTable(dst []byte, segs []segment) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(segs)))
	for _, s := range segs {
		dst = binary.AppendUvarint(dst, uint64(s.n))
		dst = append(dst, byte(s.kind), byte(s.stride))
	}
	return dst
}

// forward codes src into dst, which have equal lengths and do not overlap.
func forward(dst, src []byte, k kind, stride int) {
	if k == raw {
		copy(dst, src)
		return
	}
	r := len(src) / stride
	body := src[:r*stride]
	switch k {
	case shuffle:
		for j := range stride {
			plane := dst[j*r : (j+1)*r]
			for i, p := 0, j; i < len(plane); i, p = i+1, p+stride {
				plane[i] = body[p]
			}
		}
	case delta8:
		for j := range stride {
			plane := dst[j*r : (j+1)*r]
			var prev byte
			for i, p := 0, j; i < len(plane); i, p = i+1, p+stride {
				v := body[p]
				plane[i] = v - prev
				prev = v
			}
		}
	case delta16:
		for j := 0; j < stride; j += 2 {
			a, b := dst[j*r:(j+1)*r], dst[(j+1)*r:(j+2)*r]
			b = b[:len(a)]
			var prev uint16
			for i, p := 0, j; i < len(a); i, p = i+1, p+stride {
				v := binary.LittleEndian.Uint16(body[p:])
				d := v - prev
				prev = v
				a[i], b[i] = byte(d), byte(d>>8)
			}
		}
	case delta32:
		for j := 0; j < stride; j += 4 {
			a, b, c, e := dst[j*r:(j+1)*r], dst[(j+1)*r:(j+2)*r], dst[(j+2)*r:(j+3)*r], dst[(j+3)*r:(j+4)*r]
			b, c, e = b[:len(a)], c[:len(a)], e[:len(a)]
			var prev uint32
			for i, p := 0, j; i < len(a); i, p = i+1, p+stride {
				v := binary.LittleEndian.Uint32(body[p:])
				d := v - prev
				prev = v
				a[i], b[i], c[i], e[i] = byte(d), byte(d>>8), byte(d>>16), byte(d>>24)
			}
		}
	case delta64:
		for j := 0; j < stride; j += 8 {
			var prev uint64
			for i, p := 0, j; i < r; i, p = i+1, p+stride {
				v := binary.LittleEndian.Uint64(body[p:])
				d := v - prev
				prev = v
				for b := range 8 {
					dst[(j+b)*r+i] = byte(d >> (8 * b))
				}
			}
		}
	}
	copy(dst[r*stride:], src[r*stride:])
}

// backward undoes forward.
func backward(dst, src []byte, k kind, stride int) {
	if k == raw {
		copy(dst, src)
		return
	}
	r := len(src) / stride
	body := dst[:r*stride]
	switch k {
	case shuffle:
		for j := range stride {
			plane := src[j*r : (j+1)*r]
			for i, p := 0, j; i < len(plane); i, p = i+1, p+stride {
				body[p] = plane[i]
			}
		}
	case delta8:
		for j := range stride {
			plane := src[j*r : (j+1)*r]
			var v byte
			for i, p := 0, j; i < len(plane); i, p = i+1, p+stride {
				v += plane[i]
				body[p] = v
			}
		}
	case delta16:
		for j := 0; j < stride; j += 2 {
			a, b := src[j*r:(j+1)*r], src[(j+1)*r:(j+2)*r]
			b = b[:len(a)]
			var v uint16
			for i, p := 0, j; i < len(a); i, p = i+1, p+stride {
				v += uint16(a[i]) | uint16(b[i])<<8
				binary.LittleEndian.PutUint16(body[p:], v)
			}
		}
	case delta32:
		for j := 0; j < stride; j += 4 {
			a, b, c, e := src[j*r:(j+1)*r], src[(j+1)*r:(j+2)*r], src[(j+2)*r:(j+3)*r], src[(j+3)*r:(j+4)*r]
			b, c, e = b[:len(a)], c[:len(a)], e[:len(a)]
			var v uint32
			for i, p := 0, j; i < len(a); i, p = i+1, p+stride {
				v += uint32(a[i]) | uint32(b[i])<<8 | uint32(c[i])<<16 | uint32(e[i])<<24
				binary.LittleEndian.PutUint32(body[p:], v)
			}
		}
	case delta64:
		for j := 0; j < stride; j += 8 {
			var v uint64
			for i, p := 0, j; i < r; i, p = i+1, p+stride {
				var d uint64
				for b := range 8 {
					d |= uint64(src[(j+b)*r+i]) << (8 * b)
				}
				v += d
				binary.LittleEndian.PutUint64(body[p:], v)
			}
		}
	}
	copy(dst[r*stride:], src[r*stride:])
}
