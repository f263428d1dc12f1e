package warm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/heliostat-render/heliostat/shared/render"
)

// hung tells whether a renderer is to be tried once more.
func hung(ctx context.Context, err error) bool {
	return errors.Is(err, render.ErrHung) && ctx.Err() == nil
}

// again says of a second try's error that it was the second.
func again(err error) error {
	if errors.Is(err, render.ErrHung) {
		return fmt.Errorf("%w; this was a fresh process, the one before it hung too", err)
	}
	return err
}

// twice does something with the session, and once more with a fresh one where the renderer hangs. out
// is the folder that it writes to; an empty one becomes Out.
func (h *Held) twice(ctx context.Context, what string, out *string, do func() error) error {
	if h.sick {
		return errors.New("the session has failed; it can't be used again")
	}
	ours := *out == ""
	if ours {
		*out = h.out
	}
	h.seat.renders++
	err := do()
	if hung(ctx, err) {
		h.pool.options.Log.Warn("a renderer hung; it was killed with all that it started, and a fresh one tries again",
			"package", h.want.Package, "doing", what, "err", err)
		err = h.fresh(ctx)
		if ours {
			*out = h.out
		}
		if err == nil {
			h.seat.renders++
			err = again(do())
		}
	}
	h.sick = err != nil
	return err
}

// fresh puts a new process in the place of one that hung. What that one has left in the folder must
// not be taken for the new one's, and frames that are finished may still lie there.
func (h *Held) fresh(ctx context.Context) (err error) {
	h.pool.shut(h.seat)
	h.tries++
	name := fmt.Sprintf("again-%d", h.tries)
	root, err := os.OpenRoot(h.seat.dir)
	if err != nil {
		return fmt.Errorf("make a folder for frames: %w", err)
	}
	// Where the folders lead is the renderer's word: a link out of the workspace isn't followed.
	if err := errors.Join(root.Mkdir(filepath.Join("out", name), 0o700), root.Close()); err != nil {
		return fmt.Errorf("make a folder for frames: %w", err)
	}
	h.out = filepath.Join(h.seat.out(), name)
	if err := h.pool.fill(ctx, h.seat, h.want); err != nil {
		return err
	}
	if h.want.Phase != nil {
		h.want.Phase("render")
	}
	return nil
}
