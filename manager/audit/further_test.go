package audit

import (
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// TestFurtherFilesAreHeldToTheMaster: a reveal names a frame's further files, and one that isn't what its master
// gives costs its worker the attempt.
func TestFurtherFilesAreHeldToTheMaster(t *testing.T) {
	grey := raster.New(64, 48, []string{"R", "G", "B"}, raster.U8)
	for i := range grey.Bits {
		grey.Bits[i] = byte(100 + i%64)
	}
	type files = map[string][]byte
	for name, c := range map[string]struct {
		further func(good, black []byte) files
		pass    bool
	}{
		"honest":  {func(good, _ []byte) files { return files{"a.png": good, "b.png": good} }, true},
		"black":   {func(good, black []byte) files { return files{"a.png": good, "b.png": black} }, false},
		"missing": {func(good, _ []byte) files { return files{"a.png": good} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			w := r.worker(fake.Behaviour{})
			for range 3 {
				r.verifier(fake.Behaviour{})
			}
			good, black := r.png(grey), r.png(raster.New(64, 48, []string{"R", "G", "B"}, raster.U8))
			r.further, r.made = c.further(good, black), files{"a.png": good, "b.png": good}
			j, tiles := r.still()
			for _, tile := range tiles {
				r.render(w, tile, nil)
			}
			r.run()
			joined := r.render(w, r.assembly(j.ID), nil)
			r.run()
			got := r.attempt(joined.ID)
			if failed := got.State == lifecycle.AttemptFailed; failed == c.pass || got.Convicted == c.pass {
				t.Errorf("the attempt is %+v", got)
			}
			if frame := r.frames(j.ID)[0]; c.pass && (frame.State != job.FrameDelivered || !strings.Contains(frame.Verdict, "2 further files follow")) {
				t.Errorf("the frame is %+v", frame)
			}
		})
	}
}
