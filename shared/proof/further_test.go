package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// furtherCase is a frame whose delivered file is honest, with further files.
type furtherCase struct {
	p       Policy
	sampled bool
	mine    map[string][]byte // the verifier's
	theirs  map[string][]byte // the worker's
	order   []string          // of the worker's; nil sorts them
}

// evidence is what an honest verifier shows.
func (c furtherCase) evidence(t *testing.T) Evidence {
	t.Helper()
	var exr bytes.Buffer
	master := flat(64, 64, 0.5)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 64 * 64 {
		for k := range 3 {
			master.Set(i%64, i/64, k, 0.5+0.05*r.NormFloat64())
		}
	}
	if err := raster.EncodeEXR(&exr, master, true); err != nil {
		t.Fatal(err)
	}
	final := pngOf(t, photo(64, 64, 0.02))
	commit, trees, err := CommitBytes(1, ".png", final, exr.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	names := c.order
	if names == nil {
		for name := range c.theirs {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	for _, name := range names {
		commit.Extras = append(commit.Extras, Extra{Name: name, Digest: sha(c.theirs[name])})
	}
	e := Evidence{Root: TaskRoot([]FrameCommit{commit}), Frames: []FrameCommit{commit}, WorkerClass: "a", VerifierClass: "a", Policy: c.p}
	if e.Worker, err = trees.ProveAll(commit, c.p, Picks(e.Key, e.Frames, c.p)); err != nil {
		t.Fatal(err)
	}
	e.Verifier = e.workerSamples()
	relation, err := Relate(commit, c.p, c.p.Ext, final, final, c.sampled)
	if err != nil {
		t.Fatal(err)
	}
	var made []Made
	for name, data := range c.mine {
		made = append(made, Made{Name: name, Digest: sha(data), Open: func() ([]byte, error) { return data, nil }})
	}
	err = relation.RelateFurther(commit, c.p, false, made, func(at int) ([]byte, string, error) { return c.theirs[commit.Extras[at].Name], "", nil })
	if err != nil {
		t.Fatal(err)
	}
	e.Delivered = []Relation{relation}
	return e
}

func halfEXR(t *testing.T, r *raster.Raster) []byte {
	t.Helper()
	f := raster.New(r.W, r.H, r.Channels, raster.F16)
	for y := range r.H {
		for x := range r.W {
			for c := range r.Channels {
				f.Set(x, y, c, r.At(x, y, c))
			}
		}
	}
	var b bytes.Buffer
	if err := raster.EncodeEXR(&b, f, true); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFurtherFiles judges frames whose master and delivered file are honest.
func TestFurtherFiles(t *testing.T) {
	same := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG", Compositing: true, Width: 64, Height: 64})
	lossy := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "JPEG", Width: 64, Height: 64})
	lossy.Ext = ".png" // the delivered file of furtherCase
	near := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG", Denoise: true, Width: 64, Height: 64})
	if !same.Extras || !lossy.Extras || !near.Extras || same.Eyes || same.ForBorder(job.Border{W: 16, H: 16}).Extras {
		t.Error("a policy doesn't hold further files where it holds the delivered one, or does of a tile")
	}
	if p := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG"}); !p.Extras || !p.Eyes || p.ForBorder(job.Border{W: 16, H: 16}).Eyes {
		t.Errorf("a second eye beside compared tiles isn't held to the master: %+v", p)
	}
	eye := photo(100, 80, 0.02) // a scene chooses its further files' size
	good, other := pngOf(t, eye), pngOf(t, photo(100, 80, 0.3))
	dark := pngOf(t, painted(eye, 60, -0.3))
	depth, flatDepth := halfEXR(t, eye), halfEXR(t, painted(eye, 60, 0.4))
	named := func(r *raster.Raster, channels ...string) []byte {
		other := *r
		other.Channels = channels
		return halfEXR(t, &other)
	}
	matte := named(eye, "Matte.R", "Matte.G", "Matte.B")
	type files = map[string][]byte
	for name, c := range map[string]struct {
		furtherCase
		pass bool
		says string
	}{
		"the same bytes":           {furtherCase{p: same, mine: files{"a.png": good}, theirs: files{"a.png": good}}, true, "1 further files follow"},
		"none":                     {furtherCase{p: same}, true, "follow from their masters"},
		"rounding":                 {furtherCase{p: same, mine: files{"a.png": good}, theirs: files{"a.png": pngOf(t, stepped(eye))}}, true, "1 further files follow"},
		"another picture":          {furtherCase{p: same, mine: files{"a.png": good}, theirs: files{"a.png": other}}, false, `"a.png" of frame 1 wasn't made`},
		"darker, JPEG delivered":   {furtherCase{p: lossy, mine: files{"a.png": good}, theirs: files{"a.png": dark}}, false, "wasn't made"},
		"garbage":                  {furtherCase{p: same, mine: files{"a.png": good}, theirs: files{"a.png": []byte("junk")}}, false, `"a.png"`},
		"empty":                    {furtherCase{p: same, mine: files{"a.png": good}, theirs: files{"a.png": {}}}, false, `"a.png"`},
		"another size":             {furtherCase{p: same, mine: files{"a.png": good}, theirs: files{"a.png": pngOf(t, photo(99, 80, 0.02))}}, false, `"a.png"`},
		"missing":                  {furtherCase{p: same, mine: files{"a.png": good, "b.png": other}, theirs: files{"a.png": good}}, false, `lacks the further file "b.png"`},
		"all missing":              {furtherCase{p: same, mine: files{"a.png": good}}, false, `lacks the further file "a.png"`},
		"surplus":                  {furtherCase{p: same, mine: files{"a.png": good}, theirs: files{"a.png": good, "b.png": good}}, false, `"b.png" that its master doesn't give`},
		"twice":                    {furtherCase{p: same, mine: files{"a.png": good}, theirs: files{"a.png": good}, order: []string{"a.png", "a.png"}}, false, "has it twice"},
		"swapped":                  {furtherCase{p: same, mine: files{"a.png": good, "b.png": other}, theirs: files{"a.png": other, "b.png": good}}, false, `"a.png"`},
		"noise, denoised":          {furtherCase{p: near, mine: files{"a.png": good}, theirs: files{"a.png": pngOf(t, photo(100, 80, 0))}}, true, "1 further files follow"},
		"edges, denoised":          {furtherCase{p: near, mine: files{"a.png": good}, theirs: files{"a.png": pngOf(t, painted(eye, 60, -0.1))}}, true, "amplified what denoising leaves"},
		"darker, denoised":         {furtherCase{p: near, mine: files{"a.png": good}, theirs: files{"a.png": dark}}, false, "wasn't made"},
		"a format that isn't read": {furtherCase{p: same, mine: files{"a.dpx": good}, theirs: files{"a.dpx": other}}, true, `wasn't compared: "a.dpx" of frame 1: nothing here reads`},
		"that one, the same":       {furtherCase{p: same, mine: files{"a.dpx": good}, theirs: files{"a.dpx": good}}, true, "1 further files follow"},
		"a matte of Blender 4":     {furtherCase{p: same, mine: files{"a.exr": matte}, theirs: files{"a.exr": named(eye, "Matte.r", "Matte.g", "Matte.b")}}, true, "1 further files follow"},
		"other channels":           {furtherCase{p: same, mine: files{"a.exr": matte}, theirs: files{"a.exr": named(eye, "Matte.X", "Matte.Y", "Matte.Z")}}, false, `"a.exr"`},
		"half floats":              {furtherCase{p: same, mine: files{"a.exr": depth}, theirs: files{"a.exr": flatDepth}}, false, "wasn't made"},
		"sampled, a picture":       {furtherCase{p: same, sampled: true, mine: files{"a.png": good}, theirs: files{"a.png": dark}}, true, "may hold a pass"},
		"sampled, data":            {furtherCase{p: same, sampled: true, mine: files{"a.exr": depth}, theirs: files{"a.exr": flatDepth}}, true, "may hold a pass"},
		"sampled, missing":         {furtherCase{p: same, sampled: true, mine: files{"a.png": good}}, false, "lacks the further file"},
		"sampled, alike":           {furtherCase{p: same, sampled: true, mine: files{"a.png": good}, theirs: files{"a.png": pngOf(t, photo(100, 80, 0))}}, true, "1 further files follow"},
		"sampled, no data at all":  {furtherCase{p: same, sampled: true, mine: files{"a.exr": depth}, theirs: files{"a.exr": good}}, false, `"a.exr"`},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(c.evidence(t)) // as anybody reads it
			if err != nil {
				t.Fatal(err)
			}
			e, err := DecodeEvidence(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			v, err := Judge(e, c.p)
			if err != nil || v.Pass != c.pass || v.Inconclusive || !strings.Contains(v.Reason, c.says) {
				t.Fatalf("pass %v, %s, %v", v.Pass, v.Reason, err)
			}
			if c.pass && slices.ContainsFunc(e.Delivered[0].Extras, func(f Further) bool { return f.FinalBytes != nil }) {
				t.Error("good files are kept")
			}
			for _, f := range v.Delivered[0].Extras {
				if f.FinalBytes != nil || f.DevelopedBytes != nil {
					t.Error("the verdict holds files")
				}
			}
		})
	}
}

// TestFurtherEvidence holds a verifier to what it says of further files.
func TestFurtherEvidence(t *testing.T) {
	p := PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG", Compositing: true, Width: 64, Height: 64})
	good, other := pngOf(t, photo(64, 64, 0.02)), pngOf(t, photo(64, 64, 0.3))
	build := func() Evidence {
		return furtherCase{p: p, mine: map[string][]byte{"a.png": good, "b.png": good}, theirs: map[string][]byte{"a.png": good, "b.png": other}}.evidence(t)
	}
	if v, err := Judge(build(), p); err != nil || v.Pass {
		t.Fatalf("%s, %v", v.Reason, err)
	}
	for name, change := range map[string]func([]Further) []Further{
		"says nothing":   func([]Further) []Further { return nil },
		"leaves one out": func(x []Further) []Further { return x[:1] },
		"another order":  func(x []Further) []Further { x[0], x[1] = x[1], x[0]; return x },
		"another digest": func(x []Further) []Further { x[0].File[0]++; return x },
		"another name":   func(x []Further) []Further { x[0].Name = "c.png"; return x },
		"bad, no files":  func(x []Further) []Further { x[1].FinalBytes = nil; return x },
		"other bytes":    func(x []Further) []Further { x[1].FinalBytes = good; return x },
		"its own broken": func(x []Further) []Further {
			x[1].DevelopedBytes, x[1].Developed = []byte("x"), sha([]byte("x"))
			return x
		},
		"misses a known":  func(x []Further) []Further { return append(x, Further{Name: "a.png", Developed: Digest{1}}) },
		"misses one else": func(x []Further) []Further { return append(x, Further{Name: "../c", Developed: Digest{1}}) },
		"misses nothing":  func(x []Further) []Further { return append(x, Further{Name: "c.png"}) },
	} {
		e := build()
		e.Delivered[0].Extras = change(e.Delivered[0].Extras)
		if v, err := Judge(e, p); !errors.Is(err, ErrEvidence) {
			t.Errorf("%s: %s, %v", name, v.Reason, err)
		}
	}
	// A lie about equal files, or about good ones, is measured away.
	e := build()
	e.Delivered[0].Extras[0].Figure = allBad
	e.Delivered[0].Extras[1].Unread = "not looked at"
	if v, err := Judge(e, p); err != nil || !v.Pass || !strings.Contains(v.Reason, "not looked at") {
		t.Errorf("%s, %v", v.Reason, err)
	}
	near := pngOf(t, stepped(photo(64, 64, 0.02)))
	e = furtherCase{p: p, mine: map[string][]byte{"a.png": good}, theirs: map[string][]byte{"a.png": near}}.evidence(t)
	x := &e.Delivered[0].Extras[0]
	x.Figure, x.FinalBytes, x.DevelopedBytes = allBad, near, good
	if v, err := Judge(e, p); err != nil || !v.Pass {
		t.Errorf("%s, %v", v.Reason, err)
	}
	// Evidence of before the policy held further files is judged as it was.
	old := p
	old.Extras = false
	e = build()
	if _, err := Judge(e, old); !errors.Is(err, ErrEvidence) {
		t.Error(err)
	}
	e.Delivered[0].Extras = nil
	if v, err := Judge(e, old); err != nil || !v.Pass {
		t.Errorf("%s, %v", v.Reason, err)
	}
}
