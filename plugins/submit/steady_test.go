package submit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// saves are three saves of one scene by three Blenders, the last with an object moved and
// one added.
func saves(t testing.TB) [][]byte {
	t.Helper()
	blender := func(arguments ...string) {
		command := exec.Command("blender", append([]string{"-b", "--factory-startup", "--python-exit-code", "3"}, arguments...)...)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("blender: %v\n%s", err, out)
		}
	}
	scene := filepath.Join(t.TempDir(), "scene.blend")
	blender("--python-expr", `import bpy, sys
for n in range(40):
    bpy.ops.mesh.primitive_uv_sphere_add(location=(n, 0, 0))
    bpy.context.object.modifiers.new("Part", "SUBSURF")
    paint = bpy.data.materials.new("Paint")
    paint.use_nodes = True
    bpy.context.object.data.materials.append(paint)
    bpy.context.object.keyframe_insert("location")
bpy.data.objects["Sphere"]["note"] = {"of": [1.5, 2.5], "by": "somebody"}
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1], compress=False)
`, "--", scene)
	var list [][]byte
	for _, edited := range []string{"0", "0", "1"} {
		path := filepath.Join(t.TempDir(), "made.blend")
		blender(scene, "--python-expr", `import bpy, sys
path, edited = sys.argv[-2:]
if edited == "1":
    bpy.data.objects["Sphere.020"].delta_location.x = 3
    bpy.ops.object.light_add()
bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=False)
`, "--", path, edited)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, bytes.Replace(raw, []byte(path), make([]byte, len(path)), 1))
	}
	return list
}

func steady(t testing.TB, raw []byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.blend")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Steady(path); err != nil {
		t.Fatal(err)
	}
	now, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".steady-*")); len(left) > 0 {
		t.Errorf("temporary files stay: %v", left)
	}
	return now
}

func TestSteady(t *testing.T) {
	made := saves(t)
	first, again, edited := steady(t, made[0]), steady(t, made[1]), steady(t, made[2])
	if bytes.Equal(made[0], made[1]) {
		t.Error("Blender saves the same bytes twice; is this still needed?")
	}
	if len(first) != len(made[0]) || bytes.Equal(first, made[0]) {
		t.Fatal("the file was not rewritten")
	}
	if !bytes.Equal(first, again) {
		t.Error("two saves of one scene differ")
	}
	if twice := steady(t, first); !bytes.Equal(first, twice) {
		t.Error("a rewritten file changes when it is rewritten again")
	}
	// Most 1 KiB pieces of the file have to be found again after an edit, wherever they are.
	have, found, all := make(map[string]bool), 0, 0
	for at := 0; at+1024 <= len(first); at += 8 {
		have[string(first[at:at+1024])] = true
	}
	for at := 0; at+1024 <= len(edited); at += 1024 {
		all++
		if have[string(edited[at:at+1024])] {
			found++
		}
	}
	if found*100 < all*90 {
		t.Errorf("after a small edit %d of %d pieces are found again", found, all)
	}
	// Blender reads the same scene from it.
	path := filepath.Join(t.TempDir(), "read.blend")
	if err := os.WriteFile(path, first, 0o600); err != nil {
		t.Fatal(err)
	}
	check := `import bpy
assert len(bpy.data.objects) == 43 and len(bpy.data.actions) == 40, (len(bpy.data.objects), len(bpy.data.actions))
for n in range(40):
    one = bpy.data.objects["Sphere" + (".%03d" % n if n else "")]
    assert one.location.x == n and one.modifiers[0].type == "SUBSURF" and len(one.data.vertices) == 482 and one.data.materials[0].node_tree.nodes, one
    assert one.animation_data.action.fcurves[0].keyframe_points[0].co.y == n
assert list(bpy.data.objects["Sphere"]["note"]["of"]) == [1.5, 2.5] and bpy.data.objects["Sphere"]["note"]["by"] == "somebody"
assert bpy.context.scene.camera.name == "Camera"
`
	if out, err := exec.Command("blender", "-b", path, "--factory-startup", "--python-exit-code", "3", "--python-expr", check).CombinedOutput(); err != nil {
		t.Errorf("Blender reads something else: %v\n%s", err, out)
	}
}

// TestSteadyLeavesAlone gives it what it can't understand.
func TestSteadyLeavesAlone(t *testing.T) {
	made := tiny()
	for name, raw := range map[string][]byte{
		"empty": {}, "text": []byte("hello"), "cut": made[:len(made)-30], "compressed": append([]byte{0x28, 0xb5, 0x2f, 0xfd}, made...), "no structs": made[:12+24+16],
	} {
		if now := steady(t, raw); !bytes.Equal(now, raw) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if now := steady(t, made); bytes.Equal(now, made) {
		t.Error("the small file was not rewritten")
	}
}
