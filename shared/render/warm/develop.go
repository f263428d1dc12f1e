package warm

import (
	"context"
	"fmt"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Develop makes a delivered image from a master; an empty OutDir becomes Out. It fails with
// render.ErrUnsupported, and the session stays good, where the renderer can't.
func (h *Held) Develop(ctx context.Context, d render.Develop) (out render.Developed, err error) {
	if _, ok := h.seat.session.(render.Developer); !ok && !h.sick {
		return out, fmt.Errorf("developing frame %d: %w", d.Frame,
			&render.Error{Kind: render.ErrUnsupported, Cause: "this renderer makes no image from a master"})
	}
	err = h.twice(ctx, fmt.Sprintf("the image of frame %d", d.Frame), &d.OutDir, func() error {
		out, err = h.seat.session.(render.Developer).Develop(ctx, d)
		return err
	})
	return out, err
}
