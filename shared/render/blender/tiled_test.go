package blender

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

// tiled opens a session for the tiles of a denoised still.
func tiled(t *testing.T, b *Blender, o render.Options) render.Session {
	t.Helper()
	o.Recipe.Denoise, o.Tiled = true, true
	s, err := b.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, render.LastLog(err))
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// guided renders borders of frame 3 with their guides.
func guided(t *testing.T, s render.Session, o render.Options, borders ...render.Rect) []render.Tile {
	t.Helper()
	f, err := s.Render(t.Context(), render.Request{Frame: 3, Seed: 5, Borders: borders, OutDir: filepath.Join(o.Workspace, "out"), Master: true}, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, render.LastLog(err))
	}
	return f.Tiles
}

// TestGuidesOfTilesAreTheFrames: of every view layer, tiles carry the noisy pass and the denoiser's guides, both bit for bit what
// they are in the whole frame, the noisy pass as it is without guides beside it. A Blender without a denoiser is enough.
func TestGuidesOfTilesAreTheFrames(t *testing.T) {
	b, in := install(t)
	if len(in.Denoisers) > 0 {
		t.Fatalf("this test is about a Blender without a denoiser; this one has %v", in.Denoisers)
	}
	o := options(t, in, "layers")
	w, h := o.Recipe.Width, o.Recipe.Height
	s := tiled(t, b, o)
	tiles := guided(t, s, o, render.Rect{W: 80, H: 64}, render.Rect{X: 80, Y: 64, W: w - 80, H: h - 64})
	whole := guided(t, s, o, render.Rect{W: w, H: h})[0].Master
	if err := raster.CheckGuided(whole.Channels); err != nil || len(whole.Channels) != 20 || whole.Depth != raster.F16 {
		t.Fatalf("the channels are %v: %v", whole.Channels, err)
	}
	for _, tile := range tiles {
		want, err := whole.Crop(tile.Rect)
		if err != nil {
			t.Fatal(err)
		}
		if tile.Final != nil || !slices.Equal(tile.Master.Channels, whole.Channels) || !bytes.Equal(tile.Master.Bits, want.Bits) {
			t.Errorf("the tile at %d, %d isn't that region of the frame", tile.Rect.X, tile.Rect.Y)
		}
	}
	noisy, guides, err := proof.SplitGuides(whole)
	if err != nil {
		t.Fatal(err)
	}
	// The bottom of the picture is the floor: its texture is the albedo, and its normal points up. The other layer
	// is all grey.
	floor, checks := 0, map[bool]int{}
	for x := range w {
		if n := math.Hypot(math.Hypot(guides.At(x, h-1, 9), guides.At(x, h-1, 10)), guides.At(x, h-1, 11)); n > 0.95 && n < 1.01 {
			floor++
		}
		checks[guides.At(x, h-1, 6) > 0.5]++
		if grey := guides.At(x, h-1, 0); grey < 0.78 || grey > 0.82 {
			t.Fatalf("the albedo of the grey floor is %v", grey)
		}
	}
	if floor < w*9/10 || checks[true] == 0 || checks[false] == 0 {
		t.Errorf("%d of %d pixels of the floor have a normal, its texture shows as %v", floor, w, checks)
	}
	plain, err := b.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	f, err := plain.Render(t.Context(), render.Request{Frame: 3, Seed: 5, OutDir: filepath.Join(o.Workspace, "out"), Master: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, trees, err := proof.Commit(3, f.Files[0].Path, f.Master)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(trees.Master.Bits, noisy.Bits) {
		t.Error("the noisy pass is another one than without guides beside it")
	}
	throughTheNode(t, b, in, o, s, whole, trees.Final)
}

// throughTheNode develops a joined master without the denoiser, and with a Blender that says that it has one: its Denoise
// node lets the image through, so that both are what was rendered undenoised.
func throughTheNode(t *testing.T, b *Blender, in render.Install, o render.Options, s render.Session, master, undenoised *raster.Raster) {
	t.Helper()
	made := func(s render.Session, d render.Develop) *raster.Raster {
		t.Helper()
		d.Frame, d.Seed, d.Master, d.Exact, d.OutDir = 3, 5, master, true, filepath.Join(o.Workspace, "out")
		got, err := s.(render.Developer).Develop(t.Context(), d)
		if err != nil {
			t.Fatalf("%v\n%s", err, render.LastLog(err))
		}
		data, err := os.ReadFile(got.File.Path)
		if err != nil {
			t.Fatal(err)
		}
		img, err := raster.DecodePNG(data, raster.Limits{W: o.Recipe.Width, H: o.Recipe.Height})
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	rough := made(s, render.Develop{Rough: true})
	for i := range rough.Bits {
		if d := int(rough.Bits[i]) - int(undenoised.Bits[i]); d > 1 || d < -1 {
			t.Fatalf("sample %d of the rough image is off by %d", i, d)
		}
	}
	in.Path, in.Denoisers = rendertest.Denoising(t, in.Path), []string{render.OpenImageDenoise}
	o.Install = in
	if through := made(tiled(t, b, o), render.Develop{}); !bytes.Equal(through.Bits, rough.Bits) {
		t.Error("a Denoise node that lets the image through has changed it")
	}
}

// graphScript feeds a master to copies of the scene, one for each setting of the denoiser, and prints what came of
// it. Its arguments are develop.py and the master.
const graphScript = `import bpy, json, sys, types
develop, path = sys.argv[sys.argv.index("--") + 1:]
class Refused(Exception): pass
def has_oidn(): return True
exec(open(develop).read())
scene = bpy.context.scene
session = types.SimpleNamespace(scene=scene, denoised=["ViewLayer"])
def socket(s): return "%s %s" % (s.node.type, s.name)
for passes in ("RGB", "RGB_ALBEDO", "RGB_ALBEDO_NORMAL"):
    for prefilter in ("NONE", "FAST", "ACCURATE"):
        scene.cycles.denoising_input_passes, scene.cycles.denoising_prefilter = passes, prefilter
        copy = scene.copy()
        sampled = feed_master(session, copy, bpy.data.images.load(path), "", False)
        nodes = copy.node_tree.nodes
        print("GRAPH " + json.dumps({
            "passes": passes, "prefilter": prefilter, "sampled": sampled,
            "denoise": [{"hdr": n.use_hdr, "prefilter": n.prefilter} for n in nodes if n.type == "DENOISE"],
            "layers": sorted(n.layer for n in nodes if n.type == "IMAGE"),
            "links": sorted("%s > %s" % (socket(l.from_socket), socket(l.to_socket)) for l in copy.node_tree.links),
        }))
`

// TestDenoisesOnceAfterJoining looks at the node tree that a joined master is fed to: for each view layer that is denoised one
// Denoise node with the scene's settings, before whatever else the compositor does.
func TestDenoisesOnceAfterJoining(t *testing.T) {
	_, in := install(t)
	folder := t.TempDir()
	rendertest.BlenderScene(t, in.Path, folder, "compositor") // blurs the image, and has a File Output node
	master := raster.New(160, 96, []string{
		"ViewLayer.Combined.R", "ViewLayer.Combined.G", "ViewLayer.Combined.B", "ViewLayer.Combined.A",
		"ViewLayer.Denoising Albedo.Combined.R", "ViewLayer.Denoising Albedo.Combined.G", "ViewLayer.Denoising Albedo.Combined.B",
		"ViewLayer.Denoising Normal.Combined.R", "ViewLayer.Denoising Normal.Combined.G", "ViewLayer.Denoising Normal.Combined.B",
	}, raster.F16)
	var exr bytes.Buffer
	if err := raster.EncodeEXR(&exr, named(master), true); err != nil {
		t.Fatal(err)
	}
	path, script := filepath.Join(folder, "master.exr"), filepath.Join(folder, "graph.py")
	if err := errors.Join(os.WriteFile(path, exr.Bytes(), 0o600), os.WriteFile(script, []byte(graphScript), 0o600)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), in.Path, "-b", filepath.Join(folder, "scene.blend"), "-noaudio", "--python-exit-code", "64", "-P", script, "--", "develop.py", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	type graph struct {
		Passes, Prefilter string
		Sampled           bool
		Denoise           []struct {
			HDR       bool
			Prefilter string
		}
		Layers, Links []string
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		text, ok := strings.CutPrefix(line, "GRAPH ")
		if !ok {
			continue
		}
		seen++
		var g graph
		if err := json.Unmarshal([]byte(text), &g); err != nil {
			t.Fatal(err)
		}
		if len(g.Denoise) != 1 || !g.Denoise[0].HDR || g.Denoise[0].Prefilter != g.Prefilter || g.Sampled || !slices.Equal(g.Layers, []string{"ViewLayer"}) {
			t.Errorf("%+v", g)
		}
		want := []string{"BLUR Image > COMPOSITE Image", "DENOISE Image > BLUR Image", "DENOISE Image > OUTPUT_FILE Image", "IMAGE Combined > DENOISE Image"}
		if g.Passes != "RGB" {
			want = append(want, "IMAGE Denoising Albedo > DENOISE Albedo")
		}
		if g.Passes == "RGB_ALBEDO_NORMAL" {
			want = append(want, "IMAGE Denoising Normal > DENOISE Normal")
		}
		if !reflect.DeepEqual(g.Links, want) {
			t.Errorf("%s: the links are %q", g.Passes, g.Links)
		}
	}
	if seen != 9 {
		t.Errorf("%d of 9 settings were seen\n%s", seen, out)
	}
}
