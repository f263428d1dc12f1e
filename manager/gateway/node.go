package gateway

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	maxSlots    = 64
	maxHeld     = 256 // leases or audits that a node may name
	maxPackages = 4096
	seenEvery   = time.Minute // how often the sight of an unchanged node is stored
)

// checkCapabilities holds an announcement to its bounds.
func checkCapabilities(c *job.Capabilities) error {
	texts := append([]string{c.Name, c.Device, c.Hardware, c.Class, c.Region}, c.Tags...)
	lists := len(c.Tags)
	for _, i := range c.Installs {
		texts = append(texts, i.Renderer, i.Version, i.BuildHash)
		texts = append(append(texts, i.Engines...), i.Denoisers...)
		lists = max(lists, len(i.Engines), len(i.Denoisers))
	}
	if len(c.Installs) > 64 || lists > 64 {
		return bad("a node announces at most 64 renderers with 64 engines each, and 64 tags")
	}
	for _, t := range texts {
		if len(t) > 256 || !utf8.ValidString(t) || strings.ContainsFunc(t, unicode.IsControl) {
			return bad("a node's texts have at most 256 printable letters")
		}
	}
	if c.Slots < 0 || c.Slots > maxSlots || c.Threads < 0 || c.Memory < 0 || c.VRAM < 0 || c.Floor < 0 || math.IsNaN(c.Bench) || c.Bench < 0 || c.Bench > 1e6 {
		return bad("a node's figures are out of bounds")
	}
	return nil
}

// announce stores and publishes what a node says of itself. It tells whether this was the
// session's first announcement, and since when the session counts.
func (g *Gateway) announce(ctx context.Context, s *link.Session, a fleet.Announcement) (first bool, since time.Time, err error) {
	now := g.options.Clock()
	id := s.ID() + string(a.Role)
	g.mu.Lock()
	last, known := g.seen[id]
	g.mu.Unlock()
	if !known || now.Sub(last.at) > seenEvery || !reflect.DeepEqual(last.capabilities, a.Capabilities) {
		var node *store.Node
		err := g.options.Store.Update(ctx, func(tx store.Tx) (err error) {
			node, err = tx.PutNode(a.Address, func(n *store.Node) {
				n.SealKey, n.Capabilities, n.Seen, n.Manager = a.SealKey, a.Capabilities, now.UnixMilli(), g.options.Manager
				if !slices.Contains(n.Roles, a.Role) {
					n.Roles = append(n.Roles, a.Role)
				}
			})
			return err
		})
		if err != nil {
			return false, now, fmt.Errorf("record node %s: %w", a.Address, err)
		}
		g.options.Fleet.Pace(a.Address, node.Standing.Pace)
		g.mu.Lock()
		g.seen[id] = announced{at: now, capabilities: a.Capabilities}
		g.mu.Unlock()
	}
	a.Session = s
	if first = g.options.Fleet.Ready(a); first {
		g.options.Log.Info("node is here", "node", a.Address, "role", a.Role, "name", a.Capabilities.Name, "class", a.Capabilities.Class, "slots", a.Capabilities.Slots)
	}
	return first, now, nil
}

func (g *Gateway) workerReady(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	r, err := decode[wire.WorkerReady](m)
	if err != nil {
		return "", nil, err
	}
	if err := checkCapabilities(&r.Capabilities); err != nil {
		return "", nil, err
	}
	if r.Free < 0 || r.Free > maxSlots || r.Ahead < 0 || r.Ahead > maxSlots || len(r.Leases) > maxHeld || len(r.Packages) > maxPackages || len(r.Paused) > 256 {
		return "", nil, bad("a worker's figures are out of bounds")
	}
	r.Paused = strings.Map(func(c rune) rune { // shown to everybody
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, r.Paused)
	p := s.Peer()
	if err := g.take(ctx, job.RoleWorker, p.Address, r.Leases); err != nil {
		return "", nil, err
	}
	first, since, err := g.announce(ctx, s, fleet.Announcement{
		Seq:  m.Seq,
		Role: job.RoleWorker, Address: p.Address, SealKey: p.SealKey, Capabilities: r.Capabilities, Free: r.Free, Ahead: r.Ahead, Leases: r.Leases, Paused: r.Paused, Packages: r.Packages,
	})
	if err != nil {
		return "", nil, err
	}
	if first {
		if err := g.options.Keeper.Back(ctx, p.Address, since, r.Leases); err != nil {
			return "", nil, err
		}
	}
	return wire.TypeOK, nil, g.renewLeases(ctx, s, r.Leases)
}

func (g *Gateway) verifierReady(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	r, err := decode[wire.VerifierReady](m)
	if err != nil {
		return "", nil, err
	}
	if err := checkCapabilities(&r.Capabilities); err != nil {
		return "", nil, err
	}
	if r.Free < 0 || r.Free > maxSlots || len(r.Audits) > maxHeld {
		return "", nil, bad("a verifier's figures are out of bounds")
	}
	p := s.Peer()
	if err := g.take(ctx, job.RoleVerifier, p.Address, r.Audits); err != nil {
		return "", nil, err
	}
	first, since, err := g.announce(ctx, s, fleet.Announcement{
		Seq:  m.Seq,
		Role: job.RoleVerifier, Address: p.Address, SealKey: p.SealKey, Capabilities: r.Capabilities, Free: r.Free, Leases: r.Audits,
	})
	if err != nil {
		return "", nil, err
	}
	if first {
		if err := g.options.Auditor.Back(ctx, p.Address, since, r.Audits); err != nil {
			return "", nil, err
		}
	}
	return wire.TypeOK, nil, g.renewAudits(ctx, s, r.Audits)
}

// heartbeat renews what the node says it holds.
func (g *Gateway) heartbeat(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	b, err := decode[wire.Heartbeat](m)
	if err != nil {
		return "", nil, err
	}
	if len(b.Leases) > maxHeld {
		return "", nil, bad("a heartbeat names at most %d leases", maxHeld)
	}
	var leases, audits []string
	for _, id := range b.Leases {
		if strings.HasPrefix(id, "v") {
			audits = append(audits, id)
		} else {
			leases = append(leases, id)
		}
	}
	if err := g.renewLeases(ctx, s, leases); err != nil {
		return "", nil, err
	}
	return "", nil, g.renewAudits(ctx, s, audits)
}

// take brings along what a node holds from other managers.
func (g *Gateway) take(ctx context.Context, role job.Role, node string, ids []string) error {
	if g.options.Cluster == nil || len(ids) == 0 {
		return nil
	}
	return g.options.Cluster.Take(ctx, role, node, ids)
}

func (g *Gateway) renewLeases(ctx context.Context, s *link.Session, ids []string) error {
	unknown := g.options.Keeper.Renew(s.Peer().Address, ids)
	if len(unknown) == 0 {
		return nil
	}
	if err := g.take(ctx, job.RoleWorker, s.Peer().Address, unknown); err != nil {
		return err
	}
	ended, err := g.options.Keeper.Ended(ctx, s.Peer().Address, unknown)
	for _, id := range ended {
		_ = s.Send(wire.TypeLeaseRevoke, wire.LeaseRevoke{Lease: id, Reason: "the lease has ended"}) // sent again with the next heartbeat
	}
	return err
}

func (g *Gateway) renewAudits(ctx context.Context, s *link.Session, ids []string) error {
	unknown := g.options.Auditor.Renew(s.Peer().Address, ids)
	if len(unknown) == 0 {
		return nil
	}
	if err := g.take(ctx, job.RoleVerifier, s.Peer().Address, unknown); err != nil {
		return err
	}
	var ended []string
	err := g.options.Store.Look(ctx, func(tx store.Tx) error {
		ended = nil
		for _, id := range unknown {
			v, err := tx.Audit(id)
			switch {
			case errors.Is(err, store.ErrNotFound):
			case err != nil:
				return err
			case v.Verifier == s.Peer().Address && (v.State == lifecycle.AuditHeld || v.State == lifecycle.AuditCommitted):
				continue
			}
			ended = append(ended, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range ended {
		_ = s.Send(wire.TypeAuditRevoke, wire.LeaseRevoke{Lease: id, Reason: "the audit has ended"}) // sent again with the next heartbeat
	}
	return nil
}

func (g *Gateway) leaseRelease(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	r, err := decode[wire.LeaseRelease](m)
	if err != nil {
		return "", nil, err
	}
	return wire.TypeOK, nil, g.options.Keeper.Release(ctx, s.Peer().Address, r)
}

func (g *Gateway) taskProgress(_ context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	p, err := decode[wire.TaskProgress](m)
	if err != nil {
		return "", nil, err
	}
	g.options.Keeper.Progress(s.Peer().Address, p)
	return wire.TypeOK, nil, nil
}

func (g *Gateway) taskUpload(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	u, err := decode[wire.TaskUpload](m)
	if err != nil {
		return "", nil, err
	}
	urls, err := g.options.Keeper.Upload(ctx, s.Peer().Address, u)
	return wire.TypeBlobURLs, urls, err
}

func (g *Gateway) taskCommit(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	c, err := decode[wire.TaskCommit](m)
	if err != nil {
		return "", nil, err
	}
	done, err := g.options.Keeper.Commit(ctx, s.Peer().Address, c)
	return wire.TypeTaskCommitted, done, err
}

func (g *Gateway) taskFail(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	f, err := decode[wire.TaskFail](m)
	if err != nil {
		return "", nil, err
	}
	return wire.TypeOK, nil, g.options.Keeper.Fail(ctx, s.Peer().Address, f)
}

func (g *Gateway) auditProgress(_ context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	p, err := decode[wire.AuditProgress](m)
	if err != nil {
		return "", nil, err
	}
	g.options.Auditor.Renew(s.Peer().Address, []string{p.Audit})
	return wire.TypeOK, nil, nil
}

func (g *Gateway) auditCommit(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	c, err := decode[wire.AuditCommit](m)
	if err != nil {
		return "", nil, err
	}
	reveal, err := g.options.Auditor.Commit(ctx, s.Peer().Address, c)
	return wire.TypeAuditReveal, reveal, err
}

func (g *Gateway) auditEvidence(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	e, err := decode[wire.AuditEvidence](m)
	if err != nil {
		return "", nil, err
	}
	urls, err := g.options.Auditor.Evidence(ctx, s.Peer().Address, e)
	return wire.TypeBlobURLs, urls, err
}

func (g *Gateway) auditVerdict(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	v, err := decode[wire.AuditVerdict](m)
	if err != nil {
		return "", nil, err
	}
	return wire.TypeOK, nil, g.options.Auditor.Verdict(ctx, s.Peer().Address, v)
}

func (g *Gateway) auditFail(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	f, err := decode[wire.AuditFail](m)
	if err != nil {
		return "", nil, err
	}
	return wire.TypeOK, nil, g.options.Auditor.Fail(ctx, s.Peer().Address, f)
}

// blobGet signs chunks of the package behind a lease or an audit that the node holds.
func (g *Gateway) blobGet(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	b, err := decode[wire.BlobGet](m)
	if err != nil {
		return "", nil, err
	}
	if (b.Lease == "") == (b.Audit == "") {
		return "", nil, bad("chunks are asked for with either a lease or an audit")
	}
	var jobID string
	err = g.options.Store.View(ctx, func(tx store.Tx) error {
		if b.Lease != "" {
			a, err := tx.Attempt(b.Lease)
			if err != nil {
				return err
			}
			if a.Worker != s.Peer().Address || a.State != lifecycle.AttemptHeld {
				return fmt.Errorf("lease %s: %w", b.Lease, store.ErrLost)
			}
			jobID = a.Job
			return nil
		}
		v, err := tx.Audit(b.Audit)
		if err != nil {
			return err
		}
		if v.Verifier != s.Peer().Address || v.State != lifecycle.AuditHeld && v.State != lifecycle.AuditCommitted {
			return fmt.Errorf("audit %s: %w", b.Audit, store.ErrLost)
		}
		jobID = v.Job
		return nil
	})
	if err != nil {
		return "", nil, err
	}
	urls, err := g.options.Intake.Chunks(ctx, jobID, b.Chunks)
	return wire.TypeBlobURLs, urls, err
}
