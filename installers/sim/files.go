package sim

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Simulated workers and the manager under test share a machine, so files are written here as cheaply as they can be,
// in the formats' own terms; raster's encoders look for what is smallest. A test reads them with raster's decoders.

// plainEXR is a master's file of no light.
var plainEXR = sync.OnceValues(func() ([]byte, error) {
	var b bytes.Buffer
	err := raster.EncodeEXR(&b, raster.New(Side, Side, []string{"R", "G", "B", "A"}, raster.F16), false)
	return b.Bytes(), err
})

// encodeEXR writes a master: each line of the plain file ends it with eight bytes of its own before the samples, a channel
// after the other, A B G R, little-endian.
func encodeEXR(r *raster.Raster) ([]byte, error) {
	plain, err := plainEXR()
	if err != nil {
		return nil, err
	}
	const row = 4 * 2 * Side
	out := bytes.Clone(plain)
	for y := range Side {
		line := out[len(out)-(Side-y)*(8+row)+8:][:row]
		for x := range Side {
			rgba := binary.BigEndian.Uint64(r.Bits[8*(y*Side+x):])
			for c := range 4 {
				binary.LittleEndian.PutUint16(line[2*(c*Side+x):], uint16(rgba>>(16*c)))
			}
		}
	}
	return out, nil
}

// deflaters code bytes without looking for repeats.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.HuffmanOnly)
	if err != nil {
		panic(err) // of an unknown level only
	}
	return w
}}

// encodePNG writes an image of 8-bit RGB, as the PNG specification (third edition) has it.
func encodePNG(r *raster.Raster) []byte {
	row := 3 * r.W
	lines := make([]byte, 0, r.H*(1+row))
	for y := range r.H {
		lines = append(append(lines, 0), r.Bits[y*row:(y+1)*row]...) // 0: not filtered
	}
	var data bytes.Buffer
	data.Write([]byte{0x78, 0x01}) // zlib, RFC 1950
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&data)
	_, _ = w.Write(lines) // a buffer takes everything
	_ = w.Close()
	data.Write(binary.BigEndian.AppendUint32(nil, adler32.Checksum(lines)))

	out := make([]byte, 0, data.Len()+64)
	out = append(out, "\x89PNG\r\n\x1a\n"...)
	chunk := func(kind string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		from := len(out)
		out = append(append(out, kind...), body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[from:]))
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(r.W))
	head = binary.BigEndian.AppendUint32(head, uint32(r.H))
	chunk("IHDR", append(head, 8, 2, 0, 0, 0)) // 8 bits, RGB
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return out
}
