package workerapp

import (
	"encoding/hex"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/appetite"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
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

// ate notes what the task's frames took.
func (e *Engine) ate(t *task) {
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

// failed notes a scene that didn't fit.
func (e *Engine) failed(t *task, f *session.Failure) {
	if f.Kind != job.FailMemory || e.vram() == 0 {
		return
	}
	if err := e.needs.DidNotFit(scene(t.entry.Lease().Offer), e.vram()); err != nil {
		e.options.Log.Warn("that the scene didn't fit isn't kept", "err", err)
	}
}
