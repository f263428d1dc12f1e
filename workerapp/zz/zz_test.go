package zz

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

func TestE2E(t *testing.T) {
	dir := t.TempDir()
	rendertest.BlenderScene(t, "/usr/bin/blender", dir, "")
	id, _ := identity.New()
	c, err := client.Dial(t.Context(), client.Options{Manager: os.Getenv("MGR"), Identity: id})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var src []pack.Source
	filepath.WalkDir(dir, func(p string, e os.DirEntry, _ error) error {
		if !e.IsDir() {
			n, _ := filepath.Rel(dir, p)
			src = append(src, pack.Source{Name: n, Path: p})
		}
		return nil
	})
	b, err := pack.Build(t.Context(), pack.BuildOptions{Sources: src, Main: "scene.blend", TenantKey: id.TenantKey(), Sink: c.Sink()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SealPackage(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	r := rendertest.Recipe("3.4.1")
	r.Samples = 256
	var frames []int
	for i := 1; i <= 12; i++ {
		frames = append(frames, i)
	}
	q, err := c.Draft(t.Context(), client.DraftRequest{Request: fmt.Sprint(time.Now().UnixNano()), Name: "zz", Built: b, Recipe: r, Frames: frames})
	if err != nil {
		t.Fatal(err)
	}
	j, err := c.Fund(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/h5/started", nil, 0o600)
	start := time.Now()
	for j.State != job.Delivered && time.Since(start) < 4*time.Minute {
		time.Sleep(2 * time.Second)
		d, err := c.Job(t.Context(), j.ID)
		if err != nil {
			t.Fatal(err)
		}
		j = d.Job
		fmt.Println(time.Since(start).Round(time.Second), j.State, j.Counts, d.Why)
	}
	d, _ := c.Job(t.Context(), j.ID)
	for _, f := range d.Frames {
		fmt.Println(f.Number, f.State, f.Worker[:6], f.Rejects)
	}
	for _, e := range d.Events {
		fmt.Printf("%s %.110s\n", e.What, e.Text)
	}
}
