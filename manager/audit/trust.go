package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
)

// Registration is what the chain knows of a node.
type Registration struct {
	Owner string     // who receives its stake; "" for a node that never registered
	Stake job.Amount // base units that a slash could take
}

// acquaintance is what is known of a node, for as long as it is fresh.
type acquaintance struct {
	registration Registration
	standing     store.Standing
	at           time.Time
}

const (
	// acquainted is how long what was read of a node counts.
	acquainted = 30 * time.Second
	// registryWait bounds a look-up on the chain. Without an answer a node has no stake.
	registryWait = 2 * time.Second
	// barFirst is how long a verifier that was refuted checks nothing; it doubles with every
	// further time, up to barLast.
	barFirst = time.Hour
	barLast  = 90 * 24 * time.Hour
	// silence is how long others come first before a verifier that said nothing once it had seen
	// the worker's side.
	silence = 10 * time.Minute
)

var trustPolicy = proof.DefaultTrust()

// Bar is how long a verifier checks nothing once it was refuted for the n-th time, from 1.
func Bar(wrong int) time.Duration { return min(barFirst<<min(max(wrong, 1)-1, 20), barLast) }

// acquaint reads what is known of nodes that aren't known freshly.
func (u *Auditor) acquaint(ctx context.Context, addresses ...string) error {
	now := u.options.Clock()
	var missing []string
	u.mu.Lock()
	for _, a := range addresses {
		if now.Sub(u.nodes[a].at) >= acquainted {
			missing = append(missing, a)
		}
	}
	u.mu.Unlock()
	if len(missing) == 0 {
		return nil
	}
	found := make(map[string]acquaintance, len(missing))
	for _, a := range missing {
		k := acquaintance{at: now}
		if u.options.Registry != nil {
			ask, cancel := context.WithTimeout(ctx, registryWait)
			r, err := u.options.Registry(ask, a)
			cancel()
			if err != nil {
				u.options.Log.Warn("a node's stake can't be read, so its work is all checked", "node", a, "err", err)
			}
			k.registration = r
		}
		found[a] = k
	}
	if err := u.options.Store.View(ctx, func(tx store.Tx) error {
		for _, a := range missing {
			n, err := tx.Node(a)
			if err == nil {
				k := found[a]
				k.standing = n.Standing
				found[a] = k
			} else if !isNotFound(err) {
				return err
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("read what is known of %d nodes: %w", len(missing), err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.nodes) > 1<<16 {
		clear(u.nodes)
	}
	for a, k := range found {
		u.nodes[a] = k
		if k.standing.Owes {
			u.due[a] = true // an earlier process drew it
		}
	}
	return nil
}

// forget makes the next look at a node a fresh one.
func (u *Auditor) forget(address string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.nodes, address)
}

// stake is what a quorum could take from a node, as far as known.
func (u *Auditor) stake(address string) job.Amount {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.nodes[address].registration.Stake
}

// ownerLocked is who runs a node, as far as known.
func (u *Auditor) ownerLocked(address string) string {
	k := u.nodes[address]
	if k.registration.Owner != "" {
		return k.registration.Owner
	}
	return k.standing.Owner
}

// rate is the share of the worker's attempts of this price that is checked.
func (u *Auditor) rate(s *subject) (rate, trust float64) {
	trust = trustPolicy.Decayed(s.worker.Trust, u.options.Clock().Sub(time.UnixMilli(s.worker.At)))
	var pay float64
	if !u.options.Settler.Off() {
		pay = float64(s.job.Quote.PerFrame) * float64(len(s.attempt.Frames))
	}
	return trustPolicy.Rate(trust, pay, float64(u.stake(s.attempt.Worker))), trust
}

// passed credits a worker with a check that it passed.
func passed(n *store.Node, now time.Time) {
	n.Passes++
	n.Standing.Trust = trustPolicy.Passed(n.Standing.Trust, now.Sub(time.UnixMilli(n.Standing.At)))
	n.Standing.At = now.UnixMilli()
}

// failed takes a worker's trust.
func failed(n *store.Node, now time.Time) {
	n.Passes, n.Fails = 0, n.Fails+1
	n.Standing.Trust, n.Standing.At = 0, now.UnixMilli()
}

// refuted bars a verifier whose verdict others, or its own evidence, refute.
func refuted(n *store.Node, now time.Time) {
	n.Fails++
	n.Standing.Wrong++
	n.Standing.Barred = max(n.Standing.Barred, now.Add(Bar(n.Standing.Wrong)).UnixMilli())
}

// judged tells whether an audit ended with a verdict.
func judged(v *store.Audit) bool {
	switch v.State {
	case lifecycle.AuditPassed, lifecycle.AuditRejected, lifecycle.AuditInconclusive:
		return true
	}
	return false
}

// credit records what a decision says of the verifiers: those that agree with a majority of
// two or more gain a verdict, those that contradict it are refuted. Only verdicts of the worker's own device
// class, or of one that agrees with it, can be wrong: the others are inconclusive. audits are all of
// the attempt, also of earlier claims and probes.
func (u *Auditor) credit(tx store.Tx, audits []*store.Audit, right lifecycle.AuditState) (wrong []string, err error) {
	var agree int
	for _, v := range audits {
		if v.State == right {
			agree++
		}
	}
	now := u.options.Clock()
	seen := make(map[string]bool)
	for _, v := range audits {
		if seen[v.Verifier] || v.State != lifecycle.AuditPassed && v.State != lifecycle.AuditRejected {
			continue
		}
		seen[v.Verifier] = true
		against := v.State != right
		if against && agree < 2 {
			continue // one word against another
		}
		if against {
			wrong = append(wrong, v.Verifier)
		}
		if _, err := tx.PutNode(v.Verifier, func(n *store.Node) {
			n.Standing.Verdicts++
			if against {
				refuted(n, now)
			}
		}); err != nil {
			return nil, err
		}
	}
	slices.Sort(wrong)
	return wrong, nil
}
