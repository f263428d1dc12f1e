package blender

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

var _ render.Developer = (*session)(nil)

// Develop makes the delivered image from a master. The master is written anew from its
// pixels, so that no file of a stranger's reaches Blender.
func (s *session) Develop(ctx context.Context, d render.Develop) (render.Developed, error) {
	fail := func(err error) (render.Developed, error) {
		return render.Developed{}, fmt.Errorf("developing frame %d: %w", d.Frame, err)
	}
	opts := s.Options()
	out, err := s.Fresh(render.Request{Frame: d.Frame, Seed: d.Seed, OutDir: d.OutDir})
	if err != nil {
		return fail(err)
	}
	if d.Master != nil && (d.Master.W != opts.Recipe.Width || d.Master.H != opts.Recipe.Height) {
		return fail(fmt.Errorf("the master isn't an image of %d×%d pixels", opts.Recipe.Width, opts.Recipe.Height))
	}
	seed := d.Seed
	if p := opts.Recipe.PinnedSeed; p != nil {
		seed = *p
	}
	id := s.NextID()
	name := fmt.Sprintf("developed-%04d-%d", d.Frame, id)
	start := time.Now()
	master, given := "", ""
	if d.Master != nil {
		master = filepath.Join(out, name+".master.exr")
		given = filepath.Join(opts.Workspace, master)
		if err := s.Write(master, named(d.Master), false); err != nil {
			return fail(err)
		}
	}
	s.Track().Start(d.Frame, 0)
	a, err := s.Ask(ctx, map[string]any{
		"do": "develop", "id": id, "frame": d.Frame, "seed": seed, "dir": d.OutDir, "name": name, "master": given, "exact": d.Exact, "rough": d.Rough,
	}, nil)
	if err != nil {
		return fail(err)
	}
	if err := s.Turn(a, id); err != nil {
		return fail(err)
	}
	s.Track().Finish()
	if d.Master == nil {
		return render.Developed{Seconds: time.Since(start).Seconds(), CPUSeconds: a.CPU}, nil
	}
	if err := s.Remove(master); err != nil {
		return fail(fmt.Errorf("removing the master: %w", err))
	}
	file, err := s.Regular(out, a.Final)
	if err != nil {
		return fail(err)
	}
	extras, err := s.Extras(d.Frame, out, a.Files)
	if err != nil {
		return fail(err)
	}
	return render.Developed{File: file, Extras: extras, Sampled: a.Sampled, Seconds: time.Since(start).Seconds(), CPUSeconds: a.CPU}, nil
}

// named gives a master's passes the name Combined, and its guides Cycles' own, so that the script finds them under
// their layers' names.
func named(img *raster.Raster) *raster.Raster {
	out := *img
	out.Channels = make([]string, len(img.Channels))
	for i, c := range img.Channels {
		if out.Channels[i] = raster.AsPass(strings.Replace(c, ".Noisy Image.", ".Combined.", 1)); !strings.Contains(c, ".") {
			out.Channels[i] = "ViewLayer.Combined." + c
		}
	}
	return &out
}
