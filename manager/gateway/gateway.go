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
	Clock     func() time.Time
	Log       *slog.Logger
}

// call handles one type of message.
type call struct {
	roles []job.Role // any of them; nil for everybody who signed in
	fn    func(g *Gateway, ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error)
}

// Gateway is safe for concurrent use.
type Gateway struct {
	options Options
	calls   map[wire.Type]call

	mu   sync.Mutex           // guards seen
	seen map[string]announced // what was last stored of a node, by session and role
}

type announced struct {
	at           time.Time
	capabilities job.Capabilities
}

// New makes a gateway.
func New(o Options) *Gateway {
	g := &Gateway{options: o, seen: make(map[string]announced)}
	artist := []job.Role{job.RoleArtist}
	reader := []job.Role{job.RoleArtist, job.RoleStudio, job.RoleOperator}
	worker := []job.Role{job.RoleWorker}
	verifier := []job.Role{job.RoleVerifier}
	render := []job.Role{job.RoleWorker, job.RoleVerifier}
	g.calls = map[wire.Type]call{
		wire.TypeHeartbeat: {nil, (*Gateway).heartbeat},

		wire.TypePackageOffer:  {artist, (*Gateway).packageOffer},
		wire.TypePackageSeal:   {artist, (*Gateway).packageSeal},
		wire.TypePackageFinish: {artist, (*Gateway).packageFinish},
		wire.TypeJobDraft:      {artist, (*Gateway).jobDraft},
		wire.TypeJobFund:       {artist, (*Gateway).jobFund},
		wire.TypeJobAccept:     {artist, (*Gateway).jobAccept},
		wire.TypeJobClaim:      {artist, (*Gateway).jobClaim},
		wire.TypeJobCancel:     {reader, (*Gateway).jobCancel},
		wire.TypeJobPause:      {reader, (*Gateway).jobPause},
		wire.TypeJobResume:     {reader, (*Gateway).jobResume},
		wire.TypeJobList:       {reader, (*Gateway).jobList},
		wire.TypeJobShow:       {reader, (*Gateway).jobShow},
		wire.TypeJobWatch:      {reader, (*Gateway).jobWatch},
		wire.TypeJobFetch:      {reader, (*Gateway).jobFetch},
		wire.TypeNodeList:      {nil, (*Gateway).nodeList},
		wire.TypeRendererAsk:   {nil, (*Gateway).rendererAsk},

		wire.TypeWorkerReady:  {worker, (*Gateway).workerReady},
		wire.TypeLeaseRelease: {worker, (*Gateway).leaseRelease},
		wire.TypeTaskProgress: {worker, (*Gateway).taskProgress},
		wire.TypeTaskUpload:   {worker, (*Gateway).taskUpload},
		wire.TypeTaskCommit:   {worker, (*Gateway).taskCommit},
		wire.TypeTaskFail:     {worker, (*Gateway).taskFail},

		wire.TypeVerifierReady: {verifier, (*Gateway).verifierReady},
		wire.TypeAuditProgress: {verifier, (*Gateway).auditProgress},
		wire.TypeAuditCommit:   {verifier, (*Gateway).auditCommit},
		wire.TypeAuditEvidence: {verifier, (*Gateway).auditEvidence},
		wire.TypeAuditVerdict:  {verifier, (*Gateway).auditVerdict},
		wire.TypeAuditFail:     {verifier, (*Gateway).auditFail},

		wire.TypeBlobGet:     {render, (*Gateway).blobGet},
		wire.TypePayoutList:  {nil, (*Gateway).payoutList},
		wire.TypePayoutClaim: {nil, (*Gateway).payoutClaim},
	}
	return g
}

// Welcome authorises a peer whose key is proven. Anybody may be artist, worker or
// verifier; studios are listed by the operator, and the operator holds the manager's key.
func (g *Gateway) Welcome(p link.Peer) (wire.Welcome, error) {
	for _, role := range p.Roles {
		allowed := false
		switch role {
		case job.RoleArtist, job.RoleWorker, job.RoleVerifier:
			allowed = true
		case job.RoleStudio:
			allowed = slices.Contains(g.options.Studios, p.Address) || p.Address == g.options.Address
		case job.RoleOperator:
			allowed = p.Address == g.options.Address
		}
		if !allowed {
			return wire.Welcome{}, &wire.Error{Code: wire.CodeUnauthorised, Message: fmt.Sprintf("%s may not sign in as %s", p.Address, role),
				Next: "ask the operator to start the manager with --studio " + p.Address}
		}
	}
	return wire.Welcome{Manager: g.options.Address, SealKey: g.options.SealKey, Money: g.options.Settler.Money()}, nil
}

// Handle is the link.Handler.
func (g *Gateway) Handle(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	c, ok := g.calls[m.Type]
	if !ok {
		if !m.Wants {
			return "", nil, nil
		}
		return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("%s is not known here", trim(string(m.Type), 64)), Next: "update the older of the two programs"}
	}
	if c.roles != nil && !slices.ContainsFunc(c.roles, s.Peer().Has) {
		return "", nil, &wire.Error{Code: wire.CodeUnauthorised, Message: fmt.Sprintf("%s needs the role %s", m.Type, c.roles[0])}
	}
	typ, body, err := c.fn(g, ctx, s, m)
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

// Closed forgets a session that ended. Its leases stay until their deadline.
func (g *Gateway) Closed(s *link.Session) {
	members := g.options.Fleet.Left(s.ID())
	g.mu.Lock()
	delete(g.seen, s.ID()+string(job.RoleWorker))
	delete(g.seen, s.ID()+string(job.RoleVerifier))
	g.mu.Unlock()
	for _, m := range members {
		now := g.options.Clock().UnixMilli()
		if err := g.options.Store.Update(context.Background(), func(tx store.Tx) error {
			_, err := tx.PutNode(m.Address, func(n *store.Node) { n.Seen = now })
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

func trim(text string, n int) string { return text[:min(len(text), n)] }

// decode reads a message's body.
func decode[T any](m link.Message) (T, error) {
	var v T
	err := m.Decode(&v)
	return v, err
}
