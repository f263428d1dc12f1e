package submit

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// pictures are whole ones by extension, too noisy to be small.
func pictures(t testing.TB) map[string][]byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	img := image.NewNRGBA(image.Rect(0, 0, 70, 50))
	linear := raster.New(70, 50, []string{"R", "G", "B"}, raster.F16)
	for i := range img.Pix {
		img.Pix[i] = byte(r.IntN(256))
	}
	for y := range 50 {
		for x := range 70 {
			for c := range 3 {
				linear.Set(x, y, c, r.Float64())
			}
		}
	}
	var p, j, plain, packed bytes.Buffer
	for _, err := range []error{png.Encode(&p, img), jpeg.Encode(&j, img, nil), raster.EncodeEXR(&plain, linear, false), raster.EncodeEXR(&packed, linear, true)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// A thumbnail in front has an end of its own; what cameras put behind the picture doesn't matter.
	thumbnail := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 8}, 0xff, 0xd8, 0xff, 0xd9, 0, 0)
	camera := append(append(thumbnail, j.Bytes()[2:]...), bytes.Repeat([]byte("a film "), 20<<10)...)
	tiff := append([]byte("II*\x00"), 0, 0, 0, 0)
	tiff = append(tiff, make([]byte, 300)...)
	binary.LittleEndian.PutUint32(tiff[4:], uint32(len(tiff)))
	tiff = append(append(tiff, 2, 0), make([]byte, 2*12+4)...)
	return map[string][]byte{".png": p.Bytes(), ".jpg": j.Bytes(), ".jpeg": camera, ".exr": plain.Bytes(), "-zip.exr": packed.Bytes(), ".tif": tiff}
}

func TestCutPictures(t *testing.T) {
	for ext, data := range pictures(t) {
		want, end := lost, len(data)
		if strings.HasPrefix(ext, ".jp") {
			want = greyed
			end = bytes.LastIndex(data, []byte{0xff, 0xd9}) + 2
		}
		if ext == ".tif" {
			end -= 4 // the place of a next directory, which there isn't
		}
		for _, n := range []int{end - 1, end * 9 / 10, end / 2, 30} {
			if got, err := cut(bytes.NewReader(data[:n]), int64(n)); got != want || err != nil {
				t.Errorf("%d of %d bytes of a %s are %d, %v", n, len(data), ext, got, err)
			}
		}
		for _, whole := range [][]byte{data, append(bytes.Clone(data), "what somebody put behind it"...)} {
			if got, err := cut(bytes.NewReader(whole), int64(len(whole))); got != uncut || err != nil {
				t.Errorf("a whole %s of %d bytes is %d, %v", ext, len(whole), got, err)
			}
		}
	}
	for _, other := range []string{"", "x", "BLENDER-v304", "#?RADIANCE\n", "\x89PNG", "\xff\xd8\xff\xe0\x00\x02what"} {
		if got, err := cut(strings.NewReader(other), int64(len(other))); got != uncut || err != nil {
			t.Errorf("%q is %d, %v", other, got, err)
		}
	}
}

// TestCutPicturesAreTold: what shows nothing is refused before anything travels, what shows a part is warned about, by name.
func TestCutPicturesAreTold(t *testing.T) {
	dir := t.TempDir()
	s := Scene{Frames: []int{1}, Output: Output{Pattern: filepath.Join(dir, "f_")}}
	for ext, data := range pictures(t) {
		path := filepath.Join(dir, "ground"+ext)
		if ext == ".jpeg" {
			data = data[:len(data)/100]
		}
		if err := os.WriteFile(path, data[:len(data)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		s.Files = append(s.Files, File{Name: filepath.Base(path), Path: path, User: `Image "ground"`, Kind: "image"})
	}
	found := checkHost(s)
	if len(found) != len(s.Files) {
		t.Errorf("%d findings: %+v", len(found), found)
	}
	for _, f := range found {
		level := LevelError
		if strings.HasPrefix(filepath.Ext(f.File), ".jp") {
			level = LevelWarning
		}
		if f.Code != "cut_file" || f.Level != level || !strings.Contains(f.Text, `texture (Image "ground") `+f.File+" is cut off") || f.Fix == "" {
			t.Errorf("%+v", f)
		}
	}
}

// hugeEXR claims a window of 2^32 by 2^32 pixels but one column, in tiles of one: more chunks than an int64 counts.
func hugeEXR() []byte {
	b := []byte("\x76\x2f\x31\x01\x02\x02\x00\x00")
	attribute := func(name string, value ...byte) {
		b = append(append(b, name+"\x00x\x00"...), byte(len(value)), 0, 0, 0)
		b = append(b, value...)
	}
	attribute("compression", 0)
	attribute("dataWindow", 0, 0, 0, 0x80, 0, 0, 0, 0x80, 0xfe, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f)
	attribute("tiles", 1, 0, 0, 0, 1, 0, 0, 0, 0)
	return append(b, make([]byte, 64)...)
}

// TestCutSurvivesAHugePicture: sizes come from whoever made the scene.
func TestCutSurvivesAHugePicture(t *testing.T) {
	data := hugeEXR()
	if got, err := cut(bytes.NewReader(data), int64(len(data))); got != uncut || err != nil {
		t.Errorf("%d, %v", got, err)
	}
}

func FuzzCut(f *testing.F) {
	f.Add(hugeEXR())
	for _, data := range pictures(f) {
		f.Add(data[:min(len(data), 2000)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = cut(bytes.NewReader(data), int64(len(data))) // must end, and not panic
	})
}
