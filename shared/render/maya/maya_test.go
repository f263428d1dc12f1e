package maya

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

// standIn is a mayapy that implements the calls which the session makes, over any Python 3.
func standIn(t *testing.T) (*Maya, render.Install) {
	t.Helper()
	path, err := filepath.Abs("testdata/standin/mayapy")
	if err != nil {
		t.Fatal(err)
	}
	m := New(Config{Paths: []string{path}, Env: []string{"PATH=" + os.Getenv("PATH")}})
	found, err := m.Find(t.Context())
	if err != nil || len(found) != 1 {
		t.Fatalf("the stand-in wasn't found: %v, %v; it needs python3", found, err)
	}
	return m, found[0]
}

const scene = `{"cameras": ["shot1", "shot2"], "layers": ["beauty"], "files": {"file1": "tex/wood.png"}, "scripts": true}`

func recipe() job.Recipe {
	return job.Recipe{
		Renderer: "maya", Version: "2024", Engine: "arnold", MainFile: "scenes/a.ma", Width: 160, Height: 96, Samples: 4, Device: "CPU", Format: "PNG",
	}
}

func write(t *testing.T, folder, text string) {
	t.Helper()
	for name, content := range map[string]string{"scenes/a.ma": text, "tex/wood.png": "wood"} {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSuite(t *testing.T) {
	m, in := standIn(t)
	rendertest.Run(t, rendertest.Config{
		Renderer: m, Install: in, Recipe: recipe(), Sandbox: render.NoSandbox{}, LongSamples: 100_000, NoMaster: true,
		Scene: func(t *testing.T, folder string) { write(t, folder, scene) },
	})
}

func TestScenes(t *testing.T) {
	m, in := standIn(t)
	for _, c := range []struct {
		name, text string
		change     func(*render.Options)
		kind       error
		says       string
	}{
		{"as it is", scene, nil, nil, ""},
		{"another camera", scene, func(o *render.Options) { o.Recipe.Camera = "shot2" }, nil, ""},
		{"a layer", scene, func(o *render.Options) { o.Recipe.ViewLayers = []string{"beauty"} }, nil, ""},
		{"software", scene, func(o *render.Options) { o.Recipe.Engine, o.Recipe.Samples = "mayaSoftware", 0 }, nil, ""},
		{"a codec", scene, func(o *render.Options) { o.Recipe.Format, o.Recipe.ExrCodec = "OPEN_EXR", "ZIP" }, nil, ""},
		{"no such codec", scene, func(o *render.Options) { o.Recipe.Format, o.Recipe.ExrCodec = "OPEN_EXR", "DWAA" }, render.ErrUnsupported, "DWAA"},
		{"no camera", scene, func(o *render.Options) { o.Recipe.Camera = "shot3" }, render.ErrBadScene, "shot3"},
		{"no layer", scene, func(o *render.Options) { o.Recipe.ViewLayers = []string{"shadow"} }, render.ErrBadScene, "shadow"},
		{"no texture", strings.Replace(scene, "wood.png", "oak.png", 1), nil, render.ErrMissingAsset, "oak.png"},
		{"no scene", "// Maya ASCII", nil, render.ErrBadScene, "can't be opened"},
		{"no memory", strings.Replace(scene, `"scripts"`, `"memory"`, 1), nil, render.ErrOutOfMemory, ""},
		{"no plug-in", scene, func(o *render.Options) { o.Recipe.Engine, o.Install.Engines = "vray", []string{"vray"} }, render.ErrUnsupported, "vrayformaya"},
		{"no such engine", scene, func(o *render.Options) { o.Recipe.Engine = "redshift" }, render.ErrUnsupported, "redshift"},
		{"a lossy format", scene, func(o *render.Options) { o.Recipe.Format = "JPEG" }, render.ErrUnsupported, "JPEG"},
		{"a GPU", scene, func(o *render.Options) { o.Recipe.Device = "GPU" }, render.ErrUnsupported, "GPU"},
	} {
		w := t.TempDir()
		if err := os.Mkdir(filepath.Join(w, "out"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(w, render.SceneFolder), c.text)
		o := render.Options{Install: in, Workspace: w, Recipe: recipe(), Sandbox: render.NoSandbox{}}
		if c.change != nil {
			c.change(&o)
		}
		s, err := m.Open(t.Context(), o)
		if err == nil {
			_, err = s.Render(t.Context(), render.Request{Frame: 1, OutDir: filepath.Join(w, "out")}, nil)
			if e := s.Close(); e != nil {
				t.Error(e)
			}
		}
		if !errors.Is(err, c.kind) || c.kind != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\n%s", c.name, err, render.LastLog(err))
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("00:00:02  2710MB         |    40% done - 42 rays/pixel")
	f.Add("Block 3/12 (7,1) rendered by GPU 0 in 12ms")
	f.Fuzz(func(t *testing.T, line string) {
		var p render.Progress
		if fraction, _, _ := parseLine(line, &p); !(fraction >= 0 && fraction <= 1) {
			t.Errorf("%v", fraction)
		}
	})
}
