package blender

import (
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/track"
)

func commit(t *testing.T, f render.Frame) proof.FrameCommit {
	t.Helper()
	c, _, err := proof.Commit(f.Number, f.Files[0].Path, f.Master)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestProgressLines(t *testing.T) {
	at := time.Unix(0, 0)
	tr := track.Tracker{Now: func() time.Time { return at }, Parse: parseLine}
	tr.Start(12, 0)
	step := func(d time.Duration, line string) render.Progress {
		at = at.Add(d)
		tr.Line(line)
		return tr.Last()
	}
	p := step(0, "Fra:12 Mem:442.51M (Peak 729.98M) | Time:00:00.97 | Mem:0.00M, Peak:0.00M | Scene, ViewLayer | Updating Meshes")
	if p.Text != "Updating Meshes" || p.DeviceMemory != 0 || p.Memory != 464005365 || p.Fraction != 0 {
		t.Errorf("%+v", p)
	}
	p = step(16*time.Second, "Fra:12 Mem:442.51M (Peak 729.98M) | Time:00:15.97 | Remaining:01:02.88 | Mem:1.00M, Peak:2.00M | Scene, ViewLayer | Sample 1/32")
	if p.Sample != 1 || p.DeviceMemory != 2<<20 || p.Samples != 32 || p.Remaining != 62880*time.Millisecond || p.Fraction < 0.19 || p.Fraction > 0.21 {
		t.Errorf("%+v", p)
	}
	before := p.Fraction
	at = at.Add(30 * time.Second)
	tr.Tick()
	if tr.Last().Fraction <= before || tr.Last().Fraction > 0.6 {
		t.Errorf("after a tick: %+v", tr.Last())
	}
	p = step(time.Second, "Fra:12 Mem:1M (Peak 2M) | Time:00:45.97 | Mem:1.00M, Peak:2.00M | Scene, ViewLayer | Rendered 3/4 Tiles, Sample 8/8")
	if p.Fraction != 0.99 {
		t.Errorf("%+v", p)
	}
	tr.Start(13, 0)
	if p = step(0, "Fra:13 Mem:1M (Peak 2M) | Time:00:00.10 | Rendering 26 / 64 samples"); p.Sample != 26 || p.Samples != 64 {
		t.Errorf("%+v", p)
	}
	tr.Start(13, 4)
	tr.Part(2)
	if tr.Last().Fraction != 0.5 {
		t.Errorf("two of four borders: %+v", tr.Last())
	}
}

func FuzzProgress(f *testing.F) {
	f.Add("Fra:12 Mem:442.51M (Peak 729.98M) | Time:00:15.97 | Remaining:01:02.88 | Mem:1M, Peak:2M | Scene, ViewLayer | Sample 1/32")
	f.Add("Fra:1 | Remaining:99999999:99999999.9 | Rendered 9/1 Tiles, Sample 7/0")
	f.Fuzz(func(t *testing.T, line string) {
		tr := track.New(parseLine)
		tr.Start(1, 0)
		tr.Line(line)
		tr.Tick()
		if p := tr.Last(); !(p.Fraction >= 0 && p.Fraction <= 1) || p.Remaining < 0 || p.Memory < 0 {
			t.Errorf("%+v", p)
		}
	})
}

func FuzzProbe(f *testing.F) {
	f.Add([]byte("x\nI Using AVX2 CPU kernels.\nHELIOSTAT {\"version\":\"3.4.1\",\"engines\":[\"CYCLES\"]}\n"))
	f.Fuzz(func(t *testing.T, out []byte) { _, _ = New(Config{}).parseProbe("/blender", out) })
}
