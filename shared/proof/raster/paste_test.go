package raster

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// cut encodes the parts of an image, and counts how often each is opened and closed.
func cut(t testing.TB, img *Raster, rects []Rect, compress bool) (parts []Placed, open *int) {
	t.Helper()
	open = new(int)
	for _, r := range rects {
		c, err := img.Crop(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, placed(t, r, c, compress, open))
	}
	return parts, open
}

func placed(t testing.TB, r Rect, img *Raster, compress bool, open *int) Placed {
	t.Helper()
	var b bytes.Buffer
	if err := EncodeEXR(&b, img, compress); err != nil {
		t.Fatal(err)
	}
	return Placed{Rect: r, Open: func() (*EXR, error) {
		*open++
		return OpenEXR(counted{bytes.NewReader(b.Bytes()), open}, int64(b.Len()), Limits{})
	}}
}

type counted struct {
	io.ReaderAt
	open *int
}

func (c counted) Close() error { *c.open--; return nil }

// sheet is a file in memory.
type sheet struct{ data []byte }

func (s *sheet) WriteAt(p []byte, off int64) (int, error) {
	if need := int(off) + len(p); need > len(s.data) {
		s.data = append(s.data, make([]byte, need-len(s.data))...)
	}
	return copy(s.data[off:], p), nil
}

var quarters = []Rect{{W: 48, H: 32}, {X: 48, W: 23, H: 32}, {Y: 32, W: 48, H: 19}, {X: 48, Y: 32, W: 23, H: 19}}

func TestPartsMakeTheImage(t *testing.T) {
	for _, depth := range []Depth{F16, F32} {
		for _, channels := range [][]string{{"R", "G", "B", "A"}, {"L1.Combined.R", "L1.Combined.G", "L1.Combined.B", "L2.Noisy Image.R"}} {
			for name, rects := range map[string][]Rect{
				"quarters": quarters, "whole": {{W: 71, H: 51}},
				"columns out of order": {{X: 32, W: 39, H: 51}, {W: 32, H: 51}},
				"no grid":              {{W: 71, H: 7}, {Y: 7, W: 5, H: 44}, {X: 5, Y: 7, W: 66, H: 1}, {X: 5, Y: 8, W: 66, H: 43}},
			} {
				img := noise(71, 51, channels, depth)
				img.Set(3, 3, 0, math.NaN())
				img.Set(60, 40, 1, math.Inf(1))
				parts, open := cut(t, img, rects, depth == F16)
				var out sheet
				last := 0.0
				if err := Paste(&out, 71, 51, img.Channels, parts, func(done float64) error {
					if done < last {
						t.Errorf("progress %v after %v", done, last)
					}
					last = done
					return nil
				}); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got, err := DecodeEXR(out.data, Limits{W: 71, H: 51})
				if err != nil || !bytes.Equal(got.Bits, img.Bits) || !slices.Equal(got.Channels, img.Channels) || got.Depth != depth || last != 1 || *open != 0 {
					t.Errorf("%s: another image, %v, progress to %v, %d parts open", name, err, last, *open)
				}
				var once bytes.Buffer
				if err := EncodeEXR(&once, img, true); err != nil || !bytes.Equal(once.Bytes(), out.data) {
					t.Errorf("%s: the file isn't what EncodeEXR writes, %v", name, err)
				}
				whole, err := OpenEXR(bytes.NewReader(out.data), int64(len(out.data)), Limits{})
				if err != nil {
					t.Fatal(err)
				}
				if err := Same(whole, parts, nil); err != nil || *open != 0 {
					t.Errorf("%s: %v, %d open", name, err, *open)
				}
			}
		}
	}
}

func TestEveryBitOfTheImageCounts(t *testing.T) {
	img := noise(71, 51, []string{"R", "G", "B", "A"}, F16)
	parts, open := cut(t, img, quarters, true)
	same := func(img *Raster) error {
		t.Helper()
		path := filepath.Join(t.TempDir(), "a.exr")
		var b bytes.Buffer
		if err := EncodeEXR(&b, img, true); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		whole, err := OpenEXRFile(path, Limits{W: 71, H: 51})
		if err != nil {
			t.Fatal(err)
		}
		defer whole.Close()
		return Same(whole, parts, nil)
	}
	for _, at := range []struct{ x, y, c, part int }{{0, 0, 0, 0}, {47, 31, 3, 0}, {48, 31, 1, 1}, {47, 32, 2, 2}, {70, 50, 3, 3}} {
		other := *img
		other.Bits = bytes.Clone(img.Bits)
		other.Bits[((at.y*71+at.x)*4+at.c)*2+1] ^= 1
		var d *Difference
		if err := same(&other); !errors.As(err, &d) || !errors.Is(err, ErrDiffers) || d.X != at.x || d.Y != at.y || d.Channel != img.Channels[at.c] || d.Part != at.part {
			t.Errorf("%+v: %v", at, err)
		}
	}
	// Two parts that change places.
	swapped := slices.Clone(parts)
	third, err := img.Crop(Rect{Y: 32, W: 48, H: 19})
	if err != nil {
		t.Fatal(err)
	}
	other, err := img.Crop(Rect{X: 23, Y: 32, W: 48, H: 19})
	if err != nil {
		t.Fatal(err)
	}
	swapped[2] = placed(t, quarters[2], other, true, open)
	if bytes.Equal(third.Bits, other.Bits) {
		t.Fatal("the parts are the same")
	}
	for name, change := range map[string]func(*Raster) *Raster{
		"depth": func(*Raster) *Raster { return noise(71, 51, img.Channels, F32) },
		"fewer": func(*Raster) *Raster { return noise(71, 51, img.Channels[:3], F16) },
	} {
		r := *img
		if err := same(change(&r)); !errors.Is(err, ErrDiffers) {
			t.Errorf("%s: %v", name, err)
		}
	}
	parts = swapped
	if err := same(img); !errors.Is(err, ErrDiffers) {
		t.Errorf("another part: %v", err)
	}
	if *open != 0 {
		t.Errorf("%d parts are open", *open)
	}
}

func TestPartsThatMakeNoImage(t *testing.T) {
	img := noise(71, 51, []string{"R", "G", "B", "A"}, F16)
	for name, rects := range map[string][]Rect{
		"a gap":        quarters[:3],
		"an overlap":   append(slices.Clone(quarters), Rect{X: 10, Y: 10, W: 4, H: 4}),
		"one twice":    append(slices.Clone(quarters), quarters[1]),
		"a late gap":   {{W: 71, H: 50}, {Y: 50, W: 70, H: 1}},
		"lines twice":  {{W: 71, H: 51}, {W: 71, H: 51}},
		"gap in lines": {{W: 71, H: 20}, {Y: 21, W: 71, H: 30}},
	} {
		parts, open := cut(t, img, rects, true)
		if err := Paste(&sheet{}, 71, 51, img.Channels, parts, nil); !errors.Is(err, ErrParts) || *open != 0 {
			t.Errorf("%s: %v, %d open", name, err, *open)
		}
	}
	for name, c := range map[string]struct {
		w, h  int
		parts []Rect
		want  error
	}{
		"none":            {4, 4, nil, ErrLimit},
		"outside":         {4, 4, []Rect{{X: 1, W: 4, H: 4}}, ErrParts},
		"beyond integers": {4, 4, []Rect{{X: math.MaxInt, W: 4, H: 4}}, ErrParts},
		"empty":           {4, 4, []Rect{{W: 4, H: 4}, {W: 0, H: 4}}, ErrParts},
		"negative":        {4, 4, []Rect{{X: -4, W: 8, H: 4}}, ErrParts},
		"no image":        {0, 4, []Rect{{W: 4, H: 4}}, ErrLimit},
		"too wide":        {1 << 16, 1, []Rect{{W: 1 << 16, H: 1}}, ErrLimit},
		"too many pixels": {20000, 20000, []Rect{{W: 20000, H: 20000}}, ErrLimit},
		"too many":        {2000, 1, make([]Rect, 2000), ErrLimit},
	} {
		if err := CheckParts(c.w, c.h, c.parts); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	parts, open := cut(t, img, quarters, true)
	small, err := img.Crop(Rect{W: 23, H: 18})
	if err != nil {
		t.Fatal(err)
	}
	// What a part calls its channels means nothing.
	renamed, err := img.Crop(quarters[3])
	if err != nil {
		t.Fatal(err)
	}
	renamed.Channels = []string{"X.Combined.R", "X.Combined.G", "X.Combined.B", "X.Combined.A"}
	var out sheet
	if err := Paste(&out, 71, 51, img.Channels, append(slices.Clone(parts[:3]), placed(t, quarters[3], renamed, true, open)), nil); err != nil {
		t.Error(err)
	}
	if got, err := DecodeEXR(out.data, Limits{}); err != nil || !bytes.Equal(got.Bits, img.Bits) {
		t.Errorf("other names make another image, %v", err)
	}
	if err := Paste(&out, 71, 51, img.Channels[:3], parts, nil); !errors.Is(err, ErrParts) {
		t.Errorf("fewer channels than the parts have: %v", err)
	}
	for name, c := range map[string]struct {
		part Placed
		want error
	}{
		"another size":   {placed(t, quarters[3], small, true, open), ErrLimit},
		"other channels": {placed(t, quarters[3], noise(23, 19, []string{"R", "G", "B"}, F16), true, open), ErrParts},
		"another depth":  {placed(t, quarters[3], noise(23, 19, img.Channels, F32), true, open), ErrParts},
		"no file":        {Placed{Rect: quarters[3], Open: func() (*EXR, error) { return nil, os.ErrNotExist }}, os.ErrNotExist},
		"no image": {Placed{Rect: quarters[3], Open: func() (*EXR, error) {
			return OpenEXR(bytes.NewReader([]byte("no image")), 8, Limits{})
		}}, ErrFormat},
	} {
		list := append(slices.Clone(parts[:3]), c.part)
		if err := Paste(&sheet{}, 71, 51, img.Channels, list, nil); !errors.Is(err, c.want) || *open != 0 {
			t.Errorf("%s: %v, %d open", name, err, *open)
		}
	}
	stop := errors.New("enough")
	if err := Paste(&sheet{}, 71, 51, img.Channels, parts, func(float64) error { return stop }); !errors.Is(err, stop) || *open != 0 {
		t.Errorf("stopped with %v, %d open", err, *open)
	}
}

// FuzzParts reads a stranger's part as Paste and Same do.
func FuzzParts(f *testing.F) {
	img := noise(40, 24, []string{"R", "G", "B", "A"}, F16)
	for _, compress := range []bool{false, true} {
		var b bytes.Buffer
		part, err := img.Crop(Rect{X: 16, W: 24, H: 24})
		if err != nil {
			f.Fatal(err)
		}
		if err := EncodeEXR(&b, part, compress); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	good, open := cut(f, img, []Rect{{W: 16, H: 24}}, true)
	f.Fuzz(func(t *testing.T, data []byte) {
		parts := append(slices.Clone(good), Placed{Rect: Rect{X: 16, W: 24, H: 24}, Open: func() (*EXR, error) {
			return OpenEXR(bytes.NewReader(data), int64(len(data)), Limits{W: 24, H: 24})
		}})
		var out sheet
		if err := Paste(&out, 40, 24, img.Channels, parts, nil); err != nil {
			if *open != 0 {
				t.Fatalf("%d parts are open", *open)
			}
			return
		}
		whole, err := OpenEXR(bytes.NewReader(out.data), int64(len(out.data)), Limits{W: 40, H: 24})
		if err != nil {
			t.Fatalf("what was pasted can't be read: %v", err)
		}
		if err := Same(whole, parts, nil); err != nil {
			t.Fatalf("what was pasted isn't its parts: %v", err)
		}
	})
}
