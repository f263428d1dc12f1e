package packaging

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// pictures writes six 4k PNGs as texture libraries have them, smooth with grain, a 4k
// displacement map as uncompressed 32-bit EXR and a 4k x 2k environment as uncompressed half-float EXR.
func pictures(dir string, seed uint64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range uint64(6) {
		kind := []string{"color", "normal", "rough"}[i%3]
		f := newField(seed*100+i, 5)
		m := image.NewNRGBA(image.Rect(0, 0, side, side))
		r := rand.New(rand.NewPCG(seed, 100+i))
		for y := range side {
			for x := range side {
				v := f.at(x, y)
				grain := float64(r.IntN(3))
				m.SetNRGBA(x, y, color.NRGBA{byte(60 + 120*v + grain), byte(50 + 100*v + grain), byte(40 + 90*v*v + grain), 255})
			}
		}
		name := fmt.Sprintf("rock_%02d_%s.png", i, kind)
		if err := savePNG(filepath.Join(dir, name), m); err != nil {
			return err
		}
	}
	height := newField(seed*100+50, 8)
	err := saveEXR(filepath.Join(dir, "terrain_displacement.exr"), side, side, []string{"Y"}, false, func(_, x, y int) float64 {
		return 4 * height.at(x, y)
	})
	if err != nil {
		return err
	}
	sky := newField(seed*100+60, 7)
	r := rand.New(rand.NewPCG(seed, 99))
	return saveEXR(filepath.Join(dir, "sky.exr"), side, side/2, []string{"B", "G", "R"}, true, func(channel, x, y int) float64 {
		return math.Exp(3*sky.at(x, y)-1)*(1+0.2*float64(channel)) + r.Float64()*0.004
	})
}

// field is smooth noise between 0 and 1.
type field struct {
	grids [][]float64
	cells []int
	scale float64
}

func newField(seed uint64, levels int) *field {
	r := rand.New(rand.NewPCG(seed, 1))
	f := &field{}
	cells, strength := 6, 1.0
	for range levels {
		grid := make([]float64, (cells+2)*(cells+2))
		for i := range grid {
			grid[i] = strength * r.Float64()
		}
		f.grids, f.cells = append(f.grids, grid), append(f.cells, cells)
		f.scale += strength
		cells, strength = cells*2, strength/2
	}
	return f
}

func (f *field) at(x, y int) float64 {
	var sum float64
	for i, grid := range f.grids {
		cells := f.cells[i]
		gx, gy := float64(x*cells)/side, float64(y*cells)/side
		ix, iy := int(gx), int(gy)
		fx, fy := gx-float64(ix), gy-float64(iy)
		row := cells + 2
		a, b := grid[iy*row+ix:], grid[(iy+1)*row+ix:]
		sum += (a[0]*(1-fx)+a[1]*fx)*(1-fy) + (b[0]*(1-fx)+b[1]*fx)*fy
	}
	return sum / f.scale
}

func savePNG(path string, m image.Image) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	return errors.Join(e.Encode(out, m), out.Close())
}

// paint draws a stroke across the middle of a PNG.
func paint(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	m, err := png.Decode(in)
	if err := errors.Join(err, in.Close()); err != nil {
		return err
	}
	n, ok := m.(*image.NRGBA)
	if !ok {
		rgba, ok := m.(*image.RGBA)
		if !ok {
			return fmt.Errorf("%s decodes as %T", from, m)
		}
		n = (*image.NRGBA)(rgba) // the picture is opaque
	}
	for y := side/2 - 40; y < side/2+40; y++ {
		for x := side / 4; x < 3*side/4; x++ {
			n.SetNRGBA(x, y, color.NRGBA{200, byte(x), 30, 255})
		}
	}
	return savePNG(to, n)
}

// saveEXR writes an OpenEXR 2.0 scan-line file without compression, with half or 32-bit floats.
func saveEXR(path string, width, height int, channels []string, half bool, value func(channel, x, y int) float64) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	_, _ = w.Write(exrHead(width, height, channels, half)) // w keeps its first error for Flush
	wide := 4
	if half {
		wide = 2
	}
	line := make([]byte, width*wide*len(channels))
	for y := range height {
		at := line
		for c := range channels {
			for x := range width {
				v := float32(value(c, x, y))
				if half {
					binary.LittleEndian.PutUint16(at, halfOf(v))
				} else {
					binary.LittleEndian.PutUint32(at, math.Float32bits(v))
				}
				at = at[wide:]
			}
		}
		var head [8]byte
		binary.LittleEndian.PutUint32(head[:], uint32(y))
		binary.LittleEndian.PutUint32(head[4:], uint32(len(line)))
		_, _ = w.Write(head[:])
		_, _ = w.Write(line)
	}
	return errors.Join(w.Flush(), out.Close())
}

func exrHead(width, height int, channels []string, half bool) []byte {
	le := binary.LittleEndian
	b := []byte{0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0}
	attribute := func(name, kind string, body []byte) {
		b = append(append(append(append(b, name...), 0), kind...), 0)
		b = append(le.AppendUint32(b, uint32(len(body))), body...)
	}
	pixel, wide := uint32(2), 4
	if half {
		pixel, wide = 1, 2
	}
	var list []byte
	for _, c := range channels {
		list = append(append(list, c...), 0)
		list = le.AppendUint32(list, pixel)
		list = append(list, 0, 0, 0, 0)
		list = le.AppendUint32(list, 1)
		list = le.AppendUint32(list, 1)
	}
	attribute("channels", "chlist", append(list, 0))
	attribute("compression", "compression", []byte{0})
	var box []byte
	for _, v := range []int{0, 0, width - 1, height - 1} {
		box = le.AppendUint32(box, uint32(v))
	}
	attribute("dataWindow", "box2i", box)
	attribute("displayWindow", "box2i", box)
	attribute("lineOrder", "lineOrder", []byte{0})
	one := le.AppendUint32(nil, math.Float32bits(1))
	attribute("pixelAspectRatio", "float", one)
	attribute("screenWindowCenter", "v2f", make([]byte, 8))
	attribute("screenWindowWidth", "float", one)
	b = append(b, 0)
	at, block := uint64(len(b)+8*height), uint64(8+width*wide*len(channels))
	for y := range uint64(height) {
		b = le.AppendUint64(b, at+y*block)
	}
	return b
}

// halfOf rounds a positive float below 65504 to IEEE 754 binary16; tiny ones become 0.
func halfOf(v float32) uint16 {
	bits := math.Float32bits(v) + 1<<12
	e := int(bits>>23) - 127 + 15
	if e <= 0 {
		return 0
	}
	return uint16(e)<<10 | uint16(bits>>13)&0x3ff
}

// points is a walk through space, n times three 32-bit floats.
func points(r *rand.Rand, n int) []byte {
	var b []byte
	var at [3]float64
	for range n {
		for i := range at {
			at[i] += r.NormFloat64() * 0.01
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(at[i])))
		}
	}
	return b
}
