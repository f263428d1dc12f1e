package pack

import (
	"bytes"
	"encoding/binary"
	"io"
	"sort"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
)

// span is an array inside a file: n records of stride bytes from off.
type span struct {
	off, n int64
	stride int
}

const (
	maxBlendBlocks = 4 << 20
	maxSpans       = 1 << 18
	minSpan        = 4 << 10
	ownChunks      = 1 << 20 // an array of at least this size is cut apart from what surrounds it
)

// blendSpans lists the large arrays of an uncompressed .blend by walking its block headers.
// It returns what it found up to the first thing that it doesn't understand; the spans only
// help the polygon filter, so nothing depends on them.
func blendSpans(r io.ReaderAt, size int64) []span {
	var head [17]byte
	if n, _ := r.ReadAt(head[:], 0); n < len(head) || !bytes.Equal(head[:7], []byte("BLENDER")) {
		return nil
	}
	// Three headers exist: "BLENDER_v304" and "BLENDER-v304" with 4- and 8-byte pointers, and
	// from 5.0 on "BLENDER17-01v0500" with 64-bit lengths.
	pos, headLen := int64(12), 24
	var order binary.ByteOrder = binary.LittleEndian
	large := false
	switch {
	case head[7] == '_':
		headLen = 20
	case head[7] == '-':
	case bytes.Equal(head[7:13], []byte("17-01v")):
		pos, headLen, large = 17, 32, true
	default:
		return nil
	}
	if !large && head[8] == 'V' {
		order = binary.BigEndian
	}
	var spans []span
	buf := make([]byte, 64<<10)
	var bufAt, bufLen int64 = -1, 0
	for range maxBlendBlocks {
		if bufAt < 0 || pos < bufAt || pos+int64(headLen) > bufAt+bufLen {
			n, _ := r.ReadAt(buf, pos)
			bufAt, bufLen = pos, int64(n)
			if n < headLen {
				return spans
			}
		}
		h := buf[pos-bufAt:][:headLen]
		if bytes.Equal(h[:4], []byte("ENDB")) {
			return spans
		}
		var n, count int64
		if large { // code, SDNA index, old address, length, count
			n, count = int64(order.Uint64(h[16:])), int64(order.Uint64(h[24:]))
		} else { // code, length, old address, SDNA index, count
			n, count = int64(int32(order.Uint32(h[4:]))), int64(int32(order.Uint32(h[headLen-4:])))
		}
		pos += int64(headLen)
		if n < 0 || count < 0 || n > size-pos {
			return spans
		}
		if n >= minSpan && count > 1 && n%count == 0 && n/count <= 255 && len(spans) < maxSpans {
			spans = append(spans, span{off: pos, n: n, stride: int(n / count)})
		}
		pos += n
	}
	return spans
}

// hintsFor returns the spans that touch [off, off+n), relative to off.
func hintsFor(spans []span, off int64, n int) []seal.Hint {
	i := sort.Search(len(spans), func(i int) bool { return spans[i].off+spans[i].n > off })
	var out []seal.Hint
	for ; i < len(spans) && spans[i].off < off+int64(n); i++ {
		from := max(spans[i].off-off, 0)
		to := min(spans[i].off+spans[i].n-off, chunk.Max)
		out = append(out, seal.Hint{Off: int(from), Len: int(to - from), Stride: spans[i].stride})
	}
	return out
}

// arrayBorders returns where large arrays begin and end, ascending. Blender
// writes memory addresses before each array, which differ at every save, while the array does not: cut there, it
// keeps its chunks, wherever in a file it stands.
func arrayBorders(spans []span) []int64 {
	var out []int64
	for _, s := range spans {
		if s.n < ownChunks {
			continue
		}
		out = append(out, s.off, s.off+s.n) // a block's header stands between two arrays
	}
	return out
}
