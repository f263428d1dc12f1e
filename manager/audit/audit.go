// Package audit has every committed attempt checked: by a verifier, or, where the worker's
// trust and an unpredictable draw exempt it, by the manager's own look at the files. It derives the challenge, gives it to
// a verifier that has nothing to do with the worker, reveals the worker's side only after the
// verifier is bound to its own pixels, recomputes the verdict from the evidence, and then
// delivers the frames or sends their task back to the queue. It keeps what the network learns of workers and
// verifiers, runs quorums and bad-result claims, and assembles the case against whom a quorum
// convicts. TRUST.md has the rules and the argument for each.
//
// It is not the place for comparing pixels (shared/proof) or for paying (manager/settle).
//
// Receives: committed attempts from manager/lease, verdicts from verifiers, claims of artists.
// Hands on: delivered frames to the artist, ledger entries and slashes to manager/settle, rejected tasks to manager/lease.
package audit

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	offerWait = 10 * time.Second
	// maxDropped is how many verifiers may fail on one attempt before it is rendered again.
	maxDropped = 6
	// pursuePause is the wait after a case couldn't be kept.
	pursuePause = time.Minute
	// maxRemembered bounds the silent verifiers, and the jobs with canaries, that are remembered.
	maxRemembered = 4096
)

// Options configure an Auditor.
type Options struct {
	Store   store.Store
	Fleet   *fleet.Fleet
	Hub     *notify.Hub
	Keeper  *lease.Keeper
	Settler *settle.Settler
	Keys    lease.Keys
	Blobs   blob.Store
	Length  time.Duration // in which a verifier has to show a sign of life
	Grace   time.Duration // in which nodes can come back after a start
	Clock   func() time.Time
	Log     *slog.Logger
	Manager string // names this manager among those that share the database; "" when it is alone

	// Address is the manager's own. It stands where a verifier's would on frames that trust lets
	// through; without it everything is checked.
	Address string
	// Registry looks a node up on the chain; nil where nothing is staked.
	Registry func(ctx context.Context, node string) (Registration, error)
	// Slash has a quorum's conviction punished once the transaction is durable; nil where nothing
	// is staked.
	Slash func(tx store.Tx, o Offence) error
}

// Auditor is safe for concurrent use. Run has to run.
type Auditor struct {
	options Options
	wake    chan struct{}
	wg      sync.WaitGroup
	looks   chan struct{} // one for each look of the manager itself
	gallery *gallery
	// accounts are of evidence.
	accounts *lease.Accounts

	mu       sync.Mutex // guards what follows
	held     map[string]*hold
	offering map[string]bool
	paces    paces
	seen     map[string]string       // audits that the manager has looked into itself, and what made it doubt
	nodes    map[string]acquaintance // what is known of nodes, for a short while
	due      map[string]bool         // verifiers that owe a honeypot, see probe.go
	tried    map[string]bool         // those of them that no known attempt suited
	known    []sample                // attempts whose answer is known, the newest last
	wanted   []canary
	silent   map[string]time.Time // verifiers, see silence
	canaries map[string]int       // by job and class
	window   int                  // waiting audits that a pass looks at
	examined map[string]string    // waiting audits that a pass has looked at, and their jobs
	several  bool                 // audits of several jobs wait, or many: turns decides
	queue    queue                // see turns
	served   map[string]uint64    // by owner: the turn in which one of its audits was given last
	turn     uint64
	secret   []byte                                              // of the draws, see knownSecret
	chance   func(secret []byte, what, audit string, n int) bool // probeDraw
}

type hold struct {
	verifier string
	owner    string // of the job; "" where another process or manager gave it
	deadline time.Time
	created  time.Time
	// about is the audit as this manager's last transaction on it left it, with what it is about; nil where another
	// process or manager gave it. What a transaction finds counts.
	about *subject
}

// New makes an auditor. Adopt loads what an earlier process left.
func New(o Options) *Auditor {
	return &Auditor{options: o, wake: make(chan struct{}, 1), held: make(map[string]*hold), offering: make(map[string]bool),
		seen: make(map[string]string), nodes: make(map[string]acquaintance), due: make(map[string]bool), tried: make(map[string]bool), silent: make(map[string]time.Time), canaries: make(map[string]int),
		window: minWindow, examined: make(map[string]string), served: make(map[string]uint64), chance: probeDraw, gallery: newGallery(), accounts: lease.NewAccounts(o.Blobs, o.Clock), looks: make(chan struct{}, maxLooks)}
}

// Wake makes Run look for audits that wait. It never blocks.
func (u *Auditor) Wake() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// Adopt takes over the audits that verifiers hold from an earlier process.
func (u *Auditor) Adopt(ctx context.Context) error {
	var audits []*store.Audit
	var known []sample
	err := u.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if audits, err = tx.AuditsIn(lifecycle.AuditHeld, lifecycle.AuditCommitted); err != nil {
			return err
		}
		known, err = u.readKnown(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("adopt audits: %w", err)
	}
	if err := u.recall(ctx); err != nil {
		return err
	}
	now := u.options.Clock()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.known = known
	for _, v := range audits {
		u.held[v.ID] = &hold{verifier: v.Verifier, deadline: now.Add(max(u.options.Length, u.options.Grace)), created: time.UnixMilli(v.Created)}
		u.options.Fleet.Hold(job.RoleVerifier, v.Verifier, v.ID)
	}
	return nil
}

// Run gives audits to verifiers and takes them from silent ones, until ctx ends.
func (u *Auditor) Run(ctx context.Context) error {
	defer u.wg.Wait()
	changed := u.options.Fleet.Subscribe()
	ticker := time.NewTicker(min(time.Second, u.options.Length/4))
	defer ticker.Stop()
	var pause time.Time // until which a case that can't be kept isn't tried again
	gather := time.NewTimer(lull)
	defer gather.Stop()
	wake := u.wake // nil while commits gather
	for look := everything; ; {
		if err := u.dispatch(ctx, look); err != nil && ctx.Err() == nil {
			u.options.Log.Error("give audits to verifiers", "err", err)
		}
		switch free, _ := u.options.Fleet.Room(job.RoleVerifier); {
		case free:
			wake = u.wake
		case look == news:
			gather.Reset(lull)
			wake = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-gather.C:
			wake, look = u.wake, room
		case <-wake:
			look = news
		case <-changed:
			look = room
		case <-ticker.C:
			look = everything
			if err := u.repace(ctx); err != nil && ctx.Err() == nil {
				u.options.Log.Error("read how long checks take", "err", err)
			}
			if err := u.Expire(ctx); err != nil && ctx.Err() == nil {
				u.options.Log.Error("expire audits", "err", err)
			}
			if u.options.Clock().Before(pause) {
				continue
			}
			if err := u.Pursue(ctx); err != nil && ctx.Err() == nil {
				u.options.Log.Error("keep the cases of convicted workers", "err", err)
				pause = u.options.Clock().Add(pursuePause)
			}
		}
	}
}

// offer gives one audit to one verifier.
func (u *Auditor) offer(ctx context.Context, s *subject, m fleet.Member) error {
	now := u.options.Clock()
	id := s.audit.ID
	changes := &notify.Changes{Now: u.options.Clock}
	owes := false
	var given *store.Audit
	err := u.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		changes.Reset()
		owes = false
		if s.fresh() {
			if _, err := u.screen(tx, s); err != nil { // the verifier looks in any case
				return err
			}
		}
		if given, err = tx.MoveAudit(id, []lifecycle.AuditState{lifecycle.AuditWaiting}, lifecycle.AuditHeld, func(v *store.Audit) {
			v.Verifier, v.Class, v.Deadline, v.Manager = m.Address, s.classOf(m), now.Add(u.options.Length).UnixMilli(), u.options.Manager
		}); err != nil {
			return err
		}
		if s.probe() {
			return nil
		}
		changes.Job(s.job.ID)
		if _, err := tx.MoveTask(s.audit.Task, []job.TaskState{job.TaskCommitted}, job.TaskVerifying, nil); err != nil {
			return err
		}
		owes, err = u.owe(tx, s, m.Address)
		return err
	})
	if err != nil {
		return store.IgnoreLost(err)
	}
	u.mu.Lock()
	delete(u.seen, id)
	delete(u.examined, id)
	u.held[id] = &hold{verifier: m.Address, owner: s.job.Owner, deadline: now.Add(u.options.Length), created: now, about: s.now(given)}
	u.mu.Unlock()
	u.options.Fleet.Hold(job.RoleVerifier, m.Address, id)

	answer, err := u.ask(ctx, s, m, now.Add(u.options.Length))
	if err == nil && answer.Taken {
		u.options.Log.Info("audit given", append(s.named(), "node", m.Address, "worker", s.attempt.Worker)...)
		u.options.Hub.Publish(changes)
		u.serve(s.job.Owner)
		if owes {
			u.owed(m.Address)
		}
		return nil
	}
	reason := answer.Reason
	if err != nil {
		reason = "no answer: " + err.Error()
	}
	u.options.Log.Info("audit declined", append(s.named(), "node", m.Address, "reason", reason)...)
	if s.probe() {
		u.drop(id, true)
		return u.dropProbe(context.WithoutCancel(ctx), id, "declined: "+reason)
	}
	err = u.options.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		if _, err := tx.MoveAudit(id, []lifecycle.AuditState{lifecycle.AuditHeld}, lifecycle.AuditWaiting, func(v *store.Audit) { v.Verifier, v.Class, v.Deadline = "", "", 0 }); err != nil {
			return err
		}
		_, err := tx.MoveTask(s.audit.Task, []job.TaskState{job.TaskVerifying}, job.TaskCommitted, nil)
		return err
	})
	if err = store.IgnoreLost(err); err == nil {
		u.drop(id, true)
	}
	return err
}

func (u *Auditor) ask(ctx context.Context, s *subject, m fleet.Member, deadline time.Time) (wire.LeaseAnswer, error) {
	key, err := u.options.Keys.JobKey(s.job.Package, s.job.Key)
	if err != nil {
		return wire.LeaseAnswer{}, fmt.Errorf("key of job %s: %w", s.job.ID, err)
	}
	sealed, err := u.options.Keys.SealJobKey(m.SealKey, s.job.Package, key)
	if err != nil {
		return wire.LeaseAnswer{}, fmt.Errorf("seal the job key: %w", err)
	}
	manifest, err := u.options.Blobs.SignGet(ctx, lease.ManifestKey(s.job.Package), lease.URLLife)
	if err != nil {
		return wire.LeaseAnswer{}, fmt.Errorf("sign the manifest: %w", err)
	}
	offer := wire.AuditOffer{
		Audit: s.audit.ID, Job: s.job.ID, Package: s.job.Package, Manifest: lease.Signed(manifest), JobKey: sealed, Recipe: s.job.Recipe, Deadline: deadline.UnixMilli(),
	}
	if s.job.Recipe.AnyPatch {
		with := s.install(m)
		offer.Version, offer.Build = with.Version, with.BuildHash
	}
	if err := u.challenge(ctx, s, &offer); err != nil {
		return wire.LeaseAnswer{}, fmt.Errorf("challenge of audit %s: %w", s.audit.ID, err)
	}
	ctx, cancel := context.WithTimeout(ctx, offerWait)
	defer cancel()
	var answer wire.LeaseAnswer
	return answer, m.Session.Request(ctx, wire.TypeAuditOffer, offer, &answer)
}

// challenge says in an offer what the verifier has to make: the drawn tiles, or of a still that was joined
// the delivered file.
func (u *Auditor) challenge(ctx context.Context, s *subject, offer *wire.AuditOffer) error {
	seeds := make(map[int]int32)
	for i, f := range s.attempt.Frames {
		seeds[f] = s.attempt.Seeds[i]
	}
	offer.Kind, offer.Border = s.kind(), s.border()
	if s.joined() {
		offer.Frames = []wire.FrameSeed{{Frame: s.attempt.Frames[0], Seed: s.attempt.Seeds[0]}}
		for _, f := range s.attempt.Commit.Files {
			if f.Kind != lease.KindMaster {
				continue
			}
			get, err := u.options.Blobs.SignGet(ctx, lease.FrameKey(s.attempt.Job, s.attempt.ID, f), lease.URLLife)
			if err != nil {
				return fmt.Errorf("sign the master: %w", err)
			}
			offer.Master = &wire.PartFile{Get: lease.Signed(get), Size: f.Size, Digest: f.Digest}
		}
		return nil
	}
	var left, top int
	if b := s.border(); b != nil {
		left, top = b.X, b.Y
	}
	sizes := make(map[int]proof.FrameCommit)
	for _, f := range s.attempt.Commit.Frames {
		sizes[f.Frame] = f
	}
	asked := make(map[int]bool)
	for _, p := range proof.Picks(s.key(), s.attempt.Commit.Frames, s.policy()) {
		f := sizes[p.Frame]
		r, err := proof.TileRect(f.W, f.H, p.Tile)
		if err != nil {
			return err
		}
		if !asked[p.Frame] {
			asked[p.Frame] = true
			offer.Frames = append(offer.Frames, wire.FrameSeed{Frame: p.Frame, Seed: seeds[p.Frame]})
		}
		offer.Tiles = append(offer.Tiles, wire.Tile{Frame: p.Frame, Tile: p.Tile, X: left + r.X, Y: top + r.Y, W: r.W, H: r.H})
	}
	return nil
}
