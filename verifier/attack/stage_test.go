package attack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/verifier/audit"
)

// store is the client behind signed URLs, as workerapp/store is for the real verifier.
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

// stage is a network of one scene with the real verifier; the test plays the manager and
// the worker.
type stage struct {
	*fetchtest.Manager
	t     *testing.T
	lab   *Lab
	scene string
	id    *identity.Identity // the verifier's

	mu      sync.Mutex
	reveals map[string]wire.AuditReveal // guarded by mu; by audit
}

func newStage(t *testing.T, l *Lab, scene string) *stage {
	t.Helper()
	s := &stage{Manager: fetchtest.New(t), t: t, lab: l, scene: scene, reveals: map[string]wire.AuditReveal{}}
	var err error
	if s.id, err = identity.New(); err != nil {
		t.Fatal(err)
	}
	folder, err := l.Folder(t.Context(), scene, "")
	if err != nil {
		t.Fatal(err)
	}
	s.Package(folder, l.Recipe(scene).MainFile)
	s.Answer = func(m link.Message) (wire.Type, any, error) {
		if m.Type != wire.TypeAuditCommit {
			return "", nil, nil
		}
		var c wire.AuditCommit
		if err := m.Decode(&c); err != nil {
			return "", nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return wire.TypeAuditReveal, s.reveals[c.Audit], nil
	}
	s.Start()

	pool, err := warm.New(warm.Options{Root: filepath.Join(t.TempDir(), "scratch"), Sandbox: render.NoSandbox{}, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	bases, err := link.BaseURLs(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	v, err := audit.New(audit.Options{
		Manager: s.URL(), Identity: s.id, Dir: filepath.Join(t.TempDir(), "audits"), Pool: pool,
		Found: []warm.Found{{Renderer: l.program, Install: l.Install}}, Store: &store{transfer.Client{Bases: bases}},
		Backoff: func(int) time.Duration { return time.Millisecond }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, pool.Close()); err != nil {
			t.Errorf("the verifier ended with %v", err)
		}
	})
	s.free()
	return s
}

// free waits until the verifier takes another audit.
func (s *stage) free() {
	s.t.Helper()
	fetchtest.Expect(s.Manager, wire.TypeVerifierReady, func(r wire.VerifierReady) bool { return r.Free == 1 && len(r.Audits) == 0 })
}

// play has the worker commit to a task, the manager reveal and challenge, and the verifier
// render blind and judge. change may spoil what the verifier is shown.
func (s *stage) play(name string, task *Task, change func(*wire.AuditReveal)) {
	s.t.Helper()
	t := s.t
	worker, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	rc := s.lab.Recipe(s.scene)
	policy := proof.PolicyFor(rc)
	verification := sha256.Sum256([]byte(name))
	r := wire.AuditReveal{
		Attempt: name, Worker: worker.Address(), Class: s.lab.Install.Class, Key: proof.Digest(verification).String(), AttemptKey: proof.Digest(verification).String(), Commits: task.Commits, Policies: policy,
		Receipt: receipt.Receipt{Attempt: name, Task: "t", Job: "j", Worker: worker.Address(), Class: s.lab.Install.Class,
			Renderer: rc.Renderer, Version: rc.Version, Recipe: receipt.RecipeHash(rc), Key: proof.KeyHash(verification), Started: 1, Finished: 2}.Over(task.Commits),
	}
	if r.Sign, err = worker.Sign(r.Receipt.Digest(receipt.Domain{ChainID: fetchtest.Money.ChainID, Contract: fetchtest.Money.Escrow})); err != nil {
		t.Fatal(err)
	}
	o := wire.AuditOffer{Audit: name, Job: "j", Recipe: rc, Deadline: time.Now().Add(time.Hour).UnixMilli()}
	o.Package, o.Manifest, o.JobKey = s.PackageFor(s.Session().Peer().SealKey)
	for i, frame := range task.Frames {
		var master wire.Signed // none where the engine's recipe needs none
		for kind, body := range map[string][]byte{"final": task.Files[i].Final, "master": task.Files[i].Master} {
			if body == nil {
				continue
			}
			if err := s.Store.Put(t.Context(), fetchtest.FrameKey(name, frame, kind), bytes.NewReader(body), int64(len(body)), sha256.Sum256(body)); err != nil {
				t.Fatal(err)
			}
		}
		r.Frames = append(r.Frames, frame)
		r.Finals = append(r.Finals, s.Get(fetchtest.FrameKey(name, frame, "final")))
		if task.Files[i].Master != nil {
			master = s.Get(fetchtest.FrameKey(name, frame, "master"))
		}
		r.Masters = append(r.Masters, master)
		var further []wire.Signed
		for n, x := range task.Files[i].Further {
			key := fetchtest.FrameKey(name, frame, fmt.Sprintf("further-%d", n))
			if err := s.Store.Put(t.Context(), key, bytes.NewReader(x.Body), int64(len(x.Body)), sha256.Sum256(x.Body)); err != nil {
				t.Fatal(err)
			}
			further = append(further, s.Get(key))
		}
		r.Extras = append(r.Extras, further)
	}
	for _, p := range proof.Picks(verification, task.Commits, policy) {
		if n := len(o.Frames); n == 0 || o.Frames[n-1].Frame != p.Frame {
			o.Frames = append(o.Frames, wire.FrameSeed{Frame: p.Frame, Seed: Seed(p.Frame)})
		}
		rect, err := proof.TileRect(s.lab.Width, s.lab.Height, p.Tile)
		if err != nil {
			t.Fatal(err)
		}
		o.Tiles = append(o.Tiles, wire.Tile{Frame: p.Frame, Tile: p.Tile, X: rect.X, Y: rect.Y, W: rect.W, H: rect.H})
	}
	if change != nil {
		change(&r)
	}
	s.mu.Lock()
	s.reveals[name] = r
	s.mu.Unlock()
	var answer wire.LeaseAnswer
	if err := s.Session().Request(t.Context(), wire.TypeAuditOffer, o, &answer); err != nil {
		t.Fatal(err)
	}
	if !answer.Taken {
		t.Fatalf("the verifier declined: %s", answer.Reason)
	}
}

// verdict waits for the verifier's, and holds it to its evidence.
func (s *stage) verdict() proof.Verdict {
	s.t.Helper()
	told := fetchtest.Expect[wire.AuditVerdict](s.Manager, wire.TypeAuditVerdict, nil)
	body := s.Object("evidence/" + told.Audit)
	if sha256.Sum256(body) != [32]byte(told.Verdict.Evidence) {
		s.t.Fatal("the evidence isn't what was signed")
	}
	e, err := proof.DecodeEvidence(bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	again, err := proof.Judge(e, e.Policy)
	if err != nil || again.Pass != told.Verdict.Pass || again.Inconclusive != told.Verdict.Inconclusive || proof.SamplesDigest(e.Verifier) != told.Verdict.Samples {
		s.t.Fatalf("judged again: %s, %v", again.Reason, err)
	}
	s.free()
	return again
}

func auditName(i int) string { return fmt.Sprintf("a%d", i) }
