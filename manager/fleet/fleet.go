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
	Stated       float64 // bench score that it states; the one in Capabilities is as far as real frames bear it out
	Free         int     // tasks that it can take now
	Ahead        int     // further tasks that it would hold, only to fetch their packages early
	Held         int
	Paused       string
	// Rests is until when the node gets nothing, because it declined, or came and went, too often;
	// zero when it doesn't rest.
	Rests    time.Time
	Packages []string // that it has extracted
}

// Announcement is what a node says of itself.
type Announcement struct {
	Role         job.Role
	Address      string
	SealKey      []byte
	Session      Session
	Seq          uint64 // of the message in its session; an older one than the last changes nothing
	Capabilities job.Capabilities
	Free         int      // tasks that it could take besides those
	Ahead        int      // further ones that it would hold early
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
	room  int
	ahead int // and how many more it would hold early
	seq   uint64
	// What the fleet's maps say of it, since members are listed far more often than those change; see settleLocked.
	held int
	pace float64 // 1 where nothing has been shown
	rest *rest
}

// Fleet is safe for concurrent use.
type Fleet struct {
	clock func() time.Time

	mu      sync.Mutex // guards what follows
	entries map[key]*entry
	order   map[job.Role][]*entry       // sorted by address
	roles   map[string][]key            // by session
	held    map[key]map[string]struct{} // leases and audits, also of nodes that are away
	rests   map[key]*rest               // also of nodes that are away
	paces   map[string]float64          // by worker: what its stated bench score is multiplied with
	subs    []chan struct{}

	elsewhere map[job.Role][]Member // nodes of other managers by address, without sessions
}

// New makes an empty fleet.
func New(clock func() time.Time) *Fleet {
	return &Fleet{clock: clock, entries: make(map[key]*entry), order: make(map[job.Role][]*entry), roles: make(map[string][]key), held: make(map[key]map[string]struct{}), rests: make(map[key]*rest), paces: make(map[string]float64), elsewhere: make(map[job.Role][]Member)}
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
		at, had := f.placeLocked(k)
		if had {
			old = e.Session
		} else {
			f.order[a.Role] = slices.Insert(f.order[a.Role], at, nil)
		}
		e = &entry{Member: Member{Address: a.Address, Since: f.clock()}}
		f.entries[k], f.order[a.Role][at] = e, e
		first = true
		f.roles[a.Session.ID()] = append(f.roles[a.Session.ID()], k)
		f.cameLocked(k)
		f.settleLocked(k)
	}
	if a.Seq < e.seq {
		f.mu.Unlock()
		return false
	}
	e.seq = a.Seq
	e.SealKey, e.Session, e.Capabilities, e.Paused, e.Packages = a.SealKey, a.Session, a.Capabilities, a.Paused, a.Packages
	e.room, e.ahead = max(0, a.Free), max(0, a.Ahead)
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
	keys := f.roles[session]
	delete(f.roles, session)
	for _, k := range keys {
		if e := f.entries[k]; e != nil && e.Session.ID() == session {
			delete(f.entries, k)
			if at, there := f.placeLocked(k); there {
				f.order[k.role] = slices.Delete(f.order[k.role], at, at+1)
			}
			f.wentLocked(k)
			was = append(was, e.Member)
		}
	}
	return was
}

// Hold notes that a node has a lease or an audit, until Drop: once its commit or its verdict is
// acknowledged, or it ended otherwise.
func (f *Fleet) Hold(role job.Role, address, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{role, address}
	if f.held[k] == nil {
		f.held[k] = make(map[string]struct{})
	}
	f.held[k][id] = struct{}{}
	f.settleLocked(k)
}

// placeLocked is where in its role's order a node is, or would be.
func (f *Fleet) placeLocked(k key) (at int, there bool) {
	return slices.BinarySearchFunc(f.order[k.role], k.address, func(e *entry, address string) int { return strings.Compare(e.Address, address) })
}

// settleLocked brings a connected node's entry to what the maps say of it.
func (f *Fleet) settleLocked(k key) {
	e := f.entries[k]
	if e == nil {
		return
	}
	e.held, e.rest, e.pace = len(f.held[k]), f.rests[k], 1
	if factor, ok := f.paces[k.address]; ok && k.role == job.RoleWorker {
		e.pace = factor
	}
}

// Drop notes that it hasn't any more. Its slot is free once the node reports that: where it is offered the next
// one before it is done with the last, it can only decline. declined keeps the node from being asked again at once.
func (f *Fleet) Drop(role job.Role, address, id string, declined bool) {
	f.mu.Lock()
	k := key{role, address}
	if _, had := f.held[k][id]; had {
		delete(f.held[k], id)
		if len(f.held[k]) == 0 {
			delete(f.held, k)
		}
		if e := f.entries[k]; e != nil && !declined {
			e.room = max(0, e.room-1)
		}
		f.settleLocked(k)
	}
	if declined {
		f.declinedLocked(k)
	} else if r := f.rests[k]; r != nil {
		r.declines = 0 // it took something
	}
	f.mu.Unlock()
	f.wake()
}

// Pace says what real frames have shown of a worker's stated bench score: Members have the
// score multiplied with it. 0 and 1 believe it as it is.
func (f *Fleet) Pace(address string, factor float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if factor == 0 || factor == 1 {
		delete(f.paces, address)
	} else {
		f.paces[address] = factor
	}
	f.settleLocked(key{job.RoleWorker, address})
}

// mostBench is the most that is believed of any slot, in work units per minute: many times the fastest card there is. A worker states
// its own score, and with any number of it one stranger could price a scene, size everybody's tasks and tell artists that all is done at once.
const mostBench = 32

// Score is what is believed of a stated bench score that real frames bear out by the factor.
func Score(stated, factor float64) float64 { return min(stated*factor, mostBench) }

func (f *Fleet) memberLocked(e *entry) Member {
	m := e.Member
	m.Stated = m.Capabilities.Bench
	m.Capabilities.Bench = Score(m.Stated, e.pace)
	m.Held = e.held
	m.Free, m.Ahead, m.Rests = e.capacity(f.clock)
	return m
}

// capacity is what a node can take now, and early, and until when it rests if it does.
func (e *entry) capacity(clock func() time.Time) (free, ahead int, rests time.Time) {
	if r := e.rest; r != nil && clock().Before(r.until) {
		rests = r.until
	}
	if e.Paused != "" || !rests.IsZero() {
		return 0, 0, rests
	}
	// What was leased since the node's last report isn't in it and takes its room all the same.
	slots := max(e.Capabilities.Slots, 1)
	free = max(0, min(e.room, slots)-e.held)
	return free, max(0, min(e.room+e.ahead, 2*slots)-e.held-free), rests
}

// Room tells whether any connected node of a role can take something now, or early, without listing them.
func (f *Fleet) Room(role job.Role) (free, early bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.order[role] {
		n, ahead, _ := e.capacity(f.clock)
		free, early = free || n > 0, early || ahead > 0
	}
	return free, early
}

// Members lists the connected nodes of a role, by address.
func (f *Fleet) Members(role job.Role) []Member {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Member, 0, len(f.order[role]))
	for _, e := range f.order[role] {
		out = append(out, f.memberLocked(e))
	}
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
	return f.memberLocked(e), true
}

// State is what a node is doing, for people.
func (f *Fleet) State(role job.Role, address string) (job.NodeState, string) {
	m, ok := f.Member(role, address)
	if !ok {
		m, ok = f.away(role, address)
	}
	switch {
	case !ok:
		return job.NodeOffline, ""
	case m.Held > 0:
		return job.NodeBusy, m.Paused
	case m.Paused != "":
		return job.NodePaused, m.Paused
	}
	if text := f.resting(key{role, address}); text != "" {
		return job.NodePaused, text
	}
	return job.NodeIdle, ""
}

// Eligible lists the connected, unpaused workers that can render the job, here and at the other
// managers. It is for counting: those elsewhere have no session.
func (f *Fleet) Eligible(j *job.Job) []Member {
	return slices.DeleteFunc(f.Everywhere(job.RoleWorker), func(m Member) bool { return !able(m, j) })
}

func able(m Member, j *job.Job) bool { return m.Paused == "" && Unfit(m, j) == "" }

// Fits tells whether Eligible would list anybody, without listing them.
func (f *Fleet) Fits(j *job.Job) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.order[job.RoleWorker], func(e *entry) bool { return able(f.memberLocked(e), j) }) ||
		slices.ContainsFunc(f.elsewhere[job.RoleWorker], func(m Member) bool { return able(m, j) })
}
