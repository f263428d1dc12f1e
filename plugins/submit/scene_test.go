package submit

import (
	"encoding/json"
	"testing"
)

func TestOutputPath(t *testing.T) {
	for _, c := range []struct {
		pattern, extension string
		frame              int
		want               string
	}{
		{"/out/frame_####", ".png", 12, "/out/frame_0012.png"},
		{"/out/frame_", ".png", 12, "/out/frame_0012.png"},
		{"/out/", ".png", 3, "/out/0003.png"},
		{"/out/a##b####c", ".exr", 7, "/out/a##b0007c.exr"},
		{"/out/####.png", ".png", 7, "/out/0007.png"},
		{"/out/####.PNG", ".png", 7, "/out/0007.PNG"},
		{"/out/##", ".png", 12345, "/out/12345.png"},
		{"/out/####", ".png", -5, "/out/-0005.png"},
		{"/o##ut/x", ".png", 1, "/o##ut/x0001.png"},
	} {
		if got := (Output{Pattern: c.pattern, Extension: c.extension}).Path(c.frame); got != c.want {
			t.Errorf("%q with %q, frame %d: %s, want %s", c.pattern, c.extension, c.frame, got, c.want)
		}
	}
}

func TestParseSceneRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"not JSON":       `frame 1`,
		"another format": `{"heliostat": 2, "name": "x", "main": "a", "files": [{"name": "a", "path": "/a"}]}`,
		"no main file":   `{"heliostat": 1, "name": "x", "main": "b", "files": [{"name": "a", "path": "/a"}]}`,
		"a name twice":   `{"heliostat": 1, "name": "x", "main": "a", "files": [{"name": "a", "path": "/a"}, {"name": "a", "path": "/b"}]}`,
		"no name":        `{"heliostat": 1, "main": "a", "files": [{"name": "a", "path": "/a"}]}`,
		"bad policy":     `{"heliostat": 1, "name": "x", "main": "a", "files": [{"name": "a", "path": "/a"}], "output": {"overwrite": "maybe"}}`,
	} {
		if _, err := ParseScene([]byte(raw)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func FuzzParseScene(f *testing.F) {
	f.Add([]byte(`{"heliostat": 1, "name": "x", "main": "a", "files": [{"name": "a", "path": "/a"}], "frames": [3, 1, 1], "output": {"pattern": "/o/####"}}`))
	f.Add([]byte(`{"heliostat": 1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := ParseScene(raw)
		if err != nil {
			return
		}
		for i := 1; i < len(s.Frames); i++ {
			if s.Frames[i-1] >= s.Frames[i] {
				t.Fatal("frames are not ascending")
			}
		}
		for _, n := range s.Frames {
			_ = s.Output.Path(n)
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseScene(again); err != nil {
			t.Fatalf("what was read can't be read again: %v", err)
		}
	})
}
