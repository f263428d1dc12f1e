package blender

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// scene opens a variation of the test scene.
func scene(t *testing.T, variation string, change func(*job.Recipe)) (render.Session, string) {
	t.Helper()
	b, in := install(t)
	o := options(t, in, variation)
	o.Recipe.Samples = 4
	if change != nil {
		change(&o.Recipe)
	}
	s, err := b.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, render.LastLog(err))
	}
	t.Cleanup(func() { s.Close() })
	return s, filepath.Join(o.Workspace, "out")
}

func shoot(t *testing.T, s render.Session, r render.Request) render.Frame {
	t.Helper()
	f, err := s.Render(t.Context(), r, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, render.LastLog(err))
	}
	return f
}

func names(f render.Frame) []string {
	var list []string
	for _, x := range f.Extras {
		list = append(list, x.Name)
	}
	slices.Sort(list)
	return list
}

func master(t *testing.T, f render.Frame) *raster.Raster {
	t.Helper()
	data, err := os.ReadFile(f.Master)
	if err != nil {
		t.Fatal(err)
	}
	img, err := raster.DecodeEXR(data, raster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestStereo delivers one eye as the frame and the other beside it; the master holds both.
func TestStereo(t *testing.T) {
	s, out := scene(t, "stereo", nil)
	f := shoot(t, s, render.Request{Frame: 2, Seed: 1, OutDir: out, Master: true})
	if got := names(f); len(got) != 1 || got[0] != "0002_view1.png" {
		t.Errorf("extras %v", got)
	}
	img := master(t, f)
	if len(img.Channels) != 8 || img.Channels[0] != "ViewLayer@left.Combined.R" || img.Channels[4] != "ViewLayer@right.Combined.R" {
		t.Fatalf("channels %v", img.Channels)
	}
	if bytes.Equal(img.Bits[:8], img.Bits[8:16]) && bytes.Equal(img.Bits[len(img.Bits)-16:len(img.Bits)-8], img.Bits[len(img.Bits)-8:]) {
		t.Error("both eyes see the same")
	}
	at := render.Rect{X: 32, Y: 16, W: 16, H: 16}
	tiles := shoot(t, s, render.Request{Frame: 2, Seed: 1, OutDir: out, Master: true, Borders: []render.Rect{at}}).Tiles
	want, err := img.Crop(at)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(tiles[0].Master.Bits, want.Bits) {
		t.Error("a tile's eyes differ from the frame's")
	}
}

// TestStereoIsDeveloped makes both eyes' images again from the master, each from its own
// layers, with and without a compositor that writes a file of its own.
func TestStereoIsDeveloped(t *testing.T) {
	for _, variation := range []string{"stereo", "stereo compositor"} {
		t.Run(variation, func(t *testing.T) {
			s, out := scene(t, variation, func(r *job.Recipe) { r.Compositing = variation != "stereo" })
			f := shoot(t, s, render.Request{Frame: 2, Seed: 1, OutDir: out, Master: true})
			rendered := files(t, f.Files[0], f.Extras)
			d, err := s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 2, Seed: 1, Master: master(t, f), Exact: true, OutDir: out})
			if err != nil {
				t.Fatalf("%v\n%s", err, render.LastLog(err))
			}
			developed := files(t, d.File, d.Extras)
			if d.Sampled || len(developed) != len(rendered) || len(rendered) < 2 {
				t.Fatalf("developed %d files of %d, sampled %v: %v", len(developed), len(rendered), d.Sampled, names(render.Frame{Extras: d.Extras}))
			}
			for name, want := range rendered {
				got := developed[name]
				if got == nil || len(got.Bits) != len(want.Bits) {
					t.Fatalf("%q wasn't developed", name)
				}
				off := 0
				for i := range got.Bits {
					if a, b := int(got.Bits[i]), int(want.Bits[i]); a-b > 1 || b-a > 1 {
						off++
					}
				}
				if off > len(got.Bits)/1000 {
					t.Errorf("%q: %d of %d samples are off by more than one step", name, off, len(got.Bits))
				}
			}
			if bytes.Equal(developed[""].Bits, developed["0002_view1.png"].Bits) {
				t.Error("both eyes see the same")
			}
			if after := files(t, shoot(t, s, render.Request{Frame: 2, Seed: 1, OutDir: out}).Files[0], nil); !bytes.Equal(after[""].Bits, rendered[""].Bits) {
				t.Error("the frame has changed after developing")
			}
		})
	}
}

// files are the decoded PNGs of a frame by their names; the delivered one has none.
func files(t *testing.T, first render.File, extras []render.File) map[string]*raster.Raster {
	t.Helper()
	all := make(map[string]*raster.Raster)
	for _, f := range append([]render.File{{Path: first.Path}}, extras...) {
		data, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if all[f.Name], err = raster.DecodePNG(data, raster.Limits{}); err != nil {
			t.Fatalf("%s: %v", f.Path, err)
		}
	}
	return all
}

// TestOutputs collects what File Output nodes write, wherever they wanted to write it.
func TestOutputs(t *testing.T) {
	s, out := scene(t, "outputs", func(r *job.Recipe) { r.Compositing = true })
	for _, c := range []struct {
		frame int
		want  []string
	}{{3, []string{"File_Output_001-beauty0003.exr", "beauty0003.png", "depth_0003.png"}}, {4, []string{"File_Output_001-beauty0004.exr", "beauty0004.png", "depth_0004.png"}}} {
		f := shoot(t, s, render.Request{Frame: c.frame, OutDir: out, Master: true})
		if got := names(f); !slices.Equal(got, c.want) {
			t.Errorf("extras %v", got)
		}
		for _, x := range f.Extras {
			if err := proof.CheckExtraName(x.Name); err != nil || filepath.Dir(x.Path) != out || x.Size == 0 {
				t.Errorf("%+v: %v", x, err)
			}
		}
	}
	before, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	shoot(t, s, render.Request{Frame: 4, OutDir: out, Master: true, Borders: []render.Rect{{W: 16, H: 16}}})
	after, err := os.ReadDir(out)
	if err != nil || len(after) != len(before) {
		t.Errorf("a border left files: %v, %v", after, err)
	}
	if _, err := os.Stat("/tmp/heliostat-escaped"); err == nil {
		t.Error("a File Output node wrote where it wanted to")
	}
}

// TestEngines renders with the engines that need OpenGL, whose borders are cut out of the
// whole frame. EEVEE has had two names.
func TestEngines(t *testing.T) {
	_, in := install(t)
	engines := slices.DeleteFunc(slices.Clone(in.Engines), func(engine string) bool { return engine == "CYCLES" })
	if len(engines) != 2 {
		t.Fatalf("this Blender has %v; EEVEE and Workbench are needed beside Cycles", in.Engines)
	}
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			s, out := scene(t, "outputs", func(r *job.Recipe) {
				r.Engine, r.Samples, r.Compositing = engine, 8, true
			})
			f := shoot(t, s, render.Request{Frame: 2, OutDir: out, Master: true})
			if len(f.Extras) != 3 || f.Master == "" {
				t.Errorf("%+v", f)
			}
			_, trees, err := proof.Commit(2, f.Files[0].Path, f.Master)
			if err != nil {
				t.Fatal(err)
			}
			rects := []render.Rect{{X: 64, Y: 32, W: 16, H: 16}, {X: 144, Y: 80, W: 16, H: 16}}
			tiles := shoot(t, s, render.Request{Frame: 2, OutDir: out, Master: true, Borders: rects}).Tiles
			for i, r := range rects {
				want, err := trees.Final.Crop(r)
				if err != nil {
					t.Fatal(err)
				}
				if tiles[i].Rect != r || !bytes.Equal(tiles[i].Final.Bits, want.Bits) {
					t.Errorf("border %+v differs from the frame", r)
				}
			}
		})
	}
}

func TestSoftwareGLIsNoGPU(t *testing.T) {
	s, out := scene(t, "", func(r *job.Recipe) { r.Engine, r.Device, r.Samples = "BLENDER_WORKBENCH", "GPU", 8 })
	// On a machine with a graphics card this renders.
	_, err := s.Render(t.Context(), render.Request{Frame: 1, OutDir: out}, nil)
	if err != nil && (!errors.Is(err, render.ErrUnsupported) || !strings.Contains(err.Error(), "software OpenGL")) {
		t.Errorf("%v", err)
	}
}

// TestLayersAndCameras renders what the recipe names instead of what the scene has.
func TestLayersAndCameras(t *testing.T) {
	digests := map[proof.Digest]string{}
	for _, c := range []struct {
		name     string
		change   func(*job.Recipe)
		channels int
	}{
		{"all layers", func(*job.Recipe) {}, 8},
		{"first", func(r *job.Recipe) { r.ViewLayers = []string{"ViewLayer"} }, 4},
		{"second", func(r *job.Recipe) { r.ViewLayers = []string{"Second"} }, 4},
		{"camera", func(r *job.Recipe) { r.Camera, r.ViewLayers = "Above", []string{"ViewLayer"} }, 4},
		{"samples", func(r *job.Recipe) { r.Samples, r.ViewLayers = 5, []string{"ViewLayer"} }, 4},
		{"size", func(r *job.Recipe) { r.Width, r.Height, r.ViewLayers = 80, 48, []string{"ViewLayer"} }, 4},
	} {
		s, out := scene(t, "layers", c.change)
		f := shoot(t, s, render.Request{Frame: 2, Seed: 1, OutDir: out, Master: true})
		if img := master(t, f); len(img.Channels) != c.channels {
			t.Errorf("%s: channels %v", c.name, img.Channels)
		}
		got := commit(t, f).MasterRoot
		if other, there := digests[got]; there {
			t.Errorf("%s renders as %s", c.name, other)
		}
		digests[got] = c.name
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestMetadata makes sure that a PNG says where it comes from, but nothing of this machine.
func TestMetadata(t *testing.T) {
	s, out := scene(t, "", nil)
	f := shoot(t, s, render.Request{Frame: 2, OutDir: out})
	data, err := os.ReadFile(f.Files[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"tEXtCamera", "tEXtFrame", "tEXtScene"} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("no %s", want)
		}
	}
	for _, private := range []string{"tEXtHostname", "tEXtFile", "tEXtMemory"} {
		if bytes.Contains(data, []byte(private)) {
			t.Errorf("it has %s", private)
		}
	}
}
