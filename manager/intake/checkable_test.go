package intake

import (
	"errors"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestUncheckableRecipes are refused before anybody renders: nobody could tell whether the frames are
// right.
func TestUncheckableRecipes(t *testing.T) {
	for _, c := range []struct {
		renderer, engine, format, codec string
		says                            string // "" is taken
	}{
		{"povray", "POVRAY", "PNG", "", ""},
		{"povray", "POVRAY", "OPEN_EXR", "ZIP", ""},
		{"povray", "POVRAY", "OPEN_EXR", "", "ask for ZIP"},
		{"povray", "POVRAY", "OPEN_EXR", "DWAA", "ask for ZIP"},
		{"povray", "POVRAY", "JPEG", "", "deliver PNG"},
		{"maya", "ARNOLD", "TIFF", "", "deliver PNG"},
		{"blender", "CYCLES", "JPEG", "", ""},
		{"blender", "BLENDER_EEVEE", "OPEN_EXR", "DWAA", ""},
	} {
		err := checkRecipe(job.Recipe{Renderer: c.renderer, Version: "1", Engine: c.engine, MainFile: "a", Width: 64, Height: 64, Samples: 4, Device: "CPU", Format: c.format, ExrCodec: c.codec})
		var refused *wire.Error
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%+v: %v", c, err)
		case c.says != "" && (!errors.As(err, &refused) || refused.Code != wire.CodeUnsupported || !strings.Contains(refused.Message, c.says)):
			t.Errorf("%+v: %v", c, err)
		}
	}
}
