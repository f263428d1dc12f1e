package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// shoot renders frame 1, or a border of it, with the fake.
func shoot(t *testing.T, b fake.Behaviour, border *job.Border) (final, master *raster.Raster) {
	t.Helper()
	return shootOf(t, recipe(), b, border)
}

// shootOf does that by a recipe, for tiles.
func shootOf(t *testing.T, r job.Recipe, b fake.Behaviour, border *job.Border) (final, master *raster.Raster) {
	t.Helper()
	work := t.TempDir()
	if err := os.MkdirAll(filepath.Join(work, "scene"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "scene", "scene.blend"), []byte(sceneText), 0o600); err != nil {
		t.Fatal(err)
	}
	session, err := fake.New(b).Open(t.Context(), render.Options{Workspace: work, Recipe: r, Tiled: true, Sandbox: render.NoSandbox{}})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	rect := render.Rect{W: r.Width, H: r.Height}
	if border != nil {
		rect = render.Rect(*border)
	}
	f, err := session.Render(t.Context(), render.Request{Frame: 1, Seed: 1, Borders: []render.Rect{rect}, OutDir: work, Master: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f.Tiles[0].Final, f.Tiles[0].Master
}

// commitPart makes the worker's only frame a part of a still and returns the offer of its audit.
func (s *stage) commitPart(kind job.TaskKind, border *job.Border, final, master []byte) wire.AuditOffer {
	s.t.Helper()
	var err error
	c := proof.FrameCommit{Frame: 1, Border: border, Assembled: kind == job.TaskAssemble}
	if border != nil && s.recipe.Denoise {
		c.GuidesRoot = proof.Digest{1}
	}
	if c, _, err = proof.Recommit(c, ".png", final, master); err != nil {
		s.t.Fatal(err)
	}
	c.Extras = s.put(1, s.further)
	s.commits = []proof.FrameCommit{c}
	for kind, body := range map[string][]byte{"final": final, "master": master} {
		if body == nil {
			continue
		}
		key := fetchtest.FrameKey("a1", 1, kind)
		if err := s.Store.Delete(s.t.Context(), key); err != nil {
			s.t.Fatal(err)
		}
		if err := s.Store.Put(s.t.Context(), key, bytes.NewReader(body), int64(len(body)), sha256.Sum256(body)); err != nil {
			s.t.Fatal(err)
		}
	}
	s.promise()
	o := wire.AuditOffer{Audit: "v1", Job: "j1", Recipe: s.recipe, Frames: []wire.FrameSeed{{Frame: 1, Seed: 1}}, Deadline: 1 << 50, Kind: kind, Border: border}
	if border != nil {
		s.policy = s.policy.ForBorder(*border)
	} else {
		s.policy = s.policy.ForAssembly(s.recipe)
		digest := sha256.Sum256(master)
		o.Master = &wire.PartFile{Get: s.Get(fetchtest.FrameKey("a1", 1, "master")), Size: int64(len(master)), Digest: proof.Digest(digest).String()}
	}
	for _, p := range proof.Picks(s.key, s.commits, s.policy) {
		rect, err := proof.TileRect(border.W, border.H, p.Tile)
		if err != nil {
			s.t.Fatal(err)
		}
		o.Tiles = append(o.Tiles, wire.Tile{Frame: 1, Tile: p.Tile, X: border.X + rect.X, Y: border.Y + rect.Y, W: rect.W, H: rect.H})
	}
	return o
}

// begin starts the network and gives the offer to a verifier.
func (s *stage) begin(o wire.AuditOffer) proof.Verdict {
	s.t.Helper()
	id := newIdentity(s.t)
	s.verifier(id, s.t.TempDir(), s.renderer)
	fetchtest.Expect(s.Manager, wire.TypeVerifierReady, func(r wire.VerifierReady) bool { return r.Free == 1 })
	o.Package, o.Manifest, o.JobKey = s.PackageFor(s.Session().Peer().SealKey)
	if answer := s.give(o); !answer.Taken {
		s.t.Fatal(answer.Reason)
	}
	return s.verdict(id)
}

func encode(t *testing.T, img *raster.Raster) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	if img.Depth == raster.U8 {
		err = raster.EncodePNG(&b, img)
	} else {
		err = raster.EncodeEXR(&b, img, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// otherNames are what a hostile worker may call its channels: they decide nothing.
var otherNames = []string{"Other.Combined.R", "Other.Combined.G", "Other.Combined.B", "Other.Combined.A"}

// TestTilesOfAStill: the challenge of a tile lies in its border, and whoever renders another region or fewer
// samples is found.
func TestTilesOfAStill(t *testing.T) {
	border := job.Border{X: 48, Y: 16, W: 48, H: 48}
	for name, c := range map[string]struct {
		worker fake.Behaviour
		where  job.Border
		pass   bool
	}{
		"honest":         {fake.Behaviour{}, border, true},
		"half samples":   {fake.Behaviour{Samples: 4}, border, false},
		"another region": {fake.Behaviour{}, job.Border{W: 48, H: 48}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, fake.Behaviour{})
			s.Start()
			_, master := shoot(t, c.worker, &c.where)
			master.Channels = otherNames
			o := s.commitPart(job.TaskTile, &border, nil, encode(t, master))
			if got := s.begin(o); got.Pass != c.pass || got.Inconclusive {
				t.Errorf("verdict %+v", got.Reason)
			}
		})
	}
}

// TestJoinedStills: the delivered file is held to what the verifier made of the master before it saw it.
func TestJoinedStills(t *testing.T) {
	for name, spoil := range map[string]func(final *raster.Raster){
		"honest": nil,
		"too bright": func(final *raster.Raster) {
			for i, v := range final.Bits {
				final.Bits[i] = byte(min(255, int(v)*5/4))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, fake.Behaviour{})
			s.Start()
			final, master := shoot(t, fake.Behaviour{}, nil)
			if spoil != nil {
				spoil(final)
			}
			master.Channels = otherNames
			got := s.begin(s.commitPart(job.TaskAssemble, nil, encode(t, final), encode(t, master)))
			if got.Pass != (spoil == nil) || got.Inconclusive || len(got.Tiles) != 0 || len(got.Delivered) != 1 {
				t.Errorf("verdict %+v", got)
			}
			if s.asked[0] == proof.SamplesDigest(nil) || s.asked[0] == (proof.Digest{}) {
				t.Error("the verifier was bound to nothing")
			}
		})
	}
}

// denoised makes the stage's recipe one that denoises.
func (s *stage) denoised() {
	s.recipe.Renderer, s.recipe.Denoise = "blender", true
	s.policy = proof.PolicyFor(s.recipe)
	s.receipt.Renderer, s.receipt.Recipe = s.recipe.Renderer, receipt.RecipeHash(s.recipe)
}

// TestFalseGuidesAreFound: a verifier without a denoiser renders a tile's guides as blind as its noise.
func TestFalseGuidesAreFound(t *testing.T) {
	border := job.Border{X: 48, Y: 16, W: 48, H: 48}
	for name, c := range map[string]struct {
		worker fake.Behaviour
		pass   bool
		says   string
	}{
		"honest":       {fake.Behaviour{}, true, "so do the denoiser's guides in"},
		"false guides": {fake.Behaviour{FalseGuides: true}, false, "(guides)"},
		"half samples": {fake.Behaviour{Samples: 4}, false, "(master)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, fake.Behaviour{})
			s.denoised()
			s.Start()
			_, master := shootOf(t, s.recipe, c.worker, &border)
			for i := range master.Channels { // other names, which sort as they did
				master.Channels[i] = "Other" + strings.TrimPrefix(master.Channels[i], "Fake")
			}
			if got := s.begin(s.commitPart(job.TaskTile, &border, nil, encode(t, master))); got.Pass != c.pass || got.Inconclusive || !strings.Contains(got.Reason, c.says) {
				t.Errorf("verdict %+v", got.Reason)
			}
		})
	}
}

// TestJoinedAndDenoised: a denoised still is held to what the verifier makes of the joined master, whether it can
// denoise that or not: both look alike from afar, and another picture looks like neither.
func TestJoinedAndDenoised(t *testing.T) {
	able := fake.Behaviour{Denoisers: []string{render.OpenImageDenoise}}
	for name, c := range map[string]struct {
		verifier fake.Behaviour
		gain     int // of the delivered file, in percent
		pass     bool
	}{
		"denoised here too":       {able, 100, true},
		"without a denoiser":      {fake.Behaviour{}, 100, true},
		"too bright":              {able, 140, false},
		"too bright, no denoiser": {fake.Behaviour{}, 140, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, fake.Behaviour{})
			s.denoised()
			s.renderer = c.verifier
			s.Start()
			_, master := shootOf(t, s.recipe, able, nil)
			final := developed(t, s.recipe, able, master)
			for i, v := range final.Bits {
				final.Bits[i] = byte(min(255, int(v)*c.gain/100))
			}
			got := s.begin(s.commitPart(job.TaskAssemble, nil, encode(t, final), encode(t, master)))
			if got.Pass != c.pass || got.Inconclusive || len(got.Delivered) != 1 {
				t.Errorf("verdict %+v", got)
			}
		})
	}
}

// developed is what whoever joins frame 1 delivers.
func developed(t *testing.T, r job.Recipe, b fake.Behaviour, master *raster.Raster) *raster.Raster {
	t.Helper()
	work := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(work, "scene"), 0o700), os.WriteFile(filepath.Join(work, "scene", "scene.blend"), []byte(sceneText), 0o600)); err != nil {
		t.Fatal(err)
	}
	session, err := fake.New(b).Open(t.Context(), render.Options{Workspace: work, Recipe: r, Tiled: true, Sandbox: render.NoSandbox{}})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	made, err := session.(render.Developer).Develop(t.Context(), render.Develop{Frame: 1, Seed: 1, Master: master, Exact: true, OutDir: work})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(made.File.Path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := raster.DecodePNG(data, raster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestOddOffers: what no honest manager asks for is declined before anything is done.
func TestOddOffers(t *testing.T) {
	r := recipe()
	rect := wire.Tile{Frame: 1, Tile: 0, X: 48, Y: 16, W: 16, H: 16}
	digest := strings.Repeat("0", 64)
	good := func() wire.AuditOffer {
		return wire.AuditOffer{Audit: "v1", Recipe: r, Frames: []wire.FrameSeed{{Frame: 1}}, Tiles: []wire.Tile{rect}, Kind: job.TaskTile, Border: &job.Border{X: 48, Y: 16, W: 48, H: 48}}
	}
	joined := func() wire.AuditOffer {
		return wire.AuditOffer{Audit: "v1", Recipe: r, Frames: []wire.FrameSeed{{Frame: 1}}, Kind: job.TaskAssemble, Master: &wire.PartFile{Size: 1, Digest: digest}}
	}
	for _, o := range []wire.AuditOffer{good(), joined()} {
		if err := checkOffer(o); err != nil {
			t.Errorf("%s: %v", o.Kind, err)
		}
	}
	for name, change := range map[string]func() wire.AuditOffer{
		"a border outside":           func() wire.AuditOffer { o := good(); o.Border.X = 64; return o },
		"a border off the grid":      func() wire.AuditOffer { o := good(); o.Border.X--; return o },
		"a tile outside its border":  func() wire.AuditOffer { o := good(); o.Tiles[0].X, o.Tiles[0].Y = 0, 0; return o },
		"a tile without a border":    func() wire.AuditOffer { o := good(); o.Border = nil; return o },
		"a tile with a master":       func() wire.AuditOffer { o := good(); o.Master = joined().Master; return o },
		"a border of a whole frame":  func() wire.AuditOffer { o := good(); o.Kind = job.TaskRender; return o },
		"a tile without tiles":       func() wire.AuditOffer { o := good(); o.Tiles = nil; return o },
		"a joined still with tiles":  func() wire.AuditOffer { o := joined(); o.Tiles = good().Tiles; return o },
		"two joined stills":          func() wire.AuditOffer { o := joined(); o.Frames = append(o.Frames, wire.FrameSeed{Frame: 2}); return o },
		"a huge master":              func() wire.AuditOffer { o := joined(); o.Master.Size = maxFile + 1; return o },
		"a kind that nobody knows":   func() wire.AuditOffer { o := good(); o.Kind, o.Border = "dream", nil; return o },
		"a joined still of no frame": func() wire.AuditOffer { o := joined(); o.Frames = nil; return o },
	} {
		if checkOffer(change()) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzOffers: an offer is read from a stranger's bytes without harm, and what is taken can be worked on.
func FuzzOffers(f *testing.F) {
	f.Add([]byte(`{"audit":"v1","recipe":{"width":96,"height":64},"frames":[{"frame":1}],"tiles":[{"frame":1,"tile":0,"x":48,"y":16,"w":16,"h":16}],"kind":"tile","border":{"x":48,"y":16,"w":48,"h":48}}`))
	f.Add([]byte(`{"audit":"v1","recipe":{"width":96,"height":64},"frames":[{"frame":1}],"kind":"assemble","master":{"size":1}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var o wire.AuditOffer
		if json.Unmarshal(raw, &o) != nil || checkOffer(o) != nil {
			return
		}
		p := policyOf(o)
		if p.W <= 0 || p.H <= 0 || p.Assembled != (len(o.Tiles) == 0) {
			t.Errorf("%s gives %+v", raw, p)
		}
	})
}
