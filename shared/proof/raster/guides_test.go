package raster

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// passes are the channels of a layer as Blender stores them, where nothing was denoised.
func passes(layer string) []string {
	var names []string
	for pass, bases := range map[string]string{"Combined": "ABGR", "Noisy Image": "ABGR", AlbedoPass: "BGR", NormalPass: "XYZ", "Denoising Depth": "Z"} {
		for _, base := range bases {
			names = append(names, layer+"."+pass+"."+string(base))
		}
	}
	slices.Sort(names)
	return names
}

// TestDecodeGuided: of every layer the noisy pass and its guides, in one order, and under names that DecodeEXR takes in
// that order too.
func TestDecodeGuided(t *testing.T) {
	stored := append(passes("Sky"), passes("Back.1")...)
	img := New(2, 1, stored, F16)
	for c := range stored {
		img.Set(1, 0, c, float64(c)/64)
	}
	var b bytes.Buffer
	if err := EncodeEXR(&b, img, true); err != nil {
		t.Fatal(err)
	}
	got, err := DecodeGuided(b.Bytes(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	source := []string{"Combined.R", "Combined.G", "Combined.B", "Combined.A", AlbedoPass + ".R", AlbedoPass + ".G", AlbedoPass + ".B", NormalPass + ".X", NormalPass + ".Y", NormalPass + ".Z"}
	if len(got.Channels) != 20 {
		t.Fatalf("the channels are %v", got.Channels)
	}
	for i, name := range got.Channels {
		from := []string{"Back.1.", "Sky."}[i/10] + source[i%10]
		if want := float64(slices.Index(stored, from)) / 64; got.At(1, 0, i) != want {
			t.Errorf("%s is %v, stored is %v", name, got.At(1, 0, i), want)
		}
		if i%10 >= 4 && AsPass(name) != from {
			t.Errorf("%s is the pass %s, not %s", name, AsPass(name), from)
		}
	}
	b.Reset()
	if err := EncodeEXR(&b, got, true); err != nil {
		t.Fatal(err)
	}
	again, err := DecodeEXR(b.Bytes(), Limits{})
	if err != nil || !slices.Equal(again.Channels, got.Channels) || !bytes.Equal(again.Bits, got.Bits) {
		t.Errorf("written and read again: %v, %v", again, err)
	}
	for i, name := range got.Channels {
		got.Channels[i] = OfEye(name, "left")
	}
	if err := CheckGuided(got.Channels); err != nil || got.Channels[4] != "Back.1@left.Denoising Albedo.Combined.R" {
		t.Errorf("with an eye: %v, %v", got.Channels[4], err)
	}
}

// TestGuidesNeedTheirPlace: layers that lack guides, or whose names sort between another's, are no guided image.
func TestGuidesNeedTheirPlace(t *testing.T) {
	for name, stored := range map[string][]string{
		"no normal":          slices.DeleteFunc(passes("A"), func(n string) bool { return n == "A."+NormalPass+".Z" }),
		"a layer in between": append(passes("A"), passes("A.D")...),
		"one plain layer":    append(passes("A"), "B.Combined.R", "B.Combined.G", "B.Combined.B", "B.Combined.A"),
	} {
		var b bytes.Buffer
		if err := EncodeEXR(&b, New(1, 1, stored, F16), true); err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeGuided(b.Bytes(), Limits{}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
