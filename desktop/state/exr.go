package state

import (
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"strings"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// exrPixels bounds an OpenEXR that is shown small: it is held whole, with up to 16 bytes a pixel.
const exrPixels = 1 << 24

// decodeEXR shows what OpenEXR holds, linear light, through sRGB's curve (IEC 61966-2-1);
// brighter than white is white.
func decodeEXR(file io.Reader) (image.Image, error) {
	data, err := io.ReadAll(io.LimitReader(file, thumbBytes))
	if err != nil {
		return nil, err
	}
	light, err := raster.DecodeComposite(data, raster.Limits{MaxPixels: exrPixels})
	if err != nil {
		return nil, fmt.Errorf("read an OpenEXR: %w", err)
	}
	from, err := colours(light.Channels)
	if err != nil {
		return nil, err
	}
	picture := image.NewNRGBA(image.Rect(0, 0, light.W, light.H))
	for y := range light.H {
		row := picture.Pix[y*picture.Stride:][:4*light.W]
		for x := range light.W {
			for i, c := range from {
				row[4*x+i] = curve(light.At(x, y, c))
			}
			row[4*x+3] = 0xff
		}
	}
	return picture, nil
}

// colours are the first layer's red, green and blue, or its only channel three times.
func colours(channels []string) (rgb [3]int, err error) {
	found := 0
	for i, letter := range []string{"R", "G", "B"} {
		rgb[i] = -1
		for n, name := range channels {
			if name == letter || strings.HasSuffix(name, "."+letter) {
				rgb[i] = n
				found++
				break
			}
		}
	}
	switch {
	case found == 3:
		return rgb, nil
	case found == 0 && len(channels) > 0:
		return [3]int{}, nil
	}
	return rgb, errors.New("the OpenEXR has no colours to show")
}

func curve(v float64) uint8 {
	switch {
	case !(v > 0): // also what is no number
		return 0
	case v >= 1:
		return 0xff
	case v <= 0.0031308:
		v *= 12.92
	default:
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(math.Round(255 * v))
}
