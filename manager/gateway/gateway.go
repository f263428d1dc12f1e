// Package gateway is the manager's door: it authorises who signed in, decodes messages,
// checks that the sender may ask, and calls the package that answers.
//
// It is not the place for sessions (shared/link) or for what a message causes.
//
// Receives: messages of artists, workers, verifiers and studios from shared/link.
// Hands on: decoded, authorised requests to manager/intake, lease, audit, settle and notify.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/audit"
	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/intake"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/schedule"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Options configure a Gateway.
type Options struct {
	Store     store.Store
	Blobs     blob.Store
	Fleet     *fleet.Fleet
	Hub       *notify.Hub
	Intake    *intake.Intake
	Keeper    *lease.Keeper
	Auditor   *audit.Auditor
	Scheduler *schedule.Scheduler
	Settler   *settle.Settler
	Address   string   // of the manager; who signs in with its key is the operator
	SealKey   string   // hex
	Studios   []string // addresses that may watch everything
	Operators []string // addresses that may steer everything, besides the manager's own
	Clock     func() time.Time
	Log       *slog.Logger
	// Manager names this manager among those that share the database; "" when it is alone.
	Manager string
	// Cluster are the managers that share the database; nil when this one is alone.
	Cluster Cluster
	// Handled is told of every message that was handled; nil for nobody. It must not block.
	Handled func(typ wire.Type, took time.Duration, err error)
	// KeepFrames is how long the frames of a finished job are kept; 0 is for ever.
	KeepFrames time.Duration
}

// Cluster is what the gateway asks of manager/cluster.
type Cluster interface {
	// Take brings along what a node, that has connected here, holds from other managers.
	Take(ctx context.Context, role job.Role, node string, ids []string) error
	// Live tells whether a manager is alive, so that its nodes count as connected.
	Live(manager string) bool
}

// call handles one type of message.
type call struct {
	roles []job.Role // any of them; nil for everybody who signed in
	fn    func(g *Gateway, ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error)
	deed  bool // changes something for somebody: it goes into the trail
}

// Gateway is safe for concurrent use.
type Gateway struct {
	options Options
	orders  orders
	calls   map[wire.Type]call
	pacer   pacer

	mu       sync.Mutex           // guards what follows
	seen     map[string]announced // what was last stored of a node, by session and role
	sessions map[job.Role]int
}

type announced struct {
	at           time.Time
	capabilities job.Capabilities
}

// New makes a gateway.
func New(o Options) *Gateway {
	g := &Gateway{options: o, seen: make(map[string]announced), sessions: make(map[job.Role]int)}
	artist := []job.Role{job.RoleArtist}
	reader := []job.Role{job.RoleArtist, job.RoleStudio, job.RoleOperator}
	worker := []job.Role{job.RoleWorker}
	verifier := []job.Role{job.RoleVerifier}
	render := []job.Role{job.RoleWorker, job.RoleVerifier}
	type fn = func(g *Gateway, ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error)
	ask := func(roles []job.Role, f fn) call { return call{roles: roles, fn: f} }
	change := func(roles []job.Role, f fn) call { return call{roles: roles, fn: f, deed: true} }
	g.calls = map[wire.Type]call{
		wire.TypeHeartbeat: ask(nil, (*Gateway).heartbeat),

		wire.TypePackageOffer:  ask(artist, (*Gateway).packageOffer),
		wire.TypePackageSeal:   ask(artist, (*Gateway).packageSeal),
		wire.TypePackageFinish: change(artist, (*Gateway).packageFinish),
		wire.TypeJobDraft:      change(artist, (*Gateway).jobDraft),
		wire.TypeJobCheck:      ask(artist, (*Gateway).jobCheck),
		wire.TypeJobFund:       change(artist, (*Gateway).jobFund),
		wire.TypeJobAccept:     change(artist, (*Gateway).jobAccept),
		wire.TypeJobClaim:      change(artist, (*Gateway).jobClaim),
		wire.TypeJobCancel:     change(reader, (*Gateway).jobCancel),
		wire.TypeJobPause:      change(reader, (*Gateway).jobPause),
		wire.TypeJobResume:     change(reader, (*Gateway).jobResume),
		wire.TypeJobList:       ask(reader, (*Gateway).jobList),
		wire.TypeJobShow:       ask(reader, (*Gateway).jobShow),
		wire.TypeJobWatch:      ask(reader, (*Gateway).jobWatch),
		wire.TypeJobFetch:      ask(reader, (*Gateway).jobFetch),
		wire.TypeNodeList:      ask(nil, (*Gateway).nodeList),
		wire.TypeRendererAsk:   ask(nil, (*Gateway).rendererAsk),

		wire.TypeWorkerReady:  ask(worker, (*Gateway).workerReady),
		wire.TypeLeaseRelease: ask(worker, (*Gateway).leaseRelease),
		wire.TypeTaskProgress: ask(worker, (*Gateway).taskProgress),
		wire.TypeTaskUpload:   ask(worker, (*Gateway).taskUpload),
		wire.TypeTaskCommit:   ask(worker, (*Gateway).taskCommit),
		wire.TypeTaskFail:     ask(worker, (*Gateway).taskFail),

		wire.TypeVerifierReady: ask(verifier, (*Gateway).verifierReady),
		wire.TypeAuditProgress: ask(verifier, (*Gateway).auditProgress),
		wire.TypeAuditCommit:   ask(verifier, (*Gateway).auditCommit),
		wire.TypeAuditEvidence: ask(verifier, (*Gateway).auditEvidence),
		wire.TypeAuditVerdict:  ask(verifier, (*Gateway).auditVerdict),
		wire.TypeAuditFail:     ask(verifier, (*Gateway).auditFail),

		wire.TypeBlobGet:     ask(render, (*Gateway).blobGet),
		wire.TypeDepotList:   ask(nil, (*Gateway).depotList),
		wire.TypeDepotGet:    ask(render, (*Gateway).depotGet),
		wire.TypePayoutList:  ask(nil, (*Gateway).payoutList),
		wire.TypePayoutClaim: change(nil, (*Gateway).payoutClaim),
	}
	if does, ok := any(o.Intake).(orders); ok {
		g.orders = does
		g.calls[wire.TypeJobPriority] = change(reader, (*Gateway).jobPriority)
		g.calls[wire.TypeJobRush] = change([]job.Role{job.RoleOperator}, (*Gateway).jobRush)
		g.calls[wire.TypeJobRequeue] = change(reader, (*Gateway).jobRequeue)
		g.calls[wire.TypeJobRelease] = change(reader, (*Gateway).jobRelease)
	}
	return g
}

// Welcome authorises a peer whose key is proven. Anybody may be artist, worker or
// verifier; studios and operators are listed, and whoever holds the manager's key is both.
func (g *Gateway) Welcome(p link.Peer) (wire.Welcome, error) {
	var may []job.Role
	for role, listed := range map[job.Role][]string{job.RoleStudio: g.options.Studios, job.RoleOperator: g.options.Operators} {
		if p.Address == g.options.Address || slices.Contains(listed, p.Address) {
			may = append(may, role)
		}
	}
	slices.Sort(may)
	for _, role := range p.Roles {
		switch {
		case role == job.RoleArtist, role == job.RoleWorker, role == job.RoleVerifier, slices.Contains(may, role):
		default:
			refused := &wire.Error{Code: wire.CodeUnauthorised, Message: fmt.Sprintf("%s may not sign in as %s", p.Address, role)}
			if role == job.RoleStudio || role == job.RoleOperator {
				refused.Next = fmt.Sprintf("ask the operator to start the manager with --%s %s", role, p.Address)
			}
			return wire.Welcome{}, refused
		}
	}
	return wire.Welcome{Manager: g.options.Address, SealKey: g.options.SealKey, Money: g.options.Settler.Money(), May: may}, nil
}

// Handle is the link.Handler.
func (g *Gateway) Handle(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	c, ok := g.calls[m.Type]
	if !ok {
		if !m.Wants {
			return "", nil, nil
		}
		return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("%s is not known here", wire.Trim(string(m.Type), 64)), Next: "update the older of the two programs"}
	}
	if c.roles != nil && !slices.ContainsFunc(c.roles, s.Peer().Has) {
		return "", nil, &wire.Error{Code: wire.CodeUnauthorised, Message: fmt.Sprintf("%s needs the role %s", m.Type, c.roles[0])}
	}
	if err := g.pacer.wait(ctx, s.Peer().Address, m.Type); err != nil {
		return "", nil, err
	}
	began := g.options.Clock()
	typ, body, err := c.fn(g, ctx, s, m)
	if err == nil && c.deed {
		err = g.record(ctx, s, m, body)
	}
	if g.options.Handled != nil {
		g.options.Handled(m.Type, g.options.Clock().Sub(began), err)
	}
	return typ, body, explain(err)
}

// explain turns the store's sentinels into answers; everything else stays inside.
func explain(err error) error {
	var w *wire.Error
	switch {
	case err == nil, errors.As(err, &w):
		return err
	case errors.Is(err, store.ErrNotFound):
		return &wire.Error{Code: wire.CodeNotFound, Message: err.Error()}
	case errors.Is(err, store.ErrLost):
		return &wire.Error{Code: wire.CodeConflict, Message: err.Error()}
	}
	return err
}

// Opened counts a session that begins.
func (g *Gateway) Opened(s *link.Session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, role := range s.Peer().Roles {
		g.sessions[role]++
	}
}

// Sessions counts the open sessions by the roles that they signed in with.
func (g *Gateway) Sessions() map[job.Role]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.sessions)
}

// Closed forgets a session that ended. Its leases stay until their deadline.
func (g *Gateway) Closed(s *link.Session) {
	members := g.options.Fleet.Left(s.ID())
	g.mu.Lock()
	for _, role := range s.Peer().Roles {
		g.sessions[role]--
	}
	delete(g.seen, s.ID()+string(job.RoleWorker))
	delete(g.seen, s.ID()+string(job.RoleVerifier))
	g.mu.Unlock()
	for _, m := range members {
		now := g.options.Clock().UnixMilli()
		if err := g.options.Store.Update(context.Background(), func(tx store.Tx) error {
			_, err := tx.PutNode(m.Address, func(n *store.Node) {
				n.Seen = now
				if n.Manager == g.options.Manager {
					n.Manager = ""
				}
			})
			return err
		}); err != nil {
			g.options.Log.Warn("record when a node was seen", "node", m.Address, "err", err)
		}
		g.options.Log.Info("node left", "node", m.Address)
	}
}

func everything(p link.Peer) bool { return p.Has(job.RoleStudio) || p.Has(job.RoleOperator) }

func bad(format string, args ...any) error {
	return &wire.Error{Code: wire.CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// decode reads a message's body.
func decode[T any](m link.Message) (T, error) {
	var v T
	err := m.Decode(&v)
	return v, err
}
