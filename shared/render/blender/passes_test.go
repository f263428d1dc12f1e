package blender

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// everyPass gives the scene all passes, writes each of them to an OpenEXR file of its own and together into a
// multilayer file, and some as PNG; and the image that is delivered is made of some.
const everyPass = `
import bpy
s = bpy.context.scene
v = s.view_layers[0]
for name in dir(v):
    if name.startswith("use_pass_") and isinstance(getattr(v, name), bool):
        setattr(v, name, name != "use_pass_vector" or not s.render.use_motion_blur and bpy.app.version < (4, 0, 0))
c = v.cycles
c.use_pass_volume_direct = c.use_pass_volume_indirect = c.denoising_store_passes = True
s.world.mist_settings.depth = 30
s.use_nodes = True
t = s.node_tree
t.nodes.clear()
layers, out, mix = t.nodes.new("CompositorNodeRLayers"), t.nodes.new("CompositorNodeComposite"), t.nodes.new("CompositorNodeMixRGB")
mix.blend_type = "ADD"
t.links.new(layers.outputs["Image"], mix.inputs[1])
t.links.new(layers.outputs["DiffInd"], mix.inputs[2])
t.links.new(mix.outputs[0], out.inputs[0])
each, many, png = (t.nodes.new("CompositorNodeOutputFile") for _ in range(3))
for node, form, depth in ((each, "OPEN_EXR", "32"), (many, "OPEN_EXR_MULTILAYER", "32"), (png, "PNG", "8")):
    node.format.file_format, node.format.color_depth = form, depth
    if form != "PNG":
        node.format.exr_codec = "ZIP"
many.base_path = "//many"
for socket in [x for x in layers.outputs if x.enabled]:
    for node in (each, many) + ((png,) if socket.name in ("DiffInd", "Normal", "AO", "Mist") else ()):
        if node == many:
            node.layer_slots.new(socket.name)
        else:
            node.file_slots.new(socket.name.replace(" ", ""))
        t.links.new(socket, node.inputs[-1])
bpy.ops.wm.save_mainfile()`

// edit runs a script in a scene's file.
func edit(t *testing.T, in render.Install, workspace, script string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), in.Path, "-b", filepath.Join(workspace, render.SceneFolder, "scene.blend"), "-noaudio", "--python-exit-code", "64", "--python-expr", script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestEveryPassFollows: the master carries the passes that the compositor reads, in borders as in whole frames, and
// what is developed from it is what the render delivered, bit for bit, the further files too.
func TestEveryPassFollows(t *testing.T) {
	b, in := install(t)
	o := options(t, in, "")
	edit(t, in, o.Workspace, everyPass)
	o.Recipe.Samples, o.Recipe.Compositing = 4, true
	out := filepath.Join(o.Workspace, "out")
	s, err := b.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, render.LastLog(err))
	}
	defer s.Close()
	f := shoot(t, s, render.Request{Frame: 3, Seed: 1, OutDir: out, Master: true})
	whole := master(t, f)
	if whole.Depth != raster.F32 || whole.Lead != 4 || len(whole.Channels) < 60 {
		t.Fatalf("the master holds %d channels, of which %d show the image, of depth %d", len(whole.Channels), whole.Lead, whole.Depth)
	}
	corner := render.Rect{X: 16, Y: 16, W: 16, H: 16}
	tiles := shoot(t, s, render.Request{Frame: 3, Seed: 1, OutDir: out, Master: true, Borders: []render.Rect{corner}}).Tiles
	if cut, err := whole.Crop(corner); err != nil || !bytes.Equal(cut.Bits, tiles[0].Master.Bits) || strings.Join(cut.Channels, " ") != strings.Join(tiles[0].Master.Channels, " ") {
		t.Errorf("a border's passes aren't the frame's: %v", err)
	}
	want := read(t, f.Files[0].Path)
	further := map[string][]byte{}
	for _, x := range f.Extras {
		further[x.Name] = read(t, x.Path)
	}
	d, err := s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 3, Seed: 1, Master: whole, Exact: true, OutDir: out})
	if err != nil {
		t.Fatalf("%v\n%s", err, render.LastLog(err))
	}
	if d.Sampled || !same(t, ".png", want, read(t, d.File.Path)) {
		t.Errorf("another image is developed, sampled %v", d.Sampled)
	}
	if len(d.Extras) != len(further) || len(further) < 20 {
		t.Errorf("%d further files are developed, %d were rendered", len(d.Extras), len(further))
	}
	for _, x := range d.Extras {
		if !same(t, filepath.Ext(x.Name), further[x.Name], read(t, x.Path)) {
			t.Errorf("another %s is developed", x.Name)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// same compares all samples of two files.
func same(t *testing.T, ext string, a, b []byte) bool {
	t.Helper()
	decode := raster.DecodePNG
	if ext == ".exr" {
		decode = raster.DecodeStored
	}
	x, err := decode(a, raster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	y, err := decode(b, raster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	// Blender 4 calls a matte's channels r g b a, and those of a file that comes out of a node R G B A.
	return strings.EqualFold(strings.Join(x.Channels, " "), strings.Join(y.Channels, " ")) && bytes.Equal(x.Bits, y.Bits)
}
