package resident

import (
	"errors"
	"testing"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/process"
)

// TestInside has a process that claims to have rendered another region.
func TestInside(t *testing.T) {
	s, b := &Session{cfg: Config{MaxMargin: 16}, p: &process.Process{}}, render.Rect{X: 16, Y: 32, W: 16, H: 8}
	if err := s.inside(b, TileReply{X: 12, Y: 30, W: 24, H: 14}); err != nil {
		t.Error(err)
	}
	for _, shown := range []TileReply{{}, {X: 17, Y: 32, W: 16, H: 8}, {X: 16, Y: 32, W: 15, H: 8}, {X: 16, Y: 32, W: 1 << 40, H: 8}, {X: -1 << 62, Y: 32, W: 1 << 62, H: 8}} {
		if err := s.inside(b, shown); !errors.Is(err, render.ErrCrashed) {
			t.Errorf("%+v: %v", shown, err)
		}
	}
}
