package warm

import (
	"context"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Develop makes a delivered image from a master; an empty OutDir becomes Out. It fails with
// render.ErrUnsupported, and the session stays good, where the renderer can't.
func (h *Held) Develop(ctx context.Context, d render.Develop) (render.Developed, error) {
	if h.sick {
		return render.Developed{}, errors.New("the session has failed; it can't be used again")
	}
	s, ok := h.seat.session.(render.Developer)
	if !ok {
		return render.Developed{}, fmt.Errorf("developing frame %d: %w", d.Frame,
			&render.Error{Kind: render.ErrUnsupported, Cause: "this renderer makes no image from a master"})
	}
	if d.OutDir == "" {
		d.OutDir = h.Out()
	}
	out, err := s.Develop(ctx, d)
	h.seat.renders++
	if err != nil {
		h.sick = true
	}
	return out, err
}
