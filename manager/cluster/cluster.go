// Package cluster makes several managers on one database act as one: it tells them apart from dead
// ones, adopts the leases and audits of those, brings leases along with a node that comes back at
// another manager, and carries changes to watchers anywhere. SIGNALS.md lists what they say to each other.
//
// It is not the place for what is shared (manager/store) or for the leases themselves (manager/lease).
//
// Receives: changes from manager/notify, nodes that come back from manager/gateway.
// Hands on: signals to the other managers, orphaned leases and audits to manager/lease and manager/audit.
package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/service"
)

const (
	// Beat is how often a manager says that it is alive.
	Beat = time.Second
	// Silence is how long the others' records may stand still.
	Silence = 5 * time.Second
	// sweep is how often orphans are looked for without a reason.
	sweep = 15 * time.Second
	// survey is how often the others' nodes, and what they hold, are counted.
	survey = 5 * time.Second
)

// Holder keeps leases or audits: manager/lease.Keeper and manager/audit.Auditor.
type Holder interface {
	AdoptOrphans(ctx context.Context) (int, error)
	Take(ctx context.Context, node string, ids []string) (taken []string, err error)
	Forget(ids []string)
	Revoked(node, id, reason string)
	Resync(ctx context.Context) error
}

// Options configure a Cluster.
type Options struct {
	Store   store.Store
	ID      string // of this manager, new with every start
	Address string // of the identity that the managers share
	URL     string // where this one is reached
	Hub     *notify.Hub
	Fleet   *fleet.Fleet
	Leases  Holder
	Audits  Holder
	Wake    func() // the scheduler and the auditor; must not block
	// Held is told what the workers of the other managers hold, by job; nil isn't told. It must not block.
	Held func(map[string][]lease.Holding)
	// Room takes back, for a job that was rushed at another manager, what the workers here haven't begun.
	Room  func(ctx context.Context, jobID string) error
	Clock func() time.Time
	Log   *slog.Logger
}

// Cluster is safe for concurrent use. Run has to run.
type Cluster struct {
	options Options
	started int64
	out     outbox

	mu     sync.Mutex // guards what follows
	others map[string]*other
}

// other is what is known of another manager.
type other struct {
	seen  int64     // its own clock, as it wrote it
	since time.Time // when that value came, by this manager's clock
	reads int       // how often it was the same since
}

// New makes a cluster and hangs it into the hub.
func New(o Options) *Cluster {
	c := &Cluster{options: o, started: o.Clock().UnixMilli(), others: make(map[string]*other)}
	c.out.init()
	o.Hub.SetRelay(&c.out)
	return c
}

// Live tells whether another manager is alive, or this one is meant.
func (c *Cluster) Live(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return id == c.options.ID || c.others[id] != nil
}

// Count is how many managers are alive, this one included.
func (c *Cluster) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return 1 + len(c.others)
}

// Away tells whoever has a node that its lease or audit has ended.
func (c *Cluster) Away(role job.Role, node, id, reason string) {
	c.out.send(kindRevoke, revoke{Role: role, Node: node, ID: id, Reason: reason})
}

// Rushed tells the others that an operator put a job before everybody's.
func (c *Cluster) Rushed(jobID string) { c.out.send(kindRush, rush{Job: jobID}) }

// Take brings along what a node, that has connected here, holds from other managers.
func (c *Cluster) Take(ctx context.Context, role job.Role, node string, ids []string) error {
	var m moved
	var err error
	if role == job.RoleVerifier {
		m.Audits, err = c.options.Audits.Take(ctx, node, ids)
	} else {
		m.Leases, err = c.options.Leases.Take(ctx, node, ids)
	}
	if len(m.Audits)+len(m.Leases) > 0 {
		c.out.send(kindMoved, m)
	}
	return err
}

// Run takes part until ctx ends, then leaves, so that the others needn't wait for the silence.
func (c *Cluster) Run(ctx context.Context) error {
	signals, err := c.options.Store.Signals(ctx)
	if err != nil {
		return fmt.Errorf("listen to the other managers: %w", err)
	}
	err = service.Run(ctx,
		service.Part{Name: "beat", Run: c.beat},
		service.Part{Name: "send", Run: c.send},
		service.Part{Name: "receive", Run: func(ctx context.Context) error { return c.receive(ctx, signals) }},
	)
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), Silence)
	defer cancel()
	if e := c.options.Store.Update(leave, func(tx store.Tx) error { return tx.DropManager(c.options.ID) }); e != nil {
		c.options.Log.Warn("leave the other managers", "err", e) // they find out by the silence
	}
	return err
}

func (c *Cluster) beat(ctx context.Context) error {
	ticker := time.NewTicker(Beat)
	defer ticker.Stop()
	born := c.options.Clock()
	var adopted, surveyed time.Time
	for first := true; ; first = false {
		orphans, err := c.look(ctx, first)
		now := c.options.Clock()
		if err != nil && ctx.Err() == nil {
			c.options.Log.Error("say that this manager is alive", "err", err)
		}
		// Whoever was there before this manager gets time to say so.
		if err == nil && now.Sub(born) > Silence+Beat && (orphans || now.Sub(adopted) > sweep) {
			adopted = now
			c.adopt(ctx)
		}
		if err == nil && (orphans || now.Sub(surveyed) > survey) {
			surveyed = now
			if err := c.survey(ctx); err != nil && ctx.Err() == nil {
				c.options.Log.Error("count the nodes of other managers", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// survey tells this manager which nodes are connected to the others, and what their workers hold.
func (c *Cluster) survey(ctx context.Context) error {
	nodes := make(map[job.Role][]fleet.Member)
	held := make(map[string][]lease.Holding)
	if c.Count() > 1 {
		var all []*store.Node
		var attempts []*store.Attempt
		if err := c.options.Store.View(ctx, func(tx store.Tx) (err error) {
			if all, err = tx.Nodes(); err != nil {
				return err
			}
			attempts, err = tx.AttemptsIn(lifecycle.AttemptHeld)
			return err
		}); err != nil {
			return err
		}
		copies, load := make(map[string]int), make(map[string]int)
		for _, a := range attempts {
			copies[a.Task]++
			load[a.Worker]++
		}
		for _, a := range attempts {
			if a.Manager != c.options.ID && c.Live(a.Manager) {
				held[a.Job] = append(held[a.Job], lease.Holding{Task: a.Task, Worker: a.Worker, Frames: len(a.Frames), Since: time.UnixMilli(a.Created), Copies: copies[a.Task]})
			}
		}
		for _, n := range all {
			if n.Manager == "" || n.Manager == c.options.ID || !c.Live(n.Manager) {
				continue
			}
			m := fleet.Member{Address: n.Address, Capabilities: n.Capabilities, Stated: n.Capabilities.Bench, Held: load[n.Address]}
			m.Capabilities.Bench = fleet.Score(m.Stated, cmp.Or(n.Standing.Pace, 1))
			m.Free = max(0, max(m.Capabilities.Slots, 1)-m.Held)
			for _, role := range n.Roles {
				nodes[role] = append(nodes[role], m)
			}
		}
	}
	for _, role := range []job.Role{job.RoleWorker, job.RoleVerifier} {
		c.options.Fleet.SetElsewhere(role, nodes[role])
	}
	if c.options.Held != nil {
		c.options.Held(held)
	}
	return nil
}

// look writes this manager's record and reads the others'. It drops those that stand still and tells
// whether anybody may have left something.
func (c *Cluster) look(ctx context.Context, first bool) (orphans bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, Silence)
	defer cancel()
	var managers []store.Manager
	err = c.options.Store.Update(ctx, func(tx store.Tx) (err error) {
		if managers, err = tx.Managers(); err != nil {
			return err
		}
		return tx.PutManager(store.Manager{ID: c.options.ID, Address: c.options.Address, URL: c.options.URL, Started: c.started, Seen: c.options.Clock().UnixMilli()})
	})
	if err != nil {
		return false, err
	}
	self := false
	there := make(map[string]bool)
	var dead []string
	now := c.options.Clock()
	c.mu.Lock()
	for _, m := range managers {
		if m.ID == c.options.ID {
			self = true
			continue
		}
		there[m.ID] = true
		o := c.others[m.ID]
		switch {
		case o == nil:
			c.others[m.ID] = &other{seen: m.Seen, since: now}
			c.options.Log.Info("another manager is here", "manager", m.ID, "url", m.URL)
		case o.seen != m.Seen:
			o.seen, o.since, o.reads = m.Seen, now, 0
		default:
			// While the database is away nobody can write: only what was read counts.
			if o.reads++; o.reads >= int(Silence/Beat) && now.Sub(o.since) > Silence {
				dead = append(dead, m.ID)
			}
		}
	}
	for id := range c.others {
		if !there[id] {
			delete(c.others, id)
			orphans = true
			c.options.Log.Info("another manager left", "manager", id)
		}
	}
	c.mu.Unlock()
	if !self && !first {
		c.options.Log.Warn("the other managers took this one for dead")
		if err := errors.Join(c.options.Leases.Resync(ctx), c.options.Audits.Resync(ctx)); err != nil {
			return orphans, err
		}
	}
	for _, id := range dead {
		c.options.Log.Warn("another manager is silent: its leases are adopted", "manager", id)
		if err := c.options.Store.Update(ctx, func(tx store.Tx) error { return tx.DropManager(id) }); err != nil {
			return orphans, err
		}
		c.mu.Lock()
		delete(c.others, id)
		c.mu.Unlock()
		orphans = true
	}
	return orphans, nil
}

func (c *Cluster) adopt(ctx context.Context) {
	leases, err := c.options.Leases.AdoptOrphans(ctx)
	audits, e := c.options.Audits.AdoptOrphans(ctx)
	if err = errors.Join(err, e); err != nil {
		if ctx.Err() == nil {
			c.options.Log.Error("adopt what a manager left", "err", err)
		}
		return
	}
	if leases+audits > 0 {
		c.options.Log.Info("adopted what another manager left", "leases", leases, "audits", audits)
	}
	c.options.Wake()
}
