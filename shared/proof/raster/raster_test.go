package raster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func noise(w, h int, channels []string, depth Depth) *Raster {
	r := New(w, h, channels, depth)
	rng := rand.New(rand.NewPCG(1, 2))
	for y := range h {
		for x := range w {
			for c := range channels {
				r.Set(x, y, c, float64(x)/float64(w)+0.1*rng.Float64())
			}
		}
	}
	return r
}

func TestHalfRoundTrip(t *testing.T) {
	for h := range 1 << 16 {
		f := HalfToFloat(uint16(h))
		if math.IsNaN(float64(f)) {
			continue
		}
		if got := FloatToHalf(f); got != uint16(h) {
			t.Fatalf("half %#x -> %v -> %#x", h, f, got)
		}
	}
	for f, want := range map[float32]uint16{65520: 0x7c00, 65519: 0x7bff, 1e-9: 0, 1.0 / (1 << 25): 0, 1.00048828125: 0x3c00, 1.00146484375: 0x3c02} {
		if got := FloatToHalf(f); got != want {
			t.Errorf("FloatToHalf(%v) = %#x, want %#x", f, got, want)
		}
	}
}

func TestEXRRoundTrip(t *testing.T) {
	for _, depth := range []Depth{F16, F32} {
		for _, compress := range []bool{false, true} {
			for _, channels := range [][]string{{"R", "G", "B", "A"}, {"Y"}, {"L1.Combined.R", "L1.Combined.G", "L1.Combined.B", "L2 with a long name.Combined.R"}} {
				in := noise(37, 21, channels, depth)
				var buf bytes.Buffer
				if err := EncodeEXR(&buf, in, compress); err != nil {
					t.Fatal(err)
				}
				out, err := DecodeEXR(buf.Bytes(), Limits{W: 37, H: 21})
				if err != nil {
					t.Fatalf("%v %v %v: %v", depth, compress, channels, err)
				}
				if !bytes.Equal(in.Bits, out.Bits) || out.Depth != depth || len(out.Channels) != len(channels) {
					t.Errorf("%v compress=%v %v: bits differ", depth, compress, channels)
				}
				for n := range buf.Len() {
					if _, err := DecodeEXR(buf.Bytes()[:n], Limits{}); err == nil {
						t.Fatalf("truncated to %d of %d bytes and still accepted", n, buf.Len())
					}
				}
			}
		}
	}
}

// TestEXRPutsTheNoisyPassFirst: what shows the image comes first, and every other channel behind it.
func TestEXRPutsTheNoisyPassFirst(t *testing.T) {
	names := []string{"B.Depth.Z", "A.UV.A", "A.UV.U", "A.UV.V", "B.Normal.Z", "B.Normal.X", "B.Normal.Y"}
	for _, p := range []string{"Composite.Combined", "A.Combined", "A.Noisy Image", "B.Combined"} {
		names = append(names, p+".R", p+".G", p+".B", p+".A")
	}
	in := noise(4, 4, names, F16)
	var buf bytes.Buffer
	if err := EncodeEXR(&buf, in, true); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		decode func() (*Raster, error)
		rest   []string
	}{
		"all":       {func() (*Raster, error) { return DecodeEXR(buf.Bytes(), Limits{}) }, strings.Fields("A.Combined.R A.Combined.G A.Combined.B A.Combined.A A.UV.A A.UV.U A.UV.V B.Depth.Z B.Normal.X B.Normal.Y B.Normal.Z Composite.Combined.R Composite.Combined.G Composite.Combined.B Composite.Combined.A")},
		"some":      {func() (*Raster, error) { return DecodePasses(buf.Bytes(), Limits{}, []string{"B.Depth"}) }, []string{"B.Depth.Z"}},
		"no others": {func() (*Raster, error) { return DecodePasses(buf.Bytes(), Limits{}, nil) }, nil},
	} {
		r, err := c.decode()
		if err != nil {
			t.Fatal(err)
		}
		if r.Shows() != 8 || r.Channels[0] != "A.Noisy Image.R" || r.Channels[4] != "B.Combined.R" || !slices.Equal(r.Channels[8:], c.rest) {
			t.Errorf("%s: took %v, of which %d show the image", name, r.Channels, r.Shows())
		}
		for i, channel := range r.Channels {
			if got, want := r.At(3, 2, i), in.At(3, 2, slices.Index(names, channel)); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("%s: %s is %v, not %v", name, channel, got, want)
			}
		}
	}
}

// TestEXRWidensHalves: Blender stores colours as halves beside other passes as floats.
func TestEXRWidensHalves(t *testing.T) {
	le := binary.LittleEndian
	var list []byte
	for _, c := range []struct {
		name string
		kind uint32
	}{{"L.Combined.R", 1}, {"L.Depth.Z", 2}} {
		list = append(list, c.name+"\x00"...)
		for _, v := range []uint32{c.kind, 0, 1, 1} {
			list = le.AppendUint32(list, v)
		}
	}
	file := le.AppendUint32(le.AppendUint32(nil, exrMagic), exrVersion)
	attr := func(name string, value []byte) {
		file = append(le.AppendUint32(append(file, name+"\x00t\x00"...), uint32(len(value))), value...)
	}
	attr("channels", append(list, 0))
	attr("compression", []byte{exrNone})
	attr("dataWindow", make([]byte, 16)) // one pixel
	file = append(file, 0)
	file = le.AppendUint64(file, uint64(len(file)+8))
	file = le.AppendUint32(le.AppendUint32(file, 0), 6)
	file = le.AppendUint16(file, FloatToHalf(0.75))
	file = le.AppendUint32(file, math.Float32bits(1e10))
	r, err := DecodeEXR(file, Limits{W: 1, H: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Depth != F32 || r.Lead != 1 || r.At(0, 0, 0) != 0.75 || r.At(0, 0, 1) != 1e10 {
		t.Errorf("%+v", r)
	}
	if r, err = DecodePasses(file, Limits{}, nil); err != nil || r.Depth != F16 || r.Lead != 0 || r.At(0, 0, 0) != 0.75 {
		t.Errorf("without the depth: %+v, %v", r, err)
	}
}

func TestPNGRoundTrip(t *testing.T) {
	for _, depth := range []Depth{U8, U16} {
		for _, channels := range [][]string{{"Y"}, {"R", "G", "B"}, {"R", "G", "B", "A"}} {
			in := noise(19, 33, channels, depth)
			var buf bytes.Buffer
			if err := EncodePNG(&buf, in); err != nil {
				t.Fatal(err)
			}
			out, err := DecodePNG(buf.Bytes(), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(in.Bits, out.Bits) || out.Depth != depth {
				t.Errorf("%v %v: bits differ", depth, channels)
			}
			if _, err := DecodePNG(buf.Bytes()[:buf.Len()/2], Limits{}); !errors.Is(err, ErrFormat) {
				t.Errorf("truncated PNG: %v", err)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	var buf bytes.Buffer
	if err := EncodeEXR(&buf, noise(20, 10, []string{"R"}, F16), true); err != nil {
		t.Fatal(err)
	}
	for _, l := range []Limits{{W: 21}, {H: 9}, {MaxPixels: 199}} {
		if _, err := DecodeEXR(buf.Bytes(), l); !errors.Is(err, ErrLimit) {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func TestCrop(t *testing.T) {
	r := noise(20, 10, []string{"R", "G"}, F16)
	c, err := r.Crop(Rect{X: 16, Y: 3, W: 4, H: 7})
	if err != nil {
		t.Fatal(err)
	}
	if c.At(3, 6, 1) != r.At(19, 9, 1) || c.At(0, 0, 0) != r.At(16, 3, 0) {
		t.Error("wrong pixels")
	}
	for _, bad := range []Rect{{X: 17, Y: 0, W: 4, H: 4}, {X: -1, Y: 0, W: 4, H: 4}, {W: 0, H: 4}, {X: math.MaxInt, W: 4, H: 4}} {
		if _, err := r.Crop(bad); err == nil {
			t.Errorf("%+v accepted", bad)
		}
	}
}

func FuzzDecodeEXR(f *testing.F) {
	for _, compress := range []bool{false, true} {
		var buf bytes.Buffer
		if err := EncodeEXR(&buf, noise(17, 18, []string{"R", "G", "B", "A"}, F16), compress); err != nil {
			f.Fatal(err)
		}
		f.Add(buf.Bytes())
	}
	var guided bytes.Buffer
	if err := EncodeEXR(&guided, noise(3, 2, passes("L"), F32), true); err != nil {
		f.Fatal(err)
	}
	f.Add(guided.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, decode := range []func([]byte, Limits) (*Raster, error){DecodeEXR, DecodeGuided} {
			r, err := decode(data, Limits{MaxPixels: 1 << 20})
			if err == nil && len(r.Bits) != r.W*r.H*len(r.Channels)*r.Depth.Size() {
				t.Fatal("wrong length")
			}
		}
	})
}

func FuzzDecodePNG(f *testing.F) {
	var buf bytes.Buffer
	if err := EncodePNG(&buf, noise(17, 18, []string{"R", "G", "B"}, U8)); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodePNG(data, Limits{MaxPixels: 1 << 20})
		if err == nil && len(r.Bits) != r.W*r.H*len(r.Channels)*r.Depth.Size() {
			t.Fatal("wrong length")
		}
	})
}
