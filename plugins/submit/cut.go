package submit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// A picture that lost its end, on a full disk or in a broken copy, opens like any other. Of a JPEG renderers fill in the rest with grey, of the
// other kinds they show nothing, and none of them fails. cut reads the few bytes that say where a picture ends, not the picture.

// cutting is what is missing of a file.
type cutting int

const (
	uncut  cutting = iota
	greyed         // the last part of its picture, perhaps
	lost           // so much that nothing of it is shown
)

var errShort = errors.New("the file ends early")

// cut looks for the end of a picture by what it begins with, whatever its name says. What it can't make sense of counts as whole.
func cut(r io.ReaderAt, size int64) (cutting, error) {
	var head [16]byte
	n, err := r.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return uncut, err
	}
	f, found := &ends{r: r, size: size}, lost
	switch begins := head[:n]; {
	case bytes.HasPrefix(begins, []byte("\x89PNG\r\n\x1a\n")):
		err = f.png()
	case bytes.HasPrefix(begins, []byte("\xff\xd8\xff")):
		found, err = greyed, f.jpeg()
	case bytes.HasPrefix(begins, []byte("\x76\x2f\x31\x01")):
		err = f.exr()
	case bytes.HasPrefix(begins, []byte("II*\x00")), bytes.HasPrefix(begins, []byte("MM\x00*")):
		err = f.tiff(head[:])
	default:
		return uncut, nil
	}
	switch {
	case errors.Is(err, errShort):
		return found, nil
	case errors.Is(err, errOdd):
		return uncut, nil
	}
	return uncut, err
}

var errOdd = errors.New("not made as it should be")

// ends reads a file by place.
type ends struct {
	r    io.ReaderAt
	size int64
}

// at reads n bytes at a place.
func (f *ends) at(place int64, n int) ([]byte, error) {
	if place < 0 || place > f.size-int64(n) {
		return nil, errShort
	}
	b := make([]byte, n)
	if _, err := f.r.ReadAt(b, place); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// png follows the chunks to IEND (PNG specification, 5.3).
func (f *ends) png() error {
	const end = "\x00\x00\x00\x00IEND\xaeB`\x82"
	if last, err := f.at(f.size-int64(len(end)), len(end)); err != nil || string(last) == end {
		return err
	}
	for place := int64(8); ; {
		head, err := f.at(place, 8)
		if err != nil {
			return err
		}
		place += 12 + int64(binary.BigEndian.Uint32(head))
		if place > f.size {
			return errShort
		}
		if string(head[4:]) == "IEND" {
			return nil
		}
	}
}

// jpeg looks for the end marker behind the first scan (ITU T.81, B): a thumbnail has one of its own before that.
func (f *ends) jpeg() error {
	place := int64(2)
	for {
		head, err := f.at(place, 4)
		if err != nil {
			return err
		}
		if head[0] != 0xff {
			return errOdd
		}
		if head[1] == 0xff { // filling
			place++
			continue
		}
		place += 2 + int64(binary.BigEndian.Uint16(head[2:]))
		if head[1] == 0xda {
			break
		}
	}
	// It mostly is near the end; something may follow it.
	const part = 64 << 10
	for _, from := range []int64{max(place, f.size-part), place} {
		for ; from < f.size; from += part - 1 { // the marker may lie across two parts
			b, err := f.at(from, int(min(part, f.size-from)))
			if err != nil || bytes.Contains(b, []byte{0xff, 0xd9}) {
				return err
			}
		}
	}
	return errShort
}

// tiff looks whether the directory, which most programs write last, is there.
func (f *ends) tiff(head []byte) error {
	order := binary.ByteOrder(binary.LittleEndian)
	if head[0] == 'M' {
		order = binary.BigEndian
	}
	place := int64(order.Uint32(head[4:]))
	count, err := f.at(place, 2)
	if err != nil {
		return err
	}
	_, err = f.at(place+2, 12*int(order.Uint16(count)))
	return err
}

// maxHeader bounds an EXR's header, maxChunks its parts, and maxSide its width and height, so that what is counted by them is a number.
const (
	maxHeader = 1 << 20
	maxChunks = 1 << 22
	maxSide   = 1 << 24
)

// exrLines is how many lines a chunk has, by compression: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A, DWAA, DWAB.
var exrLines = []int64{1, 1, 1, 16, 32, 16, 32, 32, 32, 256}

// exr finds the last chunk by the table of their places, which is written when the file is finished
// (OpenEXR File Layout, "Predefined Attributes" and "Offset Tables").
func (f *ends) exr() error {
	header, err := f.at(0, int(min(f.size, maxHeader)))
	if err != nil {
		return err
	}
	whole := f.size > int64(len(header))
	word := func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }
	if len(header) < 8 {
		return errShort
	}
	flags := header[5]
	tiled, deep, several := flags&2 != 0, flags&8 != 0, flags&16 != 0
	rest := header[8:]
	text := func() (string, error) {
		i := bytes.IndexByte(rest, 0)
		if i < 0 {
			if whole { // it isn't the file that ends
				return "", errOdd
			}
			return "", errShort
		}
		s := string(rest[:i])
		rest = rest[i+1:]
		return s, nil
	}
	chunks := int64(0)
	for part := 0; ; part++ {
		attributes := make(map[string][]byte)
		for {
			name, err := text()
			if err != nil {
				return err
			}
			if name == "" {
				break
			}
			if _, err := text(); err != nil {
				return err
			}
			if len(rest) < 4 {
				return errShort
			}
			n := word(rest)
			if n < 0 || n > maxHeader {
				return errOdd
			}
			if int64(len(rest)) < 4+n {
				if whole {
					return errOdd
				}
				return errShort
			}
			attributes[name], rest = rest[4:4+n], rest[4+n:]
		}
		if len(attributes) == 0 && several && part > 0 {
			break
		}
		n, err := exrChunks(attributes, tiled)
		if err != nil {
			return err
		}
		if chunks += n; chunks > maxChunks {
			return errOdd
		}
		if !several {
			break
		}
	}
	table, err := f.at(int64(len(header)-len(rest)), int(8*chunks))
	if err != nil {
		return err
	}
	last := int64(0)
	for ; len(table) > 0; table = table[8:] {
		place := binary.LittleEndian.Uint64(table)
		if place == 0 || place > math.MaxInt64 { // not finished
			return errShort
		}
		last = max(last, int64(place))
	}
	// Before a chunk's bytes: its part, its line or the place of its tile, and their number.
	before := int64(4)
	if tiled {
		before = 16
	}
	if several {
		before += 4
	}
	if deep || several {
		_, err = f.at(last, int(before)) // its kind, and with it what stands before, differs by part
		return err
	}
	size, err := f.at(last+before, 4)
	if err != nil {
		return err
	}
	if last+before+4+word(size) > f.size {
		return errShort
	}
	return nil
}

// exrChunks is how many chunks a part has.
func exrChunks(attributes map[string][]byte, tiled bool) (int64, error) {
	word := func(name string, i int) (int64, error) {
		b := attributes[name]
		if len(b) < 4*i+4 {
			return 0, errOdd
		}
		return int64(int32(binary.LittleEndian.Uint32(b[4*i:]))), nil
	}
	if n, err := word("chunkCount", 0); err == nil && n > 0 {
		return n, nil
	}
	var box [4]int64
	for i := range box {
		var err error
		if box[i], err = word("dataWindow", i); err != nil {
			return 0, err
		}
	}
	w, h := box[2]-box[0]+1, box[3]-box[1]+1
	compression := attributes["compression"]
	if w < 1 || h < 1 || w > maxSide || h > maxSide || len(compression) != 1 {
		return 0, errOdd
	}
	parts := func(n, size int64) int64 { return (n + size - 1) / size }
	if !tiled {
		if int(compression[0]) >= len(exrLines) {
			return 0, errOdd
		}
		return parts(h, exrLines[compression[0]]), nil
	}
	tiles := attributes["tiles"]
	across, err := word("tiles", 0)
	down, e := word("tiles", 1)
	if err != nil || e != nil || across < 1 || down < 1 || len(tiles) < 9 {
		return 0, errOdd
	}
	half := func(n int64) int64 {
		if tiles[8]>>4 == 1 { // rounded up
			n++
		}
		return max(n/2, 1)
	}
	switch tiles[8] & 15 {
	case 0:
		return parts(w, across) * parts(h, down), nil
	case 1: // each level half of the one before
		n := parts(w, across) * parts(h, down)
		for w > 1 || h > 1 {
			w, h = half(w), half(h)
			n += parts(w, across) * parts(h, down)
		}
		return n, nil
	}
	return 0, errOdd
}
