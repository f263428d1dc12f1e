package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/warm"
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
	file := filepath.Join(t.TempDir(), "new", "bench.json")
	key := Key{Device: "GPU one", Driver: "580.1", Renderer: "blender 3.4.1", Threads: 1}
	measured := 0
	measure := func(ctx context.Context) (Score, error) {
		measured++
		return Measure(ctx, 1, 0)
	}
	first, err := Cached(t.Context(), file, key, measure)
	if err != nil || first.Units <= 0 || first.Picture == 0 {
		t.Fatalf("got %+v, %v", first, err)
	}
	if again, err := Cached(t.Context(), file, key, measure); err != nil || again != first || measured != 1 {
		t.Fatalf("not cached: %+v, %v", again, err)
	}
	for n, change := range []func(*Key){
		func(k *Key) { k.Device = "GPU two" }, func(k *Key) { k.Driver = "590.2" }, func(k *Key) { k.Renderer = "blender 4.2.0" }, func(k *Key) { k.Threads = 2 },
	} {
		other := key
		change(&other)
		if _, err := Cached(t.Context(), file, other, measure); err != nil || measured != n+2 {
			t.Fatalf("the score survived a change to %+v", other)
		}
	}
	if err := os.WriteFile(file, []byte(`{"version":2,"units":-3}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Cached(t.Context(), file, key, measure); err != nil || s.Units <= 0 {
		t.Fatalf("a broken cache was believed: %+v, %v", s, err)
	}
}

// The generated scene in this machine's Blender.
func TestTheSceneIsRendered(t *testing.T) {
	b := blender.New(blender.Config{})
	found, err := warm.Find(t.Context(), []render.Renderer{b})
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	dir := filepath.Join(t.TempDir(), "bench")
	s, err := Render(t.Context(), Rig{Found: found[0], Sandbox: render.NoSandbox{}, Threads: 1, Dir: dir})
	if err != nil {
		t.Fatalf("%v\n%s", err, render.LastLog(err))
	}
	// One core is about a 120th of the reference GPU; other processors differ, not by a hundred.
	if s.Units < 1.0/12000 || s.Units > 1 || s.Frame <= 0 {
		t.Errorf("score %+v", s)
	}
	t.Logf("%+v", s)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("the scene's folder is left")
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
