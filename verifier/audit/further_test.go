package audit

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// put stores further files of a frame.
func (s *stage) put(frame int, files map[string][]byte) (out []proof.Extra) {
	s.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		body := files[name]
		digest := sha256.Sum256(body)
		if err := s.Store.Put(s.t.Context(), fetchtest.FrameKey("a1", frame, name), bytes.NewReader(body), int64(len(body)), digest); err != nil {
			s.t.Fatal(err)
		}
		out = append(out, proof.Extra{Name: name, Digest: digest})
	}
	return out
}

// promise signs the receipt over the commitments.
func (s *stage) promise() {
	s.t.Helper()
	s.receipt = s.receipt.Over(s.commits)
	var err error
	if s.sign, err = s.worker.Sign(s.receipt.Digest(receipt.Domain{ChainID: fetchtest.Money.ChainID, Contract: fetchtest.Money.Escrow})); err != nil {
		s.t.Fatal(err)
	}
}

// mirror is what the fake delivers as a further file.
func mirror(final *raster.Raster) *raster.Raster {
	out := raster.New(final.W, final.H, final.Channels, final.Depth)
	for y := range final.H {
		for x := range final.W {
			for c := range final.Channels {
				out.Set(x, y, c, final.At(final.W-1-x, y, c))
			}
		}
	}
	return out
}

// TestFurtherFiles: the verifier makes a frame's further files too, of whole frames and of joined stills, and holds
// the worker's to them.
func TestFurtherFiles(t *testing.T) {
	type files = map[string][]byte
	final, master := shoot(t, fake.Behaviour{}, nil)
	good, other := encode(t, mirror(final)), encode(t, final)
	for name, c := range map[string]struct {
		worker files
		pass   bool
		says   string
	}{
		"honest":   {files{"a.png": good, "b.png": good}, true, "2 further files follow"},
		"replaced": {files{"a.png": good, "b.png": other}, false, `"b.png" of frame 1 wasn't made from its master`},
		"garbage":  {files{"a.png": []byte("junk"), "b.png": good}, false, `"a.png" of frame 1`},
		"missing":  {files{"b.png": good}, false, `lacks the further file "a.png"`},
		"none":     {nil, false, `lacks the further file`},
		"surplus":  {files{"a.png": good, "b.png": good, "c.png": good}, false, `"c.png" that its master doesn't give`},
	} {
		t.Run("joined, "+name, func(t *testing.T) {
			s := newStage(t, fake.Behaviour{})
			s.renderer, s.further = fake.Behaviour{Extras: []string{"a.png", "b.png"}}, c.worker
			s.Start()
			got := s.begin(s.commitPart(job.TaskAssemble, nil, encode(t, final), encode(t, master)))
			if got.Pass != c.pass || got.Inconclusive || !strings.Contains(got.Reason, c.says) {
				t.Errorf("pass %v, %s", got.Pass, got.Reason)
			}
		})
		t.Run("whole, "+name, func(t *testing.T) {
			s := newStage(t, fake.Behaviour{})
			s.policy.Likeness, s.policy.Ext, s.policy.Extras = proof.LikeSame, ".png", true
			s.renderer = fake.Behaviour{Extras: []string{"a.png", "b.png"}}
			// Frame 2 is honest.
			second := s.frame2(t)
			s.commits[0].Extras, s.commits[1].Extras = s.put(1, c.worker), s.put(2, files{"a.png": second, "b.png": second})
			s.promise()
			s.Start()
			says := strings.Replace(c.says, "2 further", "4 further", 1)
			id := newIdentity(t)
			s.verifier(id, t.TempDir(), s.renderer)
			fetchtest.Expect(s.Manager, wire.TypeVerifierReady, func(r wire.VerifierReady) bool { return r.Free == 1 })
			if answer := s.give(s.offer("v1")); !answer.Taken {
				t.Fatal(answer.Reason)
			}
			if got := s.verdict(id); got.Pass != c.pass || got.Inconclusive || !strings.Contains(got.Reason, says) {
				t.Errorf("pass %v, %s", got.Pass, got.Reason)
			}
		})
	}
}

// frame2 is the further file of the stage's second frame.
func (s *stage) frame2(t *testing.T) []byte {
	t.Helper()
	final, err := raster.DecodePNG(s.Object(fetchtest.FrameKey("a1", 2, "final")), raster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, mirror(final))
}
