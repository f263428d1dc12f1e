package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/installers/sim"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack/fetch"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// node is what simulated workers and verifiers share: a real connection, real transfers,
// real packages, and a renderer that needs no program.
type node struct {
	t        *testing.T
	id       *identity.Identity
	conn     *link.Conn
	welcome  wire.Welcome
	transfer *transfer.Client
	renderer *fake.Renderer
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup

	mu   sync.Mutex // guards held
	held []string
}

func newNode(t *testing.T, b fake.Behaviour) *node {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, id: id, renderer: fake.New(b)}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	t.Cleanup(n.stop)
	return n
}

func (n *node) connect(url string, role job.Role, handler link.Handler, ready func() (wire.Type, any)) {
	n.t.Helper()
	var err error
	n.conn, n.transfer, err = sim.Dial(n.ctx, sim.Dialling{
		URL: url, Identity: n.id, Role: role, Handler: handler, Ready: ready,
		Leases: func() []string { n.mu.Lock(); defer n.mu.Unlock(); return slices.Clone(n.held) },
	})
	if err != nil {
		n.t.Fatal(err)
	}
	if n.welcome, err = n.conn.Wait(n.ctx); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) stop() {
	n.cancel()
	if n.conn != nil {
		n.conn.Close()
	}
	n.wg.Wait()
}

func (n *node) hold(id string) {
	n.mu.Lock()
	n.held = append(n.held, id)
	n.mu.Unlock()
}

func (n *node) drop(id string) {
	n.mu.Lock()
	n.held = slices.DeleteFunc(n.held, func(h string) bool { return h == id })
	n.mu.Unlock()
}

func (n *node) domain() receipt.Domain {
	return receipt.Domain{ChainID: n.welcome.Money.ChainID, Contract: n.welcome.Money.Escrow}
}

func (n *node) capabilities() job.Capabilities {
	installs, err := n.renderer.Find(context.Background())
	if err != nil {
		n.t.Fatal(err)
	}
	return job.Capabilities{
		Name: "sim", Device: "CPU", Class: installs[0].Class, Slots: 1, Bench: 1,
		Installs: []job.Install{{Renderer: simRenderer, Version: fake.Version, Engines: []string{"CYCLES"}}},
	}
}

func signed(s wire.Signed) blob.Signed {
	return blob.Signed{Method: s.Method, URL: s.URL, Header: s.Header, Expires: time.Unix(s.Expires, 0)}
}

// session extracts the package and opens the renderer on it.
func (n *node) session(p fetch.Package, sealed []byte, r job.Recipe) (render.Session, string, error) {
	key, err := n.id.OpenJobKey(p.ID, sealed)
	if err != nil {
		return nil, "", err
	}
	p.JobKey = key
	dir, err := os.MkdirTemp("", "sim-*")
	if err != nil {
		return nil, "", err
	}
	n.t.Cleanup(func() { os.RemoveAll(dir) })
	f := fetch.New(fetch.Options{Manager: n.conn, Get: func(ctx context.Context, s wire.Signed, w io.Writer, max int64) error {
		return n.transfer.Get(ctx, signed(s), w, max, nil)
	}})
	if err := f.Fetch(n.ctx, p, filepath.Join(dir, render.SceneFolder), nil); err != nil {
		return nil, "", err
	}
	s, err := n.renderer.Open(n.ctx, render.Options{Workspace: dir, Recipe: r, Sandbox: render.NoSandbox{}})
	return s, dir, err
}

func (n *node) upload(urls wire.BlobURLs, bodies ...[]byte) error {
	for i, b := range bodies {
		if urls.URLs[i].URL == "" {
			continue
		}
		if err := n.transfer.PutBytes(n.ctx, signed(urls.URLs[i]), b); err != nil {
			return err
		}
	}
	return nil
}

func digestOf(b []byte) string { d := sha256.Sum256(b); return hex.EncodeToString(d[:]) }

// worker renders what it is offered. hooks let a test stop it at a point.
type worker struct {
	*node
	committing func(wire.TaskCommit) bool // false: die before the commit is sent
	commits    []wire.TaskCommit          // acknowledged; guarded by mu
	refused    []string                   // leases whose commit came too late; guarded by mu
	revoked    []string                   // leases that it was told to stop; guarded by mu
	offers     int                        // guarded by mu
}

func startWorker(t *testing.T, url string, b fake.Behaviour) *worker {
	w := &worker{node: newNode(t, b)}
	w.start(url)
	return w
}

func (w *worker) start(url string) {
	w.connect(url, job.RoleWorker, w.handle, func() (wire.Type, any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return wire.TypeWorkerReady, wire.WorkerReady{Capabilities: w.capabilities(), Free: max(0, 1-len(w.held)), Leases: slices.Clone(w.held)}
	})
}

func (w *worker) handle(_ context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
	switch m.Type {
	case wire.TypeLeaseOffer:
		var o wire.LeaseOffer
		if err := m.Decode(&o); err != nil {
			return "", nil, err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.offers++
		if len(w.held) > 0 {
			return wire.TypeLeaseAnswer, wire.LeaseAnswer{Reason: "busy"}, nil
		}
		w.held = append(w.held, o.Lease)
		w.wg.Go(func() {
			if err := w.render(o); err != nil && w.ctx.Err() == nil {
				w.t.Logf("worker %s: %v", w.id.Address(), err)
			}
			w.drop(o.Lease)
			if w.ctx.Err() == nil {
				_ = w.conn.Request(w.ctx, wire.TypeWorkerReady, wire.WorkerReady{Capabilities: w.capabilities(), Free: 1}, nil)
			}
		})
		return wire.TypeLeaseAnswer, wire.LeaseAnswer{Taken: true}, nil
	case wire.TypeLeaseRevoke:
		var r wire.LeaseRevoke
		if err := m.Decode(&r); err != nil {
			return "", nil, err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.revoked = append(w.revoked, r.Lease)
	}
	return "", nil, nil
}

func (w *worker) fail(o wire.LeaseOffer, err error) error {
	kind := job.FailWorker
	if errors.Is(err, render.ErrMissingAsset) || errors.Is(err, render.ErrBadScene) {
		kind = job.FailScene
	}
	return errors.Join(err, w.conn.Request(w.ctx, wire.TypeTaskFail, wire.TaskFail{Lease: o.Lease, Kind: kind, Cause: err.Error()}, nil))
}

func (w *worker) render(o wire.LeaseOffer) error {
	session, dir, err := w.session(fetch.Package{ID: o.Package, Lease: o.Lease, Manifest: o.Manifest}, o.JobKey, o.Recipe)
	if err != nil {
		return w.fail(o, err)
	}
	defer session.Close()
	c := wire.TaskCommit{Lease: o.Lease}
	for _, f := range o.Frames {
		if err := w.conn.Send(wire.TypeTaskProgress, wire.TaskProgress{Lease: o.Lease, Phase: "render", Frame: f.Frame, Fraction: 0.5}); err != nil && w.ctx.Err() != nil {
			return err
		}
		got, err := session.Render(w.ctx, render.Request{Frame: f.Frame, Seed: f.Seed, OutDir: dir, Master: true}, nil)
		if err != nil {
			return w.fail(o, err)
		}
		final, err := os.ReadFile(got.Files[0].Path)
		if err != nil {
			return err
		}
		master, err := os.ReadFile(got.Master)
		if err != nil {
			return err
		}
		commit, _, err := proof.CommitBytes(f.Frame, ".png", final, master)
		if err != nil {
			return err
		}
		files := []wire.UploadFile{
			{Frame: f.Frame, Kind: "final", Ext: ".png", Size: int64(len(final)), Digest: digestOf(final)},
			{Frame: f.Frame, Kind: "master", Ext: ".exr", Size: int64(len(master)), Digest: digestOf(master)},
		}
		var urls wire.BlobURLs
		if err := w.conn.Request(w.ctx, wire.TypeTaskUpload, wire.TaskUpload{Lease: o.Lease, Files: files}, &urls); err != nil {
			return err
		}
		if err := w.upload(urls, final, master); err != nil {
			return err
		}
		c.Frames, c.Files = append(c.Frames, commit), append(c.Files, files...)
		c.Stats = append(c.Stats, wire.FrameStats{Frame: f.Frame, Seconds: 1})
	}
	c.Receipt = receipt.Receipt{
		Attempt: o.Lease, Task: o.Task, Job: o.Job, Worker: w.id.Address(), Class: w.capabilities().Class, Renderer: o.Recipe.Renderer, Version: o.Recipe.Version,
		Recipe: receipt.RecipeHash(o.Recipe), Started: 1, Finished: 2,
	}.Over(c.Frames)
	if err := c.Receipt.Key.UnmarshalText([]byte(o.KeyHash)); err != nil {
		return err
	}
	if c.Signature, err = w.id.Sign(c.Receipt.Digest(w.domain())); err != nil {
		return err
	}
	if w.committing != nil && !w.committing(c) {
		return errors.New("told to die before the commit")
	}
	var done wire.TaskCommitted
	if err := w.conn.Request(w.ctx, wire.TypeTaskCommit, c, &done); err != nil {
		if e := (*wire.Error)(nil); errors.As(err, &e) && e.Code == wire.CodeConflict {
			w.mu.Lock()
			w.refused = append(w.refused, c.Lease)
			w.mu.Unlock()
		}
		return fmt.Errorf("commit: %w", err)
	}
	key, err := hex.DecodeString(done.Key)
	if err != nil || len(key) != 32 || proof.KeyHash([32]byte(key)).String() != o.KeyHash {
		w.t.Errorf("the revealed key %q doesn't have the published hash", done.Key)
	}
	w.mu.Lock()
	w.commits = append(w.commits, c)
	w.mu.Unlock()
	return nil
}

// verifier checks what it is offered.
type verifier struct {
	*node
	lie  bool // pass everything
	slow chan struct{}
}

func startVerifier(t *testing.T, url string, b fake.Behaviour) *verifier {
	v := &verifier{node: newNode(t, b)}
	v.start(url)
	return v
}

func (v *verifier) start(url string) {
	v.connect(url, job.RoleVerifier, v.handle, func() (wire.Type, any) {
		return wire.TypeVerifierReady, wire.VerifierReady{Capabilities: v.capabilities(), Free: 1}
	})
}

func (v *verifier) handle(_ context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
	if m.Type != wire.TypeAuditOffer {
		return "", nil, nil
	}
	var o wire.AuditOffer
	if err := m.Decode(&o); err != nil {
		return "", nil, err
	}
	v.hold(o.Audit)
	v.wg.Go(func() {
		if err := v.audit(o); err != nil && v.ctx.Err() == nil {
			v.t.Logf("verifier %s: %v", v.id.Address(), err)
		}
		v.drop(o.Audit)
		if v.ctx.Err() == nil {
			_ = v.conn.Request(v.ctx, wire.TypeVerifierReady, wire.VerifierReady{Capabilities: v.capabilities(), Free: 1}, nil)
		}
	})
	return wire.TypeLeaseAnswer, wire.LeaseAnswer{Taken: true}, nil
}

func (v *verifier) audit(o wire.AuditOffer) error {
	session, dir, err := v.session(fetch.Package{ID: o.Package, Audit: o.Audit, Manifest: o.Manifest}, o.JobKey, o.Recipe)
	if err != nil {
		return err
	}
	defer session.Close()
	seeds := make(map[int]int32)
	for _, f := range o.Frames {
		seeds[f.Frame] = f.Seed
	}
	var samples []proof.TileSample
	for _, tile := range o.Tiles {
		got, err := session.Render(v.ctx, render.Request{Frame: tile.Frame, Seed: seeds[tile.Frame], Borders: []render.Rect{{X: tile.X, Y: tile.Y, W: tile.W, H: tile.H}}, OutDir: dir, Master: true}, nil)
		if err != nil {
			return err
		}
		master, err := proof.Sample(tile.Frame, o.Recipe.Width, o.Recipe.Height, tile.Tile, proof.Master, got.Tiles[0].Master)
		if err != nil {
			return err
		}
		final, err := proof.Sample(tile.Frame, o.Recipe.Width, o.Recipe.Height, tile.Tile, proof.Final, got.Tiles[0].Final)
		if err != nil {
			return err
		}
		samples = append(samples, master, final)
	}
	if v.slow != nil {
		select {
		case <-v.slow:
		case <-v.ctx.Done():
			return v.ctx.Err()
		}
	}
	var r wire.AuditReveal
	if err := v.conn.Request(v.ctx, wire.TypeAuditCommit, wire.AuditCommit{Audit: o.Audit, Samples: proof.SamplesDigest(samples)}, &r); err != nil {
		return err
	}
	e := proof.Evidence{Root: r.Receipt.Root, Frames: r.Commits, Verifier: samples, WorkerClass: r.Class, VerifierClass: v.capabilities().Class}
	if err := e.Key.UnmarshalText([]byte(r.Key)); err != nil {
		return err
	}
	for i, frame := range r.Frames {
		final, err := v.transfer.GetBytes(v.ctx, signed(r.Finals[i]), 1<<30, nil)
		if err != nil {
			return err
		}
		master, err := v.transfer.GetBytes(v.ctx, signed(r.Masters[i]), 1<<30, nil)
		if err != nil {
			return err
		}
		commit, trees, err := proof.CommitBytes(frame, ".png", final, master)
		if err != nil {
			return err
		}
		tiles, err := trees.ProveAll(commit, r.Policies, proof.Picks(e.Key, r.Commits, r.Policies))
		if err != nil {
			return err
		}
		e.Worker = append(e.Worker, tiles...)
	}
	result, err := proof.Judge(e, r.Policies)
	if err != nil {
		return err
	}
	if v.lie {
		result.Pass, result.Inconclusive = true, false
	}
	var b bytes.Buffer
	if err := proof.EncodeEvidence(&b, e); err != nil {
		return err
	}
	var urls wire.BlobURLs
	if err := v.conn.Request(v.ctx, wire.TypeAuditEvidence, wire.AuditEvidence{Audit: o.Audit, Size: int64(b.Len()), Digest: digestOf(b.Bytes())}, &urls); err != nil {
		return err
	}
	if err := v.upload(urls, b.Bytes()); err != nil {
		return err
	}
	verdict := receipt.Verdict{
		Audit: o.Audit, Attempt: r.Attempt, Verifier: v.id.Address(), Pass: result.Pass, Inconclusive: result.Inconclusive, Root: e.Root,
		Evidence: sha256.Sum256(b.Bytes()), Samples: proof.SamplesDigest(samples), Time: 3,
	}
	signature, err := v.id.Sign(verdict.Digest(v.domain()))
	if err != nil {
		return err
	}
	return v.conn.Request(v.ctx, wire.TypeAuditVerdict, wire.AuditVerdict{Audit: o.Audit, Verdict: verdict, Signature: signature, Result: result, Seconds: 1}, nil)
}
