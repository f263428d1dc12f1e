package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

type plainKeys struct{}

func (plainKeys) JobKey(string, []byte) (seal.JobKey, error)             { return seal.JobKey{1}, nil }
func (plainKeys) SealJobKey([]byte, string, seal.JobKey) ([]byte, error) { return []byte{1}, nil }

// party is a connected worker or verifier: it takes whatever it is offered, and the test
// does it when it wants to.
type party struct {
	t       *testing.T
	id      *identity.Identity
	class   string
	version string // of its renderer
	cheat   fake.Behaviour
	mu      sync.Mutex // guards what follows
	leases  []wire.LeaseOffer
	audits  []wire.AuditOffer
	samples map[string][]proof.TileSample
}

func (p *party) ID() string                { return p.id.Address() }
func (p *party) Close(string)              {}
func (p *party) Done() <-chan struct{}     { return nil }
func (p *party) Send(wire.Type, any) error { return nil }
func (p *party) address() string           { return p.id.Address() }
func (p *party) open(r job.Recipe, kind job.TaskKind) (render.Session, string) {
	p.t.Helper()
	dir := p.t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, render.SceneFolder), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, render.SceneFolder, r.MainFile), []byte("a scene"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	s, err := fake.New(p.cheat).Open(context.Background(), render.Options{Workspace: dir, Recipe: r, Tiled: kind != job.TaskRender, Sandbox: render.NoSandbox{}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.Close() })
	return s, dir
}

func (p *party) Request(_ context.Context, _ wire.Type, body, reply any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch o := body.(type) {
	case wire.LeaseOffer:
		p.leases = append(p.leases, o)
	case wire.AuditOffer:
		p.audits = append(p.audits, o)
	}
	*reply.(*wire.LeaseAnswer) = wire.LeaseAnswer{Taken: true}
	return nil
}

// take returns the audits that it was offered since the last time.
func (p *party) take() []wire.AuditOffer {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.audits
	p.audits = nil
	return out
}

// rig is an auditor with everything around it, real but for the sessions and the renderer.
type rig struct {
	further, made map[string][]byte // further files of a joined still, the worker's and what verifiers make
	*Auditor
	t      *testing.T
	db     store.Store
	keeper *lease.Keeper
	nodes  *fleet.Fleet
	mu     sync.Mutex // guards now
	now    time.Time
	stakes map[string]Registration
	orders []Offence
	all    []*party
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) wait(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

const managerAddress = "0x00000000000000000000000000000000000000Ad"

func newRig(t *testing.T) *rig {
	r := &rig{t: t, now: time.Unix(1_700_000_000, 0), stakes: make(map[string]Registration)}
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := dir.Open(dir.Options{Root: filepath.Join(t.TempDir(), "blobs")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.update(func(tx store.Tx) error { // whatever was played, it leaves nothing that can't be
			problems, err := tx.(*rows.Tx).Check()
			for _, p := range problems {
				t.Errorf("the store is left with %s: not %s", p.Rule, p.Subject)
			}
			return err
		})
		db.Close()
		blobs.Close()
	})
	r.db, r.nodes = db, fleet.New(r.clock)
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	hub := notify.New(db, nil, log)
	settler := settle.New(settle.Options{Store: db, Hub: hub, Clock: r.clock, Log: log})
	r.keeper = lease.New(lease.Options{
		Store: db, Fleet: r.nodes, Hub: hub, Settler: settler, Keys: plainKeys{}, Blobs: blobs,
		Length: time.Minute, Grace: time.Minute, Clock: r.clock, Log: log, Committed: func() {}, Freed: func() {},
	})
	r.Auditor = New(Options{
		Store: db, Fleet: r.nodes, Hub: hub, Keeper: r.keeper, Settler: settler, Keys: plainKeys{}, Blobs: blobs, Length: time.Minute, Grace: time.Minute,
		Clock: r.clock, Log: log, Address: managerAddress,
		Registry: func(_ context.Context, node string) (Registration, error) { return r.stakes[node], nil },
		Slash:    func(_ store.Tx, o Offence) error { r.orders = append(r.orders, o); return nil },
	})
	r.chance = func(_ []byte, what, _ string, _ int) bool { return what == "learn-draw" } // all is learnt, honeypots are sent by hand
	return r
}

// job is one in rendering, with tasks of two frames.
func (r *rig) job(frames int) (*store.Job, []*job.Task) {
	r.t.Helper()
	return r.jobOf(frames, func(*job.Recipe) {})
}

// jobOf is one whose recipe was changed.
func (r *rig) jobOf(frames int, change func(*job.Recipe)) (*store.Job, []*job.Task) {
	r.t.Helper()
	j := storetest.Job("0xA", store.NewID("r"), frames)
	j.Quote.Ceiling, j.Recipe.Version = 1000, fake.Version
	change(&j.Recipe)
	var tasks []*job.Task
	r.update(func(tx store.Tx) (err error) {
		tasks, err = storetest.Fill(tx, j)
		return err
	})
	return j, tasks
}

func (r *rig) update(fn func(store.Tx) error) {
	r.t.Helper()
	if err := r.db.Update(context.Background(), fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) join(role job.Role, class string, cheat fake.Behaviour) *party {
	r.t.Helper()
	id, err := identity.New()
	if err != nil {
		r.t.Fatal(err)
	}
	p := &party{t: r.t, id: id, class: class, version: fake.Version, cheat: cheat, samples: make(map[string][]proof.TileSample)}
	r.all = append(r.all, p)
	r.nodes.Ready(announcement(p, role))
	return p
}

func (r *rig) worker(cheat fake.Behaviour) *party { return r.join(job.RoleWorker, "cpu/fake", cheat) }
func (r *rig) verifier(cheat fake.Behaviour) *party {
	return r.join(job.RoleVerifier, "cpu/fake", cheat)
}

// upload keeps a frame's file.
func (r *rig) upload(a *store.Attempt, frame int, kind, ext string, body []byte) wire.UploadFile {
	r.t.Helper()
	return r.uploadNamed(a, frame, kind, "", ext, body)
}

func (r *rig) uploadNamed(a *store.Attempt, frame int, kind, name, ext string, body []byte) wire.UploadFile {
	r.t.Helper()
	digest := sha256.Sum256(body)
	f := wire.UploadFile{Frame: frame, Kind: kind, Name: name, Ext: ext, Size: int64(len(body)), Digest: hex.EncodeToString(digest[:])}
	if err := r.options.Blobs.Put(context.Background(), lease.FrameKey(a.Job, a.ID, f), bytes.NewReader(body), f.Size, digest); err != nil {
		r.t.Fatal(err)
	}
	return f
}

// render has a worker render a task and commit to it. spoil may change a frame's files.
func (r *rig) render(p *party, k *job.Task, spoil func(frame int, final, master []byte) ([]byte, []byte)) *store.Attempt {
	r.t.Helper()
	ctx := context.Background()
	if taken, err := r.keeper.Offer(ctx, k.ID, p.address()); err != nil || !taken {
		r.t.Fatalf("offer: %v, %v", taken, err)
	}
	o := p.leases[len(p.leases)-1]
	session, dir := p.open(o.Recipe, o.Kind)
	c := wire.TaskCommit{Lease: o.Lease}
	a := r.attempt(o.Lease)
	for _, f := range o.Frames {
		final, master := r.images(session, dir, o, f)
		if spoil != nil {
			final, master = spoil(f.Frame, final, master)
		}
		want := proof.FrameCommit{Frame: f.Frame, Border: o.Border, Assembled: o.Kind == job.TaskAssemble}
		if o.Kind == job.TaskTile && o.Recipe.Denoise {
			want.GuidesRoot = proof.Digest{1}
		}
		commit, _, err := proof.Recommit(want, ".png", final, master)
		if err != nil {
			r.t.Fatal(err)
		}
		if o.Kind == job.TaskAssemble {
			for _, name := range slices.Sorted(maps.Keys(r.further)) {
				x := r.uploadNamed(a, f.Frame, lease.KindExtra, name, filepath.Ext(name), r.further[name])
				commit.Extras, c.Files = append(commit.Extras, proof.Extra{Name: name, Digest: sha256.Sum256(r.further[name])}), append(c.Files, x)
			}
		}
		c.Frames = append(c.Frames, commit)
		if final != nil {
			c.Files = append(c.Files, r.upload(a, f.Frame, lease.KindFinal, ".png", final))
		}
		c.Files = append(c.Files, r.upload(a, f.Frame, lease.KindMaster, ".exr", master))
	}
	c.Receipt = receipt.Receipt{Attempt: o.Lease, Task: o.Task, Job: o.Job, Worker: p.address(), Class: p.class, Renderer: o.Recipe.Renderer, Version: p.version, Recipe: receipt.RecipeHash(o.Recipe), Started: 1, Finished: 2}.Over(c.Frames)
	err := c.Receipt.Key.UnmarshalText([]byte(o.KeyHash))
	if err != nil {
		r.t.Fatal(err)
	}
	if c.Signature, err = p.id.Sign(c.Receipt.Digest(r.options.Settler.Domain())); err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.keeper.Commit(ctx, p.address(), c); err != nil {
		r.t.Fatal(err)
	}
	return r.attempt(o.Lease)
}

// images makes what a lease asks for, of one frame; a tile has no final.
func (r *rig) images(session render.Session, dir string, o wire.LeaseOffer, f wire.FrameSeed) (final, master []byte) {
	r.t.Helper()
	ctx := context.Background()
	switch o.Kind {
	case job.TaskTile:
		got, err := session.Render(ctx, render.Request{Frame: f.Frame, Seed: f.Seed, Borders: []render.Rect{render.Rect(*o.Border)}, OutDir: dir, Master: true}, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		return nil, r.exr(got.Tiles[0].Master)
	case job.TaskAssemble:
		var whole *raster.Raster
		for _, p := range r.parts(o.Job, f.Frame) {
			raw, err := r.Auditor.read(ctx, p.Key)
			if err != nil {
				r.t.Fatal(err)
			}
			part, err := raster.DecodeEXR(raw, raster.Limits{})
			if err != nil {
				r.t.Fatal(err)
			}
			if whole == nil {
				whole = raster.New(o.Recipe.Width, o.Recipe.Height, part.Channels, raster.F16)
			}
			for y := range part.H {
				for x := range part.W {
					for c := range whole.Channels {
						whole.Set(p.Border.X+x, p.Border.Y+y, c, part.At(x, y, c))
					}
				}
			}
		}
		return r.develop(session, dir, f, whole, false), r.exr(whole)
	}
	got, err := session.Render(ctx, render.Request{Frame: f.Frame, Seed: f.Seed, OutDir: dir, Master: true}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.read(got.Files[0].Path), r.read(got.Master)
}

func (r *rig) exr(img *raster.Raster) []byte {
	r.t.Helper()
	var b bytes.Buffer
	if err := raster.EncodeEXR(&b, img, true); err != nil {
		r.t.Fatal(err)
	}
	return b.Bytes()
}

func (r *rig) develop(session render.Session, dir string, f wire.FrameSeed, master *raster.Raster, rough bool) []byte {
	r.t.Helper()
	made, err := session.(render.Developer).Develop(context.Background(), render.Develop{Frame: f.Frame, Seed: f.Seed, Master: master, OutDir: dir, Exact: true, Rough: rough})
	if err != nil {
		r.t.Fatal(err)
	}
	return r.read(made.File.Path)
}

func (r *rig) parts(jobID string, frame int) (list []lease.Part) {
	r.t.Helper()
	r.update(func(tx store.Tx) (err error) { list, err = lease.Parts(tx, jobID, frame); return err })
	return list
}

func (r *rig) read(path string) []byte {
	r.t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	return raw
}

func (r *rig) attempt(id string) (a *store.Attempt) {
	r.t.Helper()
	r.update(func(tx store.Tx) (err error) { a, err = tx.Attempt(id); return err })
	return a
}

func (r *rig) node(address string) (n *store.Node) {
	r.t.Helper()
	r.update(func(tx store.Tx) (err error) { n, err = tx.Node(address); return err })
	return n
}

func (r *rig) frames(jobID string) (list []*job.Frame) {
	r.t.Helper()
	r.update(func(tx store.Tx) (err error) { list, err = tx.Frames(jobID); return err })
	return list
}

func (r *rig) audits(attempt string) (list []*store.Audit) {
	r.t.Helper()
	r.update(func(tx store.Tx) (err error) { list, err = tx.Audits(attempt); return err })
	return list
}

func (r *rig) events(jobID string) (list []wire.Event) {
	r.t.Helper()
	r.update(func(tx store.Tx) (err error) { list, err = tx.Events(jobID, 200); return err })
	return list
}

func (r *rig) state(jobID string) (j *store.Job) {
	r.t.Helper()
	r.update(func(tx store.Tx) (err error) { j, err = tx.Job(jobID); return err })
	return j
}

func (r *rig) did(jobID, what string) bool {
	for _, e := range r.events(jobID) {
		if e.What == what {
			return true
		}
	}
	return false
}

// pass gives out what waits and waits until it is given.
func (r *rig) pass() {
	r.t.Helper()
	if err := r.Dispatch(context.Background()); err != nil {
		r.t.Fatal(err)
	}
	r.wg.Wait()
}

// run gives out and judges until nothing waits any more.
func (r *rig) run() {
	r.t.Helper()
	for range 100 {
		r.pass()
		work := false
		for _, p := range r.all {
			for _, o := range p.take() {
				work = true
				r.judge(p, o, nil)
			}
		}
		if !work {
			r.pass()
			idle := true
			for _, p := range r.all {
				p.mu.Lock()
				idle = idle && len(p.audits) == 0
				p.mu.Unlock()
			}
			if idle {
				return
			}
		}
	}
	r.t.Fatal("the audits never end")
}

func announcement(p *party, role job.Role) fleet.Announcement {
	return fleet.Announcement{Role: role, Address: p.address(), Session: p, Free: 64, Capabilities: job.Capabilities{
		Slots: 64, Device: "CPU", Class: p.class, Installs: []job.Install{{Renderer: "blender", Version: p.version, Engines: []string{"CYCLES"}, Denoisers: p.cheat.Denoisers}}}}
}
