package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
)

// beatEvery is the time between two beats of an Await.
const beatEvery = 500 * time.Millisecond

// Await waits for the program's next reply, or where it doesn't talk for its end, and gives nil
// when the program has ended. Meanwhile it hands over the lines that are printed, and beats. When ctx
// ends first, or when the program hangs, the program is killed with all that it started.
func (p *Process) Await(ctx context.Context, line func(string), beat func()) (reply []byte, err error) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	v := p.vigil()
	lines, replies, exited := p.lines, p.replies, p.exited
	if p.talks {
		exited = nil // its replies end with it, and all of them count
	} else {
		replies = nil
	}
	for {
		select {
		case <-ctx.Done():
			p.Kill()
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, fmt.Errorf("%w: %w", &render.Error{Kind: render.ErrTimeout, Log: p.Tail()}, ctx.Err())
			}
			return nil, ctx.Err()
		case text, ok := <-lines:
			if !ok {
				lines = nil
			} else {
				line(text)
			}
		case <-tick.C:
			beat()
			if seen := v.beat(); seen != "" {
				p.Kill()
				return nil, &render.Error{Kind: render.ErrHung, Cause: p.name + " " + seen, Log: p.Tail()}
			}
		case reply := <-replies:
			return reply, nil
		case <-exited:
			return nil, nil
		}
	}
}
