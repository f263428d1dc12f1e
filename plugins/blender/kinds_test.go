package blender_test

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
)

// kinds are the scenes of testdata/kinds.py with what their packages hold beside shot.blend.
// ROOT stands for the scene's folder under _ext.
var kinds = map[string][]string{
	"clips":           {"ROOT/elsewhere/film.avi", "ROOT/elsewhere/plates/p01.png", "ROOT/elsewhere/plates/p02.png", "ROOT/elsewhere/plates/p03.png", "ROOT/elsewhere/plates/p04.png"},
	"external_caches": {"ROOT/elsewhere/waves/wave_000001_00.bphys", "ROOT/elsewhere/waves/wave_000002_00.bphys", "ROOT/elsewhere/waves/wave_000003_00.bphys", "ROOT/elsewhere/waves/wave_000004_00.bphys"},
	"fluids": {"ROOT/elsewhere/smoke/config/config_0001.uni", "ROOT/elsewhere/smoke/config/config_0002.uni", "ROOT/elsewhere/smoke/config/config_0003.uni",
		"ROOT/elsewhere/smoke/data/fluid_data_0001.vdb", "ROOT/elsewhere/smoke/data/fluid_data_0002.vdb", "ROOT/elsewhere/smoke/data/fluid_data_0003.vdb"},
	"fonts":     {"ROOT/elsewhere/letters.woff2"},
	"libraries": {"ROOT/elsewhere/libs/b.blend", "ROOT/elsewhere/libs/c/c.blend", "ROOT/elsewhere/libs/c/c.png", "parts/a.blend"},
	"library_caches": {"ROOT/elsewhere/lib/blendcache_cloth/636C6F7468_000001_00.bphys", "ROOT/elsewhere/lib/blendcache_cloth/636C6F7468_000002_00.bphys",
		"ROOT/elsewhere/lib/blendcache_cloth/636C6F7468_000003_00.bphys", "ROOT/elsewhere/lib/blendcache_cloth/636C6F7468_000004_00.bphys", "ROOT/elsewhere/lib/cloth.blend"},
	"lights":         {"ROOT/elsewhere/lamp.ies"},
	"mesh_caches":    {"ROOT/elsewhere/moves.mdd", "ROOT/elsewhere/moves.pc2"},
	"movies":         {"ROOT/elsewhere/film.avi"},
	"oceans":         {"ROOT/elsewhere/sea/disp_0001.exr", "ROOT/elsewhere/sea/disp_0002.exr", "ROOT/elsewhere/sea/disp_0003.exr", "ROOT/elsewhere/sea/disp_0004.exr"},
	"packed_library": {"ROOT/elsewhere/skin.png"},
	"particles":      {"blendcache_shot/736F75726365_000001_00.bphys", "blendcache_shot/736F75726365_000002_00.bphys", "blendcache_shot/736F75726365_000003_00.bphys"},
	"rigid_bodies":   {},
	"sequences": {"ROOT/elsewhere/séq/a%3Ab é_4.png", "ROOT/elsewhere/séq/a%3Ab é_5.png", "ROOT/elsewhere/séq/a%3Ab é_6.png",
		"ROOT/elsewhere/séq/walk_005.png", "ROOT/elsewhere/séq/walk_006.png", "ROOT/elsewhere/séq/walk_007.png"},
	"soft_bodies": {"blendcache_shot/736F6674_000001_00.bphys", "blendcache_shot/736F6674_000002_00.bphys", "blendcache_shot/736F6674_000003_00.bphys", "blendcache_shot/736F6674_000004_00.bphys"},
	"volumes":     {"ROOT/elsewhere/vdb/s_2.vdb", "ROOT/elsewhere/vdb/s_3.vdb"},
}

// TestEveryKindOfFileTravels packs a scene of every kind as a submission does, unpacks it
// where none of its files are, and compares every bit of the render. Taking the package's
// other files away has to show, or the kind would prove nothing.
func TestEveryKindOfFileTravels(t *testing.T) {
	root, there := t.TempDir(), t.TempDir()
	names := slices.Sorted(maps.Keys(kinds))
	blend(t, nil, append([]string{"--factory-startup", "--python-exit-code", "3", "--python", "testdata/kinds.py", "--", "build", root}, names...)...)
	place := func(base string, middle ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(append(append([]string{base, name}, middle...), "shot.blend")...))
		}
		return paths
	}
	before := pixels(t, place(root, "project"))
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(2)
	for _, name := range names {
		group.Go(func() error { return travel(ctx, t, root, there, name) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(root, root+"-away"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root + "-away") })
	after := pixels(t, place(there))
	for _, name := range names {
		if err := filepath.WalkDir(filepath.Join(there, name), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && d.Name() != "shot.blend" {
				err = os.Remove(path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	without := pixels(t, place(there))
	for i, name := range names {
		if before[i] != after[i] {
			t.Errorf("%s: the package renders other pixels than the scene", name)
		}
		if len(kinds[name]) > 0 && without[i] == before[i] {
			t.Errorf("%s: the render doesn't need its files", name)
		}
	}
}

// travel submits one scene and unpacks it at there/name.
func travel(ctx context.Context, t *testing.T, root, there, name string) error {
	shot := filepath.Join(root, name, "project", "shot.blend")
	scene, err := submit.Describe(ctx, submit.DescribeOptions{Blend: shot, Frames: "3", CacheDir: t.TempDir()})
	if err != nil {
		return err
	}
	defer submit.Discard(scene)
	for _, f := range scene.Findings {
		t.Errorf("%s: %+v", name, f)
	}
	var have []string
	var sources []pack.Source
	for _, f := range scene.Files {
		sources = append(sources, pack.Source{Name: f.Name, Path: f.Path, Kind: f.Kind})
		if f.Name != "shot.blend" {
			have = append(have, strings.Replace(f.Name, "_ext"+filepath.ToSlash(filepath.Join(root, name)), "ROOT", 1))
		}
		if strings.HasPrefix(f.Path, scene.Workdir) {
			if err := submit.Steady(f.Path); err != nil {
				return err
			}
		}
	}
	if !slices.Equal(have, kinds[name]) {
		t.Errorf("%s: files %q\nwant %q", name, have, kinds[name])
	}
	store := &chunks{held: make(map[chunk.ID][]byte)}
	built, err := pack.Build(ctx, pack.BuildOptions{Sources: sources, Main: scene.Main, TenantKey: seal.TenantKey{1}, Sink: store})
	if err != nil {
		return err
	}
	manifest, err := pack.OpenManifest(built.Manifest, built.JobKey, pack.Limits{})
	if err != nil {
		return err
	}
	return pack.Extract(ctx, pack.ExtractOptions{Manifest: manifest, Dir: filepath.Join(there, name), Fetch: store})
}

// chunks is a store in memory.
type chunks struct {
	mu   sync.Mutex
	held map[chunk.ID][]byte // guarded by mu
}

func (c *chunks) Missing(_ context.Context, refs []pack.ChunkRef) ([]pack.ChunkRef, error) {
	return refs, nil
}

func (c *chunks) Put(_ context.Context, ref pack.ChunkRef, stored []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[ref.ID] = slices.Clone(stored)
	return nil
}

func (c *chunks) Chunk(_ context.Context, id chunk.ID) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.held[id]), nil
}

// pixels renders a frame of each scene in one Blender and returns digests of what came out.
func pixels(t *testing.T, scenes []string) []string {
	t.Helper()
	out := blend(t, nil, append([]string{"--factory-startup", "-t", "1", "--python-exit-code", "3", "--python", "testdata/kinds.py", "--", "render"}, scenes...)...)
	digests := make([]string, len(scenes))
	for i, scene := range scenes {
		found := regexp.MustCompile(`(?m)^PIXELS ` + regexp.QuoteMeta(scene) + ` (\w{64})$`).FindStringSubmatch(out)
		if found == nil {
			t.Fatalf("%s wasn't rendered; Blender said\n%s", scene, out)
		}
		digests[i] = found[1]
	}
	return digests
}
