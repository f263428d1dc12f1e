package raster

import (
	"fmt"
	"strings"
)

// What guides a denoiser lies in an image beside the noisy passes: of each view layer R G B A of the noisy one,
// R G B of the albedo, X Y Z of the normal. A file of ours holds the guides as layers of their own, called
// LAYER.Denoising Albedo and LAYER.Denoising Normal, so that DecodeEXR takes them as it takes any layer, in that order.

// AlbedoPass and NormalPass are Cycles' names of the guides.
const (
	AlbedoPass = "Denoising Albedo"
	NormalPass = "Denoising Normal"
)

// combined is the pass that DecodeEXR takes of a layer.
const combined = ".Combined."

// guided are the channels of one view layer, its own name cut off.
var guided = [...]string{
	combined + "R", combined + "G", combined + "B", combined + "A",
	"." + AlbedoPass + combined + "R", "." + AlbedoPass + combined + "G", "." + AlbedoPass + combined + "B",
	"." + NormalPass + combined + "R", "." + NormalPass + combined + "G", "." + NormalPass + combined + "B",
}

// axes are a normal's channels as Cycles names them.
var axes = map[string]string{"X": "R", "Y": "G", "Z": "B"}

// DecodeGuided is DecodeEXR on the passes of a frame that Cycles didn't denoise though it stored a denoiser's guides:
// with them, as half floats and under the names of a file of ours: Blender keeps a normal's floats. The image passes
// CheckGuided.
func DecodeGuided(data []byte, limits Limits) (*Raster, error) {
	img, err := decode(data, limits, wanted{guided: true, beside: none})
	if err != nil {
		return nil, err
	}
	return img, CheckGuided(img.Channels)
}

// nameGuides gives the guides of Cycles' passes their names in a file of ours. "Noisy Image" is left out: where
// nothing was denoised, it is Combined.
func nameGuides(list []exrChannel) {
	for i, c := range list {
		dot := strings.LastIndexByte(c.name, '.')
		if dot < 0 {
			continue
		}
		prefix, base := c.name[:dot], c.name[dot+1:]
		switch {
		case strings.HasSuffix(prefix, ".Noisy Image"):
			list[i].name = prefix + ".-"
		case strings.HasSuffix(prefix, "."+AlbedoPass):
			list[i].name = prefix + combined + base
		case strings.HasSuffix(prefix, "."+NormalPass) && axes[base] != "":
			list[i].name = prefix + combined + axes[base]
		}
	}
}

// CheckGuided makes sure that channels are those of view layers with their guides, layer by layer.
func CheckGuided(channels []string) error {
	if len(channels) == 0 || len(channels)%len(guided) != 0 {
		return fmt.Errorf("%w: %d channels aren't those of view layers with their guides, %d each", ErrUnsupported, len(channels), len(guided))
	}
	layer := ""
	for i, name := range channels {
		want := guided[i%len(guided)]
		if i%len(guided) == 0 {
			layer = strings.TrimSuffix(name, want)
		}
		if name != layer+want {
			return fmt.Errorf("%w: the channel %q stands where layer %q has %q; rename the view layer", ErrUnsupported, name, layer, want)
		}
	}
	return nil
}

// cutGuide takes the name of a guide's channel in a file of ours apart.
func cutGuide(channel string) (layer, pass, base string, ok bool) {
	for _, pass := range []string{AlbedoPass, NormalPass} {
		if layer, base, ok := strings.Cut(channel, "."+pass+combined); ok {
			return layer, pass, base, true
		}
	}
	return "", "", "", false
}

// OfEye puts an eye's name into the layer's, of a channel that DecodeEXR or DecodeGuided gave:
// "Layer.Combined.R" becomes "Layer@left.Combined.R".
func OfEye(channel, view string) string {
	if layer, pass, base, ok := cutGuide(channel); ok {
		return layer + "@" + view + "." + pass + combined + base
	}
	parts := strings.Split(channel, ".")
	if len(parts) < 3 {
		return strings.Join(append([]string{"Image@" + view, "Combined"}, parts[len(parts)-1]), ".")
	}
	n := len(parts)
	return strings.Join(parts[:n-2], ".") + "@" + view + "." + parts[n-2] + "." + parts[n-1]
}

// AsPass is the name of a guide's channel as Cycles has it, and any other channel's own.
func AsPass(channel string) string {
	layer, pass, base, ok := cutGuide(channel)
	if !ok {
		return channel
	}
	if pass == NormalPass {
		for axis, name := range axes {
			if name == base {
				base = axis
				break
			}
		}
	}
	return layer + "." + pass + "." + base
}
