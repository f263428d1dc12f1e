package bench

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestThePictureIsReproducible(t *testing.T) {
	rays, picture := trace()
	again, same := trace()
	if rays != again || picture != same {
		t.Fatalf("%d rays %x, then %d rays %x", rays, picture, again, same)
	}
	if rays < width*height*paths {
		t.Fatalf("only %d rays", rays)
	}
}

func TestScoresAreCachedUntilTheDeviceChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bench.json")
	first, err := Load(t.Context(), file, "CPU one", "blender 3.4.1", 1)
	if err != nil {
		t.Fatal(err)
	}
	if first.Units <= 0 || first.Picture == 0 {
		t.Fatalf("got %+v", first)
	}
	// A cached answer needs no time: a context that has ended proves that nothing is measured.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	again, err := Load(ended, file, "CPU one", "blender 3.4.1", 1)
	if err != nil || again != first {
		t.Fatalf("not cached: %+v, %v", again, err)
	}
	for _, change := range []struct{ device, renderer string }{{"CPU two", "blender 3.4.1"}, {"CPU one", "blender 4.2.0"}} {
		if _, err := Load(ended, file, change.device, change.renderer, 1); err == nil {
			t.Fatalf("the score survived a change to %v", change)
		}
	}
	if err := os.WriteFile(file, []byte(`{"version":1,"units":-3}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Load(t.Context(), file, "CPU one", "blender 3.4.1", 1); err != nil || s.Units <= 0 {
		t.Fatalf("a broken cache was believed: %+v, %v", s, err)
	}
}

// BenchmarkTrace reports the rays per second of one core, which raysPerUnit rests on.
func BenchmarkTrace(b *testing.B) {
	total := 0
	for b.Loop() {
		n, _ := trace()
		total += n
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "rays/s")
}
