package session

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
)

// TestPartOfATask stores one frame of two, with a further file, and seals it as a part.
func TestPartOfATask(t *testing.T) {
	r := fake.New(fake.Behaviour{})
	found, err := warm.Find(t.Context(), []render.Renderer{r})
	if err != nil {
		t.Fatal(err)
	}
	w := t.TempDir()
	if err := os.Mkdir(filepath.Join(w, render.SceneFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w, render.SceneFolder, "a.blend"), []byte("scene"), 0o600); err != nil {
		t.Fatal(err)
	}
	recipe := job.Recipe{Renderer: "fake", Version: fake.Version, Engine: "CYCLES", MainFile: "a.blend", Width: 32, Height: 32, Format: "PNG"}
	s, err := r.Open(t.Context(), render.Options{Workspace: w, Recipe: recipe, Sandbox: render.NoSandbox{}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	frame, err := s.Render(t.Context(), render.Request{Frame: 1, OutDir: w, Master: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	depth := filepath.Join(w, "depth.exr")
	if err := os.WriteFile(depth, []byte("depth"), 0o600); err != nil {
		t.Fatal(err)
	}
	frame.Extras = []render.File{{Path: depth, Name: "depth0001.exr", Size: 5}}
	box, err := outbox.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	offer := wire.LeaseOffer{Lease: "aaaaaaaaaaaaaaaaaaaaaaaaaaa", Task: "t1", Job: "j1", KeyHash: strings.Repeat("07", 32), Recipe: recipe, Frames: []wire.FrameSeed{{Frame: 1}, {Frame: 2}}}
	e, err := box.Begin(outbox.Lease{Offer: offer, Taken: 1000})
	if err != nil {
		t.Fatal(err)
	}
	id, err := identity.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	runner := &Runner{Identity: id, Found: found}
	if err := runner.SealPartial(e); err == nil {
		t.Error("nothing was sealed as a part")
	}
	if err := store(e, offer, found[0].Install, frame); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := runner.SealPartial(e); err != nil {
			t.Fatal(err)
		}
	}
	c, sealed := e.Commit()
	if !sealed || !c.Partial || len(c.Frames) != 1 || len(c.Files) != 3 || c.Receipt.Covers(c.Frames) != nil || c.Receipt.Suits(offer.Recipe) != nil || c.Receipt.Key.String() != offer.KeyHash || c.Receipt.Started != 1000 {
		t.Fatalf("%+v", c)
	}
	if x := c.Frames[0].Extras; len(x) != 1 || x[0].Name != "depth0001.exr" || x[0].Digest.String() != c.Files[2].Digest || c.Files[2].Kind != outbox.Extra {
		t.Errorf("extras %+v, files %+v", x, c.Files)
	}
}
