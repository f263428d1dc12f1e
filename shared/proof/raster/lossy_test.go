package raster

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"golang.org/x/image/tiff"
)

// picture has one colour and, where it isn't opaque, an alpha.
func picture(c color.NRGBA) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, 9, 5))
	for i := range 45 {
		m.Set(i%9, i/9, c)
	}
	return m
}

func encoded(t testing.TB, ext string, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	if ext == ".jpg" {
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 95})
	} else {
		err = tiff.Encode(&b, m, &tiff.Options{Compression: tiff.Deflate})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodeShown(t *testing.T) {
	for _, c := range []struct {
		ext      string
		colour   color.NRGBA
		channels int
	}{{".jpg", color.NRGBA{200, 100, 50, 255}, 3}, {".tif", color.NRGBA{200, 100, 50, 255}, 4}, {".tif", color.NRGBA{200, 100, 50, 128}, 4}} {
		data := encoded(t, c.ext, picture(c.colour))
		r, err := DecodeShown(c.ext, data, Limits{W: 9, H: 5})
		if err != nil || r.W != 9 || r.H != 5 || len(r.Channels) != c.channels {
			t.Fatalf("%s: %+v, %v", c.ext, r, err)
		}
		want := []byte{c.colour.R, c.colour.G, c.colour.B, c.colour.A}
		for i := range r.Channels {
			if d := int(r.Bits[i]) - int(want[i]); d > 3 || d < -3 {
				t.Errorf("%s: channel %d is %d, not %d", c.ext, i, r.Bits[i], want[i])
			}
		}
		if _, err := DecodeShown(c.ext, data, Limits{W: 8}); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: another size: %v", c.ext, err)
		}
		if _, err := DecodeShown(c.ext, data[:len(data)/2], Limits{}); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: truncated: %v", c.ext, err)
		}
	}
	if _, err := DecodeShown(".dpx", nil, Limits{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("an unknown kind: %v", err)
	}
}

// TestDecodeComposite has a file with a layer and what the compositor made of it.
func TestDecodeComposite(t *testing.T) {
	r := New(2, 2, []string{"Composite.Combined.R", "ViewLayer.Combined.R"}, F16)
	for i := range 4 {
		r.Set(i%2, i/2, 0, 0.25)
		r.Set(i%2, i/2, 1, 0.5)
	}
	var b bytes.Buffer
	if err := EncodeEXR(&b, r, false); err != nil {
		t.Fatal(err)
	}
	for want, decode := range map[float64]func([]byte, Limits) (*Raster, error){0.25: DecodeComposite, 0.5: DecodeEXR} {
		got, err := decode(b.Bytes(), Limits{})
		if err != nil || got.Shows() != 1 || got.At(0, 0, 0) != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func FuzzDecodeShown(f *testing.F) {
	f.Add(".jpg", encoded(f, ".jpg", picture(color.NRGBA{1, 2, 3, 255})))
	f.Add(".tif", encoded(f, ".tif", picture(color.NRGBA{1, 2, 3, 9})))
	f.Add(".webp", []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	f.Fuzz(func(t *testing.T, ext string, data []byte) {
		r, err := DecodeShown(ext, data, Limits{MaxPixels: 1 << 16})
		if err == nil && len(r.Bits) != r.W*r.H*len(r.Channels)*r.Depth.Size() {
			t.Errorf("%d×%d with %d bytes", r.W, r.H, len(r.Bits))
		}
	})
}
