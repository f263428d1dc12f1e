package blender_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
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

// depthScript makes the scene's compositor use a pass that isn't in the master.
const depthScript = `import bpy
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

// TestDevelopedFilesAreLikeDelivered holds what is developed to the limits that a verifier
// judges by: through a lossy format, and where the compositor uses a further pass.
func TestDevelopedFilesAreLikeDelivered(t *testing.T) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	for _, c := range []struct {
		name, format, script string
		sampled              bool
	}{{"lossy", "JPEG", "", false}, {"another pass", "PNG", depthScript, true}} {
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
			rc.Samples, rc.Format, rc.ColorMode, rc.Quality, rc.Compositing = 32, c.format, "RGB", 90, c.script != ""
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
				if err != nil || d.Sampled != c.sampled {
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
		})
	}
}
