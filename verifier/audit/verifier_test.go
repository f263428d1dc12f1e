package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const sceneText = "a scene"

// store is the client behind signed URLs, as workerapp/store is for the real one.
type store struct{ c transfer.Client }

func request(s wire.Signed) blob.Signed {
	return blob.Signed{Method: s.Method, URL: s.URL, Header: s.Header, Expires: time.Unix(s.Expires, 0)}
}

func (s *store) Get(ctx context.Context, signed wire.Signed, w io.Writer, max int64) error {
	return s.c.Get(ctx, request(signed), w, max, nil)
}

func (s *store) PutBytes(ctx context.Context, signed wire.Signed, body []byte) error {
	return s.c.PutBytes(ctx, request(signed), body)
}

func (s *store) Gone(err error) bool { return errors.Is(err, blob.ErrNotFound) }

func recipe() job.Recipe {
	return job.Recipe{Renderer: "fake", Version: fake.Version, Engine: "CYCLES", MainFile: "scene.blend",
		Width: 96, Height: 64, Samples: 8, Device: "CPU", Format: "PNG"}
}

// stage is a network with one attempt of a worker to be checked.
type stage struct {
	*fetchtest.Manager
	t       *testing.T
	recipe  job.Recipe // of the offers, and what the verifier's renderer is called
	worker  *identity.Identity
	key     [32]byte
	commits []proof.FrameCommit
	receipt receipt.Receipt
	sign    []byte
	policy  proof.Policy

	renderer fake.Behaviour    // of the verifier that begin starts
	further  map[string][]byte // of a frame that commitPart makes

	mu     sync.Mutex
	reveal func(wire.AuditReveal) wire.AuditReveal // guarded by mu; changes the answer
	asked  []proof.Digest                          // guarded by mu; commitments that came
}

// newStage lets a worker with a behaviour render frames 1 and 2 and commit.
func newStage(t *testing.T, b fake.Behaviour) *stage {
	t.Helper()
	s := &stage{Manager: fetchtest.New(t), t: t, recipe: recipe(), key: [32]byte{7}, policy: proof.PolicyFor(recipe())}
	// The fake samples reproducibly, so that it is held to the exact comparison.
	s.policy.Method, s.policy.NeedMaster, s.policy.Every = proof.MethodExact, true, 0
	var err error
	if s.worker, err = identity.New(); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "scene.blend"), []byte(sceneText), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Package(folder, "scene.blend")
	work := t.TempDir()
	if err := os.MkdirAll(filepath.Join(work, "scene"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "scene", "scene.blend"), []byte(sceneText), 0o600); err != nil {
		t.Fatal(err)
	}
	session, err := fake.New(b).Open(t.Context(), render.Options{Workspace: work, Recipe: recipe(), Sandbox: render.NoSandbox{}})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for frame := 1; frame <= 2; frame++ {
		f, err := session.Render(t.Context(), render.Request{Frame: frame, Seed: int32(frame), OutDir: work, Master: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		commit, _, err := proof.Commit(frame, f.Files[0].Path, f.Master)
		if err != nil {
			t.Fatal(err)
		}
		s.commits = append(s.commits, commit)
		for kind, path := range map[string]string{"final": f.Files[0].Path, "master": f.Master} {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Store.Put(t.Context(), fetchtest.FrameKey("a1", frame, kind), bytes.NewReader(body), int64(len(body)), sha256.Sum256(body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.receipt = receipt.Receipt{Attempt: "a1", Task: "t1", Job: "j1", Worker: s.worker.Address(), Class: "cpu/fake",
		Renderer: recipe().Renderer, Version: recipe().Version, Recipe: receipt.RecipeHash(recipe()), Key: proof.KeyHash(s.key), Started: 1, Finished: 2}.Over(s.commits)
	if s.sign, err = s.worker.Sign(s.receipt.Digest(receipt.Domain{ChainID: fetchtest.Money.ChainID, Contract: fetchtest.Money.Escrow})); err != nil {
		t.Fatal(err)
	}
	s.Answer = s.answer
	return s
}

func (s *stage) answer(m link.Message) (wire.Type, any, error) {
	if m.Type != wire.TypeAuditCommit {
		return "", nil, nil
	}
	var commit wire.AuditCommit
	if err := m.Decode(&commit); err != nil {
		return "", nil, err
	}
	r := wire.AuditReveal{
		Attempt: "a1", Worker: s.worker.Address(), Class: "cpu/fake", Key: proof.Digest(s.key).String(), AttemptKey: proof.Digest(s.key).String(),
		Receipt: s.receipt, Sign: s.sign, Commits: s.commits, Policies: s.policy,
	}
	for _, c := range s.commits {
		r.Frames = append(r.Frames, c.Frame)
		r.Finals = append(r.Finals, s.Get(fetchtest.FrameKey("a1", c.Frame, "final")))
		r.Masters = append(r.Masters, s.Get(fetchtest.FrameKey("a1", c.Frame, "master")))
		var further []wire.Signed
		for _, x := range c.Extras {
			further = append(further, s.Get(fetchtest.FrameKey("a1", c.Frame, x.Name)))
		}
		r.Extras = append(r.Extras, further)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, commit.Samples)
	if s.reveal != nil {
		r = s.reveal(r)
	}
	return wire.TypeAuditReveal, r, nil
}

// offer is the challenge that the key gives.
func (s *stage) offer(audit string) wire.AuditOffer {
	o := wire.AuditOffer{Audit: audit, Job: "j1", Recipe: s.recipe, Frames: []wire.FrameSeed{{Frame: 1, Seed: 1}, {Frame: 2, Seed: 2}},
		Deadline: time.Now().Add(time.Minute).UnixMilli()}
	o.Package, o.Manifest, o.JobKey = s.PackageFor(s.Session().Peer().SealKey)
	for _, p := range proof.Picks(s.key, s.commits, s.policy) {
		rect, err := proof.TileRect(96, 64, p.Tile)
		if err != nil {
			s.t.Fatal(err)
		}
		o.Tiles = append(o.Tiles, wire.Tile{Frame: p.Frame, Tile: p.Tile, X: rect.X, Y: rect.Y, W: rect.W, H: rect.H})
	}
	return o
}

func (s *stage) give(o wire.AuditOffer) wire.LeaseAnswer {
	s.t.Helper()
	var answer wire.LeaseAnswer
	if err := s.Session().Request(s.t.Context(), wire.TypeAuditOffer, o, &answer); err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// verifier runs until the returned function is called.
func (s *stage) verifier(id *identity.Identity, dir string, b fake.Behaviour) (stop func()) {
	s.t.Helper()
	r := fake.New(b)
	found, err := warm.Find(s.t.Context(), []render.Renderer{r})
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range found {
		found[i].Install.Renderer = s.recipe.Renderer
	}
	pool, err := warm.New(warm.Options{Root: filepath.Join(dir, "scratch"), Sandbox: render.NoSandbox{}})
	if err != nil {
		s.t.Fatal(err)
	}
	bases, err := link.BaseURLs(s.URL())
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := New(Options{
		Manager: s.URL(), Identity: id, Dir: filepath.Join(dir, "audits"), Found: found, Pool: pool,
		Store: &store{transfer.Client{Bases: bases}}, Backoff: func(int) time.Duration { return time.Millisecond },
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				s.t.Errorf("the verifier ended with %v", err)
			}
			if err := pool.Close(); err != nil {
				s.t.Error(err)
			}
			if r.Sessions() != 0 {
				s.t.Errorf("%d renderers are left", r.Sessions())
			}
		})
	}
	s.t.Cleanup(stop)
	return stop
}

func newIdentity(t *testing.T) *identity.Identity {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// verdict waits for the verdict and holds it to its signature and evidence.
func (s *stage) verdict(id *identity.Identity) proof.Verdict {
	s.t.Helper()
	told := fetchtest.Expect[wire.AuditVerdict](s.Manager, wire.TypeAuditVerdict, nil)
	signer, err := identity.Recover(told.Verdict.Digest(receipt.Domain{ChainID: fetchtest.Money.ChainID, Contract: fetchtest.Money.Escrow}), told.Signature)
	if err != nil || signer != id.Address() || told.Verdict.Verifier != signer {
		s.t.Fatalf("signed by %s: %v", signer, err)
	}
	body := s.Object("evidence/" + told.Audit)
	if sha256.Sum256(body) != [32]byte(told.Verdict.Evidence) {
		s.t.Fatal("the evidence isn't what was signed")
	}
	evidence, err := proof.DecodeEvidence(bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	asked := s.asked
	s.mu.Unlock()
	for _, a := range asked {
		if a != proof.Bound(evidence) || a != told.Verdict.Samples {
			s.t.Fatal("the evidence has other pixels than were committed to")
		}
	}
	again, err := proof.Judge(evidence, s.policy)
	if err != nil || again.Pass != told.Verdict.Pass || again.Inconclusive != told.Verdict.Inconclusive {
		s.t.Fatalf("judged again: %+v, %v", again, err)
	}
	return again
}

func TestHonestWorkersPassAndCheatsFail(t *testing.T) {
	for name, c := range map[string]struct {
		worker fake.Behaviour
		pass   bool
	}{
		"honest":       {fake.Behaviour{}, true},
		"half samples": {fake.Behaviour{Samples: 4}, false},
		"other frame":  {fake.Behaviour{FrameShift: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, id := newStage(t, c.worker), newIdentity(t)
			s.Start()
			dir := t.TempDir()
			s.verifier(id, dir, fake.Behaviour{})
			fetchtest.Expect(s.Manager, wire.TypeVerifierReady, func(r wire.VerifierReady) bool { return r.Free == 1 })
			if answer := s.give(s.offer("v1")); !answer.Taken {
				t.Fatal(answer.Reason)
			}
			if got := s.verdict(id); got.Pass != c.pass || got.Inconclusive {
				t.Fatalf("verdict %+v", got)
			}
			fetchtest.Expect(s.Manager, wire.TypeVerifierReady, func(r wire.VerifierReady) bool { return r.Free == 1 && len(r.Audits) == 0 })
			if left, _ := os.ReadDir(filepath.Join(dir, "audits")); len(left) != 0 {
				t.Fatalf("left: %v", left)
			}
		})
	}
}

func TestACrashNeverChangesWhatWasCommitted(t *testing.T) {
	s, id, dir := newStage(t, fake.Behaviour{}), newIdentity(t), t.TempDir()
	held, release := make(chan struct{}), make(chan struct{})
	s.reveal = func(r wire.AuditReveal) wire.AuditReveal {
		if len(s.asked) == 1 {
			close(held) // it is bound now, and dies before it hears so
			<-release
		}
		return r
	}
	s.Start()
	stop := s.verifier(id, dir, fake.Behaviour{})
	fetchtest.Expect[wire.VerifierReady](s.Manager, wire.TypeVerifierReady, nil)
	s.give(s.offer("v1"))
	<-held
	stop()
	close(release)
	left, err := os.ReadFile(filepath.Join(dir, "audits", "v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var state State
	if err := json.Unmarshal(left, &state); err != nil || len(state.Samples) == 0 {
		t.Fatalf("nothing was kept: %v", err)
	}
	// A renderer that gives other pixels now: it isn't asked.
	s.verifier(id, dir, fake.Behaviour{Samples: 2})
	back := fetchtest.Expect[wire.VerifierReady](s.Manager, wire.TypeVerifierReady, nil)
	if len(back.Audits) != 1 || back.Audits[0] != "v1" || back.Free != 0 {
		t.Fatalf("it came back with %+v", back)
	}
	if got := s.verdict(id); !got.Pass {
		t.Fatalf("verdict %+v", got)
	}
}

func TestFaultsAreGivenToWhoseTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		renderer fake.Behaviour
		reveal   func(*stage, wire.AuditReveal) wire.AuditReveal
		fault    string
		cause    string
	}{
		"the renderer fails": {renderer: fake.Behaviour{Fail: map[int]error{1: render.ErrCrashed, 2: render.ErrCrashed}}, fault: faultVerifier, cause: "crashed"},
		"a file is missing": {reveal: func(s *stage, r wire.AuditReveal) wire.AuditReveal {
			r.Masters[1] = s.Get("frame/a1/9-master")
			return r
		}, fault: faultMissing, cause: "frame 2"},
		"a file is another": {reveal: func(_ *stage, r wire.AuditReveal) wire.AuditReveal {
			r.Finals[0], r.Finals[1] = r.Finals[1], r.Finals[0]
			return r
		}, fault: faultMissing, cause: "digest"},
		"another key": {reveal: func(_ *stage, r wire.AuditReveal) wire.AuditReveal {
			r.Key = strings.Repeat("1", 64)
			return r
		}, fault: faultVerifier, cause: "another key than the worker signed under"},
		"a key drawn afterwards": {reveal: func(_ *stage, r wire.AuditReveal) wire.AuditReveal {
			r.Key, r.AttemptKey = strings.Repeat("1", 64), strings.Repeat("1", 64)
			return r
		}, fault: faultVerifier, cause: "isn't the one that the worker signed under"},
		"another worker": {reveal: func(_ *stage, r wire.AuditReveal) wire.AuditReveal {
			r.Worker = "0x0000000000000000000000000000000000000001"
			return r
		}, fault: faultVerifier, cause: "signed by"},
		"another commit": {reveal: func(_ *stage, r wire.AuditReveal) wire.AuditReveal {
			r.Commits = append([]proof.FrameCommit(nil), r.Commits...)
			r.Commits[0].MasterRoot[0] ^= 1
			return r
		}, fault: faultVerifier, cause: "root"},
	} {
		t.Run(name, func(t *testing.T) {
			s, id := newStage(t, fake.Behaviour{}), newIdentity(t)
			if c.reveal != nil {
				s.reveal = func(r wire.AuditReveal) wire.AuditReveal { return c.reveal(s, r) }
			}
			s.Start()
			s.verifier(id, t.TempDir(), c.renderer)
			fetchtest.Expect[wire.VerifierReady](s.Manager, wire.TypeVerifierReady, nil)
			s.give(s.offer("v1"))
			failed := fetchtest.Expect[wire.AuditFail](s.Manager, wire.TypeAuditFail, nil)
			if failed.Fault != c.fault || !strings.Contains(failed.Cause, c.cause) {
				t.Fatalf("got %+v", failed)
			}
		})
	}
}

func TestHostileChallengesAreDeclined(t *testing.T) {
	s := newStage(t, fake.Behaviour{})
	s.Start()
	s.verifier(newIdentity(t), t.TempDir(), fake.Behaviour{})
	fetchtest.Expect[wire.VerifierReady](s.Manager, wire.TypeVerifierReady, nil)
	for name, change := range map[string]func(*wire.AuditOffer){
		"a path as name": func(o *wire.AuditOffer) { o.Audit = "../x" },
		"no tiles":       func(o *wire.AuditOffer) { o.Tiles = nil },
		"a tile outside": func(o *wire.AuditOffer) { o.Tiles[0].Tile = 1000 },
		"a moved tile":   func(o *wire.AuditOffer) { o.Tiles[0].X++ },
		"another frame":  func(o *wire.AuditOffer) { o.Tiles[0].Frame = 9 },
		"a huge image":   func(o *wire.AuditOffer) { o.Recipe.Width = 1 << 30 },
		"another key":    func(o *wire.AuditOffer) { o.JobKey[0] ^= 1 },
		"no renderer":    func(o *wire.AuditOffer) { o.Recipe.Version = "9" },
	} {
		o := s.offer("v1")
		change(&o)
		if answer := s.give(o); answer.Taken || answer.Reason == "" {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

func TestARevokedAuditIsDropped(t *testing.T) {
	s, dir := newStage(t, fake.Behaviour{}), t.TempDir()
	s.Start()
	s.verifier(newIdentity(t), dir, fake.Behaviour{Hang: []int{1}})
	fetchtest.Expect[wire.VerifierReady](s.Manager, wire.TypeVerifierReady, nil)
	s.give(s.offer("v1"))
	if err := s.Session().Send(wire.TypeAuditRevoke, wire.LeaseRevoke{Lease: "v1", Reason: "cancelled"}); err != nil {
		t.Fatal(err)
	}
	// The next one is taken as soon as the slot is free.
	next := s.offer("v2")
	next.Frames, next.Tiles = next.Frames[1:], slices.DeleteFunc(next.Tiles, func(t wire.Tile) bool { return t.Frame == 1 })
	for deadline := time.Now().Add(fetchtest.Wait); !s.give(next).Taken; {
		if time.Now().After(deadline) {
			t.Fatal("the slot stays taken")
		}
	}
	fetchtest.Expect(s.Manager, wire.TypeAuditCommit, func(c wire.AuditCommit) bool { return c.Audit == "v2" })
	if _, err := os.Stat(filepath.Join(dir, "audits", "v1.json")); !os.IsNotExist(err) {
		t.Fatal("the revoked audit is left")
	}
}
