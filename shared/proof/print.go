package proof

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"math/bits"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Print is what a picture looks like, in 256 bits: of two neighbours in a grid of 17×16 blocks,
// the right one is brighter. Another file format, a tone curve, a little more light or a shift by a pixel
// hardly change it; PROTOCOL.md has the figures. It finds pictures to look at again, and never convicts.
type Print [4]uint64

const (
	printCols, printRows = 17, 16
	// printStep is by how much, in display values, a block has to be brighter.
	printStep = 0.25 / 255
	// printEdges is how many pairs have to differ at all: an empty picture looks like every other.
	printEdges = 24
	// printSamples bounds the pixels that are read of a block, along each side.
	printSamples = 64
	// AlikeBits is how many bits may differ between prints of one picture.
	AlikeBits = 30
)

// PrintOf makes a picture's print; ok is false where the picture is too small or too empty for one.
// Linear samples are taken with the sRGB curve, alpha doesn't count.
func PrintOf(r *raster.Raster) (p Print, ok bool) {
	if r.W < 4*printCols || r.H < 4*printRows {
		return p, false
	}
	edges := 0
	for row := range printRows {
		last := 0.0
		for col := range printCols {
			v := blockMean(r, col*r.W/printCols, row*r.H/printRows, (col+1)*r.W/printCols, (row+1)*r.H/printRows)
			if d := v - last; col > 0 {
				if i := row*(printCols-1) + col - 1; d > printStep {
					p[i/64] |= 1 << (i % 64)
				}
				if math.Abs(d) > printStep {
					edges++
				}
			}
			last = v
		}
	}
	return p, edges >= printEdges
}

// PrintFile is PrintOf of a delivered file, whose extension is ext; final is its image where it
// was read already, or nil.
func PrintFile(ext string, final *raster.Raster, data []byte) (p Print, ok bool) {
	if final == nil {
		var err error
		if final, err = Look(ext, data, raster.Limits{}); err != nil || final == nil {
			return p, false
		}
	}
	return PrintOf(final)
}

// blockMean is the mean brightness of a block, of evenly spread pixels where it has many.
func blockMean(r *raster.Raster, x0, y0, x1, y1 int) float64 {
	dx, dy := 1+(x1-x0-1)/printSamples, 1+(y1-y0-1)/printSamples
	n := len(r.Channels)
	float := r.Depth.Float()
	var sum, count float64
	for y := y0; y < y1; y += dy {
		for x := x0; x < x1; x += dx {
			v := 0.0
			if n < 3 {
				v = finite(r.At(x, y, 0))
			} else {
				for c, k := range [3]float64{0.2126, 0.7152, 0.0722} {
					v += k * finite(r.At(x, y, c))
				}
			}
			if float {
				v = curve(min(max(v, 0), 1))
			}
			sum, count = sum+v, count+1
		}
	}
	return sum / count
}

// Apart counts the bits in which two prints differ.
func (p Print) Apart(q Print) int {
	n := 0
	for i := range p {
		n += bits.OnesCount64(p[i] ^ q[i])
	}
	return n
}

// String gives 64 hex digits, the first pair's bit lowest in the last digit.
func (p Print) String() string {
	var b []byte
	for i := len(p) - 1; i >= 0; i-- {
		b = binary.BigEndian.AppendUint64(b, p[i])
	}
	return hex.EncodeToString(b)
}

// ParsePrint reads what String gives.
func ParsePrint(s string) (p Print, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		return p, errors.New("a picture's print has 64 hex digits")
	}
	for i := range p {
		p[len(p)-1-i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return p, nil
}

// MarshalText and UnmarshalText let prints stand in JSON.
func (p Print) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText gives.
func (p *Print) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePrint(string(text))
	return err
}

// FramePrint is a delivered frame's print.
type FramePrint struct {
	Frame int   `json:"frame"`
	Print Print `json:"print"`
}
