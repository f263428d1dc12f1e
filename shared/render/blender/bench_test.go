package blender

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

// BenchmarkTiles renders forty challenged tiles of a frame in one request and, as the
// metric x, divides what they take as forty requests by that. HELIOSTAT_SCENE names a folder with
// another scene.blend than the test scene; objects are what make a call dear.
func BenchmarkTiles(b *testing.B) {
	bl := New(Config{})
	found, err := bl.Find(b.Context())
	if err != nil || len(found) == 0 {
		b.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	w := b.TempDir()
	o := render.Options{Install: found[0], Workspace: w, Recipe: rendertest.Recipe(found[0].Version), Sandbox: render.NoSandbox{}}
	o.Recipe.Width, o.Recipe.Height, o.Recipe.Samples = 480, 270, 16
	if from := os.Getenv("HELIOSTAT_SCENE"); from != "" {
		err = os.CopyFS(filepath.Join(w, render.SceneFolder), os.DirFS(from))
	} else {
		rendertest.BlenderScene(b, found[0].Path, filepath.Join(w, render.SceneFolder), "")
	}
	if err != nil {
		b.Fatal(err)
	}
	s, err := bl.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var rects []render.Rect
	for i := range 40 {
		r, err := proof.TileRect(480, 270, i*191%proof.TileCount(480, 270))
		if err != nil {
			b.Fatal(err)
		}
		rects = append(rects, r)
	}
	shoot := func(rects []render.Rect) float64 {
		f, err := s.Render(b.Context(), render.Request{Frame: 3, Seed: 1, OutDir: w, Master: true, Borders: rects}, nil)
		if err != nil {
			b.Fatal(err)
		}
		return f.CPUSeconds
	}
	shoot(rects[:1]) // synchronises
	var alone, together float64
	for b.Loop() {
		for i := range rects {
			alone += shoot(rects[i : i+1])
		}
		together += shoot(rects)
	}
	b.ReportMetric(alone/together, "x")
	b.ReportMetric(together/float64(b.N), "cpu-s/op")
}
