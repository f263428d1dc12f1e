package raster

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
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

func TestEXRPicksTheNoisyPass(t *testing.T) {
	var names []string
	for _, p := range []string{"Composite.Combined", "A.Combined", "A.Noisy Image", "B.Combined", "B.Normal"} {
		names = append(names, p+".R", p+".G", p+".B", p+".A")
	}
	var buf bytes.Buffer
	if err := EncodeEXR(&buf, noise(4, 4, names, F16), true); err != nil {
		t.Fatal(err)
	}
	r, err := DecodeEXR(buf.Bytes(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Channels) != 8 || r.Channels[0] != "A.Noisy Image.R" || r.Channels[4] != "B.Combined.R" {
		t.Errorf("took %v", r.Channels)
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
