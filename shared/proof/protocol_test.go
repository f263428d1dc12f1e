package proof_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

// party is one side: a renderer with its own workspace of the same package.
type party struct {
	renderer render.Renderer
	install  render.Install
	scene    string
	threads  int
}

func (p party) open(t *testing.T, rc job.Recipe) (render.Session, string) {
	t.Helper()
	w := t.TempDir()
	if err := os.CopyFS(filepath.Join(w, render.SceneFolder), os.DirFS(p.scene)); err != nil {
		t.Fatal(err)
	}
	s, err := p.renderer.Open(t.Context(), render.Options{Install: p.install, Workspace: w, Recipe: rc, Threads: p.threads, Sandbox: render.NoSandbox{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, w
}

// seedOf is the honest seed of a frame.
func seedOf(frame int) int32 { return proof.Seed([32]byte{1}, "task", frame, 1) }

// cheat changes what the worker renders and delivers.
type cheat struct {
	recipe func(*job.Recipe)
	frame  func(int) int
	seed   func(int) int32
	// pixels may repaint the images before they are committed.
	pixels func(final, master *raster.Raster)
}

// task is a worker's side of one task.
type task struct {
	commits []proof.FrameCommit
	trees   map[int]*proof.Trees
}

func (p party) work(t *testing.T, rc job.Recipe, frames []int, c cheat) task {
	t.Helper()
	if c.recipe != nil {
		c.recipe(&rc)
	}
	s, w := p.open(t, rc)
	out := task{trees: map[int]*proof.Trees{}}
	for _, frame := range frames {
		r := render.Request{Frame: frame, Seed: seedOf(frame), OutDir: w, Master: true}
		if c.frame != nil {
			r.Frame = c.frame(frame)
		}
		if c.seed != nil {
			r.Seed = c.seed(frame)
		}
		f, err := s.Render(t.Context(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		commit, trees, err := proof.Commit(frame, f.Files[0].Path, f.Master)
		if err != nil {
			t.Fatal(err)
		}
		if c.pixels != nil {
			c.pixels(trees.Final, trees.Master)
			var final, master bytes.Buffer
			if err := errors.Join(raster.EncodePNG(&final, trees.Final), raster.EncodeEXR(&master, trees.Master, true)); err != nil {
				t.Fatal(err)
			}
			if commit, trees, err = proof.CommitBytes(frame, ".png", final.Bytes(), master.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
		out.commits = append(out.commits, commit)
		out.trees[frame] = trees
	}
	return out
}

// verify renders the challenge blind and puts the evidence together.
func (p party) verify(t *testing.T, rc job.Recipe, key [32]byte, w task, workerClass string) proof.Evidence {
	t.Helper()
	policy := proof.PolicyFor(rc)
	e := proof.Evidence{
		Key: key, Root: proof.TaskRoot(w.commits), Frames: w.commits,
		WorkerClass: workerClass, VerifierClass: p.install.Class,
	}
	byFrame := map[int][]proof.Pick{}
	for _, pick := range proof.Picks(key, w.commits, policy) {
		byFrame[pick.Frame] = append(byFrame[pick.Frame], pick)
	}
	s, dir := p.open(t, rc)
	for _, c := range w.commits {
		var rects []render.Rect
		for _, pick := range byFrame[c.Frame] {
			r, err := proof.TileRect(c.W, c.H, pick.Tile)
			if err != nil {
				t.Fatal(err)
			}
			rects = append(rects, r)
		}
		f, err := s.Render(t.Context(), render.Request{Frame: c.Frame, Seed: seedOf(c.Frame), Borders: rects, OutDir: dir, Master: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, pick := range byFrame[c.Frame] {
			for _, plane := range proof.Planes(c, policy) {
				img := f.Tiles[i].Master
				if plane == proof.Final {
					img = f.Tiles[i].Final
				}
				sample, err := proof.Sample(c.Frame, c.W, c.H, pick.Tile, plane, img)
				if err != nil {
					t.Fatal(err)
				}
				e.Verifier = append(e.Verifier, sample)
				proven, err := w.trees[c.Frame].Prove(plane, pick.Tile)
				if err != nil {
					t.Fatal(err)
				}
				e.Worker = append(e.Worker, proven)
			}
		}
	}
	return e
}

var testKey = [32]byte{9, 9, 9}

// cheats that every renderer with reproducible sampling must see through.
var cheats = map[string]cheat{
	"half samples":          {recipe: func(r *job.Recipe) { r.Samples /= 2 }},
	"one sample less":       {recipe: func(r *job.Recipe) { r.Samples-- }},
	"neighbouring frame":    {frame: func(f int) int { return f + 1 }},
	"another seed":          {seed: func(f int) int32 { return seedOf(f) + 1 }},
	"another attempt":       {seed: func(f int) int32 { return proof.Seed([32]byte{1}, "task", f, 2) }},
	"delivered image faked": {pixels: func(final, _ *raster.Raster) { repaint(final) }},
	"master faked":          {pixels: func(_, master *raster.Raster) { repaint(master) }},
}

// repaint smooths an image, as a denoiser would.
func repaint(r *raster.Raster) {
	src := &raster.Raster{W: r.W, H: r.H, Channels: r.Channels, Depth: r.Depth, Bits: bytes.Clone(r.Bits)}
	for y := 1; y < r.H-1; y++ {
		for x := 1; x < r.W-1; x++ {
			for c := range min(len(r.Channels), 3) {
				var sum float64
				for j := -1; j <= 1; j++ {
					for i := -1; i <= 1; i++ {
						sum += src.At(x+i, y+j, c)
					}
				}
				r.Set(x, y, c, sum/9)
			}
		}
	}
}

func suite(t *testing.T, worker, verifier party, rc job.Recipe, frames []int, names ...string) {
	judge := func(t *testing.T, c cheat) (proof.Verdict, proof.Evidence) {
		t.Helper()
		e := verifier.verify(t, rc, testKey, worker.work(t, rc, frames, c), worker.install.Class)
		v, err := proof.Judge(e, proof.PolicyFor(rc))
		if err != nil {
			t.Fatal(err)
		}
		t.Log(v.Reason)
		return v, e
	}
	t.Run("honest", func(t *testing.T) {
		v, e := judge(t, cheat{})
		if !v.Pass || v.Inconclusive || v.Textured < proof.MinTextured || !v.SameClass {
			t.Errorf("pass %v, inconclusive %v, textured %d: %s", v.Pass, v.Inconclusive, v.Textured, v.Reason)
		}
		var buf bytes.Buffer
		if err := proof.EncodeEvidence(&buf, e); err != nil {
			t.Fatal(err)
		}
		back, err := proof.DecodeEvidence(&buf)
		if err != nil {
			t.Fatal(err)
		}
		again, err := proof.Judge(back, proof.PolicyFor(rc))
		if err != nil || !reflect.DeepEqual(v, again) {
			t.Errorf("the stored evidence gives another verdict: %v, %v", again.Reason, err)
		}
	})
	for name, c := range cheats {
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if v, _ := judge(t, c); v.Pass || v.Inconclusive {
				t.Errorf("not caught: %s", v.Reason)
			}
		})
	}
}

func fakeParty(t *testing.T, b fake.Behaviour) party {
	t.Helper()
	scene := t.TempDir()
	if err := os.WriteFile(filepath.Join(scene, "scene.blend"), []byte("scene"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := fake.New(b)
	found, err := r.Find(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return party{renderer: r, install: found[0], scene: scene}
}

// fakeRecipe says "blender", because that is what the exact policy is for.
func fakeRecipe() job.Recipe {
	r := rendertest.Recipe(fake.Version)
	r.Width, r.Height = 90, 70
	return r
}

func TestFakeProtocol(t *testing.T) {
	p := fakeParty(t, fake.Behaviour{})
	suite(t, p, p, fakeRecipe(), []int{1, 2, 5})
}

func TestBlenderProtocol(t *testing.T) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	scene := t.TempDir()
	rendertest.BlenderScene(t, found[0].Path, scene, "")
	// Different thread counts, as honest nodes have.
	worker := party{renderer: b, install: found[0], scene: scene, threads: 2}
	verifier := party{renderer: b, install: found[0], scene: scene, threads: 1}
	rc := rendertest.Recipe(found[0].Version)
	rc.ColorMode = "RGB"
	// verifier/attack plays the rest with Blender.
	suite(t, worker, verifier, rc, []int{3, 4}, "one sample less", "delivered image faked", "master faked")
}

// TestBlenderAdaptive has a worker with two threads and a verifier with one, and so many
// samples that adaptive sampling stops early in most pixels.
func TestBlenderAdaptive(t *testing.T) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	scene := t.TempDir()
	rendertest.BlenderScene(t, found[0].Path, scene, "restless")
	worker := party{renderer: b, install: found[0], scene: scene, threads: 2}
	verifier := party{renderer: b, install: found[0], scene: scene, threads: 1}
	rc := rendertest.Recipe(found[0].Version)
	rc.ColorMode, rc.Samples = "RGB", 256
	for name, c := range map[string]struct {
		cheat cheat
		pass  bool
	}{
		"honest":       {cheat{}, true},
		"half samples": {cheats["half samples"], false},
		"another seed": {cheats["another seed"], false},
	} {
		v, err := proof.Judge(verifier.verify(t, rc, testKey, worker.work(t, rc, []int{3}, c.cheat), worker.install.Class), proof.PolicyFor(rc))
		if err != nil {
			t.Fatal(err)
		}
		if v.Pass != c.pass || v.Inconclusive {
			t.Errorf("%s: %s", name, v.Reason)
		}
		for _, f := range v.Tiles {
			if c.pass && (f.Outliers > 0.02 || f.Noise > 0) {
				t.Errorf("honest, but tile %d is off: %+v", f.Tile, f)
			}
		}
		t.Log(name, v.Reason)
	}
}

func TestBlenderPerceptual(t *testing.T) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	scene := t.TempDir()
	rendertest.BlenderScene(t, found[0].Path, scene, "")
	p := party{renderer: b, install: found[0], scene: scene}
	rc := rendertest.Recipe(found[0].Version)
	rc.Engine, rc.Samples = "BLENDER_WORKBENCH", 8
	for _, c := range []struct {
		cheat cheat
		pass  bool
	}{{cheat{}, true}, {cheat{frame: func(f int) int { return f + 4 }}, false}} {
		v, err := proof.Judge(p.verify(t, rc, testKey, p.work(t, rc, []int{3}, c.cheat), "gl"), proof.PolicyFor(rc))
		if err != nil {
			t.Fatal(err)
		}
		if v.Pass != c.pass || !strings.Contains(v.Reason, "perceptually") {
			t.Errorf("pass %v: %s", v.Pass, v.Reason)
		}
	}
}

func TestClasses(t *testing.T) {
	worker, verifier := fakeParty(t, fake.Behaviour{Class: "cpu/a"}), fakeParty(t, fake.Behaviour{Class: "cpu/b"})
	rc := fakeRecipe()
	for _, c := range []struct {
		cheat              cheat
		pass, inconclusive bool
	}{{cheat{}, true, false}, {cheats["half samples"], false, true}} {
		e := verifier.verify(t, rc, testKey, worker.work(t, rc, []int{1}, c.cheat), worker.install.Class)
		v, err := proof.Judge(e, proof.PolicyFor(rc))
		if err != nil {
			t.Fatal(err)
		}
		if v.Pass != c.pass || v.Inconclusive != c.inconclusive || v.SameClass {
			t.Errorf("pass %v, inconclusive %v: %s", v.Pass, v.Inconclusive, v.Reason)
		}
	}
}

// TestTampering changes evidence that is sound and expects it to be refused, or to convict.
func TestTampering(t *testing.T) {
	p := fakeParty(t, fake.Behaviour{})
	rc := fakeRecipe()
	policy := proof.PolicyFor(rc)
	sound := p.verify(t, rc, testKey, p.work(t, rc, []int{1, 2}, cheat{}), p.install.Class)
	data, err := json.Marshal(sound)
	if err != nil {
		t.Fatal(err)
	}
	rehash := func(e *proof.Evidence) { e.Root = proof.TaskRoot(e.Frames) }
	for name, c := range map[string]struct {
		change func(*proof.Evidence)
		fails  bool // a verdict against the worker, instead of an error
	}{
		"another key":      {func(e *proof.Evidence) { e.Key[0]++ }, false},
		"another root":     {func(e *proof.Evidence) { e.Root[0]++ }, false},
		"frame dropped":    {func(e *proof.Evidence) { e.Frames = e.Frames[:1]; rehash(e) }, false},
		"frame twice":      {func(e *proof.Evidence) { e.Frames[1] = e.Frames[0]; rehash(e) }, false},
		"no frames":        {func(e *proof.Evidence) { e.Frames = nil; rehash(e) }, false},
		"tile dropped":     {func(e *proof.Evidence) { e.Worker = e.Worker[1:] }, false},
		"tile added":       {func(e *proof.Evidence) { e.Verifier = append(e.Verifier, e.Verifier[0]) }, false},
		"tiles swapped":    {func(e *proof.Evidence) { e.Verifier[0], e.Verifier[2] = e.Verifier[2], e.Verifier[0] }, false},
		"worker pixel":     {func(e *proof.Evidence) { e.Worker[0].Bits[0] ^= 1 }, false},
		"proof cut":        {func(e *proof.Evidence) { e.Worker[0].Proof = e.Worker[0].Proof[1:] }, false},
		"proof wrong":      {func(e *proof.Evidence) { e.Worker[0].Proof[0][0]++ }, false},
		"bits cut":         {func(e *proof.Evidence) { e.Verifier[0].Bits = e.Verifier[0].Bits[1:] }, false},
		"rect moved":       {func(e *proof.Evidence) { e.Verifier[0].Rect.X += 65536 }, false},
		"channels claimed": {func(e *proof.Evidence) { e.Verifier[0].Channels += 256 }, false},
		"huge frame":       {func(e *proof.Evidence) { e.Frames[0].W = 1 << 40; rehash(e) }, false},
		"no tiles committed": {func(e *proof.Evidence) {
			e.Frames[0].MasterRoot, e.Frames[0].FinalRoot = proof.Digest{}, proof.Digest{}
			rehash(e)
		}, false},
		"no master":          {func(e *proof.Evidence) { e.Frames[0].MasterRoot = proof.Digest{}; rehash(e) }, true},
		"no final tiles":     {func(e *proof.Evidence) { e.Frames[0].FinalRoot = proof.Digest{}; rehash(e) }, true},
		"verifier disagrees": {func(e *proof.Evidence) { clear(e.Verifier[0].Bits) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			var e proof.Evidence
			if err := json.Unmarshal(data, &e); err != nil {
				t.Fatal(err)
			}
			c.change(&e)
			v, err := proof.Judge(e, policy)
			switch {
			case c.fails && (err != nil || v.Pass):
				t.Errorf("verdict %+v, %v", v.Pass, err)
			case !c.fails && !errors.Is(err, proof.ErrEvidence):
				t.Errorf("not refused: %v, %v", v.Reason, err)
			}
		})
	}
	wrong := policy
	wrong.W++
	if v, err := proof.Judge(sound, wrong); err != nil || v.Pass {
		t.Errorf("wrong size: %v, %v", v.Pass, err)
	}
}

// TestActivityLie has a worker call every tile flat, so that weighted picks avoid it.
func TestActivityLie(t *testing.T) {
	p := fakeParty(t, fake.Behaviour{})
	rc := fakeRecipe()
	w := p.work(t, rc, []int{1}, cheat{})
	clear(w.commits[0].Activity)
	v, err := proof.Judge(p.verify(t, rc, testKey, w, p.install.Class), proof.PolicyFor(rc))
	if err != nil || v.Pass || !strings.Contains(v.Reason, "activity") {
		t.Errorf("%v: %s", err, v.Reason)
	}
}
