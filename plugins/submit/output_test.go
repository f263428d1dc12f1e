package submit

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestOutputIn(t *testing.T) {
	there := t.TempDir()
	for _, c := range []struct{ own, out, want string }{
		{"/scene/frame_####", there, there + "/frame_0012.png"},
		{"/scene/frame_####", there + "/", there + "/frame_0012.png"},
		{"/scene/", there, there + "/0012.png"},
		{"", there, there + "/0012.png"}, // a job of another machine
		{"/scene/frame_####", there + "/shot_###", there + "/shot_012.png"},
		{"", there + "/shot_###.png", there + "/shot_012.png"},
	} {
		o, err := Output{Pattern: c.own, Extension: ".png"}.In(c.out)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Path(12); got != c.want {
			t.Errorf("%q to %q: %s, want %s", c.own, c.out, got, c.want)
		}
	}
	t.Chdir(there)
	if o, err := (Output{Pattern: "/scene/a_"}).In("render"); err != nil || !filepath.IsAbs(o.Pattern) {
		t.Errorf("a folder beside gives %q, %v", o.Pattern, err)
	}
}

func TestOutputExtra(t *testing.T) {
	o := Output{Pattern: "/out/a_####", Extension: ".png"}
	for name, want := range map[string]struct {
		path  string
		taken bool
		fails bool
	}{
		"depth/0001.exr": {path: "/out/depth/0001.exr"},
		"a_0002.png":     {path: "/out/a_0002.png", taken: true},
		"../a.png":       {fails: true},
		".bashrc":        {fails: true},
	} {
		path, taken, err := o.Extra(wire.JobFile{Frame: 1, Name: name, Extra: true}, []int{1, 2})
		if path != want.path || taken != want.taken || (err != nil) != want.fails {
			t.Errorf("%s: %q, %v, %v", name, path, taken, err)
		}
	}
}

// TestOutputOf finds where a job's frames go by the job, and those of its retry by the package.
func TestOutputOf(t *testing.T) {
	dir := t.TempDir()
	for _, r := range []record{
		{Key: "s1", Job: "j1", Package: "p1", Scene: Scene{Output: Output{Pattern: "/one/####"}}},
		{Key: "s2", Job: "j2", Package: "p2", Scene: Scene{Output: Output{Pattern: "/two/####"}}},
		{Key: "s3", Scene: Scene{Output: Output{Pattern: "/three/####"}}}, // hasn't got as far as a package
	} {
		r.Version = recordVersion
		r.Scene.Heliostat, r.Scene.Name, r.Scene.Main, r.Scene.Files = SceneVersion, "x", "a", []File{{Name: "a", Path: "/a"}}
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := writeRecord(dir, r.Key, raw); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		j    job.Job
		want string
	}{
		{job.Job{ID: "j1", Package: "p1"}, "/one/####"},
		{job.Job{ID: "j9", Package: "p2"}, "/two/####"},
		{job.Job{ID: "j8", Package: "p8"}, ""},
		{job.Job{ID: "j7"}, ""},
	} {
		got, known := OutputOf(dir, c.j)
		if got.Pattern != c.want || known != (c.want != "") {
			t.Errorf("job %s of %q: %q, %v", c.j.ID, c.j.Package, got.Pattern, known)
		}
	}
}
