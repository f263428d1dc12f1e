package command

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
)

var update = flag.Bool("update", false, "write the golden command lines anew")

// TestShippedCommandLines writes the command lines of every shipped description for a frame
// and for a region, on each device, and compares them with testdata/golden.
func TestShippedCommandLines(t *testing.T) {
	list, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		t.Run(d.Renderer, func(t *testing.T) {
			var b strings.Builder
			for _, engine := range keys(d.Engines) {
				for _, format := range keys(d.Formats) {
					for _, device := range keys(d.Devices) {
						c := New(d, Config{})
						r := job.Recipe{
							Renderer: d.Renderer, Version: "1.0", Engine: engine, MainFile: "shots/a b" + d.Scenes[0], Scene: "night", Camera: "cam1",
							ViewLayers: []string{"fg", "bg"}, Width: 1920, Height: 1080, Samples: 6, Format: format, Device: "CPU",
						}
						id := ""
						if device != cpu {
							r.Device, id = "GPU", "0"
						}
						o := render.Options{
							Install: render.Install{Path: "/opt/r/" + filepath.Base(d.Programs[0]), Version: "1.0"}, Workspace: "/w", Recipe: r, Threads: 8,
							Device: device, DeviceID: id, Sandbox: render.NoSandbox{},
						}
						if err := c.check(o); err != nil {
							t.Fatal(err)
						}
						s := &session{c: c, o: o}
						for _, tile := range []bool{false, true} {
							at := render.Rect{W: 1920, H: 1080}
							if tile {
								at = render.Rect{X: 320, Y: 160, W: 64, H: 32}
							}
							argv, err := s.argv(s.values(render.Request{Frame: 7, Seed: 42, OutDir: "/w/out"}, at, "x"), tile)
							if err != nil {
								t.Fatal(err)
							}
							output, _, err := expand(d.Output, s.values(render.Request{Frame: 7}, at, "x"))
							if err != nil {
								t.Fatal(err)
							}
							fmt.Fprintf(&b, "%s %s %s tile=%v -> %s\n\t%q\n", engine, format, device, tile, output, argv)
						}
					}
				}
			}
			golden := filepath.Join("testdata", "golden", d.Renderer+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(want) != b.String() {
				t.Errorf("the command lines changed; look at them and run with -update:\n%s", b.String())
			}
		})
	}
}

// TestFormatPage holds FORMAT.md to the code: every key and placeholder is on the page.
func TestFormatPage(t *testing.T) {
	page, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	words := slices.Concat(placeholders, keys(kinds), progressed)
	for field := range reflect.TypeFor[Description]().Fields() {
		words = append(words, field.Tag.Get("toml"))
	}
	for _, name := range spliced {
		words = append(words, `["{`+name+`...}"]`)
	}
	for _, word := range words {
		if !bytes.Contains(page, []byte("`"+word+"`")) && !bytes.Contains(page, []byte("`"+word+".NAME`")) {
			t.Errorf("the page has no %s", word)
		}
	}
}

const small = `
renderer = "r"
name = "R"
programs = ["r"]
scenes = [".s"]
output = "{stem}{ext}"
args = [["{scene}"], ["-c", "{camera}"], ["-o{outdir}"], ["{engine...}"]]
[version]
pattern = 'v(\d+)'
[engines.E]
[formats.PNG]
ext = ".png"
`

func TestParseRefuses(t *testing.T) {
	if _, err := Parse([]byte(small)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"an unknown key":           {`name = "R"`, `nmae = "R"`},
		"an unknown placeholder":   {`"{scene}"`, `"{scenes}"`},
		"an open brace":            {`"{scene}"`, `"{scene"`},
		"an unknown splice":        {`{engine...}`, `{motor...}`},
		"a splice in a splice":     {`[engines.E]`, "[engines.E]\nargs = [[\"{format...}\"]]"},
		"an output that leads out": {`output = "{stem}{ext}"`, `output = "../{stem}{ext}"`},
		"no group in the version":  {`v(\d+)`, `v\d+`},
		"a bad pattern":            {`v(\d+)`, `v(\d+`},
		"a pattern too long":       {`v(\d+)`, "v(" + strings.Repeat("a", maxPattern) + ")"},
		"a renderer with a slash":  {`renderer = "r"`, `renderer = "../r"`},
		"a bad ending":             {`ext = ".png"`, `ext = "/png"`},
		"progress of nothing":      {`[engines.E]`, "[[progress]]\npattern = 'x(\\d+)'\n[engines.E]"},
		"an unknown failure":       {`[engines.E]`, "[[errors]]\npattern = 'x'\nkind = 'bad luck'\n[engines.E]"},
		"an empty group":           {`["{scene}"]`, `[]`},
		"padding that isn't one":   {`"{scene}"`, `"{frame:x}"`},
		"a margin without end":     {`[engines.E]`, "[tile]\nshows = 'frame'\nmargin = 100000\n[engines.E]"},
	} {
		text := strings.Replace(small, c[0], c[1], 1)
		if text == small {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrDescription) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHostileValues has a stranger's words that try to become options or lines.
func TestHostileValues(t *testing.T) {
	d, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*job.Recipe)
		fine   bool
	}{
		{func(*job.Recipe) {}, true},
		{func(r *job.Recipe) { r.Camera = "two words; rm -rf $HOME `x`" }, true}, // no shell reads it
		{func(r *job.Recipe) { r.Camera = "--output=/etc/passwd" }, false},
		{func(r *job.Recipe) { r.Camera = "+GFlog" }, false},
		{func(r *job.Recipe) { r.Camera = "@file" }, false},
		{func(r *job.Recipe) { r.Camera = "a\nb" }, false},
		{func(r *job.Recipe) { r.MainFile = "--help.s" }, true}, // the path is absolute
		{func(r *job.Recipe) { r.MainFile = "a\x1b.s" }, false},
		{func(r *job.Recipe) { r.MainFile = "a.exe" }, false},
	} {
		w := t.TempDir()
		if err := os.Mkdir(filepath.Join(w, render.SceneFolder), 0o700); err != nil {
			t.Fatal(err)
		}
		r := job.Recipe{Renderer: "r", Version: "1", Engine: "E", MainFile: "a.s", Width: 16, Height: 16, Format: "PNG"}
		c.change(&r)
		if err := os.WriteFile(filepath.Join(w, render.SceneFolder, r.MainFile), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := New(d, Config{}).Open(t.Context(), render.Options{Install: render.Install{Path: "/r", Version: "1"}, Workspace: w, Recipe: r, Sandbox: render.NoSandbox{}})
		if c.fine != (err == nil) || err != nil && !errors.Is(err, render.ErrBadScene) {
			t.Errorf("%+v: %v", r, err)
		}
		if s != nil {
			s.Close()
		}
	}
}

// TestAGPURecipeNeedsAGPU makes sure that no device is taken for another.
func TestAGPURecipeNeedsAGPU(t *testing.T) {
	c := New(describe(t, "husk"), Config{})
	for _, x := range []struct{ recipe, device string }{{"GPU", "CPU"}, {"GPU", ""}, {"CPU", "OPTIX"}, {"GPU", "METAL"}} {
		err := c.check(render.Options{
			Install: render.Install{Path: "/husk", Version: "1"}, Workspace: "/w", Sandbox: render.NoSandbox{}, Device: x.device,
			Recipe: job.Recipe{Version: "1", Engine: "KARMA", Format: "PNG", MainFile: "a.usd", Width: 16, Height: 16, Device: x.recipe},
		})
		if !errors.Is(err, render.ErrUnsupported) {
			t.Errorf("%+v: %v", x, err)
		}
	}
}

func TestLines(t *testing.T) {
	for _, x := range []struct {
		renderer, line string
		fraction       float64
		kind           error
		cause          string
	}{
		{"povray", "Rendered 512 of 2048 pixels (25%)", 0.25, nil, ""},
		{"povray", "File 'a.pov' line 3: Possible Parse Error: Cannot find file 'wood.png', even", 0, render.ErrMissingAsset, "wood.png"},
		{"maya-batch", "00:00:02  2710MB         |    40% done - 42 rays/pixel", 0.4, nil, ""},
		{"husk", "ALF_PROGRESS 75%", 0.75, nil, ""},
		{"nuke", "Frame 7 (3 of 12)", 0.25, nil, ""},
		{"cinema4d", "Progress: 12%", 0.12, nil, ""},
		{"cinema4d", "Rendering failed: no camera", 0, render.ErrBadScene, "no camera"},
		{"maya-batch", "Error: Camera not found", 0, render.ErrBadScene, "Camera not found"},
	} {
		c := New(describe(t, x.renderer), Config{})
		var p render.Progress
		fraction, _, ok := c.parseLine(x.line, &p)
		e, _, failed := c.failure(x.line)
		if ok != (x.fraction > 0) || fraction != x.fraction || failed != (x.kind != nil) || failed && (e.Kind != x.kind || e.Cause != x.cause) {
			t.Errorf("%s %q: %v %v, %v %q", x.renderer, x.line, ok, fraction, e.Kind, e.Cause)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, text []byte) {
		if d, err := Parse(text); err == nil {
			_ = New(d, Config{}).devices()
		} else if !errors.Is(err, ErrDescription) {
			t.Errorf("untyped: %v", err)
		}
	})
}

func FuzzLine(f *testing.F) {
	list, err := Shipped()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Rendered 512 of 2048 pixels (25%)")
	f.Fuzz(func(t *testing.T, line string) {
		for _, d := range list {
			var p render.Progress
			fraction, remaining, _ := New(d, Config{}).parseLine(line, &p)
			if !(fraction >= 0 && fraction <= 1) || remaining < 0 || remaining > 1e7*time.Second || p.Sample < 0 || p.Memory < 0 {
				t.Errorf("%v %v %+v", fraction, remaining, p)
			}
		}
	})
}
