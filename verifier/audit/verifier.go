package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack/fetch"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	// goodbye bounds what a verifier that stops still says to the manager.
	goodbye = 2 * time.Second
	// maxTries is how often an audit that a crash interrupted is taken up again.
	maxTries = 3
)

// Store carries out signed requests. Its methods do their own retries.
type Store interface {
	Get(ctx context.Context, signed wire.Signed, w io.Writer, max int64) error
	PutBytes(ctx context.Context, signed wire.Signed, body []byte) error
	// Gone tells whether an error of Get says that the object isn't there.
	Gone(err error) bool
}

// Options configure a verifier.
type Options struct {
	Manager      string // http(s) address
	Identity     *identity.Identity
	Dir          string // folder of the audits in hand
	Manifests    string // folder that keeps sealed manifests
	Capabilities job.Capabilities
	Found        []warm.Found
	Pool         *warm.Pool
	Class        func(render.Install) string // device class of an install; nil takes its own
	Cache        fetch.Cache
	Store        Store
	Slots        int // audits at the same time; 0 is one
	Software     string

	ConnectTimeout time.Duration        // Run fails when the first sign-in takes longer; 0 tries for ever
	OnReady        func(manager string) // after the first sign-in, with the address of the manager; may be nil
	// Beside runs with the connection until ctx ends: what a program does besides
	// verifying. It may be nil.
	Beside  func(ctx context.Context, conn *link.Conn) error
	Backoff func(n int) time.Duration // pause after the nth failure in a row; nil doubles to 30 s
	Log     *slog.Logger
}

// Verifier takes challenges while Run runs.
type Verifier struct {
	options Options
	shelf   shelf
	fetcher *fetch.Fetcher
	conn    *link.Conn
	wired   chan struct{} // closed when the connection may be used
	lost    chan struct{} // the connection ended
	again   chan struct{} // wakes the announcer
	work    context.Context
	audits  sync.WaitGroup

	mu    sync.Mutex
	order []*inHand // guarded by mu
}

// inHand is an audit that is being worked on.
type inHand struct {
	audit   string
	end     context.CancelCauseFunc
	telling bool // guarded by the verifier's mu; the verdict is on its way, the slot is free
}

var (
	errStopping = errors.New("the verifier is stopping")
	errRevoked  = errors.New("the manager ended the audit")
)

// New makes a verifier; nothing starts before Run.
func New(o Options) (*Verifier, error) {
	if o.Identity == nil || o.Pool == nil || o.Store == nil || len(o.Found) == 0 {
		return nil, errors.New("a verifier needs an identity, a renderer, a session pool and a store")
	}
	if o.Slots == 0 {
		o.Slots = 1
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Software == "" {
		o.Software = "heliostat-verifier"
	}
	return &Verifier{
		options: o,
		wired:   make(chan struct{}),
		lost:    make(chan struct{}, 1),
		again:   make(chan struct{}, 1),
	}, nil
}

// Run verifies until ctx ends; audits in hand are given back, except those whose pixels
// are already committed to, which the next Run goes on with. It runs once.
func (v *Verifier) Run(ctx context.Context) error {
	o := &v.options
	var left []State
	var err error
	if v.shelf, left, err = openShelf(o.Dir); err != nil {
		return err
	}
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	v.work = work
	// The connection outlives ctx for a moment, so that audits can be given back.
	v.conn, err = link.Keep(context.WithoutCancel(ctx), link.Options{
		URL:          o.Manager,
		Identity:     o.Identity,
		Roles:        []job.Role{job.RoleVerifier},
		Software:     o.Software,
		Handler:      v.handle,
		OnConnect:    v.connected,
		OnDisconnect: func(error) { signal(v.lost) },
		Leases:       v.held,
		Log:          o.Log,
	})
	if err != nil {
		return err
	}
	defer v.conn.Close()
	v.fetcher = fetch.New(fetch.Options{Manager: v.conn, Cache: o.Cache, Get: o.Store.Get, Manifests: o.Manifests})
	for _, state := range left {
		v.takeUp(state)
	}
	close(v.wired)
	parts := []service.Part{
		{Name: "connection", Run: v.keepSignedIn},
		{Name: "announcements", Run: v.announce},
	}
	if o.Beside != nil {
		parts = append(parts, service.Part{Name: "beside", Run: func(ctx context.Context) error { return o.Beside(ctx, v.conn) }})
	}
	err = service.Run(work, parts...)
	stop(errStopping)
	v.audits.Wait()
	return err
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// keepSignedIn waits for the first sign-in and fails when the manager refuses the key,
// then or later.
func (v *Verifier) keepSignedIn(ctx context.Context) error {
	first := ctx
	if v.options.ConnectTimeout > 0 {
		var cancel context.CancelFunc
		first, cancel = context.WithTimeout(ctx, v.options.ConnectTimeout)
		defer cancel()
	}
	_, err := v.conn.Wait(first)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case link.Refused(err):
		return fmt.Errorf("the manager at %s refuses this verifier: %w", v.options.Manager, err)
	case err != nil:
		return link.Unreached(v.options.Manager, "heliostat-manager serve", err)
	}
	if v.options.OnReady != nil {
		v.options.OnReady(v.conn.Manager())
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-v.lost:
		}
		if _, err := v.conn.Wait(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("the manager at %s refuses this verifier: %w", v.options.Manager, err)
		}
	}
}

// connected runs after every sign-in, before anything else is said.
func (v *Verifier) connected(ctx context.Context, s *link.Session) error {
	select {
	case <-v.wired:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return s.Request(ctx, wire.TypeVerifierReady, v.readiness(), nil)
}

// announce tells the manager when slots become free.
func (v *Verifier) announce(ctx context.Context) error {
	for {
		select {
		case <-v.again:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		// What changes between a sign-in's own announcement and the open connection counts.
		if _, err := v.conn.Wait(ctx); err != nil {
			return err
		}
		if err := v.conn.Request(ctx, wire.TypeVerifierReady, v.readiness(), nil); err != nil && ctx.Err() == nil {
			v.options.Log.Warn("the manager wasn't told that this verifier is free", "err", err)
		}
	}
}

func (v *Verifier) readiness() wire.VerifierReady {
	r := wire.VerifierReady{Capabilities: v.options.Capabilities, Audits: v.held()}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.work.Err() == nil {
		r.Free = max(0, v.options.Slots-v.busyLocked())
	}
	return r
}

// busyLocked counts the audits that take a slot.
func (v *Verifier) busyLocked() int {
	n := 0
	for _, a := range v.order {
		if !a.telling {
			n++
		}
	}
	return n
}

// tell frees an audit's slot: the manager may offer the next one before it has answered
// the verdict.
func (v *Verifier) tell(audit string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, a := range v.order {
		if a.audit == audit {
			a.telling = true
		}
	}
}

func (v *Verifier) held() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var ids []string
	for _, a := range v.order {
		ids = append(ids, a.audit)
	}
	return ids
}

// handle answers what the manager asks.
func (v *Verifier) handle(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	switch m.Type {
	case wire.TypeAuditOffer:
		var offer wire.AuditOffer
		if err := m.Decode(&offer); err != nil {
			return "", nil, err
		}
		answer := wire.LeaseAnswer{Taken: true}
		if err := v.take(s, offer); err != nil {
			answer = wire.LeaseAnswer{Reason: err.Error()}
			v.options.Log.Info("an audit was declined", "audit", offer.Audit, "reason", err)
		}
		return wire.TypeLeaseAnswer, answer, nil
	case wire.TypeAuditRevoke:
		var revoke wire.LeaseRevoke
		if err := m.Decode(&revoke); err != nil {
			return "", nil, err
		}
		v.revoke(revoke.Lease, revoke.Reason)
		return wire.TypeOK, struct{}{}, nil
	}
	if !m.Wants {
		return "", nil, nil // a newer manager's news
	}
	return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("a verifier doesn't answer %s", m.Type)}
}

// take accepts a challenge and starts to work on it; the error is why not.
func (v *Verifier) take(s *link.Session, offer wire.AuditOffer) error {
	if err := checkOffer(offer); err != nil {
		return err
	}
	if _, err := v.choose(offer); err != nil {
		return err
	}
	if _, err := v.options.Identity.OpenJobKey(offer.Package, offer.JobKey); err != nil {
		return fmt.Errorf("the job key can't be opened: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.work.Err() != nil {
		return errStopping
	}
	for _, a := range v.order {
		if a.audit == offer.Audit {
			return nil // the manager didn't hear the first answer
		}
	}
	if v.busyLocked() >= v.options.Slots {
		return errors.New("busy")
	}
	state := State{Offer: offer, Money: s.Welcome().Money}
	if err := v.shelf.save(state); err != nil {
		return err
	}
	v.options.Log.Info("an audit was taken", "audit", offer.Audit, "tiles", len(offer.Tiles))
	v.startLocked(state)
	return nil
}

// takeUp goes on with an audit that an earlier process left.
func (v *Verifier) takeUp(state State) {
	state.Tries++
	log := v.options.Log.With("audit", state.Offer.Audit)
	err := v.shelf.save(state)
	if err != nil || state.Tries > maxTries {
		log.Warn("an audit that was interrupted is given up", "starts", state.Tries, "err", err)
		if err := v.shelf.drop(state.Offer.Audit); err != nil {
			log.Error("an audit can't be cleared", "err", err)
		}
		return
	}
	log.Info("an audit that was interrupted goes on", "rendered", len(state.Samples) > 0)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.startLocked(state)
}

// startLocked begins to work; mu is held.
func (v *Verifier) startLocked(state State) {
	ctx, end := context.WithCancelCause(v.work)
	a := &inHand{audit: state.Offer.Audit, end: end}
	v.order = append(v.order, a)
	v.audits.Go(func() { v.carry(ctx, a, state) })
}

func (v *Verifier) revoke(audit, reason string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, a := range v.order {
		if a.audit == audit {
			a.end(fmt.Errorf("%w: %s", errRevoked, reason))
		}
	}
}

// say sends progress; it may be lost.
func (v *Verifier) say(audit string, fraction float64) {
	_ = v.conn.Send(wire.TypeAuditProgress, wire.AuditProgress{Audit: audit, Fraction: fraction})
}
