package blender_test

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// programs are the real network's, built once, or found in the folder HELIOSTAT_BIN.
var programs = sync.OnceValues(func() (dir string, err error) {
	if dir := os.Getenv("HELIOSTAT_BIN"); dir != "" {
		return dir, nil
	}
	b, err := built()
	if err != nil {
		return "", err
	}
	dir = filepath.Dir(b.zip)
	for name, source := range map[string]string{"heliostat-manager": "manager", "heliostat-worker": "workerapp/headless", "heliostat-verifier": "verifier"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), "../../"+source).CombinedOutput(); err != nil {
			return "", fmt.Errorf("go build %s: %w\n%s", source, err, out)
		}
	}
	return dir, nil
})

// network starts a manager with its embedded chain, a worker and a verifier. pause is what the
// worker's owner would do.
func network(t *testing.T) (zip string, env []string, pause func()) {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	manager := address(t, start(t, nil, true, filepath.Join(dir, "heliostat-manager"), "serve", "--data", filepath.Join(data, "manager"), "--listen", "127.0.0.1:0",
		"--settlement", "devchain", "--epoch", "2s"))
	for _, role := range []string{"worker", "verifier"} {
		start(t, nil, true, filepath.Join(dir, "heliostat-"+role), "run", "--manager", manager, "--data", filepath.Join(data, role), "--threads", "1", "--name", role)
	}
	b, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return b.zip, artist(t, manager), func() {
		t.Helper()
		if out, err := exec.Command(filepath.Join(dir, "heliostat-worker"), "pause", "--data", filepath.Join(data, "worker")).CombinedOutput(); err != nil {
			t.Fatalf("pause the worker: %v\n%s", err, out)
		}
	}
}

// field makes the demo's scene, small enough for a test.
func field(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	blend(t, nil, "--factory-startup", "--python-exit-code", "3", "--python", "../../installers/scene/make_scene.py", "--", dir)
	path := filepath.Join(dir, "field.blend")
	blend(t, nil, path, "--factory-startup", "--python-exit-code", "3", "--python-expr", `import bpy
scene = bpy.context.scene
scene.cycles.samples = 4
scene.render.resolution_percentage = 25
scene.frame_end = 2
scene.render.filepath = "//frames/field_####"
bpy.ops.wm.save_mainfile()`)
	return path
}

// TestPanelOnRealNetwork works through the panel against a real manager, chain, worker and
// verifier, and looks at the frames that come back.
func TestPanelOnRealNetwork(t *testing.T) {
	scene := field(t)
	zip, env, pause := network(t)
	d := openDesk(t, scene, zip, env)
	d.press("connect")
	d.until("the connection with its worker", 60*time.Second, func(r report) bool { return r.Connected && r.Workers == 1 })
	d.screenshot("real-connected")
	d.press("preflight")
	found := d.until("the findings", 60*time.Second, func(r report) bool { return r.Findings != nil })
	if len(found.Findings) > 0 {
		t.Errorf("findings: %+v", found.Findings)
	}
	d.screenshot("real-preflight")
	d.press("submit")
	d.until("the quote", 120*time.Second, func(r report) bool { return r.Phase == "confirm" && r.Price > 0 })
	d.screenshot("real-quote")
	d.press("accept_quote")
	d.until("a frame in the Image Editor", 180*time.Second, func(r report) bool { return r.Here > 0 && r.shows(r.LastFrame) })
	d.screenshot("real-render")
	d.until("delivery", 180*time.Second, func(r report) bool { return r.Phase == "delivered" && r.shows(r.LastFrame) })
	d.screenshot("real-delivered")
	for frame := 1; frame <= 2; frame++ {
		picture := decode(t, filepath.Join(filepath.Dir(scene), "frames", fmt.Sprintf("field_%04d.png", frame)))
		if size := picture.Bounds().Size(); size != image.Pt(120, 67) || flat(picture) {
			t.Errorf("frame %d is %v, flat: %v", frame, size, flat(picture))
		}
	}
	d.press("accept_frames")
	d.until("settlement on the chain", 60*time.Second, func(r report) bool { return r.Phase == "settled" })
	d.screenshot("real-settled")

	d.press("submit")
	second := d.until("the second quote", 120*time.Second, func(r report) bool { return r.Phase == "confirm" && r.Price > 0 })
	if second.Uploaded > 4096 {
		t.Errorf("the second submit of an unchanged scene sent %d bytes", second.Uploaded)
	}
	// Two small frames would be there before the mouse is at the button.
	pause()
	d.press("accept_quote")
	d.until("rendering", 60*time.Second, func(r report) bool { return r.Phase == "render" })
	d.press("cancel")
	d.until("the cancel", 60*time.Second, func(r report) bool { return r.Phase == "cancelled" })
	d.screenshot("real-cancelled")
}

func decode(t *testing.T, path string) image.Image {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return picture
}

// flat tells whether a picture has hardly any colours, like one that was never rendered.
func flat(picture image.Image) bool {
	colours := make(map[color.Color]bool)
	for y := 0; y < picture.Bounds().Dy(); y += 3 {
		for x := 0; x < picture.Bounds().Dx(); x += 3 {
			colours[picture.At(x, y)] = true
		}
	}
	return len(colours) < 50
}
