// Package fleet knows which workers and verifiers are connected, what they can do and how
// many tasks they can take now. It lives in memory and comes back with the nodes.
//
// It is not the place for leases (manager/lease) or for choosing (manager/schedule).
//
// Receives: announcements of workers and verifiers from manager/gateway.
// Hands on: free nodes to manager/schedule and manager/audit.
package fleet

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// cooldown keeps a node that declined from being asked at once again.
const cooldown = 5 * time.Second

// Session is what a node is reached by.
type Session interface {
	ID() string
	Request(ctx context.Context, typ wire.Type, body, reply any) error
	Send(typ wire.Type, body any) error
	Close(reason string)
	Done() <-chan struct{}
}

// Member is one connected node in one role.
type Member struct {
	Address      string
	SealKey      []byte
	Session      Session
	Since        time.Time // start of the session
	Capabilities job.Capabilities
	Free         int // tasks that it can take now
	Held         int
	Paused       string
	Packages     []string // that it has extracted
}

// Announcement is what a node says of itself.
type Announcement struct {
	Role         job.Role
	Address      string
	SealKey      []byte
	Session      Session
	Capabilities job.Capabilities
	Free         int      // tasks that it could take besides those
	Leases       []string // leases, or audits, that it holds
	Paused       string
	Packages     []string
}

type key struct {
	role    job.Role
	address string
}

type entry struct {
	Member
	// room is how many leases it has room for in all, by its last report: those of them that
	// the manager knows too, and what it said is free.
	room      int
	notBefore time.Time
}

// Fleet is safe for concurrent use.
type Fleet struct {
	clock func() time.Time

	mu      sync.Mutex // guards what follows
	entries map[key]*entry
	held    map[key]map[string]struct{} // leases and audits, also of nodes that are away
	subs    []chan struct{}
}

// New makes an empty fleet.
func New(clock func() time.Time) *Fleet {
	return &Fleet{clock: clock, entries: make(map[key]*entry), held: make(map[key]map[string]struct{})}
}

// Subscribe makes a channel that gets a value after capacity may have grown.
func (f *Fleet) Subscribe() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan struct{}, 1)
	f.subs = append(f.subs, c)
	return c
}

func (f *Fleet) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.subs {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Ready takes a node's announcement. It tells whether this is the session's first; an
// older session of the same node and role is ended.
func (f *Fleet) Ready(a Announcement) (first bool) {
	f.mu.Lock()
	k := key{a.Role, a.Address}
	e := f.entries[k]
	var old Session
	if e == nil || e.Session.ID() != a.Session.ID() {
		if e != nil {
			old = e.Session
		}
		e = &entry{Member: Member{Address: a.Address, Since: f.clock()}}
		f.entries[k] = e
		first = true
	}
	e.SealKey, e.Session, e.Capabilities, e.Paused, e.Packages = a.SealKey, a.Session, a.Capabilities, a.Paused, a.Packages
	e.room = max(0, a.Free)
	for _, id := range a.Leases {
		if _, had := f.held[k][id]; had {
			e.room++
		}
	}
	f.mu.Unlock()
	if old != nil {
		old.Close("this node has connected again")
	}
	f.wake()
	return first
}

// Left forgets a session; a newer one of the same node stays.
func (f *Fleet) Left(session string) (was []Member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, e := range f.entries {
		if e.Session.ID() == session {
			delete(f.entries, k)
			was = append(was, e.Member)
		}
	}
	return was
}

// Hold notes that a node has a lease or an audit, which takes a slot until Drop: once its
// commit or its verdict is acknowledged, or it ended otherwise.
func (f *Fleet) Hold(role job.Role, address, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{role, address}
	if f.held[k] == nil {
		f.held[k] = make(map[string]struct{})
	}
	f.held[k][id] = struct{}{}
}

// Drop notes that it hasn't any more. declined keeps the node from being asked again at once.
func (f *Fleet) Drop(role job.Role, address, id string, declined bool) {
	f.mu.Lock()
	k := key{role, address}
	if _, had := f.held[k][id]; had {
		delete(f.held[k], id)
		if len(f.held[k]) == 0 {
			delete(f.held, k)
		}
	}
	if e := f.entries[k]; e != nil && declined {
		e.notBefore = f.clock().Add(cooldown)
	}
	f.mu.Unlock()
	f.wake()
}

func (f *Fleet) memberLocked(k key, e *entry) Member {
	m := e.Member
	m.Held = len(f.held[k])
	// What was leased since the node's last report isn't in it and takes its room all the same.
	m.Free = min(e.room, max(m.Capabilities.Slots, 1)) - m.Held
	if m.Free < 0 || m.Paused != "" || f.clock().Before(e.notBefore) {
		m.Free = 0
	}
	return m
}

// Members lists the connected nodes of a role, by address.
func (f *Fleet) Members(role job.Role) []Member {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Member
	for k, e := range f.entries {
		if k.role == role {
			out = append(out, f.memberLocked(k, e))
		}
	}
	slices.SortFunc(out, func(a, b Member) int { return strings.Compare(a.Address, b.Address) })
	return out
}

// Member finds one connected node.
func (f *Fleet) Member(role job.Role, address string) (Member, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{role, address}
	e := f.entries[k]
	if e == nil {
		return Member{}, false
	}
	return f.memberLocked(k, e), true
}

// State is what a node is doing, for people.
func (f *Fleet) State(role job.Role, address string) (job.NodeState, string) {
	m, ok := f.Member(role, address)
	switch {
	case !ok:
		return job.NodeOffline, ""
	case m.Held > 0:
		return job.NodeBusy, m.Paused
	case m.Paused != "":
		return job.NodePaused, m.Paused
	}
	return job.NodeIdle, ""
}

// Eligible counts the connected, unpaused workers that can render the recipe.
func (f *Fleet) Eligible(r job.Recipe) int {
	n := 0
	for _, m := range f.Members(job.RoleWorker) {
		if m.Paused == "" && Lacks(m.Capabilities, r) == "" {
			n++
		}
	}
	return n
}
