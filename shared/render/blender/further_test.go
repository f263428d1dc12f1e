package blender

import (
	"bytes"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// mutedSource adds a File Output node behind a muted Render Layers node, and noDepth leaves only the image to be
// written, by a file of many layers too.
const (
	mutedSource = `
import bpy
t = bpy.context.scene.node_tree
s = t.nodes.new("CompositorNodeRLayers")
s.mute = True
f = t.nodes.new("CompositorNodeOutputFile")
f.file_slots[0].path = "muted"
t.links.new(s.outputs["Image"], f.inputs[0])
bpy.ops.wm.save_mainfile()`
	noDepth = `
import bpy
t = bpy.context.scene.node_tree
for l in [l for l in t.links if l.from_socket.name == "Depth"]:
    t.links.remove(l)
bpy.ops.wm.save_mainfile()`
)

// TestFurtherFilesFollow: an honest node's further files are those that a verifier makes from its master, by
// the policy of the recipe; and another's of the same name aren't.
func TestFurtherFilesFollow(t *testing.T) {
	b, in := install(t)
	for _, c := range []struct{ variation, script string }{
		{"outputs", ""},
		{"outputs", mutedSource},
		{"stereo compositor", ""},
		{"stereo", noDepth},
	} {
		t.Run(c.variation, func(t *testing.T) {
			o := options(t, in, c.variation)
			if c.script != "" {
				cmd := exec.CommandContext(t.Context(), in.Path, "-b", filepath.Join(o.Workspace, render.SceneFolder, "scene.blend"), "-noaudio", "--python-exit-code", "64", "--python-expr", c.script)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			o.Recipe.Samples, o.Recipe.Compositing = 4, true
			rc, out := o.Recipe, filepath.Join(o.Workspace, "out")
			s, err := b.Open(t.Context(), o)
			if err != nil {
				t.Fatalf("%v\n%s", err, render.LastLog(err))
			}
			defer s.Close()
			f := shoot(t, s, render.Request{Frame: 3, Seed: 1, OutDir: out, Master: true})
			commit, _, err := proof.Commit(3, f.Files[0].Path, f.Master)
			if err != nil {
				t.Fatal(err)
			}
			bodies := map[string][]byte{}
			for _, x := range f.Extras {
				if bodies[x.Name], err = os.ReadFile(x.Path); err != nil {
					t.Fatal(err)
				}
				commit.Extras = append(commit.Extras, proof.Extra{Name: x.Name, Digest: sha256.Sum256(bodies[x.Name])})
			}
			whole := master(t, f)
			d, err := s.(render.Developer).Develop(t.Context(), render.Develop{Frame: 3, Seed: 1, Master: whole, OutDir: out})
			if err != nil {
				t.Fatalf("%v\n%s", err, render.LastLog(err))
			}
			var made []proof.Made
			for _, x := range d.Extras {
				body, err := os.ReadFile(x.Path)
				if err != nil {
					t.Fatal(err)
				}
				made = append(made, proof.Made{Name: x.Name, Digest: sha256.Sum256(body), Open: func() ([]byte, error) { return body, nil }})
			}
			p := proof.PolicyFor(rc)
			if !p.Extras || len(made) == 0 {
				t.Fatalf("nothing to compare: %+v, %d files", p, len(made))
			}
			relate := func(change func(name string, body []byte) []byte) (bad int) {
				c := commit
				c.Extras = nil
				now := make([][]byte, len(commit.Extras))
				for i, x := range commit.Extras {
					now[i] = change(x.Name, bodies[x.Name])
					c.Extras = append(c.Extras, proof.Extra{Name: x.Name, Digest: sha256.Sum256(now[i])})
				}
				r := proof.Relation{Frame: 3, Sampled: d.Sampled}
				if err := r.RelateFurther(c, p, whole.Depth == raster.F32, made, func(at int) ([]byte, string, error) { return now[at], "", nil }); err != nil {
					t.Fatal(err)
				}
				for _, x := range r.Extras {
					t.Logf("%q: same bytes %v, %+v, unread %q, sampled %v", x.Name, x.File == x.Developed, x.Figure, x.Unread, d.Sampled)
					if x.Figure.Bad {
						bad++
					}
				}
				return bad
			}
			if relate(func(_ string, body []byte) []byte { return body }) != 0 {
				t.Error("an honest node's further files are bad")
			}
			if relate(func(name string, body []byte) []byte {
				if strings.HasSuffix(name, ".png") {
					return bytes.Repeat([]byte("junk"), 99)
				}
				return body
			}) == 0 {
				t.Error("junk follows from the master")
			}
		})
	}
}
