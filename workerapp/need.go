package workerapp

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/appetite"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
	"github.com/heliostat-render/heliostat/workerapp/session"
)

// vram is the GPU memory that a scene may take, in bytes; 0 for the CPU, or where it isn't
// known.
func (e *Engine) vram() int64 {
	if e.device.kind != gpu.GPU {
		return 0
	}
	least := e.device.smallest()
	if given := int64(e.keeper.Rules().Limits.VRAM); given > 0 && (least == 0 || given < least) {
		return given
	}
	return least
}

func scene(o wire.LeaseOffer) string {
	hash := receipt.RecipeHash(o.Recipe)
	return appetite.Key(o.Package, hex.EncodeToString(hash[:8]))
}

// What a frame may take: so many times the slowest of its scene here, and never less than that. A frame
// of another shot in the scene takes longer, a machine that its owner uses is slower; a renderer that goes
// round in circles takes for ever.
const (
	frameFactor = 20
	leastFrame  = time.Hour
)

// frameLimit is how long the task's next frame may take, and in words why.
func (e *Engine) frameLimit(t *task) (limit time.Duration, why string) {
	limit, why = e.options.FrameLimit, "that this worker gives one"
	slowest := max(e.needs.Of(scene(t.entry.Lease().Offer)).Seconds, slowest(t.entry))
	if own := max(leastFrame, time.Duration(frameFactor*slowest*float64(time.Second))); slowest > 0 && own < limit {
		return own, fmt.Sprintf("that this worker gives one of its scene: %d times the slowest before it (%.1f s), and at least an hour", frameFactor, slowest)
	}
	return limit, why
}

// slowest is the longest time of a finished frame, in seconds.
func slowest(entry *outbox.Entry) (seconds float64) {
	for _, r := range entry.Records() {
		seconds = max(seconds, r.Stats.Seconds)
	}
	return seconds
}

// took notes how long a frame of the task has taken, at least.
func (e *Engine) took(t *task, seconds float64) {
	if seconds == 0 {
		return
	}
	if err := e.needs.Took(scene(t.entry.Lease().Offer), seconds); err != nil {
		e.options.Log.Warn("what the scene took isn't kept", "err", err)
	}
}

// ate notes what the task's frames took.
func (e *Engine) ate(t *task) {
	e.took(t, slowest(t.entry))
	e.mu.Lock()
	memory, device := t.memory, t.device
	e.mu.Unlock()
	if memory == 0 && device == 0 {
		return
	}
	if err := e.needs.Saw(scene(t.entry.Lease().Offer), memory, device); err != nil {
		e.options.Log.Warn("what the scene took isn't kept", "err", err)
	}
}

// didNotFit notes a scene that didn't.
func (e *Engine) didNotFit(t *task, f *session.Failure) {
	if f.Kind != job.FailMemory || e.vram() == 0 {
		return
	}
	if err := e.needs.DidNotFit(scene(t.entry.Lease().Offer), e.vram()); err != nil {
		e.options.Log.Warn("that the scene didn't fit isn't kept", "err", err)
	}
}
