package slash

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

var domain = receipt.Domain{ChainID: 1337, Contract: "0x00000000000000000000000000000000000000aA"}

func newIdentity(t *testing.T) *identity.Identity {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// picture is what an honest node with a seed renders.
func picture(t *testing.T, seed uint64) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	img := raster.New(64, 64, []string{"R", "G", "B", "A"}, raster.F16)
	for i := range 64 * 64 {
		for c := range 3 {
			img.Set(i%64, i/64, c, 0.4+0.04*r.NormFloat64())
		}
		img.Set(i%64, i/64, 3, 1)
	}
	var b bytes.Buffer
	if err := raster.EncodeEXR(&b, img, true); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// build makes a case with so many verifiers on a worker that used a seed; honest ones use 1.
func build(t *testing.T, seed uint64, verifiers int) Case {
	t.Helper()
	worker := newIdentity(t)
	c := Case{
		Version: CaseVersion, ChainID: domain.ChainID, Contract: domain.Contract, Key: proof.Digest{7},
		Recipe: job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", MainFile: "a", Width: 64, Height: 64, Samples: 8, Device: "CPU", Format: "OPEN_EXR", ExrCodec: "ZIP"},
	}
	policy := proof.PolicyFor(c.Recipe)
	data, good := picture(t, seed), picture(t, 1)
	commit, trees, err := proof.CommitBytes(1, ".exr", data, data)
	if err != nil {
		t.Fatal(err)
	}
	_, honest, err := proof.CommitBytes(1, ".exr", good, good)
	if err != nil {
		t.Fatal(err)
	}
	commits := []proof.FrameCommit{commit}
	c.Receipt = receipt.Receipt{Attempt: "a1", Task: "t1", Job: "j1", Worker: worker.Address(), Class: "c", Renderer: "blender", Version: "3.4.1",
		Recipe: receipt.RecipeHash(c.Recipe), Key: proof.KeyHash(c.Key), Started: 1, Finished: 2}.Over(commits)
	if c.Signature, err = worker.Sign(c.Receipt.Digest(domain)); err != nil {
		t.Fatal(err)
	}
	for range verifiers {
		id := newIdentity(t)
		e := proof.Evidence{Key: c.Key, Root: c.Receipt.Root, Frames: commits, WorkerClass: "c", VerifierClass: "c", Policy: policy}
		picks := proof.Picks(e.Key, commits, policy)
		if e.Worker, err = trees.ProveAll(commit, policy, picks); err != nil {
			t.Fatal(err)
		}
		tiles, err := honest.ProveAll(commit, policy, picks)
		if err != nil {
			t.Fatal(err)
		}
		for _, tile := range tiles {
			e.Verifier = append(e.Verifier, tile.TileSample)
		}
		c.Opinions = append(c.Opinions, opinion(t, id, c, e))
	}
	return c
}

func opinion(t *testing.T, id *identity.Identity, c Case, e proof.Evidence) Opinion {
	t.Helper()
	var b bytes.Buffer
	if err := proof.EncodeEvidence(&b, e); err != nil {
		t.Fatal(err)
	}
	result, _ := proof.Judge(e, e.Policy)
	o := Opinion{Evidence: b.Bytes(), Verdict: receipt.Verdict{
		Audit: "v" + id.Address()[2:10], Attempt: c.Receipt.Attempt, Verifier: id.Address(), Pass: result.Pass, Inconclusive: result.Inconclusive,
		Root: c.Receipt.Root, Evidence: sha256.Sum256(b.Bytes()), Samples: proof.SamplesDigest(e.Verifier), Time: 3,
	}}
	var err error
	if o.Signature, err = id.Sign(o.Verdict.Digest(domain)); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestCases(t *testing.T) {
	for _, c := range []struct {
		seed      uint64
		verifiers int
		convicts  bool
	}{{2, 3, true}, {2, 2, false}, {1, 3, false}} {
		var b bytes.Buffer
		if err := Encode(&b, build(t, c.seed, c.verifiers)); err != nil {
			t.Fatal(err)
		}
		back, err := Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Check(back)
		if err != nil || f.Convicts != c.convicts || f.Passes+f.Fails != c.verifiers || (f.Fails > 0) != (c.seed == 2) {
			t.Errorf("seed %d, %d verifiers: %d passes, %d fails, convicts %v, %v", c.seed, c.verifiers, f.Passes, f.Fails, f.Convicts, err)
		}
	}
}

// TestForgedCases changes a sound case in one place each.
func TestForgedCases(t *testing.T) {
	sound := build(t, 2, 3)
	text, err := json.Marshal(sound)
	if err != nil {
		t.Fatal(err)
	}
	liar := newIdentity(t)
	for says, change := range map[string]func(*Case){
		"signed under":            func(c *Case) { c.Key[0]++ },
		"another recipe":          func(c *Case) { c.Recipe.Samples++ },
		"the receipt":             func(c *Case) { c.Signature[3]++ },
		"signed by":               func(c *Case) { c.Receipt.Finished++ },
		"second one":              func(c *Case) { c.Opinions[1] = c.Opinions[0] },
		"verdict 2":               func(c *Case) { c.Opinions[1].Signature[3]++ },
		"another program":         func(c *Case) { c.Receipt.Version = "3.4.2"; resign(t, c) },
		"another file of frame 1": func(c *Case) { c.Receipt.Frames[0][0]++; resign(t, c) },
		"another device class":    func(c *Case) { c.Receipt.Class = "d"; resign(t, c) },
		"what was signed":         func(c *Case) { c.Opinions[2].Evidence = c.Opinions[2].Evidence[1:] },
		"another key":             func(c *Case) { c.Opinions[0].Claim = 1 },
		"gives pass": func(c *Case) {
			o := &c.Opinions[0]
			o.Verdict.Pass, o.Verdict.Verifier = true, liar.Address()
			o.Signature, _ = liar.Sign(o.Verdict.Digest(domain))
		},
		"committed to": func(c *Case) {
			o := &c.Opinions[0]
			o.Verdict.Samples[0]++
			o.Verdict.Verifier = liar.Address()
			o.Signature, _ = liar.Sign(o.Verdict.Digest(domain))
		},
		"policy isn't": func(c *Case) {
			e, err := proof.DecodeEvidence(bytes.NewReader(c.Opinions[0].Evidence))
			if err != nil {
				t.Fatal(err)
			}
			e.Policy.MaxOutliers = 1
			c.Opinions[0] = opinion(t, liar, *c, e)
		},
	} {
		var c Case
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if _, err := Check(c); !errors.Is(err, ErrCase) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
}

// resign lets another worker sign the changed receipt, in its own name.
func resign(t *testing.T, c *Case) {
	t.Helper()
	worker := newIdentity(t)
	c.Receipt.Worker = worker.Address()
	var err error
	if c.Signature, err = worker.Sign(c.Receipt.Digest(domain)); err != nil {
		t.Fatal(err)
	}
}

// A case of before receipts named the key is refused by name.
func TestOldCasesAreRefused(t *testing.T) {
	old := `{"version":1,"receipt":{"attempt":"a1","class":"c"},"opinions":[{}]}`
	if _, err := Decode(strings.NewReader(old)); !errors.Is(err, ErrCase) || !errors.Is(err, receipt.ErrVersion) {
		t.Fatal(err)
	}
}

func TestDecodeBounds(t *testing.T) {
	for _, text := range []string{"", "{}", `{"version":1}`, `{"version":3}`, `{"version":2,"opinions":[]}`, `{"version":2,"opinions":[` + strings.TrimSuffix(strings.Repeat("{},", 17), ",") + `]}`} {
		if _, err := Decode(strings.NewReader(text)); !errors.Is(err, ErrCase) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"opinions":[{"verdict":{},"evidence":"e30="}]}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if c, err := Decode(bytes.NewReader(data)); err == nil {
			_, _ = Check(c)
		}
	})
}

// TestGuidesCantBeLeftOut: a verifier can't pass a tile with false guides by a policy from before they were compared.
func TestGuidesCantBeLeftOut(t *testing.T) {
	r := job.Recipe{Renderer: "blender", Engine: "CYCLES", Width: 64, Height: 64, Format: "PNG", Denoise: true}
	current := proof.PolicyFor(r).ForBorder(job.Border{W: 32, H: 32})
	stored := current
	stored.Version--
	if err := samePolicy(stored, current); err != nil || !current.Guides {
		t.Errorf("an older policy: %v", err)
	}
	if stored.Guides = false; samePolicy(stored, current) == nil {
		t.Error("a policy that leaves the guides out is taken")
	}
}
