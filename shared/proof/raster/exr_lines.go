package raster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// maxBlock bounds the lines that are decoded at a time, in bytes: sixteen lines of 64 float
// channels at the largest width.
const maxBlock = 1 << 28

// EXR is an OpenEXR file that is read line by line, with the channels that DecodeEXR takes:
// an image of any size costs the memory of sixteen of its lines. It belongs to one goroutine.
type EXR struct {
	W, H     int // pixels
	Channels []string
	Lead     int // as Raster's
	Depth    Depth

	file   io.ReaderAt
	stored []exrChannel // all that a line holds
	line   int          // bytes of a stored line
	lines  int          // of a block
	packed bool
	halves bool       // floats are rounded to halves
	blocks []exrBlock // by their place in the image
	un     unzipper
	buf    []byte // a block as it is stored
	raw    []byte // the lines of block at
	at     int    // -1 before the first
	row    []byte
}

// exrBlock is where some lines lie in the file.
type exrBlock struct {
	offset int64
	size   int
}

// OpenEXR reads the head of a scanline OpenEXR file of size bytes; nothing is decoded yet.
func OpenEXR(file io.ReaderAt, size int64, limits Limits) (*EXR, error) {
	return openEXR(file, size, limits, wanted{beside: every})
}

// OpenEXRFile is OpenEXR on a file, which Close closes.
func OpenEXRFile(path string, limits Limits) (*EXR, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading an OpenEXR file: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading an OpenEXR file: %w", err), f.Close())
	}
	e, err := OpenEXR(f, info.Size(), limits)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return e, nil
}

// Close closes what the image is read from, where that can be closed.
func (e *EXR) Close() error {
	e.buf, e.raw, e.row, e.un, e.at = nil, nil, nil, unzipper{}, -1
	if c, ok := e.file.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Line returns one line's samples as Raster.Bits has them; they are good until the next call.
func (e *EXR) Line(y int) ([]byte, error) {
	if y < 0 || y >= e.H {
		return nil, fmt.Errorf("line %d of an image of %d lines", y, e.H)
	}
	if e.row == nil {
		e.row = make([]byte, e.lineSize())
	}
	if err := e.read(y, e.row); err != nil {
		return nil, err
	}
	return e.row, nil
}

// All reads the whole image. progress, which may be nil, is told the share that is done, and
// its error ends it.
func (e *EXR) All(progress func(done float64) error) (*Raster, error) {
	out := New(e.W, e.H, e.Channels, e.Depth)
	if e.Lead < len(e.Channels) {
		out.Lead = e.Lead
	}
	row := e.lineSize()
	for y := range e.H {
		if err := e.read(y, out.Bits[y*row:(y+1)*row]); err != nil {
			return nil, err
		}
		if err := told(progress, y, e.H); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *EXR) lineSize() int { return e.W * len(e.Channels) * e.Depth.Size() }

// exrHead reads magic, version and attributes; rest is where they end.
func exrHead(data []byte) (head exrHeader, rest int, err error) {
	r := &exrReader{data: data}
	if r.u32() != exrMagic {
		return head, 0, fmt.Errorf("%w: no OpenEXR file", ErrFormat)
	}
	version := r.u32()
	if r.bad || version&0xff != exrVersion {
		return head, 0, fmt.Errorf("%w: OpenEXR version %d", ErrUnsupported, version&0xff)
	}
	if version&^0x4ff != 0 { // bit 10, long names, is harmless; tiles, deep data and parts are not
		return head, 0, fmt.Errorf("%w: tiled, deep or multi-part OpenEXR", ErrUnsupported)
	}
	head, err = r.header()
	return head, r.at, err
}

func openEXR(file io.ReaderAt, size int64, limits Limits, want wanted) (*EXR, error) {
	// Most heads are short; a long one is read again in full.
	var head exrHeader
	rest := 0
	for _, n := range []int64{4 << 10, 2 * maxHeader} {
		data, err := readAt(file, 0, int(min(n, size)))
		if err != nil {
			return nil, err
		}
		if head, rest, err = exrHead(data); err == nil {
			break
		}
		if int64(len(data)) == size || n > 4<<10 || !errors.Is(err, ErrFormat) {
			return nil, err
		}
	}
	names, lead, err := choose(head.channels, want)
	if err != nil {
		return nil, err
	}
	e := &EXR{W: head.w, H: head.h, Channels: names, Lead: lead, file: file, stored: head.channels, lines: 1, halves: want.guided, at: -1}
	switch head.compression {
	case exrNone:
	case exrZIPS:
		e.packed = true
	case exrZIP:
		e.packed, e.lines = true, 16
	default:
		return nil, fmt.Errorf("%w: OpenEXR compression %d", ErrUnsupported, head.compression)
	}
	if err := e.lay(); err != nil {
		return nil, err
	}
	// Every channel is stored, so the size check counts them all.
	if err := limits.check(e.W, e.H, max(e.line/max(e.W, 1), 1), size); err != nil {
		return nil, err
	}
	if int64(min(e.lines, e.H))*int64(e.line) > maxBlock {
		return nil, fmt.Errorf("%w: %d lines of %d bytes at a time", ErrLimit, e.lines, e.line)
	}
	return e, e.index(int64(rest), size, head.y0)
}

// lay finds out where the channels lie in a line. Where halves and floats are mixed, as Blender does with passes
// that are no colours, halves are widened.
func (e *EXR) lay() error {
	e.Depth = F16
	for i := range e.stored {
		c := &e.stored[i]
		c.at = e.line
		e.line += c.size() * max(e.W, 0)
		switch {
		case c.out < 0:
		case c.kind == 0:
			return fmt.Errorf("%w: OpenEXR colour channels of integer type", ErrUnsupported)
		case c.kind == 2 && !e.halves:
			e.Depth = F32
		}
	}
	return nil
}

// index finds every block of lines by the table at rest.
func (e *EXR) index(rest, size int64, y0 int) error {
	n := (e.H + e.lines - 1) / e.lines
	if int64(8*n) > size-rest {
		return fmt.Errorf("%w: OpenEXR line table ends early", ErrFormat)
	}
	table, err := readAt(e.file, rest, 8*n)
	if err != nil {
		return err
	}
	e.blocks = make([]exrBlock, n)
	var head [8]byte
	for i := range n {
		offset := binary.LittleEndian.Uint64(table[8*i:])
		if size < 8 || offset > uint64(size-8) {
			return fmt.Errorf("%w: OpenEXR block %d of %d is missing; the file is truncated", ErrFormat, i+1, n)
		}
		if err := fill(e.file, head[:], int64(offset)); err != nil {
			return err
		}
		y := int(int32(binary.LittleEndian.Uint32(head[:]))) - y0
		length := int64(int32(binary.LittleEndian.Uint32(head[4:])))
		if y < 0 || y >= e.H || y%e.lines != 0 || e.blocks[y/e.lines].offset != 0 {
			return fmt.Errorf("%w: OpenEXR block at line %d", ErrFormat, y)
		}
		if length < 0 || length > size-int64(offset)-8 {
			return fmt.Errorf("%w: OpenEXR block %d of %d ends early; the file is truncated", ErrFormat, i+1, n)
		}
		if raw := int64(min(e.lines, e.H-y)) * int64(e.line); length > raw {
			return fmt.Errorf("%w: OpenEXR block at line %d has %d bytes, more than %d", ErrFormat, y, length, raw)
		}
		e.blocks[y/e.lines] = exrBlock{offset: int64(offset) + 8, size: int(length)}
	}
	return nil
}

// read decodes one line into interleaved big-endian samples.
func (e *EXR) read(y int, row []byte) error {
	if err := e.block(y / e.lines); err != nil {
		return err
	}
	raw := e.raw[y%e.lines*e.line:][:e.line]
	size, n := e.Depth.Size(), len(e.Channels)
	for _, c := range e.stored {
		if c.out < 0 {
			continue
		}
		from := raw[c.at:]
		for x := range e.W {
			to := row[(x*n+c.out)*size:]
			if c.size() > size {
				f := math.Float32frombits(binary.LittleEndian.Uint32(from[4*x:]))
				binary.BigEndian.PutUint16(to, FloatToHalf(f))
			} else if c.size() < size {
				binary.BigEndian.PutUint32(to, math.Float32bits(HalfToFloat(binary.LittleEndian.Uint16(from[2*x:]))))
			} else if size == 2 {
				binary.BigEndian.PutUint16(to, binary.LittleEndian.Uint16(from[2*x:]))
			} else {
				binary.BigEndian.PutUint32(to, binary.LittleEndian.Uint32(from[4*x:]))
			}
		}
	}
	return nil
}

// block decodes the lines of a block, unless they are those at hand.
func (e *EXR) block(i int) error {
	if e.at == i {
		return nil
	}
	e.at = -1
	b, y := e.blocks[i], i*e.lines
	if cap(e.buf) < b.size {
		e.buf = make([]byte, b.size)
	}
	raw, err := e.buf[:b.size], error(nil)
	if err := fill(e.file, raw, b.offset); err != nil {
		return err
	}
	want := min(e.lines, e.H-y) * e.line
	if e.packed && len(raw) != want {
		if raw, err = e.un.expand(raw, want); err != nil {
			return fmt.Errorf("OpenEXR block at line %d: %w", y, err)
		}
	}
	if len(raw) != want {
		return fmt.Errorf("%w: OpenEXR block at line %d has %d bytes, not %d", ErrFormat, y, len(raw), want)
	}
	e.raw, e.at = raw, i
	return nil
}

func readAt(file io.ReaderAt, offset int64, n int) ([]byte, error) {
	data := make([]byte, n)
	return data, fill(file, data, offset)
}

func fill(file io.ReaderAt, data []byte, offset int64) error {
	if got, err := file.ReadAt(data, offset); got < len(data) {
		return fmt.Errorf("reading an OpenEXR file: %w", err)
	}
	return nil
}
