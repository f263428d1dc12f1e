// Package audit has every committed attempt checked: it derives the challenge, gives it to
// a verifier that has nothing to do with the worker, reveals the worker's side only after the
// verifier is bound to its own pixels, recomputes the verdict from the evidence, and then
// delivers the frames or sends their task back to the queue.
//
// It is not the place for comparing pixels (shared/proof) or for paying (manager/settle).
//
// Receives: committed attempts from manager/lease, verdicts from verifiers.
// Hands on: delivered frames to the artist, ledger entries to manager/settle, rejected tasks to manager/lease.
package audit

import (
	"context"
	"crypto/sha256"
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
	// distrust is how long a verifier that lied gets nothing to check.
	distrust = time.Hour
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
}

// Auditor is safe for concurrent use. Run has to run.
type Auditor struct {
	options Options
	wake    chan struct{}
	wg      sync.WaitGroup

	mu       sync.Mutex // guards what follows
	held     map[string]*hold
	offering map[string]bool
	paces    map[string]pace      // by job
	liars    map[string]time.Time // verifiers whose verdict didn't follow from their evidence, and until when they get nothing
}

type hold struct {
	verifier string
	deadline time.Time
	created  time.Time
}

// pace is how long a job's audits have taken since this process runs.
type pace struct {
	sum time.Duration
	n   int
}

// maxPaces bounds the jobs whose pace is kept.
const maxPaces = 4096

// Pace is the mean time from giving one of the job's audits to a verifier to its verdict, 0
// while unknown.
func (u *Auditor) Pace(jobID string) time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	p := u.paces[jobID]
	if p.n == 0 {
		return 0
	}
	return p.sum / time.Duration(p.n)
}

// clocked notes a verdict's time.
func (u *Auditor) clocked(jobID, id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	h := u.held[id]
	if h == nil {
		return
	}
	if len(u.paces) >= maxPaces {
		clear(u.paces)
	}
	p := u.paces[jobID]
	u.paces[jobID] = pace{sum: p.sum + u.options.Clock().Sub(h.created), n: p.n + 1}
}

// New makes an auditor. Adopt loads what an earlier process left.
func New(o Options) *Auditor {
	return &Auditor{options: o, wake: make(chan struct{}, 1), held: make(map[string]*hold), offering: make(map[string]bool), liars: make(map[string]time.Time), paces: make(map[string]pace)}
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
	err := u.options.Store.View(ctx, func(tx store.Tx) (err error) {
		audits, err = tx.AuditsIn(lifecycle.AuditHeld, lifecycle.AuditCommitted)
		return err
	})
	if err != nil {
		return fmt.Errorf("adopt audits: %w", err)
	}
	now := u.options.Clock()
	u.mu.Lock()
	defer u.mu.Unlock()
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
	for {
		if err := u.Dispatch(ctx); err != nil && ctx.Err() == nil {
			u.options.Log.Error("give audits to verifiers", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-u.wake:
		case <-changed:
		case <-ticker.C:
			if err := u.Expire(ctx); err != nil && ctx.Err() == nil {
				u.options.Log.Error("expire audits", "err", err)
			}
		}
	}
}

// subject is everything that one audit is about.
type subject struct {
	audit   *store.Audit
	attempt *store.Attempt
	job     *store.Job
	others  []*store.Audit // of the same attempt and claim, without audit
}

func load(tx store.Tx, id string) (*subject, error) {
	var s subject
	var err error
	if s.audit, err = tx.Audit(id); err != nil {
		return nil, err
	}
	if s.attempt, err = tx.Attempt(s.audit.Attempt); err != nil {
		return nil, err
	}
	if s.attempt.Commit == nil {
		return nil, fmt.Errorf("audit %s is of an attempt without a commit", id)
	}
	if s.job, err = tx.Job(s.audit.Job); err != nil {
		return nil, err
	}
	all, err := tx.Audits(s.attempt.ID)
	for _, o := range all {
		if o.Claim == s.audit.Claim && o.ID != id {
			s.others = append(s.others, o)
		}
	}
	return &s, err
}

// key is what the challenge is drawn with: the attempt's verification key, and for claims
// one derived from it, so that other tiles are looked at.
func (s *subject) key() [32]byte {
	if s.audit.Claim == 0 {
		return [32]byte(s.attempt.Key)
	}
	return sha256.Sum256(fmt.Appendf(append([]byte("heliostat/claim/1"), s.attempt.Key...), "%d", s.audit.Claim))
}

func (s *subject) policy() proof.Policy { return proof.PolicyFor(s.job.Recipe) }

// candidates are the connected verifiers that may judge the subject, the best first class
// of them: those that didn't fail on it before, and of the worker's device class, where there are any.
func (u *Auditor) candidates(s *subject) []fleet.Member {
	judged, dropped := make(map[string]bool), make(map[string]bool)
	again := false // a verdict needs a second one
	for _, o := range s.others {
		switch o.State {
		case lifecycle.AuditPassed, lifecycle.AuditRejected, lifecycle.AuditInconclusive:
			judged[o.Verifier], again = true, true
		case lifecycle.AuditDropped:
			dropped[o.Verifier] = true
		}
	}
	var all, fresh, same []fleet.Member
	now := u.options.Clock()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, m := range u.options.Fleet.Members(job.RoleVerifier) {
		if now.Before(u.liars[m.Address]) || m.Address == s.attempt.Worker || judged[m.Address] || m.Paused != "" || fleet.Lacks(m.Capabilities, s.job.Recipe) != "" {
			continue
		}
		all = append(all, m)
		if !dropped[m.Address] {
			fresh = append(fresh, m)
		}
	}
	// One that failed before gets a second chance where nobody else is there, but doesn't
	// decide between two verdicts.
	if len(fresh) > 0 || again {
		all = fresh
	}
	for _, m := range all {
		if m.Capabilities.Class == s.attempt.Class {
			same = append(same, m)
		}
	}
	switch {
	case len(same) > 0:
		return same
	case again:
		return nil // only the worker's class decides between two verdicts
	}
	return all
}

// Dispatch offers every audit that waits to a free verifier.
func (u *Auditor) Dispatch(ctx context.Context) error {
	var waiting []*subject
	err := u.options.Store.View(ctx, func(tx store.Tx) error {
		waiting = nil
		audits, err := tx.AuditsIn(lifecycle.AuditWaiting)
		if err != nil {
			return err
		}
		for _, v := range audits {
			s, err := load(tx, v.ID)
			if err != nil {
				return err
			}
			waiting = append(waiting, s)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the waiting audits: %w", err)
	}
	taken := make(map[string]int)
	for _, s := range waiting {
		u.mu.Lock()
		busy := u.offering[s.audit.ID]
		u.mu.Unlock()
		if busy {
			continue
		}
		candidates := u.candidates(s)
		if len(candidates) == 0 && u.stranded(s) {
			if err := u.strand(ctx, s); err != nil {
				return err
			}
			continue
		}
		for _, m := range candidates {
			if m.Free-taken[m.Address] <= 0 {
				continue
			}
			taken[m.Address]++
			u.mu.Lock()
			u.offering[s.audit.ID] = true
			u.mu.Unlock()
			u.wg.Go(func() {
				defer func() {
					u.mu.Lock()
					delete(u.offering, s.audit.ID)
					u.mu.Unlock()
					u.Wake()
				}()
				if err := u.offer(ctx, s, m); err != nil && ctx.Err() == nil {
					u.options.Log.Error("offer an audit", "audit", s.audit.ID, "verifier", m.Address, "err", err)
				}
			})
			break
		}
	}
	return nil
}

// stranded tells whether a further opinion was asked for and nobody has been there to give
// it for a whole lease.
func (u *Auditor) stranded(s *subject) bool {
	if u.options.Clock().UnixMilli()-s.audit.Created < u.options.Length.Milliseconds() {
		return false
	}
	for _, o := range s.others {
		if o.State == lifecycle.AuditRejected || o.State == lifecycle.AuditInconclusive {
			return true
		}
	}
	return false
}

// offer gives one audit to one verifier.
func (u *Auditor) offer(ctx context.Context, s *subject, m fleet.Member) error {
	now := u.options.Clock()
	id := s.audit.ID
	changes := &notify.Changes{Now: u.options.Clock}
	err := u.options.Store.Update(ctx, func(tx store.Tx) error {
		changes.Reset()
		if _, err := tx.MoveAudit(id, []lifecycle.AuditState{lifecycle.AuditWaiting}, lifecycle.AuditHeld, func(v *store.Audit) {
			v.Verifier, v.Class, v.Deadline = m.Address, m.Capabilities.Class, now.Add(u.options.Length).UnixMilli()
		}); err != nil {
			return err
		}
		changes.Job(s.job.ID)
		_, err := tx.MoveTask(s.audit.Task, []job.TaskState{job.TaskCommitted}, job.TaskVerifying, nil)
		return err
	})
	if err != nil {
		return store.IgnoreLost(err)
	}
	u.mu.Lock()
	u.held[id] = &hold{verifier: m.Address, deadline: now.Add(u.options.Length), created: now}
	u.mu.Unlock()
	u.options.Fleet.Hold(job.RoleVerifier, m.Address, id)

	answer, err := u.ask(ctx, s, m, now.Add(u.options.Length))
	if err == nil && answer.Taken {
		u.options.Log.Info("audit given", "job", s.job.ID, "audit", id, "verifier", m.Address, "worker", s.attempt.Worker)
		u.options.Hub.Publish(changes)
		return nil
	}
	reason := answer.Reason
	if err != nil {
		reason = "no answer: " + err.Error()
	}
	u.options.Log.Info("audit declined", "audit", id, "verifier", m.Address, "reason", reason)
	err = u.options.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		if _, err := tx.MoveAudit(id, []lifecycle.AuditState{lifecycle.AuditHeld}, lifecycle.AuditWaiting, func(v *store.Audit) { v.Verifier, v.Class, v.Deadline = "", "", 0 }); err != nil {
			return err
		}
		_, err := tx.MoveTask(s.audit.Task, []job.TaskState{job.TaskVerifying}, job.TaskCommitted, nil)
		return err
	})
	u.drop(id, true)
	return store.IgnoreLost(err)
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
	seeds := make(map[int]int32)
	for i, f := range s.attempt.Frames {
		seeds[f] = s.attempt.Seeds[i]
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
			return wire.LeaseAnswer{}, fmt.Errorf("challenge of audit %s: %w", s.audit.ID, err)
		}
		if !asked[p.Frame] {
			asked[p.Frame] = true
			offer.Frames = append(offer.Frames, wire.FrameSeed{Frame: p.Frame, Seed: seeds[p.Frame]})
		}
		offer.Tiles = append(offer.Tiles, wire.Tile{Frame: p.Frame, Tile: p.Tile, X: r.X, Y: r.Y, W: r.W, H: r.H})
	}
	ctx, cancel := context.WithTimeout(ctx, offerWait)
	defer cancel()
	var answer wire.LeaseAnswer
	return answer, m.Session.Request(ctx, wire.TypeAuditOffer, offer, &answer)
}
