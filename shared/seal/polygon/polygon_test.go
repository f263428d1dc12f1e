package polygon

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// mesh returns n bytes of vertices as Blender 3.4 keeps them: three floats of a bumpy
// sphere, then eight bytes that hardly change, 20 bytes in all.
func mesh(n int) []byte {
	r := rand.New(rand.NewSource(7))
	side := int(math.Sqrt(float64(n/20))) + 1
	var b []byte
	for i := 0; len(b) < n; i++ {
		u, v := float64(i%side)/float64(side)*2*math.Pi, float64(i/side)/float64(side)*math.Pi
		rad := 1 + 0.1*math.Sin(9*u)*math.Cos(7*v) + 1e-4*r.Float64()
		for _, f := range []float64{rad * math.Cos(u) * math.Sin(v), rad * math.Sin(u) * math.Sin(v), rad * math.Cos(v)} {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(f)))
		}
		b = append(b, 0, 0, 0, 0, 1, 0, 0, 0)
	}
	return b[:n]
}

func loops(n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = binary.LittleEndian.AppendUint32(b, uint32(i/4+(i%4)*37))
		b = binary.LittleEndian.AppendUint32(b, uint32(i/2))
	}
	return b[:n]
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(3)).Read(b)
	return b
}

func zlen(b []byte) int {
	e, _ := zstd.NewWriter(nil)
	return len(e.EncodeAll(b, nil))
}

func TestGeometryGetsSmaller(t *testing.T) {
	for _, c := range []struct {
		name  string
		data  []byte
		hints []Hint
		gain  float64 // the least ratio of plain to filtered, after zstd
	}{
		{"vertices by detection", mesh(1 << 20), nil, 1.3},
		{"vertices by hint", mesh(1 << 20), []Hint{{0, 1 << 20, 20}}, 1.3},
		{"loops", loops(1 << 20), nil, 3},
		{"vertices after text", append(bytes.Repeat([]byte("a scene is a file and "), 9000), mesh(1<<19)...), nil, 1.2},
	} {
		enc, ok := Encode(nil, c.data, c.hints)
		if !ok {
			t.Errorf("%s: not filtered", c.name)
			continue
		}
		got, err := Decode(nil, enc, len(c.data))
		if err != nil || !bytes.Equal(got, c.data) {
			t.Fatalf("%s: round trip: %v", c.name, err)
		}
		gain := float64(zlen(c.data)) / float64(zlen(enc))
		t.Logf("%s: zstd %.2fx, filtered %.2fx", c.name, float64(len(c.data))/float64(zlen(c.data)), float64(len(c.data))/float64(zlen(enc)))
		if gain < c.gain {
			t.Errorf("%s: only %.2f times smaller than zstd alone", c.name, gain)
		}
	}
}

func TestKeptOnlyWhereItWins(t *testing.T) {
	for name, data := range map[string][]byte{
		"noise": noise(1 << 20), "text": bytes.Repeat([]byte("the quick brown fox jumps. "), 20000), "zeros": make([]byte, 1<<20), "one": {1},
	} {
		if enc, ok := Encode(nil, data, nil); ok && zlen(enc) > zlen(data) {
			t.Errorf("%s: filtered although zstd alone does better", name)
		}
	}
}

func TestEveryKindRoundTrips(t *testing.T) {
	for _, k := range []kind{raw, shuffle, delta8, delta16, delta32, delta64} {
		for stride := k.width(); stride <= maxStride; stride += k.width() {
			for _, n := range []int{1, stride - 1, stride, 3*stride + 5, 1000} {
				src := noise(max(n, 1))
				coded, back := make([]byte, len(src)), make([]byte, len(src))
				forward(coded, src, k, stride)
				backward(back, coded, k, stride)
				if !bytes.Equal(back, src) {
					t.Fatalf("kind %d stride %d length %d", k, stride, len(src))
				}
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := appendTable(nil, []segment{{8, delta32, 4}})
	good = append(good, make([]byte, 8)...)
	if _, err := Decode(nil, good, 8); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"empty": {}, "no segments": {0}, "too many": {0xff, 0xff, 3}, "long count": {0x81, 0, 8, 0, 0},
		"short data": good[:len(good)-1], "trailing": append(append([]byte{}, good...), 0),
		"kind": {1, 8, 6, 4, 0, 0, 0, 0, 0, 0, 0, 0}, "stride": {1, 8, 4, 6, 0, 0, 0, 0, 0, 0, 0, 0},
		"no stride": {1, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "raw stride": {1, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0},
		"empty segment": {2, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "short": {1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		if _, err := Decode(nil, bad, 8); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(mesh(5000), 0, 5000, 20)
	f.Add(loops(9000), 100, 8000, 8)
	f.Add([]byte{1}, -5, 7, 300)
	f.Fuzz(func(t *testing.T, data []byte, off, n, stride int) {
		if len(data) == 0 {
			return
		}
		if off < -1<<40 || off > 1<<40 || n < 0 || n > 1<<40 {
			return
		}
		enc, ok := Encode(nil, data, []Hint{{off, n, stride}})
		if !ok {
			return
		}
		got, err := Decode(nil, enc, len(data))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("round trip: %v", err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{1, 8, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0}, 8)
	f.Fuzz(func(t *testing.T, enc []byte, size int) {
		if size < 0 || size > 1<<20 {
			return
		}
		if got, err := Decode(nil, enc, size); err == nil && len(got) != size {
			t.Fatalf("%d bytes, not %d", len(got), size)
		} else if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatal(err)
		}
	})
}

// Measures Encode alone; the input is 4 MiB, so MB/s are of plaintext.
func BenchmarkEncode(b *testing.B) {
	for name, data := range map[string][]byte{"mesh": mesh(4 << 20), "noise": noise(4 << 20)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			var buf []byte
			for b.Loop() {
				buf, _ = Encode(buf[:0], data, nil)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	data := mesh(4 << 20)
	enc, ok := Encode(nil, data, nil)
	if !ok {
		b.Fatal("not filtered")
	}
	b.SetBytes(int64(len(data)))
	var buf []byte
	for b.Loop() {
		buf, _ = Decode(buf, enc, len(data))
	}
}
