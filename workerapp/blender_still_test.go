package workerapp

import (
	"bytes"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
)

// Real Blender in its sandbox: a noisy still with adaptive sampling in 2×2 tiles, joined by
// another worker, with and without a compositor, is the still that is rendered whole: bit for bit in
// linear light, within the rounding of the master's half floats where the view transform follows.
func TestRealBlenderStillInTiles(t *testing.T) {
	box, err := sandbox.Choose("bubblewrap")
	if err != nil {
		t.Fatal(err)
	}
	b := blender.New(blender.Config{})
	installs, err := b.Find(t.Context())
	if err != nil || len(installs) == 0 {
		t.Fatalf("Blender is needed: %v", err)
	}
	for _, c := range []struct{ variation, format string }{{"", "OPEN_EXR"}, {"compositor", "PNG"}} {
		t.Run(c.format, func(t *testing.T) {
			scene := t.TempDir()
			rendertest.BlenderScene(t, installs[0].Path, scene, c.variation)
			m := fetchtest.New(t)
			m.Package(scene, "scene.blend")
			m.Start()
			work := func() *worker {
				o := options(m, newIdentity(t), t.TempDir(), found{b, installs})
				o.Sandbox, o.Threads = box, 1
				w := start(t, o)
				fetchtest.Expect(m, wire.TypeWorkerReady, free)
				return w
			}
			recipe := func(o *wire.LeaseOffer) {
				o.Recipe = rendertest.Recipe(installs[0].Version)
				o.Recipe.Samples, o.Recipe.Format, o.Recipe.Compositing = 16, c.format, c.variation != ""
				if c.format == "OPEN_EXR" {
					o.Recipe.ColorDepth, o.Recipe.ExrCodec = "16", "ZIP"
				}
			}
			w := work()
			first := still(m, "a1", job.TaskRender)
			recipe(&first)
			if answer := give(t, m, first); !answer.Taken {
				t.Fatal(answer.Reason)
			}
			whole := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
			fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
			width, height := first.Recipe.Width, first.Recipe.Height
			join := tiled(t, m, "a2", recipe, []job.Border{
				{W: 80, H: 64}, {X: 80, W: width - 80, H: 64}, {Y: 64, W: 80, H: height - 64}, {X: 80, Y: 64, W: width - 80, H: height - 64},
			})
			w.halt(t)
			work()
			join.JobKey = still(m, "a2", job.TaskAssemble).JobKey // sealed to the other worker
			if answer := give(t, m, join); !answer.Taken {
				t.Fatal(answer.Reason)
			}
			joined := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
			if !joined.Frames[0].Assembled || joined.Frames[0].MasterRoot != whole.Frames[0].MasterRoot {
				t.Error("the joined master isn't the one that was rendered whole")
			}
			read := func(lease string) *raster.Raster {
				t.Helper()
				img, err := proof.Decode(proof.Extension(c.format), m.Object(fetchtest.FrameKey(lease, 1, "final")), raster.Limits{W: width, H: height})
				if err != nil || img == nil {
					t.Fatal(err)
				}
				return img
			}
			got, want := read("a2"), read("a1")
			if c.format == "OPEN_EXR" {
				if !bytes.Equal(got.Bits, want.Bits) {
					t.Error("the delivered pixels differ")
				}
				return
			}
			off := 0
			for i := range want.Bits {
				switch d := int(got.Bits[i]) - int(want.Bits[i]); {
				case d < -1 || d > 1:
					t.Fatalf("sample %d is off by %d steps", i, d)
				case d != 0:
					off++
				}
			}
			t.Logf("%d of %d samples are off by one step", off, len(want.Bits))
			if off > len(want.Bits)/25 {
				t.Errorf("%d of %d samples are off by one step", off, len(want.Bits))
			}
		})
	}
}
