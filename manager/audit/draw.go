package audit

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/proof"
)

// candidates are the connected verifiers that may judge the subject, in the order in which
// the draw asks them. Never the worker itself, a node of its owner, or a verifier that is barred; of the worker's device
// class where there are any; nobody twice. Where others are there, also nobody from the worker's network, and
// for a claim nobody who passed the attempt before.
func (u *Auditor) candidates(s *subject, members []fleet.Member) []fleet.Member {
	done, dropped := make(map[string]bool), make(map[string]bool)
	again := false // a verdict needs a second one
	for _, o := range s.others {
		switch {
		case judged(o):
			done[o.Verifier], again = true, true
		case o.State == lifecycle.AuditDropped:
			dropped[o.Verifier] = true
		}
	}
	now := u.options.Clock()
	silent := make(map[string]bool)
	worker, _ := u.options.Fleet.Member(job.RoleWorker, s.attempt.Worker)
	u.mu.Lock()
	owner := u.ownerLocked(s.attempt.Worker)
	var all []fleet.Member
	for _, m := range members {
		k := u.nodes[m.Address]
		switch other := u.ownerLocked(m.Address); {
		case m.Address == s.attempt.Worker, owner != "" && other == owner, other == s.attempt.Worker, owner == m.Address:
		case now.UnixMilli() < k.standing.Barred, done[m.Address], m.Paused != "", fleet.Lacks(m.Capabilities, s.job.Recipe, fleet.Checks(s.kind())) != "":
		default:
			all = append(all, m)
			silent[m.Address] = now.Before(u.silent[m.Address])
		}
	}
	u.mu.Unlock()

	all = prefer(all, again, func(m fleet.Member) bool { return !dropped[m.Address] })
	all = prefer(all, false, func(m fleet.Member) bool { return !slices.Contains(s.earlier, m.Address) })
	all = prefer(all, false, func(m fleet.Member) bool { return !silent[m.Address] })
	if from, ok := network(worker); ok {
		all = prefer(all, false, func(m fleet.Member) bool { n, ok := network(m); return !ok || n != from })
	}
	policy, class := s.policy(), s.class()
	same := prefer(all, true, func(m fleet.Member) bool { return policy.Comparable(class, s.classOf(m)) })
	if len(same) > 0 || again {
		all = same // only the worker's class decides between two verdicts
	}
	if len(all) < 2 {
		return all
	}
	key := s.key()
	draws := make(map[string]uint64, len(all))
	for _, m := range all {
		draws[m.Address] = proof.VerifierDraw(key, s.audit.ID, m.Address)
	}
	slices.SortFunc(all, func(a, b fleet.Member) int { return cmp.Compare(draws[a.Address], draws[b.Address]) })
	return all
}

// prefer keeps the members that are good, or all where none is, unless it is strict.
func prefer(all []fleet.Member, strict bool, good func(fleet.Member) bool) []fleet.Member {
	if !slices.ContainsFunc(all, func(m fleet.Member) bool { return !good(m) }) {
		return all // as a rule
	}
	var out []fleet.Member
	for _, m := range all {
		if good(m) {
			out = append(out, m)
		}
	}
	if len(out) == 0 && !strict {
		return all
	}
	return out
}

// network is the public network that a node comes from: a /24, or a /48. That two come from the same is a hint
// that somebody runs both, not a proof.
func network(m fleet.Member) (netip.Prefix, bool) {
	s, ok := m.Session.(interface{ Peer() link.Peer })
	if !ok {
		return netip.Prefix{}, false
	}
	at, err := netip.ParseAddrPort(s.Peer().Remote)
	if err != nil {
		return netip.Prefix{}, false
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return netip.Prefix{}, false
	}
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	p, err := ip.Prefix(bits)
	return p, err == nil
}
