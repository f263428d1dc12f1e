package blender_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

// TestDevelop makes delivered images again from their masters: nothing but the rounding of
// half floats may differ, and the session renders on as before.
func TestDevelop(t *testing.T) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	for _, variation := range []string{"", "compositor"} {
		t.Run("scene "+variation, func(t *testing.T) {
			w := t.TempDir()
			rendertest.BlenderScene(t, found[0].Path, filepath.Join(w, render.SceneFolder), variation)
			rc := rendertest.Recipe(found[0].Version)
			rc.Samples, rc.Compositing = 8, variation == "compositor"
			s, err := b.Open(t.Context(), render.Options{Install: found[0], Workspace: w, Recipe: rc, Sandbox: render.NoSandbox{}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			shoot := func() (final, master *raster.Raster) {
				t.Helper()
				f, err := s.Render(t.Context(), render.Request{Frame: 3, Seed: 5, OutDir: w, Master: true}, nil)
				if err != nil {
					t.Fatal(err)
				}
				data, err := os.ReadFile(f.Files[0].Path)
				if err != nil {
					t.Fatal(err)
				}
				noisy, err := os.ReadFile(f.Master)
				if err != nil {
					t.Fatal(err)
				}
				if final, err = raster.DecodePNG(data, raster.Limits{}); err != nil {
					t.Fatal(err)
				}
				if master, err = raster.DecodeEXR(noisy, raster.Limits{}); err != nil {
					t.Fatal(err)
				}
				return final, master
			}
			final, master := shoot()
			d, err := s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 3, Seed: 5, Master: master, OutDir: w})
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(d.File.Path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := raster.DecodePNG(data, raster.Limits{W: rc.Width, H: rc.Height})
			if err != nil || d.Sampled || len(got.Bits) != len(final.Bits) {
				t.Fatalf("developed %d bytes of %d, sampled %v: %v", len(got.Bits), len(final.Bits), d.Sampled, err)
			}
			off := 0
			for i := range got.Bits {
				if a, b := int(got.Bits[i]), int(final.Bits[i]); a-b > 1 || b-a > 1 {
					off++
				}
			}
			if off > len(got.Bits)/1000 {
				t.Errorf("%d of %d samples are off by more than one step", off, len(got.Bits))
			}
			// The same master gives the same file, whichever way it is asked for.
			again, err := s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 3, Seed: 6, Master: master, OutDir: w, Exact: true})
			if err != nil {
				t.Fatal(err)
			}
			if bits, err := os.ReadFile(again.File.Path); err != nil || !bytes.Equal(bits, data) {
				t.Errorf("developing twice gives two files, %v", err)
			}
			// The master decides, not the scene.
			clear(master.Bits)
			if d, err = s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 3, Seed: 5, Master: master, OutDir: w}); err != nil {
				t.Fatal(err)
			}
			if data, err = os.ReadFile(d.File.Path); err != nil {
				t.Fatal(err)
			}
			if got, err = raster.DecodePNG(data, raster.Limits{}); err != nil || got.At(80, 60, 0) != 0 {
				t.Errorf("a black master gives %v, %v", got.At(80, 60, 0), err)
			}
			if after, _ := shoot(); !bytes.Equal(after.Bits, final.Bits) {
				t.Error("the frame has changed after developing another")
			}
			if _, err := s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 3, Master: raster.New(8, 8, []string{"R"}, raster.F16), OutDir: w}); err == nil || !s.Alive() {
				t.Error("a master of another size was taken")
			}
		})
	}
}

// mistScript makes the scene's compositor use a pass beside the image, and matteScript a Cryptomatte node.
const mistScript = `import bpy
s = bpy.context.scene
s.view_layers[0].use_pass_mist = True
s.use_nodes = True
tree = s.node_tree
layers, composite = tree.nodes["Render Layers"], tree.nodes["Composite"]
mix = tree.nodes.new("CompositorNodeMixRGB")
tree.links.new(layers.outputs["Mist"], mix.inputs[0])
tree.links.new(layers.outputs["Image"], mix.inputs[1])
tree.links.new(mix.outputs[0], composite.inputs[0])
bpy.ops.wm.save_mainfile()
`

const matteScript = `import bpy
s = bpy.context.scene
s.view_layers[0].use_pass_cryptomatte_object = True
s.use_nodes = True
tree = s.node_tree
layers, composite = tree.nodes["Render Layers"], tree.nodes["Composite"]
matte, mix = tree.nodes.new("CompositorNodeCryptomatteV2"), tree.nodes.new("CompositorNodeMixRGB")
matte.matte_id = "Cube"
tree.links.new(layers.outputs["Image"], matte.inputs[0])
tree.links.new(matte.outputs["Matte"], mix.inputs[0])
tree.links.new(layers.outputs["Image"], mix.inputs[1])
tree.links.new(mix.outputs[0], composite.inputs[0])
bpy.ops.wm.save_mainfile()
`

// TestDevelopedFilesAreLikeDelivered holds what is developed to the limits that a verifier
// judges by: through a lossy format, and where the compositor uses a further pass.
func TestDevelopedFilesAreLikeDelivered(t *testing.T) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	for _, c := range []struct {
		name, format, script, engine string
		needs                        string // what keeps it from being made of the master alone
	}{
		{"lossy", "JPEG", "", "CYCLES", ""},
		{"another pass", "PNG", mistScript, "CYCLES", ""},
		{"a matte", "PNG", matteScript, "CYCLES", "Cryptomatte"},
		{"another engine's pass", "PNG", strings.NewReplacer("mist", "z", "Mist", "Depth", "mix.inputs[0])", "mix.inputs[2])\nmix.inputs[0].default_value = 0").Replace(mistScript), "BLENDER_WORKBENCH", "Depth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := t.TempDir()
			folder := filepath.Join(w, render.SceneFolder)
			rendertest.BlenderScene(t, found[0].Path, folder, "")
			if c.script != "" {
				cmd := exec.CommandContext(t.Context(), found[0].Path, "-b", filepath.Join(folder, "scene.blend"), "-noaudio", "--python-exit-code", "64", "--python-expr", c.script)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			rc := rendertest.Recipe(found[0].Version)
			rc.Samples, rc.Format, rc.ColorMode, rc.Quality, rc.Compositing, rc.Engine = 32, c.format, "RGB", 90, c.script != "", c.engine
			s, err := b.Open(t.Context(), render.Options{Install: found[0], Workspace: w, Recipe: rc, Sandbox: render.NoSandbox{}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			f, err := s.Render(t.Context(), render.Request{Frame: 3, Seed: 5, OutDir: w, Master: true}, nil)
			if err != nil {
				t.Fatal(err)
			}
			commit, trees, err := proof.Commit(3, f.Files[0].Path, f.Master)
			if err != nil {
				t.Fatal(err)
			}
			final, err := os.ReadFile(f.Files[0].Path)
			if err != nil {
				t.Fatal(err)
			}
			policy := proof.PolicyFor(rc)
			relate := func() proof.Relation {
				t.Helper()
				d, err := s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 3, Seed: 5, Master: trees.Master, OutDir: w})
				if err != nil || d.Sampled != (c.needs != "") {
					t.Fatalf("sampled %v, %v", d.Sampled, err)
				}
				made, err := os.ReadFile(d.File.Path)
				if err != nil {
					t.Fatal(err)
				}
				r, err := proof.Relate(commit, policy, policy.Ext, final, made, d.Sampled)
				if err != nil || r.Unread != "" {
					t.Fatalf("%s %v", r.Unread, err)
				}
				return r
			}
			if r := relate(); r.Figure.Bad {
				t.Errorf("an honest frame isn't like its master: %+v", r.Figure)
			} else {
				t.Logf("%+v", r.Figure)
			}
			// Another master: half of the light.
			for y := range trees.Master.H {
				for x := range trees.Master.W {
					for channel := range 3 {
						trees.Master.Set(x, y, channel, trees.Master.At(x, y, channel)/2)
					}
				}
			}
			if r := relate(); !r.Figure.Bad {
				t.Errorf("half of the light is like the delivered image: %+v", r.Figure)
			}
			_, err = s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 3, OutDir: w, Exact: true})
			if c.needs != "" && (!errors.Is(err, render.ErrBadScene) || !strings.Contains(err.Error(), c.needs)) || c.needs == "" && err != nil || !s.Alive() {
				t.Errorf("asked whether it needs only the master: %v", err)
			}
		})
	}
}

// outputScript gives the compositor a File Output node that writes beside the scene.
const outputScript = `import bpy
s = bpy.context.scene
s.use_nodes = True
tree = s.node_tree
out = tree.nodes.new("CompositorNodeOutputFile")
out.base_path = "//elsewhere"
out.format.file_format, out.format.color_depth, out.format.exr_codec = "OPEN_EXR", "16", "ZIP"
out.file_slots[0].path = "beauty"
tree.links.new(tree.nodes["Render Layers"].outputs["Image"], out.inputs[0])
bpy.ops.wm.save_mainfile()
`

// TestDevelopInParts renders a frame in four borders, puts them together, and makes of that,
// in a session that hasn't rendered, what rendering the frame whole gives: bit for bit where the
// delivered image is linear, with the further files.
func TestDevelopInParts(t *testing.T) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	w := t.TempDir()
	folder := filepath.Join(w, render.SceneFolder)
	rendertest.BlenderScene(t, found[0].Path, folder, "")
	cmd := exec.CommandContext(t.Context(), found[0].Path, "-b", filepath.Join(folder, "scene.blend"), "-noaudio", "--python-exit-code", "64", "--python-expr", outputScript)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rc := rendertest.Recipe(found[0].Version)
	rc.Samples, rc.Format, rc.ColorMode, rc.ColorDepth, rc.ExrCodec, rc.Compositing = 8, "OPEN_EXR", "RGBA", "16", "ZIP", true
	open := func() render.Session {
		t.Helper()
		s, err := b.Open(t.Context(), render.Options{Install: found[0], Workspace: w, Recipe: rc, Threads: 1, Sandbox: render.NoSandbox{}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	defer s.Close()
	whole, err := s.Render(t.Context(), render.Request{Frame: 3, Seed: 5, OutDir: w, Master: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cut := []render.Rect{{W: 80, H: 48}, {X: 80, W: rc.Width - 80, H: 48}, {Y: 48, W: 80, H: rc.Height - 48}, {X: 80, Y: 48, W: rc.Width - 80, H: rc.Height - 48}}
	parts, err := s.Render(t.Context(), render.Request{Frame: 3, Seed: 5, OutDir: w, Master: true, Borders: cut}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var placed []raster.Placed
	for _, tile := range parts.Tiles {
		var part bytes.Buffer
		if err := raster.EncodeEXR(&part, tile.Master, true); err != nil {
			t.Fatal(err)
		}
		placed = append(placed, raster.Placed{Rect: tile.Rect, Open: func() (*raster.EXR, error) {
			return raster.OpenEXR(bytes.NewReader(part.Bytes()), int64(part.Len()), raster.Limits{})
		}})
	}
	pasted, err := os.Create(filepath.Join(t.TempDir(), "pasted.exr"))
	if err != nil {
		t.Fatal(err)
	}
	defer pasted.Close()
	if err := raster.Paste(pasted, rc.Width, rc.Height, parts.Tiles[0].Master.Channels, placed, nil); err != nil {
		t.Fatal(err)
	}
	read := func(path string) *raster.Raster {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		img, err := raster.DecodeEXR(data, raster.Limits{W: rc.Width, H: rc.Height})
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	master := read(pasted.Name())
	if once := read(whole.Master); !bytes.Equal(once.Bits, master.Bits) || !slices.Equal(once.Channels, master.Channels) {
		t.Fatalf("the parts make another master: %v, %v", once.Channels, master.Channels)
	}
	other, out := open(), filepath.Join(w, "other")
	defer other.Close()
	if err := os.Mkdir(out, 0o700); err != nil {
		t.Fatal(err)
	}
	made, err := other.(render.Developer).Develop(t.Context(), render.Develop{Frame: 3, Seed: 5, Master: master, OutDir: out, Exact: true})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(made.File.Path).Bits, read(whole.Files[0].Path).Bits) {
		t.Error("the image that was made from parts has other pixels than the one that was rendered whole")
	}
	if len(made.Extras) != 1 || len(whole.Extras) != 1 || made.Extras[0].Name != whole.Extras[0].Name {
		t.Fatalf("further files %+v, rendered whole %+v", made.Extras, whole.Extras)
	}
	if !bytes.Equal(read(made.Extras[0].Path).Bits, read(whole.Extras[0].Path).Bits) {
		t.Error("the further file has other pixels")
	}
	if _, err := os.Stat(filepath.Join(folder, "elsewhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the scene chose where a file goes: %v", err)
	}
}
