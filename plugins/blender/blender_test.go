package blender_test

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/plugins/submit"
)

// blend runs a headless Blender and returns what it printed.
func blend(t *testing.T, env []string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "blender", append([]string{"-b"}, arguments...)...)
	command.Env = append(os.Environ(), env...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("blender %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return string(out)
}

func awkward(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	blend(t, nil, "--factory-startup", "--python-exit-code", "3", "--python", "testdata/make.py", "--", dir)
	return dir
}

func describe(t *testing.T, o submit.DescribeOptions) submit.Scene {
	t.Helper()
	o.CacheDir = t.TempDir()
	scene, err := submit.Describe(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return scene
}

func codes(scene submit.Scene) []string {
	var list []string
	for _, f := range scene.Findings {
		list = append(list, f.Code)
	}
	slices.Sort(list)
	return list
}

// TestCollectedSceneRendersTheSame lays a scene's files out as its package does, takes the
// originals away and compares the pixels.
func TestCollectedSceneRendersTheSame(t *testing.T) {
	dir := awkward(t)
	original := filepath.Join(dir, "project", "shot.blend")
	before := render(t, original)
	saved, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	scene := describe(t, submit.DescribeOptions{Blend: original, Frames: "2,1-2"})
	if after, err := os.ReadFile(original); err != nil || !bytes.Equal(saved, after) {
		t.Error("the artist's file was changed")
	}
	outside := "_ext" + filepath.ToSlash(dir)
	want := []string{outside + "/assets/lib/part.blend", outside + "/assets/lib/skin.png", outside + "/elsewhere/far.png", outside + "/elsewhere/outside.png",
		"blendcache_shot/*", "shot.blend", "tex/größe 大.png", "tex/lamp.ies", "tex/tile.1001.png", "tex/tile.1002.png",
		"tex/walk_0004.png", "tex/walk_0005.png", "tex/walk_0006.png"}
	var names []string
	package_ := t.TempDir()
	for _, f := range scene.Files {
		if strings.HasPrefix(f.Path, scene.Workdir) {
			if err := submit.Steady(f.Path); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasPrefix(f.Name, "blendcache_shot/") {
			if !slices.Contains(names, "blendcache_shot/*") {
				names = append(names, "blendcache_shot/*")
			}
		} else {
			names = append(names, f.Name)
		}
		raw, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".blend") && bytes.Contains(raw, []byte(scene.Workdir)) {
			t.Errorf("%s tells where the submission was made", f.Name)
		}
		target := filepath.Join(package_, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("files: %q\nwant  %q", names, want)
	}
	if !slices.Equal(scene.Frames, []int{1, 2}) || scene.Recipe.Width != 64 || scene.Recipe.Samples != 4 || scene.Recipe.MainFile != "shot.blend" {
		t.Errorf("frames %v, recipe %+v", scene.Frames, scene.Recipe)
	}
	if path := scene.Output.Path(7); path != filepath.Join(dir, "project", "out", "shot_007.png") {
		t.Errorf("frame 7 goes to %s", path)
	}
	if len(scene.Findings) > 0 {
		t.Errorf("findings: %+v", scene.Findings)
	}
	for _, away := range []string{"project", "assets", "elsewhere"} {
		if err := os.Rename(filepath.Join(dir, away), filepath.Join(dir, away+"-away")); err != nil {
			t.Fatal(err)
		}
	}
	if after := render(t, filepath.Join(package_, "shot.blend")); !bytes.Equal(before, after) {
		t.Error("the package renders other pixels than the scene")
	}
	submit.Discard(scene)
	if _, err := os.Stat(filepath.Dir(scene.Workdir)); !os.IsNotExist(err) {
		t.Errorf("temporary files stay: %v", err)
	}
}

// render returns the pixels of frame 2.
func render(t *testing.T, path string) []byte {
	t.Helper()
	out := t.TempDir()
	blend(t, nil, path, "--factory-startup", "-t", "1", "-o", out+"/####", "-F", "PNG", "-f", "2")
	file, err := os.Open(filepath.Join(out, "0002.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	var pixels []byte
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			r, g, b, _ := picture.At(x, y).RGBA()
			pixels = append(pixels, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return pixels
}

func TestPreflightFindings(t *testing.T) {
	dir := awkward(t)
	shot := filepath.Join(dir, "project", "shot.blend")
	if err := os.Remove(filepath.Join(dir, "elsewhere", "outside.png")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "assets", "lib", "skin.png"), []byte("not a picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	scene := describe(t, submit.DescribeOptions{Blend: shot})
	if got := codes(scene); !slices.Equal(got, []string{"missing_file", "unreadable_file"}) {
		t.Errorf("findings: %v", got)
	}
	for _, f := range scene.Findings {
		if f.Level != submit.LevelError || f.File == "" || f.Fix == "" || !strings.Contains(f.Text, f.File) || !strings.HasPrefix(f.User, `Image "`) {
			t.Errorf("the finding doesn't name its file, its user and the next step: %+v", f)
		}
	}

	spoil := filepath.Join(t.TempDir(), "spoil.py")
	script := `import bpy
scene = bpy.context.scene
scene.camera = None
scene.render.image_settings.file_format = "FFMPEG"
driver = scene.objects["tile"].driver_add("location", 0).driver
driver.expression = "__import__('math').sin(frame)"
bpy.ops.wm.save_mainfile()
`
	if err := os.WriteFile(spoil, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	blend(t, nil, shot, "--factory-startup", "--python-exit-code", "3", "--python", spoil)
	scene = describe(t, submit.DescribeOptions{Blend: shot})
	if got := codes(scene); !slices.Equal(got, []string{"missing_file", "movie_output", "no_camera", "scripts", "unreadable_file"}) {
		t.Errorf("findings: %v", got)
	}

	// What the fixes say.
	for _, path := range []string{filepath.Join(dir, "elsewhere", "outside.png"), filepath.Join(dir, "assets", "lib", "skin.png")} {
		raw, err := os.ReadFile(filepath.Join(dir, "elsewhere", "far.png"))
		if err == nil {
			err = os.WriteFile(path, raw, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	mend := `import bpy
scene = bpy.context.scene
scene.camera = scene.objects["Camera"]
scene.render.image_settings.file_format = "PNG"
scene.objects["tile"].animation_data.drivers[0].driver.expression = "sin(frame)"
bpy.ops.wm.save_mainfile()
`
	blend(t, nil, shot, "--factory-startup", "--python-exit-code", "3", "--python-expr", mend)
	scene = describe(t, submit.DescribeOptions{Blend: shot})
	if got := codes(scene); len(got) > 0 {
		t.Errorf("findings after the fixes: %+v", scene.Findings)
	}

	// Blender quietly takes EEVEE for an engine that it hasn't. Where the frames go elsewhere, nobody needs to hear of the scene's own output.
	foreign := `import bpy
class Engine(bpy.types.RenderEngine):
    bl_idname, bl_label = "GLOSSY_ENGINE", "Glossy"
bpy.utils.register_class(Engine)
bpy.context.scene.render.engine = "GLOSSY_ENGINE"
bpy.context.scene.render.filepath = "/nowhere/f_"
bpy.ops.wm.save_mainfile()
`
	blend(t, nil, shot, "--factory-startup", "--python-exit-code", "3", "--python-expr", foreign)
	scene = describe(t, submit.DescribeOptions{Blend: shot, Out: t.TempDir()})
	if got := codes(scene); !slices.Equal(got, []string{"engine"}) || !strings.Contains(scene.Findings[0].Text, "GLOSSY_ENGINE") || scene.Findings[0].Level != submit.LevelError {
		t.Errorf("findings: %+v", scene.Findings)
	}
}

// TestCases collects and preflights many small scenes in one Blender.
func TestCases(t *testing.T) {
	out := blend(t, []string{"PYTHONDONTWRITEBYTECODE=1"}, "--factory-startup", "--python-exit-code", "3", "--python", "testdata/cases.py", "--", t.TempDir())
	if !strings.Contains(out, "CASES PASS") {
		t.Errorf("Blender said\n%s", out)
	}
}

// TestUnsavedChangesTravel submits a scene that differs from its file twice.
func TestUnsavedChangesTravel(t *testing.T) {
	dir := awkward(t)
	zip, env := farm(t, "--pace", "20ms")
	shot := filepath.Join(dir, "project", "shot.blend")
	out := blend(t, env, shot, "--python-exit-code", "3", "--python", "testdata/background.py", "--", zip, "unsaved")
	sent := regexp.MustCompile(`uploaded=(\d+)`).FindAllStringSubmatch(out, -1)
	if len(sent) != 2 || len(sent[0][1]) < 4 || len(sent[1][1]) > 4 {
		t.Errorf("uploads %v; Blender said\n%s", sent, out)
	}
}

// TestNeverSaved submits a new scene: refused where its output has no place, else rendered.
func TestNeverSaved(t *testing.T) {
	zip, env := farm(t, "--pace", "20ms")
	frames := t.TempDir()
	out := blend(t, env, "--python-exit-code", "3", "--python", "testdata/background.py", "--", zip, "new", frames)
	if !strings.Contains(out, "its output //frames/ has no place: save it once") || !strings.Contains(out, "RESULT {'FINISHED'}") {
		t.Errorf("Blender said\n%s", out)
	}
	for _, name := range []string{"0001.png", "0002.png"} {
		if _, err := os.Stat(filepath.Join(frames, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestDescribeRefuses(t *testing.T) {
	dir := t.TempDir()
	corrupt := filepath.Join(dir, "corrupt.blend")
	if err := os.WriteFile(corrupt, []byte("BLENDER-v304 but no more"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options submit.DescribeOptions
		want    string
	}{
		"missing": {submit.DescribeOptions{Blend: filepath.Join(dir, "gone.blend")}, `gone\.blend does not exist; check the path`},
		"folder":  {submit.DescribeOptions{Blend: dir}, `not a file`},
		"corrupt": {submit.DescribeOptions{Blend: corrupt}, `can't describe .*corrupt\.blend.*; open it in Blender`},
		"program": {submit.DescribeOptions{Blend: corrupt, Blender: filepath.Join(dir, "no-blender")}, `Blender is not found.*; install Blender`},
	} {
		c.options.CacheDir = filepath.Join(dir, "cache")
		_, err := submit.Describe(t.Context(), c.options)
		if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "cache", "*")); len(left) > 0 {
		t.Errorf("temporary files stay: %v", left)
	}
}
