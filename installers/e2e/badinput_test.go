package e2e_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// refusal is a command that has to fail, and what its message has to name: the thing that
// is wrong and the next step.
type refusal struct {
	name    string
	program string
	args    []string
	says    []string
}

func (r refusal) check(t *testing.T, f *farm) {
	t.Helper()
	code, output := f.exitCode(filepath.Join(binDir, r.program), r.args...)
	if code == 0 {
		t.Errorf("%s: exit code 0; it printed:\n%s", r.name, output)
	}
	for _, want := range r.says {
		if !strings.Contains(output, want) {
			t.Errorf("%s: the message should say %q:\n%s", r.name, want, output)
		}
	}
	if strings.Contains(output, "goroutine ") {
		t.Errorf("%s: it crashed:\n%s", r.name, output)
	}
}

func TestBadInputNamesTheThingAndTheNextStep(t *testing.T) {
	f := newFarm(t)
	f.worker("worker") // what this network can render is known from its workers
	artist := filepath.Join(f.Dir, "artist")
	scene := filepath.Join(sceneDir, "field.blend")
	broken := filepath.Join(f.Dir, "broken")
	missingTexture, denoised := badScenes(t, f, broken)

	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	port := busy.Addr().String()
	nobody := freeAddress(t)

	wrongKey := filepath.Join(f.Dir, "wrong-key")
	if err := os.MkdirAll(wrongKey, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(wrongKey, "identity.json"), []byte(`{"version":1,"address":"0x0","secret":"damaged"}`), 0o600); err != nil {
		t.Fatal(err)
	}

	submit := func(scene string, more ...string) []string {
		return append([]string{"submit", scene, "--manager", f.url, "--data", artist, "--frames", "1-2", "--out", filepath.Join(f.Dir, "out"), "--wait", "--yes"}, more...)
	}
	for _, r := range []refusal{
		{"missing .blend", "heliostat", submit(filepath.Join(f.Dir, "nothing.blend")), []string{"nothing.blend"}},
		{"corrupt .blend", "heliostat", submit(corruptBlend(t, broken)), []string{"corrupt.blend"}},
		{"unreadable texture", "heliostat", submit(missingTexture), []string{"gone.png"}},
		{"denoiser that this Blender lacks", "heliostat", submit(denoised), []string{"enois"}},
		{"empty frame range", "heliostat", submit(scene, "--frames", "5-1"), []string{"5-1"}},
		{"manager that isn't there", "heliostat", submit(scene, "--manager", "http://"+nobody), []string{nobody, "heliostat farm start"}},
		{"address that can't be read", "heliostat", submit(scene, "--manager", "ftp://farm"), []string{"ftp://farm", "http://"}},
		{"damaged key", "heliostat", submit(scene, "--data", wrongKey), []string{"identity.json", "backup"}},
		{"worker without a manager", "heliostat-worker", []string{"run", "--manager", "http://" + nobody, "--data", f.Data("lonely"), "--connect-timeout", "1s"}, []string{nobody}},
		{"verifier without a manager", "heliostat-verifier", []string{"run", "--manager", "http://" + nobody, "--data", f.Data("lonely-verifier"), "--connect-timeout", "1s"}, []string{nobody}},
		{"port in use", "heliostat-manager", []string{"serve", "--data", f.Data("second"), "--listen", port, "--settlement", "off"}, []string{port}},
		{"data folder in use", "heliostat-manager", []string{"serve", "--data", f.Data("manager"), "--listen", freeAddress(t), "--settlement", "off"}, []string{f.Data("manager")}},
		{"unknown settlement", "heliostat-manager", []string{"serve", "--data", f.Data("second"), "--settlement", "gold"}, []string{"gold", "devchain"}},
		{"no such job", "heliostat", []string{"cancel", "jnothing", "--manager", f.url, "--data", artist}, []string{"jnothing"}},
	} {
		t.Run(r.name, func(t *testing.T) { r.check(t, f) })
	}
}

// A stranger's key must not touch somebody's job, nor take an operator's role.
func TestStrangersAreRefused(t *testing.T) {
	f := newFarm(t)
	refusal{"operator's view", "heliostat", []string{"jobs", "--all", "--manager", f.url, "--data", filepath.Join(f.Dir, "stranger")}, []string{"studio"}}.check(t, f)
}

// Full disks are named, with what to do, and lose nothing: at the manager's start, while
// a package is uploaded, and where the artist wants the frames.
func TestFullDisksAreNamed(t *testing.T) {
	f := newFarm(t)
	scene := filepath.Join(sceneDir, "field.blend")
	f.worker("worker")
	f.verifier("verifier")

	tiny := f.disk("tiny", "64k")
	refusal{"manager", "heliostat-manager", []string{"serve", "--data", filepath.Join(tiny, "manager"), "--listen", freeAddress(t), "--settlement", "devchain"}, []string{tiny, "space"}}.check(t, f)

	small := f.disk("small", "3m")
	p, err := f.Start(f.ctx, "crowded", "heliostat-manager", "serve", "--data", filepath.Join(small, "manager"), "--listen", "127.0.0.1:0", "--settlement", "off")
	if err != nil {
		t.Fatal(err)
	}
	refusal{"upload", "heliostat", []string{"submit", scene, "--manager", p.Ready["address"], "--data", filepath.Join(f.Dir, "uploader"), "--frames", "1", "--out", filepath.Join(f.Dir, "never"), "--wait", "--yes"}, []string{"full"}}.check(t, f)
	if !p.Alive() {
		t.Error("the manager died of a full disk")
	}

	out := f.disk("out", "32k")
	refusal{"frames", "heliostat", []string{"submit", scene, "--manager", f.url, "--data", filepath.Join(f.Dir, "artist"), "--frames", "1", "--samples", "2", "--out", out, "--wait", "--yes"}, []string{out, "space"}}.check(t, f)
	jobs, _, err := f.operator().Jobs(f.ctx, wire.JobList{All: true})
	if err != nil || len(jobs) != 1 || jobs[0].Counts.Delivered != 1 {
		t.Errorf("the frame that had no room here is still at the manager: %+v, %v", jobs, err)
	}
}

// disk is a small file system of its own. Mounting needs root, as CI has.
func (f *farm) disk(name, size string) string {
	f.t.Helper()
	dir := filepath.Join(f.Dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "none", dir).CombinedOutput(); err != nil {
		f.t.Fatalf("mount a small tmpfs: %v: %s", err, out)
	}
	f.t.Cleanup(func() {
		if err := f.Close(); err != nil { // whoever writes there has to end first
			f.t.Error(err)
		}
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			f.t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

func corruptBlend(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "corrupt.blend")
	if err := os.WriteFile(path, []byte("BLENDER-v304 this is no scene"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// badScenes makes a scene whose texture is gone and one that wants a denoiser.
func badScenes(t *testing.T, f *farm, dir string) (missingTexture, denoised string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	missingTexture, denoised = filepath.Join(dir, "missing-texture.blend"), filepath.Join(dir, "denoised.blend")
	script := filepath.Join(dir, "make.py")
	if err := os.WriteFile(script, []byte(badScenesScript), 0o644); err != nil {
		t.Fatal(err)
	}
	f.run(nil, "blender", "--background", "--factory-startup", "--python-exit-code", "3", "--python", script, "--", missingTexture, denoised).wait(t)
	return missingTexture, denoised
}

const badScenesScript = `
import bpy, os, sys
texture, denoised = sys.argv[sys.argv.index("--") + 1:]
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 2
scene.render.resolution_x, scene.render.resolution_y = 64, 48
scene.cycles.use_denoising = True
bpy.ops.wm.save_as_mainfile(filepath=denoised)
scene.cycles.use_denoising = False
path = os.path.join(os.path.dirname(texture), "gone.png")
image = bpy.data.images.new("Gone", 4, 4)
image.filepath_raw, image.file_format = path, "PNG"
image.save()
image.source = "FILE"
material = bpy.data.objects["Cube"].active_material # one that the render reads
material.use_nodes = True
node = material.node_tree.nodes.new("ShaderNodeTexImage")
node.image = bpy.data.images.load(path)
material.node_tree.links.new(node.outputs["Color"], material.node_tree.nodes["Principled BSDF"].inputs["Base Color"])
bpy.data.images.remove(image)
bpy.ops.wm.save_as_mainfile(filepath=texture)
os.remove(path)
`
